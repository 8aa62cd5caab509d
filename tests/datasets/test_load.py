"""Rows of real data sets: lazy, re-iterable, split the same everywhere, and taken as they are by what works on them."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from junco import datasets, ops, pipeline
from junco.errors import DataError, InputError, JobError, ParameterError, UnknownNameError
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, RetrievalSet
from junco.types.named_rows import NamedRows

HERE = ("textiles", "digits", "faces-or-not", "album", "tickets", "clips")


@pytest.mark.parametrize("name", HERE)
def test_what_packages_bring_has_as_many_rows_as_its_card_says_and_can_be_gone_through_again(name):
    data = datasets.load(name)
    assert isinstance(data, NamedRows)
    assert len(data) == data.num_rows == data.card.items
    first, again = next(iter(data)), next(iter(data))
    assert list(first) == list(again) == list(data.column_names)
    assert len(data.labels) == (data.card.classes or 0)
    assert name in repr(data)
    assert len(repr(data)) < 120
    assert data.card.licence.split()[0] in data._repr_html_()


def test_rows_are_read_by_number_by_slice_and_by_column():
    digits = datasets.load("digits")
    assert digits[0]["image"].shape == (8, 8, 3)
    assert digits[0]["image"].dtype == np.uint8
    assert [row["label"] for row in digits[:3]] == list(digits.column("label"))[:3] == ["0", "1", "2"]
    assert digits.counts()["3"] == 183
    assert digits.labels == tuple("0123456789")
    with pytest.raises(DataError, match=r"no column 'labels'; it has image, label\. Did you mean 'label'"):
        digits.column("labels")


def test_a_set_that_was_never_cut_is_cut_the_same_everywhere_with_a_fifth_of_each_label_for_test():
    train, test = datasets.load("textiles", "train"), datasets.load("textiles", "test")
    assert (len(train), len(test)) == (96, 24)
    assert set(test.counts().values()) == {8}
    assert not set(train.column("path")) & set(test.column("path"))
    assert list(test.column("path")) == list(datasets.load("textiles", "test").column("path"))
    assert "drawn by what items hold" in test.told[0]
    with pytest.raises(ParameterError, match=r"no split 'tset'; it has train, test\. Did you mean 'test'"):
        datasets.load("textiles", "tset")


def test_rows_are_known_for_what_they_are_without_being_read_into_memory():
    found = read_data(datasets.load("digits", "test"), ("path",))
    assert isinstance(found, LabelledSet)
    assert len(found) == 359
    assert repr(found.items[0]) == "item 0"
    assert isinstance(read_data(datasets.load("tickets-across-languages"), ("text",)), RetrievalSet)


def test_rows_stream_into_a_job_with_their_labels(tmp_path):
    target = tmp_path / "vectors.parquet"
    pipeline("image-embedding").run(datasets.load("digits", "test")[:30], target, keep=["label"], progress=False)
    made = pq.read_table(target)
    assert made.num_rows == 30
    assert made.column("label").to_pylist() == list(datasets.load("digits", "test")[:30].column("label"))
    album = tmp_path / "album.parquet"
    pipeline("image-embedding").run(datasets.load("album"), album, progress=False)
    assert pq.read_table(album).column("input").to_pylist()[:2] == ["astronaut.jpg", "bricks.jpg"]


def test_rows_are_measured_by_as_they_are():
    found = pipeline("image-embedding").evaluate(datasets.load("textiles", "test"), progress=False)
    assert found["knn@5"] > 0.6
    searched = pipeline("multilingual-text-embedding").evaluate(
        datasets.load("tickets-across-languages"), progress=False
    )
    assert searched["recall@1"] > 0.25  # of one to three answers each


def test_an_operator_trains_on_rows_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    op = ops.image_embedding.efficientnet_lite()
    report = op.train(
        datasets.load("textiles", "train"), eval_data=datasets.load("textiles", "test"), training_args={"epochs": 1}
    )
    assert report.split["how"] == "source"
    assert report.split["train"]["num_items"] == 96
    assert report.split["eval"]["num_items"] == 24


def test_one_s_own_folder_and_table_load_too(tmp_path):
    for part, count in (("train", 3), ("test", 2)):
        for label in ("狗", "cat"):
            (tmp_path / "mine" / part / label).mkdir(parents=True)
            for number in range(count):
                (tmp_path / "mine" / part / label / f"{number}.txt").write_text(f"{part} {label} {number}")
    data = datasets.load(tmp_path / "mine")
    assert len(data) == 10
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 6, "test": 4}
    assert len(datasets.load(tmp_path / "mine", "test")) == 4
    (tmp_path / "t.csv").write_text("text,label\none,a\ntwo,b\nthree,a\n")
    table = datasets.load(tmp_path / "t.csv")
    assert list(table) == [
        {"text": "one", "label": "a"},
        {"text": "two", "label": "b"},
        {"text": "three", "label": "a"},
    ]
    (tmp_path / "mixed.jsonl").write_text('{"text": "one", "label": 1}\n{"text": "two", "label": "b"}\n')
    with pytest.raises(DataError, match="labels of several kinds"):
        datasets.load(tmp_path / "mixed.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no files"):
        datasets.load(tmp_path / "empty")
    with pytest.raises(JobError, match="does not exist"):
        datasets.load(tmp_path / "nothing")


def test_what_cannot_be_loaded_says_why_and_what_helps():
    with pytest.raises(UnknownNameError, match="no data set named 'imagenet'"):
        datasets.load("imagenet")
    with pytest.raises(InputError, match=r"allow no commercial use.*accept_licence=True"):
        datasets.load("esc-50")
    with pytest.raises(InputError, match=r"'hmdb51-not'|has to be had from its makers"):
        datasets.load("lfw")
    with pytest.raises(ParameterError, match="for sets of a hub"):
        datasets.load("digits", streaming=True)
