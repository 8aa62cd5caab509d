"""A damaged model folder gives the same vectors as the good one, or one line that names it: never anything else."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from junco.builtin.image_embedding.timm import TimmEmbedding
from junco.builtin.sentence_transformers.folder_space import convention_of, folder_space
from junco.builtin.text_embedding.plain_folder import PlainFolder
from junco.builtin.text_embedding.sentence_transformers import SentenceTransformersEmbedding
from junco.errors import JuncoError, ParameterError

TEXTS = ["a cat sits on the mat", "rain"]
CONTENTS = {
    "empty": b"",
    "random": np.random.default_rng(0).bytes(300),
    "{}": b"{}",
    "[]": b"[]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "an endless head": b"\xff" * 7 + b"\x00{}",
}
WRONG: tuple[Any, ...] = (None, "x", -1, 3.5, [], {}, True, [1], ["a", "b", "c"])


@pytest.fixture(scope="module")
def text_model(make_text_model) -> Path:
    return make_text_model()


@pytest.fixture(scope="module")
def timm_model(tmp_path_factory) -> Path:
    return timm_folder(tmp_path_factory.mktemp("timm"))


def timm_folder(folder: Path, **arguments: Any) -> Path:
    """A small model of timm with random weights, as its ``save_for_hf`` lays it out."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = timm.create_model("test_resnet", pretrained=False, **arguments)
    save_file(network.state_dict(), folder / "model.safetensors")
    names = (
        "first_conv",
        "input_size",
        "mean",
        "std",
        "crop_pct",
        "crop_mode",
        "interpolation",
        "num_classes",
        "classifier",
    )
    config = {name: network.pretrained_cfg[name] for name in names if name in network.pretrained_cfg}
    told = {"architecture": "test_resnet", "num_classes": 1000, "model_args": arguments, "pretrained_cfg": config}
    (folder / "config.json").write_text(json.dumps(told))
    return folder


def text_vectors(folder: Path) -> np.ndarray:
    operator = SentenceTransformersEmbedding(folder, runtime="torch")
    operator.ensure_open()
    try:
        operator.space(None)
        return np.stack(operator.batch(TEXTS))
    finally:
        operator.ensure_closed()


def image_vectors(folder: Path) -> np.ndarray:
    image = np.random.default_rng(2).integers(0, 256, (180, 170, 3), np.uint8)
    operator = TimmEmbedding(f"local-dir:{folder}", runtime="torch", exact=True)
    operator.ensure_open()
    try:
        operator.space(None)
        return np.stack(operator.batch([image]))
    finally:
        operator.ensure_closed()


def each_damage(content: bytes) -> Iterator[tuple[str, bytes | None]]:
    yield from {"missing": None, "cut off": content[: len(content) // 2], **CONTENTS}.items()


def refusal_of(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call gives, or the message of the error that says what is wrong."""
    try:
        return call(), ""
    except JuncoError as error:
        return None, str(error)


def assert_one_line(message: str, folder: Path, what: str) -> None:
    assert str(folder) in message, what
    assert "\n" not in message, what
    assert len(message) < 700, what


def assert_same_or_one_line(folder: Path, good: np.ndarray, vectors: Any, what: str) -> None:
    found, message = refusal_of(lambda: vectors(folder))
    if message:
        assert_one_line(message, folder, what)
    else:
        np.testing.assert_allclose(found, good, atol=1e-5, err_msg=what)


@pytest.mark.parametrize(
    "name",
    [
        "modules.json",
        "config.json",
        "config_sentence_transformers.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors",
        "1_Pooling/config.json",
    ],
)
def test_each_file_of_a_text_model_may_be_damaged_in_any_way(text_model, tmp_path, name):
    good = text_vectors(text_model)
    for what, content in each_damage((text_model / name).read_bytes()):
        folder = shutil.copytree(text_model, tmp_path / what.replace(" ", "-"))
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        assert_same_or_one_line(folder, good, text_vectors, f"{name}: {what}")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_each_file_of_a_timm_model_may_be_damaged_in_any_way(timm_model, tmp_path, name):
    good = image_vectors(timm_model)
    for what, content in each_damage((timm_model / name).read_bytes()):
        folder = shutil.copytree(timm_model, tmp_path / what.replace(" ", "-"))
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        assert_same_or_one_line(folder, good, image_vectors, f"{name}: {what}")


def with_wrong_values(told: Any) -> Iterator[tuple[str, Any]]:
    """The same with each key's value, one after the other, of types that it does not have."""
    for place in told if isinstance(told, list) else [told]:
        for key, value in list(place.items()):
            for wrong in WRONG:
                place[key] = wrong
                yield f"{key}={wrong!r}", told
            place[key] = value


def test_a_value_of_a_wrong_type_is_refused_with_its_file_or_means_nothing(text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model")
    for file in (file for file in folder.rglob("*.json") if file.name != "tokenizer.json"):
        content = file.read_text()
        for what, told in with_wrong_values(json.loads(content)):
            file.write_text(json.dumps(told))
            for read in (PlainFolder.of, convention_of, partial(folder_space, label="")):
                _, message = refusal_of(partial(read, folder))
                if message:
                    assert_one_line(message, folder, what)
        file.write_text(content)


@pytest.mark.parametrize(
    ("key", "value"),
    [("mean", "x"), ("std", [0, 1, 1]), ("input_size", [3, 1]), ("crop_pct", -1), ("interpolation", "none")],
)
def test_a_timm_folder_whose_pictures_cannot_be_prepared_is_refused_with_the_file(timm_model, tmp_path, key, value):
    folder = shutil.copytree(timm_model, tmp_path / "model")
    told = json.loads((folder / "config.json").read_text())
    told["pretrained_cfg"][key] = value
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(ParameterError, match=rf"config\.json.*{key}"):
        image_vectors(folder)


@pytest.mark.parametrize("arguments", [{"global_pool": ""}, {"features_only": True}, {"in_chans": 1}])
def test_a_timm_model_that_gives_no_vector_of_a_picture_is_refused_with_the_file(tmp_path, arguments):
    folder = timm_folder(tmp_path, **arguments)
    with pytest.raises(ParameterError, match=r"config\.json.*(global_pool|channels)"):
        image_vectors(folder)


@pytest.mark.parametrize("arguments", [{"num_classes": 0}, {"global_pool": "avgmax"}, {"global_pool": "catavgmax"}])
def test_a_timm_model_that_pools_in_another_way_gives_timms_vectors(tmp_path, arguments):
    folder = timm_folder(tmp_path, **arguments)
    network = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0)
    assert image_vectors(folder).shape[1] == network.head_hidden_size


def test_weights_that_are_missing_in_a_file_are_not_drawn_at_random(text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    gone = next(name for name in weights if name.endswith("query.weight"))
    save_file({name: w for name, w in weights.items() if name != gone}, folder / "model.safetensors", {"format": "pt"})
    for asked in ({}, {"deterministic": True}):
        with pytest.raises(ParameterError, match=r"model\.safetensors.*lacks 1 of.*query\.weight"):
            SentenceTransformersEmbedding(folder, runtime="torch", **asked).ensure_open()


@pytest.mark.parametrize("asked", [{}, {"deterministic": True}, {"dtype": "bfloat16"}], ids=str)
def test_weights_of_more_layers_than_the_configuration_has_are_not_left_out(text_model, tmp_path, asked):
    folder = shutil.copytree(text_model, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    fewer = config["num_hidden_layers"] - 1
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": fewer}))
    with pytest.raises(ParameterError, match=rf"weights of {fewer + 1} layers, and its config.json says {fewer}"):
        SentenceTransformersEmbedding(folder, runtime="torch", **asked).ensure_open()


@pytest.mark.parametrize("shard", ["part-1.safetensors", "../part-1.safetensors", "/etc/passwd"])
def test_an_index_that_names_what_is_not_there_or_lies_elsewhere_is_refused(text_model, tmp_path, shard):
    folder = shutil.copytree(text_model, tmp_path / "model")
    (folder / "model.safetensors").rename(tmp_path / "part-1.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": shard}}))
    with pytest.raises(ParameterError, match=r"missing|outside its own folder"):
        list(SentenceTransformersEmbedding(folder).files())


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("/tmp/junco-was-here"),)


def test_code_in_a_pickle_does_not_run(text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(ParameterError) as raised:
        text_vectors(folder)
    assert str(folder) in str(raised.value)
    assert not Path("/tmp/junco-was-here").exists()


def test_a_module_of_somebody_elses_code_does_not_run(text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model")
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "stranger.Pooling"
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "stranger.py").write_text("raise SystemExit('it ran')")
    for asked in ({}, {"runtime": "torch"}):
        with pytest.raises(ParameterError, match="model"):
            SentenceTransformersEmbedding(folder, **asked).ensure_open()
