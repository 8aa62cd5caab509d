"""What flows between operators."""

from __future__ import annotations

import dataclasses
import pickle
from typing import get_args

import numpy as np
import pytest

from junco.types import ArrayType, AudioClip, Box, Chunk, Image, Vector, Vectors, VideoFrame


def array_type(annotated) -> ArrayType:
    return get_args(annotated)[1]


def frame(**fields):
    return VideoFrame(**{"image": np.zeros((4, 6, 3), np.uint8), "time_s": 0.5, "index": 3} | fields)


@pytest.mark.parametrize(
    ("kind", "value", "is_one"),
    [
        (Image, np.zeros((4, 6, 3), np.uint8), True),
        (Image, np.zeros((4, 6, 4), np.uint8), False),
        (Image, np.zeros((4, 6), np.uint8), False),
        (Image, np.zeros((4, 6, 3), np.float32), False),
        (Image, [[[0, 0, 0]]], False),
        (Image, frame(), True),
        (Vector, np.zeros(7, np.float32), True),
        (Vector, np.zeros(7, np.float64), False),
        (Vector, np.zeros((1, 7), np.float32), False),
        (Vectors, np.zeros((2, 7), np.float32), True),
        (Vector, None, False),
    ],
)
def test_an_array_type_accepts_arrays_of_its_dtype_and_shape(kind, value, is_one):
    assert array_type(kind).accepts(value) is is_one


def test_array_types_are_written_with_shape_and_dtype():
    assert str(array_type(Image)) == "image[height, width, 3; uint8]"
    assert str(array_type(Vector)) == "vector[dim; float32]"


def test_a_video_frame_is_an_array_of_its_pixels():
    pixels = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    assert np.array_equal(np.asarray(frame(image=pixels)), pixels)
    assert np.shares_memory(np.asarray(frame(image=pixels)), pixels)
    assert not np.shares_memory(np.array(frame(image=pixels), copy=True), pixels)
    assert np.asarray(frame(image=pixels), dtype=np.float32).dtype == np.float32


def test_frames_and_clips_hold_arrays_and_are_compared_by_identity():
    one = frame()
    assert one == one
    assert one != frame()
    clip = AudioClip(np.zeros((1, 16), np.float32), 16_000)
    assert clip != AudioClip(np.zeros((1, 16), np.float32), 16_000)
    assert clip.start_s == 0.0


def test_boxes_and_chunks_are_compared_by_value():
    assert Box(0, 0, 1, 1) == Box(0, 0, 1, 1) != Box(0, 0, 1, 2)
    assert Chunk("b", 1, 2) == Chunk("b", 1, 2)
    assert len({Box(0, 0, 1, 1), Box(0, 0, 1, 1)}) == 1


@pytest.mark.parametrize("value", [frame(), Box(0, 0, 1, 1), Chunk("b", 1, 2)], ids=lambda v: type(v).__name__)
def test_values_cannot_be_changed_and_survive_pickling(value):
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
    back = pickle.loads(pickle.dumps(value))
    assert all(np.array_equal(getattr(back, f.name), getattr(value, f.name)) for f in dataclasses.fields(value))


def test_frames_and_clips_show_themselves_in_one_line_without_their_pixels_and_samples():
    frame = VideoFrame(np.zeros((480, 640, 3), np.uint8), 0.04, 1)
    assert repr(frame) == "VideoFrame(image=ndarray(480, 640, 3) uint8, time_s=0.04, index=1, is_key=False)"
    clip = AudioClip(np.zeros((2, 48000), np.float32), 48000, 1.5)
    assert repr([clip]) == "[AudioClip(samples=ndarray(2, 48000) float32, sample_rate_hz=48000, start_s=1.5)]"
