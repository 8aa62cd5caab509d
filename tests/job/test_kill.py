"""Killed at any step, a job that is started again ends with the very bytes of one that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

WORKER = Path(__file__).with_name("worker.py")
PIPELINE = """\
junco: 1
inputs: [text]
steps:
  - {map: job-test.letters, in: text, out: vector, name: embed}
outputs: [vector]
"""
NUM_INPUTS, NUM_BEFORE = 4000, 2500
SHARD = 1024
NUM_KILLS = 4


class Done(NamedTuple):
    """How a command ended: its exit status, how many steps it took, what it said."""

    status: int
    num_steps: int
    stderr: str


@pytest.fixture
def start(tmp_path):
    """Run ``junco embed`` on some texts in a process of its own, which kills itself at a step."""
    (tmp_path / "home" / "pipelines").mkdir(parents=True)
    (tmp_path / "home" / "pipelines" / "letters.yaml").write_text(PIPELINE)
    environment = {**os.environ, "JUNCO_HOME": str(tmp_path / "home")}
    command = [sys.executable, str(WORKER), str(tmp_path / "log")]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:

        def run(texts, target, kill_at=0, *options, files_only=False):
            print(
                json.dumps([kill_at, files_only, ["embed", "letters", str(texts), "--to", str(target), *options]]),
                file=worker.stdin,
                flush=True,
            )
            return Done(*json.loads(worker.stdout.readline()))

        yield run
        worker.stdin.close()


def write_texts(path, count):
    """Texts of which every hundredth fails; a longer list also has other texts in the middle and lacks some."""
    lines = [f"poison {number}" if number % 100 == 50 else f"{number:x} is a number" for number in range(count)]
    if count == NUM_INPUTS:
        lines[10:10] = ["this came later"]
        del lines[20:23]
    path.write_text("\n".join(lines))
    return path


def content(target):
    """All bytes that a job leaves for its user, by file name."""
    files = [f for f in sorted(target.parent.rglob(f"{target.name}*")) if ".junco" not in str(f)]
    files = [part for file in files for part in (sorted(file.iterdir()) if file.is_dir() else [file])]
    return {str(file.relative_to(target.parent)): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    ("name", "is_update"), [("v.parquet", False), ("v.parquet", True), ("v.npy", True), ("v.csv", True), ("v.d/", True)]
)
def test_killed_at_any_step_and_started_again_the_bytes_are_those_of_an_undisturbed_run(
    start, tmp_path, name, is_update
):
    texts = write_texts(tmp_path / "texts.txt", NUM_INPUTS)
    fewer = write_texts(tmp_path / "fewer.txt", NUM_BEFORE)
    undisturbed = start(texts, f"{tmp_path}/clean/{name}")
    assert undisturbed.status == 0, undisturbed.stderr
    num_needed = NUM_INPUTS - 2
    if is_update:
        num_needed -= NUM_BEFORE - 3
        assert start(fewer, f"{tmp_path}/killed/{name}").status == 0
    (tmp_path / "log").write_text("")

    draw = random.Random(f"{name} {is_update}")
    num_kills = 0
    while (done := start(texts, f"{tmp_path}/killed/{name}", next_kill(draw, num_needed, num_kills))).status:
        assert done.status == -signal.SIGKILL, done.stderr
        num_kills += 1

    assert num_kills == NUM_KILLS
    assert content(tmp_path / "clean" / name) == content(tmp_path / "killed" / name)
    num_worked = len((tmp_path / "log").read_text().splitlines())
    assert num_worked <= num_needed + num_kills * SHARD


@pytest.mark.parametrize("name", ["v.parquet", "v.npy"])
def test_killed_and_started_again_rows_have_what_they_kept_before(start, tmp_path, name):
    lines = [f"k{number},{'poison' if number % 100 == 50 else f'{number:x}'},{number % 7}" for number in range(1500)]
    table, options = tmp_path / "t.csv", ("--key", "id", "--keep", "n")
    table.write_text("\n".join(["id,text,n", *lines]))
    assert start(table, tmp_path / "clean" / name, 0, *options).status == 0
    for kill_at in (1200, 300, 20):
        assert start(table, tmp_path / "killed" / name, kill_at, *options).status == -signal.SIGKILL
    refused = start(table, tmp_path / "killed" / name, 0, "--key", "id")
    assert (refused.status, "rows that keep n of their table" in refused.stderr) == (2, True)
    assert start(table, tmp_path / "killed" / name, 0, *options).status == 0
    assert content(tmp_path / "clean" / name) == content(tmp_path / "killed" / name)


def next_kill(draw, num_needed, num_kills):
    """The step to die at: anywhere in the first run, early in those after it, which have less to do; then none."""
    if num_kills == NUM_KILLS:
        return 0
    return draw.randrange(1, (num_needed, 800, 300, 20)[num_kills])


def test_killed_at_each_step_of_the_publishing_the_target_is_the_old_or_the_new_one_and_the_next_run_ends_well(
    start, tmp_path
):
    texts = write_texts(tmp_path / "texts.txt", 300)
    fewer = write_texts(tmp_path / "fewer.txt", 200)
    assert start(fewer, tmp_path / "before" / "v.parquet").status == 0
    shutil.copytree(tmp_path / "before", tmp_path / "after")
    last = start(texts, tmp_path / "after" / "v.parquet", files_only=True).num_steps
    before, after = (content(tmp_path / name / "v.parquet") for name in ("before", "after"))
    seen = []
    for back in range(0, 24, 3):
        folder = tmp_path / f"killed {back} steps before the end"
        shutil.copytree(tmp_path / "before", folder)
        assert start(texts, folder / "v.parquet", last - back, files_only=True).status == -signal.SIGKILL
        seen.append(content(folder / "v.parquet")["v.parquet"])
        assert start(texts, folder / "v.parquet").status == 0
        assert content(folder / "v.parquet") == after
    assert set(seen) == {before["v.parquet"], after["v.parquet"]}
