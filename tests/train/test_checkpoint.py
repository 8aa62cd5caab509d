"""A run that was ended goes on as if it had not been."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from junco.errors import TrainError
from junco.train.checkpoint import NAME, read_checkpoint, write_checkpoint
from junco.train.examples import ArrayRows, Examples
from training import (
    Attending,
    Convolutional,
    Onlooker,
    accuracy,
    digits,
    labelled,
    longer_run,
    pairs,
    seeded,
    task_of,
    trained,
)


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


def test_a_run_that_ends_after_its_last_step_is_measured_when_it_goes_on(tmp_path, whole):
    calls = []

    def measure(embed):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return accuracy(embed)

    assert longer_run(tmp_path, resume=False, measure=measure).history.ending == "interrupted"
    done = longer_run(tmp_path, resume=True)
    assert done.history.resumed_at == [30]
    assert [epoch.measures for epoch in done.history.epochs] == [epoch.measures for epoch in whole.history.epochs]
    assert all(np.array_equal(done.tensors[name], whole.tensors[name]) for name in whole.tensors)


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
    command = [sys.executable, str(script), *map(str, folders), "4"]
    done = subprocess.run(command, timeout=300, capture_output=True, text=True, check=True)
    whole, killed = done.stdout.splitlines()
    assert killed == whole
    assert whole.endswith(" 30"), "steps"


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
        resumed(tmp_path, lr=0.1, checkpoint_s=7.0, keep=True)


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


@pytest.mark.skipif(os.name != "posix", reason="limits what a process may write")
def test_a_full_disk_leaves_the_checkpoint_before_whole(tmp_path):
    import resource

    path = tmp_path / NAME
    write_checkpoint(path, {"a": torch.ones(10)}, {"step": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(TrainError, match=r"cannot be written.* is whole: free some room and go on"):
            write_checkpoint(path, {"a": torch.zeros(1_000_000)}, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    tensors, state = read_checkpoint(path)
    assert (state["step"], float(tensors["a"].sum()), [each.name for each in tmp_path.iterdir()]) == (1, 10, [NAME])


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(TrainError, match="a checkpoint cannot be written"):
        write_checkpoint(tmp_path / "none" / NAME, {"a": torch.ones(1)}, {})
