"""What people try first: -h, a dash for stdin, a few inputs only, numbers that look like themselves."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from junco.cli.main import app
from junco.cli.printing import plain


def with_stdin(text, *arguments):
    return CliRunner().invoke(app, [*map(str, arguments)], input=text)


@pytest.mark.parametrize("command", [(), *((name,) for name in sorted(app.commands))], ids=" ".join)
def test_dash_h_is_help_everywhere(junco, command):
    done = junco(*command, "-h")
    assert (done.exit_code, done.stdout) == (0, junco(*command, "--help").stdout)
    assert "-h, --help" in done.stdout


def test_run_reads_its_inputs_from_stdin_a_line_each(junco):
    done = with_stdin("two words\n\n我忘了密码\n", "run", "count", "-", "one", "--json")
    assert [each["input"] for each in json.loads(done.stdout)] == ["two words", "我忘了密码", "one"]
    empty = with_stdin("\n", "run", "count", "-")
    assert (empty.exit_code, "stdin holds nothing" in empty.stderr) == (2, True)


def test_embed_reads_its_inputs_from_stdin(junco, tmp_path):
    target = tmp_path / "v.parquet"
    assert with_stdin("one\n\ntwo words\n", "embed", "count", "-", "--to", target).exit_code == 0
    assert pq.read_table(target)["input"].to_pylist() == ["one", "two words"]
    beside = with_stdin("one\n", "embed", "count", "-", tmp_path, "--to", target)
    assert (beside.exit_code, "stands alone" in beside.stderr) == (2, True)


def test_embed_takes_the_first_inputs_only_and_goes_on_later(junco, tmp_path):
    lists, target = tmp_path / "texts.txt", tmp_path / "v.parquet"
    lists.write_text("one\ntwo\nthree\n")
    done = junco("embed", "count", lists, "--to", target, "--limit", 2)
    assert "the first 2 inputs alone" in done.stdout
    assert pq.read_table(target)["input"].to_pylist() == ["one", "two"]
    assert json.loads(junco("embed", "count", lists, "--to", target, "--json").stdout)["num_new"] == 1
    assert junco("embed", "count", lists, "--to", target, "--limit", 0).exit_code == 2


def test_float32_is_printed_as_float32(junco):
    assert "[0.1, 0.1, 0.0]" in junco("run", "count", "x", "-p", "scale=0.1", "--json").stdout
    assert plain(np.array([0.1, 1 / 3, 1e-20, 1e9], np.float32)) == [0.1, 0.33333334, 1e-20, 1e9]
    assert plain(np.float32(0.1)) == 0.1
    assert plain(np.array([0.1, np.nan], np.float16)) == [0.1, None]
    assert plain(np.array([[0.1]], np.float64)) == [[0.1]]
    assert plain(np.array([1, 2], np.uint8)) == [1, 2]


@pytest.mark.parametrize("numbers", [np.random.default_rng(0).normal(size=200).astype(np.float32)])
def test_what_is_printed_is_the_very_number(numbers):
    assert np.array_equal(np.array(plain(numbers), np.float32), numbers)


def test_pipelines_are_listed_by_a_pattern(junco):
    assert [each["name"] for each in json.loads(junco("pipelines", "coun?", "--json").stdout)] == ["count"]
    assert json.loads(junco("pipelines", "nothing*", "--json").stdout) == []
