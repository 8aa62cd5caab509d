"""Data sets of the hub by the library's own code, out of its cache, with no network."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from junco import datasets, ops, pipeline
from junco.datasets.hugging_face import streamed
from junco.errors import ParameterError, UnavailableError
from junco.labelled.parts import parts_of

library = pytest.importorskip("datasets")


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """Puts tables into the library's cache as if they had been fetched: a repository's, by configuration and split."""
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    library.disable_progress_bars()

    def put(name, config, parts):
        source = tmp_path / "source" / name / config
        source.mkdir(parents=True)
        for split, table in parts.items():
            table.to_parquet(str(source / f"{split}-00000-of-00001.parquet"))
        builder = library.load_dataset_builder(str(source), cache_dir=str(tmp_path / "prepared"))
        builder.download_and_prepare()
        owner, short = name.split("/")
        place = tmp_path / "cache" / f"{owner}___{short}" / config / "0.0.0" / ("b" * 64)
        shutil.copytree(builder.cache_dir, place)
        told = json.loads((place / "dataset_info.json").read_text())
        (place / "dataset_info.json").write_text(json.dumps(told | {"config_name": config}))
        for file in place.glob("*.arrow"):
            file.rename(file.with_name(short + file.name[file.name.index("-") :]))

    yield put
    library.enable_progress_bars()


def photos(count, seed):
    """Photos of noise that is reddish or bluish, in two classes, as CIFAR's columns are called."""
    random = np.random.default_rng(seed)
    cells = []
    for number in range(count):
        pixels = random.integers(0, 120, (32, 32, 3), np.uint8)
        pixels[:, :, 0 if number % 2 else 2] += 120
        stored = io.BytesIO()
        Image.fromarray(pixels).save(stored, "png")
        cells.append({"bytes": stored.getvalue(), "path": f"{seed}-{number}.png"})
    features = library.Features({"img": library.Image(), "label": library.ClassLabel(names=["blue", "red"])})
    return library.Dataset.from_dict({"img": cells, "label": [n % 2 for n in range(count)]}, features=features)


@pytest.fixture
def cifar(cached):
    cached("uoft-cs/cifar10", "default", {"train": photos(12, 1), "test": photos(6, 2)})


def test_pictures_stay_bytes_labels_are_named_and_columns_called_as_everywhere(cifar):
    data = datasets.load("cifar-10")
    assert repr(data) == "<cifar-10: 18 rows of image, label (2 labels)>"
    assert data[0]["image"]["bytes"].startswith(b"\x89PNG")
    assert [row["label"] for row in data[:2]] == ["blue", "red"]
    assert data.labels == ("blue", "red")
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 12, "test": 6}
    assert len(datasets.load("cifar-10", "test")) == 6
    with pytest.raises(ParameterError, match="no split 'valid'; it has train, test"):
        datasets.load("cifar-10", "valid")


def test_they_stream_into_a_job_measuring_and_training(cifar, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    p = pipeline("image-embedding")
    p.run(datasets.load("cifar-10", "test"), "v.parquet", keep=["label"], progress=False)
    assert pq.read_table("v.parquet").column("input").to_pylist()[0] == "2-0.png"
    assert p.evaluate(datasets.load("cifar-10"), progress=False)["recall@1"] > 0.5
    report = ops.image_embedding.efficientnet_lite().train(
        datasets.load("cifar-10"), eval_data=0.2, training_args={"epochs": 1}
    )
    assert report.split["how"] == "part test"
    assert set(parts_of(datasets.load("cifar-10")).each) == {"train", "test"}


def test_a_retrieval_set_is_read_in_the_layout_of_mteb(cached):
    cached(
        "mteb/scifact",
        "default",
        {"test": library.Dataset.from_dict({"query-id": ["q1", "q2"], "corpus-id": ["d2", "d1"], "score": [1, 0]})},
    )
    cached(
        "mteb/scifact",
        "corpus",
        {"corpus": library.Dataset.from_dict({"_id": ["d1", "d2"], "title": ["", "Bread"], "text": ["one", "rises"]})},
    )
    cached(
        "mteb/scifact",
        "queries",
        {"queries": library.Dataset.from_dict({"_id": ["q1", "q2"], "text": ["why does it rise?", "never answered"]})},
    )
    data = datasets.load("scifact", accept_licence=True)
    known = data.known()
    assert known.corpus == {"d1": "one", "d2": "Bread rises"}
    assert known.queries == {"q1": "why does it rise?"}
    assert list(data)[1] == {"id": "d2", "text": "Bread rises"}
    found = pipeline("multilingual-text-embedding").evaluate(data, progress=False)
    assert found["recall@1"] == 1


def test_one_that_is_in_no_catalogue_loads_by_its_name(cached):
    cached("own/words", "default", {"train": library.Dataset.from_dict({"text": ["a", "b"], "label": [-1, 3]})})
    data = datasets.load("own/words")
    assert list(data) == [{"text": "a", "label": -1}, {"text": "b", "label": 3}]
    assert data.card.licence == "unknown"


def test_rows_of_a_hub_can_be_streamed_from_the_first_on_again_and_again(tmp_path):
    for split, count in (("train", 5), ("test", 3)):
        photos(count, count).to_parquet(str(tmp_path / f"{split}-00000-of-00001.parquet"))
    card = replace(datasets.find("cifar-10"), loader=f"huggingface:{tmp_path}")
    data = streamed(card, None, None)
    assert repr(data) == "<cifar-10: rows of image, label, streamed>"
    assert (
        [row["label"] for row in data]
        == [row["label"] for row in data]
        == ["blue", "red"] * 2 + ["blue"] * 2 + ["red", "blue"]
    )
    pipeline("image-embedding").run(
        streamed(card, "test", None), tmp_path / "v.parquet", keep=["label"], progress=False
    )
    assert pq.read_table(tmp_path / "v.parquet").column("label").to_pylist() == ["blue", "red", "blue"]


def test_without_network_and_cache_it_says_what_it_needs(cached):
    with pytest.raises(UnavailableError, match=r"'mnist' is 'ylecun/mnist' .* needs the network; .*HF_HOME"):
        datasets.load("mnist")
