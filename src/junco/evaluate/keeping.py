"""What was measured here, kept in ``JUNCO_HOME/evaluations`` for those who ask later: numbers and names, no items.

One file for each data and ways: measured again, the newer numbers stay.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from junco.evaluate.evaluation import Evaluation
from junco.settings import settings

_logger = logging.getLogger("junco.evaluate")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class MeasuredHere:
    """What was measured of one way on this machine.

    Attributes:
        name: of the way.
        pipeline: its name; empty for one that has none.
        operators: each operator in it, with the values of all its parameters that are plain.
        data: by what, in words.
        measure: that decides.
        mean, low, high: of it, with the interval in which it lies by chance.
        num_items: that were measured.
        items_per_s: embedded, without loading.
        dim: numbers of a vector.
        measured: when, ISO 8601 in UTC.
        fingerprint: of the data; ``None`` where nobody could tell what its items hold.
    """

    name: str
    pipeline: str
    operators: tuple[tuple[str, dict[str, Any]], ...]
    data: str
    measure: str
    mean: float
    low: float
    high: float
    num_items: int
    items_per_s: float
    dim: int
    measured: str
    fingerprint: str | None = None


def kept(evaluation: Evaluation) -> Evaluation:
    """The evaluation, of which the numbers are kept; a home that cannot be written loses them, with a warning."""
    measured = [each.to_dict() for each in evaluation.ways]
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {"data": evaluation.data, "fingerprint": evaluation.fingerprint}
    told = {"junco": 1, "measured": when, **data, "main": evaluation.main, "ways": measured}
    same = [evaluation.fingerprint or evaluation.data, [[way["name"], way["operators"]] for way in measured]]
    name = hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]
    try:
        _write(_folder() / f"{name}.json", json.dumps(told, allow_nan=False).encode())
    except (OSError, ValueError) as error:
        _logger.warning("what was measured is not kept for 'junco survey': %s", error)
    return evaluation


def measured_here() -> list[MeasuredHere]:
    """All that was measured on this machine, the newest first; a file that cannot be read is left out, with a line."""
    found: list[MeasuredHere] = []
    for path in sorted(_folder().glob("*.json")):
        try:
            found += _read(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _logger.warning("%s is left out, it cannot be read: %s", path, error)
    return sorted(found, key=lambda each: each.measured, reverse=True)


def _folder() -> Path:
    return settings().home / "evaluations"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _read(path: Path) -> Iterator[MeasuredHere]:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
    told = json.loads(path.read_bytes())
    for way in told["ways"]:
        main = way["estimates"][told["main"]]
        yield MeasuredHere(
            name=str(way["name"]),
            pipeline=str(way["pipeline"]),
            operators=tuple((str(each["name"]), dict(each["params"])) for each in way["operators"]),
            data=str(told["data"]),
            measure=str(told["main"]),
            mean=float(main["mean"]),
            low=float(main["low"]),
            high=float(main["high"]),
            num_items=int(main["num_items"]),
            items_per_s=float(way["items_per_s"]),
            dim=int(way["dim"]),
            measured=str(told["measured"]),
            fingerprint=_digest(told.get("fingerprint")),
        )


def _digest(value: object) -> str | None:
    return value if isinstance(value, str) else None
