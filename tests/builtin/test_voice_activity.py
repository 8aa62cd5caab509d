"""``voice-activity.silero``: real speech and drums, times, and fidelity to the code that its authors ship."""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest

import media
from junco import ops, pipe
from junco.builtin.voice_activity import silero
from junco.builtin.voice_activity.speech import Rule, padded, stretches
from junco.errors import InputError, ParameterError
from junco.operator import registry
from junco.places.wheel import Wheel
from junco.types import AudioClip

RULE = Rule(enter=0.5, leave=0.35, min_speech=1024, min_silence=1024, pad=100)


@pytest.fixture(scope="module")
def speech():
    """Twelve clips of three speakers, 16 kHz."""
    decode = registry.load("audio-decode.av")()
    clips = []
    for language in ("en", "es", "fr"):
        folder = media.debian(f"asterisk-core-sounds-{language}-wav")
        paths = (path for path in sorted(folder.rglob("vm-*.wav")) if path.stat().st_size > 30_000)
        clips += [decode(path) for path in itertools.islice(paths, 4)]
    return clips


@pytest.fixture
def vad(loaded):
    return loaded("voice-activity.silero")


def fraction(segments, clip):
    return sum(each.end_s - each.start_s for each in segments) / (clip.samples.shape[1] / clip.sample_rate_hz)


def test_speech_is_found_and_drums_are_not(vad, speech):
    assert np.mean([fraction(vad(clip), clip) for clip in speech]) > 0.8
    decode = registry.load("audio-decode.av")()
    drums = sorted(media.debian("sonic-pi-samples").glob("drum_*.flac"))[:12]
    assert drums
    assert [vad(decode(path)) for path in drums] == [[]] * len(drums)


def test_silence_and_less_than_a_window_have_no_speech(vad):
    assert vad(AudioClip(np.zeros((1, 48_000), np.float32), 16_000)) == []
    assert vad(AudioClip(np.zeros((1, 3), np.float32), 16_000)) == []


def test_times_count_from_the_start_of_the_source(vad, speech):
    clip = speech[0]
    silent = np.zeros((1, 32_000), np.float32)
    around = AudioClip(np.concatenate([silent, clip.samples, silent], axis=1), 16_000, 100.0)
    segments = vad(around)
    assert segments[0].start_s == pytest.approx(102 + vad(clip)[0].start_s, abs=0.1)
    assert segments[-1].end_s < 102.2 + clip.samples.shape[1] / 16_000
    assert {each.label for each in segments} == {"speech"}
    assert all(0.5 < each.score <= 1 for each in segments)


def test_other_rates_and_channels_are_heard_too(vad, speech):
    clip = speech[0]
    slow = AudioClip(np.repeat(clip.samples, 2, axis=0)[:, ::2], 8_000)
    for one, other in zip(vad(slow), vad(clip), strict=True):
        assert one.start_s == pytest.approx(other.start_s, abs=0.07)


def test_chunks_begin_anew_and_lose_little_at_their_borders(vad, speech):
    clip = max(speech, key=lambda clip: clip.samples.shape[1])
    size = 32_000
    starts = range(0, clip.samples.shape[1], size)
    pieces = [AudioClip(clip.samples[:, at : at + size], 16_000, at / 16_000) for at in starts]
    whole, parts = (
        np.array([any(s.start_s <= at < s.end_s for s in found) for at in np.arange(0, len(starts) * 2, 0.01)])
        for found in (vad(clip), [segment for piece in pieces for segment in vad(piece)])
    )
    times = np.arange(0, len(starts) * 2, 0.01)[whole != parts]
    from_border = np.abs(times - 2 * np.round(times / 2))
    reach = max(vad.least_speech_s, 0.2) + vad.pad_s
    assert (from_border <= reach + 0.25).all()  # what is too short on one side, or heard late


def test_it_makes_rows_in_a_pipeline(speech):
    found = pipe.input("clip").flat_map("clip", "speech", ops.voice_activity.silero()).output("speech.start_s")
    assert found.batch(speech[:3]) == [
        [each.start_s for each in ops.voice_activity.silero()(clip)] for clip in speech[:3]
    ]


def test_it_agrees_with_the_code_of_the_wheel_to_the_sample(vad, speech):
    torch = pytest.importorskip("torch")
    code = Wheel(
        "silero-vad==6.2.3",
        "silero_vad/utils_vad.py",
        sha256="15d0f6b3ef9590e22ca2f146e1436f6901da356cb552d3183df4100862b333cb",
        size_bytes=30979,
    )
    weights = Wheel(
        "silero-vad==6.2.3",
        "silero_vad/data/silero_vad.onnx",
        sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        size_bytes=2_327_524,
    )
    spec = importlib.util.spec_from_file_location("utils_vad", code.fetch("the test"))
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    network = theirs.OnnxWrapper(str(weights.fetch("the test")))
    for options, clip in itertools.product(({}, {"threshold": 0.8, "least_silence_s": 0.3, "pad_s": 0.2}), speech):
        own = registry.load("voice-activity.silero")(**options)
        own.ensure_open()
        asked = {
            "threshold": own.threshold,
            "min_silence_duration_ms": round(own.least_silence_s * 1000),
            "speech_pad_ms": round(own.pad_s * 1000),
        }
        expected = theirs.get_speech_timestamps(torch.from_numpy(clip.samples[0]), network, **asked)
        found = [(round(each.start_s * 16_000), round(each.end_s * 16_000)) for each in own(clip)]
        assert found == [(each["start"], each["end"]) for each in expected]
        probabilities = network.audio_forward(torch.from_numpy(clip.samples), 16_000).numpy()[0]
        np.testing.assert_allclose(own.probabilities(clip), probabilities, atol=1e-6)


def test_long_sound_goes_through_in_blocks(vad, speech, monkeypatch):
    whole = vad.probabilities(speech[0])
    monkeypatch.setattr(silero, "WINDOWS_AT_ONCE", 7)
    np.testing.assert_allclose(vad.probabilities(speech[0]), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("probabilities", "found"),
    [
        ([0, 0.9, 0.9, 0.9, 0, 0, 0, 0], [(512, 2048)]),
        ([0.9, 0.9, 0.9, 0.4, 0.4, 0.9], [(0, 3072)]),  # between the two thresholds it goes on
        ([0.9, 0.9, 0.9, 0, 0.9, 0, 0, 0], [(0, 2560)]),  # a short pause
        ([0.9, 0, 0, 0, 0, 0], []),  # too short
        ([0, 0, 0.9, 0.9, 0.9, 0], [(1024, 3072)]),  # a pause at the end had only begun
    ],
)
def test_speech_begins_and_ends_by_two_thresholds(probabilities, found):
    assert stretches(np.array(probabilities, np.float32), len(probabilities) * 512, 512, RULE) == found


def test_padding_never_overlaps_and_stays_inside():
    assert padded([(50, 1000), (1100, 2000), (3000, 3950)], 4000, 100) == [(0, 1050), (1050, 2100), (2900, 4000)]


def test_what_is_no_sound_is_refused(vad):
    for wrong in (None, np.zeros(3), AudioClip(np.zeros((1, 0), np.float32), 16_000)):
        with pytest.raises(InputError):
            vad(wrong)
    with pytest.raises(InputError, match="not finite"):
        vad(AudioClip(np.full((1, 600), np.nan, np.float32), 16_000))


def test_a_threshold_to_leave_above_that_to_enter_is_refused():
    with pytest.raises(ParameterError, match="leave_threshold"):
        registry.load("voice-activity.silero")(threshold=0.3, leave_threshold=0.4)
