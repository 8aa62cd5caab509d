"""What commands print: tables and pictures of values for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from junco.pages.letters import amount
from junco.terminal import is_terminal, out, out_json, stdout
from junco.types.media import HEAVY
from junco.wording import picture, printable

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
sources = click.option(
    "--sources",
    is_flag=True,
    help="On the page, show also what lies neither beneath the working folder nor beneath the set's.",
)


def written(pages: Sequence[Path]) -> str:
    """What to say of pages that were written, the first one first."""
    first, *others = pages
    return f"wrote {first}" + (f", and {amount(len(others), 'more page')} in {others[0].parent}" if others else "")


def print_json(value: Any) -> None:
    """Print a value as JSON: arrays as lists, rows and dataclasses as objects, what is not a number as null."""
    out_json(plain(value), indent=None if _is_long(value) else 2)


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], *, is_first_folded: bool = False) -> None:
    """A table fitted to the terminal; aligned columns of whole lines when somebody else reads.

    Args:
        head: names of the columns.
        rows: as many cells each.
        is_first_folded: the first column takes what the others leave, instead of them what it leaves.
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    if is_terminal(stdout()):
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for index, name in enumerate(head):
            table.add_column(name, overflow="fold", no_wrap=(index == 0) is not is_first_folded)
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        Console(file=stdout()).print(table)
        return
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    for row in ([name.upper() for name in head], *cells):
        out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_fields(fields: Mapping[str, object]) -> None:
    """Names with their values, a line each; a list takes a line for each entry. Empty ones are left out."""
    shown = {name: value for name, value in fields.items() if value not in ("", None) and value != []}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        lines = value if isinstance(value, list) else str(value).splitlines()
        for index, line in enumerate(map(printable, lines)):
            label = name if index == 0 else ""
            out(f"{label.ljust(width)}  {line}", bold=len(label))


def plain(value: Any) -> Any:
    """A value in JSON's own types. Of pixels and samples their shape alone is told."""
    import numpy as np

    from junco.pages.values import with_own_digits  # with numpy

    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return _shape(value) if _is_picture(value) else plain(with_own_digits(np.asarray(value)).tolist())
    if fields := _fields(value):
        heavy = HEAVY.get(type(value))
        value = {name: _shape(held) if name == heavy else held for name in fields for held in [getattr(value, name)]}
    if isinstance(value, Mapping):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(child) for child in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else picture(value)


def _is_picture(value: Any) -> bool:
    """Whether an array holds pixels: uint8 RGB (height, width, 3)."""
    return value.ndim == 3 and value.shape[2] == 3 and str(value.dtype) == "uint8"


def _shape(value: Any) -> Any:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    return value if shape is None else {"shape": list(shape), "dtype": str(dtype)}


def short(value: Any) -> str:
    """A picture of a result for people: a vector by its length, norm and first values."""
    import numpy as np

    from junco.pages.values import line  # with numpy

    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f":
        first = ", ".join(f"{number:.4g}" for number in value[:4])
        more = ", …" if len(value) > 4 else ""
        return f"{len(value)} numbers ({value.dtype}), norm {np.linalg.norm(value):.4g}: [{first}{more}]"
    if isinstance(value, str):
        return picture(value)[1:-1]
    if dataclasses.is_dataclass(value):
        return line(value)  # as inspections do
    if fields := _fields(value):
        return ", ".join(f"{name}: {short(getattr(value, name))}" for name in fields)
    return picture(value)


def size(size_bytes: int) -> str:
    """Bytes in the unit that people read."""
    amount, units = float(size_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def _fields(value: Any) -> tuple[str, ...]:
    """Names of the fields of a dataclass or a named row."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(field.name for field in dataclasses.fields(value))
    return tuple(getattr(value, "_fields", ()))


def _is_long(value: Any) -> bool:
    """Whether there are vectors in it, which on a line for each number nobody could read."""
    if hasattr(value, "__array__"):
        return True
    if isinstance(value, Mapping):
        return any(_is_long(child) for child in value.values())
    if isinstance(value, (list, tuple)):
        return any(_is_long(child) for child in value)
    return any(_is_long(getattr(value, name)) for name in _fields(value))
