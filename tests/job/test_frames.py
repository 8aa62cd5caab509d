"""Tables in memory, of whichever library: to a job as to a call."""

from __future__ import annotations

import collections

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import pipe
from junco.errors import InputError, JobError
from junco.job.source import count_of
from junco.job.wanted import Wanted
from reading import inputs, read

COLUMNS = {"id": [1, 2, 3], "text": ["one", "two", "three"]}


class Batches:
    """Of a library that gives Arrow's batches and nothing else."""

    def __init__(self, table):
        self.table, self.columns = table, table.column_names

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class Exchanged:
    """Of a library that knows the protocol of DataFrames alone."""

    def __init__(self, table):
        self.table = table

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        return self.table.__dataframe__(nan_as_null, allow_copy)


class Located:
    """What of pandas a job uses."""

    def __init__(self, names, columns):
        self.columns, self.iloc, self.size = names, self, columns

    def __getitem__(self, at):
        return self.size[at[1]]

    def __len__(self):
        return len(self.size[0])


class Dataset:
    """What of a data set of Hugging Face a job uses."""

    features = COLUMNS

    def __init__(self):
        self.column_names = list(COLUMNS)

    def __getitem__(self, name):
        return COLUMNS[name]

    def __len__(self):
        return 3


def of_pandas():
    return pytest.importorskip("pandas").DataFrame(COLUMNS)


def of_polars():
    return pytest.importorskip("polars").DataFrame(COLUMNS)


TABLES = {
    "a mapping of lists": lambda: COLUMNS,
    "a mapping of arrays": lambda: {name: np.array(column) for name, column in COLUMNS.items()},
    "a table of Arrow": lambda: pa.table(COLUMNS),
    "a batch of Arrow": lambda: pa.table(COLUMNS).to_batches()[0],
    "batches": lambda: Batches(pa.table(COLUMNS)),
    "the protocol": lambda: Exchanged(pa.table(COLUMNS)),
    "an array with fields": lambda: np.array([(1, "one"), (2, "two"), (3, "three")], [("id", "i4"), ("text", "U9")]),
    "columns by place": lambda: Located(["id", "text"], list(COLUMNS.values())),
    "a data set": Dataset,
    "pandas": of_pandas,
    "Polars": of_polars,
    "rows": lambda: [{"id": i, "text": text} for i, text in zip(*COLUMNS.values(), strict=True)],
    "rows that come": lambda: iter([{"id": i, "text": text} for i, text in zip(*COLUMNS.values(), strict=True)]),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_job_takes_a_tables_column_and_says_which(name):
    found, told = read(TABLES[name]())
    assert found == COLUMNS["text"]
    assert len(told) == 1
    assert told[0].endswith("column 'text' of id, text")
    assert inputs(TABLES[name](), column="id") == [1, 2, 3]
    assert inputs(TABLES[name](), "text", "id") == list(zip(COLUMNS["text"], COLUMNS["id"], strict=True))
    with pytest.raises(JobError, match="has no column 'words'; its columns: id, text"):
        inputs(TABLES[name](), column="words")


@pytest.mark.parametrize("name", [name for name in TABLES if not name.startswith("rows")])
def test_a_call_takes_the_columns_that_are_named_as_its_inputs_and_no_other(name, embed):
    assert [vector[0] for vector in embed.batch(TABLES[name]())] == [3, 3, 5]
    assert [vector[0] for vector in embed.stream(TABLES[name]())] == [3, 3, 5]
    assert [(place, row[0]) for place, row in embed.rows(TABLES[name]())] == [(0, 3), (1, 3), (2, 5)]
    with (
        pipe.input("words").map("words", "n", len).output("n") as p,
        pytest.raises(InputError, match=r"has no column 'words'; its columns: id, text: give that column's values"),
    ):
        p.batch(TABLES[name]())
    with pipe.input("text", "id").map(("text", "id"), "both", lambda text, number: text * number).output("both") as p:
        assert list(p.batch(TABLES[name]())) == ["one", "twotwo", "threethreethree"]


@pytest.mark.parametrize("made", [dict, pa.table, lambda rows: Batches(pa.table(rows))])
def test_case_and_blanks_of_a_columns_name_count_as_little_in_a_call_as_in_a_job(made, embed):
    for name in ("Text", "TEXT", " text "):
        table = made({"id": [1, 2], name: ["one", "three"]})
        assert [vector[0] for vector in embed.batch(table)] == [3, 5]
        assert [vector[0] for _, vector in embed.rows(table)] == [3, 5]
        assert inputs(table) == ["one", "three"]
    assert [vector[0] for vector in embed.batch(made({"Text": ["one"], "text": ["exact"]}))] == [5]
    with pytest.raises(InputError, match="has 2 columns named 'TEXT' and 'Text': give each a name of its own"):
        embed.batch(made({"Text": ["one"], "TEXT": ["two"]}))


@pytest.mark.parametrize(
    "items",
    [{"q1": "hello"}, {}, {"text": "hello"}, {"text": ["a"], "id": 1}, collections.Counter("abc"), {"a": COLUMNS}],
)
def test_a_mapping_that_is_no_table_is_refused_with_the_cure(items, embed):
    with pytest.raises(JobError, match=r"a mapping is no list of inputs: give list\(….values\(\)\)"):
        inputs(items)
    with pytest.raises(InputError, match="a mapping is no list of inputs"):
        embed.batch(items)


def test_a_mapping_of_tables_or_of_columns_of_several_lengths_is_refused(embed):
    with pytest.raises(JobError, match=r"holds several tables \(train, test\): give one of them"):
        inputs({"train": pa.table(COLUMNS), "test": pa.table(COLUMNS)})
    with pytest.raises(JobError, match="several lengths, 1 to 2"):
        inputs({"text": ["a", "b"], "id": [1]})
    with pytest.raises(InputError, match="several lengths"):
        embed.batch({"text": ["a", "b"], "id": [1]})


def test_what_is_missing_in_a_table_is_put_aside():
    frame = Located(["text"], [["one", None, float("nan"), "two"]])
    assert inputs(frame) == ["one", "! row 2: no 'text'", "! row 3: no 'text'", "two"]


def test_a_row_is_told_by_its_number_from_one_whichever_library_the_table_is_of():
    columns = {"id": [1, 2, 3], "text": ["one", None, "three"]}
    rows = [{"id": i, "text": text} for i, text in zip(*columns.values(), strict=True)]
    for source in (columns, pa.table(columns), Batches(pa.table(columns)), rows, iter(rows)):
        assert inputs(source) == ["one", "! row 2: no 'text'", "three"]


def test_two_columns_of_one_name_are_refused_in_memory_too():
    with pytest.raises(JobError, match="has 2 columns named 'text'"):
        inputs(Located(["text", "text"], [["a"], ["b"]]))
    with pytest.raises(JobError, match="has 2 columns named 'text'"):
        inputs(pa.table([["a"], ["b"]], names=["text", "text"]))
    for frame in (Located(["body", "body"], [["a"], ["b"]]), pa.table([["a"], ["b"]], names=["body", "body"])):
        with pytest.raises(JobError, match="has 2 columns named 'body'"):
            inputs(frame)


def test_single_columns_are_values_like_others():
    assert inputs(pa.chunked_array([["one"], ["two"]]).to_pylist()) == ["one", "two"]
    assert inputs(pytest.importorskip("pandas").Series(["one", "two"])) == ["one", "two"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_column_of_arrow_is_a_list_of_values(kind, in_pieces, embed):
    texts = ["one", "two", None, "", *["three"] * 2000]
    column = pa.array(texts, pa.string()).cast(kind)
    column = pa.chunked_array([column[:1], column[1:1500], column[1500:]]) if in_pieces else column
    assert inputs(column) == ["one", "two", "! row 3: nothing in it", "! row 4: nothing in it", *["three"] * 2000]
    assert count_of(column, Wanted(("text",))) == 2004
    assert [vector[0] for vector in embed.batch(column[:2])] == [3, 3]


def test_a_text_of_arrow_that_is_no_utf8_costs_itself_alone():
    column = pa.array([b"one", b"caf\xe9", b"two"]).view(pa.string())
    assert inputs(column) == ["one", "! row 2: not UTF-8 (byte 0xe9)", "two"]


def test_rows_in_a_column_of_arrow_are_rows():
    assert inputs(pa.array([{"id": 1, "text": "one"}, {"id": 2, "text": None}])) == ["one", "! row 2: no 'text'"]


def test_a_series_of_polars_is_a_list_of_values():
    assert inputs(pytest.importorskip("polars").Series(["one", "two"])) == ["one", "two"]


def test_rows_that_do_not_name_the_input_are_values_themselves():
    rows = [{"name": "a"}, {"name": "b"}]
    assert inputs(rows, "record") == rows
    cell = {"bytes": b"1", "path": "a.png"}
    assert inputs([cell], "path") == [cell]


def test_one_value_and_an_open_file_are_no_lists(tmp_path):
    for one in (b"bytes", bytearray(b"bytes"), memoryview(b"bytes")):
        with pytest.raises(JobError, match="is one: put it in a list"):
            inputs(one)
    (tmp_path / "l.txt").write_text("one\n")
    with (tmp_path / "l.txt").open() as file, pytest.raises(JobError, match="is not an open file: give its path"):
        inputs(file)
    with pytest.raises(JobError, match="or an iterable, not ndarray"):
        inputs(np.array(3))


def test_how_many_rows_a_table_has_is_known_at_once():
    for name in ("a mapping of lists", "a table of Arrow", "a batch of Arrow", "an array with fields", "rows"):
        assert count_of(TABLES[name](), Wanted(("text",))) == 3
    assert count_of(np.array(3), Wanted(("text",))) is None


def test_the_report_of_a_job_says_what_was_read(embed, tmp_path):
    report = embed.run({"Text": ["a", "b"], "id": [1, 2]}, tmp_path / "o.parquet", progress=False)
    assert report.read == ("the dict: column 'Text' of Text, id",)
    assert "read the dict: column 'Text' of Text, id" in str(report)
    assert report.to_dict()["read"] == report.read
    assert pq.read_table(tmp_path / "o.parquet")["input"].to_pylist() == ["a", "b"]


def test_the_first_line_of_a_jobs_progress_says_what_is_read(embed, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("id;text\n1;a\n")
    embed.run(tmp_path / "t.csv", tmp_path / "o.parquet")
    assert capsys.readouterr().err.splitlines()[0] == (
        '{"read": "t.csv: separated by semicolons, column \'text\' of id, text"}'
    )
