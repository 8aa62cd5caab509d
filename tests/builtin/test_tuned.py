"""Every neural operator that ships lends its network, and takes tuned weights; or says why not and what can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import audio_models
import image_text_models
from junco import Operator, ops, pipeline
from junco.errors import ContractError
from junco.neural.operator import NeuralOperator
from junco.neural.tuned_saving import save_tuned
from tuned_folders import ON_CPU, tuned_head, vectors

TEXTS = ["a cat sits on the mat", "rain falls over the old town " * 6, "roofs"]
BARE = {"normalize": False, "truncate_dim": None, "precision": "float32"}


def lent(operator: Any, items: Sequence[Any], side: str = "left") -> np.ndarray:
    task = operator.train_task()
    rows = task.rows(items, side)
    with torch.no_grad():
        return task.forward(task.collate(rows, side), side).numpy()


def check(operator: Any, items: Sequence[Any]) -> None:
    """Its task makes of items what it gives itself, before the finish."""
    bare = type(operator)(**{**operator.spec.params, **BARE})
    np.testing.assert_allclose(lent(operator, items), vectors(bare, items), atol=1e-5)


def check_whole(operator: Any, items: Sequence[Any], folder: Any, part: str = "") -> None:
    """Changed weights go through a folder into the operator, with another space."""
    task = operator.train_task()
    named = {name: each for name, each in task.network.named_parameters() if name.startswith(part) and each.ndim > 1}
    changed = {f"network.{name}": (1.1 * each.detach()).numpy() for name, each in named.items()}
    save_tuned(folder, operator, changed, scope="all", goal="classify")
    tuned = type(operator)(**{**operator.spec.params, "tuned": str(folder)})
    with torch.no_grad():
        for each in named.values():
            each.mul_(1.1)
        rows = task.rows(items, "left")
        expected = task.forward(task.collate(rows, "left"), "left").numpy()
    bare = type(operator)(**{**tuned.spec.params, **BARE})
    np.testing.assert_allclose(vectors(bare, items), expected, atol=1e-4)
    assert not np.allclose(lent(operator, items), expected, atol=1e-3)
    assert tuned.space() != operator.space()


def test_efficientnet_lite(photos, tmp_path):
    operator = ops.image_embedding.efficientnet_lite(exact=True, **ON_CPU).create()
    check(operator, photos)
    check_whole(operator, photos, tmp_path / "t")


def test_the_whole_state_of_a_network_goes_through_a_folder(tmp_path):
    """Counters of batches, which are no arrays of any length, too."""
    operator = ops.image_embedding.efficientnet_lite(exact=True, **ON_CPU).create()
    state = operator.train_task().network.state_dict()
    save_tuned(tmp_path / "t", operator, {f"network.{name}": each.numpy() for name, each in state.items()})
    again = Operator.load(tmp_path / "t").train_task().network.state_dict()
    assert all(torch.equal(again[name], each) and again[name].shape == each.shape for name, each in state.items())


def test_the_sentence_of_the_readme_with_a_head(photos, tmp_path, monkeypatch):
    op = ops.image_embedding.efficientnet_lite(exact=True, **ON_CPU)
    tuned_head(tmp_path / "run", op.create(), 32)
    report = SimpleNamespace(folder=tmp_path / "run")
    monkeypatch.setattr("junco.operator.spec.trainer", lambda: lambda *_, **__: report)
    monkeypatch.chdir(tmp_path)
    op.train("textiles/", eval_data=0.2)
    op.save("textile-lite0")
    better = pipeline("image-embedding").replace("embed", op)
    better.save("textile-embedding.yaml")
    again = pipeline("./textile-embedding.yaml")
    assert again.space == better.space == Operator.load("textile-lite0").space().id
    loaded = ops["./textile-lite0"](exact=True, **ON_CPU)
    np.testing.assert_array_equal(vectors(loaded, photos), vectors(op, photos))
    assert again.graph.node("embed").fn.params["tuned"] == str(tmp_path / "textile-lite0")


def test_shortcuts_of_pictures_are_of_the_tuned_model(tmp_path):
    operator = ops.image_embedding.efficientnet_lite(**ON_CPU).create()
    tuned_head(tmp_path / "t", operator, 8)
    tuned = type(operator)(tuned=str(tmp_path / "t"), **ON_CPU)
    assert tuned.taken_space() != operator.taken_space()
    assert tuned.taken_space().parts["dim"] == 8


@pytest.mark.parametrize("name", ["timm", "junco"])
def test_timm_and_junco(photos, tmp_path, name):
    model = "test_resnet" if name == "timm" else "resnet18"
    operator = ops[f"image-embedding.{name}"](model, pretrained=False, exact=True, **ON_CPU).create()
    check(operator, photos)
    check_whole(operator, photos, tmp_path / "t")


def test_minilm(tmp_path):
    operator = ops.text_embedding.minilm(**ON_CPU).create()
    check(operator, TEXTS)
    check_whole(operator, TEXTS, tmp_path / "t")
    check(ops.text_embedding.minilm(prompt="query: ", **ON_CPU).create(), TEXTS)
    check(ops.text_embedding.minilm(layer=-2, **ON_CPU).create(), TEXTS)


def test_a_tuned_minilm_in_a_pipeline_of_another_role(tmp_path):
    tuned_head(tmp_path / "t", ops.text_embedding.minilm(**ON_CPU).create(), 16)
    asked = ops.text_embedding.minilm(tuned=tmp_path / "t", role="query", **ON_CPU).create()
    assert asked.space() == Operator.load(tmp_path / "t").space()


@pytest.mark.parametrize("is_scaled", [False, True])
def test_sentence_transformers(make_text_model, tmp_path, is_scaled):
    from sentence_transformers.sentence_transformer.modules import Normalize

    folder = make_text_model(layers=[Normalize()] if is_scaled else ())
    operator = ops.text_embedding.sentence_transformers(folder, **ON_CPU).create()
    check(operator, TEXTS)
    check_whole(operator, TEXTS, tmp_path / "t")


@pytest.mark.parametrize("truncate_dim", [None, 10])
def test_a_head_of_sentence_transformers_maps_what_the_library_gives(make_text_model, tmp_path, truncate_dim):
    from sentence_transformers.sentence_transformer.modules import Normalize

    folder = make_text_model(layers=[Normalize()], truncate_dim=truncate_dim)
    operator = ops.text_embedding.sentence_transformers(folder, normalize=False, **ON_CPU).create()
    before = vectors(operator, TEXTS)
    weight = np.random.default_rng(0).normal(size=(6, before.shape[1])).astype(np.float32)
    save_tuned(tmp_path / "t", operator, {"head.weight": weight}, scope="head", goal="classify")
    tuned = Operator.load(tmp_path / "t")
    after = vectors(type(tuned)(**{**tuned.spec.params, **ON_CPU}), TEXTS)
    np.testing.assert_allclose(after, before @ weight.T, atol=1e-5)
    check(type(tuned)(**{**tuned.spec.params, **ON_CPU}), TEXTS)


def test_a_document_belongs_to_a_query(make_text_model, tmp_path):
    import json

    folder = make_text_model()
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "rain ", "document": "the "}, "default_prompt_name": None})
    )
    made = ops.text_embedding.sentence_transformers
    asked, told = (made(folder, role=role, **ON_CPU).create() for role in ("query", "document"))
    check(asked, TEXTS)
    bare = type(told)(**{**told.spec.params, **BARE})
    np.testing.assert_allclose(lent(asked, TEXTS, "right"), vectors(bare, TEXTS), atol=1e-5)
    plain = made(folder, **ON_CPU).create()
    np.testing.assert_allclose(lent(plain, TEXTS, "right"), lent(plain, TEXTS, "left"), atol=1e-6)


def test_a_model_that_the_library_alone_runs_is_refused(make_text_model, tmp_path):
    folder = make_text_model(pooling="lasttoken")
    operator = ops.text_embedding.sentence_transformers(folder, **ON_CPU).create()
    with pytest.raises(ContractError, match="is run by the library itself"):
        operator.train("data")


def test_use_multilingual():
    check(ops.text_embedding.use_multilingual(**ON_CPU).create(), ["a cat", "eine Katze auf der Matte", "猫"])


@pytest.fixture(scope="module")
def clips():
    from junco.neural.sound import golden_clips

    return golden_clips(16_000)


@pytest.mark.parametrize("pool", ["mean", "max"])
def test_yamnet(clips, pool):
    check(ops.audio_embedding.yamnet(pool=pool, **ON_CPU).create(), clips)


def test_ge2e(clips, tmp_path):
    operator = ops.speaker_embedding.ge2e(**ON_CPU).create()
    check(operator, clips)
    check_whole(operator, clips, tmp_path / "t")
    tuned_head(tmp_path / "h", operator, 12)
    tuned = ops.speaker_embedding.ge2e(tuned=tmp_path / "h", normalize=False, **ON_CPU).create()
    before = ops.speaker_embedding.ge2e(normalize=False, **ON_CPU).create()
    weight = tuned.tuned_weights.tensors()["head.weight"]
    np.testing.assert_allclose(vectors(tuned, clips), vectors(before, clips) @ weight.T, atol=1e-5)


def test_a_head_and_the_most_of_patches_do_not_go_together(tmp_path):
    tuned_head(tmp_path / "h", ops.audio_embedding.yamnet(**ON_CPU).create(), 12)
    with pytest.raises(ContractError, match=r"pool='max'"):
        ops.audio_embedding.yamnet(tuned=tmp_path / "h", pool="max")
    with pytest.raises(ContractError, match="take pool='mean', or train with scope='all'"):
        ops.audio_embedding.yamnet(pool="max").create().check_tuning("head")


@pytest.mark.filterwarnings("ignore:At least one mel filter has all zero values")
@pytest.mark.parametrize("kind", ["ast", "whisper", "wav2vec2"])
def test_sound_of_transformers(clips, tmp_path, kind):
    folder = tmp_path / kind
    torch.manual_seed(0)
    for part in audio_models.made(kind):
        part.save_pretrained(folder)
    operator = ops.audio_embedding.transformers(folder, piece_s=1.5, **ON_CPU).create()
    check(operator, clips[:3])
    check_whole(operator, clips[:3], tmp_path / "t")


def test_x_vectors_of_transformers(clips, tmp_path):
    operator = ops.speaker_embedding.transformers(x_vectors(tmp_path / "x"), piece_s=1.5, **ON_CPU).create()
    check(operator, clips[:3])


def x_vectors(folder: Path) -> Path:
    """A small WavLM for x-vectors, with random weights."""
    import transformers

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    more = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
    heads = {"tdnn_dim": (12, 12, 12, 12, 24), "xvector_output_dim": 14}
    config = transformers.WavLMConfig(**sizes, **more, **heads)
    torch.manual_seed(0)
    transformers.WavLMForXVector(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_both_networks_of_pictures_and_texts(tmp_path, photos, kind):
    folder = image_text_models.save(kind, tmp_path / kind)
    made = ops.image_text_embedding.transformers
    pictures, texts = (made(folder, modality=each, **ON_CPU).create() for each in ("image", "text"))
    words = ["a photo of a cat", "two dogs", "red bicycle ."]
    task = pictures.train_task()
    with torch.no_grad():
        for operator, items, side in ((pictures, photos, "left"), (texts, words, "right"), (texts, words, "left")):
            rows = task.rows(items, side)
            found = task.forward(task.collate(rows, side), side).numpy()
            np.testing.assert_allclose(found, vectors(operator, items), atol=1e-5)
    assert task.inside.startswith("image.")
    assert {name.partition(".")[0] for name in task.network.state_dict()} == {"image", "text"}
    check_whole(texts, words, tmp_path / "t", "text.")
    tuned = [made(tuned=tmp_path / "t", modality=each, **ON_CPU).create() for each in ("image", "text")]
    assert tuned[0].space() == tuned[1].space() != pictures.space()
    np.testing.assert_allclose(vectors(tuned[0], photos), vectors(pictures, photos), atol=1e-6)


def test_a_side_is_of_one_kind(tmp_path, photos):
    folder = image_text_models.save("clip", tmp_path / "clip")
    task = ops.image_text_embedding.transformers(folder, **ON_CPU).create().train_task()
    with pytest.raises(ContractError, match="pair them, so that each side is of one kind"):
        task.collate(task.rows([photos[0], "a cat"], "left"), "left")


def test_open_clip(tmp_path, photos):
    folder = image_text_models.save_open_clip(tmp_path / "model")
    made = ops.image_text_embedding.open_clip
    pictures, texts = (made(folder, modality=each, **ON_CPU).create() for each in ("image", "text"))
    check(pictures, photos)
    check(texts, ["a photo of a cat", "two dogs"])


REFUSED = {
    "image-embedding.onnx": "ONNX",
    "text-embedding.onnx": "ONNX",
    "face-embedding.sface": "ONNX",
    "text-embedding.model2vec": "table",
    "image-text-embedding.conse": "nothing in it is trained",
    "sparse-text-embedding.bm25": "counts words",
    "sparse-text-embedding.sentence-transformers": "weight for each word",
    "multi-vector.sentence-transformers": "many vectors",
    "omni-embedding.sentence-transformers": "by the library itself",
    "object-detection.ssd": "no vectors",
    "audio-tagging.yamnet": "no vectors",
    "vector.pca": "no neural network",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_tuned_says_why_and_what_can(name):
    needed = {"model": "x"} if "onnx" in name or "sentence" in name else {"file": "x"} if name == "vector.pca" else {}
    with pytest.raises(ContractError, match=f"{name}' cannot be tuned: .*{REFUSED[name]}.*What can: .*-embedding"):
        ops[name](**needed).train("data")


def test_no_neural_operator_is_left_out():
    """Each that ships either lends a task in these tests or is refused in them."""
    from junco.operator import registry

    tested = {
        "image-embedding.efficientnet-lite", "image-embedding.timm", "image-embedding.junco", "text-embedding.minilm",
        "text-embedding.sentence-transformers", "text-embedding.use-multilingual", "audio-embedding.yamnet",
        "audio-embedding.transformers", "speaker-embedding.ge2e", "image-text-embedding.transformers",
        "image-text-embedding.open-clip", "speaker-embedding.transformers",
    }  # fmt: skip
    ours = [name for name, brought in registry.installed().items() if brought[0].value.startswith("junco.builtin")]
    neural = {name for name in ours if issubclass(registry.load(name), NeuralOperator)}
    assert neural == tested | (set(REFUSED) & neural)
