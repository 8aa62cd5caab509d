"""Rows in files: what was written is there again, what was being written is not, and nothing strange is trusted."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from junco.errors import DataError, TargetError
from junco.tuning.row_store import RowStore


def key(number):
    return bytes([number]) * 32


def filled(folder, count=4, identity="x"):
    store = RowStore(folder, identity)
    for number in range(count):
        store.add(key(number), [(np.full((2, 3), number, np.uint8), np.float32(number))])
    store.flush()
    return store


def test_rows_of_one_shape_are_mapped_as_one_array(tmp_path):
    rows = filled(tmp_path / "s").rows()
    assert [array.shape for array in rows.arrays] == [(4, 2, 3), (4,)]
    assert rows.take([3])[0][0].tolist() == [[3] * 3] * 2
    again = RowStore(tmp_path / "s", "x")
    assert again.digests == [key(n) for n in range(4)]
    np.testing.assert_array_equal(again.rows().arrays[1], [0, 1, 2, 3])


def test_rows_of_many_shapes_keep_theirs(tmp_path):
    store = RowStore(tmp_path / "s", "x")
    for number in range(5):
        store.add(key(number), [(np.arange(number, dtype=np.int64), np.ones((number, 2), np.float32))])
    rows = RowStore(tmp_path / "s", "x").rows() if store.flush() else store.rows()
    assert [row[0].tolist() for row in rows.take([4, 0, 2])] == [[0, 1, 2, 3], [], [0, 1]]
    assert rows.take([3])[0][1].shape == (3, 2)


def test_an_item_may_have_several_rows(tmp_path):
    store = RowStore(tmp_path / "s", "x")
    store.add(key(1), [(np.array([1]),), (np.array([2]),)])
    assert store.digests == []
    assert len(store.rows()) == 2
    assert store.digests == [key(1), key(1)]


def test_what_was_being_written_when_all_ended_is_cut_off(tmp_path):
    filled(tmp_path / "s")
    for name, rest in (("column-0.bin", b"half a row"), ("index.bin", b"some")):
        with (tmp_path / "s" / name).open("ab") as file:
            file.write(rest)
    store = RowStore(tmp_path / "s", "x")
    store.add(key(9), [(np.full((2, 3), 9, np.uint8), np.float32(9))])
    np.testing.assert_array_equal(store.rows().arrays[0][:, 0, 0], [0, 1, 2, 3, 9])


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "column-0.bin").write_bytes(b"short"),
        lambda folder: (folder / "column-1.bin").unlink(),
        lambda folder: (folder / "rows.json").write_text("{"),
        lambda folder: (folder / "rows.json").write_text("[]"),
        lambda folder: (folder / "rows.json").write_text(
            json.dumps({"junco": 1, "identity": "x", "generation": "g", "axes": [2, 0], "dtypes": ["|O", "<f4"]})
        ),
        lambda folder: (folder / "rows.json").write_text(
            json.dumps({"junco": 1, "identity": "x", "generation": "g", "axes": [10**9, 0], "dtypes": ["|u1", "<f4"]})
        ),
        lambda folder: (folder / "index.bin").write_bytes(b"\xff" * 4000),
    ],
)
def test_what_is_damaged_is_made_anew(tmp_path, damage):
    filled(tmp_path / "s")
    damage(tmp_path / "s")
    store = RowStore(tmp_path / "s", "x")
    assert store.digests == []
    store.add(key(1), [(np.zeros(3),)])
    assert len(store.rows()) == 1


def test_rows_of_other_work_or_of_unknown_work_are_not_trusted(tmp_path):
    filled(tmp_path / "s")
    assert RowStore(tmp_path / "s", "y").digests == []
    filled(tmp_path / "t", identity="")
    assert RowStore(tmp_path / "t", "").digests == []


def test_rows_that_differ_in_more_than_shape_are_refused(tmp_path):
    store = filled(tmp_path / "s")
    with pytest.raises(DataError, match="rows of one kind have the same arrays"):
        store.add(key(5), [(np.zeros((2, 3), np.float64), np.float32(1))])
    with pytest.raises(DataError, match="arrays of numbers"):
        RowStore(tmp_path / "t", "x").add(key(5), [(np.array(["a", None], object),)])


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError, match="cannot be written"):
        RowStore(tmp_path / "file" / "s", "x")


def test_two_that_add_to_one_folder_take_up_each_others_rows(tmp_path):
    one, other = RowStore(tmp_path / "s", "x"), RowStore(tmp_path / "s", "x")
    filled(tmp_path / "s", 2)
    for store, numbers in ((one, (0, 1, 2)), (other, (1, 2, 3))):
        for number in numbers:
            store.add(key(number), [(np.full((2, 3), number, np.uint8), np.float32(number))])
        store.flush()
    assert other.digests == [key(n) for n in range(4)]
    np.testing.assert_array_equal(other.rows().arrays[1], [0, 1, 2, 3])
    assert one.digests == [key(n) for n in range(3)]
    assert len(one.rows()) == 3


def test_a_store_that_was_removed_meanwhile_says_so(tmp_path):
    store = filled(tmp_path / "s")
    before = store.rows()
    RowStore(tmp_path / "s", "y")
    np.testing.assert_array_equal(before.arrays[1], [0, 1, 2, 3])
    store.add(key(7), [(np.zeros((2, 3), np.uint8), np.float32(7))])
    with pytest.raises(TargetError, match="changed by another run meanwhile"):
        store.flush()


def test_many_processes_may_write_at_once(tmp_path):
    script = (
        "import sys, numpy as np; from pathlib import Path; from junco.tuning.row_store import RowStore\n"
        "store = RowStore(Path(sys.argv[1]), 'x')\n"
        "for n in range(60):\n"
        "    store.add(bytes([n]) * 32, [(np.full(50, n, np.int64),)])\n"
        "    store.flush()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "s")]) for _ in range(3)]
    assert [each.wait(120) for each in running] == [0, 0, 0]
    store = RowStore(tmp_path / "s", "x")
    assert sorted(store.digests) == [key(n) for n in range(60)]
    assert [int(row[0]) for row in store.rows().arrays[0]] == [digest[0] for digest in store.digests]
