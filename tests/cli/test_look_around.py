from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest


def test_families_shows_both_kinds_with_their_members(junco):
    rows = json.loads(junco("families", "--json").stdout)
    text = next(row for row in rows if (row["kind"], row["name"]) == ("pipeline", "text-embedding"))
    assert text["members"] >= 2
    assert text["interface"] == "(text: str) -> (vector: vector[dim; float32])"
    assert "text-embedding-minilm" in junco("families").stdout


def test_pipelines_lists_names_families_and_descriptions(junco):
    lines = [line.split() for line in junco("pipelines").stdout.splitlines()]
    assert ["count", "text-embedding", "counts", "letters"] in lines
    rows = json.loads(junco("pipelines", "text-embedding", "--json").stdout)
    count = next(row for row in rows if row["name"] == "count")
    assert (count["license"], count["params"]) == ("MIT", {"scale": 1.0})
    assert "words" not in {row["name"] for row in rows}


def test_a_broken_pipeline_is_listed_as_broken(junco, home):
    (home / "odd.yaml").write_text("junco: [")
    done = junco("pipelines")
    assert done.exit_code == 0
    assert any(line.startswith("odd") and "broken: " in line for line in done.stdout.splitlines())
    assert "count" in done.stdout


def test_ops_lists_operators_with_interface_and_source(junco):
    rows = {row["name"]: row for row in json.loads(junco("ops", "--json").stdout)}
    assert rows["text-embedding.minilm"]["default"]
    assert rows["text-embedding.minilm"]["source"].startswith("junco ")
    assert "image-decode.pil" not in junco("ops", "text-embedding").stdout


def test_show_of_a_pipeline_has_its_interface_parameters_and_steps(junco, home):
    (shown,) = json.loads(junco("show", "count", "--json").stdout)
    assert shown["interface"] == "(text: str) -> (vector: vector[dim; float32])"
    assert shown["parameters"] == [{"name": "scale", "default": 1.0}]
    assert shown["steps"][0] | {"in": 0} == {
        "name": "embed", "verb": "map", "operator": "cli-test.count", "in": 0, "out": ["vector"], "level": 0,
    }  # fmt: skip
    assert shown["path"] == str(home / "count.yaml")
    assert "embed: map cli-test.count, text → vector" in junco("show", "count").stdout


def test_show_of_an_operator_has_its_parameters_with_defaults(junco):
    (shown,) = json.loads(junco("show", "cli-test.count", "--json").stdout)
    assert shown["parameters"] == [{"name": "scale", "type": "float", "default": 1.0}]
    assert shown["description"] == "Letters, words and digits of a text."


def test_show_of_an_operator_says_of_each_parameter_what_it_is(junco):
    (shown,) = json.loads(junco("show", "image-decode.pil", "--json").stdout)
    assert all(parameter["description"] for parameter in shown["parameters"])
    assert "Args:" not in shown["description"]
    assert "max_pixels: int = 178956970  a picture with more is refused" in junco("show", "image-decode.pil").stdout


def test_show_says_which_languages_a_text_model_is_made_for(junco):
    assert "languages    English\n" in junco("show", "text-embedding.minilm").stdout
    (shown,) = json.loads(junco("show", "multilingual-text-embedding", "--json").stdout)
    assert "Chinese (simplified)" in shown["languages"]


def test_a_name_with_its_words_in_another_order_is_suggested_first(junco):
    said = junco("show", "text-embedding-multilingual").stderr
    assert "Did you mean 'multilingual-text-embedding'" in said


def test_show_of_a_file_that_is_no_set_says_what_may_be_done_with_it(junco, tmp_path):
    (tmp_path / "cat.png").write_bytes(b"")
    said = junco("show", tmp_path / "cat.png")
    assert (said.exit_code, len(said.stderr.splitlines())) == (2, 1)
    assert "is no pipeline (.yaml), and no set of vectors" in said.stderr
    assert "dog.png: no such file" in junco("show", tmp_path / "dog.png").stderr


def test_show_of_a_family_of_both_kinds_shows_both(junco):
    shown = json.loads(junco("show", "text-embedding", "--json").stdout)
    assert [each["kind"] for each in shown] == ["pipeline family", "operator family"]
    assert "count" in shown[0]["members"]
    assert "text-embedding.minilm" in shown[1]["members"]


def test_show_of_a_file_is_what_the_file_says(junco, home):
    (shown,) = json.loads(junco("show", home / "words.yaml", "--json").stdout)
    assert shown["interface"] == "(text: str) -> rows of (text: str, word: str)"


def test_draw_prints_svg_or_writes_the_file_that_is_asked_for(junco, tmp_path):
    assert ET.fromstring(junco("draw", "words").stdout).tag.endswith("svg")
    assert junco("draw", "words", "--mermaid").stdout.startswith("flowchart TD")
    done = junco("draw", "words", "-o", tmp_path / "w.svg")
    assert (done.exit_code, done.stdout) == (0, "")
    assert ET.parse(tmp_path / "w.svg").getroot().tag.endswith("svg")
    junco("draw", "words", "-o", tmp_path / "w.mmd")
    assert (tmp_path / "w.mmd").read_text().startswith("flowchart TD")


def test_a_picture_that_cannot_be_written_is_a_clear_error(junco, tmp_path):
    done = junco("draw", "words", "-o", tmp_path / "nowhere" / "w.svg")
    assert done.exit_code == 2
    assert "w.svg cannot be written" in done.stderr


@pytest.mark.parametrize("command", [["pipelines"], ["families"], ["ops"]])
def test_a_table_for_programs_has_whole_lines(junco, command):
    lines = junco(*command).stdout.splitlines()
    assert len(lines) == 1 + len(json.loads(junco(*command, "--json").stdout))
    assert all(line == line.rstrip() for line in lines)
