"""What a source gives to a job: its inputs or why they are none, and what was told while it was read."""

from __future__ import annotations

from junco.errors import InputError
from junco.job.source import items_of
from junco.job.wanted import Told, Wanted


def read(source, *columns, column=None):
    """The inputs of a source for a pipeline of these columns, ``"text"`` if none are given, and the lines told."""
    told = Told()
    found = []
    for item in items_of(source, Wanted(columns or ("text",), column, tell=told)):
        try:
            found.append(item.value if item.read is None else item.read())
        except InputError as error:
            found.append(f"! {item.key}: {error}")
    return found, told.lines


def inputs(source, *columns, column=None):
    """The inputs alone."""
    return read(source, *columns, column=column)[0]
