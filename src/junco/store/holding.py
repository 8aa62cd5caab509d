"""What a vector store can hold: names of columns, texts, vectors; all else is refused before a row is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from junco.errors import TargetError
from junco.store.arrow import arrow
from junco.store.kinds import OddValueError
from junco.vector_store.contract import ID, NUMBER, VectorStore
from junco.wording import picture

if TYPE_CHECKING:
    import pyarrow as pa


def check_names(names: Iterable[str], store: VectorStore) -> None:
    """Refuse columns that not every part of a store's language can name.

    Raises:
        TargetError: with the column.
    """
    for name in names:
        is_plain = name.isidentifier() and name.isascii() and len(name) <= store.longest_name
        if name in (ID, NUMBER) or not is_plain:
            raise TargetError(
                f"{store.address} cannot have a column {name!r}: give it a name of letters, digits and underscores, "
                f"{store.longest_name} at most, other than {ID} and {NUMBER}"
            )


def check_dim(dim: int, store: VectorStore) -> None:
    """Refuse vectors that are too long.

    Raises:
        TargetError: they are.
    """
    if store.most_dim is not None and dim > store.most_dim:
        raise TargetError(f"{store.address} takes vectors of {store.most_dim:,} numbers at most, not {dim:,}")


def check_values(rows: pa.Table, store: VectorStore) -> None:
    """Refuse values that a store cannot hold.

    Raises:
        OddValueError: with the first column that has one, and the value.
    """
    for field in rows.schema:
        column = rows.column(field.name)
        if arrow().types.is_fixed_size_list(field.type) and column.null_count:
            raise OddValueError(field.name, "a vector in each row", "none")
        if arrow().types.is_string(field.type):
            _check_texts(field.name, column, store)


def _check_texts(name: str, column: pa.ChunkedArray, store: VectorStore) -> None:
    import pyarrow.compute as pc

    most = store.longest_text
    if most is not None and (pc.max(pc.binary_length(column)).as_py() or 0) > most:
        odd = next(text for text in column.to_pylist() if text and len(text.encode()) > most)
        raise OddValueError(name, f"texts of {most:,} bytes at most", f"one of {len(odd.encode()):,}: {picture(odd)}")
    if not store.holds_nul and pc.any(pc.match_substring(column, "\0")).as_py():
        odd = next(text for text in column.to_pylist() if text and "\0" in text)
        raise OddValueError(name, "texts without the character NUL", picture(odd))
