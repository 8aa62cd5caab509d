"""Speakers: real voices told apart, fidelity to the wheel's own code, x-vector models with random weights."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import types

import numpy as np
import pytest

import junco
import media
from audio_models import save_x_vectors
from junco.builtin.speaker_embedding.ge2e import partial_starts
from junco.errors import InputError, ParameterError
from junco.operator import registry
from junco.places.wheel import Wheel
from junco.types import AudioClip
from sounds import tone, wav

VERSION = "Resemblyzer==0.1.4"
CODE = {
    "voice_encoder": Wheel(
        VERSION,
        "resemblyzer/voice_encoder.py",
        sha256="c9ad016fcc4e627d44b27f4597001eec360a6c6f41286297c820a65acfe90767",
        size_bytes=9368,
    ),
    "hparams": Wheel(
        VERSION,
        "resemblyzer/hparams.py",
        sha256="511abe53b7515263ff33e1c0eaf82f7ffaa165f977b90def312182a15dfb81ae",
        size_bytes=946,
    ),
}


@pytest.fixture(scope="module")
def voices():
    """Paths of ten clips of each of two speakers."""
    found = {}
    for speaker, language in (("Allison", "en"), ("June", "fr")):
        folder = media.debian(f"asterisk-core-sounds-{language}-wav")
        paths = (path for path in sorted(folder.rglob("*.wav")) if 30_000 < path.stat().st_size < 200_000)
        found[speaker] = list(itertools.islice(paths, 10))
    return found


@pytest.fixture(scope="module")
def clips(voices):
    decode = registry.load("audio-decode.av")()
    return {speaker: [decode(path) for path in paths] for speaker, paths in voices.items()}


@pytest.fixture
def ge2e(loaded):
    return loaded("speaker-embedding.ge2e", runtime="torch", dtype="float32")


def of_the_wheel(monkeypatch):
    """Its VoiceEncoder, whose spectrogram is torch's and whose filters are those of transformers."""
    import torch
    from transformers.audio_utils import mel_filter_bank

    filters = torch.from_numpy(mel_filter_bank(201, 40, 0.0, 8000.0, 16_000, norm="slaney", mel_scale="slaney"))

    def mel(samples):
        padded = torch.nn.functional.pad(torch.from_numpy(samples).double(), (200, 200))
        found = torch.stft(padded, 400, 160, window=torch.hann_window(400).double(), center=False, return_complex=True)
        return (found.abs() ** 2).T.matmul(filters).float().numpy()

    package = types.ModuleType("resemblyzer")
    package.audio = types.SimpleNamespace(wav_to_mel_spectrogram=mel)
    monkeypatch.setitem(sys.modules, "resemblyzer", package)
    for name in ("hparams", "voice_encoder"):
        spec = importlib.util.spec_from_file_location(f"resemblyzer.{name}", CODE[name].fetch("the test"))
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, f"resemblyzer.{name}", module)
        spec.loader.exec_module(module)
    weights = registry.load("speaker-embedding.ge2e").wheels[0].fetch("the test")
    return module.VoiceEncoder("cpu", verbose=False, weights_fpath=weights)


def as_loud_as_the_wheel_wants(samples):
    strength = np.sqrt(np.mean(samples.astype(float) ** 2))
    return (samples * max(1, 10 ** (-30 / 20) / strength)).astype(np.float32)


def test_the_nearest_voice_is_the_same_speaker(ge2e, clips):
    names = np.repeat(list(clips), 10)
    vectors = np.stack(ge2e.batch([clip for some in clips.values() for clip in some]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    cosines = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert (names[cosines.argmax(axis=1)] == names).all()
    same = names[:, None] == names[None]
    assert cosines[same & ~np.eye(len(names), dtype=bool)].mean() > cosines[~same].mean() + 0.1


def test_it_agrees_with_the_code_of_the_wheel(ge2e, clips, monkeypatch):
    theirs = of_the_wheel(monkeypatch)
    some = [clips["June"][0], *clips["Allison"][:3]]
    long = np.concatenate([clip.samples for clip in some], axis=1)
    lengths = (100, 9_000, 25_599, 25_600, 25_601, 40_000, 44_800, 50_001, 60_160)
    for clip in [*some, *(AudioClip(np.ascontiguousarray(long[:, :length]), 16_000) for length in lengths)]:
        expected = theirs.embed_utterance(as_loud_as_the_wheel_wants(clip.samples[0]))
        np.testing.assert_allclose(ge2e(clip), expected, atol=2e-6)
    for length in range(1, 120_000, 317):
        assert [each.start for each in theirs.compute_partial_slices(length, 1.3, 0.75)[1]] == partial_starts(length)


def test_the_fastest_way_agrees(loaded, ge2e, clips, assert_agree):
    some = clips["June"][:4]
    assert_agree(loaded("speaker-embedding.ge2e").batch(some), ge2e.batch(some))


def test_loudness_does_not_matter_where_it_is_evened_out(loaded, ge2e, clips):
    clip = clips["June"][1]
    quiet = AudioClip(clip.samples * np.float32(0.003), 16_000)
    softer = AudioClip(clip.samples * np.float32(0.01), 16_000)
    np.testing.assert_allclose(ge2e(quiet), ge2e(softer), atol=1e-5)
    as_it_is = loaded("speaker-embedding.ge2e", runtime="torch", dtype="float32", least_dbfs=None)
    assert np.abs(as_it_is(quiet) - ge2e(quiet)).max() > 1e-3


def test_a_voice_at_another_rate_is_the_same_voice(ge2e, clips):
    clip = clips["June"][2]
    decode = registry.load("audio-decode.av")(sample_rate_hz=None)
    faster = decode(wav(np.repeat(clip.samples, 2, axis=0), 16_000, is_float=True))
    assert ge2e(faster) @ ge2e(clip) > 0.9999


def test_silence_and_a_moment_count_as_empty(voices, tmp_path):
    paths = [voices["June"][0], tmp_path / "silent.wav", tmp_path / "short.wav"]
    paths[1].write_bytes(wav(np.zeros((1, 32_000)), 16_000))
    paths[2].write_bytes(wav(tone(0.2, 16_000), 16_000))
    with junco.pipeline("speaker-embedding-ge2e") as embed:
        vectors = embed.batch(paths)
        assert all(np.isfinite(vector).all() and vector.shape == (256,) for vector in vectors)
        assert [stage.num_empty for stage in embed.stats().stages] == [0, 2]


def test_the_pipeline_is_the_two_operators_one_after_the_other(voices, loaded):
    path = voices["Allison"][0]
    clip = registry.load("audio-decode.av")()(path)
    with junco.pipeline("speaker-embedding-ge2e") as embed:
        np.testing.assert_allclose(embed(path), loaded("speaker-embedding.ge2e")(clip), atol=1e-6)


def test_what_is_no_sound_is_refused(ge2e):
    for wrong in (None, "a.wav", AudioClip(np.full((1, 16_000), np.inf, np.float32), 16_000)):
        with pytest.raises(InputError):
            ge2e(wrong)


@pytest.mark.parametrize("kind", ["WavLM", "Wav2Vec2", "UniSpeechSat"])
def test_an_x_vector_model_of_transformers_agrees_with_transformers(kind, tmp_path, clips):
    import torch
    import transformers

    folder = save_x_vectors(tmp_path, kind)
    operator = registry.load("speaker-embedding.transformers")(model=str(folder), runtime="torch")
    operator.ensure_open()
    theirs = getattr(transformers, f"{kind}ForXVector").from_pretrained(folder).eval()
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    for clip in clips["June"][:3]:
        with torch.no_grad():
            expected = theirs(**extractor(clip.samples[0], sampling_rate=16_000, return_tensors="pt")).embeddings[0]
        np.testing.assert_allclose(operator(clip), expected / expected.norm(), atol=1e-6)
    assert operator.space() is not None


def test_short_and_long_speech_goes_through_an_x_vector_model(tmp_path, clips):
    operator = registry.load("speaker-embedding.transformers")(model=str(save_x_vectors(tmp_path)), piece_s=1)
    operator.ensure_open()
    clip = clips["June"][0]
    short = AudioClip(np.ascontiguousarray(clip.samples[:, :700]), 16_000)
    assert [vector.shape for vector in operator.batch([clip, short])] == [(12,), (12,)]


def test_a_model_without_x_vectors_is_refused(tmp_path):
    folder = save_x_vectors(tmp_path, head="Model")
    with pytest.raises(ParameterError, match="gives no x-vectors"):
        registry.load("speaker-embedding.transformers")(model=str(folder)).ensure_open()
