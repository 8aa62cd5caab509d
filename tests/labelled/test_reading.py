"""Data of every shape that people have is read for what it says of its items, and refused for what it does not."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco.errors import DataError, JobError
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet, TripletSet, items_in

TEXTS, LABELS = ["one", "two", "三", "four"], ["a", "b", "a", "b"]


def the_same(found):
    assert isinstance(found, LabelledSet)
    assert (list(found.items), list(found.labels)) == (TEXTS, LABELS)


def test_a_folder_of_folders_is_a_folder_of_classes(tmp_path):
    for name in ("cats/1.jpg", "cats/deep/2.jpg", "狗/3.jpg", "README"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = read_data(tmp_path)
    assert list(found.labels) == ["cats", "cats", "狗"]
    assert list(found.keys) == ["cats/1.jpg", "cats/deep/2.jpg", "狗/3.jpg"]
    assert found.told == (f"{tmp_path}: README is in no class's folder, and left out",)
    assert repr(found) == "<3 items of 2 labels>"


def test_where_texts_are_wanted_a_file_of_a_class_is_what_it_says(tmp_path):
    for name, content in (("a/1.txt", b"one"), ("a/2.txt", "二".encode()), ("b/3.txt", b"three")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = read_data(tmp_path, ("text",))
    assert list(found.items) == ["one", "二", "three"]
    assert list(found.keys) == ["a/1.txt", "a/2.txt", "b/3.txt"]


def test_a_table_is_read_from_any_file(tmp_path):
    frame = pd.DataFrame({"id": range(4), "text": TEXTS, "label": LABELS})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.jsonl", "t.parquet"):
        the_same(read_data(tmp_path / name, ("text",)))
    the_same(read_data(frame, ("text",)))
    the_same(read_data({"text": TEXTS, "类别": LABELS}, ("text",)))


def test_rows_and_pairs_of_item_and_label_are_read_from_any_iterable():
    the_same(read_data(zip(TEXTS, LABELS, strict=True), ("text",)))
    the_same(read_data([{"text": t, "class": c} for t, c in zip(TEXTS, LABELS, strict=True)], ("text",)))

    class Data:
        def __len__(self):
            return 4

        def __getitem__(self, at):
            return TEXTS[at], LABELS[at]

    the_same(read_data(Data(), ("text",)))


def test_a_data_set_of_the_library_is_read_by_its_columns():
    datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_dict({"text": TEXTS, "label": [0, 1, 0, 1]})
    found = read_data(made, ("text",))
    assert (list(found.items), list(found.labels)) == (TEXTS, [0, 1, 0, 1])


def test_columns_can_be_named():
    frame = pd.DataFrame({"photo": ["a.jpg", "b.jpg"], "note": ["x", "y"], "kind": [1, 2]})
    found = read_data(frame, ("path",), column="photo", label="kind")
    assert (list(found.items), list(found.labels)) == (["a.jpg", "b.jpg"], [1, 2])
    with pytest.raises(DataError, match=r"has no column 'kinds'\. Did you mean 'kind'\?"):
        read_data(frame, ("path",), column="photo", label="kinds")
    with pytest.raises(DataError, match="which of photo, note holds the items"):
        read_data(frame, ("vector",), label="kind")


def test_pairs_triplets_and_scores_are_told_by_their_columns(tmp_path):
    pairs = read_data({"query": ["q", "r"], "document": ["d", "e"]}, ("text",))
    assert isinstance(pairs, PairSet)
    assert (list(pairs.left), list(pairs.right), list(pairs.scores)) == (["q", "r"], ["d", "e"], [])
    pq.write_table(pa.table({"sentence1": ["a"], "sentence2": ["b"], "score": [0.5]}), tmp_path / "s.parquet")
    scored = read_data(tmp_path / "s.parquet", ("text",))
    assert (list(scored.left), list(scored.right), list(scored.scores)) == (["a"], ["b"], [0.5])
    three = read_data({"anchor": ["a"], "positive": ["b"], "negative": ["c"]}, ("text",))
    assert isinstance(three, TripletSet)
    assert list(items_in(three)) == ["a", "b", "c"]


def retrieval_folder(tmp_path, relevant="query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\td1\t0\n"):
    corpus = [{"_id": "d1", "title": "", "text": "one"}, {"_id": "d2", "title": "T", "text": '"two"'}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    queries = [{"_id": "q1", "text": "ask"}, {"_id": "q2", "text": "never judged"}]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(relevant)
    return tmp_path


def test_a_retrieval_set_is_read_as_the_field_lays_it_out(tmp_path):
    found = read_data(retrieval_folder(tmp_path))
    assert isinstance(found, RetrievalSet)
    assert (found.queries, found.corpus) == ({"q1": "ask"}, {"d1": "one", "d2": 'T "two"'})
    assert found.relevant == {"q1": {"d2": 2.0}}
    assert "1 queries have nothing that answers them" in found.told[0]


def test_relevances_of_what_is_not_there_are_refused(tmp_path):
    with pytest.raises(DataError, match="the relevances speak of 'd9', and there is no item of the corpus"):
        read_data(retrieval_folder(tmp_path, "q1\td9\t1\n"))


def test_a_broken_line_is_named(tmp_path):
    folder = retrieval_folder(tmp_path, "q1 d2 1\n")
    with pytest.raises(DataError, match=r"test\.tsv, line 1: .* is not query, item and score"):
        read_data(folder)
    (folder / "corpus.jsonl").write_text('{"_id": 1}\n')
    (folder / "qrels" / "test.tsv").write_text("q1\td2\t1\n")
    with pytest.raises(DataError, match=r"corpus\.jsonl, line 1"):
        read_data(folder)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([("a", 1.5), ("b", 2.5)], "is 1.5, a number with a fraction"),
        ([("a", 1), ("b", "1")], "labels of several kinds, '1' and 1"),
        ([("a", "x"), ("b", "x")], "all 2 items have the label 'x'"),
        ([("a", "x"), ("b", None)], "item 2 has no label"),
        ([("a", "x"), ("b", float("nan"))], "item 2 has no label"),
        ([("a", "x"), ("b", ["y"])], "no text and no whole number"),
        ([("a", "x", "y")], r"it takes \(item, label\)"),
        (["a", "b"], r"it takes \(item, label\)"),
        ([], "no items"),
        (7, "not int"),
        ({"text": ["a"], "more": ["b"]}, r"says nothing of its items \(text, more\).* by column= and label="),
        ({"sentence1": ["a"], "sentence2": ["b"], "score": ["much"]}, "'much' in the column 'score' of row 1"),
        ({"text": [], "label": []}, "has no rows"),
    ],
)
def test_what_says_too_little_or_two_things_is_refused(data, why):
    with pytest.raises(DataError, match=why):
        read_data(data, ("text",))


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not there"):
        read_data(tmp_path / "none")
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="is one file"):
        read_data(tmp_path / "photo.jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no folders with files in them"):
        read_data(tmp_path / "empty")
    (tmp_path / "empty" / "a").mkdir()
    (tmp_path / "empty" / "a" / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\0")
    with pytest.raises(DataError, match=r"no folders with files in them that hold what is taken here \(text\)"):
        read_data(tmp_path / "empty", ("text",))
    (tmp_path / "bad.csv").write_bytes(b"")
    with pytest.raises((DataError, JobError)):
        read_data(tmp_path / "bad.csv")


def test_numbers_of_numpy_are_labels_as_any():
    found = read_data(list(zip(["a", "b"], np.array([0, 1]), strict=True)))
    assert [type(label) for label in found.labels] == [int, int]
