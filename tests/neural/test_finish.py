"""Numbers that are none become no vector, in whatever type it is stored."""

from __future__ import annotations

import numpy as np
import pytest

from junco import Operator, ops, pipe
from junco.errors import InputError, OperatorError
from junco.neural.finish import Finish

PRECISIONS = ["float32", "float16", "int8", "ubinary"]


class Sick(Operator, family="finish-test", name="sick"):
    """A vector of the length of a word; of some words one that is none."""

    precision: str = "float32"
    normalize: bool = True

    def batch(self, texts: list[str]):
        odd = {"zebra": np.nan, "gnu": np.inf, "yak": -np.inf}
        rows = [np.arange(8) + odd.get(text, len(text)) for text in texts]
        return Finish(self.name, self.normalize, None, self.precision).rows(np.array(rows, np.float32))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("word", ["zebra", "gnu", "yak"])
def test_a_row_that_is_not_finite_is_put_aside_and_no_other(precision, normalize, word):
    step = ops.finish_test.sick(precision=precision, normalize=normalize)
    with pipe.input("text").map("text", "vector", step).output("vector") as p:
        found = p.batch(["cat", word, "mouse"], on_error="none")
        assert [vector is None for vector in found] == [False, True, False]
        with pytest.raises(OperatorError, match="not finite"):
            p(word)


def test_a_number_too_large_for_a_type_is_refused_with_the_type():
    block = np.array([[1.0, 70_000.0]], np.float32)
    with pytest.raises(InputError, match="too large for precision='float16'"):
        Finish("a", precision="float16").rows(block)
    assert Finish("a", normalize=True, precision="float16").rows(block)[0][1] == 1


@pytest.mark.parametrize("precision", PRECISIONS)
def test_numbers_that_are_cut_off_need_not_be_finite(precision):
    block = np.array([[1.0, -2.0, 3.0, 4.0, np.nan]], np.float32)
    assert len(Finish("a", truncate_dim=4, precision=precision).rows(block)) == 1


@pytest.mark.parametrize("scale", [1e-44, 1e-30, 1.0, 1e30, 3e38])
def test_int8_keeps_the_direction_of_the_smallest_and_largest_numbers(scale):
    (row,) = Finish("a", precision="int8").rows(np.array([[1.0, -1.0, 0.0]], np.float32) * np.float32(scale))
    assert row.tolist() == [127, -127, 0]
