"""What can be shown of a file without running, unpacking or drawing it: its text, its tensors' names, its picture."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from junco.hub.server.hub import Hub
from junco.hub.server.repos.revisions import File
from junco.hub.web import raster

MOST_TEXT, MOST_LINES, MOST_LINE = 512_000, 5_000, 2_000
MOST_HEADER, MOST_TENSORS = 2_000_000, 1_000


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as a file's header describes it.

    Attributes:
        name: of the tensor.
        kind: ``F32`` ….
        shape: its sizes.
    """

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """How many it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Preview:
    """What is shown of a file.

    Attributes:
        kind: ``"text"``, ``"tensors"``, ``"picture"`` or ``"none"``.
        lines: of a text.
        tensors: of a file of tensors, in the order of their names.
        notes: what such a file says of itself.
        is_cut: whether there is more than is shown.
    """

    kind: str
    lines: list[str] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


def read(hub: Hub, file: File, most: int) -> bytes:
    """A file's first bytes; none where they are lost."""
    if hub.places.size(file.place) != file.size:
        return b""
    return b"".join(hub.places.read(file.place, 0, min(file.size, most)))


def text_of(hub: Hub, file: File, most: int = MOST_TEXT) -> str:
    """A file's beginning as text."""
    return read(hub, file, most).decode("utf-8", "replace")


def preview(hub: Hub, file: File) -> Preview:
    """What is shown of a file."""
    if file.format == "text":
        return _of_text(text_of(hub, file), file.size > MOST_TEXT)
    if file.format == "safetensors":
        return _of_tensors(hub, file)
    if raster.may_be_shown(read(hub, file, raster.HEAD), file.size):
        return Preview("picture")
    return Preview("none")


def _of_text(text: str, is_cut: bool) -> Preview:
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    shown = [seen(line.removesuffix("\r"))[:MOST_LINE] for line in lines[:MOST_LINES]]
    return Preview("text", shown, is_cut=is_cut or len(lines) > MOST_LINES)


def seen(text: str) -> str:
    """A text in which every letter is to be seen: those that turn or hide others are spelt out."""
    return "".join(each if each.isprintable() or each == "\t" else f"\\u{{{ord(each):x}}}" for each in text)


def _of_tensors(hub: Hub, file: File) -> Preview:
    header = tensors_header(hub, file)
    if header is None:
        return Preview("none")
    tensors, notes = header
    return Preview("tensors", tensors=tensors[:MOST_TENSORS], notes=notes, is_cut=len(tensors) > MOST_TENSORS)


def tensors_header(hub: Hub, file: File) -> tuple[list[Tensor], dict[str, str]] | None:
    """The tensors that a file's header names, and its notes; ``None`` where it cannot be read."""
    length = int.from_bytes(read(hub, file, 8)[:8].ljust(8, b"\xff"), "little")
    if length > min(MOST_HEADER, file.size):
        return None
    try:
        told: Any = json.loads(read(hub, file, 8 + length)[8:])
        notes = told.pop("__metadata__", None) or {}
        tensors = [Tensor(str(name), str(each["dtype"]), _shape(each["shape"])) for name, each in told.items()]
        shown = {seen(str(key))[:200]: seen(str(value))[:500] for key, value in list(notes.items())[:50]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return sorted(tensors, key=lambda each: _natural(each.name)), shown


def _shape(sizes: Any) -> tuple[int, ...]:
    return tuple(int(each) for each in sizes[:64])


def _natural(name: str) -> list[tuple[int, int, str]]:
    """An order in which layer 2 stands before layer 10."""
    parts = name.replace("_", ".").split(".")
    return [
        (0, int(part), "") if part.isascii() and part.isdigit() and len(part) < 20 else (1, 0, part) for part in parts
    ]
