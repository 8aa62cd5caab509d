"""Rows keep what they came with: a key of their own, and columns of the table that travel to the target."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from junco import open_set, pipe
from junco.errors import InputError, JobError

ROWS = [
    {"ticket": "T1", "text": "one", "lang": "en", "price": 1.5},
    {"ticket": "T2", "text": "two", "lang": "zh", "price": 2.5},
    {"ticket": "T3", "text": "three", "lang": "en", "price": 3.5},
]
TYPED = pa.table(
    {
        "text": ["one", "two", "three"],
        "whole": pa.array([1, None, 3], pa.int32()),
        "price": pa.array([1.5, 2.5, None], pa.float64()),
        "is_open": [True, False, None],
        "day": pa.array([dt.date(2024, 5, 1), None, dt.date(2024, 5, 3)]),
        "at": pa.array([dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC), None, None], pa.timestamp("us", "UTC")),
        "cost": pa.array([Decimal("1.20"), None, Decimal("33.3")], pa.decimal128(6, 2)),
        "lang": pa.array(["en", "zh", "en"]).dictionary_encode(),
        "tags": [["a", "b"], [], None],
        "never": pa.nulls(3),
    }
)


def write_csv(path, rows):
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def read(target):
    """All rows but for their vectors."""
    return pq.read_table(target).drop_columns(["vector"]).to_pylist()


def column(target, name):
    return pq.read_table(target).column(name).to_pylist()


def rejects(target):
    return {row["input"]: row["reason"] for row in pq.read_table(f"{target}.rejects.parquet").to_pylist()}


def run(embed, source, target, **how):
    return embed.run(source, target, progress=False, **how)


def test_a_row_is_named_by_its_key_and_brings_its_columns_with_it(embed, tmp_path):
    report = run(
        embed, write_csv(tmp_path / "t.csv", ROWS), tmp_path / "v.parquet", key="ticket", keep=["lang", "price"]
    )
    assert pq.read_table(tmp_path / "v.parquet").column_names == ["input", "vector", "lang", "price"]
    assert read(tmp_path / "v.parquet")[1] == {"input": "T2", "lang": "zh", "price": "2.5"}
    assert column(tmp_path / "v.parquet", "vector") == [[3.0, 111.0], [3.0, 116.0], [5.0, 116.0]]
    (told,) = report.read
    assert (
        told
        == "t.csv: separated by commas, column 'text' of ticket, text, lang, price; key 'ticket'; kept: lang, price"
    )


def test_a_column_that_names_or_travels_is_never_taken_for_the_input(embed, tmp_path):
    rows = [{"ticket": "T1", "lang": "en", "message": "one"}, {"ticket": "T2", "lang": "zh", "message": "two"}]
    report = run(embed, write_csv(tmp_path / "t.csv", rows), tmp_path / "v.parquet", key="ticket", keep=["lang"])
    assert "column 'message' of ticket, lang, message" in report.read[0]
    chinese = [{"工单号": "T1", "问题": "one"}, {"工单号": "T2", "问题": "two"}]
    report = run(embed, write_csv(tmp_path / "z.csv", chinese), tmp_path / "w.parquet")
    assert "column '问题' of 工单号, 问题" in report.read[0]


def test_rows_are_asked_for_by_the_name_of_their_key_too(embed, tmp_path):
    run(embed, write_csv(tmp_path / "t.csv", ROWS), tmp_path / "v.parquet", key="ticket", keep=["lang"])
    hits = open_set(tmp_path / "v.parquet").search(np.ones(2, np.float32), where="ticket = T2")
    assert [hit.key for hit in hits] == ["T2"]


def test_a_star_keeps_all_other_columns_in_their_order(embed, tmp_path):
    run(embed, write_csv(tmp_path / "t.csv", ROWS), tmp_path / "v.parquet", key="ticket", keep="*")
    names = ["input", "vector", "text", "lang", "price"]  # the text too: a key does not tell it
    assert pq.read_table(tmp_path / "v.parquet").column_names == names
    run(embed, tmp_path / "t.csv", tmp_path / "w.parquet", keep="*")
    assert read(tmp_path / "w.parquet")[0] == {"input": "one", "ticket": "T1", "lang": "en", "price": "1.5"}


def of_pandas(table):
    return pytest.importorskip("pandas").DataFrame(table.drop_columns(["whole", "cost", "never"]).to_pydict())


def write_arrow(table, path):
    feather.write_feather(table, str(path))
    return path


def write_parquet(table, path):
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize("form", ["parquet", "arrow", "memory", "pandas", "mapping", "rows"])
def test_values_keep_their_types(embed, tmp_path, form):
    source = {
        "parquet": lambda: write_parquet(TYPED, tmp_path / "t.parquet"),
        "arrow": lambda: write_arrow(TYPED, tmp_path / "t.arrow"),
        "memory": lambda: TYPED,
        "pandas": lambda: of_pandas(TYPED),
        "mapping": TYPED.to_pydict,
        "rows": TYPED.to_pylist,
    }[form]()
    run(embed, source, tmp_path / "v.parquet", keep="*")
    found = pq.read_table(tmp_path / "v.parquet").drop_columns(["vector"])
    wanted = TYPED.rename_columns({"text": "input"})
    wanted = wanted.select(found.column_names)
    assert len(wanted.column_names) == (7 if form == "pandas" else 10)
    assert found.to_pylist() == wanted.to_pylist()


def test_whole_numbers_without_a_sign_keep_all_64_bits_and_their_type_however_small_the_first_are(embed, tmp_path):
    ids, texts = [1, 2**64 - 1, None], ["one", "two", "three"]
    table = pa.table({"text": texts, "id": pa.array(ids, pa.uint64())})
    target = tmp_path / "v.parquet"
    assert run(embed, table, target, keep=["id"]).num_rejects == 0
    assert column(target, "id") == ids
    assert pq.read_table(target).schema.field("id").type == pa.uint64()
    assert run(embed, table, target, keep=["id"]).num_skipped == 3
    assert run(embed, table, tmp_path / "k.parquet", key="id", keep=["id"]).num_rejects == 1  # the one without a key
    assert column(tmp_path / "k.parquet", "input") == ["1", str(2**64 - 1)]


def test_values_of_json_keep_their_types(embed, tmp_path):
    rows = [{"text": "a", "n": 1, "x": None, "on": True}, {"text": "b", "n": 2.5, "x": "y"}, {"text": "c", "on": False}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run(embed, tmp_path / "t.jsonl", tmp_path / "v.parquet", keep=["n", "x", "on"])
    assert [list(row.values())[1:] for row in read(tmp_path / "v.parquet")] == [
        [1.0, None, True],
        [2.5, "y", None],
        [None, None, False],
    ]


def test_times_of_arrays_stay_times(embed, tmp_path):
    days = np.array(["2024-05-01T12:00:00.123456789", "2024-05-02", "NaT"], "datetime64[ns]")
    whole = days.astype("datetime64[D]")
    run(embed, {"text": ["a", "b", "c"], "at": days, "day": whole, "n": np.arange(3)}, tmp_path / "v.parquet", keep="*")
    table = pq.read_table(tmp_path / "v.parquet")
    assert table.column("at").type == pa.timestamp("ns")
    assert table.column("at").equals(pa.chunked_array([pa.array(days)]))
    assert table.column("day").to_pylist() == whole.tolist()
    assert table.column("n").to_pylist() == [0, 1, 2]


def test_times_of_pandas_keep_their_nanoseconds(embed, tmp_path):
    pandas = pytest.importorskip("pandas")
    nanos = pa.table({"text": ["a", "b"], "at": pa.array([1, None], pa.timestamp("ns", "UTC"))})
    for number, source in enumerate([nanos, pandas.DataFrame(nanos.to_pydict())]):
        run(embed, source, tmp_path / f"{number}.parquet", keep="*")
        assert pq.read_table(tmp_path / f"{number}.parquet").column("at").equals(nanos.column("at"))


def test_each_row_that_an_input_gives_has_what_is_kept(tmp_path):
    with pipe.input("text").flat_map("text", "word", str.split).output("word") as p:
        run(p, {"text": ["a b", "", "c"], "n": [1, 2, 3]}, tmp_path / "v.parquet", key="n", keep=["n"])
    assert pq.read_table(tmp_path / "v.parquet").to_pylist() == [
        {"input": "1", "word": "a", "n": 1},
        {"input": "1", "word": "b", "n": 1},
        {"input": "3", "word": "c", "n": 3},
    ]


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
def test_a_row_of_which_only_what_is_kept_changed_is_updated(embed, tmp_path, name):
    target, told = f"{tmp_path}/{name}", tmp_path / ("v.npy.inputs.parquet" if name == "v.npy" else name)
    how = {"key": "ticket", "keep": ["lang"]}
    run(embed, write_csv(tmp_path / "t.csv", ROWS), target, **how)
    assert run(embed, tmp_path / "t.csv", target, **how).is_unchanged
    report = run(embed, write_csv(tmp_path / "t.csv", [ROWS[0], {**ROWS[1], "lang": "fr"}, ROWS[2]]), target, **how)
    assert (report.num_new, report.num_changed, report.num_skipped, report.num_deleted) == (1, 1, 2, 0)
    assert column(told, "lang") == ["en", "fr", "en"]
    report = run(embed, write_csv(tmp_path / "t.csv", ROWS[::2]), target, **how)
    assert (report.num_new, report.deleted) == (0, ("T2",))
    assert (column(told, "input"), column(told, "lang")) == (["T1", "T3"], ["en", "en"])


def test_a_changed_text_under_the_same_key_is_updated(embed, tmp_path):
    run(embed, {"text": ["a", "bb"], "id": [1, 2]}, tmp_path / "v.parquet", key="id")
    report = run(embed, {"text": ["a", "ccc"], "id": [1, 2]}, tmp_path / "v.parquet", key="id")
    assert (report.num_new, report.num_changed, report.num_deleted) == (1, 1, 0)
    assert column(tmp_path / "v.parquet", "vector") == [[1.0, 97.0], [3.0, 99.0]]


def test_rows_with_one_text_are_told_apart_by_what_they_keep(embed, tmp_path):
    run(embed, {"text": ["a", "a"], "n": [1, 2]}, tmp_path / "v.parquet", keep=["n"])
    assert column(tmp_path / "v.parquet", "n") == [1, 2]
    report = run(embed, {"text": ["a", "a"], "n": [1, 3]}, tmp_path / "v.parquet", keep=["n"])
    assert (report.num_new, report.num_skipped) == (1, 1)
    assert column(tmp_path / "v.parquet", "n") == [1, 3]


def test_a_row_without_a_key_or_with_that_of_an_earlier_one_is_put_aside(embed, tmp_path):
    (tmp_path / "t.csv").write_text("id,text\n1,one\n,two\n1,three\n2,\n3,bad\n4,five\n")
    target = tmp_path / "v.parquet"
    for num_new in (6, 0):
        report = run(embed, tmp_path / "t.csv", target, key="id")
        assert (report.num_new, report.num_rejects) == (num_new, 4)
    assert column(target, "input") == ["1", "4"]
    assert rejects(target) == {
        "t.csv, line 3": "InputError: no key: nothing in the column 'id'",
        "t.csv, line 4": "InputError: an earlier row has the key '1' too (column 'id')",
        "2": "InputError: nothing in the column 'text'",
        "3": "ValueError: cannot measure bad",
    }
    (tmp_path / "t.csv").write_text("id,text\n,two\n1,three\n2,two\n")
    report = run(embed, tmp_path / "t.csv", target, key="id", missing="prune")
    assert (column(target, "input"), report.num_rejects) == (["1", "2"], 1)
    assert column(target, "vector")[0] == [5.0, 116.0]


def test_a_key_is_found_twice_however_far_apart_its_rows_are(embed, tmp_path, monkeypatch):
    monkeypatch.setattr("junco.job.keeping._RECENT", 8)
    ids = [*range(100), 3, 99]
    report = run(embed, {"text": ["a"] * len(ids), "id": ids}, tmp_path / "v.parquet", key="id")
    assert (report.num_rows, report.num_rejects) == (100, 2)


def test_keys_are_texts_of_what_stands_there(embed, tmp_path):
    keys = [7.0, None, "x"]
    run(embed, {"text": ["a", "b", "c"], "id": keys}, tmp_path / "v.parquet", key="id")
    assert column(tmp_path / "v.parquet", "input") == ["7", "x"]
    report = run(embed, {"text": ["a"], "id": [[1]]}, tmp_path / "w.parquet", key="id")
    assert rejects(report.target) == {"row 1": "InputError: no key: [1] in the column 'id'"}


@pytest.mark.parametrize("name", ["v.parquet", "v.npy"])
def test_what_failed_keeps_its_columns_where_it_has_a_place(embed, tmp_path, name):
    source = {"text": ["bad", "a", "bad too"], "id": [1, 2, 3], "lang": [None, None, "zh"]}
    run(embed, source, tmp_path / name, on_error="none", key="id", keep=["lang"])
    told = tmp_path / ("v.npy.inputs.parquet" if name == "v.npy" else name)
    assert (column(told, "input"), column(told, "lang")) == (["1", "2", "3"], [None, None, "zh"])
    assert len(open_set(tmp_path / name).keys) == 3


@pytest.mark.parametrize("on_error", ["skip", "none"])
def test_a_value_that_its_column_cannot_hold_puts_its_row_aside(embed, tmp_path, on_error):
    source = {"text": ["a", "b", "c"], "n": [1, "many", 3]}
    run(embed, source, tmp_path / "v.parquet", keep=["n"], on_error=on_error)
    assert rejects(tmp_path / "v.parquet") == {"b": "the column 'n' holds whole numbers, and was given 'many' (texts)"}
    kept = [1, 3] if on_error == "skip" else [1, None, 3]
    assert column(tmp_path / "v.parquet", "n") == kept


def test_a_cell_that_is_no_text_puts_its_row_aside(embed, tmp_path):
    (tmp_path / "t.csv").write_bytes(b"id,text,lang\n1,one,en\n2,two,\xff\n")
    run(embed, tmp_path / "t.csv", tmp_path / "v.parquet", key="id", keep=["lang"])
    assert rejects(tmp_path / "v.parquet") == {"2": "InputError: not UTF-8 (byte 0xff) in the column 'lang'"}


def test_other_columns_or_another_key_are_refused_and_nothing_is_mixed(embed, tmp_path):
    source, target = write_csv(tmp_path / "t.csv", ROWS), tmp_path / "v.parquet"
    run(embed, source, target, key="ticket", keep=["lang", "price"])
    before = target.read_bytes()
    for how, words in [
        ({"key": "ticket", "keep": ["lang"]}, "would keep lang of their table and have its 'ticket' as their key"),
        ({"keep": ["lang", "price"]}, "would keep lang, price of their table and no key"),
        ({}, "would keep no columns of their table and no key"),
        ({"key": "lang", "keep": ["price"]}, "would keep price of their table and have its 'lang' as their key"),
    ]:
        with pytest.raises(JobError) as failure:
            run(embed, source, target, **how)
        kept = "rows that keep lang, price of their table and have its 'ticket' as their key"
        assert f"{kept}, and those of this job {words}" in str(failure.value)
        assert "resume=False (--no-resume)" in str(failure.value)
    assert target.read_bytes() == before
    run(embed, source, target, resume=False)
    assert column(target, "input") == ["one", "two", "three"]
    with pytest.raises(JobError, match="rows that keep no columns of their table and no key, and those of this job"):
        run(embed, source, target, keep="*")


def test_a_new_column_of_the_table_is_refused_where_all_are_kept(embed, tmp_path):
    target = tmp_path / "v.parquet"
    run(embed, write_csv(tmp_path / "t.csv", ROWS), target, keep="*")
    write_csv(tmp_path / "t.csv", [{**row, "queue": 1} for row in ROWS])
    with pytest.raises(JobError, match="would keep ticket, lang, price, queue of their table"):
        run(embed, tmp_path / "t.csv", target, keep="*")


def test_the_order_of_columns_is_no_difference(embed, tmp_path):
    target = tmp_path / "v.parquet"
    run(embed, write_csv(tmp_path / "t.csv", ROWS[:2]), target, keep=["lang", "price"])
    write_csv(tmp_path / "t.csv", [dict(sorted(row.items())) for row in ROWS])
    assert run(embed, tmp_path / "t.csv", target, keep=["price", "lang"]).num_new == 1
    assert read(target)[2] == {"input": "three", "lang": "en", "price": "3.5"}


def test_stopped_and_started_again_the_target_is_the_same_byte_for_byte(embed, tmp_path):
    rows = {"text": [f"text {n}" for n in range(60)], "id": range(60), "note": [None] * 30 + ["x"] * 30}
    how = {"key": "id", "keep": ["note"], "shard_rows": 10}
    run(embed, rows, tmp_path / "whole" / "v.parquet", **how)

    def broken_off(after):
        yield from pa.table({name: list(values) for name, values in rows.items()}).to_pylist()[:after]
        raise OSError("gone")

    for after in (25, 45):
        with pytest.raises(JobError, match="gone"):
            run(embed, broken_off(after), tmp_path / "stopped" / "v.parquet", **how)
    assert run(embed, rows, tmp_path / "stopped" / "v.parquet", **how).num_skipped == 45
    assert (tmp_path / "stopped" / "v.parquet").read_bytes() == (tmp_path / "whole" / "v.parquet").read_bytes()


def test_names_that_cannot_be_kept_are_refused_with_the_cure(embed, tmp_path):
    table = {"text": ["a"], "vector": ["x"], "input": ["y"], "language": ["en"]}
    for how, words in [
        ({"keep": ["vector"]}, "'vector' of the pipeline's output: give it another name in the table, or leave it out"),
        ({"keep": "*", "column": "text"}, "or name those to keep, one by one"),
        ({"keep": ["input"]}, "the target's column 'input' that names the inputs"),
        ({"keep": ["langage"]}, r"no column 'langage'; its columns: .*language\. Did you mean 'language'\?"),
        ({"key": "idd"}, "has no column 'idd'"),
    ]:
        with pytest.raises(JobError, match=words):
            run(embed, table, tmp_path / "v.parquet", **how)
    with pytest.raises(InputError, match=r"keep=\['language'\]"):
        run(embed, table, tmp_path / "v.parquet", keep="language")
    assert not (tmp_path / "v.parquet").exists()


def test_sources_without_columns_are_refused_in_words(embed, tmp_path):
    (tmp_path / "t.txt").write_text("a\nb\n")
    for source in (tmp_path, tmp_path / "t.txt", ["a", "b"], pa.array(["a"])):
        with pytest.raises(
            JobError, match=r"so there are no columns to keep: leave keep= \(--keep\) away, or give a t"
        ):
            run(embed, source, tmp_path / "v.parquet", keep="*")
        with pytest.raises(JobError, match=r"so there is no column 'id': leave key= \(--key\) away, or give a table"):
            run(embed, source, tmp_path / "v.parquet", key="id")


def test_a_value_among_rows_is_put_aside(embed, tmp_path):
    run(embed, [{"text": "a", "n": 1}, "b"], tmp_path / "v.parquet", keep=["n"])
    assert rejects(tmp_path / "v.parquet") == {"row 2": "InputError: 'b' among rows with names, and has no columns"}


def test_columns_that_come_late_in_json_are_told_of(embed, tmp_path):
    rows = [*({"text": f"t{n}", "n": n} for n in range(70)), {"text": "late", "n": 1, "new": 2}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = run(embed, tmp_path / "t.jsonl", tmp_path / "v.parquet", keep="*")
    assert pq.read_table(tmp_path / "v.parquet").column_names == ["input", "vector", "n"]
    assert (
        report.read[-1] == "t.jsonl: columns that none of its first 64 rows has are not kept, unless keep= names them"
    )


def test_a_table_without_rows_gives_the_columns_and_leaves_a_target_as_it_is(embed, tmp_path):
    target = tmp_path / "v.parquet"
    (tmp_path / "t.csv").write_text("text,lang\n")
    run(embed, tmp_path / "t.csv", target, keep=["lang"])
    assert pq.read_table(target).column_names == ["input", "vector", "lang"]
    (tmp_path / "t.csv").write_text("text,lang\na,en\n")
    run(embed, tmp_path / "t.csv", target, keep=["lang"])
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(JobError, match="the source has no inputs now"):
        run(embed, tmp_path / "t.csv", target, keep=["lang"])
    assert column(target, "lang") == ["en"]


def test_a_callable_gets_what_is_kept(embed):
    shards = []
    run(embed, ROWS, shards.append, key="ticket", keep=["lang"])
    (shard,) = shards
    assert (shard.inputs, shard.columns["lang"]) == (["T1", "T2", "T3"], ["en", "zh", "en"])


def test_pictures_in_a_table_of_paths_keep_their_labels_and_change_with_their_files(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"1")
    source = {"path": [str(tmp_path / "a.jpg")], "label": ["cat"], "id": [5]}
    with pipe.input("path").map("path", "size", lambda path: Path(path).stat().st_size).output("size") as p:
        run(p, source, tmp_path / "v.parquet", key="id", keep=["label"])
        assert run(p, source, tmp_path / "v.parquet", key="id", keep=["label"]).num_new == 0
        (tmp_path / "a.jpg").write_bytes(b"22")
        assert run(p, source, tmp_path / "v.parquet", key="id", keep=["label"]).num_changed == 1
    assert pq.read_table(tmp_path / "v.parquet").to_pylist() == [{"input": "5", "size": 2, "label": "cat"}]


def test_a_set_whose_rows_have_keys_cannot_be_embedded_anew_and_says_so(embed, tmp_path):
    run(embed, ROWS, tmp_path / "v.parquet", key="ticket")
    found = open_set(tmp_path / "v.parquet").verify()
    assert (found.is_right, found.foreign) == (False, ())
    assert found.problem == "the rows are named by the column 'ticket' of a table, so the set does not hold its inputs"
