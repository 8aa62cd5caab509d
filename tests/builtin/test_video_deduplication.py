"""video-deduplication: copies of videos, and of parts of them, have vectors that point where the original's do."""

from __future__ import annotations

import av
import numpy as np
import pytest

from junco import ops, pipe, pipeline
from junco.errors import ContractError
from junco.types import Shot
from media import wheel_file
from videos import number_of, numbered, write

COPY = 0.9
"""The least cosine of a copy."""
FPS = 25


def frames_of(path, start_s=0.0, end_s=float("inf")):
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if start_s <= frame.time < end_s:
                yield frame.to_ndarray(format="rgb24")


def coded(path, frames, quality, scale=1.0, crop=0.0):
    """A video of the frames, smaller and without a share of each side."""
    changed = []
    for frame in frames:
        top, left = round(frame.shape[0] * crop), round(frame.shape[1] * crop)
        inner = np.ascontiguousarray(frame[top : frame.shape[0] - top, left : frame.shape[1] - left])
        size = [round(side * scale) // 2 * 2 for side in inner.shape[1::-1]]
        changed.append(av.VideoFrame.from_ndarray(inner).reformat(*size, interpolation="AREA").to_ndarray())
    return str(write(path, changed, options={"crf": str(quality), "preset": "veryfast"}))


@pytest.fixture(scope="module")
def shots_of():
    """``shots_of(path)``: shots and their vectors, by the pipeline as it ships; nothing is converted first."""
    with pipeline("video-deduplication", runtime="torch") as found:

        def shots(path):
            rows = found(str(path))
            return [row.shot for row in rows], np.stack([row.vector for row in rows])

        yield shots


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The first 14 s of a video with a shot a second."""
    path = tmp_path_factory.mktemp("videos") / "original.mp4"
    return coded(path, frames_of(wheel_file("shots.mp4"), 0, 14), 18)


@pytest.mark.parametrize(
    ("change", "start_s", "end_s"),
    [
        ({"quality": 26, "scale": 0.75}, 0, 14),
        ({"quality": 34, "scale": 0.6}, 0, 14),
        ({"quality": 24, "crop": 0.04}, 0, 14),
        ({"quality": 28}, 4.5, 11.3),
    ],
    ids=["smaller", "much worse", "cropped", "a part"],
)
def test_shots_of_a_copy_are_found_in_the_original(shots_of, original, tmp_path, change, start_s, end_s):
    """Seen: 0.92 to 0.99 where the copy is good, from 0.88 on where it is much worse."""
    shots, vectors = shots_of(original)
    copies, copied = shots_of(coded(tmp_path / "copy.mp4", frames_of(original, start_s, end_s), **change))
    cosines = copied @ vectors.T
    found = [shots[index] for index in cosines.argmax(axis=1)]
    right = [
        one.start_s < other.end_s + start_s and other.start_s + start_s < one.end_s
        for one, other in zip(found, copies, strict=True)
    ]
    assert sum(right) >= len(copies) - 1
    assert (cosines.max(axis=1) > COPY).mean() >= (0.7 if change["quality"] > 30 else 0.9)


def test_a_badly_distorted_copy_is_found_and_other_videos_are_not(shots_of, original):
    """Seen: 0.947 for the distorted copy, at most 0.82 between different videos."""
    names = ("carphone.mp4", "carphone-distorted.mp4", "bikes.mp4", "bigbuckbunny.mp4")
    vectors = {name: shots_of(wheel_file(name))[1] for name in names} | {"original": shots_of(original)[1]}
    assert (vectors["carphone.mp4"] @ vectors["carphone-distorted.mp4"].T).min() > COPY
    for one in ("carphone.mp4", "bikes.mp4", "bigbuckbunny.mp4"):
        for other in {*vectors} - {one, "carphone-distorted.mp4"}:
            assert (vectors[one] @ vectors[other].T).max() < 0.87, (one, other)


def test_vectors_have_length_one_and_a_space(shots_of, original):
    _, vectors = shots_of(original)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    space = pipeline("video-deduplication", runtime="torch").plan.space
    assert space.parts["pooled over vectors"] == "mean of vectors of length 1"
    assert space == pipeline("video-deduplication-transnet", runtime="torch").plan.space


def test_another_shot_detection_takes_the_place_by_its_name():
    steps = {
        name: [(node.name, node.verb) for node in pipeline(f"video-deduplication-{name}").graph.nodes]
        for name in ("content", "transnet")
    }
    assert steps["content"] == steps["transnet"]


# frames of the time of a shot


def given(path, shots, member="frames", **how):
    """The numbers of the frames of each shot, as a pipeline gives them."""
    frames = (
        pipe.input("path")
        .flat_map("path", "shot", lambda path: shots)
        .flat_map(("path", "shot"), "frame", ops[f"video-decode.{member}"](**how))
        .output("shot", "frame")
    )
    return [(row.shot.start_s, number_of(row.frame)) for row in frames(str(path))]


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "avi"])
def test_each_shot_has_the_frames_of_its_time_alone(tmp_path, kind):
    path = numbered(tmp_path / f"numbered.{kind}", 60, kind)
    times = [row.time_s for row in ops.video_decode.frames()(str(path))]
    shots = [Shot(times[0], times[7]), Shot(times[7], times[31]), Shot(times[33], 99.0)]
    expected = [(0, range(7)), (1, range(7, 31)), (2, range(33, 60))]
    assert given(path, shots) == [(shots[index].start_s, number) for index, numbers in expected for number in numbers]


def test_ticks_count_from_the_start_of_a_shot_so_that_each_has_a_frame(tmp_path):
    path = numbered(tmp_path / "numbered.mp4", 60)
    shots = [Shot(0, 3 / FPS), Shot(3 / FPS, 4 / FPS), Shot(4 / FPS, 60 / FPS)]
    assert [number for _, number in given(path, shots, per_second=1)] == [0, 3, 4, 29, 54]


def test_a_shot_has_its_own_key_frames_or_its_first_frame(tmp_path):
    path = numbered(tmp_path / "numbered.mp4", 60)
    shots = [Shot(0, 15 / FPS), Shot(12 / FPS, 18 / FPS), Shot(15 / FPS, 41 / FPS)]
    found = given(path, shots, "keyframes")
    assert found == [(0, 0), (0, 10), (12 / FPS, 12), (15 / FPS, 20), (15 / FPS, 30), (15 / FPS, 40)]


def test_scenes_are_looked_for_within_a_shot(tmp_path):
    path = numbered(tmp_path / "numbered.mp4", 60)
    shots = [Shot(0, 10 / FPS), Shot(20 / FPS, 60 / FPS)]
    found = given(path, shots, "scenes", threshold=1.0, per_shot=2)
    assert found == [(0, 2), (0, 7), (20 / FPS, 30), (20 / FPS, 50)]


def test_three_columns_are_refused():
    with pytest.raises(ContractError, match=r"takes \(source: any, piece\?: .*, and the step gives it 3 columns"):
        pipe.input("a", "b", "c").flat_map(("a", "b", "c"), "frame", ops.video_decode.frames()).output("frame")
