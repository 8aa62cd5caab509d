"""`Wanted`: what the pipeline and the caller want of a source. `Told`: what was chosen for them while it was read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from junco.job.reading import FOUND_OUT, Reading

if TYPE_CHECKING:
    from junco.job.keeping import Keeping


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the pipeline and the caller want of a source.

    Attributes:
        columns: the pipeline's input columns.
        column: the column of a table to take.
        skip: paths that are no inputs: what the job itself writes.
        tell: is told, a line each, what was chosen or left out without having been asked for.
        keeping: what rows keep of their table; ``None``: nothing.
        reading: what the caller says of how a list is written.
        numbers: what values without a name are called, where this is one of several sources; ``None``: it is alone.
        name: what a file is called in the target.
        see: is told the columns of a table before any is chosen.
    """

    columns: tuple[str, ...]
    column: str | None = None
    skip: frozenset[str] = frozenset()
    tell: Callable[[str], object] = lambda line: None
    keeping: Keeping | None = None
    reading: Reading = FOUND_OUT
    numbers: Iterator[int] | None = None
    name: Callable[[str], str] = str
    see: Callable[[Sequence[str]], object] = lambda columns: None

    @property
    def names_columns(self) -> bool:
        """Whether the caller names columns, so that the source has to be a table."""
        return self.column is not None or self.keeping is not None

    @property
    def is_text(self) -> bool:
        """Whether the pipeline takes texts: then of a text file its content is meant, not its name."""
        return self.columns == ("text",)

    @property
    def is_unicode(self) -> bool:
        """Whether what is not UTF-8 is no input; names of files may be any bytes."""
        return self.is_text or len(self.columns) > 1

    def skips(self, path: str) -> bool:
        """Whether a file or folder is, or lies in, what the job itself writes."""
        full = os.path.abspath(path)  # noqa: PTH100  # no resolving of links
        return any(full == own or full.startswith(own + os.sep) for own in self.skip)


class LeftOut(str):
    """A line that tells of something which was left out since it cannot be read."""

    __slots__ = ()


class Told:
    """What was told while a source was read, each line once.

    Attributes:
        lines: all of them, in order.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._listener: Callable[[str], object] = lambda line: None

    def __call__(self, line: str) -> None:
        """Take a line down."""
        if line not in self.lines:
            self.lines.append(line)
            self._listener(line)

    def listen(self, listener: Callable[[str], object]) -> None:
        """Have each line told when it comes, and at once those that were there before."""
        self._listener = listener
        for line in self.lines:
            listener(line)
