"""What operators note of their inputs, cut or empty: each pipeline and each run counts its own, and no other's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from junco import Hints, Operator, op, ops, pipe
from junco.errors import ContractError, OperatorError

TEXTS = ["a", "long text", "", "bad", "another", "b", "and one more"]
CUT, EMPTY = 3, 1


class Short(Operator, family="counted-test", name="short"):
    """The first three letters of a text; ``bad`` fails, ``wait`` waits until the others are there."""

    hints = Hints(max_batch=16, thread_safe=True, releases_gil=True)
    entered, others = threading.Event(), threading.Event()

    def batch(self, texts):
        if "wait" in texts:
            self.entered.set()
            assert self.others.wait(30)
        self.note("cut", (row for row, text in enumerate(texts) if len(text) > 4))
        self.note("empty", [row for row, text in enumerate(texts) if not text])
        if "bad" in texts:
            raise ValueError("bad")
        return [text[:3] for text in texts]


class Letters(Operator, family="counted-test", name="letters", rows="many"):
    """The letters of a text one by one; it notes of a long one, when the third is drawn, that it is cut there."""

    def stream(self, text):
        for place, letter in enumerate(text):
            if place == 3:
                self.note("cut", [0])
                return
            yield letter


class Flaky(Short, name="flaky", family="counted-test"):
    hints = Hints(retry=(ConnectionError,))

    def __init__(self):
        self.num_tries = 0

    def batch(self, texts):
        results = super().batch(texts)
        self.num_tries += 1
        if self.num_tries == 1:
            raise ConnectionError
        return results


class Numbered(Operator, family="counted-test", name="numbered"):
    hints = Hints(stateful=True, max_batch=8)

    def state(self):
        return []

    def batch(self, texts, *, state):
        self.note("cut", [row for row, text in enumerate(texts) if len(text) > 4])
        state.extend(texts)
        if "bad" in texts:
            raise ValueError("bad")
        return [len(state)] * len(texts)


class Parts(Operator, family="counted-test", name="parts", rows="many"):
    hints = Hints(max_batch=8)

    def batch(self, texts):
        self.note("cut", [row for row, text in enumerate(texts) if len(text) > 4])
        return [text[:4].split() for text in texts]


class Says(Operator, family="counted-test", name="says"):
    """Notes whatever it is given."""

    def batch(self, notes):
        for word, rows in notes:
            self.note(word, rows)
        return [None] * len(notes)


class Asking(Operator, family="counted-test", name="asking"):
    """Has another operator, and a pipeline, at work within its own batch."""

    def __init__(self):
        self.other = pipe.input("text").map("text", "short", Short()).output("short")

    def batch(self, texts):
        self.note("cut", [1])
        return [Short()("much too long") + self.other("also too long") for _ in texts]


def shortened(operator=None, **options):
    return pipe.input("text").map("text", "short", operator or Short(), name="shorten", **options).output("short")


def counts(p, step="shorten"):
    (stage,) = (stage for stage in p.stats().stages if stage.name == step)
    return stage.num_cut, stage.num_empty


def test_a_call_counts_what_its_operator_notes():
    with shortened() as p:
        for text in ("a", "long text", "", "longer text"):
            p(text)
        assert counts(p) == (2, 1)


@pytest.mark.parametrize("on_error", ["skip", "none"])
def test_a_row_counts_once_however_often_its_batch_is_halved_and_one_that_fails_does_not(on_error):
    with shortened() as p:
        p.batch([*TEXTS, "bad", "very bad indeed"] * 3, on_error=on_error)
        assert counts(p) == (3 * (CUT + 1), 3 * EMPTY)


def test_under_raise_what_came_before_the_failure_counts():
    with shortened() as p:
        with pytest.raises(OperatorError):
            p.batch(["long text", "bad"])
        assert counts(p) == (1, 0)


def test_what_is_noted_in_an_attempt_that_is_made_again_counts_once():
    with shortened(Flaky()) as p:
        p.batch(["long text", "", "short"])
        assert counts(p) == (2, 1)


def test_worker_processes_tell_what_they_noted(no_process_left):
    pytest.importorskip("loky", reason="junco[processes]")
    with shortened(backend="process", workers=2) as p:
        p.batch(TEXTS * 5, on_error="skip")
        assert counts(p) == (5 * CUT, 5 * EMPTY)


def test_an_operator_with_a_state_counts_a_batch_that_is_undone_once():
    rows = pipe.input("texts").flat_map("texts", "text", list)
    with rows.map("text", "number", Numbered(), name="shorten").output("number") as p:
        p.batch([TEXTS, TEXTS], on_error="skip")
        assert counts(p) == (2 * CUT, 0)


def test_an_operator_that_makes_rows_counts_its_inputs():
    with pipe.input("text").flat_map("text", "part", Parts(), name="shorten").output("part") as p:
        p.batch(["a b c d e f", "a b", "a b c d"])
        assert counts(p) == (2, 0)


def test_steps_of_a_pipeline_in_a_step_count_for_that_step():
    inner = pipe.input("text").flat_map("text", "word", str.split).map("word", "short", Short()).output("short")
    for p in (
        pipe.input("text").map("text", "shorts", inner, name="shorten").output("shorts"),
        pipe.input("text").flat_map("text", "short", inner, name="shorten").output("short"),
    ):
        with p:
            p.batch(["longest words", "no", "wording or"])
            p("a single")
            assert counts(p) == (4, 0)
    assert counts(inner, inner.stats().stages[-1].name) == (0, 0)


def test_levels_that_meet_in_windows_of_time_count_in_their_own_steps():
    timed = pipe.input("texts").flat_map("texts", "row", lambda texts: list(enumerate(texts)))
    first = timed.map("row", ("time", "text"), lambda row: row).map("text", "short", Short(), name="shorten")
    with first.time_window("short", "shorts", "time", 2, 2, list).output("shorts") as p:
        p(["long text", "", "a"])
        assert counts(p) == (1, 1)


def test_callers_of_several_pipelines_who_share_a_batch_count_their_own_rows():
    Short.entered.clear()
    Short.others.clear()
    spec = ops.counted_test.short()
    with shortened(spec) as one, shortened(spec) as other, ThreadPoolExecutor(8) as threads:
        first = threads.submit(one, "wait")
        assert Short.entered.wait(30)
        calls = [threads.submit(p, text) for p, text in ((one, "long text"), (other, ""), (other, "other text"))]
        calls += [threads.submit(other, "long one"), threads.submit(one, "a")]
        Short.others.set()
        assert [call.result() for call in (first, *calls)] == ["wai", "lon", "", "oth", "lon", "a"]
        assert (counts(one), counts(other)) == ((1, 0), (2, 1))


def test_what_another_operator_notes_within_a_batch_is_not_of_its_rows():
    with shortened(Asking()) as p:
        p.batch(["a", "b"])
        assert counts(p) == (1, 0)


def test_a_job_counts_its_own_rows_alone_while_others_call_its_pipeline():
    @op("counted-test.calling")
    def calling(text: str) -> str:
        p("somebody else's text")
        return text

    p = pipe.input("text").map("text", "short", Short(), name="shorten").output("short")
    both = pipe.input("text").map("text", "text", calling).map("text", "short", Short(), name="shorten").output("short")
    with p, both:
        report = both.run(TEXTS, lambda shard: None, progress=False)
        again = p.run(_calling(p), lambda shard: None, progress=False)
        for each in (report, again):  # a job puts empty texts aside before anybody sees them, and one fails
            assert (each.num_cut, each.num_empty, each.num_rejects) == (CUT, 0, EMPTY + 1)
        assert counts(p)[0] == 2 * len(TEXTS) - EMPTY + CUT
    assert report.to_dict()["num_cut"] == CUT
    assert "'shorten': 3 inputs cut ('long text', 'another', 'and one more')" in str(report)


def _calling(p):
    for text in TEXTS:
        p("a text of another caller")
        yield text


def test_what_helps_stands_beside_the_note_if_the_operator_says_it():
    class Helpful(Short):
        cures = {"cut": "give it less"}

    with pipe.input("text").map("text", "short", Helpful(), name="shorten").output("short") as p:
        p("a text")
        p("a")
        assert "'shorten': 1 input cut ('a text'; give it less)" in str(p.stats())
        report = p.run(["a text", "a"], lambda shard: None, progress=False)
        assert "1 input cut ('a text'; give it less)" in str(report)


def test_the_first_inputs_of_which_something_was_noted_are_told_and_how_many_more_there_are():
    texts = [f"a long text, the {number}." for number in range(9)]
    with pipe.input("text").map("text", "short", Short(), name="shorten").output("short") as p:
        for text in texts:
            p.batch([text])
        assert p.stats().notes == [f"'shorten': 9 inputs cut ({texts[0]!r}, {texts[1]!r}, {texts[2]!r} and 6 more)"]


def test_of_what_is_noted_in_other_processes_some_are_told():
    texts = ("one long text", "another one", "short", "a third")
    with pipe.input("text").map("text", "short", Short(), name="shorten", backend="process").output("short") as p:
        p.batch(texts)
        (told,) = p.stats().notes
    assert told.startswith("'shorten': 4 inputs cut (")
    assert sum(repr(text) in told for text in texts) == 3
    assert told.endswith(" and 1 more)")


def test_an_item_of_which_something_is_noted_while_its_rows_are_drawn_is_told():
    with pipe.input("text").flat_map("text", "letter", Letters(), name="spell").output("letter") as p:
        p.batch(["abcd", "ab", "abcde"])
        assert p.stats().notes == ["'spell': 2 inputs cut ('abcd', 'abcde')"]


def test_a_secret_in_an_address_is_not_told_with_the_note():
    with pipe.input("text").map("text", "short", Short(), name="shorten").output("short") as p:
        p("https://user:secret@host/a")
        assert p.stats().notes == ["'shorten': 1 input cut ('https://user:***@host/a')"]


def test_stats_say_nothing_of_what_was_not_noted():
    with shortened() as p:
        p("a")
        assert "cut" not in str(p.stats())
        p("")
        assert "'shorten': 1 input empty ('')" in str(p.stats())
        assert p.stats().to_dict()["stages"][0]["num_empty"] == 1


def test_a_call_of_the_operator_itself_listens_to_nobody():
    assert Short()("long text") == "lon"
    assert ops.counted_test.short()("long text") == "lon"


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (("short", [0]), "none of 'cut', 'empty', 'unknown'"),
        (("cut", [1]), "row 1 in a batch of 1"),
        (("cut", [-1]), "row -1"),
        (("cut", [True]), "the rows' numbers"),
        (("empty", ["a"]), "the rows' numbers"),
    ],
    ids=str,
)
def test_a_note_of_an_unknown_word_or_row_is_an_error_of_the_operator(note, message):
    with shortened(Says()) as p, pytest.raises(OperatorError, match=message) as caught:
        p(note)
    assert isinstance(caught.value.__cause__, ContractError)


def test_what_a_stream_notes_while_it_is_drawn_from_counts_for_its_item():
    p = pipe.input("text").flat_map("text", "letter", Letters().spec, name="letters").output("letter")
    assert p.batch(TEXTS[:2]) == [["a"], ["l", "o", "n"]]
    assert list(p.stream(["b", "and more"])) == [["b"], ["a", "n", "d"]]
    assert p("a long one") == ["a", " ", "l"]
    assert {stage.name: stage.num_cut for stage in p.stats().stages}["letters"] == 3
