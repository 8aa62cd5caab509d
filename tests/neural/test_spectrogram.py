"""Mel spectrograms, compared with an independent implementation, that of transformers."""

from __future__ import annotations

import numpy as np
import pytest

from junco.errors import ContractError
from junco.neural.spectrogram import MelSpectrogram, hz_to_mel, mel_filters, mel_to_hz

YAMNET = MelSpectrogram(lowest_hz=125, highest_hz=7500, triangles="mel", log_offset=0.001)
GE2E = MelSpectrogram(fft=400, num_mels=40, power=2, scale="slaney", equal_area=True, edges="reflect")
OTHERS = [
    MelSpectrogram(),
    MelSpectrogram(power=2, scale="slaney"),
    MelSpectrogram(44100, 1000, 441, 1024, 80, 27.5, 16000, scale="slaney", equal_area=True, edges="zeros"),
    MelSpectrogram(8000, 201, 80, 256, 23, 20, 3800, power=2, triangles="mel", edges="zeros"),
]


@pytest.fixture(scope="module")
def sound():
    """Two seconds at 16 kHz: a rising tone in noise."""
    time_s = np.arange(32000) / 16000
    tone = np.sin(2 * np.pi * (200 * time_s + 900 * time_s**2))
    return (0.5 * tone + np.random.default_rng(0).normal(0, 0.01, 32000)).astype(np.float32)


def reference(how, sound):
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

    filters = mel_filter_bank(
        how.fft // 2 + 1,
        how.num_mels,
        how.lowest_hz,
        how.highest_hz,
        how.sample_rate_hz,
        norm="slaney" if how.equal_area else None,
        mel_scale={"htk": "htk", "slaney": "slaney"}[how.scale],
        triangularize_in_mel_space=how.triangles == "mel",
    )
    found = spectrogram(
        sound,
        window_function(how.window, "hann"),
        frame_length=how.window,
        hop_length=how.hop,
        fft_length=how.fft,
        power=how.power,
        center=how.edges != "none",
        pad_mode={"zeros": "constant"}.get(how.edges, "reflect"),
        mel_filters=filters,
        mel_floor=0.0,
    ).T
    return found if how.log_offset is None else np.log(found + how.log_offset)


@pytest.mark.parametrize("how", [YAMNET, GE2E, *OTHERS])
def test_a_spectrogram_is_that_of_another_implementation(how, sound):
    expected = reference(how, sound)
    found = how(sound)
    assert found.dtype == np.float32
    assert found.shape == expected.shape == (how.num_frames(len(sound)), how.num_mels)
    assert np.abs(found - expected).max() <= 1e-5 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("how", [YAMNET, GE2E, *OTHERS])
def test_the_fewest_samples_for_frames_give_just_so_many(how):
    for num_frames in (1, 2, 96, 160):
        least = how.num_samples(num_frames)
        assert how.num_frames(least) == num_frames
        assert how.num_frames(least - 1) == num_frames - 1


def test_a_spectrogram_is_that_of_the_formula_written_out(sound):
    """The front end of YAMNet as its paper's code has it: mel = 1127 ln(1 + f / 700), triangles in mel."""
    frame = sound[160:560].astype(float) * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400))
    magnitudes = [abs(sum(frame * np.exp(-2j * np.pi * k * np.arange(400) / 512))) for k in range(257)]
    mels = [1127 * np.log(1 + k * 31.25 / 700) for k in range(257)]
    low, high = (1127 * np.log(1 + hz / 700) for hz in (125, 7500))
    step = (high - low) / 65
    for band in (0, 31, 63):
        middle = low + step * (band + 1)
        total = sum(m * max(0, 1 - abs(mel - middle) / step) for m, mel in zip(magnitudes, mels, strict=True))
        assert YAMNET(sound)[1, band] == pytest.approx(np.log(total + 0.001), abs=1e-5)


def test_a_long_sound_gives_what_its_parts_give(sound):
    long = np.tile(sound, 10)
    whole = YAMNET(long)
    assert len(whole) > 1024
    np.testing.assert_allclose(whole[700:800], YAMNET(long[700 * 160 :])[:100], atol=1e-5)


def test_both_scales_are_what_their_authors_say_and_have_an_inverse():
    hz = np.array([0.0, 60, 700, 1000, 4000, 8000])
    assert hz_to_mel(np.array([1000.0]), "htk")[0] == pytest.approx(999.99, abs=0.01)
    assert hz_to_mel(np.array([1000.0, 6400.0]), "slaney") == pytest.approx([15, 42])
    for scale in ("htk", "slaney"):
        np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz, scale), scale), hz, atol=1e-9)


def test_a_pure_tone_is_loudest_in_its_band():
    how = MelSpectrogram(num_mels=40)
    corners_hz = mel_to_hz(np.linspace(0, hz_to_mel(np.array([8000.0]), "htk")[0], 42), "htk")
    tone = np.sin(2 * np.pi * corners_hz[21] * np.arange(16000) / 16000).astype(np.float32)
    assert set(how(tone).argmax(axis=1)) == {20}


def test_filters_are_made_once_and_nobody_can_spoil_them():
    assert mel_filters(MelSpectrogram()) is mel_filters(MelSpectrogram())
    with pytest.raises(ValueError, match="read-only"):
        mel_filters(MelSpectrogram())[0] = 1


def test_too_little_sound_gives_no_frame():
    assert MelSpectrogram()(np.zeros(399, np.float32)).shape == (0, 64)


def test_what_cannot_be_is_refused():
    with pytest.raises(ContractError, match="window ≤ fft"):
        MelSpectrogram(window=600)
    with pytest.raises(ContractError, match="half the sample rate"):
        MelSpectrogram(8000)
    with pytest.raises(ContractError, match="one channel"):
        MelSpectrogram()(np.zeros((2, 800), np.float32))
    with pytest.raises(ContractError, match="too few"):
        GE2E(np.zeros(200, np.float32))
