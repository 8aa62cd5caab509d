"""The memory that a video takes depends on its frames' size, not on its length."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from videos import pattern, write

SCRIPT = """
import json, resource, sys
from junco import ops, pipe
from junco.operator import registry
member, options, path = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
decode = registry.load(f"video-decode.{member}")(**options)
decode.ensure_open()
p = pipe.input("path").flat_map("path", "frame", decode.spec).output("frame.index", "frame.image")
num, last = 0, -1
for _, row in p.rows([path]):
    num, last = num + 1, row[0]
print(json.dumps([num, last, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def taken(path, member, **options):
    """Frames, the last one's number, and the peak of memory in MiB, in a process of its own."""
    command = [sys.executable, "-c", SCRIPT, member, json.dumps(options), str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """``film(ending, num_frames)``: a frame each second."""
    folder = tmp_path_factory.mktemp("films")
    pictures = [pattern(number) for number in range(60)]

    def make(ending, num_frames):
        path = folder / f"{num_frames}.{ending}"
        if path.exists():
            return path
        return write(path, Repeated(pictures, num_frames), "mpeg4", rate=1, options={"g": "12", "bf": "2"})

    return make


class Repeated:
    """Pictures over and over, none of them twice in memory."""

    def __init__(self, pictures, count):
        self.pictures, self.count = pictures, count

    def __getitem__(self, at):
        if at >= self.count:
            raise IndexError(at)
        return self.pictures[at % len(self.pictures)]


HOUR, TEN_HOURS = 3_600, 36_000


@pytest.mark.parametrize(
    ("member", "ending", "num_frames"),
    [
        ("frames", "mp4", HOUR),
        ("keyframes", "mkv", HOUR),
        ("scenes", "mp4", HOUR),
        pytest.param("frames", "mp4", TEN_HOURS, marks=pytest.mark.slow),
    ],
)
def test_a_long_video_takes_the_memory_of_a_minute(member, ending, num_frames, film):
    _, _, short_mib = taken(film(ending, 60), member)
    num, last, long_mib = taken(film(ending, num_frames), member)
    assert num >= 1 if member == "scenes" else num >= num_frames // 12
    assert last >= num_frames - 12 or member == "scenes"
    assert long_mib < short_mib + 24


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_the_last_minute_of_a_long_video_is_found(ending, film):
    num, last, _ = taken(film(ending, HOUR), "frames", start_s=HOUR - 60.0)
    assert (num, last) == (60, HOUR - 1)
