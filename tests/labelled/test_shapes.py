"""Data of other libraries, and folders as people have them, are read for what they say; endless ones are refused."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from junco.errors import DataError, JobError
from junco.labelled.items import read_items
from junco.labelled.lazy import LazyItem, all_asked, asked, plain_item
from junco.labelled.listing import listed
from junco.labelled.parts import parts_of
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, PairSet, TripletSet, UnlabelledSet

TEXTS, LABELS = ["one", "two", "三", "four"], ["a", "b", "a", "b"]


def folder_of(tmp_path, *names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_hidden_files_nested_folders_and_loops_of_links_in_a_folder_of_classes(tmp_path):
    folder_of(tmp_path, "织物/1.jpg", "织物/deep/er/2.jpg", "b/3.jpg", "b/.hidden.jpg", ".cache/4.jpg")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = read_data(tmp_path)
    assert list(found.keys) == ["b/3.jpg", "织物/1.jpg", "织物/deep/er/2.jpg"]
    assert found.counts == {"织物": 2, "b": 1}
    assert "this link leads to a folder that is among the others" in " ".join(found.told)


def test_a_class_may_have_control_characters_in_its_name_and_no_message_has(tmp_path):
    folder_of(tmp_path, "a\x1b[31m/1.jpg", "b/2.jpg")
    assert set(read_data(tmp_path).labels) == {"a\x1b[31m", "b"}
    folder_of(tmp_path / "alone", "a\x1b[31m/1.jpg")
    with pytest.raises(DataError) as refused:
        read_data(tmp_path / "alone")
    assert "\x1b" not in str(refused.value)


def test_a_folder_of_train_and_test_is_no_folder_of_two_classes(tmp_path):
    folder_of(tmp_path, "train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg", "test/b/4.jpg")
    found = read_data(tmp_path)
    assert list(found.keys) == ["a/3.jpg", "b/4.jpg"]
    assert f"{tmp_path} has the parts test and train: this is 'test'" in found.told
    assert parts_of(tmp_path)["train"] == tmp_path / "train"
    with pytest.raises(DataError, match=r"has no part 'tset'; it has .* Did you mean 'test'"):
        parts_of(tmp_path)["tset"]


def test_folders_that_are_only_called_so_are_classes(tmp_path):
    folder_of(tmp_path, "train/1.jpg", "test/2.jpg", "bus/3.jpg")
    assert parts_of(tmp_path) is None
    assert set(read_data(tmp_path).labels) == {"train", "test", "bus"}


def test_polars_and_pandas_are_read_alike():
    for made in (pl.DataFrame, pd.DataFrame):
        found = read_data(made({"text": TEXTS, "label": LABELS}), ("text",))
        assert (list(found.items), list(found.labels)) == (TEXTS, LABELS)
        pairs = read_data(made({"anchor": ["a"], "positive": ["b"]}), ("text",))
        assert (list(pairs.left), list(pairs.right)) == (["a"], ["b"])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "", "  "])
def test_a_missing_label_is_told_whatever_it_is_written_as(missing):
    with pytest.raises(DataError, match=r"item 2 has no label \(nor have 1 others\)"):
        read_data([("a", "x"), ("b", missing), ("c", "y"), ("d", missing)])


def test_a_column_of_numbers_with_gaps_is_told_for_its_gaps():
    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": [1, None, 2]})
    with pytest.raises(DataError, match="item 2 has no label"):
        read_data(frame, ("text",))


def test_a_class_with_one_item_is_read():
    assert read_data([("a", "x"), ("b", "x"), ("c", "y")]).counts == {"x": 2, "y": 1}


def test_empty_texts_of_a_table_are_left_out_and_told():
    found = read_data({"text": ["one", "", "three"], "label": ["a", "a", "b"]}, ("text",))
    assert list(found.items) == ["one", "three"]
    assert "1 rows are none, and left out" in " ".join(found.told)


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        ("nowhere/at/all", DataError, "is not there"),
        ([], DataError, "no items"),
        (iter([]), DataError, "no items"),
        ({"train": 1}, JobError, "a mapping is no list of inputs"),
        ({"text": ["a"], "words": ["b"]}, DataError, "says nothing of its items"),
        ([{"text": "a", "label": 1}, ("b", 2)], DataError, "it takes"),
    ],
)
def test_what_is_no_data_is_refused(data, error, why):
    with pytest.raises(error, match=why):
        read_data(data)


def test_data_without_an_end_is_refused():
    with pytest.raises(DataError, match=r"more than 5,000 items, or no end"):
        listed(((str(n), n % 2) for n in itertools.count()), 5000)


def test_data_that_no_memory_holds_is_refused(monkeypatch):
    monkeypatch.setattr("junco.labelled.listing.memory_bytes", lambda: 10_000_000)
    with pytest.raises(DataError, match="more than half of the memory: give paths"):
        read_data((np.zeros((100, 100, 3), np.uint8), n % 2) for n in itertools.count())


class Photos:
    """As data sets of torch are."""

    def __init__(self, rows, **attributes):
        self.rows, self.asked = rows, []
        vars(self).update(attributes)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, number):
        self.asked.append(number)
        row = self.rows[number]
        if isinstance(row, Exception):
            raise row
        return row


def photo(number):
    return Image.new("RGB", (4, 4), (number, 0, 0))


def test_items_of_a_torch_data_set_are_asked_for_when_they_are_needed():
    photos = Photos([(photo(n), n % 2) for n in range(20)], targets=[n % 2 for n in range(20)])
    found = read_data(photos)
    assert len(photos.asked) < 5
    assert list(found.labels) == [0, 1] * 10
    assert asked(found.items[7]).getpixel((0, 0)) == (7, 0, 0)
    assert found.items[7] == LazyItem(photos, 7, 0) != found.items[8]
    assert [each.getpixel((0, 0))[0] for each in all_asked(found.items[:3])] == [0, 1, 2]


def test_labels_that_a_data_set_keeps_but_does_not_give_are_not_believed():
    photos = Photos([(photo(n), n % 2) for n in range(6)], targets=[1 - n % 2 for n in range(6)])
    assert list(read_data(photos).labels) == [0, 1, 0, 1, 0, 1]


def test_an_item_that_a_data_set_cannot_give_is_left_out_and_told():
    found = read_data(Photos([(photo(0), 0), OSError("cut off"), (photo(2), 1), (photo(3), 1)]))
    assert list(found.keys) == ["0", "2", "3"]
    assert "item 1 of the data cannot be had, and is left out: OSError: cut off" in found.told
    with pytest.raises(DataError, match="item 0 of the data cannot be had"):
        read_data(Photos([OSError("cut off"), (photo(2), 1)]))
    assert repr(asked(LazyItem(Photos([ValueError("broken")]), 0, 0))) == "<nothing: ValueError: broken>"


def test_names_of_classes_stand_for_their_numbers():
    rows = [(photo(n), n % 2) for n in range(4)]
    assert list(read_data(Photos(rows, classes=["猫", "dog"])).labels) == ["猫", "dog", "猫", "dog"]
    assert list(read_data(Photos(rows, classes=["one"])).labels) == [0, 1, 0, 1]
    texts = Photos([("a", 0), ("b", 1)], classes=("x", "y"))
    assert list(read_data(texts, ("text",)).labels) == ["x", "y"]
    assert list(read_data(texts, ("text",)).items) == ["a", "b"]


def test_rows_with_names_of_a_torch_data_set():
    rows = [{"image": photo(n), "label": n % 2} for n in range(4)]
    found = read_data(Photos(rows), ("path",))
    assert isinstance(found, LabelledSet)
    assert asked(found.items[3]).getpixel((0, 0)) == (3, 0, 0)
    pairs = read_data(Photos([{"image": photo(n), "caption": f"photo {n}"} for n in range(3)]), ("item",))
    assert isinstance(pairs, PairSet)
    assert asked(pairs.right[1]) == "photo 1"
    assert isinstance(read_data(Photos([dict.fromkeys(("anchor", "positive", "negative"), photo(1))])), TripletSet)


def test_tensors_of_pictures_become_arrays_with_their_channels_last():
    torch = pytest.importorskip("torch")
    assert plain_item(torch.zeros(3, 5, 7)).shape == (5, 7, 3)
    assert plain_item(torch.zeros(5, 7)).shape == (5, 7)
    data = torch.utils.data.TensorDataset(torch.zeros(6, 3, 4, 5), torch.tensor([0, 1, 0, 1, 0, 1]))
    found = read_data(data)
    assert asked(found.items[0]).shape == (4, 5, 3)
    assert list(found.labels) == [0, 1, 0, 1, 0, 1]
    some = torch.utils.data.Subset(data, [1, 2, 3])
    assert list(read_data(some).labels) == [1, 0, 1]


def test_a_data_set_of_torchvision_is_read_item_by_item(tmp_path):
    torchvision = pytest.importorskip("torchvision")
    for name in ("猫/1.png", "猫/2.png", "dog/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        photo(int(name[-5])).save(tmp_path / name)
    found = read_data(torchvision.datasets.ImageFolder(tmp_path))
    assert list(found.labels) == ["dog", "猫", "猫"]
    assert [asked(item).getpixel((0, 0))[0] for item in found.items] == [3, 1, 2]


def made(**columns):
    datasets = pytest.importorskip("datasets")
    return datasets.Dataset.from_dict(columns)


def test_a_data_set_of_the_library_gives_names_of_classes_and_undecoded_pictures():
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["猫", "狗"])})
    rows = {"image": [photo(1), photo(2), photo(3)], "label": [0, 1, 0]}
    found = read_data(datasets.Dataset.from_dict(rows, features=features), ("path",))
    assert list(found.labels) == ["猫", "狗", "猫"]
    assert set(asked(found.items[1])) == {"bytes", "path"}
    texts = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["猫", "狗"])})
    rows = {"text": ["a", "b"], "label": [0, 1]}
    assert list(read_data(datasets.Dataset.from_dict(rows, features=texts), ("text",)).labels) == ["猫", "狗"]
    rows = {"text": ["a", "b"], "label": [0, -1]}
    with pytest.raises(DataError, match="item 2 has no label"):
        read_data(datasets.Dataset.from_dict(rows, features=texts), ("text",))


def test_pairs_and_scores_of_a_data_set_of_the_library():
    pairs = read_data(made(sentence1=["a"], sentence2=["b"], score=[0.5]), ("text",))
    assert (list(pairs.left), list(pairs.right), list(pairs.scores)) == (["a"], ["b"], [0.5])
    with pytest.raises(DataError, match="says nothing of its items"):
        read_data(made(text=["a"], words=["b"]), ("text",))


def test_a_dict_of_data_sets_is_measured_by_its_test():
    datasets = pytest.importorskip("datasets")
    parts = {name: made(text=[f"{name} 1", f"{name} 2"], label=["a", "b"]) for name in ("train", "validation", "test")}
    found = read_data(datasets.DatasetDict(parts), ("text",))
    assert list(found.items) == ["test 1", "test 2"]
    with pytest.raises(DataError, match="has the parts one and two: give one of them"):
        read_data({"one": parts["train"], "two": parts["test"]}, ("text",))


@pytest.mark.parametrize(
    "data",
    [["a", "b"], iter(["a", "b"]), {"text": ["a", "b"], "label": [1, 2]}, pd.DataFrame({"text": ["a", "b"]}),
     [("a", 1), ("b", 2)], LabelledSet(["a", "b"], [1, 2]), Photos(["a", "b"])],
)  # fmt: skip
def test_items_alone_are_read_from_all_of_these(data):
    found = read_items(data, ("text",))
    assert isinstance(found, UnlabelledSet)
    assert list(found.items) == ["a", "b"]


def test_items_alone_of_folders_and_of_data_sets_of_pictures(tmp_path):
    folder_of(tmp_path, "1.jpg", "deep/2.jpg", ".hidden.jpg")
    assert list(read_items(tmp_path).keys) == ["1.jpg", "deep/2.jpg"]
    photos = Photos([photo(n) for n in range(5)])
    found = read_items(photos)
    assert len(photos.asked) == 1
    assert asked(found.items[4]).getpixel((0, 0)) == (4, 0, 0)
    with pytest.raises(DataError, match="no items"):
        read_items([])
    with pytest.raises(JobError, match="does not exist"):
        read_items(tmp_path / "nowhere")
