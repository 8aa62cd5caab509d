"""Values in a line, for terminals."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from junco.pages.letters import amount, cut, duration, num_places, size
from junco.pages.values import line, plain, shape_of, type_of
from junco.types import AudioClip, Box, Chunk, VideoFrame
from junco.wording import printable

PHOTO = np.zeros((300, 451, 3), np.uint8)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (3.14159265, "3.14159"),
        ("cat.jpg", "'cat.jpg'"),
        (b"abc", "3 bytes"),
        (np.float32(1.5), "float32 1.5"),
        (np.array(7), "int64 () 7"),
        (np.array([0.6, -0.8, 0, 0], np.float32), "float32 (4,) [0.6, -0.8, 0, …] |v|=1.00"),
        (np.array([1, 2], np.uint8), "uint8 (2,) [1, 2]"),
        (np.zeros((0, 4), np.float32), "float32 (0, 4)"),
        (PHOTO, "uint8 (300, 451, 3), 0 to 0, mean 0"),
        (VideoFrame(PHOTO, 3.2, 16, is_key=True), "frame 16 at 3.20 s, key, uint8 (300, 451, 3)"),
        (Box(1, 2, 11, 22, "cat", 0.93), "cat 0.93 (1, 2) – (11, 22), 10 × 20"),
        (Box(1, 2, 11, 22), "box (1, 2) – (11, 22), 10 × 20"),
        (Chunk("a text", 10, 16), "'a text' 10–16"),
        (
            AudioClip(np.full((2, 8000), 0.5, np.float32), 16_000, 3.0),
            "sound, 0.50 s from 3.00 s, 16,000 Hz stereo, peak 0.50",
        ),
        ([np.zeros(3)] * 5, "list of 5 [float64 (3,), float64 (3,), float64 (3,), …]"),
        ({"a": 1}, "{'a': 1}"),
        (namedtuple("Row", "path vector")("x", np.zeros(2)), "Row(path='x', vector=float64 (2,))"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_in_a_line(value, text):
    assert line(value) == text


def test_a_long_text_is_cut_and_says_how_long_it_is():
    shown = line("word " * 1000, 40)
    assert shown.startswith("'word word")
    assert shown.endswith("' (5,000 letters)")
    assert num_places(shown) <= 40


def test_wide_letters_take_two_places():
    assert num_places("红叶ab") == 6
    assert cut("红叶满地", 5) == "红叶…"
    assert num_places(line("红叶满地" * 100, 60)) <= 60


def test_control_characters_never_reach_the_terminal():
    for text in ("\x1b[31mred", "a\rb", "\u202eevil", "\x07", "line\nline", "\ud800"):
        assert line(text).isprintable()
        assert printable(text).isprintable()
        assert line({text: [text]}).isprintable()
    assert printable("\x1b[31m") == "\\x1b[31m"


def test_numbers_that_are_none_and_values_that_misbehave_have_a_line_too():
    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(name)

        def __repr__(self):
            raise RuntimeError

    assert "nan" in line(np.array([np.nan, 1], np.float32))
    assert "Odd" in line(Odd())
    assert (type_of(Odd()), shape_of(Odd())) == ("Odd", None)


def test_types_and_shapes_are_those_of_what_is_inside():
    assert (type_of(PHOTO), shape_of(PHOTO)) == ("uint8", (300, 451, 3))
    assert (type_of("ab"), shape_of("ab")) == ("str", (2,))
    assert shape_of(VideoFrame(PHOTO, 0, 0)) == (300, 451, 3)
    assert shape_of(5) is None


def test_plain_values_are_what_json_has():
    assert plain(np.array([1, np.nan], np.float32)) == [1.0, None]
    assert plain(float("inf")) is None
    assert plain(PHOTO) is None


def test_amounts_durations_and_sizes_are_in_words_that_people_read():
    assert [amount(1, "row"), amount(1234, "row")] == ["1 row", "1,234 rows"]
    assert [duration(s) for s in (2e-5, 0.0123, 1.5, 250)] == ["20 µs", "12.3 ms", "1.5 s", "250 s"]
    assert [size(n) for n in (1500, 36e6, 10**9)] == ["1.5 kB", "36 MB", "1 GB"]
