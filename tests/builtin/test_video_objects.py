"""Objects in videos, each with its frame, time and box: drawn videos whose every object is known, and real ones."""

from __future__ import annotations

import collections
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
import skimage.data

import media
import videos
from junco import Hints, Operator, ops, pipe, pipeline
from junco.types import Box, VideoFrame

RATE, GOP, SIZE = 25, 5, (240, 320)
BACKGROUND = 230
QUICKLY = {"runtime": "torch", "exact": True}
"""Nothing is converted or measured first."""
LOSSLESS = {"qp": "0", "preset": "ultrafast", "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0"}
# video, then frame: how many objects
COUNTS = {
    "mixed": {0: 3, 5: 1, 7: 2, 10: 0, 15: 4, 20: 1, 23: 5, 25: 2},
    "empty": {0: 0, 5: 0, 10: 0},
    "crowded": {0: 1, 5: 500, 10: 0, 15: 2},
    "single": {0: 6},
}
NUM_FRAMES = {"mixed": 30, "empty": 15, "crowded": 20, "single": 1}


class Drawn:
    """Videos of coloured things on grey; no two things have one colour."""

    def __init__(self, folder):
        self.paths, self.boxes = {}, {}
        self._rng, self._num_things = np.random.default_rng(5), 0
        for name, counts in COUNTS.items():
            frames = [self._frame(name, index, counts.get(index, 1)) for index in range(NUM_FRAMES[name])]
            self.paths[name] = videos.write(
                folder / f"{name}.mkv", frames, "libx264rgb", pixel_format="rgb24", options=LOSSLESS
            )

    def _frame(self, name, index, count):
        pixels = np.full((*SIZE, 3), BACKGROUND, np.uint8)
        columns = max(2, int(np.ceil(np.sqrt(count * 4 / 3))))
        side = SIZE[1] // columns
        for place in self._rng.permutation(columns * (SIZE[0] // side))[:count]:
            row, column = divmod(int(place), columns)
            height, width = self._rng.integers(side // 2, side - 2, 2)
            top, left = row * side + 1, column * side + 1
            colour = (self._num_things % 190, self._num_things // 190, 100)
            self._num_things += 1
            pixels[top : top + height, left : left + width] = colour
            self.boxes[colour] = (name, index, (left, top, left + width, top + height))
        return pixels

    def expected(self, name):
        """The colours of what can be seen in the key frames of a video."""
        return sorted(colour for colour, (video, index, _) in self.boxes.items() if video == name and index % GOP == 0)

    def check(self, name, rows):
        """Each row's vector is the colour of a thing: it must have been drawn in that frame at that place."""
        assert sorted(tuple(row.vector.astype(int).tolist()) for row in rows) == self.expected(name)
        for row in rows:
            video, index, edges = self.boxes[tuple(row.vector.astype(int).tolist())]
            assert (video, index) == (name, row.frame.index)
            assert row.frame.time_s == pytest.approx(index / RATE, abs=1e-3)
            assert row.frame.is_key
            assert (row.box.x0, row.box.y0, row.box.x1, row.box.y1) == edges
        assert [row.frame.index for row in rows] == sorted(row.frame.index for row in rows)


class MiddleColor(Operator, family="image-embedding", name="middle-color"):
    """The colour in the middle of a crop, if it has that colour alone."""

    hints = Hints(thread_safe=True)

    def batch(self, images):
        if os.environ.get("STOP_AT") in {str(image[0, 0].tolist()) for image in images}:
            raise KeyboardInterrupt
        assert all(len(np.unique(image.reshape(-1, 3), axis=0)) == 1 for image in images)
        return [image[0, 0].astype(np.float32) for image in images]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return Drawn(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def colours():
    """The shipped pipeline with steps swapped by name: what is drawn needs no model to be found."""
    found = pipeline("video-object-embedding").replace("detect", ops.object_detection.contours())
    found = found.replace("dedup", ops.frame_dedup.dhash(distance=0)).replace("embed", MiddleColor())
    with found:
        yield found


def test_every_vector_has_the_frame_the_time_and_the_box_of_its_object(colours, drawn):
    for name, path in drawn.paths.items():
        drawn.check(name, colours(path))


def test_videos_in_a_batch_keep_their_own_objects(colours, drawn):
    names = [*drawn.paths, *reversed(drawn.paths)]
    for name, rows in zip(names, colours.batch([drawn.paths[name] for name in names]), strict=True):
        drawn.check(name, rows)


def test_rows_come_one_by_one_with_the_position_of_their_video(colours, drawn):
    rows = collections.defaultdict(list)
    for position, row in colours.rows(list(drawn.paths.values())):
        rows[position].append(row)
    for position, name in enumerate(drawn.paths):
        drawn.check(name, rows[position])


def test_an_error_in_one_video_leaves_the_others_whole(colours, drawn, tmp_path):
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(drawn.paths["mixed"].read_bytes()[:200])
    sources = [drawn.paths["crowded"], torn, tmp_path / "nothing.mkv", drawn.paths["mixed"]]
    rejects = []
    found = list(colours.stream(sources, on_error="skip", rejects=rejects.append))
    assert len(found) == 2
    drawn.check("crowded", found[0])
    drawn.check("mixed", found[1])
    assert sorted(reject.position for reject in rejects) == [1, 2]


def objects():
    """The steps of the pipeline, in the other pen."""
    return (
        pipe.input("path")
        .flat_map("path", "frame", ops.video_decode.keyframes())
        .flat_map("frame", "box", ops.object_detection.contours())
        .map(("frame", "box"), "crop", ops.image_crop())
        .map("crop", "vector", MiddleColor())
    )


def test_objects_can_be_gathered_by_frame_and_empty_frames_stay(drawn):
    grouped = objects().window_all(
        ("box", "vector"), "found", lambda boxes, vectors: [*zip(boxes, vectors, strict=True)], per="frame"
    )
    with grouped.output("frame", "found") as by_frame:
        for name, path in drawn.paths.items():
            for frame, found in by_frame(path):
                there = {
                    colour: edges
                    for colour, (video, index, edges) in drawn.boxes.items()
                    if (video, index) == (name, frame.index)
                }
                assert {
                    tuple(vector.astype(int).tolist()): (box.x0, box.y0, box.x1, box.y1) for box, vector in found
                } == there


def test_objects_in_windows_of_time_are_those_of_the_frames_in_them(drawn):
    seconds = objects().time_window(
        ("frame", "vector"),
        "found",
        "frame.time_s",
        0.4,
        0.4,
        lambda frames, vectors: [*zip(frames, vectors, strict=True)],
    )
    with seconds.output("found") as windows:
        found = windows(drawn.paths["mixed"])
    colours = [[tuple(vector.astype(int).tolist()) for _, vector in window] for window in found]
    assert sorted(colour for window in colours for colour in window) == drawn.expected("mixed")
    for window in found:
        assert len({int(frame.time_s / 0.4 + 1e-6) for frame, _ in window}) == 1
        assert all(drawn.boxes[tuple(vector.astype(int).tolist())][1] == frame.index for frame, vector in window)


def test_a_job_that_was_interrupted_gives_the_same_rows_when_it_goes_on(colours, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr("junco.job.shard.SEAL_S", 0.0)
    monkeypatch.setattr("junco.job.shard.SEAL_SHARE", float("inf"))
    monkeypatch.setattr("junco.engine.intake.IntakeSize.LARGEST", 1)
    copies = [shutil.copy(drawn.paths["single"], tmp_path / f"single-{number}.mkv") for number in range(16)]
    sources, target = [*map(str, copies), *map(str, drawn.paths.values())], tmp_path / "objects.parquet"
    monkeypatch.setenv("STOP_AT", str([*drawn.expected("crowded")[200]]))
    with pytest.raises(KeyboardInterrupt):
        colours.run(sources, target, progress=False)
    monkeypatch.delenv("STOP_AT")
    assert not target.exists()
    report = colours.run(sources, target, progress=False)
    assert report.num_new + report.num_skipped == len(sources)  # how many were done by then is chance
    whole = tmp_path / "whole.parquet"
    colours.run(sources, whole, progress=False)
    assert target.read_bytes() == whole.read_bytes()
    rows = parquet.read_table(target).to_pylist()
    assert len(rows) == sum(len(drawn.expected(name)) for name in [*drawn.paths, *["single"] * len(copies)])
    for row in rows:
        name, index, edges = drawn.boxes[tuple(map(int, row["vector"]))]
        assert Path(row["input"]).stem.partition("-")[0] == name
        assert (row["frame"]["index"], row["frame"]["time_s"]) == (index, pytest.approx(index / RATE, abs=1e-3))
        assert tuple(row["box"][edge] for edge in ("x0", "y0", "x1", "y1")) == edges


def test_vectors_are_those_of_the_crops_alone(drawn, loaded, assert_agree):
    embed = loaded("image-embedding.efficientnet-lite", **QUICKLY)
    with pipeline("video-object-embedding", **QUICKLY).replace("detect", ops.object_detection.contours()) as found:
        rows = found(drawn.paths["mixed"])
    assert rows
    for row in rows:
        box = row.box
        crop = row.frame.image[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
        assert_agree(row.vector, embed(np.ascontiguousarray(crop)))


@pytest.mark.parametrize(
    ("step", "operator"),
    [
        ("decode", ops.video_decode.frames(per_second=2)),
        ("decode", ops.video_decode.scenes(per_shot=2)),
        ("dedup", ops.frame_dedup.embedding(params=QUICKLY)),
        ("detect", ops.object_detection.ssd(labels=("car",))),
        ("crop", ops.image_crop.padded(square=True)),
        ("embed", ops.image_embedding.efficientnet_lite("lite1", **QUICKLY)),
    ],
)
def test_a_member_is_swapped_by_name(step, operator, tmp_path):
    path = videos.beginning(media.wheel_file("bikes.mp4"), 1.5, tmp_path / "street.mp4")
    with pipeline("video-object-embedding", **QUICKLY).replace(step, operator) as swapped:
        rows = swapped(path)
    assert rows
    for row in rows:
        assert isinstance(row.frame, VideoFrame)
        assert isinstance(row.box, Box)
        assert row.vector.shape == (1280,)


def test_the_street_has_people_bicycles_and_cars():
    frames = ops.video_decode.frames(per_second=2)
    with pipeline("video-object-embedding", **QUICKLY).replace("decode", frames) as street:
        rows = street(media.wheel_file("bikes.mp4"))
    seen = collections.defaultdict(list)
    for row in rows:
        seen[row.box.label].append(row.box.score)
    assert {"person", "bicycle", "car"} <= seen.keys()
    assert max(seen["person"]) > 0.9
    assert all(0 <= row.box.x0 < row.box.x1 <= 640 and 0 <= row.box.y0 < row.box.y1 <= 272 for row in rows)


def test_a_frame_of_each_shot_is_a_member_of_the_family():
    with pipeline("video-object-embedding-scenes", threshold=0.6, labels=["person"], **QUICKLY) as scenes:
        rows = scenes(media.wheel_file("bikes.mp4"))
    assert rows
    assert all(row.box.label == "person" and row.box.score >= 0.6 for row in rows)


def test_a_photo_gives_each_object_with_its_box():
    with pipeline("image-object-embedding", **QUICKLY) as photo:
        cup, *others = photo(Path(skimage.data.__file__).with_name("coffee.png"))
        assert photo(Path(skimage.data.__file__).with_name("rocket.jpg")) == []
        assert photo.space == pipeline("image-embedding", **QUICKLY).space
    assert (cup.box.label, cup.vector.shape, len(others)) == ("cup", (1280,), 2)
