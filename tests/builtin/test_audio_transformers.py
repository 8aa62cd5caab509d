"""audio-embedding.transformers: any audio model by name gives what the library itself gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import audio_models
from junco.errors import InputError, ParameterError, UnavailableError
from junco.operator import registry
from junco.types.media import AudioClip

pytestmark = pytest.mark.filterwarnings("ignore:At least one mel filter has all zero values")
MEMBER = "audio-embedding.transformers"


def sound(seconds, rate, seed=0, channels=1):
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 0.1, (channels, round(seconds * rate))) * np.linspace(0, 1, round(seconds * rate))
    return AudioClip(samples.astype(np.float32), rate)


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory):
    base = tmp_path_factory.mktemp("audio-models")
    return lambda kind: base / kind if (base / kind).exists() else audio_models.save(kind, base / kind)


@pytest.fixture(scope="module")
def embed(loaded, folder_of):
    """The operator, with the library's own arithmetic."""
    return lambda kind, **params: loaded(MEMBER, model=str(folder_of(kind)), runtime="torch", **params)


def library(folder, clip):
    """What transformers gives for one clip at its sample rate, as its documentation shows it."""
    import torch
    from transformers import AutoFeatureExtractor, AutoModel

    extractor, model = AutoFeatureExtractor.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    inputs = extractor(clip.samples[0], sampling_rate=clip.sample_rate_hz, return_tensors="pt")
    kind = model.config.model_type
    with torch.inference_mode():
        if kind == "clap":
            return model.get_audio_features(**inputs).pooler_output[0].numpy()
        if kind == "audio-spectrogram-transformer":
            return model(**inputs).pooler_output[0].numpy()
        if kind == "whisper":
            found = model.get_encoder()(inputs["input_features"]).last_hidden_state[0]
            return found[: -(-clip.samples.shape[1] // 320)].mean(dim=0).numpy()
        return model(**inputs).last_hidden_state[0].mean(dim=0).numpy()


RATES = {"clap": 48000, "clap-fused": 48000}


@pytest.mark.parametrize("kind", audio_models.KINDS)
def test_a_vector_is_what_the_library_gives_on_the_same_weights(kind, embed, folder_of):
    clip = sound(2.3, RATES.get(kind, 16000))
    assert np.abs(embed(kind)(clip) - library(folder_of(kind), clip)).max() < 2e-5


@pytest.mark.parametrize("kind", audio_models.KINDS)
def test_clips_of_several_lengths_in_a_batch_give_what_each_gives_alone(kind, embed):
    clips = [sound(seconds, 16000, seed) for seed, seconds in enumerate((1.0, 0.004, 11.0, 2.0))]
    np.testing.assert_allclose(embed(kind).batch(clips), [embed(kind)(clip) for clip in clips], atol=1e-5)


@pytest.mark.parametrize("kind", ["clap", "ast", "whisper"])
def test_a_model_of_one_length_runs_in_other_runtimes_too(kind, loaded, folder_of, embed, assert_agree):
    other = loaded(MEMBER, model=str(folder_of(kind)), runtime="openvino", dtype="float32")
    assert_agree(other(sound(3, 16000)), embed(kind)(sound(3, 16000)), least=0.9999)
    assert other.space() == embed(kind).space()


def test_a_model_of_any_length_is_refused_another_runtime(folder_of):
    with pytest.raises(ParameterError, match="takes sound of any length: 'auto' and 'torch' can"):
        registry.load(MEMBER)(model=str(folder_of("hubert")), runtime="openvino").fetch()


def test_long_sound_goes_in_pieces_that_count_by_their_lengths(embed):
    operator = embed("wav2vec2", piece_s=2)
    clip = sound(5, 16000)
    parts = [AudioClip(clip.samples[:, start : start + 32000], 16000) for start in (0, 32000, 64000)]
    expected = np.average([operator(part) for part in parts], axis=0, weights=[2, 2, 1])
    np.testing.assert_allclose(operator(clip), expected, atol=1e-5)


def test_the_rate_is_that_of_the_models_feature_extractor(embed, assert_agree):
    time_s = np.arange(48000 * 2) / 48000
    tone = (0.3 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    assert_agree(
        embed("wavlm")(AudioClip(np.stack([tone, tone]), 48000)),
        embed("wavlm")(AudioClip(tone[None, ::3], 16000)),
        least=0.999,
    )


def test_the_space_is_that_of_the_files_wherever_they_lie(embed, folder_of, tmp_path):
    shutil.copytree(folder_of("wav2vec2"), tmp_path / "again")
    again = registry.load(MEMBER)(model=str(tmp_path / "again"))
    assert again.space() == embed("wav2vec2").space() != embed("hubert").space()


def test_a_clip_without_samples_is_refused(embed):
    with pytest.raises(InputError, match="no samples"):
        embed("wav2vec2")(AudioClip(np.zeros((1, 0), np.float32), 16000))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "preprocessor_config.json").unlink(), "has no preprocessor_config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), r"model\.safetensors': it is missing"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 40), "model.safetensors"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json.*no JSON"),
        (lambda folder: (folder / "config.json").write_text("{}"), "names no 'model_type'"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "bert"}'), "lacks|cannot read"),
    ],
)
def test_a_damaged_folder_is_refused_with_what_is_wrong(spoil, reason, folder_of, tmp_path):
    shutil.copytree(folder_of("wav2vec2"), tmp_path / "model")
    spoil(tmp_path / "model")
    with pytest.raises(ParameterError, match=reason):
        registry.load(MEMBER)(model=str(tmp_path / "model")).ensure_open()


def test_weights_that_lack_some_are_refused(folder_of, tmp_path):
    shutil.copytree(folder_of("wav2vec2"), tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    (tmp_path / "model" / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(ParameterError, match="lacks 16 of its network's weights"):
        registry.load(MEMBER)(model=str(tmp_path / "model")).ensure_open()


def test_what_is_not_there_is_said_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match="nobody/nothing"):
        registry.load(MEMBER)(model="nobody/nothing").fetch()
    with pytest.raises(ParameterError, match="no such folder"):
        registry.load(MEMBER)(model=str(Path(tmp_path) / "nowhere")).fetch()
