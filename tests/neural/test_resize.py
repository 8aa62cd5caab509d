"""The fast resize: NumPy's products and torch's kernel give the same bits, so that nobody sees which of them worked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.neural import resize
from junco.neural.preparation import MiddleCrop
from junco.neural.resize import Window, by_numpy, by_torch

SIDE = 24


@pytest.fixture(autouse=True)
def fresh_choice(monkeypatch):
    """As at the start of a process that has not imported torch."""
    monkeypatch.setattr(resize, "_torch_takes_over", None)
    monkeypatch.setattr(resize, "_num_read", 0)
    monkeypatch.setattr(resize, "_is_imported", lambda: False)


@given(
    st.integers(1, 400), st.integers(1, 400), st.integers(SIDE, 90), st.integers(SIDE, 90), st.integers(0, 2**32),
    st.sampled_from(["bicubic", "bilinear"]),
)  # fmt: skip
def test_both_kernels_give_the_same_bits(height, width, new_height, new_width, seed, resampling):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    window = Window(new_height, new_width, int(rng.integers(0, new_height - SIDE + 1)), (new_width - SIDE) // 2, SIDE)
    np.testing.assert_array_equal(by_numpy(pixels, window, resampling), by_torch(pixels, window, resampling))


@pytest.mark.parametrize("size", [(3000, 4000), (2000, 150), (40, 5000)])
def test_also_of_pictures_that_are_much_larger_or_smaller_than_the_result(size):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    height, width = (max(256, 256 * n // min(size)) for n in size)
    window = Window(height, width, (height - 224) // 2, (width - 224) // 2, 224)
    np.testing.assert_array_equal(by_numpy(pixels, window, "bicubic"), by_torch(pixels, window, "bicubic"))


def used(monkeypatch):
    kernels = []
    for name in ("by_numpy", "by_torch"):
        kernel = getattr(resize, name)
        monkeypatch.setattr(resize, name, lambda *args, name=name, kernel=kernel: kernels.append(name) or kernel(*args))
    return kernels


PIXELS = np.random.default_rng(2).integers(0, 256, (300, 400, 3), np.uint8)


def test_torch_is_not_imported_for_a_few_pictures(monkeypatch):
    kernels = used(monkeypatch)
    for _ in range(3):
        MiddleCrop(224, 256).fast(PIXELS)
    assert kernels == ["by_numpy"] * 3
    assert resize._torch_takes_over is None


def test_torch_takes_over_once_the_pictures_are_worth_its_import(monkeypatch):
    monkeypatch.setattr(resize, "_WORTH_AN_IMPORT", 2.5 * PIXELS.size)
    vectors = [MiddleCrop(224, 256).fast(PIXELS) for _ in range(4)]
    assert resize._torch_takes_over
    for other in vectors[1:]:
        np.testing.assert_array_equal(other, vectors[0])


def test_torch_takes_over_at_once_where_it_has_been_imported(monkeypatch):
    monkeypatch.setattr(resize, "_is_imported", lambda: True)
    MiddleCrop(224, 256).fast(PIXELS)
    assert resize._torch_takes_over


def test_a_kernel_of_torch_that_gives_other_bits_never_takes_over(monkeypatch):
    monkeypatch.setattr(resize, "_WORTH_AN_IMPORT", 0)
    monkeypatch.setattr(resize, "by_torch", lambda *args: by_numpy(*args) ^ 1)
    np.testing.assert_array_equal(
        MiddleCrop(224, 256).fast(PIXELS), by_numpy(PIXELS, Window(256, 341, 16, 58, 224), "bicubic")
    )
    assert resize._torch_takes_over is False
