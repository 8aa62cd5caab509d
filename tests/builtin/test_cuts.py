"""Cuts: where a new shot begins, from small frames."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from junco.builtin.cuts import Cuts, hsv
from junco.errors import InputError

FPS = 25


def drawn(*shots, seed=0):
    """Frames of shots, each a length: a picture of its own with some grain."""
    rng = np.random.default_rng(seed)
    for length in shots:
        picture = rng.integers(0, 256, (9, 16, 3)).repeat(3, axis=0).repeat(3, axis=1)
        for _ in range(length):
            yield (picture + rng.integers(-3, 4, picture.shape)).clip(0, 255).astype(np.uint8)


def found(frames, fps=FPS, **how):
    cuts = Cuts(**how)
    added = [cut for index, frame in enumerate(frames) if (cut := cuts.add(frame, index / fps)) is not None]
    return added + cuts.end()


@pytest.mark.parametrize("ratio", [3.0, None])
def test_drawn_cuts_are_found_exactly(ratio):
    cuts = found(drawn(30, 12, 40, 11), ratio=ratio)
    assert [cut.index for cut in cuts] == [30, 42, 82]
    assert [cut.time_s for cut in cuts] == [30 / FPS, 42 / FPS, 82 / FPS]
    assert all(0.15 < cut.score <= 1 for cut in cuts)


def test_a_cut_before_the_last_frame_is_found():
    assert [cut.index for cut in found(drawn(30, 1))] == [30]


def test_one_shot_one_frame_and_no_frame_have_no_cut():
    assert found(drawn(100)) == found(drawn(1)) == found([]) == []


def test_a_pan_is_no_cut_for_the_adaptive_threshold_alone():
    row = np.random.default_rng(1).integers(0, 256, (9, 300, 3), np.uint8).repeat(3, axis=0).repeat(3, axis=1)
    pan = [row[:, 9 * i : 9 * i + 48] for i in range(60)]
    assert found(pan) == []
    assert len(found(pan, ratio=None)) > 1


def test_a_cut_soon_after_the_last_is_none():
    assert [cut.index for cut in found(drawn(30, 5, 40))] == [30]
    assert [cut.index for cut in found(drawn(30, 5, 40), least_s=0.1)] == [30, 35]


def test_a_fixed_threshold_judges_at_once_and_an_adaptive_one_two_frames_later():
    frames = list(drawn(30, 30))
    for ratio, delay in ((None, 0), (3.0, 2)):
        cuts = Cuts(ratio=ratio)
        assert [cuts.add(frame, index / FPS) is not None for index, frame in enumerate(frames)].index(
            True
        ) == 30 + delay


def test_hue_saturation_and_value_are_those_of_colorsys():
    pixels = np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8)
    pixels[:5] = pixels[:5, :, :1]  # greys
    expected = np.array([[colorsys.rgb_to_hsv(*(pixel / 255)) for pixel in row] for row in pixels])
    np.testing.assert_allclose(np.stack(hsv(pixels), axis=-1), expected, atol=1e-6)


def test_greys_of_different_hue_by_chance_do_not_differ():
    frames = [np.full((27, 48, 3), 128, np.uint8) for _ in range(2)]
    frames[1][..., 0] += 1
    assert found(frames, threshold=0.01, least_s=0.0) == []


def test_a_frame_of_another_size_is_refused():
    cuts = Cuts()
    cuts.add(np.zeros((27, 48, 3), np.uint8), 0.0)
    with pytest.raises(InputError, match="64×36 pixels after one of 48×27"):
        cuts.add(np.zeros((36, 64, 3), np.uint8), 0.04)
