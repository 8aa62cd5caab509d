"""`Rows`: a data set's rows, read as they are asked for; what jobs, training and measuring take as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from junco.datasets.card import DataCard
from junco.errors import DataError, ParameterError
from junco.pages.letters import amount
from junco.types.named_rows import NamedRows
from junco.wording import did_you_mean, nearest, printable

LABEL = "label"
_SHOWN, _SIDE = 8, 150


def unknown_split(card: DataCard, split: str, names: Sequence[str]) -> ParameterError:
    """What is said of a part that is not there."""
    near = did_you_mean(nearest(split, names, 1))
    return ParameterError(f"{card.id!r} has no split {split!r}; it has {', '.join(names)}.{near}")


@dataclass(frozen=True, eq=False)
class Table:
    """Where rows come from.

    Attributes:
        columns: their names.
        count: how many rows there are.
        row: gives a row by its number.
        values: gives a column's values at some numbers, without reading the others.
        labels: the names of all labels, where the source says them.
    """

    columns: tuple[str, ...]
    count: int
    row: Callable[[int], dict[str, Any]]
    values: Callable[[str, Sequence[int]], Iterable[Any]] | None = None
    labels: tuple[Any, ...] = ()

    def column(self, name: str, numbers: Sequence[int]) -> Iterable[Any]:
        """A column's values at some numbers."""
        if self.values is not None:
            return self.values(name, numbers)
        return (self.row(number)[name] for number in numbers)


@dataclass(frozen=True, eq=False, repr=False)
class Rows(NamedRows):
    """Rows of a data set, of all of it or of one split. It can be gone through as often as one likes.

    ``data[3]`` is a row, ``data[:100]`` the first hundred, ``data.column("label")`` one column's values.

    Attributes:
        card: what is known of the data set.
        table: where its rows come from.
        split: the name of the part that this is; empty: it is the whole.
        numbers: of the table's rows.
        own_parts: the numbers of each part that its makers cut it into.
        told: what was found out or decided, a line each.
    """

    card: DataCard
    table: Table
    split: str = ""
    numbers: Sequence[int] = ()
    own_parts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Of its columns."""
        return self.table.columns

    @property
    def num_rows(self) -> int:  # type: ignore[override]
        """How many rows there are."""
        return len(self.numbers)

    @property
    def labels(self) -> tuple[Any, ...]:
        """The names of its labels, sorted where their source has no order; none where it has no labels."""
        if self.table.labels or LABEL not in self.table.columns:
            return self.table.labels
        found = {label for label in self.column(LABEL) if label is not None}
        return tuple(sorted(found, key=lambda label: (str(type(label)), label)))

    @property
    def parts(self) -> Mapping[str, Rows]:
        """The parts that its makers cut it into; none of one part, and of a set that was never cut."""
        if self.split:
            return {}
        return {
            name: Rows(self.card, self.table, name, numbers, told=self.told) for name, numbers in self.own_parts.items()
        }

    def column(self, name: str) -> Iterable[Any]:
        """A column's values, read while one goes through them.

        Raises:
            DataError: there is none of that name.
        """
        if name not in self.table.columns:
            near = did_you_mean(nearest(name, self.table.columns, 1))
            raise DataError(f"{self.card.id} has no column {name!r}; it has {', '.join(self.table.columns)}.{near}")
        return self.table.column(name, self.numbers)

    def counts(self) -> Counter[Any]:
        """How many rows each label has."""
        return Counter(self.column(LABEL))

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self.table.row(number) for number in self.numbers)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | Rows:
        if isinstance(index, slice):
            return Rows(self.card, self.table, self.split or "a part", self.numbers[index], told=self.told)
        return self.table.row(self.numbers[index])

    def __repr__(self) -> str:
        part = f", {self.split}" if self.split else ""
        labels = f" ({amount(len(self.table.labels), 'label')})" if self.table.labels else ""
        return printable(
            f"<{self.card.id}{part}: {amount(len(self), 'row')} of {', '.join(self.column_names)}{labels}>"
        )

    def _repr_html_(self) -> str:
        from junco.datasets.tiles import tiles_of_rows
        from junco.pages.style import fragment
        from junco.pages.summary import titled

        lines = [self.card.summary, f"licence: {self.card.licence}", *self.told]
        shown = [self[number] for number in range(min(_SHOWN, len(self)))]
        return fragment(titled(self.card.title, repr(self)[1:-1], lines, tiles_of_rows(shown, _SIDE)))


class StreamedRows(NamedRows):
    """Rows that are fetched while one goes through them, of which nobody knows how many there are.

    Args:
        card: what is known of the data set.
        split: the name of the part; empty: the whole.
        columns: their names.
        begin: gives the rows from the first on.
    """

    num_rows = None

    def __init__(
        self, card: DataCard, split: str, columns: Sequence[str], begin: Callable[[], Iterator[dict[str, Any]]]
    ) -> None:
        self.card, self.split, self.column_names, self._begin = card, split, tuple(columns), begin

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._begin()

    def column(self, name: str) -> Iterable[Any]:
        """A column's values, fetched while one goes through them."""
        return (row[name] for row in self._begin())

    def __repr__(self) -> str:
        part = f", {self.split}" if self.split else ""
        return printable(f"<{self.card.id}{part}: rows of {', '.join(self.column_names)}, streamed>")


@dataclass(frozen=True, eq=False, repr=False)
class RetrievalRows(NamedRows):
    """A retrieval set: its rows are what is to be found, and it knows queries and what answers them.

    Attributes:
        card: what is known of it.
        split: of which queries and relevances are.
        read: reads all of it, once.
    """

    card: DataCard
    split: str
    read: Callable[[], Any]

    column_names = ("id", "text")

    @property
    def num_rows(self) -> int:  # type: ignore[override]
        """How many texts are to be found."""
        return len(self.known().corpus)

    def known(self) -> Any:
        """Queries, corpus and relevances: `junco.labelled.sets.RetrievalSet`."""
        return self.read()

    def column(self, name: str) -> Iterable[Any]:
        """The ids, or the texts, of what is to be found.

        Raises:
            DataError: there is no such column.
        """
        if name not in self.column_names:
            raise DataError(f"{self.card.id} has no column {name!r}; it has {', '.join(self.column_names)}")
        corpus: Mapping[str, Any] = self.known().corpus
        return iter(corpus if name == "id" else corpus.values())

    def __len__(self) -> int:
        return self.num_rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return ({"id": key, "text": text} for key, text in self.known().corpus.items())

    def __getitem__(self, index: int) -> dict[str, Any]:
        corpus = self.known().corpus
        key = [*corpus][index]
        return {"id": key, "text": corpus[key]}

    def __repr__(self) -> str:
        return printable(f"<{self.card.id}, {self.split}: {self.known()!r}>".replace(": <", ": ").replace(">>", ">"))
