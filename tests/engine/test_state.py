"""Operators with a state: a fresh one for each scope, whatever the batches, the ways to run, and what fails."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco import Hints, Operator, cache, ops, pipe
from junco.errors import ContractError
from ways import EVERY_WAY


class Number(Operator, family="state-test", name="number"):
    """Numbers the rows of a scope from 0; fails on words that begin with "!"."""

    hints = Hints(stateful=True)

    def __init__(self, first: int = 0) -> None:
        self.first = first

    def state(self) -> list[str]:
        return []

    def batch(self, words, *, state):
        given = []
        for word in words:
            state.append(word)
            if word.startswith("!"):
                raise ValueError(word)
            given.append(self.first + len(state) - 1)
        return given


class InBatches(Number, family="state-test", name="in-batches"):
    hints = Hints(stateful=True, max_batch=4)


class InItself(Operator, family="state-test", name="in-itself"):
    """The same with its state in itself: what it was opened for ends with the scope."""

    hints = Hints(stateful=True)
    num_open = 0
    num_opened = 0

    def open(self) -> None:
        self.seen: list[str] = []
        InItself.num_open += 1
        InItself.num_opened += 1

    def batch(self, words):
        self.seen += words
        return [len(self.seen) - 1]

    def close(self) -> None:
        InItself.num_open -= 1


class New(Operator, family="state-test", name="new"):
    """Whether a word is new in its scope."""

    hints = Hints(stateful=True, max_batch=8)

    def state(self) -> set[str]:
        return set()

    def batch(self, words, *, state):
        return [not (word in state or state.add(word)) for word in words]


class Pairs(Operator, family="state-test", name="pairs", rows="many"):
    """Each word with the one before, as rows."""

    hints = Hints(stateful=True)

    def state(self) -> list[str]:
        return []

    def batch(self, words, *, state):
        pairs = []
        for word in words:
            pairs.append([(before, word) for before in state[-1:]])
            state.append(word)
        return pairs


NUMBERS = pytest.mark.parametrize(
    "number", [ops.state_test.number(), ops.state_test.in_batches(), ops.state_test.in_itself()], ids=str
)


def words():
    return pipe.input("text").flat_map("text", "word", str.split)


@EVERY_WAY
@NUMBERS
def test_each_item_is_a_scope_of_its_own(way, number):
    p = words().map("word", "n", number).output("n")
    assert way(p, ["a b c", "", "d", "e f"]) == [[0, 1, 2], [], [0], [0, 1]]


@NUMBERS
def test_a_column_may_be_the_scope(number):
    lines = pipe.input("text").flat_map("text", "line", str.splitlines).flat_map("line", "word", str.split)
    p = lines.map("word", "n", number, per="line").output("word", "n")
    assert [tuple(row) for row in p("a b\nc\nd e f")] == [("a", 0), ("b", 1), ("c", 0), ("d", 0), ("e", 1), ("f", 2)]
    whole = lines.map("word", "n", number).output("n")
    assert whole("a b\nc\nd e f") == [0, 1, 2, 3, 4, 5]


@NUMBERS
def test_a_long_scope_that_comes_in_many_pieces_has_one_state(number):
    p = pipe.input("n").flat_map("n", "word", lambda n: map(str, range(n))).map("word", "n", number).output("n")
    assert p.batch([3000, 2, 1000]) == [list(range(3000)), [0, 1], list(range(1000))]


@NUMBERS
def test_a_scope_goes_on_over_rows_that_wait_until_they_are_whole(number):
    lines = pipe.input("sizes").flat_map("sizes", "size", iter)
    words = lines.flat_map("size", "word", lambda size: map(str, range(size)))
    p = words.map("size", "line", str).map("line", "n", number).output("word", "n")
    sizes = [1, 5000, 2, 9000, 3]
    assert [row.n for row in p(sizes)] == [n for n, size in enumerate(sizes) for _ in range(size)]


def test_a_filter_may_have_a_state_and_streams_do_not_share_it():
    p, q = (words().filter("word", "word", "word", ops.state_test.new()).output("word") for _ in range(2))
    assert (p("a b a c"), q("a b z"), p("a a")) == (["a", "b", "c"], ["a", "b", "z"], ["a"])
    one, other = p.stream(iter(["d e d"])), q.stream(iter(["d e d"]))
    assert (next(one), next(other)) == (["d", "e"], ["d", "e"])


def test_one_that_makes_rows_may_have_a_state():
    p = words().flat_map("word", ("one", "other"), ops.state_test.pairs()).output("one", "other")
    assert [[tuple(row) for row in rows] for rows in p.batch(["a b c", "d"])] == [[("a", "b"), ("b", "c")], []]


@given(lists=st.lists(st.lists(st.sampled_from(["a", "b", "!c"]), max_size=9), max_size=4))
def test_what_fails_changes_the_same_whatever_the_batches(lists):
    texts = [" ".join(each) for each in lists]
    one, several = (
        words().map("word", "n", spec).output("n").batch(texts, on_error="skip")
        for spec in (ops.state_test.number(), ops.state_test.in_batches())
    )
    assert one == several == [[i for i, word in enumerate(each) if word != "!c"] for each in lists]


def test_a_scope_that_has_its_own_instance_ends_with_it():
    before = InItself.num_opened
    p = words().map("word", "n", ops.state_test.in_itself()).output("n")
    assert p.batch(["a b", "c", ""]) == [[0, 1], [0], []]
    assert InItself.num_opened == before + 2  # an item without words needs none
    assert InItself.num_open == 0


def test_a_stream_that_is_given_up_ends_its_scope():
    p = pipe.input("n").flat_map("n", "word", lambda n: map(str, range(n)))
    stream = p.map("word", "n", ops.state_test.in_itself()).output("n").rows([100_000])
    next(iter(stream))
    assert InItself.num_open == 1
    stream.close()
    assert InItself.num_open == 0


def test_the_cache_takes_no_state_away():
    def numbers(n):
        for i in range(n):
            if i == n // 2:
                cache.clear()
            yield str(i % 10)

    p = pipe.input("n").flat_map("n", "word", numbers).filter("word", "word", "word", ops.state_test.new())
    assert len(p.output("word")(4000)) == 10


def test_a_direct_call_is_a_scope_of_its_own():
    for number in (ops.state_test.number(first=5), Number(first=5)):
        assert [number("a"), number("b")] == [5, 5]
    assert [ops.state_test.in_itself()("a"), ops.state_test.in_itself()("b")] == [0, 0]
    assert InItself.num_open == 0


def test_single_calls_of_a_pipeline_are_scopes_of_their_own():
    p = pipe.input("word").map("word", "n", ops.state_test.number()).output("n")
    assert [p("a"), p("b")] == [0, 0]
    assert p.batch(["a", "b", "c"]) == [0, 0, 0]


@pytest.mark.parametrize("verb", ["window_all", "reduce"])
def test_one_that_groups_has_no_state(verb):
    with pytest.raises(ContractError, match=r"'state-test.number' has a state.*map, flat_map or filter"):
        getattr(words(), verb)("word", "n", ops.state_test.number()).output("n")


def of_words(numbered):
    """A pipeline that numbers the words of a text."""
    words = pipe.input("words").flat_map("words", "word", str.split)
    return words.map("word", "number", numbered).output("number")


class Wobbly(Number, family="state-test", name="wobbly"):
    """Fails once after it has changed its state."""

    hints = Hints(stateful=True, retry=(ConnectionError,))

    def __init__(self) -> None:
        super().__init__()
        self.has_failed = False

    def batch(self, words, *, state):
        given = super().batch(words, state=state)
        if words[0] == "b" and not self.has_failed:
            self.has_failed = True
            raise ConnectionError
        return given


def test_what_is_tried_again_begins_with_the_state_before_it():
    with of_words(ops.state_test.wobbly()) as p:
        assert p("a b c") == [0, 1, 2]


class Hoard(Number, family="state-test", name="hoard"):
    """Keeps what takes long to copy."""

    hints = Hints(stateful=True, max_batch=4)
    num_copied = 0

    class Kept(list):
        def __deepcopy__(self, memo):
            Hoard.num_copied += 1
            time.sleep(0.01)
            return type(self)(self)

    def state(self):
        return Hoard.Kept()


def test_a_state_that_takes_long_to_copy_is_copied_once_for_each_scope():
    with of_words(ops.state_test.hoard()) as p:
        assert p(" ".join("w" * 40)) == list(range(40))
    assert Hoard.num_copied == 1
