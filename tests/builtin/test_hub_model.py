"""A model by its name on the hub, a revision of it or a folder: one way for every member, from the cache first."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from pathlib import Path

import huggingface_hub
import huggingface_hub.constants
import numpy as np
import pytest
import timm
import torch
import transformers
from huggingface_hub.utils import filter_repo_objects
from model2vec import StaticModel
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

import audio_models
import detectors
import image_text_models
import omni_models
from junco.builtin.hub_model import hub
from junco.builtin.hub_model.loading import loaded_network
from junco.errors import IntegrityError, ParameterError, UnavailableError
from junco.neural import derived as derivation
from junco.neural.derived import derived
from junco.operator import registry

TEXT = "text-embedding.sentence-transformers"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MEMBERS = {
    "audio-embedding.transformers": "sound",
    "image-embedding.timm": "timm",
    "image-text-embedding.open-clip": "open_clip",
    "image-text-embedding.transformers": "clip",
    "multi-vector.sentence-transformers": "multi",
    "object-detection.transformers": "detector",
    "omni-embedding.sentence-transformers": "omni",
    "sparse-text-embedding.sentence-transformers": "sparse",
    "speaker-embedding.transformers": "speaker",
    TEXT: "text",
    "text-embedding.model2vec": "static",
    "text-split.tokens": "text",
}
ASKED = ("modules.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
NO_SPACE = ("object-detection.transformers", "text-split.tokens")


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory, make_text_model, sparse_folder, multi_folder):
    """The folder with a small model of a kind."""
    made: dict[str, Path] = {"sparse": sparse_folder, "multi": multi_folder}
    makers = {
        "sound": lambda folder: audio_models.save("wav2vec2", folder),
        "speaker": audio_models.save_x_vectors,
        "detector": lambda folder: detectors.save("yolos", folder),
        "clip": lambda folder: image_text_models.save("clip", folder),
        "open_clip": image_text_models.save_open_clip,
        "omni": lambda folder: omni_models.save("clip", folder),
        "text": lambda _: make_text_model(),
        "static": save_static,
        "timm": save_timm,
    }

    def of(kind: str) -> Path:
        if kind not in made:
            made[kind] = makers[kind](tmp_path_factory.mktemp(kind))
        return made[kind]

    return of


def save_static(folder: Path) -> Path:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "cat": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    StaticModel(np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32), tokenizer).save_pretrained(folder)
    return folder


def save_timm(folder: Path) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = timm.create_model("test_resnet", pretrained=False)
    save_file(network.state_dict(), folder / "model.safetensors")
    pictures = {"input_size": [3, 160, 160], "num_classes": 1000, "classifier": "fc"}
    told = {"architecture": "test_resnet", "num_classes": 1000, "pretrained_cfg": pictures}
    (folder / "config.json").write_text(json.dumps(told))
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache of the hub, on a machine without a network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    return tmp_path / "hub"


def put_into_cache(cache: Path, folder: Path, revision: str, commit: str) -> Path:
    """The folder's files as the hub's client lays them down: links to files that are named by their sha256.

    Of what was asked for and is not there it keeps empty marks.
    """
    place = cache / "models--someone--model"
    snapshot = place / "snapshots" / commit
    for file in (file for file in folder.rglob("*") if file.is_file()):
        put_file(cache, file, snapshot / file.relative_to(folder))
    for name in (name for name in ASKED if not (folder / name).exists()):
        (place / ".no_exist" / commit).mkdir(parents=True, exist_ok=True)
        (place / ".no_exist" / commit / name).touch()
    (place / "refs").mkdir(parents=True, exist_ok=True)
    (place / "refs" / revision).write_text(commit)
    return snapshot


def put_file(cache: Path, file: Path, link: Path) -> None:
    blob = cache / "models--someone--model" / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
    blob.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, blob)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(blob)


def content_of(file: Path) -> tuple[str, str]:
    return file.name, hashlib.sha256(file.read_bytes()).hexdigest()


def made(member: str, name: str | Path):
    key = "tokenizer" if member == "text-split.tokens" else "model"
    how = {"image-embedding.timm": "local-dir:" if Path(name).is_dir() else "hf-hub:"}.get(member, "")
    return registry.load(member)(**{key: f"{how}{name}"})


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_takes_a_revision_and_reads_it_from_the_cache_without_a_network(member, folder_of, cache):
    folder = folder_of(MEMBERS[member])
    snapshot = put_into_cache(cache, folder, "v2", COMMIT)
    operator = made(member, "someone/model@v2")
    operator.fetch()
    assert {file.parts[: len(snapshot.parts)] for file in operator.files()} == {snapshot.parts}
    others = made(member, f"someone/model@{COMMIT}"), made(member, folder)
    assert {tuple(map(content_of, other.files())) for other in others} == {tuple(map(content_of, operator.files()))}
    assert [other.space() for other in others] == [operator.space()] * 2
    assert (operator.space() is None) == (member in NO_SPACE)
    with pytest.raises(UnavailableError, match=r"'someone/model' is not in the Hugging Face cache.*JUNCO_OFFLINE"):
        made(member, "someone/model").fetch()


def test_a_model_of_a_revision_gives_the_vectors_of_its_folder(folder_of, cache):
    put_into_cache(cache, folder_of("text"), "v2", COMMIT)
    by_name, by_folder = (
        registry.load(TEXT)(model=name, runtime="torch") for name in ("someone/model@v2", str(folder_of("text")))
    )
    np.testing.assert_array_equal(by_name("a cat"), by_folder("a cat"))


def test_a_revision_is_fetched_once_without_what_is_not_read(folder_of, cache, monkeypatch):
    asked = []

    def snapshot_download(repo_id, revision, allow_patterns, ignore_patterns):
        asked.append((repo_id, revision))
        put_into_cache(cache, folder_of("text"), revision, COMMIT)
        assert not {"*.bin", "*.py", "*.onnx"} & set(allow_patterns)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    monkeypatch.setattr(hub, "check_reachable", lambda *_: None)
    registry.load(TEXT)(model="someone/model@v2").fetch()
    assert set(asked) == {("someone/model", "v2")}
    asked.clear()
    registry.load(TEXT)(model="someone/model@v2").fetch()
    assert asked == []


class Hub:
    """The hub's client, as it brings the files of a folder at once; the line may break before one of them is there."""

    def __init__(self, cache: Path, folder: Path, monkeypatch) -> None:
        self.cache, self.folder, self.breaks_at, self.brought = cache, folder, "", []
        monkeypatch.setattr(huggingface_hub, "snapshot_download", self.snapshot_download)
        monkeypatch.setattr(hub, "check_reachable", lambda *_: None)

    def snapshot_download(self, repo_id, revision, allow_patterns, ignore_patterns):
        place = self.cache / "models--someone--model"
        (place / "refs").mkdir(parents=True, exist_ok=True)
        (place / "refs" / (revision or "main")).write_text(COMMIT)
        names = sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file())
        names = [*filter_repo_objects(names, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns)]
        for name in names:
            if name not in (self.breaks_at, *self.brought):
                self.brought.append(name)
                put_file(self.cache, self.folder / name, place / "snapshots" / COMMIT / name)
        if self.breaks_at in names and self.breaks_at not in self.brought:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["1_Pooling/config.json", "model.safetensors", "tokenizer.json"])
def test_a_download_that_was_broken_off_is_gone_on_with(name, folder_of, cache, monkeypatch):
    served = Hub(cache, folder_of("text"), monkeypatch)
    served.breaks_at = name
    with pytest.raises(KeyboardInterrupt):
        registry.load(TEXT)(model="someone/model").fetch()
    assert name not in served.brought
    served.breaks_at = ""
    registry.load(TEXT)(model="someone/model").ensure_open()
    assert name in served.brought


def test_weights_that_another_program_cached_as_a_pickle_are_asked_of_the_hub_in_another_form(
    pickled, folder_of, cache, monkeypatch
):
    put_into_cache(cache, pickled("text"), "main", COMMIT)
    served = Hub(cache, folder_of("text"), monkeypatch)
    registry.load(TEXT)(model="someone/model").ensure_open()
    assert "model.safetensors" in served.brought


def test_without_the_hub_a_cached_pickle_is_refused_for_what_it_is(pickled, cache):
    put_into_cache(cache, pickled("text"), "main", COMMIT)
    with pytest.raises(UnavailableError, match=r"the cache has a part of it, or its weights as a pickle"):
        registry.load(TEXT)(model="someone/model").fetch()


@pytest.fixture
def pickled(folder_of, tmp_path):
    """``pickled(kind)``: a copy of a model whose weights are a pickle."""

    def copy(kind: str) -> Path:
        folder = shutil.copytree(folder_of(kind), tmp_path / kind)
        torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
        return folder

    return copy


ONE_FILE = [member for member, kind in MEMBERS.items() if kind in ("sound", "timm", "clip", "detector", "speaker")]


@pytest.mark.parametrize("member", [*ONE_FILE, TEXT])
def test_pickled_weights_that_nobody_has_pinned_are_refused_with_the_file(member, pickled):
    with pytest.raises(ParameterError, match=r"pytorch_model\.bin': weights are read as safetensors, and a pickle"):
        made(member, pickled(MEMBERS[member])).fetch()


@pytest.mark.parametrize("member", [*ONE_FILE, TEXT])
def test_pickled_weights_of_a_commit_are_read_if_they_are_the_hubs(member, pickled, folder_of, cache):
    snapshot = put_into_cache(cache, pickled(MEMBERS[member]), "main", COMMIT)
    operator = made(member, f"someone/model@{COMMIT}")
    operator.ensure_open()
    operator.ensure_closed()
    with (snapshot / "pytorch_model.bin").open("ab") as file:
        file.write(b"more")
    with pytest.raises(IntegrityError, match="not the pinned"):
        made(member, f"someone/model@{COMMIT}").fetch()


def test_a_commit_with_safetensors_is_read_as_such_whatever_lies_beside(folder_of, tmp_path, cache):
    folder = shutil.copytree(folder_of("text"), tmp_path / "model")
    (folder / "pytorch_model.bin").write_bytes(b"whatever it is")
    registry.load(TEXT)(model=str(folder)).fetch()


@pytest.fixture
def onnx_file(small, tmp_path, monkeypatch):
    import onnx

    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    onnx.save(small(["n", 3, 8, 8]), tmp_path / "small.onnx")
    return tmp_path / "small.onnx"


def test_of_two_processes_that_derive_a_file_at_once_the_first_ones_is_kept(onnx_file):
    def change(model):
        derived([onnx_file], "changed", named("the other's"))
        return named("mine")(model)

    import onnx

    assert onnx.load(derived([onnx_file], "changed", change)).producer_name == "the other's"
    assert [path.name for path in (onnx_file.parent / "home" / "files").iterdir() if path.name.startswith(".")] == []


def test_a_derived_file_is_made_once_and_anew_where_changes_have_another_version(onnx_file, monkeypatch):
    first = derived([onnx_file], "changed", named("first"))
    assert derived([onnx_file], "changed", lambda _: pytest.fail("it was made again")) == first
    monkeypatch.setattr(derivation, "VERSION", derivation.VERSION + 1)
    assert derived([onnx_file], "changed", named("second")) != first


def named(name):
    """A change that says who has made it."""

    def change(model):
        model.producer_name = name
        return model

    return change


def test_models_that_load_at_once_leave_torch_as_it_was(folder_of):
    folder, found = folder_of("clip"), []

    def load():
        found.extend(loaded_network(folder, transformers.AutoModel) for _ in range(4))

    before = torch.linspace, transformers.PreTrainedModel.tie_weights, torch.nn.init.normal_
    threads = [threading.Thread(target=load) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 16
    assert (torch.linspace, transformers.PreTrainedModel.tie_weights, torch.nn.init.normal_) == before
