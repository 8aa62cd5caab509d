"""Video frames where an operator takes images: it is given their pixels, and whoever wants a frame says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from junco import Operator, op, pipe
from junco.types import Image, Vector, VideoFrame


class Mean(Operator, family="frames-test", name="mean"):
    """An operator on pixels as one writes it."""

    def batch(self, images: Sequence[Image]) -> list[Vector]:
        return [image.mean((0, 1)).astype(np.float32) for image in images]


class Halves(Operator, family="frames-test", name="halves"):
    def stream(self, image: Image) -> Iterator[Image]:
        yield image[:1]
        yield image[1:]


class Moment(Operator, family="frames-test", name="moment"):
    def batch(self, frames: Sequence[VideoFrame]) -> list[float]:
        return [frame.time_s for frame in frames]


@op("frames-test.height")
def height(image: Image) -> int:
    return image.shape[0]


def film(count):
    yield from (VideoFrame(np.full((2, 3, 3), number, np.uint8), number / 2, number) for number in range(count))


FRAMES = pipe.input("count").flat_map("count", "frame", film)


def test_an_operator_on_images_is_given_the_pixels_of_frames():
    with FRAMES.map("frame", "mean", Mean()).output("frame.time_s", "mean") as p:
        for mean in (p(3)[2].mean, p.batch([3])[0][2].mean, next(iter(p.stream([3])))[2].mean):
            np.testing.assert_array_equal(mean, [2, 2, 2])
    np.testing.assert_array_equal(Mean()(VideoFrame(np.ones((2, 2, 3), np.uint8), 0.0, 0)), [1, 1, 1])


def test_one_that_makes_rows_of_images_and_a_function_are_given_them_too():
    with FRAMES.flat_map("frame", "half", Halves()).map("half", "height", height).output("height") as p:
        assert p(2) == [1, 1, 1, 1]
    with FRAMES.map("frame", "height", height).output("height") as p:
        assert p(2) == [2, 2]


def test_one_that_takes_frames_is_given_frames():
    with FRAMES.map("frame", "time_s", Moment()).output("time_s") as p:
        assert p(3) == [0.0, 0.5, 1.0]


def test_arrays_are_handed_on_as_they_are():
    image = np.zeros((2, 2, 3), np.uint8)
    seen = []

    class Keep(Operator):
        def batch(self, images: Sequence[Image]) -> list[int]:
            seen.extend(images)
            return [0] * len(images)

    with pipe.input("image").map("image", "n", Keep()).output("n") as p:
        p(image)
    assert seen[0] is image
