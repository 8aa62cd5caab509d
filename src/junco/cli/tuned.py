"""What the folder of a tuned operator holds, as ``junco show`` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junco.cli.printing import size
from junco.errors import JuncoError
from junco.settings import only_looking, user_path
from junco.wording import brief


def is_tuned(ref: str) -> bool:
    """Whether it is written as a folder, and a tuned operator lies there."""
    from junco.operator.tuned_folder import is_tuned_folder

    return is_tuned_folder(user_path(ref))


def tuned(ref: str) -> dict[str, Any]:
    """What is in a folder, to be shown; its weights are not loaded, and nothing is fetched.

    Raises:
        IntegrityError: what lies there is no tuned operator.
    """
    from junco.operator.tuned_folder import read_folder

    found = read_folder(ref)
    told = found.manifest
    parent = told.get("parent") or {}
    return {
        "kind": "tuned operator",
        "operator": found.operator,
        "parameters": [f"{name} = {value!r}" for name, value in found.params.items()],
        "scope": _words(told.get("scope")),
        "goal": told.get("goal"),
        "numbers": found.head[0] if found.head is not None else told.get("dim"),
        "space": _space(found.folder),
        "parent": str(parent.get("space") or "unknown"),
        "data": _lines(told.get("data")),
        "metrics": _lines(told.get("metrics")),
        "arguments": _lines(told.get("args")),
        "made": _words(told.get("made")),
        "size": size(found.num_bytes),
        "path": str(found.folder.absolute()),
    }


def _space(folder: Path) -> str:
    from junco.operator.base import Operator

    try:
        with only_looking():
            space = Operator.load(folder).space()
    except JuncoError as error:
        return f"not known here: {brief(error)}"
    return "unknown" if space is None else str(space)


def _lines(told: Any) -> list[str]:
    """A line for each key; what is nested stands in its line."""
    if not isinstance(told, Mapping):
        return [] if told is None else [_words(told)]
    return [f"{key}: {_words(value)}" for key, value in told.items() if value not in (None, [], {}, "")]


def _words(told: Any) -> str:
    if told is None:
        return ""
    if isinstance(told, Mapping):
        shown = [f"{key} {_words(value)}" for key, value in told.items()]
        return _cut(", ".join(shown))
    if isinstance(told, (list, tuple)):
        return _cut(", ".join(map(_words, told)))
    return f"{told:.4g}" if isinstance(told, float) else str(told)


def _cut(text: str, most: int = 400) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
