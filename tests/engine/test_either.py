"""Operators that give one result under map and rows under flat_map: ``rows="either"``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

import junco
from junco import Family, Hints, Operator, op, ops, pipe
from junco.errors import ContractError
from junco.operator import registry
from junco.operator.ports import Port, Ports
from junco.types import Vector
from junco.types.array_type import VECTOR


class Cut(Operator, family="either-test", name="cut", rows="either"):
    """A text, whole or in words."""

    upper: bool = False

    def batch(self, texts: Sequence[str]) -> list[str]:
        self.note("empty", [i for i, text in enumerate(texts) if not text])
        return [self._cased(text) for text in texts]

    def stream(self, text: str) -> Iterator[str]:
        for word in text.split():
            if word == "bad":
                raise ValueError("a bad word")
            yield self._cased(word)

    def _cased(self, text: str) -> str:
        return text.upper() if self.upper else text


class Where(Operator, family="either-test", name="where", rows="either"):
    """The process that works, once or three times."""

    hints = Hints(max_batch=1)

    def batch(self, texts: Sequence[str]) -> list[int]:
        return [os.getpid() for _ in texts]

    def stream(self, text: str) -> Iterator[int]:
        yield from [os.getpid()] * 3


TEXTS = ["a b", "", "c"]
CUT = ops.either_test.cut(upper=True)


def whole(fn=CUT, **options):
    return pipe.input("text").map("text", "cut", fn, **options).output("cut")


def words(fn=CUT, **options):
    return pipe.input("text").flat_map("text", "cut", fn, **options).output("cut")


def test_map_takes_batch_and_flat_map_takes_stream():
    assert whole().batch(TEXTS) == ["A B", "", "C"]
    assert words().batch(TEXTS) == [["A", "B"], [], ["C"]]


def test_both_in_one_pipeline_share_the_operator():
    both = pipe.input("text").map("text", "whole", CUT).flat_map("whole", "word", CUT).output("whole", "word")
    for _ in range(2):
        assert [tuple(row) for row in both("a b")] == [("A B", "A"), ("A B", "B")]


@pytest.mark.parametrize("first", [whole, words])
def test_pipelines_over_one_operator_do_not_mix_what_they_take(first):
    with first()("x y") and whole() as one, words() as many:  # whoever came first
        assert (one("a b"), many("a b"), one("a b")) == ("A B", ["A", "B"], "A B")


def test_a_direct_call_takes_batch():
    assert CUT("a b") == "A B"
    assert Cut()("a b") == "a b"


def test_the_callers_own_object_is_asked_for_what_the_step_wants():
    own = Cut()
    assert whole(own)("a b") == "a b"
    assert words(own)("a b") == ["a", "b"]


@pytest.mark.parametrize("backend", [None, "process"])
def test_other_processes_take_the_same(backend):
    with whole(backend=backend, workers=2) as one, words(backend=backend, workers=2) as many:
        assert one.batch(TEXTS) == ["A B", "", "C"]
        assert many.batch(TEXTS) == [["A", "B"], [], ["C"]]


def test_rows_are_made_in_other_processes():
    with words(ops.either_test.where(), backend="process", workers=1) as many:
        pids = many("x")
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_an_inspection_shows_rows_of_a_flat_map_and_one_result_of_a_map():
    for made, num_out in ((words(), 2), (whole(), 1)):
        seen = next(step for step in made.inspect("a b").steps if step.name == "either-test")
        assert (seen.num_in, seen.num_out) == (1, num_out)


def test_a_file_keeps_what_a_step_takes(tmp_path):
    for made in (whole(), words()):
        made.save(tmp_path / "cut.yaml")
        assert junco.pipeline(tmp_path / "cut.yaml")("a b") == made("a b")


def test_an_error_after_some_rows_is_the_items():
    rejects = []
    assert words().batch(["a b", "a bad b"], on_error="skip", rejects=rejects.append) == [["A", "B"]]
    assert [reject.position for reject in rejects] == [1]
    assert whole()("a bad b") == "A BAD B"


def test_what_batch_notes_is_counted():
    one = whole()
    one.batch(TEXTS)
    assert "empty" in str(one.stats())


def test_rows_are_drawn_one_by_one():
    rows = words().rows(["a b"] * 1000)
    assert next(rows).row == "A"
    rows.close()


def test_its_ports_say_both():
    assert str(Cut.ports()) == "(texts: str) -> one, or rows of (out: str)"


def test_a_swap_keeps_what_the_step_wants():
    @op("either-test.only-one")
    def only_one(text: str) -> str:
        return text

    assert whole().replace("either-test", only_one)("a b") == "a b"
    with pytest.raises(ContractError, match="cannot stand in"):
        words().replace("either-test", only_one)


def test_either_needs_batch_and_stream():
    with pytest.raises(ContractError, match='rows="either" needs batch'):

        class NoStream(Operator, family="either-test", name="no-stream", rows="either"):
            def batch(self, texts: Sequence[str]) -> list[str]:
                return list(texts)

    with pytest.raises(ContractError, match='rows="either" needs batch'):

        class NoBatch(Operator, family="either-test", name="no-batch", rows="either"):
            def stream(self, text: str) -> Iterator[str]:
                yield text


def test_a_row_must_be_what_a_result_is():
    with pytest.raises(ContractError, match="a row is what a result is"):

        class Two(Operator, family="either-test", name="two-types", rows="either"):
            def batch(self, texts: Sequence[str]) -> list[str]:
                return list(texts)

            def stream(self, text: str) -> Iterator[int]:
                yield len(text)


def test_either_and_a_state_are_refused():
    with pytest.raises(ContractError, match="two operators"):

        class WithState(Operator, family="either-test", name="with-state", rows="either"):
            hints = Hints(stateful=True)

            def batch(self, texts: Sequence[str]) -> list[str]:
                return list(texts)

            def stream(self, text: str) -> Iterator[str]:
                yield text


FAMILY = Family(
    "either-family",
    "operator",
    Ports((Port("text", str),), (Port("vector", VECTOR),), rows="either"),
    default="either-family.both",
    description="",
)
registry.register_family(FAMILY)


class Both(Operator, family="either-family", name="both"):
    """Says nothing itself."""

    def batch(self, texts):
        return [np.full(2, len(text), np.float32) for text in texts]

    def stream(self, text):
        for word in text.split():
            yield np.full(2, len(word), np.float32)


class One(Operator, family="either-family", name="one"):
    """Knows items only."""

    def batch(self, texts: Sequence[str]) -> list[Vector]:
        return [np.full(2, len(text), np.float32) for text in texts]


class Many(Operator, family="either-family", name="many"):
    """Knows rows only."""

    def stream(self, text: str) -> Iterator[Vector]:
        yield np.full(2, len(text), np.float32)


def test_a_family_says_it_for_its_members():
    assert [kind.ports().rows for kind in (Both, One, Many)] == ["either", "one", "many"]
    assert whole(ops.either_family.both())("a bc").tolist() == [4, 4]
    assert [row.tolist() for row in words(ops.either_family.both())("a bc")] == [[1, 1], [2, 2]]


def test_a_member_that_only_makes_rows_is_refused_under_map():
    with pytest.raises(ContractError, match="use flat_map"):
        whole(ops.either_family.many())
