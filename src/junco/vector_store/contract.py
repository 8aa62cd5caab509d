"""`VectorStore`: the contract of a vector database, as a target of bulk jobs and as a set that answers.

A store holds one collection of rows. What is hard about a job is done above: that it may be killed at any moment, that
inputs change and leave, that columns hold what Arrow can. A store is given plain rows with their ids, and puts them in,
takes them out, finds the nearest and gives them back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.types import Vectors
    from junco.vector_store.address import StoreAddress

ID, INPUT, NUMBER = "junco_id", "input", "junco_row"
"""Columns that each row has: its id (32 hexadecimal digits), the input that it came from, and its number among the rows
of that input, from 0."""
TIMEOUT_S = 10.0
"""How long a server may take to answer that it is there."""
BATCH_ROWS = 4_096
"""Rows that a store gives at a time."""

Kind = Literal["text", "int", "float", "bool", "time", "any"]
"""What a column holds: texts, whole numbers of 64 bits, numbers of 64 bits, truth values, times with microseconds; any:
whatever Arrow can hold."""


class Condition(NamedTuple):
    """What rows must meet: a column, one of ``= != < <= > >= in``, and values of the column's own type."""

    column: str
    sign: str
    values: tuple[Any, ...]


class Found(NamedTuple):
    """A row that was found: its cosine, and its columns without the vector."""

    score: float
    row: Mapping[str, Any]


class VectorStore(ABC):
    """One collection of a vector database. As a context it is closed at the end.

    Its methods are called one at a time, though not always by the same thread. A set keeps a store open from question
    to question; one that `is_exclusive` it opens for each.

    Whatever its driver raises is told to the user with the store's address; a store need not translate it.

    Args:
        address: where it is.

    Attributes:
        kinds: which kinds of columns it keeps as they are. It is given no others: what is of another kind is made a
            text first, and read back as it was.
        longest_text: bytes of UTF-8 that a text may have; ``None``: any.
        longest_name: letters of a column's name.
        holds_nul: whether a text may hold the character NUL.
        most_dim: numbers of a vector; ``None``: any.
        keeps_lengths: whether vectors come back as long as they were; else at length 1.
        most_found: rows that `search` gives at most; ``None``: all. Of more junco looks at all rows by itself.
        indexed_rows: from how many rows on `finish` builds an index, which finds what is near and not always the
            nearest; ``None``: the store decides that by itself.
    """

    kinds: ClassVar[frozenset[Kind]] = frozenset({"text", "int", "float", "bool"})
    longest_text: ClassVar[int | None] = None
    longest_name: ClassVar[int] = 60
    holds_nul: ClassVar[bool] = True
    most_dim: ClassVar[int | None] = None
    keeps_lengths: ClassVar[bool] = True
    most_found: ClassVar[int | None] = None
    indexed_rows: ClassVar[int | None] = None

    def __init__(self, address: StoreAddress) -> None:
        self.address = address

    @property
    def is_exclusive(self) -> bool:
        """Whether nobody else may open the database while it is open here."""
        return False

    def check(self) -> None:  # noqa: B027  # nothing to refuse is a fine answer
        """Refuse, before any work, an address that cannot be and a driver that is not installed. Nothing is opened."""

    @abstractmethod
    def metadata(self) -> Mapping[str, str] | None:
        """What `open` was given; ``None`` where there is no such collection, empty where junco did not make it."""

    @abstractmethod
    def open(self, schema: pa.Schema, vector: str, metadata: Mapping[str, str]) -> None:
        """Make the collection, which is not there, and keep the metadata with it, some tens of thousand bytes.

        Args:
            schema: of its rows: `ID`, `INPUT`, `NUMBER`, the vectors as a fixed-size list of float32, and columns of
                the kinds that the store keeps, which may hold nulls.
            vector: the column that holds the vectors.
            metadata: texts by their names.
        """

    @abstractmethod
    def upsert(self, rows: pa.Table, *, are_new: bool) -> None:
        """Put rows in, of the schema that `open` was given; one whose id is there takes its place.

        They must survive the end of the process when `finish` has returned. ``are_new``: no id is there yet,
        so that a store may take its way for bulk loads.
        """

    @abstractmethod
    def remove(self, ids: Sequence[str]) -> None:
        """Take rows out. Some may not be there."""

    @abstractmethod
    def drop(self) -> None:
        """Remove the collection with all that is in it, if it is there."""

    @abstractmethod
    def count(self) -> int:
        """How many rows there are, exactly, also right after `upsert` and `remove`."""

    @abstractmethod
    def search(self, vectors: Vectors, count: int, where: Sequence[Condition] = ()) -> list[list[Found]]:
        """The rows nearest to each of some vectors (n, dim) of length 1 by cosine, best first.

        Args:
            vectors: float32.
            count: how many rows for each; as many as there are, if there are fewer.
            where: conditions that `filters` said yes to; a row must meet all.
        """

    @abstractmethod
    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all rows, some at a time, each row once, in any order."""

    def get(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Some columns of the rows that have these ids, in any order; an id that is not there has no row.

        Without a way of its own a store looks through all rows.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted, asked = pa.array(ids, pa.string()), list(dict.fromkeys([ID, *columns]))
        pieces = (rows.filter(pc.is_in(rows.column(ID), value_set=wanted)) for rows in self.scan(asked))
        found = [rows.select(list(columns)) for rows in pieces if rows.num_rows]
        return pa.concat_tables(found) if found else pa.table({name: [] for name in columns})

    def filters(self, condition: Condition) -> bool:
        """Whether `search` can meet a condition by itself; else junco reads the columns and compares."""
        return False

    def finish(self) -> None:  # noqa: B027  # nothing to do is a fine answer
        """All rows are in: write what is not yet written, and build an index, if the store wants one."""

    def close(self) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Let go of the database, also after an error; what was put in since `finish` may be lost."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
