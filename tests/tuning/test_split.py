"""Data is split by what its items hold: no content on both sides, whatever files are called and in which order."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import conformal_clip_data
import numpy as np
import pytest

from junco.errors import DataError
from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet, TripletSet, UnlabelledSet
from junco.tuning.split import SplitOptions, split

TEXTS = SplitOptions(("text",))


def textiles(folder, per_class=10):
    """A folder of classes of photos: some of the installed ones."""
    for path in sorted(conformal_clip_data.textile_simulated_root().iterdir()):
        if path.is_dir():
            (folder / path.name).mkdir(parents=True)
            for photo in sorted(path.iterdir())[:per_class]:
                shutil.copy(photo, folder / path.name / photo.name)
    return folder


def numbered(count, labels):
    return LabelledSet([f"text {n}" for n in range(count)], [f"label {n % labels}" for n in range(count)])


def test_a_share_is_held_out_of_each_class(tmp_path):
    found = split(textiles(tmp_path / "t"), 0.2, 0)
    assert found.train.counts == {"global": 8, "local": 8, "nominal": 8}
    assert found.eval.counts == {"global": 2, "local": 2, "nominal": 2}
    assert not set(found.train.items) & set(found.eval.items)
    record = json.loads(json.dumps(found.to_dict()))
    assert record["train"]["counts"] == {"global": 8, "local": 8, "nominal": 8}
    assert len(record["held_out"]["names"]) == 6
    assert record["share"] == 0.2


def test_copies_of_a_file_are_on_one_side_whatever_they_are_called(tmp_path):
    folder = textiles(tmp_path / "t")
    for number, photo in enumerate(sorted((folder / "local").iterdir())):
        shutil.copy(photo, folder / "local" / f"copy {number}.jpg")
    for seed in range(5):
        found = split(folder, 0.3, seed)
        contents = [{Path(path).read_bytes() for path in side.items} for side in (found.train, found.eval)]
        assert not contents[0] & contents[1]
        assert found.num_copies == 10
        assert found.eval.counts["local"] == 6


def test_neither_the_order_nor_the_names_of_files_change_what_is_held_out(tmp_path):
    folder = textiles(tmp_path / "t")
    first = split(folder, 0.2, 3)
    held = Counter(Path(path).read_bytes() for path in first.eval.items)
    shuffled = [row for side in (first.train, first.eval) for row in zip(side.items, side.labels, strict=True)]
    random.Random(1).shuffle(shuffled)
    moved = []
    for number, (path, label) in enumerate(shuffled):
        moved.append((shutil.copy(path, tmp_path / f"{number}.jpg"), label))
    second = split(moved, 0.2, 3)
    assert Counter(Path(path).read_bytes() for path in second.eval.items) == held
    assert second.fingerprint == first.fingerprint
    assert second.eval_side.fingerprint == first.eval_side.fingerprint
    assert split(moved, 0.2, 4).eval_side.fingerprint != first.eval_side.fingerprint


def test_a_label_of_one_content_goes_to_train_and_is_told():
    data = LabelledSet([*(f"t{n}" for n in range(20)), "only"], [*("ab" * 10), "rare"])
    found = split(data, 0.2, 0, TEXTS)
    assert "rare" in found.train.counts
    assert "rare" not in found.eval.counts
    assert "1 label of one content each, to train alone, and measured by nothing: rare" in found.told


def test_a_label_of_two_contents_is_on_both_sides():
    data = LabelledSet([f"t{n}" for n in range(22)], [*("ab" * 10), "two", "two"])
    found = split(data, 0.2, 0, TEXTS)
    assert found.train.counts["two"] == found.eval.counts["two"] == 1


def test_of_labels_that_are_all_small_whole_ones_are_held_out():
    found = split(numbered(60, 20), 0.2, 0, TEXTS)
    assert len(found.eval) == 12
    assert not set(found.train.labels) & set(found.eval.labels)
    assert "4 of 20 labels are held out whole" in " ".join(found.told)


def test_a_hundred_thousand_labels_of_one_item_are_too_little_for_a_share():
    with pytest.raises(DataError, match=r"100,000 labels.* are too few"):
        split(numbered(100_000, 100_000), 0.2, 0, TEXTS)


def test_of_very_many_items_the_names_of_those_held_out_are_a_digest():
    found = split(UnlabelledSet([f"text {n}" for n in range(30_000)]), 0.5, 0, TEXTS)
    assert found.to_dict()["held_out"] == {"sha256": found.eval_side.fingerprint}


def test_the_same_content_in_both_sources_is_refused_by_name(tmp_path):
    folder = textiles(tmp_path / "t")
    for number, name in enumerate(sorted(path.name for path in (folder / "global").iterdir())[:7]):
        for label in ("global", "local"):
            (tmp_path / "e" / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "global" / name, tmp_path / "e" / "global" / f"{number}.jpg")
    other = sorted((conformal_clip_data.textile_simulated_root() / "local").iterdir())[50]
    shutil.copy(other, tmp_path / "e" / "local")
    with pytest.raises(DataError, match="7 of 8 items of eval_data are in the data to train on") as refused:
        split(folder, tmp_path / "e", 0)
    assert str(refused.value).count(" is ") >= 5
    assert "'global/0.jpg'" in str(refused.value)
    shutil.rmtree(tmp_path / "e" / "global")
    others = sorted(conformal_clip_data.textile_simulated_root().glob("nominal/*"))[100:104]
    fresh = [(path, "x" if n % 2 else "y") for n, path in enumerate(others)]
    found = split(folder, fresh, 0)
    assert (found.how, found.share, len(found.train), len(found.eval)) == ("source", None, 30, 4)


def test_one_content_under_two_labels_is_refused_by_name(tmp_path):
    folder = textiles(tmp_path / "t")
    photo = min((folder / "local").iterdir())
    shutil.copy(photo, folder / "global" / "again.jpg")
    with pytest.raises(DataError, match=r"1 items hold the same as another of another label: .*again\.jpg"):
        split(folder, 0.2, 0)


def test_with_none_all_is_trained_on_and_that_is_told(tmp_path):
    found = split(numbered(10, 2), None, 0, TEXTS)
    assert (len(found.train), found.eval, found.how) == (10, None, "none")
    assert "nothing is held out" in found.told[-1]
    assert found.to_dict()["eval"] is None


@pytest.mark.parametrize(
    ("data", "share"),
    [(numbered(4, 2), 0.2), (PairSet(["a", "b"], ["c", "d"]), 0.2), (TripletSet(["a"], ["b"], ["c"]), 0.5)],
)
def test_too_little_for_a_share_is_refused_with_what_helps(data, share):
    with pytest.raises(DataError, match=r"too few to hold out a share .* or None for nothing"):
        split(data, share, 0, TEXTS)


@pytest.mark.parametrize("share", [0.0, 1, 1.5, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(DataError, match="a share between 0 and 1"):
        split(numbered(10, 2), share, 0, TEXTS)


def test_pairs_that_share_an_item_stay_together():
    left = [f"q{n}" for n in range(100)]
    right = [f"d{n // 4}" for n in range(100)]
    found = split(PairSet(left, right), 0.2, 0, TEXTS)
    assert len(found.eval) == 20
    assert not {*found.train.left, *found.train.right} & {*found.eval.left, *found.eval.right}
    scored = split(PairSet(left, right, [n / 100 for n in range(100)]), 0.2, 0, TEXTS)
    assert [left.index(item) / 100 for item in scored.eval.left] == scored.eval.scores


def test_of_pairs_that_all_hang_together_no_item_is_on_both_sides():
    rng = np.random.default_rng(0)
    left, right = (rng.integers(0, 300, 2000), rng.integers(0, 300, 2000))
    found = split(PairSet([f"q{n}" for n in left], [f"d{n}" for n in right]), 0.2, 0, TEXTS)
    assert not {*found.train.left, *found.train.right} & {*found.eval.left, *found.eval.right}
    assert len(found.eval) > 30
    assert "nearly all pairs hang together" in " ".join(found.told)


def test_triplets_are_split_by_all_their_items():
    data = TripletSet(*([f"{kind}{n // 2}" for n in range(60)] for kind in "apn"))
    found = split(data, 0.2, 0, TEXTS)
    assert len(found.eval) == 12
    assert not {*found.train.anchors, *found.train.negatives} & {*found.eval.anchors, *found.eval.negatives}


def retrieval(folder, splits):
    corpus = [{"_id": f"d{n}", "title": "", "text": f"document {n}"} for n in range(40)]
    queries = [{"_id": f"q{n}", "text": f"query {n}"} for n in range(40)]
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    for name, numbers in splits.items():
        (folder / "qrels" / f"{name}.tsv").write_text("\n".join(f"q{n}\td{n}\t1" for n in numbers))
    return folder


def test_a_retrieval_set_is_split_by_queries_and_trained_on_as_pairs(tmp_path):
    found = split(retrieval(tmp_path / "r", {"test": range(40)}), 0.2, 0, TEXTS)
    assert isinstance(found.train, PairSet)
    assert isinstance(found.eval, RetrievalSet)
    assert (len(found.train), len(found.eval), len(found.eval.corpus)) == (32, 8, 40)
    assert not set(found.train.left) & set(found.eval.queries.values())


def test_the_parts_of_a_retrieval_set_are_its_own(tmp_path):
    found = split(retrieval(tmp_path / "r", {"train": range(30), "test": range(29, 40)}), 0.2, 0, TEXTS)
    assert (len(found.train), len(found.eval), found.how) == (29, 11, "part test")
    assert "1 items to train on are held out as well, by their content: left out" in found.told


def test_a_folder_of_parts_is_trained_on_and_measured_by_them(tmp_path):
    textiles(tmp_path / "d" / "train", 6)
    textiles(tmp_path / "d" / "test", 2)
    found = split(tmp_path / "d", 0.2, 0)
    assert found.how == "part test"
    assert found.eval.counts == {"global": 2, "local": 2, "nominal": 2}
    assert found.train.counts == {"global": 4, "local": 4, "nominal": 4}
    assert "6 items to train on are held out as well, by their content: left out" in found.told


def test_a_dict_of_data_sets_holds_out_its_test_unless_told_otherwise():
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["猫", "狗"])})

    def made(name, count):
        rows = {"text": [f"{name} {n}" for n in range(count)], "label": [n % 2 for n in range(count)]}
        return datasets.Dataset.from_dict(rows, features=features)

    data = datasets.DatasetDict(train=made("train", 20), validation=made("v", 8), test=made("test", 6))
    found = split(data, 0.2, 0, TEXTS)
    assert (len(found.train), len(found.eval), found.how) == (20, 6, "part test")
    assert found.train.counts == {"猫": 10, "狗": 10}
    assert "its other parts are not used: validation" in found.told
    assert len(split(data, "validation", 0, TEXTS).eval) == 8
    assert split(data, None, 0, TEXTS).eval is None
    assert len(split(data, [("x", "猫"), ("y", "狗")], 0, TEXTS).eval) == 2
    with pytest.raises(DataError, match="'train' is what is trained on"):
        split(data, "train", 0, TEXTS)


def test_items_without_labels_are_split_too(tmp_path):
    found = split(textiles(tmp_path / "t"), 0.2, 0, SplitOptions(has_labels=False))
    assert isinstance(found.train, UnlabelledSet)
    assert (len(found.train), len(found.eval)) == (24, 6)


def test_arrays_and_cells_of_tables_are_known_by_their_content(tmp_path):
    photo = min((conformal_clip_data.textile_simulated_root() / "local").iterdir()).read_bytes()
    cells = [{"bytes": photo, "path": None}, {"bytes": photo, "path": "x.jpg"}, {"bytes": b"other", "path": None}]
    arrays = [np.full((4, 4, 3), n // 2, np.uint8) for n in range(9)]
    found = split(UnlabelledSet([*cells, *arrays]), 0.3, 0)
    assert found.num_copies == 5


def test_empty_and_missing_files_are_no_copies_of_each_other(tmp_path):
    folder = textiles(tmp_path / "t")
    for label in ("global", "local"):
        (folder / label / "empty.jpg").write_bytes(b"")
        (folder / label / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    found = split(folder, 0.2, 0)
    assert "items are empty, or cannot be read" in " ".join(found.told)


def test_labels_of_any_letters_are_kept_in_the_record():
    data = LabelledSet([f"t{n}" for n in range(20)], ["猫\x1b[31m", "emoji 🐈"] * 10)
    found = split(data, 0.2, 0, TEXTS)
    assert set(json.loads(json.dumps(found.to_dict()))["train"]["counts"]) == {"猫\x1b[31m", "emoji 🐈"}


def test_what_is_read_is_watched():
    seen = []
    split(numbered(20, 2), 0.2, 0, SplitOptions(("text",), watch=lambda *told: seen.append(told)))
    assert seen[-1] == ("reading", 20, 20)
