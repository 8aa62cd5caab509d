"""Items become rows: decoded on junco's engine, kept in files, and what cannot be read is told with its reason."""

from __future__ import annotations

import shutil

import conformal_clip_data
import numpy as np
import pytest
from PIL import Image

from junco import Operator, ops, pipe
from junco.errors import ContractError, DataError
from junco.labelled.lazy import LazyItem
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet, TripletSet, UnlabelledSet
from junco.train.task import TrainTask, stacked_tensors
from junco.tuning.loading import LoadingOptions, loader_of_rows, loader_of_vectors, vectors_of
from junco.tuning.rows import FreshRows, StackedRows
from junco.types import AudioClip, Vector

PICTURES = ops.image_embedding.efficientnet_lite(runtime="torch", exact=True)
TEXTS = LoadingOptions(are_texts=True)


def small(image):
    return np.asarray(Image.fromarray(image).resize((16, 16)))


def task(row):
    """What an operator would lend, whose rows are made by a function of one item."""
    import torch

    made = []

    def rows(items, side):
        made.extend(items)
        return [tuple(row(item)) for item in items]

    found = TrainTask("test", torch.nn.Identity(), rows, stacked_tensors, lambda tensors, side: tensors[0])
    return found, made


def pictures_task():
    return task(lambda image: (small(image),))


def letters_task():
    return task(lambda text: (np.array([*map(ord, text)], np.int64),))


class Lengths(Operator, name="loading-test.lengths"):
    """Of a text its length and how often it has an a; says in which role it was asked."""

    normalize: bool = True
    role: str | None = None

    def batch(self, texts: list[str]) -> list[Vector]:
        found = [np.array([len(text), text.count("a"), self.role == "query"], np.float32) for text in texts]
        return [each / np.linalg.norm(each) for each in found] if self.normalize else found


def textiles(folder, per_class=4):
    for path in sorted(conformal_clip_data.textile_simulated_root().iterdir()):
        if path.is_dir():
            (folder / path.name).mkdir(parents=True)
            for photo in sorted(path.iterdir())[:per_class]:
                shutil.copy(photo, folder / path.name / photo.name)
    return folder


def by_hand(path):
    return small(np.asarray(Image.open(path).convert("RGB")))


def taken(rows, count=None):
    return [row[0] for row in rows.take(range(len(rows) if count is None else count))]


def words(rows):
    return ["".join(map(chr, ids)) for ids in taken(rows)]


def test_pictures_of_classes_become_rows_in_a_file(tmp_path):
    data = read_data(textiles(tmp_path / "t"))
    loaded = loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run").load(data)
    (rows,) = loaded.columns
    assert isinstance(rows, StackedRows)
    assert isinstance(rows.arrays[0], np.memmap)
    np.testing.assert_array_equal(taken(rows), [by_hand(path) for path in data.items])
    np.testing.assert_array_equal(rows.block([2, 0])[0], [by_hand(data.items[2]), by_hand(data.items[0])])
    examples = loaded.examples()
    assert loaded.label_names == ["global", "local", "nominal"]
    assert [loaded.label_names[code] for code in examples.labels] == list(data.labels)
    assert loaded.told == ()


def test_copies_are_made_rows_once_and_are_one_group(tmp_path):
    folder = textiles(tmp_path / "t")
    first = min((folder / "local").iterdir())
    shutil.copy(first, folder / "local" / "copy.jpg")
    data = read_data(folder)
    lent, made = pictures_task()
    loaded = loader_of_rows(PICTURES, lent, tmp_path / "run").load(data)
    assert (len(loaded.data), len(made)) == (13, 12)
    places = [at for at, key in enumerate(data.keys) if key in (f"local/{first.name}", "local/copy.jpg")]
    assert len({int(loaded.groups[0][at]) for at in places}) == 1
    assert len(set(loaded.groups[0].tolist())) == 12
    np.testing.assert_array_equal(*[loaded.columns[0].take([at])[0][0] for at in places])


def broken(folder):
    photo = min((folder / "local").iterdir())
    content = photo.read_bytes()
    (folder / "local" / "cut.jpg").write_bytes(content[:500])
    (folder / "local" / "empty.jpg").write_bytes(b"")
    (folder / "global" / "text.jpg").write_text("this is no picture")
    return folder


def test_what_cannot_be_read_is_left_out_with_its_reason(tmp_path):
    loaded = loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run").load(
        read_data(broken(textiles(tmp_path / "t")))
    )
    assert len(loaded.data) == len(loaded.columns[0]) == 12
    reasons = {reject.name: reject.reason for reject in loaded.rejects}
    assert set(reasons) == {"'local/cut.jpg'", "'local/empty.jpg'", "'global/text.jpg'"}
    assert "empty" in reasons["'local/empty.jpg'"]
    assert "3 items cannot be read, and left out" in loaded.told[-1]
    assert loaded.data.counts == {"global": 4, "local": 4, "nominal": 4}


def test_what_cannot_be_read_ends_it_where_that_is_asked_for(tmp_path):
    loader = loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run", options=LoadingOptions(on_error="raise"))
    with pytest.raises(DataError, match=r"3 items of 15 cannot be read: .*text\.jpg"):
        loader.load(read_data(broken(textiles(tmp_path / "t"))))


def test_a_label_of_which_nothing_can_be_read_is_refused(tmp_path):
    folder = textiles(tmp_path / "t")
    for photo in (folder / "local").iterdir():
        photo.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"of 1 label nothing can be read \(local\)"):
        loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run").load(read_data(folder))


def test_where_nothing_can_be_read_the_first_reasons_are_told(tmp_path):
    data = LabelledSet([str(tmp_path / f"{n}.jpg") for n in range(8)], ["a", "b"] * 4)
    with pytest.raises(DataError, match=r"8 items of 8 cannot be read: .*and 3 more\. Is it what the operator takes"):
        loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run").load(data)


def test_an_operator_that_refuses_an_item_refuses_it_alone(tmp_path):
    def row(text):
        if text == "bad":
            raise ValueError("not this one")
        return (np.array([len(text)]),)

    data = LabelledSet(["one", "bad", "three", "four"], [*"abab"])
    loaded = loader_of_rows(Lengths().spec, task(row)[0], tmp_path, options=TEXTS).load(data)
    assert [str(reject) for reject in loaded.rejects] == ["'bad': ValueError: not this one"]
    assert [int(each[0]) for each in taken(loaded.columns[0])] == [3, 5, 4]


def test_texts_are_kept_as_tokens_of_any_number_and_empty_ones_are_told(tmp_path):
    data = LabelledSet(["one", " ", "三", "seventeen", None], ["a", "b", "a", "b", "b"])
    loaded = loader_of_rows(Lengths().spec, letters_task()[0], tmp_path, options=TEXTS).load(data)
    assert words(loaded.columns[0]) == ["one", "三", "seventeen"]
    assert [reject.reason for reject in loaded.rejects] == ["an empty text", "no text, but NoneType"]


def test_a_run_that_was_stopped_has_what_it_had_made(tmp_path):
    data = LabelledSet([f"text number {n}" for n in range(100)], ["a", "b"] * 50)

    def stop(what, done, total):
        if (what, done) == ("decoding", 60):
            raise KeyboardInterrupt

    options = LoadingOptions(are_texts=True, watch=stop)
    with pytest.raises(KeyboardInterrupt):
        loader_of_rows(Lengths().spec, letters_task()[0], tmp_path, options=options).load(data)
    lent, made = letters_task()
    loaded = loader_of_rows(Lengths().spec, lent, tmp_path, options=TEXTS).load(data)
    assert 30 <= len(made) <= 40
    assert words(loaded.columns[0]) == data.items
    lent, made = letters_task()
    again = loader_of_rows(Lengths().spec, lent, tmp_path, options=TEXTS).load(
        LabelledSet(data.items[::-1], data.labels)
    )
    assert made == []
    assert ["".join(map(chr, ids)) for ids in taken(again.columns[0])] == data.items[::-1]


def test_rows_of_another_operator_are_not_taken_for_these(tmp_path):
    data = LabelledSet(["one", "two"], ["a", "b"])
    loader_of_rows(Lengths().spec, letters_task()[0], tmp_path, options=TEXTS).load(data)
    lent, made = letters_task()
    loader_of_rows(Lengths(role="document").spec, lent, tmp_path, options=TEXTS).load(data)
    assert len(made) == 2


def test_without_room_rows_are_made_anew_for_each_batch(tmp_path):
    data = read_data(broken(textiles(tmp_path / "t")))
    options = LoadingOptions(most_bytes=1000)
    loaded = loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run", options=options).load(data)
    (rows,) = loaded.columns
    assert isinstance(rows, FreshRows)
    assert len(loaded.rejects) == 3
    assert "made anew in each epoch" in loaded.told[0]
    wanted = [7, 2, 7, 11]
    np.testing.assert_array_equal(
        [row[0] for row in rows.take(wanted)], [by_hand(loaded.data.items[place]) for place in wanted]
    )
    assert not list((tmp_path / "run").rglob("column-*"))
    shutil.rmtree(tmp_path / "t")
    with pytest.raises(DataError, match="could be read at first, and cannot be now"):
        rows.take([0])


def halves(image):
    yield image[:, : image.shape[1] // 2]
    yield image[:, image.shape[1] // 2 :]


def test_each_row_of_a_loader_is_an_example_with_the_label_of_its_item(tmp_path):
    data = read_data(textiles(tmp_path / "t", 2))
    loader = (
        pipe.input("path").map("path", "image", ops.image_decode.pil()).flat_map("image", "crop", halves).output("crop")
    )
    loaded = loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "run", loader).load(data)
    assert len(loaded.data) == len(loaded.columns[0]) == 12
    assert loaded.places.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert list(loaded.data.labels) == ["global"] * 4 + ["local"] * 4 + ["nominal"] * 4
    whole = np.asarray(Image.open(data.items[3]).convert("RGB"))
    np.testing.assert_array_equal(taken(loaded.columns[0])[7], small(whole[:, whole.shape[1] // 2 :]))
    fresh = loader_of_rows(PICTURES, pictures_task()[0], tmp_path / "new", loader, LoadingOptions(most_bytes=10)).load(
        data
    )
    np.testing.assert_array_equal(taken(fresh.columns[0]), taken(loaded.columns[0]))


def test_pairs_need_a_loader_of_one_row_an_item(tmp_path):
    loader = pipe.input("text").flat_map("text", "word", str.split).output("word")
    data = PairSet(["one two", "three"], ["a", "b"])
    with pytest.raises(DataError, match="several rows of an item"):
        loader_of_rows(Lengths().spec, letters_task()[0], tmp_path, loader, TEXTS).load(data)


def test_pieces_of_documents_are_texts(tmp_path):
    loader = pipe.input("text").flat_map("text", "chunk", ops.text_split.characters(size=8, overlap=0)).output("chunk")
    data = LabelledSet(["one two three four", "five six seven"], ["a", "b"])
    loaded = loader_of_rows(Lengths().spec, letters_task()[0], tmp_path / "r", loader, TEXTS).load(data)
    assert len(loaded.data) > 2
    assert set(loaded.data.labels) == {"a", "b"}
    vectors = loader_of_vectors(Lengths().spec, data, tmp_path / "v", loader, TEXTS).load(data)
    assert [each[0] for each in vectors_of(vectors.columns[0])] == [len(each) for each in taken(loaded.columns[0])]


def test_a_loader_that_gives_something_else_is_refused(tmp_path):
    loader = pipe.input("path").map("path", ("a", "b"), lambda path: (path, path)).output("a", "b")
    with pytest.raises(ContractError, match=r"the loader gives \(a, b\), and 'image-embedding"):
        loader_of_rows(PICTURES, pictures_task()[0], tmp_path, loader)


def test_pairs_lose_a_row_where_one_of_its_items_cannot_be_read(tmp_path):
    left = ["a", "bb", "", "cc", "a"]
    right = ["x", "  ", "y", "zz", "x"]
    loaded = loader_of_rows(Lengths().spec, letters_task()[0], tmp_path, options=TEXTS).load(
        PairSet(left, right, [0.1, 0.2, 0.3, 0.4, 0.5])
    )
    assert (loaded.data.left, loaded.data.right) == (["a", "cc", "a"], ["x", "zz", "x"])
    assert loaded.examples().scores.tolist() == pytest.approx([0.1, 0.4, 0.5])
    assert [words(rows) for rows in loaded.columns] == [
        ["a", "cc", "a"],
        ["x", "zz", "x"],
    ]
    assert loaded.groups[0][0] == loaded.groups[0][2] != loaded.groups[0][1]
    assert len(loaded.rejects) == 2


def test_triplets_have_three_columns(tmp_path):
    data = TripletSet(["a", "b"], ["aa", "bb"], ["aaa", ""])
    loaded = loader_of_rows(Lengths().spec, letters_task()[0], tmp_path, options=TEXTS).load(data)
    assert [words(rows) for rows in loaded.columns] == [["a"], ["aa"], ["aaa"]]


def test_vectors_are_the_operators_own_numbers_and_are_kept_by_what_items_hold(tmp_path):
    data = LabelledSet(["banana", "kiwi", "papaya", "kiwi"], ["a", "b", "a", "b"])
    seen = []
    options = LoadingOptions(are_texts=True, watch=lambda what, done, total: seen.append(what))
    loaded = loader_of_vectors(Lengths().spec, data, tmp_path, options=options).load(data)
    assert vectors_of(loaded.columns[0]).tolist() == [[6, 3, 0], [4, 0, 0], [6, 3, 0], [4, 0, 0]]
    assert seen.count("embedding") == 3


def test_a_second_run_embeds_nothing_that_is_known(tmp_path):
    data = read_data(textiles(tmp_path / "t", 3))
    seen = []
    options = LoadingOptions(watch=lambda what, done, total: seen.append(what))
    first = vectors_of(loader_of_vectors(PICTURES, data, tmp_path / "run", options=options).load(data).columns[0])
    assert seen.count("embedding") == 9
    seen.clear()
    textiles(tmp_path / "more", 4)
    more = read_data(tmp_path / "more")
    second = vectors_of(loader_of_vectors(PICTURES, more, tmp_path / "run", options=options).load(more).columns[0])
    assert seen.count("embedding") == 3
    known = [place for place, key in enumerate(more.keys) if key in data.keys]
    np.testing.assert_array_equal(second[known], first)
    assert first.shape == (9, 1280)


def test_what_asks_and_what_answers_get_their_roles(tmp_path):
    data = PairSet(["q", "r"], ["d", "e"])
    operator = Lengths(normalize=False).spec
    loaded = loader_of_vectors(operator, data, tmp_path / "a", options=TEXTS).load(data)
    assert [vectors_of(rows)[:, 2].tolist() for rows in loaded.columns] == [[1, 1], [0, 0]]
    scored = PairSet(["q", "r"], ["d", "e"], [0.0, 1.0])
    loaded = loader_of_vectors(operator, scored, tmp_path / "b", options=TEXTS).load(scored)
    assert [vectors_of(rows)[:, 2].tolist() for rows in loaded.columns] == [[0, 0], [0, 0]]


def test_what_is_measured_by_has_rows_for_each_of_its_items(tmp_path):
    queries = {"q1": "banana", "q2": " ", "q3": "kiwi"}
    corpus = {"d1": "papaya", "d2": "fig", "d3": "", "d4": "plum"}
    data = RetrievalSet(queries, corpus, {"q1": {"d1": 1.0}, "q2": {"d2": 1.0}, "q3": {"d3": 1.0, "d4": 1.0}})
    held = loader_of_vectors(Lengths(normalize=False).spec, data, tmp_path, options=TEXTS).held_out(data)
    assert [list(items) for items in held.asked.items] == [["banana", "kiwi"], ["papaya", "fig", "plum"]]
    assert [vectors_of(rows)[:, 0].tolist() for rows in held.rows] == [[6, 4], [6, 3, 4]]
    assert len(held.rejects) == 2
    assert "ndcg@10" in held.asked.means([vectors_of(rows) for rows in held.rows])


def test_items_that_stand_in_many_pairs_are_embedded_once_and_come_stacked(tmp_path):
    texts = ["banana", "kiwi", "papaya", "fig"]
    data = PairSet([texts[n % 4] for n in range(12)], [texts[n // 3] for n in range(12)], [float(n) for n in range(12)])
    held = loader_of_vectors(Lengths(normalize=False).spec, data, tmp_path, options=TEXTS).held_out(data)
    (items,), (rows,) = held.asked.items, held.rows
    assert sorted(items) == sorted(texts)
    assert vectors_of(rows)[:, 0].tolist() == [len(text) for text in items]
    assert set(held.asked.means([vectors_of(rows)])) == {"spearman"}


def test_labelled_items_are_measured_row_by_row(tmp_path):
    data = read_data(broken(textiles(tmp_path / "t")))
    held = loader_of_vectors(PICTURES, data, tmp_path / "run").held_out(data)
    assert len(held.rows[0]) == len(held.asked.coded) == 12
    assert 0 <= held.asked.means([vectors_of(held.rows[0])])["map"] <= 1


def test_clips_of_sound_go_in_as_they_are(tmp_path):
    clips = [AudioClip(np.full((1, 160), n, np.float32), 16_000) for n in range(3)]
    loaded = loader_of_rows(ops.audio_embedding.yamnet(), task(lambda clip: (clip.samples,))[0], tmp_path).load(
        UnlabelledSet(clips)
    )
    assert [float(each[0, 0]) for each in taken(loaded.columns[0])] == [0, 1, 2]


class Photos:
    """As data sets of torchvision are: a picture of Pillow and a label, by a number."""

    classes = ("cat", "dog")

    def __init__(self, count):
        self.asked, self.count, self.targets = [], count, [n % 2 for n in range(count)]

    def __len__(self):
        return self.count

    def __getitem__(self, number):
        self.asked.append(number)
        if number == 3:
            raise OSError("image file is truncated")
        return Image.new("RGB", (20, 20), (number * 10, 0, 0)), self.targets[number]


def test_a_data_set_that_gives_pictures_is_asked_for_each_when_it_is_needed(tmp_path):
    photos = Photos(8)
    data = read_data(photos)
    assert len(photos.asked) <= 4
    assert all(isinstance(item, LazyItem) for item in data.items)
    assert list(data.labels) == ["cat", "dog"] * 4
    loaded = loader_of_rows(PICTURES, pictures_task()[0], tmp_path).load(data)
    assert [int(each[0, 0, 0]) for each in taken(loaded.columns[0])] == [0, 10, 20, 40, 50, 60, 70]
    assert "truncated" in loaded.rejects[0].reason


def test_pictures_of_a_data_set_of_the_library_come_as_their_bytes(tmp_path):
    datasets = pytest.importorskip("datasets")
    photos = [Image.new("RGB", (12, 12), (n * 20, 0, 0)) for n in range(4)]
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])})
    made = datasets.Dataset.from_dict({"image": photos, "label": [0, 1, 0, 1]}, features=features)
    data = read_data(made, ("path",))
    assert data.counts == {"cat": 2, "dog": 2}
    loaded = loader_of_rows(PICTURES, pictures_task()[0], tmp_path).load(data)
    assert [int(each[0, 0, 0]) for each in taken(loaded.columns[0])] == [0, 20, 40, 60]
