"""Files of models from elsewhere: one that cannot be used is said by its path, with what is wrong and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from junco.errors import ParameterError
from junco.wording import reason

_MOST_BYTES = 64 * 2**20
"""Of a file with JSON: the largest tokenizers stay far below it."""
_REASON_CHARACTERS = 200
_CURE = "put it back as it came with the model, or save or fetch the model anew"


def damaged(path: Path, problem: object) -> ParameterError:
    """The error for a file, or a folder, of a model that cannot be used."""
    return ParameterError(f"model file {str(path)!r}: {reason_of(problem)}: {_CURE}")


def reason_of(problem: object) -> str:
    """What another library said, in one line that is not too long."""
    line = reason(problem) if isinstance(problem, BaseException) else " ".join(str(problem).split())
    return line if len(line) <= _REASON_CHARACTERS else f"{line[:_REASON_CHARACTERS]}…"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of JSON, ``{}`` where there is no file.

    Raises:
        ParameterError: it cannot be read, or holds no object; with its path.
    """
    value = _parsed(path) if path.exists() else {}
    if not isinstance(value, dict):
        raise damaged(path, f"it must hold an object in braces, not {json.dumps(value)[:40]}")
    return value


def read_json_list(path: Path) -> list[dict[str, Any]]:
    """The list of objects in a file of JSON.

    Raises:
        ParameterError: it cannot be read, or holds something else; with its path.
    """
    value = _parsed(path)
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        raise damaged(path, "it must hold a list of objects in braces")
    return value


def value_of(told: dict[str, Any], key: str, kinds: type | tuple[type, ...], path: Path) -> Any:
    """A key's value in what a file holds, ``None`` where it has none.

    Raises:
        ParameterError: it is of another type; with the file's path.
    """
    value = told.get(key)
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    is_good = isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)
    if value is not None and not is_good:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise damaged(path, f"{key!r} is {json.dumps(value)[:40]}, and must be of type {wanted}")
    return value


def count_of(told: dict[str, Any], key: str, path: Path) -> int | None:
    """The same for a whole number from 1 on."""
    value: int | None = value_of(told, key, int, path)
    if value is not None and value < 1:
        raise damaged(path, f"{key!r} is {value}, and must be 1 or more")
    return value


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise damaged(path, f"it is larger than {_MOST_BYTES // 2**20} MB")
        return json.loads(path.read_text("utf-8"))
    except RecursionError:
        raise damaged(path, "it is nested too deeply") from None
    except ValueError as error:
        raise damaged(path, f"it holds no JSON: {error}") from error
    except OSError as error:
        raise damaged(path, f"it cannot be read: {error.strerror or error}") from error


def check_files(paths: Iterable[Path]) -> None:
    """Refuse the first of a model's files that is damaged in itself, whatever else it should say.

    Raises:
        ParameterError: with its path.
    """
    for path in paths:
        if path.suffix == ".json":
            _parsed(path)
        elif path.suffix == ".safetensors":
            check_safetensors(path)


def check_safetensors(path: Path) -> None:
    """Refuse a file of weights that is cut off or no such file at all; only its head is read.

    Raises:
        ParameterError: with its path.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np"):
            pass
    except (SafetensorError, OSError) as error:
        raise damaged(path, f"it holds no weights that can be read: {error}") from error


def shards_of(index: Path) -> list[Path]:
    """The files that an index of weights names, in order; they lie beside it.

    Raises:
        ParameterError: it is damaged, or names a file elsewhere or one that is not there.
    """
    weights = value_of(read_json(index), "weight_map", dict, index)
    names = sorted({str(name) for name in (weights or {}).values()})
    if not names:
        raise damaged(index, "it names no files in 'weight_map'")
    for name in names:
        if Path(name).name != name or "\\" in name:
            raise damaged(index, f"it names {name!r}, which is outside its own folder")
        if not (index.parent / name).is_file():
            raise damaged(index.parent / name, f"it is missing, and {index.name} names it")
    return [index.parent / name for name in names]
