"""Operators and functions that make rows: ports, batches across items, what fails on the way, what is refused."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import pytest

from junco import Hints, Operator, OperatorError, op, ops, pipe
from junco.engine.pieces import ListsSize
from junco.errors import ContractError
from junco.operator.family import Family
from junco.operator.ports import Port, Ports
from junco.operator.registry import register_family
from junco.types import Chunk
from ways import EVERY_WAY

register_family(
    Family(
        "many-test-split",
        "operator",
        Ports((Port("text", str),), (Port("chunk", Chunk),), "many"),
        default="many-test-split.stream",
        description="a text → its parts",
    )
)


def chunks(text):
    return [Chunk(word, 0, len(word)) for word in text.split()]


class Stream(Operator, family="many-test-split", name="stream"):
    def stream(self, text: str) -> Iterator[Chunk]:
        yield from chunks(text)


class Lists(Operator, family="many-test-split", name="lists"):
    hints = Hints(max_batch=64)
    batches: tuple[int, ...] = ()

    def batch(self, texts: Sequence[str]) -> list[list[Chunk]]:
        Lists.sizes.append(len(texts))
        return list(map(chunks, texts))


Lists.sizes = []


class Iterators(Operator, family="many-test-split", name="iterators"):
    def batch(self, texts: Sequence[str]) -> list[Generator[Chunk, None, None]]:
        return [(chunk for chunk in chunks(text)) for text in texts]


class Unannotated(Operator, family="many-test-split", name="unannotated"):
    def batch(self, texts):
        return list(map(chunks, texts))


@op("many-test-split.function")
def function(text: str) -> Iterator[Chunk]:
    yield from chunks(text)


MEMBERS = ["stream", "lists", "iterators", "unannotated", "function"]
EVERY_MEMBER = pytest.mark.parametrize("member", MEMBERS)


def split(member):
    return ops[f"many-test-split.{member}"]()


@EVERY_WAY
@EVERY_MEMBER
def test_every_member_gives_its_rows_in_order(way, member):
    p = pipe.input("text").flat_map("text", "chunk", split(member)).output("chunk.text")
    assert way(p, ["a b", "", "c"]) == [["a", "b"], [], ["c"]]


@EVERY_MEMBER
@pytest.mark.parametrize("verb", ["map", "filter", "window_all", "reduce"])
def test_one_that_makes_rows_is_refused_where_one_result_is_wanted(member, verb):
    columns = {"filter": ("text", "text", "text")}.get(verb, ("text", "chunk"))
    with pytest.raises(ContractError, match="flat_map"):
        getattr(pipe.input("text"), verb)(*columns, split(member)).output(columns[1])


@EVERY_MEMBER
def test_members_stand_in_for_each_other_and_for_nothing_else(member):
    p = pipe.input("text").flat_map("text", "chunk", split("stream"), name="split").output("chunk.text")
    assert p.replace("split", split(member))("a b") == ["a", "b"]
    with pytest.raises(ContractError):
        p.replace("split", ops["many-test-other.one"]())


class One(Operator, family="many-test-other", name="one"):
    def batch(self, texts: Sequence[str]) -> list[Chunk]:
        return [chunks(text)[0] for text in texts]


def test_a_member_that_gives_one_row_is_refused_by_a_family_of_many():
    with pytest.raises(ContractError, match="rows of"):

        class Wrong(Operator, family="many-test-split", name="wrong"):
            def stream(self, text: str) -> Iterator[int]:
                yield 1


def test_batches_fill_across_items_and_rows():
    Lists.sizes.clear()
    words = pipe.input("texts").flat_map("texts", "text", lambda texts: texts)
    p = words.flat_map("text", "chunk", split("lists")).output("chunk.text")
    assert p.batch([["a b"] * 150, ["c"] * 150]) == [["a", "b"] * 150, ["c"] * 150]
    assert max(Lists.sizes) > 30
    assert len(Lists.sizes) < 40


def test_the_last_of_ten_thousand_rows_may_fail():
    @op("many-test.late")
    def late(count: int) -> Iterator[int]:
        yield from range(count)
        if count == 10_000:
            raise ValueError("late")

    rejects = []
    p = pipe.input("count").flat_map("count", "n", late, name="late").output("n")
    assert p.batch([2, 10_000, 3], on_error="skip", rejects=rejects.append) == [[0, 1], [0, 1, 2]]
    assert [(reject.position, reject.node, reject.is_item) for reject in rejects] == [(1, "late", True)]
    with pytest.raises(OperatorError, match="late") as caught:
        p.batch([2, 10_000])
    assert caught.value.position == 1


def test_rows_of_the_wrong_shape_are_named():
    p = pipe.input("x").flat_map("x", ("a", "b"), lambda x: [(1, 2), (1, 2, 3)], name="pairs").output("a", "b")
    with pytest.raises(OperatorError, match=r"'pairs'.*'a', 'b'"):
        p(0)


@pytest.mark.parametrize("verb", ["map", "filter", "window_all", "flat_map"])
def test_an_iterator_never_stands_in_a_column(verb):
    def wrong(*_):
        return [iter([1])] if verb == "flat_map" else iter([1])

    columns = ("x", "x", "x") if verb == "filter" else ("x", "y")
    p = getattr(pipe.input("x"), verb)(*columns, wrong, name="odd").output(columns[1])
    for run in (lambda: p(1), lambda: p.batch([1, 2])):
        with pytest.raises(OperatorError, match="'odd'") as caught:
            run()
        assert isinstance(caught.value.__cause__, ContractError)


def test_an_iterator_in_one_of_several_columns_is_found_too():
    p = pipe.input("x").map("x", ("a", "b"), lambda x: (x, iter([x]))).output("a", "b")
    for run in (lambda: p(1), lambda: p.batch([1, 2])):
        with pytest.raises(OperatorError, match="iterator"):
            run()


def test_what_is_awaited_is_no_value_either():
    class Later:
        def __await__(self):
            yield

    async def later(x):
        return x

    with pytest.raises(OperatorError, match="awaits"):
        pipe.input("x").map("x", "y", lambda x: Later()).output("y")(1)
    with pytest.raises(ContractError, match="async"):
        op("many-test.later")(later)


def test_an_open_file_may_stand_in_a_column(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")

    def lines(file):
        with file:
            yield from file

    p = pipe.input("path").map("path", "file", open).flat_map("file", "line", lines)
    assert p.output("line")(tmp_path / "a.txt") == ["one\n", "two\n"]


class Heavy(Operator, family="many-test-heavy", name="heavy", rows="many"):
    """Its lists hold much, and it notes how many it was asked for at once."""

    def __init__(self, num_bytes=10_000_000):
        self.num_bytes = num_bytes
        self.sizes = []

    def batch(self, items):
        self.sizes.append(len(items))
        if "bad" in items:
            raise ValueError("bad")
        return [[bytes(self.num_bytes // 10)] * 10 for _ in items]


@pytest.mark.parametrize("run", [lambda p, items: list(p.rows(items)), lambda p, items: p.batch(items)])
def test_lists_of_large_rows_are_asked_for_few_at_once(run):
    heavy = Heavy()
    with pipe.input("x").flat_map("x", "row", heavy).map("row", "n", len).output("n") as p:
        for _ in range(2):  # a batch size that was found with small lists says nothing of large ones
            heavy.sizes.clear()
            run(p, range(100))
            assert sum(heavy.sizes) == 100
            assert max(heavy.sizes) <= ListsSize.FIRST
            assert max(heavy.sizes[1:]) * heavy.num_bytes <= ListsSize.MAX_BYTES


def test_lists_of_small_rows_are_asked_for_in_full_batches():
    light = Heavy(10)
    with pipe.input("x").flat_map("x", "row", light).map("row", "n", len).output("n") as p:
        p.batch(range(2_000))
        light.sizes.clear()
        p.batch(range(2_000))
        assert len(light.sizes) < 2_000 / 30


def test_a_row_that_fails_among_lists_that_were_asked_for_later_is_named():
    items = [*range(30), "bad", *range(5)]
    with pipe.input("x").flat_map("x", "row", Heavy(), name="heavy").map("row", "n", len).output("n") as p:
        rejects = []
        assert len(p.batch(items, on_error="skip", rejects=rejects.append)) == 35
        assert [(reject.position, reject.node, reject.is_item) for reject in rejects] == [(30, "heavy", True)]
        assert p.batch(items, on_error="none")[30] is None
        given = []
        with pytest.raises(OperatorError, match="bad") as caught:
            given += p.stream(items)
        assert caught.value.position == 30


class Plain(Operator, family="many-test-plain", name="plain", rows="many"):
    def batch(self, texts):
        return [len(text) for text in texts]


@pytest.mark.parametrize(
    ("fn", "says"),
    [
        (Plain(), r"gave 3 for a row.*: batch\(\) gives a list of rows, or an iterator of them, for each item"),
        (len, "gave 3 for a row.*: return a list of rows, or yield them"),
        (lambda text: None, "gave None for a row.*: return a list of rows, or yield them"),
    ],
)
@EVERY_WAY
def test_what_is_no_list_of_rows_is_refused_with_what_is_wanted(fn, says, way):
    with pipe.input("text").flat_map("text", "row", fn, name="rows").output("row") as p:
        with pytest.raises(OperatorError, match=says) as caught:
            way(p, ["abc"])
        assert isinstance(caught.value.__cause__, ContractError)
