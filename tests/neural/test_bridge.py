"""The linear map from a parent's vectors to those of a trained head."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from junco import Operator, pipe
from junco.answers.bridging import bridged
from junco.answers.opening import open_set
from junco.errors import ContractError, InputError, IntegrityError, SpaceError, TargetError
from junco.neural.bridge import Bridge
from junco.store.vectors import space_of
from tuned_folders import ON_CPU, Sums, tuned_head, tuned_whole, vectors

TEXTS = [f"row {number}" for number in range(40)]


class Said(Sums, family="text-embedding", name="test-said"):
    """Texts, by the codes of their last four letters."""

    def golden(self) -> list[str]:
        return TEXTS[:3]

    def prepare(self, texts: list[str]) -> np.ndarray:
        return np.array([[ord(letter) / 64 for letter in f"    {text}"[-4:]] for text in texts], np.float32)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path):
    return tuned_head(tmp_path / "t", Sums(**ON_CPU), 3).folder


@pytest.mark.parametrize("finish", [{}, {"normalize": True}, {"precision": "float16", "normalize": True}])
def test_stored_vectors_become_those_that_the_tuned_operator_gives(folder, finish):
    before, after = Sums(**ON_CPU, **finish), Sums(tuned=folder, **ON_CPU, **finish)
    bridge = Bridge.of(folder).on(before.space())
    made = bridge(vectors(before))
    assert (bridge.source, bridge.target) == (before.space(), after.space())
    assert made.dtype == vectors(after).dtype
    np.testing.assert_allclose(made, vectors(after), atol=2e-3 if "precision" in finish else 1e-5)
    np.testing.assert_allclose(bridge(vectors(before)[0]), made[0], rtol=1e-3)


def test_it_is_of_an_operator_too_and_is_kept_in_a_file(folder, tmp_path):
    bridge = Bridge.of(Operator.load(folder))
    bridge.save(tmp_path / "b.safetensors")
    again = Bridge.load(tmp_path / "b.safetensors")
    np.testing.assert_array_equal(again.weight, bridge.weight)
    assert (again.source, again.target) == (bridge.source, bridge.target)


def test_a_file_that_is_no_bridge_is_refused(tmp_path):
    save_file({"weight": np.ones((2, 2), np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(IntegrityError, match="holds no bridge"):
        Bridge.load(tmp_path / "other.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x07" * 20)
    with pytest.raises(IntegrityError, match="was damaged"):
        Bridge.load(tmp_path / "cut.safetensors")


@pytest.mark.parametrize(
    "finish", [{"truncate_dim": 2}, {"precision": "int8"}, {"precision": "ubinary"}, {"seed": 5}, {"layer": "0"}]
)
@pytest.mark.filterwarnings("ignore:.*was not trained for truncate_dim")
def test_vectors_of_other_spaces_and_parts_of_vectors_are_refused(folder, finish):
    with pytest.raises(SpaceError, match="the map is for those of"):
        Bridge.of(folder).on(Sums(**ON_CPU, **finish).space())


def test_vectors_whose_space_nobody_knows_are_refused(folder):
    with pytest.raises(SpaceError, match="nobody knows the space"):
        Bridge.of(folder).on(None)


def test_no_map_stands_for_a_network_that_was_trained(tmp_path):
    tuned_whole(tmp_path / "w", Sums(**ON_CPU))
    with pytest.raises(ContractError, match=r"scope 'all'.*embed the items anew, or train with scope='head'"):
        Bridge.of(tmp_path / "w")
    with pytest.raises(ContractError, match="it was not tuned"):
        Bridge.of(Sums(**ON_CPU))


@pytest.mark.parametrize(
    "given", [np.ones((2, 4), np.float32), np.ones((2, 5), np.int8), np.ones((1, 2, 5), np.float32)]
)
def test_other_arrays_are_refused(folder, given):
    with pytest.raises(InputError, match="takes vectors of 5 numbers"):
        Bridge.of(folder)(given)


def test_numbers_that_are_not_finite_are_refused(folder):
    with pytest.raises(InputError, match="are finite"):
        Bridge.of(folder)(np.full((1, 5), np.nan, np.float32))


@pytest.fixture
def sets(tmp_path):
    """A set before, one of the tuned operator, and its folder."""
    tuned = tuned_head(tmp_path / "said", Said(**ON_CPU), 3).folder

    def run(operator, *targets):
        p = pipe.input("text").map("text", "vector", operator.spec, name="embed").output("vector")
        for target in targets:
            p.run(TEXTS, f"{tmp_path}/{target}", progress=False)

    run(Said(normalize=True, **ON_CPU), "s.parquet", "s.npy", "s/")
    run(Said(tuned=tuned, normalize=True, **ON_CPU), "want.parquet")
    return tmp_path, tuned


@pytest.mark.parametrize(
    ("source", "target"), [("s.parquet", "o.parquet"), ("s.npy", "o.npy"), ("s", "o/"), ("s.npy", "o.parquet")]
)
def test_a_stored_set_is_brought_over_without_its_items_and_can_be_searched(sets, source, target):
    folder, tuned = sets
    told = bridged(folder / source, tuned, f"{folder}/{target}")
    made, want = open_set(f"{folder}/{target}"), open_set(folder / "want.parquet")
    assert (told.num_rows, told.is_searchable) == (40, True)
    assert space_of(f"{folder}/{target}") == want.space == made.space
    assert list(made.keys) == list(want.keys)
    np.testing.assert_allclose(made.vectors, want.vectors, atol=1e-5)
    assert made.search("row 7", count=1)[0].key == want.search("row 7", count=1)[0].key


def test_nothing_is_replaced_and_other_sets_are_refused(sets):
    folder, tuned = sets
    with pytest.raises(TargetError, match="is there already"):
        bridged(folder / "s.parquet", tuned, folder / "want.parquet")
    with pytest.raises(SpaceError, match="dim: 3 ≠ 5"):
        bridged(folder / "want.parquet", tuned, folder / "o.parquet")
    assert not (folder / "o.parquet").exists()
    with pytest.raises(TargetError, match=r"writes a .parquet or .npy file"):
        bridged(folder / "s.parquet", tuned, folder / "o.jsonl")


def test_missing_vectors_stay_missing(sets):
    folder, tuned = sets
    table = pq.read_table(folder / "s.parquet")
    column = table.column("vector").to_pylist()
    column[3] = None
    at = table.schema.get_field_index("vector")
    field = table.schema.field(at)
    pq.write_table(table.set_column(at, field, pa.array(column, field.type)), folder / "gap.parquet")
    bridged(folder / "gap.parquet", tuned, folder / "o.parquet")
    made = pq.read_table(folder / "o.parquet").column("vector").to_pylist()
    assert [row for row, vector in enumerate(made) if vector is None] == [3]
    np.testing.assert_allclose(made[4], open_set(folder / "want.parquet").vectors[4], atol=1e-5)
