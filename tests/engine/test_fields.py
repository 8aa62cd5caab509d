"""Fields of columns while rows flow: read where a step looks at them; a value without one is a row's failure."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass

import pytest

from junco import Hints, Operator, OperatorError, pipe
from ways import EVERY_WAY

Spot = namedtuple("Spot", "x y")


@dataclass
class Word:
    text: str
    at: float = 0.0
    spot: Spot | None = None

    @property
    def broken(self) -> str:
        raise ValueError("no such luck")


def rows():
    return pipe.input("words").flat_map("words", "word", lambda words: words)


WORDS = [Word("a", 0.5, Spot(1, 2)), Word("b", 1.5)]


@EVERY_WAY
def test_fields_are_read_by_every_kind_of_step(way):
    p = rows().map("word.text", "loud", str.upper).output("word.at", "loud")
    assert way(p, [WORDS, []]) == [[(0.5, "A"), (1.5, "B")], []]
    p = rows().flat_map("word.text", "letters", list).output("letters")
    assert way(p, [WORDS]) == [["a", "b"]]
    p = rows().filter(("word.text", "word"), ("text", "word"), "word.at", lambda at: at > 1).output("text", "word.at")
    assert way(p, [WORDS]) == [[("b", 1.5)]]
    p = rows().window(("word.text", "word.at"), "w", 2, 2, lambda *lists: lists).output("w")
    assert way(p, [WORDS]) == [[(["a", "b"], [0.5, 1.5])]]
    p = rows().time_window("word.text", "w", "word.at", 1, 1, list).output("w")
    assert way(p, [WORDS]) == [[["a"], ["b"]]]
    p = rows().reduce(("word.text", "word.at"), "all", list).output("all")
    assert way(p, [WORDS]) == [[("a", 0.5), ("b", 1.5)]]
    p = rows().window_all("word.text", "n", len, per="word.text").output("n")
    assert way(p, [WORDS]) == [[1, 1]]


@EVERY_WAY
def test_a_single_row_takes_fields_too(way):
    p = pipe.input("word").map("word.text", "loud", str.upper).output("loud", "word.at")
    assert way(p, WORDS) == [("A", 0.5), ("B", 1.5)]


def test_a_field_of_nothing_is_nothing():
    assert rows().output("word.spot.x")(WORDS) == [1, None]
    kept = pipe.input("xs").flat_map("xs", "x", lambda xs: xs, keep_empty=True).output("x.text")
    assert kept.batch([[], [Word("a")]]) == [[None], ["a"]]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (lambda r: r.map("word.spot.x", "v", lambda x: x, name="step").output("v"), [1]),
        (lambda r: r.flat_map("word.spot.x", "v", lambda x: [x], name="step").output("v"), [1]),
        (lambda r: r.filter("word", "v", "word.spot.x", bool, name="step").output("v.spot.x"), [1]),
        (lambda r: r.filter("word.spot.x", "v", "word", bool, name="step").output("v"), [1]),
        (lambda r: r.window("word.spot.x", "v", 1, 1, list, name="step").output("v"), [[1]]),
        (lambda r: r.window_all("word.spot.x", "v", list, per="word", name="step").output("v"), [[1]]),
        (lambda r: r.reduce("word.spot.x", "v", list, per="word", name="step").output("v"), [[1]]),
    ],
    ids=["map", "flat_map", "filter on", "filter in", "window", "window_all", "reduce"],
)
def test_a_value_without_the_field_is_the_failure_of_the_steps_row(step, expected):
    items = [[Word("a", spot=Spot(1, 2)), Word("b", spot=(3, 4))]]
    with step(rows()) as p:
        rejects = []
        assert p.batch(items, on_error="skip", rejects=rejects.append) == [expected]
        assert [(reject.position, reject.node, reject.is_item) for reject in rejects] == [(0, "step", False)]
        assert "'word.spot.x'" in rejects[0].reason
        assert p.batch(items, on_error="none") == [[*expected, None]]
        with pytest.raises(OperatorError, match=r"step 'step' .*'word.spot' holds a tuple, which has no field 'x'"):
            p.batch([[], *items])


def test_a_value_without_the_field_of_an_output_is_the_failure_of_its_row():
    p = rows().map("word", "n", id).output("word.text", "n")
    rejects = []
    assert [len(one) for one in p.batch([[Word("a"), 3], WORDS], on_error="skip", rejects=rejects.append)] == [1, 2]
    assert [(reject.position, reject.node) for reject in rejects] == [(0, "output")]
    with pytest.raises(OperatorError, match=r"'output' \(word.text\) failed on input 1, 3: .*no field 'text'"):
        p.batch([WORDS, [3]])
    with pytest.raises(OperatorError, match=r"'output' \(word.text\) failed on input 0, 3: .*no field 'text'"):
        pipe.input("word").map("word", "n", id).output("word.text", "n")(3)


def test_what_a_property_raises_is_the_cause_and_methods_are_no_fields():
    with pytest.raises(OperatorError) as caught:
        rows().map("word.broken", "v", len).output("v")(WORDS)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(OperatorError, match=r"which has no field 'upper'"):
        rows().map("word.text.upper", "v", len).output("v")(WORDS)
    with pytest.raises(OperatorError, match=r"no field 'txt' .*Did you mean 'word.text'"):
        rows().map("word.txt", "v", len).output("v")(WORDS)


class Numbers(Operator, family="test", name="test-numbers-texts"):
    """Counts the rows that it sees."""

    hints = Hints(stateful=True)

    def state(self) -> list[int]:
        return [0]

    def batch(self, texts, *, state):
        state[0] += len(texts)
        return [f"{text}{state[0]}" for text in texts]


def test_rows_that_fail_for_want_of_a_field_never_reach_a_state():
    p = rows().map("word.text", "v", Numbers()).output("v")
    items = [[Word("a"), 3, Word("b"), 4, Word("c")], [Word("d")]]
    assert p.batch(items, on_error="skip") == [["a1", "b2", "c3"], ["d1"]]


def test_a_state_begins_anew_with_each_row_of_a_column():
    parts = rows().flat_map("word.text", "letter", list)
    whole = parts.map("letter", "v", Numbers()).output("v")
    assert whole([Word("ab"), Word("c")]) == ["a1", "b2", "c3"]
    each = parts.map("letter", "v", Numbers(), per="word").output("v")
    assert each([Word("ab"), Word("c")]) == ["a1", "b2", "c1"]
    kept = parts.map("letter", "v", Numbers(), per="word").window_all("v", "vs", list, per="word").output("vs")
    assert kept.batch([[Word("ab"), Word("c")]] * 2) == [[["a1", "b2"], ["c1"]]] * 2


class Odd:
    """Fields of a class that nobody here has written."""

    @property
    def stream(self):
        return iter([1])

    @property
    def leaves(self):
        raise SystemExit(3)


@pytest.mark.parametrize(
    ("field", "why"),
    [("stream", r"'x.stream' gave an iterator \(list_iterator\)"), ("leaves", r"'x.leaves' raised SystemExit: 3")],
)
@pytest.mark.parametrize("where", ["output", "map", "flat_map", "window", "reduce", "timestamp"])
def test_a_property_that_gives_an_iterator_or_leaves_is_the_failure_of_its_row(field, why, where):
    x, xs = pipe.input("x"), pipe.input("xs").flat_map("xs", "x", lambda xs: xs)
    name = f"x.{field}"
    p = {
        "output": lambda: x.map("x", "y", id).output(name, "y"),
        "map": lambda: x.map(name, "y", list).output("y"),
        "flat_map": lambda: x.flat_map(name, "y", list).output("y"),
        "window": lambda: xs.window(name, "y", 1, 1, list).output("y"),
        "reduce": lambda: xs.reduce(name, "y", list).output("y"),
        "timestamp": lambda: xs.time_window("x", "y", name, 1, 1, list).output("y"),
    }[where]()
    item = [Odd()] if where in ("window", "reduce", "timestamp") else Odd()
    rejects = []
    for run in (p, lambda item: p.batch([item]), lambda item: list(p.stream([item]))):
        with pytest.raises(OperatorError, match=why):
            run(item)
    p.batch([item], on_error="skip", rejects=rejects.append)
    assert len(rejects) == 1
