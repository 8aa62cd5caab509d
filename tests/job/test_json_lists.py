"""JSON in whichever shape people keep lists in."""

from __future__ import annotations

import json

import pytest

from junco.errors import JobError
from reading import inputs, read

ROWS = [{"id": i, "text": f"text {i}"} for i in range(5)]
TEXTS = [row["text"] for row in ROWS]


@pytest.fixture
def file(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "value",
    [ROWS, TEXTS, {"id": [0, 1, 2, 3, 4], "text": TEXTS}, {"version": "1", "data": ROWS}, {"data": ROWS}],
    ids=["objects", "texts", "columns", "nested", "nested alone"],
)
def test_a_file_of_one_value_is_the_list_in_it(file, value, indent):
    assert inputs(file("l.json", json.dumps(value, indent=indent))) == TEXTS


@pytest.mark.parametrize("num_rows", [0, 1, 2, 3])
@pytest.mark.parametrize("others", [{"index": [0, 1, 2]}, {}, {"index": [0, 1, 2], "index_names": [None]}])
def test_a_table_whose_names_and_rows_stand_apart_is_read_by_its_names(file, num_rows, others):
    rows = [[i, f"text {i}"] for i in range(num_rows)]
    value = {"columns": ["id", "text"], **others, "data": rows}
    if "index" in others:
        value["index"] = list(range(num_rows))
    assert inputs(file("l.json", json.dumps(value))) == TEXTS[:num_rows]


@pytest.mark.parametrize("orient", ["split", "records", "table", "tight"])
def test_what_pandas_writes_is_read(file, orient):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"id": [1, 2], "text": ["hello", "bye"]})
    text = json.dumps(table.to_dict(orient)) if orient == "tight" else table.to_json(orient=orient)
    assert inputs(file("l.json", text)) == ["hello", "bye"]


def test_rows_that_stand_apart_from_their_names_have_a_value_for_each(file):
    value = {"columns": ["id", "text"], "data": [[1, "one"], [2], [3, "three", 3]]}
    assert inputs(file("l.json", json.dumps(value))) == [
        "one",
        "! l.json, row 2: 1 values, and there are 2 columns",
        "! l.json, row 3: 3 values, and there are 2 columns",
    ]
    with pytest.raises(JobError, match=r"two columns of one name \(text, text\)"):
        inputs(file("l.json", json.dumps({"columns": ["text", "text"], "data": [["a", "b"]]})))


@pytest.mark.parametrize("name", ["l.jsonl", "l.ndjson", "l.json"])
def test_lines_of_json_are_read_by_all_their_names(file, name):
    assert inputs(file(name, "\n\n".join(map(json.dumps, ROWS)) + "\n")) == TEXTS


def test_one_object_is_a_row_only_where_it_names_the_input(file):
    assert inputs(file("l.json", '{"text": "hello", "id": 1}')) == ["hello"]
    for value in (
        {"q1": "hello", "q2": "bye"},
        {"a": ROWS, "b": ROWS[:2]},
        {"a": TEXTS, "b": 1},
        {"text": {"0": "a"}},
        {},
    ):
        with pytest.raises(JobError, match=r"^l\.json "):
            inputs(file("l.json", json.dumps(value)))


@pytest.mark.parametrize("content", ["3", '"text"', "null", "[1,", "nonsense", "[" * 100_000])
def test_what_is_no_list_is_refused_with_the_name_of_the_file(file, content):
    with pytest.raises(JobError, match=r"^l\.json "):
        inputs(file("l.json", content))


def test_a_file_in_one_piece_that_is_very_large_is_refused_with_the_cure(file, monkeypatch):
    monkeypatch.setattr("junco.job.json_lists.MOST_BYTES", 100)
    with pytest.raises(JobError, match=r"in one piece: write a line for each \(\.jsonl\)"):
        inputs(file("l.json", json.dumps(ROWS)))


def test_a_bad_line_costs_itself_alone(file):
    lines = [
        b'{"text": "one"}',
        b'{"text": "cut',
        b'{"text": "a", "text": "b"}',
        b'{"text": NaN}',
        b'{"text": "\\ud83d"}',
        b'{"text": "caf\xe9"}',
        b"null",
        b'[{"text": "a"}]',
        b'"plain"',
        b"[" * 100_000,
        b'{"text": "two"}',
    ]
    found = inputs(file("l.jsonl", b"\n".join(lines)))
    assert [text for text in found if not text.startswith("!")] == ["one", "plain", "two"]
    reasons = "\n".join(text for text in found if text.startswith("!"))
    for reason in ("line 2: no JSON", "'text' is in it twice", "line 4: no 'text'", "half of a character"):
        assert reason in reasons
    for reason in (
        "line 6: not UTF-8 (byte 0xe9)",
        "line 7: nothing in it",
        "line 8: a whole list",
        "line 10: no JSON",
    ):
        assert reason in reasons


def test_the_column_is_found_though_the_first_rows_have_it_not(file):
    found, told = read(file("l.jsonl", '{"id": 1}\n{"id": 2, "text": "b"}\n'))
    assert found == ["! l.jsonl, line 1: no 'text'", "b"]
    assert told == ["l.jsonl: column 'text' of id, text"]


def test_a_text_of_a_list_that_is_no_utf8_costs_itself_alone(file):
    assert inputs(file("l.json", b'["one", "caf\xe9", "two"]')) == [
        "one",
        "! l.json, row 2: not UTF-8 (byte 0xe9)",
        "two",
    ]


@pytest.mark.parametrize("name", ["l.jsonl", "l.ndjson", "l.json"])
def test_a_bad_line_is_told_by_its_line_in_the_file_and_the_column_in_it(file, name):
    assert inputs(file(name, '{"text": "a"}\n\n\n{"text": "b"\n{"id": 1}\n{"text": "c" 1}\n')) == [
        "a",
        f"! {name}, line 4: no JSON: Expecting ',' delimiter at column 13",
        f"! {name}, line 5: no 'text'",
        f"! {name}, line 6: no JSON: Expecting ',' delimiter at column 14",
    ]


def test_one_value_that_is_no_json_is_refused_with_the_line_in_the_file(file):
    with pytest.raises(JobError, match=r"^l\.json is no JSON: Expecting ',' delimiter \(line 4, column 2\)$"):
        inputs(file("l.json", '[\n\n "one"\n "two"\n]\n'))
    with pytest.raises(JobError, match=r"^l\.json is no JSON: .* \(line 1, column 5\)$"):
        inputs(file("l.json", "[1,2\n\n"))


@pytest.mark.parametrize("num_values", [1, 200])
@pytest.mark.parametrize("name", ["l.json", "l.jsonl"])
def test_an_object_among_values_is_an_input_only_by_a_name_that_inputs_have(file, num_values, name):
    rows = [*["a"] * num_values, {"x": 1}, {"text": "b"}, "c"]
    content = json.dumps(rows) if name == "l.json" else "\n".join(map(json.dumps, rows))
    place = "row" if name == "l.json" else "line"
    reject = f"! {name}, {place} {num_values + 1}: an object among values, and it names no 'text'"
    assert inputs(file(name, content)) == [*["a"] * num_values, reject, "b", "c"]
