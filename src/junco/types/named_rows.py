"""`NamedRows`: rows with names that lie somewhere else, and are read as often as they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class NamedRows(ABC):
    """A table that is read row by row, or column by column: a data set, as jobs, training and measuring take it.

    Attributes:
        column_names: of its columns.
        num_rows: how many there are; ``None`` where nobody knows before the end.
    """

    column_names: tuple[str, ...]
    num_rows: int | None

    @abstractmethod
    def __iter__(self) -> Iterator[dict[str, Any]]:
        """All rows from the first on, each time anew."""

    @abstractmethod
    def column(self, name: str) -> Iterable[Any]:
        """The values of a column, which are read while one goes through them."""

    @property
    def parts(self) -> Mapping[str, NamedRows]:
        """The parts that its makers cut it into, by their names; none where it is one whole."""
        return {}

    def known(self) -> Any:
        """What is known of its items, where no column says that: of a retrieval set queries and what answers them."""
        return None
