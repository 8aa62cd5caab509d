"""Layers of models by name: what is taken there is what their own libraries give there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage import data

import audio_models
import image_text_models
from junco import ops, pipe, pipeline
from junco.errors import JuncoError, ParameterError
from junco.operator import registry
from junco.types.media import AudioClip

PHOTO = data.chelsea()
TIMM = {  # a model → its layers by the indices of timm's forward_intermediates
    "resnet18": {1: "layer1", 3: "layer3"},
    "efficientnet_b0": {1: "blocks.1", 2: "blocks.2"},
    "convnext_atto": {0: "stages.0", 3: "stages.3"},
    "swin_tiny_patch4_window7_224": {1: "layers.1", 3: "layers.3"},
    "vit_tiny_patch16_224": {0: "blocks.0", 7: "blocks.7"},
    "deit_tiny_distilled_patch16_224": {5: "blocks.5"},
}
TEXTS = ["a cat sits on the mat", "rain", "a cat"]


def timm(model: str, **params: Any) -> Any:
    return registry.load("image-embedding.timm")(
        model=model, pretrained=False, seed=5, runtime="torch", dtype="float32", **params
    )


@pytest.mark.parametrize("model", TIMM)
def test_a_layer_of_timm_is_that_of_forward_intermediates(model: str) -> None:
    layers = TIMM[model]
    plain = timm(model).complete_source().build()
    pixels = torch.from_numpy(timm(model).prepare([PHOTO]))
    levels = (pixels.permute(0, 3, 1, 2).float() / 255 - plain.mean) / plain.std
    with torch.no_grad():
        maps = plain.network.forward_intermediates(levels, indices=list(layers), intermediates_only=True)
        expected = np.concatenate([found.mean((2, 3))[0] for found in maps])
        (vector,) = timm(model, layer=[*layers.values()]).complete_source().build()(pixels)
    np.testing.assert_allclose(vector, expected, atol=1e-5 * np.abs(expected).max())


def test_a_class_token_is_taken_and_left_out_of_the_mean() -> None:
    matrix = timm("deit_tiny_distilled_patch16_224", layer=2, pool="none")(PHOTO)
    assert matrix.shape == (198, 192)
    pooled = {
        pool: timm("deit_tiny_distilled_patch16_224", layer=2, pool=pool)(PHOTO) for pool in ("cls", "mean", "max")
    }
    np.testing.assert_allclose(pooled["cls"], matrix[0], atol=1e-5)
    np.testing.assert_allclose(pooled["mean"], matrix[2:].mean(0), atol=1e-5)
    np.testing.assert_allclose(pooled["max"], matrix[2:].max(0), atol=1e-5)


def test_layers_of_timm_are_listed_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    layers = ops.image_embedding.timm("resnet50").layers()  # whose weights nobody has fetched
    assert {"layer1.0.conv2", "layer4.2"} < set(layers)
    assert [each for each in layers if each.number is not None] == ["layer1", "layer2", "layer3", "layer4"]
    assert next(each for each in layers if each == "layer2").shape == (512, 28, 28)


def test_a_part_that_sees_windows_alone_is_refused_with_the_block_to_take() -> None:
    with pytest.raises(ParameterError, match=r"64 rows for one input.* take 'layers\.0\.blocks\.1'"):
        timm("swin_tiny_patch4_window7_224", layer="layers.0.blocks.1.attn.proj").ensure_open()


def test_layers_of_minilm_are_the_hidden_states_of_its_real_tokens(minilm_folder: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(minilm_folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(minilm_folder)(**tokens, output_hidden_states=True).hidden_states
    mask = tokens["attention_mask"].bool()
    how = {"runtime": "torch", "dtype": "float32", "normalize": False}
    take = {"mean": lambda rows: rows.mean(0), "max": lambda rows: rows.amax(0), "cls": lambda rows: rows[0]}
    library = ("sentence-transformers", "encoder.layer.1", {"model": str(minilm_folder)})
    for name, second, named in (("minilm", "blocks.1", {}), library):
        member, how = registry.load(f"text-embedding.{name}"), {"runtime": "torch", "normalize": False, **named}
        for number, layer, pool in ((2, second, "mean"), (5, -2, "max"), (6, -1, "cls")):
            expected = [take[pool](state[real]) for state, real in zip(states[number], mask, strict=True)]
            found = opened(member(layer=layer, pool=pool, **how)).batch(TEXTS)
            np.testing.assert_allclose(found, torch.stack(expected), atol=2e-5)
        del how["normalize"]
        for matrix, state, real in zip(
            opened(member(layer=0, pool="none", **how)).batch(TEXTS), states[1], mask, strict=True
        ):
            np.testing.assert_allclose(matrix, state[real], atol=2e-5)


def opened(operator: Any) -> Any:
    operator.ensure_open()
    return operator


@pytest.mark.parametrize("modality", ["image", "text"])
def test_layers_of_clip_are_its_hidden_states(tmp_path: Path, modality: str) -> None:
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    folder = image_text_models.save("clip", tmp_path / "clip")
    model = AutoModel.from_pretrained(folder).eval()
    if modality == "image":
        given = AutoImageProcessor.from_pretrained(folder)(images=[PHOTO], return_tensors="pt")
        item, part = PHOTO, model.vision_model
    else:
        item, part = "two dogs", model.text_model
        given = AutoTokenizer.from_pretrained(folder)([item], return_tensors="pt")
    with torch.no_grad():
        state = part(**given, output_hidden_states=True).hidden_states[1][0]
    layer = f"{'vision' if modality == 'image' else 'text'}_model.encoder.layers.0"
    how = {"model": str(folder), "modality": modality, "runtime": "torch", "layer": layer}
    operator = registry.load("image-text-embedding.transformers")(**how)
    expected = state[1:] if modality == "image" else state
    np.testing.assert_allclose(operator(item), expected.mean(0), atol=1e-5)


def test_layers_of_wav2vec2_are_its_hidden_states(tmp_path: Path) -> None:
    from transformers import AutoFeatureExtractor, AutoModel

    folder = audio_models.save("wav2vec2", tmp_path / "wav2vec2")
    samples = np.random.default_rng(0).normal(0, 0.1, (1, 20000)).astype(np.float32)
    given = AutoFeatureExtractor.from_pretrained(folder)(samples[0], sampling_rate=16000, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder).eval()(**given, output_hidden_states=True).hidden_states
    how = {"model": str(folder), "runtime": "torch"}
    member = registry.load("audio-embedding.transformers")
    clip = AudioClip(samples, 16000)
    np.testing.assert_allclose(member(layer="encoder.layers.0", **how)(clip), states[1][0].mean(0), atol=1e-5)
    found = member(layer=0, pool="none", **how)(clip)
    np.testing.assert_allclose(found, states[1][0], atol=1e-5)


def test_the_mean_of_a_layer_of_whisper_is_over_the_time_that_has_sound(tmp_path: Path) -> None:
    how = {"model": str(audio_models.save("whisper", tmp_path / "whisper")), "runtime": "torch"}
    clip = AudioClip(np.random.default_rng(0).normal(0, 0.1, (1, 20000)).astype(np.float32), 16000)
    member = registry.load("audio-embedding.transformers")
    np.testing.assert_allclose(member(layer="layer_norm", **how)(clip), member(**how)(clip), atol=1e-6)


def test_patches_of_no_picture_count_in_no_mean(tmp_path: Path) -> None:
    how = {"model": str(image_text_models.save("siglip2", tmp_path / "siglip2")), "runtime": "torch"}
    member = registry.load("image-text-embedding.transformers")
    wide = PHOTO[:150, :250]
    _, mask, _ = member(**how).prepare([wide])
    assert 0 < mask.sum() < mask.size
    tokens = member(layer=0, pool="none", **how)(wide)
    expected = tokens[mask[0].astype(bool)].mean(0)
    np.testing.assert_allclose(member(layer=0, **how)(wide), expected, atol=1e-5)


def _sound(folder: Path) -> Any:
    return registry.load("audio-embedding.transformers")(model=str(audio_models.save("wav2vec2", folder)))


def _speaker(folder: Path) -> Any:
    return registry.load("speaker-embedding.transformers")(model=str(audio_models.save_x_vectors(folder)))


def _clip(folder: Path) -> Any:
    return registry.load("image-text-embedding.transformers")(model=str(image_text_models.save("clip", folder)))


@pytest.mark.parametrize("made", [_sound, _speaker, _clip])
def test_layers_of_a_folder_are_listed_without_its_weights(tmp_path: Path, made: Any) -> None:
    operator = made(tmp_path / "model")
    expected = operator.layers()
    save_file({"nothing": torch.zeros(1)}, tmp_path / "model" / "model.safetensors")
    found = type(operator)(model=str(tmp_path / "model")).layers()
    assert [(str(each), each.shape, each.num_parameters) for each in found] == [
        (str(each), each.shape, each.num_parameters) for each in expected
    ]
    assert sum(each.num_parameters for each in found) > 0


def test_a_layer_in_yaml_goes_through_a_run_into_parquet_with_a_space_of_its_own(tmp_path: Path) -> None:
    import pyarrow.parquet as pq
    from PIL import Image

    Image.fromarray(PHOTO).save(tmp_path / "cat.png")
    text = """\
junco: 1
name: test-layers
inputs: [path]
steps:
  - {map: image-decode.pil, in: path, out: image}
  - map: image-embedding.timm
    in: image
    out: vector
    with: {model: resnet18, pretrained: false, layer: layer2, pool: gem}
outputs: [vector]
"""
    (tmp_path / "layers.yaml").write_text(text)
    embed = pipeline(tmp_path / "layers.yaml")
    embed.run([tmp_path / "cat.png"], tmp_path / "vectors.parquet")
    operator = registry.load("image-embedding.timm")
    how = {"model": "resnet18", "pretrained": False}
    own = operator(layer="layer2", pool="gem", **how)
    assert embed.space == own.space().id != operator(**how).space().id
    table = pq.read_table(tmp_path / "vectors.parquet")
    (vector,) = table["vector"].to_pylist()
    np.testing.assert_allclose(vector, own(PHOTO), atol=1e-5)
    assert own.space().id in str(table.schema.field("vector").metadata) + str(table.schema.metadata)


def test_a_map_goes_on_to_no_step_that_takes_vectors() -> None:
    with pytest.raises(JuncoError, match="feature_map"):
        (
            pipe.input("image")
            .map("image", "vector", ops.image_embedding.timm("resnet18", pretrained=False, layer=1, pool="none"))
            .map("vector", "unit", ops.vector.normalize())
            .output("unit")
        ).check()


def test_a_pipeline_of_a_family_of_vectors_says_where_maps_can_be_had() -> None:
    with pytest.raises(JuncoError, match=r"feature_map.*pool='none'\) write a pipeline of your own"):
        pipeline("image-embedding", layer="stages.2", pool="none").prepare()
