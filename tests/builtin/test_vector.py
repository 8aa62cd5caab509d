from __future__ import annotations

import numpy as np
import pytest

from junco.builtin.vector.normalize import Normalize
from junco.builtin.vector.truncate import Truncate
from junco.errors import InputError, ParameterError


def test_a_vector_gets_length_one_and_keeps_its_direction():
    np.testing.assert_allclose(Normalize()(np.array([3, 0, 4], np.float32)), [0.6, 0, 0.8], rtol=1e-6)


def test_a_vector_of_zeros_stays_as_it_is():
    assert Normalize()(np.zeros(4, np.float32)).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("scale", [1e30, 1e-30, 1e-40])
def test_very_long_and_very_short_vectors_are_scaled_too(scale):
    vector = np.array([3, 4], np.float32) * np.float32(scale)
    np.testing.assert_allclose(Normalize()(vector), [0.6, 0.8], rtol=1e-3)


def test_the_input_is_left_as_it_was():
    vector = np.array([3, 4], np.float32)
    Normalize()(vector)
    Truncate(1)(vector)
    assert vector.tolist() == [3, 4]


def test_lists_and_other_number_types_are_taken():
    result = Normalize()([3, 4])
    assert result.dtype == np.float32
    assert Truncate(1, renormalize=False)(np.array([3.5, 4.0], np.float64)).tolist() == [3.5]


def test_truncate_keeps_the_leading_numbers_at_length_one():
    np.testing.assert_allclose(Truncate(2)(np.array([3, 4, 12], np.float32)), [0.6, 0.8], rtol=1e-6)


def test_truncate_leaves_the_length_alone_when_told_so():
    kept = Truncate(2, renormalize=False)(np.array([3, 4, 12], np.float32))
    assert kept.tolist() == [3, 4]
    assert kept.base is None


def test_truncating_to_more_than_there_is_is_refused():
    with pytest.raises(InputError, match="dim=5 is more than the 3 numbers"):
        Truncate(5)(np.ones(3, np.float32))


@pytest.mark.parametrize("dim", [0, -1, 2.0, True, "3"])
def test_a_length_that_cannot_be_is_refused(dim):
    with pytest.raises(ParameterError, match="dim="):
        Truncate(dim)


@pytest.mark.parametrize(
    "value", [None, "abc", 3.0, np.zeros((2, 2), np.float32), np.zeros(0, np.float32), [[1], [1, 2]], ["a"], [1j]]
)
def test_what_is_no_vector_is_refused(value):
    with pytest.raises(InputError, match=r"takes a vector"):
        Normalize()(value)


@pytest.mark.parametrize("value", [[1.0, np.nan], [np.inf, 0], [1e300, 1.0]])
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(InputError, match="not finite"):
        Normalize()(value)
