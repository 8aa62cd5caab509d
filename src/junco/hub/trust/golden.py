"""Golden vectors: what an operator's author says comes of some inputs, compared with what comes of them here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from junco.errors import ContractError, JuncoError
from junco.hub.content import paths
from junco.operator import registry
from junco.operator.base import Operator
from junco.types.array_type import IMAGE, VECTOR
from junco.wording import NOT_OURS, brief, picture

_MOST_BYTES = 64_000_000
TOLERANCE = 1e-4
"""How far a number may be from the golden one where the manifest does not say it."""


def check_golden(owner: str, operator: type[Operator], folder: Path, told: Mapping[str, Any]) -> int:
    """Run an operator on its golden inputs: how many there are.

    Args:
        owner: its name, for messages.
        operator: the class, made with its own defaults.
        folder: of the artefact.
        told: its manifest, whose ``golden`` names the file (``inputs``, ``outputs``) and the tolerance.

    Raises:
        ContractError: it makes something else, fails, or the file cannot be compared with.
        UnavailableError: what it needs cannot be had.
    """
    golden = told["golden"]
    inputs, outputs = _pairs(owner, folder, str(golden["file"]))
    tolerance = golden.get("tolerance", TOLERANCE)
    if type(tolerance) not in (int, float) or not 0 <= tolerance < 1:
        raise ContractError(f"{owner}: the tolerance {picture(tolerance)} of its golden vectors is none: 0.001, say")
    made = _opened(owner, operator)
    try:
        for number, (item, expected) in enumerate(zip(inputs, outputs, strict=True), 1):
            found = _result(owner, made, list(as_items(operator, item, folder)), number)
            if why := difference(found, expected, float(tolerance)):
                raise ContractError(
                    f"{owner}: golden input {number} of {len(inputs)} gives {why}. It does not do here what its author "
                    "says it does, and is not used: report it there, or compare the versions of what it needs"
                )
    finally:
        made.ensure_closed()
    return len(inputs)


def _opened(owner: str, operator: type[Operator]) -> Operator:
    """A new operator, with its own defaults."""
    try:
        made = operator()
        made.fetch()
        made.ensure_open()
    except JuncoError:
        raise
    except NOT_OURS as error:
        raise ContractError(f"{owner} cannot be opened: {brief(error)}") from error
    return made


def _result(owner: str, made: Operator, item: Sequence[Any], number: int) -> Any:
    try:
        found = made(*item)
        return list(found) if made.ports().rows == "many" else found
    except NOT_OURS as error:  # an error of junco's own too, which does not say of which input it is
        raise ContractError(f"{owner} fails on its golden input {number}: {brief(error)}") from error


def _pairs(owner: str, folder: Path, name: str) -> tuple[list[Any], list[Any]]:
    path = folder / name
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ContractError(f"{owner}: {name} has more than {_MOST_BYTES:,} bytes: a few inputs are enough")
        told = json.loads(path.read_text("utf-8"))
        inputs, outputs = told["inputs"], told["outputs"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise ContractError(f"{owner}: {name} holds no golden vectors: {{'inputs': [...], 'outputs': [...]}}") from None
    if not (isinstance(inputs, list) and isinstance(outputs, list) and len(inputs) == len(outputs) > 0):
        raise ContractError(f"{owner}: {name} has to hold as many outputs as inputs, one at least")
    return inputs, outputs


def as_items(operator: type[Operator], item: Any, folder: Path) -> Iterator[Any]:
    """The columns of an input as the operator takes them, of plain values; a text may be a file of the folder.

    Raises:
        ContractError: there are too few of them.
    """
    ports = operator.ports().inputs
    kinds = [port.type for port in ports] if ports is not None else [operator.ports().each] * len(item)
    columns = item if len(kinds) != 1 else [item]
    if not isinstance(columns, list) or len(columns) != len(kinds):
        raise ContractError(f"{operator.name} takes {len(kinds)} columns, and a golden input has to be a list of them")
    for kind, value in zip(kinds, columns, strict=True):
        yield _as(kind, value, folder)


def _as(kind: Any, value: Any, folder: Path) -> Any:
    import numpy as np

    kind = next((each for each in (get_args(kind) if get_origin(kind) is not None else ()) if each == IMAGE), kind)
    kind = next((each for each in (get_args(kind) if get_origin(kind) is not None else ()) if each == VECTOR), kind)
    if kind == IMAGE and isinstance(value, str):
        return registry.load("image-decode.pil")()(str(own_file(folder, value)))
    if kind == IMAGE:
        return np.asarray(value, np.uint8)
    if kind == VECTOR:
        return np.asarray(value, np.float32)
    if isinstance(value, dict) and {"samples", "sample_rate_hz"} <= value.keys():
        from junco.types import AudioClip

        return AudioClip(np.asarray(value["samples"], np.float32), int(value["sample_rate_hz"]), 0.0)
    if isinstance(value, str) and kind is not str and (folder / value).is_file():
        return str(own_file(folder, value))
    return value


def own_file(folder: Path, name: str) -> Path:
    """A file of a folder, by the path that is written in it.

    Raises:
        ContractError: it leads elsewhere, or there is none.
    """
    if (why := paths.problem_of(name)) is not None or not (folder / name).is_file():
        raise ContractError(f"{picture(name)} is no file of {folder}: {why or 'it is not there'}")
    return folder / name


def difference(found: Any, expected: Any, tolerance: float) -> str:
    """In words, what something is instead of what is expected; empty where it is the same within a tolerance."""
    import numpy as np

    if is_dataclass(found) and not isinstance(found, type):
        found = asdict(found)
    if isinstance(found, dict) and isinstance(expected, dict):
        other = next((key for key in expected if difference(found.get(key), expected[key], tolerance)), None)
        return "" if other is None else f"another {other!r}: {difference(found.get(other), expected[other], tolerance)}"
    if isinstance(expected, (str, bool, type(None), dict)):
        return "" if found == expected else f"{picture(found)} instead of {picture(expected)}"
    try:
        one, other = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    except (TypeError, ValueError, OverflowError):
        return _of_lists(found, expected, tolerance)
    if one.shape != other.shape:
        return f"numbers of the shape {one.shape} instead of {other.shape}"
    if not np.isfinite(one).all():
        return "numbers that are not finite"
    far = float(np.abs(one - other).max()) if one.size else 0.0
    return f"numbers up to {far:.3g} from the golden ones, and {tolerance:g} is allowed" if far > tolerance else ""


def _of_lists(found: Any, expected: Any, tolerance: float) -> str:
    if not (isinstance(found, (list, tuple)) and isinstance(expected, list)) or len(found) != len(expected):
        return f"{picture(found)} instead of {picture(expected)}"
    pairs = zip(found, expected, strict=True)
    return next((why for one, other in pairs if (why := difference(one, other, tolerance))), "")
