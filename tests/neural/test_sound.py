"""Clips at an operator's door."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from junco.errors import InputError, MissingExtraError
from junco.neural.sound import checked_clip, golden_clips, one_channel
from junco.types.media import AudioClip

SOUND = np.zeros((2, 100), np.float32)


def test_a_clip_passes_as_it_is():
    clip = AudioClip(SOUND, 8000, 3.0)
    assert checked_clip(clip, "op") is clip


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("sound.wav", r"takes sound.*'audio-decode.av' makes clips"),
        (SOUND, "takes sound"),
        (None, "takes sound"),
        (AudioClip(SOUND[0], 8000), r"float32 \(channels, n\)"),
        (AudioClip(SOUND.astype(np.int16), 8000), "float32"),
        (AudioClip(SOUND, 0), "a rate above 0 Hz"),
        (AudioClip(SOUND[:, :0], 8000), "has no samples"),
        (AudioClip(SOUND[:0], 8000), "has no samples"),
        (AudioClip(np.full((1, 9), np.nan, np.float32), 8000), "not finite"),
        (AudioClip(np.full((1, 9), np.inf, np.float32), 8000), "not finite"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(value, reason):
    with pytest.raises(InputError, match=f"'op'.*{reason}"):
        checked_clip(value, "op")


def test_one_channel_is_the_mean_of_all_at_the_rate_that_is_wanted():
    time_s = np.arange(44_100) / 44_100
    tones = np.stack([0.4 * np.sin(2 * np.pi * 300 * time_s), 0.2 * np.sin(2 * np.pi * 900 * time_s)])
    samples = one_channel(AudioClip(tones.astype(np.float32), 44_100), 16_000, "op")
    time_s = np.arange(16_000) / 16_000
    expected = 0.2 * np.sin(2 * np.pi * 300 * time_s) + 0.1 * np.sin(2 * np.pi * 900 * time_s)
    assert (samples.dtype, samples.shape) == (np.float32, (16_000,))
    assert np.abs(samples - expected)[100:-100].max() < 1e-4


def test_one_channel_at_its_own_rate_is_not_copied():
    clip = AudioClip(SOUND[:1], 8000)
    assert np.shares_memory(one_channel(clip, 8000, "op"), clip.samples)


def test_what_another_rate_needs_is_said_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"'op'.*'junco\[audio\]'"):
        one_channel(AudioClip(SOUND, 8000), 16_000, "op")


def test_golden_clips_are_alike_at_any_rate_and_differ_from_each_other():
    slow, fast = golden_clips(8000), golden_clips(16000)
    assert len(slow) == len(fast) == 5
    for one, other in zip(slow[:3], fast[:3], strict=True):
        np.testing.assert_allclose(one.samples, other.samples[:, ::2], atol=1e-5)
    assert all(np.abs(clip.samples).max() <= 1 for clip in fast)
