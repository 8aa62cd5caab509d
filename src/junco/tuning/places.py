"""`Places`: where a run keeps what it needs while it lasts, and where the tuned operator goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import TargetError
from junco.job.only_job import only_job
from junco.neural.operator import NeuralOperator
from junco.operator.tuned_folder import check_free
from junco.settings import settings, user_path
from junco.train.args import TrainingArgs
from junco.tuning.decoding import identity_of_loader
from junco.tuning.split import Split

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of a run.

    Attributes:
        run: checkpoints, and rows that are trained on; the same for the same work, so that a run that was killed goes
            on there.
        vectors: of items, by space and content: what another run of the same data has at once.
        tuned: of the tuned operator.
    """

    run: Path
    vectors: Path
    tuned: Path


@contextmanager
def places_of(
    operator: NeuralOperator, args: TrainingArgs, parts: Split, loader: Any, to: str | Path | None
) -> Iterator[Places]:
    """The folders of a run, which nobody else works in meanwhile.

    Args:
        operator: that is trained.
        args: how; other arguments are the same work, which then says what differs.
        parts: what it is trained on.
        loader: the caller's pipeline, if one is given.
        to: where the tuned operator goes; ``None``: into junco's own folder.

    Raises:
        TargetBusyError: another run is at the same work.
        TargetError: a folder cannot be made, or there is something else where the tuned operator is to go.
    """
    work = [
        operator.name,
        _plain(operator),
        operator.tuned_identity(),
        parts.fingerprint,
        identity_of_loader(loader),
        str(to),
    ]
    name = _digest(work)
    home = settings().home / "training"
    tuned = user_path(to).absolute() if to is not None else home / "tuned" / _digest([name, args.to_dict()])
    places = Places(home / "runs" / name, home / "vectors", tuned)
    try:
        for each in (places.run, places.vectors, tuned.parent):
            each.mkdir(parents=True, exist_ok=True)
        check_free(tuned)
        with only_job(home / "runs" / f"{name}.lock", f"the run of {operator.name!r} on this data"):
            yield places
    except OSError as error:
        raise TargetError(f"{error.filename or places.run}: {error.strerror or error}") from error


def _plain(operator: NeuralOperator) -> list[tuple[str, str]]:
    """What it was made with, without what changes no vector."""
    neutral = operator.neutral_parameters() | {"tuned"}
    return sorted((name, repr(value)) for name, value in operator.spec.params.items() if name not in neutral)


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:_DIGITS]
