"""A run that was ended goes on as if it had not been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from training import Attending, Convolutional, Onlooker, digits, labelled, longer_run, pairs, seeded, task_of, trained

from junco.errors import TrainError
from junco.train.checkpoint import NAME, read_checkpoint, write_checkpoint
from junco.train.examples import ArrayRows, Examples


def interrupt():
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What comes of a run that nothing ends."""
    return longer_run(tmp_path_factory.mktemp("whole"), resume=False)


@pytest.mark.parametrize("at", [1, 5, 10, 11, 29])
def test_half_a_run_goes_on_to_the_bits_of_a_whole_one(tmp_path, whole, at):
    half = longer_run(tmp_path, resume=False, watch=Onlooker(at=at, do=interrupt))
    assert half.history.ending == "interrupted"
    done = longer_run(tmp_path, resume=True)
    assert done.history.ending == "done"
    assert len(done.history.resumed_at) == (at > 1)
    assert done.tensors.keys() == whole.tensors.keys()
    assert all(np.array_equal(done.tensors[name], whole.tensors[name]) for name in whole.tensors)
    assert done.history.losses == whole.history.losses
    assert [epoch.measures for epoch in done.history.epochs] == [epoch.measures for epoch in whole.history.epochs]


def test_a_run_that_is_done_goes_on_to_the_same(tmp_path, whole):
    longer_run(tmp_path, resume=False)
    again = longer_run(tmp_path, resume=True)
    assert all(np.array_equal(again.tensors[name], whole.tensors[name]) for name in whole.tensors)


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_run_that_is_killed_again_and_again_ends_with_the_bits_of_a_whole_one(tmp_path):
    script = Path(__file__).parent.parent / "training.py"
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    command = [sys.executable, str(script)]
    subprocess.run([*command, str(folders[0])], check=True, timeout=300, capture_output=True)
    draws, kills = random.Random(0), 0
    while not (folders[1] / "digest").exists():
        running = subprocess.Popen([*command, str(folders[1])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = (folders[1] / NAME).stat().st_mtime_ns if (folders[1] / NAME).exists() else 0
        while running.poll() is None and kills < 2:
            checkpoint = folders[1] / NAME
            if checkpoint.exists() and checkpoint.stat().st_mtime_ns != before:
                time.sleep(draws.uniform(0, 0.05))
                running.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.002)
        running.wait(300)
    assert kills
    assert (folders[1] / "digest").read_text() == (folders[0] / "digest").read_text()


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The bytes of a checkpoint in the middle of a run."""
    folder = tmp_path_factory.mktemp("begun")
    longer_run(folder, resume=False, watch=Onlooker(at=7, do=interrupt))
    return (folder / NAME).read_bytes()


def resumed(folder, examples=None, network=None, goal="classify", **args):
    told = {"epochs": 3, "batch": 24, "checkpoint_s": 0, "augment": False, **args}
    task = task_of(network or seeded(Convolutional), augment=lambda tensors, generator: tensors)
    return trained(task, examples or labelled(), folder, goal, resume=True, **told)


def test_other_arguments_are_named(tmp_path, begun):
    (tmp_path / NAME).write_bytes(begun)
    with pytest.raises(TrainError, match=r"other arguments: lr: 0.003 then, 0.1 now; augment: None then, False now"):
        resumed(tmp_path, lr=0.1)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"network": seeded(Attending)}, "checkpoint of another model"),
        ({"network": seeded(Convolutional, seed=1)}, "checkpoint of another model, or of other weights"),
        ({"examples": Examples((ArrayRows((digits()[0][:200],)),), labels=digits()[1][:200])}, "on other examples"),
        ({"examples": pairs(labels=digits()[1]), "goal": "contrastive"}, "on other examples"),
        ({"goal": "arcface"}, "with another goal"),
        ({"metric": "recall"}, "with another metric"),
    ],
)
def test_a_checkpoint_of_another_run_is_told(tmp_path, begun, other, says):
    (tmp_path / NAME).write_bytes(begun)
    with pytest.raises(TrainError, match=says):
        resumed(tmp_path, augment=None, **other)


def test_a_damaged_checkpoint_is_told_by_name(tmp_path, begun):
    path = tmp_path / NAME
    places = random.Random(0).sample(range(len(begun)), 40)
    for damaged in [
        b"",
        begun[: len(begun) // 2],
        b"\xff" * 64 + begun[64:],
        *(begun[:place] + bytes([begun[place] ^ 4]) + begun[place + 1 :] for place in places),
    ]:
        path.write_bytes(damaged)
        with pytest.raises(TrainError, match=str(path)):
            read_checkpoint(path)


FULL = """
import resource, sys, torch
from pathlib import Path
from junco.errors import TrainError
from junco.train.checkpoint import read_checkpoint, write_checkpoint
path = Path(sys.argv[1])
write_checkpoint(path, {"a": torch.ones(10)}, {"step": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_checkpoint(path, {"a": torch.zeros(1_000_000)}, {"step": 2})
except TrainError as error:
    print(error)
tensors, state = read_checkpoint(path)
print(state["step"], float(tensors["a"].sum()), [each.name for each in path.parent.iterdir()])
"""


@pytest.mark.skipif(os.name != "posix", reason="limits a process")
def test_a_full_disk_leaves_the_checkpoint_before_whole(tmp_path):
    command = [sys.executable, "-c", FULL, str(tmp_path / NAME)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    told, left = done.stdout.splitlines()
    assert "a checkpoint cannot be written" in told
    assert "is whole: free some room and go on with resume=True" in told
    assert left == f"1 10.0 ['{NAME}']"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(TrainError, match="a checkpoint cannot be written"):
        write_checkpoint(tmp_path / "none" / NAME, {"a": torch.ones(1)}, {})
