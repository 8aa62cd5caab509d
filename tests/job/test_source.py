"""What counts as an input, in which order, and when it counts as changed."""

from __future__ import annotations

import errno
import functools
import gzip
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco.errors import InputError, JobError
from junco.job.source import Item, Wanted, count_of, items_of
from scripts import run_script

PATHS, TEXTS = Wanted(("path",)), Wanted(("text",))


def keys(source, wanted=PATHS):
    return [item.key for item in items_of(source, wanted)]


def values(source, wanted=PATHS):
    return [item.value if item.read is None else item.read() for item in items_of(source, wanted)]


def marks(source, wanted=PATHS):
    return [item.mark for item in items_of(source, wanted)]


@pytest.fixture
def photos(tmp_path):
    """A folder with folders in it, and hidden things."""
    for name in ("b.jpg", "a/2.jpg", "a/10.jpg", "c/d/e.png", ".hidden/x.jpg", ".DS_Store"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "photos"


def test_a_folder_gives_its_files_and_those_beneath_by_name_without_hidden_ones(photos):
    assert keys(photos) == [str(photos / name) for name in ("a/10.jpg", "a/2.jpg", "b.jpg", "c/d/e.png")]
    assert count_of(photos, PATHS) == 4


def test_what_the_job_itself_writes_is_no_input(photos):
    wanted = Wanted(("path",), skip=frozenset({str(photos / "b.jpg"), str(photos / "a")}))
    for source in (photos, f"{photos}/**/*", f"file://{photos}"):
        assert [key.rpartition("/")[2] for key in keys(source, wanted)] == ["e.png"]
        assert count_of(source, wanted) == 1


def test_a_pattern_gives_what_matches_in_order(photos):
    assert keys(f"{photos}/a/*.jpg") == [str(photos / "a" / name) for name in ("10.jpg", "2.jpg")]
    assert keys(f"{photos}/**/*.png") == [str(photos / "c/d/e.png")]
    with pytest.raises(JobError, match="no file matches"):
        items_of(f"{photos}/*.gif", PATHS)


def test_one_file_is_one_input(photos):
    assert keys(photos / "b.jpg") == [str(photos / "b.jpg")]


def test_for_a_pipeline_of_texts_a_folder_of_files_gives_their_contents(photos):
    (photos / "b.jpg").write_bytes("\ufeffwith a mark".encode())
    for source in (photos, f"file://{photos}"):
        assert values(source, TEXTS) == ["a/10.jpg", "a/2.jpg", "with a mark", "c/d/e.png"]


def test_a_list_gives_its_lines_without_empty_ones(tmp_path):
    (tmp_path / "list.txt").write_bytes("\ufeffone\r\n\n two, three \nlast".encode())
    assert values(tmp_path / "list.txt", TEXTS) == ["one", " two, three ", "last"]
    assert count_of(tmp_path / "list.txt", TEXTS) == 3


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_a_table_gives_the_column_that_is_asked_for_or_else_the_one_of_the_usual_name(tmp_path, kind):
    path = tmp_path / f"table.{kind}"
    write_table(path, {"id": ["1", "2"], "text": ["a b", "ç\n,"], "note": ["x", "y"]})
    assert values(path, TEXTS) == ["a b", "ç\n,"]
    assert values(path, Wanted(("path",))) == ["a b", "ç\n,"]
    assert values(path, Wanted(("path",), column="note")) == ["x", "y"]
    assert values(path, Wanted(("text", "note"))) == [("a b", "x"), ("ç\n,", "y")]
    assert values(f"file://{path}", Wanted(("text", "note"))) == [("a b", "x"), ("ç\n,", "y")]
    assert count_of(path, TEXTS) == 2
    with pytest.raises(JobError, match=r"no column 'words'; its columns: id, text, note"):
        values(path, Wanted(("text",), column="words"))
    with pytest.raises(JobError, match="the pipeline takes text, image"):
        values(path, Wanted(("text", "image")))


@pytest.mark.parametrize("name", ["l.txt", "l.txt.gz", "l.json", "l.jsonl", "photos", "photos/*.jpg", "photos/b.jpg"])
def test_a_column_of_what_has_none_is_refused_with_the_cure(photos, name):
    (photos.parent / "l.txt").write_text("one\n")
    (photos.parent / "l.txt.gz").write_bytes(gzip.compress(b"one\n"))
    (photos.parent / "l.json").write_text('["one", "two"]')
    (photos.parent / "l.jsonl").write_text('"one"\n"two"\n')
    with pytest.raises(JobError, match=r"no column 'x': leave column= \(--column\) away, or give a table"):
        keys(photos.parent / name, Wanted(("text",), "x"))


@pytest.mark.parametrize("values", [["one"], iter(["one"]), [("a", "b")], np.zeros((2, 3)), [b"1"], [3]])
def test_a_column_of_values_without_names_is_refused_with_the_cure(values):
    with pytest.raises(JobError, match=r"^the source gives values \(.* …\) and no rows with names, so there is no"):
        keys(values, Wanted(("text",), "x"))


def test_a_column_of_nothing_is_nothing(tmp_path):
    (tmp_path / "l.jsonl").write_text("")
    for source in ([], tmp_path / "l.jsonl"):
        assert keys(source, Wanted(("text",), "x")) == []


def test_a_table_without_a_usual_name_gives_its_only_column_of_texts(tmp_path):
    write_table(tmp_path / "t.csv", {"id": ["x1"], "price": ["3.50"], "when": ["2024-01-02 10:00"], "body": ["b 3"]})
    assert values(tmp_path / "t.csv", TEXTS) == ["b 3"]


def write_table(path, columns):
    import csv
    import json

    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(columns), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)


def test_json_lines_may_be_plain_texts(tmp_path):
    (tmp_path / "l.jsonl").write_text('"one"\n\n"two"\n')
    assert values(tmp_path / "l.jsonl", TEXTS) == ["one", "two"]


def outcomes(source, wanted=TEXTS):
    """The values of a source; of what cannot be read the key and the reason."""
    found = []
    for item in items_of(source, wanted):
        try:
            found.append(item.value if item.read is None else item.read())
        except InputError as error:
            found.append(f"{item.key}: {error}")
    return found


def test_a_bad_line_or_row_is_an_input_that_cannot_be_read_and_the_others_go_on(tmp_path):
    (tmp_path / "l.jsonl").write_bytes(b'{"text": "one"}\n{"text": \n{"id": 1}\n{"text": "caf\xe9"}\n{"text": "two"}\n')
    one, cut, missing, latin, two = outcomes(tmp_path / "l.jsonl")
    assert (one, two) == ("one", "two")
    assert cut == "l.jsonl, line 2: no JSON: Expecting value at column 10"
    assert missing == "l.jsonl, line 3: no 'text'"
    assert latin == "l.jsonl, line 4: not UTF-8 (byte 0xe9)"
    (tmp_path / "l.jsonl").write_text('{}\n{"text": "one"}\n')
    assert outcomes(tmp_path / "l.jsonl") == ["l.jsonl, line 1: nothing in it", "one"]
    (tmp_path / "l.txt").write_bytes(b"one\ncaf\xe9\n")
    assert outcomes(tmp_path / "l.txt") == ["one", "l.txt, line 2: not UTF-8 (byte 0xe9)"]
    pq.write_table(pa.table({"text": ["one", None]}), tmp_path / "t.parquet")
    assert outcomes(tmp_path / "t.parquet") == ["one", "t.parquet, row 2: no 'text'"]
    (tmp_path / "t.csv").write_text("id,text\n1,one\n2\n")
    assert outcomes(tmp_path / "t.csv") == ["one", "t.csv, line 3: 1 cell, and the header has 2"]


def test_a_list_of_file_names_may_hold_any_bytes(tmp_path):
    (tmp_path / "l.txt").write_bytes(b"caf\xe9.jpg\r\n")
    assert values(tmp_path / "l.txt") == [os.fsdecode(b"caf\xe9.jpg")]


def test_a_cell_of_a_table_may_hold_a_whole_book(tmp_path):
    write_table(tmp_path / "t.csv", {"text": ["word " * 100_000]})
    assert values(tmp_path / "t.csv", TEXTS) == ["word " * 100_000]


def test_a_list_that_is_no_text_and_a_table_that_is_none_end_clearly(tmp_path):
    (tmp_path / "l.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "t.parquet").write_bytes(b"not parquet")
    for name in ("l.txt", "t.parquet"):
        with pytest.raises(JobError, match=rf"{name} cannot be read"):
            values(tmp_path / name, TEXTS)
    assert count_of(tmp_path / "t.parquet", TEXTS) is None


def test_a_process_lives_on_after_it_was_refused_lists(tmp_path):
    (tmp_path / "twice.csv").write_text("text,text\na,b\n")
    (tmp_path / "odd.csv").write_text("1,2\n3,4\n")
    status, out, err = run_script(f"""
        import gc
        from junco import JuncoError, pipe

        with pipe.input("text").map("text", "size", len).output("size") as p:
            for source in ["twice.csv", "odd.csv"] * 2:
                try:
                    p.run({str(tmp_path)!r} + "/" + source, {str(tmp_path / "v.parquet")!r}, progress=False)
                except JuncoError:
                    print("refused")
                gc.collect()
        """)
    assert (status, out.split(), err) == (0, ["refused"] * 4, "")


def test_a_list_that_may_not_be_read_ends_clearly(tmp_path, monkeypatch):
    (tmp_path / "l.txt").write_text("one")

    def refused(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refused)  # root may read anything
    assert count_of(tmp_path / "l.txt", TEXTS) is None
    with pytest.raises(JobError, match=r"l.txt cannot be read: Permission denied"):
        keys(tmp_path / "l.txt", TEXTS)


def test_files_alone_are_no_inputs_for_a_pipeline_of_several_columns(photos):
    for source in (photos, f"{photos}/*.jpg", photos / "b.jpg", f"file://{photos}"):
        with pytest.raises(JobError, match=r"takes image, text, so its inputs come as a table with these columns"):
            keys(source, Wanted(("image", "text")))


def test_a_file_counts_as_changed_when_its_size_or_time_does(photos):
    before = marks(photos / "b.jpg")
    assert marks(photos / "b.jpg") == before
    os.utime(photos / "b.jpg", ns=(1, 1))
    after = marks(photos / "b.jpg")
    assert after != before
    assert marks([str(photos / "b.jpg")]) == marks([photos / "b.jpg"]) == after


def test_items_of_an_iterable_are_known_by_what_they_are():
    arrays = [np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8), np.zeros((2, 2), np.uint8), np.zeros(4, np.uint8)]
    found = marks(arrays)
    assert found[0] == found[2]
    assert len(set(found)) == 3
    assert keys(arrays) == ["0", "1", "2", "3"]
    assert keys(["a", ("key", b"more")]) == ["a", "key"]
    assert marks([("key", b"more")]) != marks([("key", b"other")])


def test_an_iterable_is_read_only_as_far_as_it_is_used():
    def endless():
        number = 0
        while True:
            yield f"text {number}"
            number += 1

    items = items_of(endless(), TEXTS)
    assert next(items) == Item("text 0", "", "text 0")


def test_names_that_are_no_unicode_are_inputs_like_others(tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        (tmp_path / name).write_text("x")
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    assert values(tmp_path) == [str(tmp_path / name)]


def test_any_address_of_fsspec_is_a_source_and_its_files_are_read_when_their_turn_comes():
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe({"/album/b.txt": b"bee", "/album/a.txt": b"ay", "/lists/l.txt": b"one\ntwo\n"})
    memory.pipe({"/album/.work/journal": b"hidden", "/lists/l.jsonl": b'{"n": 1}'})
    try:
        assert keys("memory://album/") == ["memory:///album/a.txt", "memory:///album/b.txt"]
        assert values("memory://album/*.txt") == [b"ay", b"bee"]
        assert values("memory://album", TEXTS) == ["ay", "bee"]
        assert values("memory://lists/l.txt", TEXTS) == ["one", "two"]
        assert values("memory://lists/l.jsonl", Wanted(("n",))) == [1]
        assert count_of("memory://album", PATHS) is count_of("memory://lists/l.txt", TEXTS) is None
        before = marks("memory://album", PATHS)
        memory.pipe("/album/b.txt", b"bea")
        after = marks("memory://album", PATHS)
        assert (after[0], after[1] != before[1]) == (before[0], True)
        with pytest.raises(JobError, match="nothing is at"):
            keys("memory://elsewhere/")
    finally:
        memory.store.clear()


def test_a_web_server_is_a_source(tmp_path):
    (tmp_path / "a.txt").write_text("ay")
    (tmp_path / "list.csv").write_text("text\na cat\na dog\n")
    handler = functools.partial(SilentHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        try:
            assert values(f"{base}/list.csv", TEXTS) == ["a cat", "a dog"]
            assert values(f"{base}/a.txt", PATHS) == ["ay"]
            assert keys(f"{base}/*.txt") == [f"{base}/a.txt"]
            (missing,) = outcomes(f"{base}/elsewhere.jpg", PATHS)
            assert missing.endswith("/elsewhere.jpg': the server answered 404 File not found")
            with pytest.raises(JobError, match="nothing is at"):
                keys(f"{base}/*.gif")
        finally:
            server.shutdown()


class SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Nobody asked."""
