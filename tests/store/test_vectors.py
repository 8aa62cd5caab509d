"""Vectors written, read back and searched: never two spaces together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import Operator, VectorSet, ops, pipe, read_vectors
from junco.errors import InputError, JobError, SpaceError
from junco.store.vectors import space_of
from junco.types import Space

TEXTS = ["one", "a second", "the third one"]


class Letters(Operator, family="store-test", name="letters"):
    """A model that is a file of weights and a factor."""

    def __init__(self, factor: float = 1.0, weights: str = "", device: str = "auto") -> None:
        self.factor, self.weights = factor, weights

    def space(self, *inputs: Space | None) -> Space | None:
        weights = Path(self.weights).read_text() if self.weights else ""
        return Space({"weights": weights, "factor": self.factor}, "letters")

    def batch(self, texts: list[str]) -> list[np.ndarray]:
        return [np.array([len(text), text.count("e"), self.factor], np.float32) for text in texts]


def letters(**params):
    return pipe.input("text").map("text", "vector", ops.store_test.letters(**params)).output("vector")


def nameless(space=None):
    start = pipe.input("text").map("text", "vector", lambda text: np.array([len(text), 1], np.float32))
    return start.output("vector", space=space)


def ran(p, target):
    p.run(TEXTS, target, progress=False)
    return target


@pytest.fixture(params=["v.parquet", "v.npy", "v/"])
def target(request, tmp_path):
    return f"{tmp_path}/{request.param}"


def test_every_target_tells_its_space_and_gives_its_vectors_back(target):
    p = letters()
    stored = read_vectors(ran(p, target))
    keys, vectors, space = stored.keys, stored.vectors, stored.space
    assert keys == TEXTS
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, np.stack(p.batch(TEXTS)))
    assert space == p.plan.space == space_of(target)
    assert space.id == p.space


def test_a_target_of_an_unknown_space_says_none(target):
    assert read_vectors(ran(nameless(), target)).space is None


def test_a_parquet_file_carries_id_and_description_in_its_schema(tmp_path):
    p = letters()
    said = pq.read_schema(ran(p, f"{tmp_path}/v.parquet")).metadata
    assert said[b"junco.space"].decode() == p.space
    assert json.loads(said[b"junco.space.description"])["description"] == "letters"


def test_a_callable_target_gets_the_space_with_each_shard():
    seen = []
    p = letters()
    p.run(TEXTS, seen.append, progress=False)
    assert [shard.space for shard in seen] == [p.plan.space]


def test_going_on_with_another_model_is_refused_with_both_spaces_and_the_cure(target):
    one, other = letters(), letters(factor=2.0)
    ran(one, target)
    before = read_vectors(target).vectors
    with pytest.raises(SpaceError, match=r"factor: 2.0 ≠ 1.0.*resume=False") as caught:
        ran(other, target)
    assert one.space in str(caught.value)
    assert other.space in str(caught.value)
    np.testing.assert_array_equal(read_vectors(target).vectors, before)


def test_new_weights_under_the_old_name_are_another_space(target, tmp_path):
    (weights := tmp_path / "weights").write_text("old")
    ran(letters(weights=str(weights)), target)
    weights.write_text("new")
    with pytest.raises(SpaceError, match="weights"):
        ran(letters(weights=str(weights)), target)
    other = letters(weights=str(weights))
    other.run(TEXTS, target, progress=False, resume=False)
    assert read_vectors(target).space == other.plan.space


def test_a_resumed_job_of_the_same_space_goes_on(target):
    ran(letters(), target)
    assert letters().run([*TEXTS, "more"], target, progress=False).num_new == 1


@pytest.mark.parametrize("order", [(letters, nameless), (nameless, letters)])
def test_unknown_vectors_never_join_known_ones(order, target):
    first, second = order
    ran(first(), target)
    with pytest.raises(SpaceError, match="an unknown space"):
        ran(second(), target)


def test_an_unknown_set_goes_on_with_its_own_pipeline_and_with_no_other(target):
    p = nameless()
    ran(p, target)
    assert p.run(TEXTS, target, progress=False).num_new == 0
    other = pipe.input("text").map("text", "vector", lambda text: np.ones(2, np.float32)).output("vector")
    with pytest.raises(JobError, match="another pipeline"):
        ran(other, target)


def test_a_name_given_later_starts_a_set_of_its_own(target):
    ran(nameless(), target)
    with pytest.raises(SpaceError, match="mine"):
        ran(nameless("mine"), target)


def test_files_of_one_space_are_read_as_one_set(tmp_path):
    paths = [ran(letters(), f"{tmp_path}/{name}") for name in ("a.parquet", "b.npy", "c/")]
    assert len(read_vectors(*paths).vectors) == 3 * len(TEXTS)


def test_files_of_two_spaces_are_not_read_together(tmp_path):
    one = ran(letters(), f"{tmp_path}/a.parquet")
    other = ran(letters(factor=2.0), f"{tmp_path}/b.npy")
    unknown = [ran(nameless(), f"{tmp_path}/{name}.parquet") for name in "cd"]
    for paths in ((one, other), (one, unknown[0]), unknown):
        with pytest.raises(SpaceError) as caught:
            read_vectors(*paths)
        assert all(path in str(caught.value) for path in paths)


def test_a_foreign_file_in_a_folder_is_found_when_it_is_read(tmp_path):
    folder = ran(letters(), f"{tmp_path}/v/")
    shutil.copy(ran(letters(factor=2.0), f"{tmp_path}/b.parquet"), f"{folder}part-00001.parquet")
    with pytest.raises(SpaceError, match="Keep them apart"):
        read_vectors(folder)


def test_the_nearest_are_found_best_first(tmp_path):
    p = letters()
    stored = read_vectors(ran(p, f"{tmp_path}/v.parquet"))
    rows, scores = stored.nearest(p("a second"), p.plan.space, 2)
    assert rows.shape == scores.shape == (1, 2)
    assert stored.keys[rows[0, 0]] == "a second"
    assert scores[0, 0] == pytest.approx(1)
    assert scores[0, 0] >= scores[0, 1]


def test_searching_with_vectors_of_another_or_an_unknown_space_is_refused(tmp_path):
    stored = read_vectors(ran(letters(), f"{tmp_path}/v.parquet"))
    for space in (letters(factor=2.0).plan.space, None):
        with pytest.raises(SpaceError, match="Embed both with one pipeline"):
            stored.nearest(stored.vectors[0], space)


def test_the_id_of_a_space_is_enough_to_search_a_set_of_it(tmp_path):
    p = letters()
    stored = read_vectors(ran(p, f"{tmp_path}/v.parquet"))
    by_id, by_space = (stored.nearest(p("a second"), space, 2) for space in (p.space, p.plan.space))
    np.testing.assert_array_equal(by_id.rows, by_space.rows)
    with pytest.raises(
        SpaceError, match=f"live in {letters(factor=2.0).space}, those to look in in the space {p.space}"
    ):
        stored.nearest(p("a second"), letters(factor=2.0).space)
    with pytest.raises(SpaceError, match="an unknown space"):
        VectorSet(["a"], np.ones((1, 2), np.float32), None).nearest(np.ones(2, np.float32), p.space)


def test_a_set_of_an_unknown_space_is_searched_by_its_own_vectors_only():
    stored = VectorSet(["a", "b"], np.eye(2, dtype=np.float32), None)
    assert stored.nearest(stored.vectors, None, 1).rows.tolist() == [[0], [1]]
    with pytest.raises(SpaceError, match="unknown"):
        stored.nearest(np.ones(2, np.float32), None)


def test_an_empty_set_has_no_neighbours():
    space = Space({"a": 1})
    stored = VectorSet([], np.zeros((0, 0), np.float32), space)
    assert stored.nearest(np.ones(3, np.float32), space).rows.shape == (1, 0)


def test_a_description_that_was_changed_is_refused(tmp_path):
    path = ran(letters(), f"{tmp_path}/v.parquet")
    table = pq.read_table(path)
    lie = table.schema.metadata[b"junco.space.description"].replace(b'"factor": 1.0', b'"factor": 2.0')
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"junco.space.description": lie}), path)
    with pytest.raises(SpaceError, match="no description of a vector space"):
        read_vectors(path)


def test_a_plain_array_and_a_foreign_parquet_file_are_of_an_unknown_space(tmp_path):
    np.save(tmp_path / "plain.npy", np.eye(3, dtype=np.float32))
    kind = pa.list_(pa.float32(), 2)
    pq.write_table(pa.table({"v": pa.array([[1, 2], [3, 4]], kind)}), tmp_path / "foreign.parquet")
    for name, count in (("plain.npy", 3), ("foreign.parquet", 2)):
        found = read_vectors(tmp_path / name)
        assert found.space is None
        assert found.keys == [str(i) for i in range(count)]


def test_what_holds_no_vectors_is_said_in_one_line(tmp_path):
    (tmp_path / "text.parquet").write_text("no")
    (tmp_path / "text.npy").write_text("no")
    (tmp_path / "empty").mkdir()
    pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "numbers.parquet")
    for name in ("missing.parquet", "text.parquet", "text.npy", "empty", "numbers.parquet"):
        with pytest.raises(InputError, match=name) as caught:
            read_vectors(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="at least one"):
        read_vectors()


def test_what_stands_beside_the_vectors_is_not_read(tmp_path, monkeypatch):
    vectors = pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2))
    pq.write_table(pa.table({"input": ["a", "b"], "heavy": ["x", "y"], "v": vectors}), tmp_path / "o.parquet")
    read, columns = pq.ParquetFile.read, []
    monkeypatch.setattr(pq.ParquetFile, "read", lambda file, **how: columns.append(how["columns"]) or read(file, **how))
    assert read_vectors(tmp_path / "o.parquet").keys == ["a", "b"]
    assert columns == [["input"], ["v"]]


def test_a_file_that_arrow_cannot_read_is_not_called_damaged(tmp_path, monkeypatch):
    path = ran(letters(), f"{tmp_path}/v.parquet")

    def refusing(file, **how):
        raise pa.ArrowNotImplementedError("Nested data conversions not implemented for chunked array outputs")

    monkeypatch.setattr(pq.ParquetFile, "read", refusing)
    with pytest.raises(InputError, match=r"v\.parquet cannot be read: .*Nested data"):
        read_vectors(path)


@pytest.mark.parametrize("pipeline", [letters, nameless])
def test_a_target_without_rows_is_read_as_an_empty_set(target, pipeline):
    pipeline().run([], target, progress=False)
    assert len(read_vectors(target).keys) == len(read_vectors(target).vectors) == 0


def test_an_array_and_the_inputs_of_another_are_not_read_as_one(tmp_path):
    nameless().run(["one"], tmp_path / "v.npy", progress=False)
    nameless().run(TEXTS, tmp_path / "w.npy", progress=False)
    shutil.copy(tmp_path / "w.npy.inputs.parquet", tmp_path / "v.npy.inputs.parquet")
    with pytest.raises(InputError, match=r"v.npy and v.npy.inputs.parquet beside it do not belong together"):
        read_vectors(tmp_path / "v.npy")


def test_bits_that_only_fill_up_a_byte_are_no_part_of_a_vector():
    space = Space({"dim": 4, "precision": "ubinary"}, "four signs")
    signs = np.array([[1, 1, 0, 0], [1, 0, 1, 1]], np.uint8)
    packed = VectorSet(["a", "b"], np.packbits(signs, axis=1), space)
    found = packed.nearest(packed.vectors[:1], space)
    assert found.rows.tolist() == [[0, 1]]
    np.testing.assert_allclose(found.scores, [[1.0, -0.5]])


def test_a_file_without_vectors_says_what_it_has(tmp_path):
    maps = pipe.input("text").map("text", "grid", lambda text: np.ones((2, 3, 4), np.float32)).output("grid")
    with pytest.raises(InputError, match="has no column of vectors, only 'input', 'grid'"):
        read_vectors(ran(maps, tmp_path / "maps.parquet"))
