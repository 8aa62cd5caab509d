"""junco search, similar, clusters and verify, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from junco.cli.main import app

COUNTED = """\
junco: 1
space: counts
inputs: [text]
steps:
  - {map: cli-test.count, in: text, out: vector, name: embed}
outputs: [vector]
"""
TEXTS = ["one", "two words", "three words 333", "four words 4444", "one more"]


@pytest.fixture
def counted(home, junco, tmp_path):
    """A set of five texts."""
    (home / "counted.yaml").write_text(COUNTED)
    (tmp_path / "t.txt").write_text("\n".join(TEXTS))
    assert junco("embed", "counted", tmp_path / "t.txt", "--to", tmp_path / "v.parquet").exit_code == 0
    return tmp_path / "v.parquet"


def test_the_best_rows_are_printed_with_their_scores(junco, counted):
    done = junco("search", counted, "two words", "-n", "2")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == " 1.000  two words"
    assert len(done.stdout.splitlines()) == 2


def test_several_questions_are_told_apart_and_may_come_from_stdin(counted):
    done = CliRunner().invoke(app, ["search", str(counted), "-", "one", "-n", "1"], input="two words\n\nfive words 5\n")
    assert done.stdout.splitlines()[::2] == ["two words", "five words 5", "one"]
    empty = CliRunner().invoke(app, ["search", str(counted), "-"], input="\n")
    assert empty.exit_code == 2
    assert "stdin holds nothing" in empty.stderr


def test_json_has_the_question_and_the_rows(junco, counted):
    (answer,) = json.loads(junco("search", counted, "one", "-n", "1", "--json").stdout)
    assert answer == {"query": "one", "hits": [{"key": "one", "score": 1.0, "columns": {}}]}


def test_conditions_are_met_by_all_rows_and_a_wrong_one_is_one_line(junco, counted):
    done = junco("search", counted, "one", "--where", "input contains words", "--where", "input != 'two words'")
    assert {line.split("  ")[1] for line in done.stdout.splitlines()} == {"three words 333", "four words 4444"}
    wrong = junco("search", counted, "one", "--where", "lang = zh")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)
    assert "no column 'lang'" in wrong.stderr


@pytest.mark.parametrize(
    "command", [("search", "two words"), ("similar", "--above", "0.99"), ("clusters", "--count", "2")]
)
def test_answers_are_written_as_a_page_and_stdout_stays_empty(junco, counted, tmp_path, command):
    name, *more = command
    done = junco(name, counted, *more, "--html", tmp_path / "p.html")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "two words" in (tmp_path / "p.html").read_text("utf-8")


@pytest.mark.parametrize(
    "command", [("search", "two words"), ("similar", "--above", "0.5"), ("clusters", "--count", "1")]
)
def test_a_page_shows_files_elsewhere_only_where_asked_for(junco, counted, tmp_path, monkeypatch, command):
    for name in ("texts", "sets"):
        (tmp_path / name).mkdir()
    for name in "abc":
        (tmp_path / "texts" / f"{name}.txt").write_text("nobody should see", "utf-8")
    monkeypatch.chdir(tmp_path / "sets")
    assert junco("embed", "counted", tmp_path / "texts", "--to", "v.parquet").exit_code == 0
    name, *more = command
    for is_asked in (False, True):
        done = junco(name, "v.parquet", *more, "--html", "p.html", *["--sources"] * is_asked)
        assert done.exit_code == 0
        assert ("nobody should see" in Path("p.html").read_text("utf-8")) == is_asked


def test_near_duplicates_and_clusters_are_printed_or_json(junco, counted):
    printed = junco("similar", counted, "--above", "0.9")
    assert printed.exit_code == 0
    assert "in none: " in printed.stdout
    found = json.loads(junco("clusters", counted, "--count", "2", "--json").stdout)
    assert sum(group["count"] for group in found["groups"]) + found["num_alone"] == len(TEXTS)


def test_no_clusters_at_all_say_what_to_try(junco, counted):
    done = junco("clusters", counted, "--least", "5")
    assert done.exit_code == 0
    assert "try smaller groups, --least 2, or so many, --count 10" in done.stderr


def test_a_set_is_right_as_long_as_its_pipeline_gives_the_same(junco, counted, home):
    right = junco("verify", counted)
    assert (right.exit_code, right.stdout.splitlines()[0]) == (0, "right: 5 rows")
    assert json.loads(junco("verify", counted, "-n", "2", "--json").stdout)["num_sampled"] == 2


def test_a_set_is_wrong_with_exit_status_1_where_its_vectors_are_others(junco, counted, tmp_path):
    import pyarrow.parquet as pq

    table = pq.read_table(counted)
    (tmp_path / "w").mkdir()
    moved = table.column("input").take([1, 2, 3, 4, 0])
    pq.write_table(table.set_column(0, "input", [moved]), tmp_path / "w" / "v.parquet")
    wrong = junco("verify", tmp_path / "w" / "v.parquet")
    assert wrong.exit_code == 1
    assert wrong.stdout.startswith("wrong: 5 rows")
    assert "another vector: " in wrong.stdout


def test_a_set_that_cannot_be_checked_ends_with_exit_status_3(junco, counted, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(counted).replace_schema_metadata(None), tmp_path / "w.parquet")
    done = junco("verify", tmp_path / "w.parquet")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (3, "not checked: 5 rows")
    assert "does not say which pipeline made it" in done.stdout


def test_what_is_no_set_is_one_line(junco, tmp_path):
    for command in ("search", "similar", "clusters", "verify"):
        done = junco(command, tmp_path / "nothing.parquet", *(["a"] if command == "search" else []))
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
        assert "no such file" in done.stderr
