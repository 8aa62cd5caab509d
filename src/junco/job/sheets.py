"""``.xlsx``, ``.xls`` and ``.ods``: a sheet of a workbook as a table, by python-calamine.

A formula gives the value that was stored with it, an error (``#DIV/0!``) is as nothing; of merged cells the first has
the value, and the others are empty.
What a workbook unpacks to, how many cells its sheets span and what memory it takes is looked at before it is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from junco.errors import JobError, MissingExtraError
from junco.job.choice import Choice
from junco.job.columns import choose, listed, may_be_texts
from junco.job.dialect import is_header
from junco.job.kinds import is_packed
from junco.job.wanted import Wanted
from junco.places.workbook_trial import taken_sheet
from junco.places.workbooks import MOST_BYTES, check_workbook
from junco.wording import brief, did_you_mean, nearest

_Row = tuple[int, list[Any]]
"""Its number in the sheet, and its cells."""
_SAMPLE = 64


def rows_of_sheets(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs that a workbook's sheet holds.

    Raises:
        JobError: it is no workbook, is too large, or has not the wanted sheet or column.
        MissingExtraError: what reads it is not installed.
    """
    rows, told = _rows_in(file, name, wanted)
    if not rows:
        wanted.tell(f"{name}: {told}, with nothing in it")
        return
    names = _names(rows[0][1])
    if is_header(names, wanted):
        rows = rows[1:]
    elif len(names) > 1:
        raise JobError(
            f"{name} ({told}) has no header, it seems, for its first row is {listed(names)}: put a row with the names "
            "of its columns above it; or, where they are the names, say which with column= (--column)"
        )
    else:
        names, told = ["text"], f"{told}, no header (the first row is an input)"
    columns = [_alike([cells[at] for _, cells in rows]) for at in range(len(names))]
    choice = choose(
        names,
        wanted,
        name,
        may_be_texts=lambda at: may_be_texts(columns[at][:_SAMPLE]),
        sample=lambda at: columns[at][:_SAMPLE],
    )
    wanted.tell(f"{name}: {told}, {choice.told}")
    yield from _picked([number for number, _ in rows], columns, choice, name, wanted)


def _rows_in(file: Any, name: str, wanted: Wanted) -> tuple[list[_Row], str]:
    """The rows that are not empty, as wide as the widest of them, and which sheet they stand in."""
    calamine = _calamine(name)
    if is_packed(name):
        raise JobError(f"{name} cannot be read: a workbook is compressed within: unpack it first")
    content = file.read(MOST_BYTES + 1)
    check_workbook(content, name, wanted.reading.sheet)
    try:
        with calamine.CalamineWorkbook.from_object(io.BytesIO(content)) as book:
            sheet, told = _sheet(calamine, book, name, wanted)
            first = sheet.start[0] if sheet.start is not None else 0
            rows = [(number, cells) for number, cells in enumerate(sheet.to_python(), first + 1)]
            told += ", merged cells (the first has their value)" if sheet.merged_cell_ranges else ""
    except calamine.PasswordError:
        raise JobError(f"{name} cannot be read: it has a password: save it without") from None
    except JobError:
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise JobError(f"{name} is no workbook that can be read: {brief(error)}; save the sheet as .csv") from None
    there = [(number, cells) for number, cells in rows if any(cell != "" for cell in cells)]
    num_empty = len(rows) - len(there)
    return there, told + (f", {_empty(num_empty)} passed over (errors count as nothing)" if num_empty else "")


def _empty(number: int) -> str:
    return f"{number:,} rows with nothing in them" if number > 1 else "1 row with nothing in it"


def _calamine(name: str) -> Any:
    try:
        import python_calamine
    except ImportError:
        raise MissingExtraError("python-calamine", "tables", f"the workbook {name}") from None
    return python_calamine


def _sheet(calamine: Any, book: Any, name: str, wanted: Wanted) -> tuple[Any, str]:
    """The sheet that is asked for, or the first that people see."""
    names, asked = list(book.sheet_names), wanted.reading.sheet
    if asked is not None and asked not in names:
        near = did_you_mean(nearest(asked, names, 1))
        raise JobError(f"{name} has no sheet {asked!r}; its sheets: {listed(names)}{'.' if near else ''}{near}")
    taken = taken_sheet(calamine, book, asked)
    if taken is None:
        raise JobError(f"{name} has no sheets")
    others = f" of {listed(names)} (another with sheet=, --sheet)" if len(names) > 1 and asked is None else ""
    return book.get_sheet_by_name(taken), f"sheet {taken!r}{others}"


def _names(cells: Sequence[Any]) -> list[str]:
    """The cells of the first row as names of columns; one without a name is called by its place."""
    return [str(_whole(cell)).strip() or f"column {at}" for at, cell in enumerate(cells, 1)]


def _alike(cells: Sequence[Any]) -> list[Any]:
    """A column's values: all of one type, whole numbers where all are, else as texts; nothing for an empty cell."""
    there = [_whole(cell) for cell in cells if cell != ""]
    kinds = {type(each) for each in there}
    found = iter(there)
    if len(kinds) <= 1:
        return [next(found) if cell != "" else None for cell in cells]
    convert = float if kinds == {int, float} else str
    return [convert(next(found)) if cell != "" else None for cell in cells]


def _whole(cell: Any) -> Any:
    """A number that is whole as a whole one: a sheet knows no others than fractions."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else cell


def _picked(
    numbers: Sequence[int], columns: Sequence[Sequence[Any]], choice: Choice, name: str, wanted: Wanted
) -> Iterator[Any]:
    """What each row gives; where texts are wanted, numbers and dates are what they are written as."""
    chosen = [columns[at] for at in choice.positions]
    if wanted.is_text:
        chosen[0] = [None if value is None else str(value) for value in chosen[0]]
    for number, row in zip(numbers, zip(*chosen, strict=True), strict=True):
        yield choice.pick(row, f"{name}, row {number}", wanted)
