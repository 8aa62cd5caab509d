from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from junco.cli.main import app


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """However slow the machine is, no progress is due: what stands on stderr is there for another reason."""
    for name in ("EVERY_S", "LONG_S"):
        monkeypatch.setattr(f"junco.job.progress.{name}", 3600.0)


@pytest.fixture
def texts(tmp_path):
    """A list of three texts, of which the second is bad."""
    path = tmp_path / "texts.txt"
    path.write_text("two words\nbad\nx1\n")
    return path


def test_embed_writes_the_inputs_with_their_vectors_and_puts_bad_ones_aside(junco, texts, tmp_path):
    target = tmp_path / "out" / "v.parquet"
    done = junco("embed", "count", texts, "--to", target)
    assert done.exit_code == 0, done.stderr
    assert pq.read_table(target).to_pylist() == [
        {"input": "two words", "vector": [9, 2, 0]},
        {"input": "x1", "vector": [2, 1, 1]},
    ]
    assert pq.read_table(f"{target}.rejects.parquet").to_pylist() == [
        {"input": "bad", "stage": "embed", "reason": "ValueError: cannot count this"}
    ]
    first, *others = done.stdout.splitlines()
    assert first.startswith(f"{target}: 3 inputs in ")
    assert others == [
        f"  1 input put aside: see {target}.rejects.parquet",
        "    bad in embed: ValueError: cannot count this",
    ]
    assert done.stderr == ""


def test_what_each_stage_did_and_what_binds_is_told_when_it_is_asked_for(junco, texts, tmp_path):
    head, stage, last = junco("embed", "count", texts, "--to", tmp_path / "v.npy", "-v").stdout.splitlines()[-3:]
    assert head.split()[:3] == ["stage", "rows", "ms"]
    assert stage.split()[:2] == ["embed", "3"]
    assert last.startswith("  'embed' binds: ")


def test_embed_as_json_gives_the_report(junco, texts, tmp_path):
    report = json.loads(junco("embed", "count", texts, "--to", tmp_path / "v.npy", "--json").stdout)
    assert (report["num_inputs"], report["num_new"], report["num_rejects"], report["deleted"]) == (3, 3, 1, [])
    assert report["stats"]["stages"][0]["num_rows"] == 3
    assert "'embed' binds" in report["advice"]
    assert np.load(tmp_path / "v.npy").shape == (2, 3)


def test_the_same_command_again_says_that_there_is_nothing_new(junco, texts, tmp_path):
    command = ("embed", "count", texts, "--to", tmp_path / "v.parquet")
    junco(*command)
    assert "nothing new among 3 inputs" in junco(*command).stdout
    assert json.loads(junco(*command, "--retry-rejects", "--json").stdout)["num_new"] == 1
    assert json.loads(junco(*command, "--no-resume", "--json").stdout)["num_new"] == 3


def test_other_parameters_on_the_same_target_are_refused_in_one_line(junco, texts, tmp_path):
    command = ("embed", "count", texts, "--to", tmp_path / "v.parquet")
    junco(*command)
    done = junco(*command, "-p", "scale=2.0")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "step 'embed': scale 1.0 ≠ 2.0" in done.stderr
    assert "--no-resume" in done.stderr


def test_a_table_is_read_by_the_column_that_is_named(junco, tmp_path):
    (tmp_path / "t.csv").write_text("text,title\nlong text,t1\n")
    junco("embed", "count", tmp_path / "t.csv", "--to", tmp_path / "v.parquet", "--column", "title")
    assert pq.read_table(tmp_path / "v.parquet").column("input").to_pylist() == ["t1"]


def test_with_raise_the_first_bad_input_ends_the_command(junco, texts, tmp_path):
    done = junco("embed", "count", texts, "--to", tmp_path / "v.parquet", "--on-error", "raise")
    assert done.exit_code == 2
    assert "failed on input 1" in done.stderr


def test_shard_rows_says_how_many_rows_a_row_group_has(junco, texts, tmp_path):
    assert junco("embed", "count", texts, "--to", tmp_path / "v.parquet", "--shard-rows", 1).exit_code == 0
    assert pq.ParquetFile(tmp_path / "v.parquet").num_row_groups == 2
    assert "--shard-rows" in junco("embed", "count", texts, "--to", tmp_path / "w.parquet", "--shard-rows", 0).stderr


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(junco, tmp_path):
    (tmp_path / "texts.txt").write_text("a\nstop\n")
    done = junco("embed", "count", tmp_path / "texts.txt", "--to", tmp_path / "v.parquet")
    assert done.exit_code == 130
    assert "the same command goes on" in done.stderr
    assert not (tmp_path / "v.parquet").exists()


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        ("nowhere", "v.parquet", "does not exist"),
        ("texts.txt", "v.xls", "is no target"),
        ("texts.txt", "texts.txt/v.parquet", "cannot be written"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(junco, texts, tmp_path, source, target, problem):
    done = junco("embed", "count", tmp_path / source, "--to", tmp_path / target)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert problem in done.stderr


def test_several_rows_of_an_input_are_several_rows(junco, texts, tmp_path):
    junco("embed", "words", texts, "--to", f"{tmp_path}/out/")
    assert pq.read_table(tmp_path / "out").to_pylist()[:2] == [
        {"input": "two words", "text": "two words", "word": "two"},
        {"input": "two words", "text": "two words", "word": "words"},
    ]


EMPTY = {
    "an empty folder": (lambda folder: folder.mkdir(), "the source has no inputs"),
    "an empty list": (lambda path: path.with_suffix(".txt").write_text(""), "the source has no inputs"),
    "a table with a head alone": (
        lambda path: path.with_suffix(".csv").write_text("text\n"),
        "the source has no inputs",
    ),
    "a list of bad ones": (lambda path: path.with_suffix(".txt").write_text("bad\nbad\n"), "no input succeeded"),
}


@pytest.mark.parametrize("target", ["v.parquet", "v.npy", "v/"])
@pytest.mark.parametrize(("make", "why"), EMPTY.values(), ids=EMPTY)
def test_a_job_of_which_nothing_comes_ends_with_1_and_says_why_also_when_it_is_run_again(
    junco, tmp_path, make, why, target
):
    make(tmp_path / "source")
    (source,) = tmp_path.glob("source*")
    for flags in ([], [], ["--retry-rejects"], ["--no-resume"]):
        done = junco("embed", "count", source, "--to", f"{tmp_path}/{target}", *flags)
        assert done.exit_code == 1, done.stderr
        assert why in done.stdout
        assert "nothing has run" not in done.stdout


@pytest.mark.parametrize("target", ["v.parquet", "v/"])
def test_a_job_in_which_no_input_gives_a_row_ends_with_1(junco, tmp_path, target):
    (tmp_path / "t.jsonl").write_text('{"text": " "}\n' * 2)
    for _ in range(2):
        done = junco("embed", "words", tmp_path / "t.jsonl", "--to", f"{tmp_path}/{target}", "--json")
        assert done.exit_code == 1, done.stderr
        assert json.loads(done.stdout)["num_done"] == 2


def test_a_job_that_has_something_and_nothing_new_ends_with_0(junco, texts, tmp_path):
    for _ in range(2):
        assert junco("embed", "count", texts, "--to", tmp_path / "v.parquet").exit_code == 0


@pytest.mark.parametrize("flags", [[], ["--no-resume"]])
def test_a_job_that_is_stopped_says_in_one_line_how_it_goes_on_and_so_it_does(junco, tmp_path, flags):
    source, target = tmp_path / "t.txt", tmp_path / "v.parquet"
    command = ("embed", "count", source, "--to", target, "--shard-rows", "1", "--prune", "--json")
    source.write_text("one\n")
    assert junco(*command).exit_code == 0
    source.write_text("two\nthree\nstop\nfour\n")
    done = junco(*command, "--prune", *flags)
    assert done.exit_code == 130
    without = "without --no-resume " if flags else ""
    assert done.stderr == f"stopped; what is done is kept: {without}the same command goes on from here\n"
    source.write_text("two\nthree\nfour\n")
    assert json.loads(junco(*command, "--prune").stdout)["num_new"] == 1


def test_a_job_says_what_was_cut_and_what_was_empty(junco, tmp_path):
    (tmp_path / "t.json").write_text(json.dumps(["short", "much longer", " ", "longer too"]))
    done = junco("embed", "short", tmp_path / "t.json", "--to", tmp_path / "t.parquet", "--json")
    told = json.loads(done.stdout)
    assert (told["num_cut"], told["num_empty"]) == (2, 1)
    again = junco("embed", "short", tmp_path / "t.json", "--to", tmp_path / "u.parquet")
    assert "'shorten': 2 inputs cut (" in again.stdout + again.stderr


def test_columns_that_rows_keep_come_back_in_search(junco, home, tmp_path):
    (home / "named.yaml").write_text((home / "count.yaml").read_text() + "space: letters and words\n")
    (tmp_path / "t.csv").write_text("id,text,lang,queue\n1,one two,en,a\n2,three four,zh,b\n3,five,zh,a\n")
    target = tmp_path / "v.parquet"
    done = junco("embed", "named", tmp_path / "t.csv", "--to", target, "--key", "id", "--keep", "text,lang,queue")
    assert done.exit_code == 0, done.stderr
    done = junco("search", target, "one two", "--where", "lang = zh", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert [hit["key"] for hit in found[0]["hits"]] == ["3", "2"]
    assert [hit["columns"]["queue"] for hit in found[0]["hits"]] == ["a", "b"]
    assert "zh" in junco("search", target, "one two", "--where", "lang = zh").stdout
    done = junco("embed", "named", tmp_path / "t.csv", "--to", target, "--key", "id", "--keep", "*", "--keep", "lang")
    assert done.exit_code == 0, done.stderr
    done = junco("embed", "named", tmp_path / "t.csv", "--to", target, "--keep", "langs")
    assert done.exit_code == 2
    assert "Did you mean 'lang'?" in done.stderr


def test_several_sources_come_one_after_the_other(junco, tmp_path):
    for name, text in [("a.md", "one"), ("b/c.md", "two words"), ("l.txt", "x\ny\n")]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    command = ("embed", "count", tmp_path / "a.md", tmp_path / "b", "--to", tmp_path / "v.parquet", tmp_path / "l.txt")
    report = json.loads(junco(*command, "--json").stdout)
    assert report["read"] == [
        "of several sources, lists (.txt, .csv …) give their lines or rows, other files are inputs themselves"
    ]
    inputs = [str(tmp_path / "a.md"), str(tmp_path / "b" / "c.md"), "x", "y"]
    assert pq.read_table(tmp_path / "v.parquet").column("input").to_pylist() == inputs
    assert "nothing new among 4 inputs" in junco(*command).stdout
    (tmp_path / "l.txt").write_text("x\n")
    assert json.loads(junco(*command, "--json").stdout)["deleted"] == ["y"]
    done = junco(*command, tmp_path / "none.md")
    assert done.exit_code == 2
    assert "none.md' does not exist" in done.stderr


def test_several_tables_have_to_have_the_columns_that_are_kept(junco, tmp_path):
    for name, head in [("a.csv", "text,id,lang"), ("b.csv", "lang,id,text"), ("c.csv", "text,id,queue")]:
        (tmp_path / name).write_text(f"{head}\n{name[0]}1,{name[0]}2,{name[0]}3\n")
    command = ("embed", "count", tmp_path / "a.csv", tmp_path / "b.csv", "--key", "id", "--keep", "*")
    done = junco(*command, "--to", tmp_path / "v.parquet")
    assert done.exit_code == 0, done.stderr
    table = pq.read_table(tmp_path / "v.parquet").drop_columns(["vector"])
    assert table.to_pylist() == [
        {"input": "a2", "text": "a1", "lang": "a3"},
        {"input": "b2", "text": "b3", "lang": "b1"},
    ]
    done = junco(*command, tmp_path / "c.csv", "--to", tmp_path / "w.parquet")
    assert done.exit_code == 2
    assert "c.csv would give the columns text, queue, and those before it gave text, lang" in done.stderr


def test_the_first_inputs_of_stdin_are_tried_and_what_is_there_stays(junco, tmp_path):
    command = ("embed", "count", "-", "--to", tmp_path / "v.parquet", "--limit", "2", "--prune")
    for words in ("one\ntwo words\n", "three\nfour\nfive\n"):
        done = CliRunner().invoke(app, list(map(str, command)), input=words)
        assert done.exit_code == 0, done.stderr
    assert "the first 2 inputs alone, for that is the limit; 2 others that were done before stay" in done.stdout
    assert pq.read_table(tmp_path / "v.parquet").column("input").to_pylist() == ["three", "four", "one", "two words"]
