"""A real small training run, done by hand: photos of textiles, their vectors, a linear head of torch's."""

from __future__ import annotations

import platform
import time
from pathlib import Path

import numpy as np
import pytest

from before_after import estimates_of, evaluation_of
from junco import pipeline
from junco.labelled.sets import LabelledSet
from junco.train.history import Epoch, History
from junco.tuning.held_out import HeldOut
from junco.tuning.report import TrainReport

LABELS = ("global", "local", "nominal")
PER_LABEL, HELD_OUT = 20, 8
EPOCHS, BATCH, LR = 6, 12, 2e-2


@pytest.fixture(scope="session")
def photos() -> LabelledSet:
    """Sixty photos of textiles: of three labels twenty each."""
    import conformal_clip_data

    folder = Path(conformal_clip_data.__file__).parent / "data" / "textile_images" / "simulated"
    files = [file for label in LABELS for file in sorted((folder / label).glob("*.jpg"))[:PER_LABEL]]
    keys = [str(file.relative_to(folder)) for file in files]
    return LabelledSet([str(file) for file in files], [file.parent.name for file in files], keys)


@pytest.fixture(scope="session")
def photo_vectors(photos) -> np.ndarray:
    """Their vectors of EfficientNet-Lite0, float32 (60, 1280)."""
    with pipeline("image-embedding-efficientnet-lite0", runtime="torch") as embed:
        return np.stack(list(embed.stream(photos.items))).astype(np.float32)


@pytest.fixture(scope="session")
def held_out_rows(photos) -> np.ndarray:
    """The last eight photos of each label."""
    return np.array([row for row in range(len(photos)) if row % PER_LABEL >= PER_LABEL - HELD_OUT])


@pytest.fixture(scope="session")
def held_out_photos(photos, held_out_rows) -> LabelledSet:
    """What is measured by."""
    items, labels, keys = ([each[row] for row in held_out_rows] for each in (photos.items, photos.labels, photos.keys))
    return LabelledSet(items, labels, keys)


@pytest.fixture(scope="session")
def head_run(photos, photo_vectors, held_out_photos, held_out_rows) -> tuple[np.ndarray, History]:
    """A linear map that begins at the identity, trained to tell labels apart: its weight (1280, 1280), and epochs."""
    import torch

    torch.manual_seed(0)
    units = photo_vectors / np.linalg.norm(photo_vectors, axis=1, keepdims=True)
    rows = torch.tensor([row for row in range(len(photos)) if row not in held_out_rows])
    inputs, codes = torch.from_numpy(units), torch.tensor([LABELS.index(label) for label in photos.labels])
    head, classes = torch.nn.Linear(1280, 1280, bias=False), torch.nn.Linear(1280, 3, bias=False)
    torch.nn.init.eye_(head.weight)
    optimizer = torch.optim.AdamW([*head.parameters(), *classes.parameters()], LR, weight_decay=0.0)
    history = History("map", lr=LR, batch=BATCH, num_trained=1280**2, num_weights=4_652_008 + 1280**2)

    def measures() -> dict[str, float]:
        vectors = photo_vectors[held_out_rows] @ head.weight.detach().numpy().T
        return {
            name: each.mean for name, each in estimates_of(held_out_photos, vectors).items() if name != "silhouette"
        }

    best = head.weight.detach().numpy().copy()
    history.epochs.append(Epoch(0, 0, float("nan"), LR, 0.0, measures()))
    for number in range(1, EPOCHS + 1):
        started = time.perf_counter()
        losses = []
        for batch in rows[torch.randperm(len(rows))].split(BATCH):
            outputs = classes(torch.nn.functional.normalize(head(inputs[batch]))) * 10
            loss = torch.nn.functional.cross_entropy(outputs, codes[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            history.losses.append((len(history.losses) + 1, loss.item()))
        took = time.perf_counter() - started
        mean = float(np.mean(losses))
        history.epochs.append(Epoch(number, len(history.losses), mean, LR, took, measures()))
        if history.best.number == number:
            best = head.weight.detach().numpy().copy()
    history.seconds = sum(epoch.seconds for epoch in history.epochs)
    return best, history


@pytest.fixture(scope="session")
def held_out(held_out_photos, photo_vectors, held_out_rows, head_run) -> HeldOut:
    """The held-out photos with their vectors before and after."""
    before = photo_vectors[held_out_rows]
    return HeldOut(held_out_photos, (before,), (before @ head_run[0].T,))


@pytest.fixture(scope="session")
def report(held_out, head_run) -> TrainReport:
    """What came of it."""
    return TrainReport(
        name="image-embedding.efficientnet-lite",
        params={"model": "lite0"},
        scope="head",
        goal="classify",
        args={
            "scope": "head",
            "goal": "classify",
            "epochs": EPOCHS,
            "batch": BATCH,
            "lr": LR,
            "balance": True,
            "seed": 0,
        },
        history=head_run[1],
        num_examples=36,
        split={"share": 0.4, "seed": 0, "train": dict.fromkeys(LABELS, 12), "held_out": dict.fromkeys(LABELS, 8)},
        evaluation=evaluation_of(held_out.data, held_out.before, held_out.after),
        held_out=held_out,
        machine=f"{platform.machine()}, torch on the CPU",
        no_bridge="it was trained by hand",
    )
