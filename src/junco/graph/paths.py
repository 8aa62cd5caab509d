"""Paths in pipeline files: what begins with ``./`` or ``../`` means from where the file lies.

So a folder with a file and what belongs to it can be moved and sent. Links are not followed: the folder is the one that
the file was named in.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_BEGINNINGS = ("./", "../")


def from_folder(value: Any, folder: Path) -> Any:
    """A file's value with its relative paths made absolute."""

    def absolute(text: str) -> str:
        return _joined(folder, text) if text.startswith(_BEGINNINGS) else text

    return _changed(value, absolute)


def to_folder(value: Any, folder: Path) -> Any:
    """A value for a file in ``folder``: paths beneath it become relative; `from_folder` brings them back.

    A relative path means from the working folder here, as everything that a caller gives does.
    """
    top = _joined(folder, ".").rstrip(os.sep) + os.sep

    def relative(text: str) -> str:
        text = _joined(Path.cwd(), text) if text.startswith(_BEGINNINGS) else text
        is_beneath = text.startswith(top) and text != top and os.path.normpath(text) == text
        return f"./{text[len(top) :]}" if is_beneath else text

    return _changed(value, relative)


def _joined(folder: Path, text: str) -> str:
    return os.path.normpath(folder.absolute() / text)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(child, change) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_changed(child, change) for child in value)
    return value
