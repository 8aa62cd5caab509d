"""Small things to train: networks of junco's blocks, digits, and who looks on. As a script: a run that is killed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from junco.nn.attention import Attention
from junco.nn.convolution import ConvCentred, ConvNormActivation
from junco.nn.mlp import MLP
from junco.nn.transformer import TransformerBlock
from junco.train.args import TrainingArgs
from junco.train.examples import ArrayRows, Examples
from junco.train.head import head_task
from junco.train.task import TrainTask, stacked_tensors
from junco.train.trainer import Fitted, fit


class Onlooker:
    """Keeps what it hears; may do something at a step."""

    def __init__(self, at=None, do=None):
        self.epochs, self.steps, self.lines = [], [], []
        self.at, self.do = at, do

    def epoch(self, epoch):
        self.epochs.append(epoch)

    def step(self, step, steps, loss, lr):
        self.steps.append((step, steps, loss, lr))
        if step == self.at:
            self.do()

    def told(self, line):
        self.lines.append(line)


class Convolutional(nn.Module):
    """Pictures of 8 × 8 → 16 numbers, with BatchNorm, a convolution of groups and one of points."""

    def __init__(self):
        super().__init__()
        self.first = ConvNormActivation(1, 8, 3)
        self.grouped = ConvCentred(8, 8, 3, groups=8)
        self.second = ConvNormActivation(8, 16, 1)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(16, 16)

    def forward(self, pixels):
        return self.out(self.drop(self.second(self.grouped(self.first(pixels))).mean(dim=(2, 3))))


class Attending(nn.Module):
    """Eight rows of eight pixels → 16 numbers."""

    def __init__(self, drop=0.0):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.positions = nn.Parameter(torch.randn(8, 16))
        self.blocks = nn.ModuleList(
            [TransformerBlock(16, attention=Attention(16, 2), mlp=MLP(16, 32)) for _ in range(2)]
        )
        self.drop = nn.Dropout(drop)

    def forward(self, pixels):
        tokens = self.embed(pixels[:, 0])
        tokens = tokens + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            tokens = self.drop(block(tokens))
        return tokens.mean(dim=1)


def task_of(network, **more) -> TrainTask:
    """A task whose rows are pictures."""
    return TrainTask(
        name="test.small",
        network=network,
        rows=lambda items, side: [(np.asarray(item, np.float32),) for item in items],
        collate=stacked_tensors,
        forward=lambda tensors, side: network(tensors[0]),
        **more,
    )


def seeded(kind, seed=0, **options):
    """A network with the weights of a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(**options)


@cache
def digits():
    """Pictures (n, 1, 8, 8) and labels: 240 to train on, 240 held out."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    pixels, labels = (pixels[:480] / 16).astype(np.float32).reshape(-1, 1, 8, 8), labels[:480].astype(np.int64)
    return pixels[::2], labels[::2], pixels[1::2], labels[1::2]


def labelled() -> Examples:
    """Pictures with labels."""
    return Examples((ArrayRows((digits()[0],)),), labels=digits()[1])


def pairs(**more) -> Examples:
    """Two pictures of a label each; those of one label are no negatives of each other."""
    pixels, labels = digits()[:2]
    order = np.argsort(labels, kind="stable")
    left, right = pixels[order], pixels[np.roll(order, -1)]
    same = (labels[order], labels[np.roll(order, -1)])
    return Examples((ArrayRows((left,)), ArrayRows((right,))), **{"groups": same, **more})


def scored() -> Examples:
    """Pairs whose score is how alike they are."""
    pixels, labels = digits()[:2]
    other = np.random.default_rng(0).permutation(len(pixels))
    return Examples(
        (ArrayRows((pixels,)), ArrayRows((pixels[other],))), scores=(labels == labels[other]).astype(np.float32)
    )


def triplets() -> Examples:
    """An anchor, another of its label, one of another label."""
    pixels, labels = digits()[:2]
    rng = np.random.default_rng(0)
    alike = [rng.choice(np.flatnonzero(labels == label)) for label in labels]
    other = [rng.choice(np.flatnonzero(labels != label)) for label in labels]
    return Examples(tuple(ArrayRows((pixels[places],)) for places in (np.arange(len(labels)), alike, other)))


def taught(dim) -> Examples:
    """Pictures with the vectors of a teacher."""
    pixels, labels = digits()[:2]
    teacher = np.random.default_rng(0).normal(size=(10, dim)).astype(np.float32)
    return Examples((ArrayRows((pixels,)),), targets=teacher[labels])


def accuracy(embed):
    """Of the nearest neighbour of held-out pictures, by cosine."""
    known, labels, asked, wanted = digits()
    one, other = (embed(ArrayRows((rows,)), "left") for rows in (asked, known))
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
    return {"accuracy": float((labels[(one @ other.T).argmax(axis=1)] == wanted).mean())}


def trained(task, examples, folder, goal="classify", **args) -> Fitted:
    """Fit, quietly."""
    measure, metric = args.pop("measure", accuracy), args.pop("metric", "accuracy")
    watch, resume = args.pop("watch", None) or Onlooker(), args.pop("resume", False)
    told = TrainingArgs(**{"scope": "all", "epochs": 1, "lr": 3e-3, "device": "cpu", **args})
    return fit(
        task, examples, told, Path(folder), goal=goal, measure=measure, metric=metric, watch=watch, resume=resume
    )


def vectors_head(dim_out=16, start=None):
    """A head on the pixels, and its examples."""
    pixels, labels = digits()[:2]
    rows = ArrayRows((pixels.reshape(len(pixels), -1),))
    return head_task("test.head", 64, dim_out, start), Examples((rows,), labels=labels)


def of_flat_pixels(embed):
    """Accuracy of heads on pixels."""
    return accuracy(lambda rows, side: embed(ArrayRows((rows.arrays[0].reshape(len(rows), -1),)), side))


def longer_run(folder, resume, **more):
    """Three epochs with all that draws: dropout, batches, augmentation, adapters of a loss."""

    def change(tensors, generator):
        return (tensors[0] + 0.05 * torch.randn(tensors[0].shape, generator=generator),)

    task = task_of(seeded(Convolutional), augment=change)
    return trained(task, labelled(), folder, "classify", epochs=3, batch=24, checkpoint_s=0, resume=resume, **more)


def killed_and_resumed(folder: Path, kills: int) -> str:
    """A run that is killed so often, each time soon after a checkpoint, in processes of its own; its last words.

    Processes are forked before torch has any threads, so that each has not to import it.
    """
    draws = random.Random(0)
    while not (folder / "digest").exists():
        known = _written(folder)
        child = os.fork()
        if child == 0:
            _as_a_child(folder)
        while kills and _written(folder) == known and not os.waitpid(child, os.WNOHANG)[0]:
            time.sleep(0.001)
        if kills:
            time.sleep(draws.uniform(0, 0.02))
            os.kill(child, signal.SIGKILL)
            kills -= 1
        os.waitpid(child, 0)
    return (folder / "digest").read_text()


def _written(folder):
    checkpoint = folder / "checkpoint.safetensors"
    return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0


def _as_a_child(folder):
    torch.set_num_threads(1)
    done = longer_run(folder, resume=True)
    digest = hashlib.sha256()
    for name in sorted(done.tensors):
        digest.update(name.encode() + done.tensors[name].tobytes())
    (folder / "digest.part").write_text(f"{digest.hexdigest()} {len(done.history.losses)}")
    (folder / "digest.part").rename(folder / "digest")
    os._exit(0)


if __name__ == "__main__":
    digits()
    for folder, kills in ((Path(sys.argv[1]), 0), (Path(sys.argv[2]), int(sys.argv[3]))):
        print(killed_and_resumed(folder, kills))
