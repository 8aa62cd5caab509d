from __future__ import annotations

import json

import numpy as np
import pytest

from junco.cli.parameters import parse_params
from junco.cli.printing import plain, short, size
from junco.types import AudioClip, Box, Face, SparseVector, VideoFrame


def test_run_prints_each_input_with_a_short_picture_of_its_vector(junco):
    done = junco("run", "count", "two words", "x1")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "two words  3 numbers (float32), norm 9.22: [9, 2, 0]",
        "x1  3 numbers (float32), norm 2.449: [2, 1, 1]",
    ]


def test_what_is_cut_or_empty_is_a_line_beside_the_results(junco):
    for form in ((), ("--json",)):
        done = junco("run", "short", "a longer text", "", "short", "the end of it", *form)
        assert done.exit_code == 0
        assert done.stderr.splitlines() == [
            "'shorten': 2 inputs cut ('a longer text', 'the end of it'), 1 input empty ('')"
        ]
        assert "cut" not in done.stdout
    assert junco("run", "short", "short").stderr == ""


def test_run_as_json_has_all_numbers(junco):
    assert json.loads(junco("run", "count", "two words", "x1", "--json").stdout) == [
        {"input": "two words", "result": [9.0, 2.0, 0.0]},
        {"input": "x1", "result": [2.0, 1.0, 1.0]},
    ]


def test_several_rows_for_an_input_are_a_list_of_objects(junco):
    (only,) = json.loads(junco("run", "words", "a b", "--json").stdout)
    assert only["result"] == [{"text": "a b", "word": "a"}, {"text": "a b", "word": "b"}]
    assert junco("run", "words", "a b").stdout.splitlines() == [
        "a b  2 rows",
        "  text: a b, word: a",
        "  text: a b, word: b",
    ]


def test_no_rows_for_an_input_are_an_empty_list(junco):
    assert json.loads(junco("run", "words", "", "--json").stdout) == [{"input": "", "result": []}]


def test_parameters_reach_the_pipeline(junco):
    assert json.loads(junco("run", "count", "ab", "-p", "scale=2.5", "--json").stdout)[0]["result"] == [5.0, 2.5, 0.0]


def test_several_input_columns_take_their_values_in_turn(junco, home):
    (home / "pair.yaml").write_text(
        "junco: 1\ninputs: [a, b]\nsteps:\n  - {map: cli-test.count, in: b, out: vector}\noutputs: [a, vector]\n"
    )
    found = json.loads(junco("run", "pair", "x", "yy", "z", "w", "--json").stdout)
    assert [row["input"] for row in found] == [["x", "yy"], ["z", "w"]]
    assert found[0]["result"] == {"a": "x", "vector": [2.0, 1.0, 0.0]}
    done = junco("run", "pair", "x", "yy", "z")
    assert done.exit_code == 2
    assert "2 inputs at a time (a, b)" in done.stderr


def test_an_operators_failure_names_step_input_and_reason(junco):
    done = junco("run", "count", "fine", "bad", "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "step 'embed' (cli-test.count) failed on input 1" in done.stderr
    assert "cannot count this" in done.stderr


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1", 1), ("1.5", 1.5), ("true", True), ("null", None), ("", None)],
        *[("on", "on"), ("a=b", "a=b"), ("'7'", "7"), ("[1, x]", [1, "x"])],
    ],
)
def test_a_parameters_value_is_read_as_in_yaml(text, value):
    assert parse_params([f"key={text}"]) == {"key": value}


def test_json_has_no_value_that_json_does_not_know():
    value = {"v": np.array([1, np.nan, np.inf], np.float32), "box": Box(0, 1, 2, 3), "n": np.int64(3), "o": object}
    shown = plain(value)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert shown["v"] == [1.0, None, None]
    assert shown["box"]["x1"] == 2
    assert shown["n"] == 3


def test_pictures_of_values_are_short():
    assert short(np.zeros((400, 300, 3), np.uint8)) == "ndarray(400, 300, 3) uint8"
    assert short(np.ones(1280, np.float32)) == "1280 numbers (float32), norm 35.78: [1, 1, 1, 1, …]"
    assert len(short("x" * 10_000)) < 100


def test_sizes_are_in_units_that_people_read():
    assert [size(n) for n in (0, 1023, 1536, 5 * 2**30)] == ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]


def test_of_pixels_and_samples_json_tells_the_shape():
    pixels = {"shape": [4, 5, 3], "dtype": "uint8"}
    image = np.zeros((4, 5, 3), np.uint8)
    frame, clip = VideoFrame(image, 1.5, 3), AudioClip(np.zeros((2, 9), np.float32), 16_000)
    assert plain([image, frame]) == [pixels, {"image": pixels, "time_s": 1.5, "index": 3, "is_key": False}]
    samples = {"shape": [2, 9], "dtype": "float32"}
    assert plain(clip) == {"samples": samples, "sample_rate_hz": 16_000, "start_s": 0.0}
    assert plain(Face(Box(0, 1, 2, 3), ((1.0, 2.0),)))["box"]["x1"] == 2
    sparse = SparseVector(np.array([1], np.int32), np.array([0.5], np.float32))
    assert plain({"v": sparse}) == {"v": {"indices": [1], "values": [0.5]}}
    assert plain(np.zeros((1, 2, 3), np.float32)) == [[[0.0] * 3] * 2]
