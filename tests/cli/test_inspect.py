"""``junco run --inspect``."""

from __future__ import annotations

import json
import re


def test_inspect_prints_what_every_step_made(junco):
    done = junco("run", "words", "two words", "--inspect")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 split  flat_map cli-test.words → word" in done.stdout
    assert "word 1  'words'" in done.stdout
    assert "→ text, word: 2 rows" in done.stdout


def test_a_failing_input_is_shown_and_is_no_error(junco):
    done = junco("run", "count", "bad", "--inspect")
    assert done.exit_code == 0
    assert "✗ ValueError: cannot count this" in done.stdout


def test_rows_says_how_many_are_shown(junco):
    text = " ".join("abcdefghij")
    assert "… 5 more rows" in junco("run", "words", text, "--inspect").stdout
    assert "… 8 more rows" in junco("run", "words", text, "--inspect", "--rows", "2").stdout
    assert "more rows" not in junco("run", "words", text, "--inspect", "--rows", "10").stdout


def test_a_page_has_all_inputs_and_leaves_stdout_alone(junco, tmp_path):
    page = tmp_path / "page.html"
    done = junco("run", "words", "one <b>", "two", "--html", page)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"wrote {page}\n")
    assert page.read_text("utf-8").count("<h2>split</h2>") == 2
    assert re.findall("<h2>(input|result)</h2>", page.read_text("utf-8")) == ["result", "input"] * 2
    assert "<b>" not in page.read_text("utf-8")


def test_a_page_that_cannot_be_written_is_one_line(junco, tmp_path):
    done = junco("run", "words", "x", "--html", tmp_path / "no" / "page.html")
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_inspect_as_json_is_a_plain_structure(junco):
    (one,) = json.loads(junco("run", "count", "two words", "--inspect", "--json").stdout)
    assert one["pipeline"] == "count"
    (step,) = one["steps"]
    assert (step["name"], step["num_in"], step["num_out"]) == ("embed", 1, 1)
    assert step["rows"][0]["values"]["vector"]["value"] == [9.0, 2.0, 0.0]
