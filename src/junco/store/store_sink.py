"""`StoreSink`: a vector database as the target of a bulk job.

Sealed shards lie in a hidden folder, as those of files do. At the end the database is told what changed: rows that are
new or other than before are put in, rows that are no more are taken out. What to tell it stands in the folder before
the first row goes, and putting a row in twice leaves one, so a job that was killed in between says it all again. The
folder also keeps the ids of the rows in the source's order, so that nothing depends on what the database remembers.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import JuncoError, TargetError
from junco.store.arrow import arrow
from junco.store.carried import Carried
from junco.store.durable import moved, removed, replacing, sizes_of, sums_of, writing
from junco.store.files import FileSink
from junco.store.holding import check_dim, check_names, check_values
from junco.store.kinds import OddValueError, wider
from junco.store.large import large_in, large_metadata
from junco.store.payload import MADE, SCHEMA, VECTOR, kept, kept_schema, schema_of_text, schema_text, vector_in
from junco.store.previous import Previous
from junco.store.row_ids import (
    Ids,
    load_ids,
    missing,
    numbered,
    numbers_of,
    repeated,
    save_ids,
    texts_of,
    without_numbers,
)
from junco.store.sink import Layout, Rejected, Span
from junco.store.vectors import PIPELINE, TITLE, space_in
from junco.store.weight import Weight
from junco.types import Space
from junco.vector_store.contract import ID, INPUT, NUMBER, VectorStore
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa

_IDS, _LEAVING, _ROWS, _PLAN = "ids.npy", "leaving.npy", "rows.arrow", "plan.json"
_UPSERT_ROWS = 16_384
_REMOVE_ROWS = 4_096
_OTHERWISE = (TITLE, PIPELINE, SCHEMA, VECTOR, MADE)
"""Of a collection's metadata: what may be told in other words, or is compared in another way."""


class StoreSink(FileSink):
    """A collection of a vector database.

    Args:
        connect: gives the store, anew each time.

    Raises:
        ParameterError: there can be no such store.
        MissingExtraError: its driver is not installed.
    """

    def __init__(self, connect: Callable[[], VectorStore]) -> None:
        self.connect, self.store = connect, connect()
        self.store.check()
        super().__init__(self.store.address.beside)
        self.target = str(self.store.address)
        self._is_again = False

    @contextmanager
    def _opened(self) -> Iterator[VectorStore]:
        """The store, for a while.

        Raises:
            TargetError: it is down, full, or does not do what it is asked for: whatever its driver raises.
        """
        try:
            with self.connect() as store:
                yield store
        except JuncoError:
            raise
        except Exception as error:
            raise TargetError(
                f"{self.target}: {brief(error)}. What is finished is kept: see to the store and run the same again"
            ) from error

    def check(self, *, is_ours: bool) -> None:
        """Make the folders; whether the store is there was seen by `stamp`."""
        with writing(self.target):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        super().check(is_ours=True)
        if not is_ours:
            removed(self._ids_path)  # the collection is made anew, whatever is in it

    def check_missing(self, space: Space | None) -> None:
        """Refuse: no store keeps a row without its vector."""
        raise TargetError(
            f"{self.target} takes a vector for each row, and nothing stands for one that is missing: "
            "leave out what fails (on_error='skip')"
        )

    def check_rows(self, rows: Sequence[pa.Table], schema: pa.Schema) -> None:
        """Refuse columns and values that the store cannot hold, before anything is written."""
        check_names(schema.names, self.store)
        for piece in rows:
            check_values(piece, self.store)

    def weight(self, number: int, layout: Layout) -> Weight | None:
        """Nobody can tell what a database makes of rows."""
        return None

    def stage(self, spans: Iterable[Span], rejects: Sequence[Rejected], layout: Layout) -> None:
        """Write down what the store is to be told: new rows, ids that leave, whether the collection is made anew."""
        spans = list(spans)
        with writing(self.target), self._readable():
            self._empty(self._staged)
            told = self._told_by_store()
            old = self._old_ids()
            ids, has_repeats = self._ids(spans)
            leaving = missing(old, ids)
            plan: dict[str, Any] = {"count": len(ids), "made": told.get(MADE, "")}
            if not spans and told and not self._ids_path.exists():  # whatever is there leaves with the collection
                told = {**told, **layout.metadata, MADE: secrets.token_hex(8)}
                plan |= {"made": told[MADE], "metadata": told}
            if spans:
                schema = self._whole_schema(spans, layout.columns)
                is_anew = has_repeats or self._is_anew(told, schema, layout)
                if is_anew:
                    told = self._new_metadata(schema, layout)
                    plan |= {"made": told[MADE], "metadata": told}
                num_stay = sum(span.num_rows for span in spans if not span.shard)
                plan["are_new"] = is_anew or len(old) - len(leaving) == num_stay
                given = kept_schema(schema_of_text(told, self.target), told[VECTOR], self.store.kinds)
                wanted = [span for span in spans if span.shard or is_anew]
                self.write(self._given(wanted, _ids_of(wanted, spans, ids), told, given), given, len(ids))
            save_ids(self._staged / _IDS, ids)
            save_ids(self._staged / _LEAVING, leaving)
            if rejects:
                self._write_rejects(rejects)
            with replacing(self._staged / _PLAN) as file:
                file.write(json.dumps(plan).encode())

    def _told_by_store(self) -> dict[str, str]:
        """The collection's metadata; empty where there is none."""
        with self._opened() as store:
            return dict(store.metadata() or {})

    def _is_anew(self, told: Mapping[str, str], schema: pa.Schema, layout: Layout) -> bool:
        """Whether the collection cannot take these rows beside those that it has."""
        if not told or not self._ids_path.exists():
            return True
        there = schema_of_text(told, self.target)
        if there.names != schema.names:
            return True
        try:
            both = wider(there, schema)
        except OddValueError:
            return True
        is_same = both.equals(there) and large_in(both) == large_in(there)
        ours, theirs = ({k: v for k, v in said.items() if k not in _OTHERWISE} for said in (layout.metadata, told))
        return not is_same or ours != theirs

    def _new_metadata(self, schema: pa.Schema, layout: Layout) -> dict[str, str]:
        column = space_in({name.encode(): value.encode() for name, value in layout.metadata.items()})[1]
        vector = vector_in(schema, column, self.target)
        check_dim(schema.field(vector).type.list_size, self.store)
        whole = schema.with_metadata(large_metadata(large_in(schema)))
        return {**layout.metadata, VECTOR: vector, SCHEMA: schema_text(whole), MADE: secrets.token_hex(8)}

    def _ids(self, spans: Sequence[Span]) -> tuple[Ids, bool]:
        """The ids of all rows in their order, and whether a row that stays is there more than once by now.

        Rows that stay have those that they have; a second one of a row has one of its own, as a new one has.
        """
        old = self._old_ids()
        pieces = self._tables([span for span in spans if span.shard], 1)
        new = without_numbers(text for piece in pieces for text in piece.column(INPUT).to_pylist())
        parts, is_new, start = [old[:0]], [np.zeros(0, np.bool_)], 0
        for span in spans:
            parts.append(new[start : start + span.num_rows] if span.shard else old[span.start :][: span.num_rows])
            is_new.append(np.full(span.num_rows, bool(span.shard)))
            start += span.num_rows if span.shard else 0
        ids, mask = np.concatenate(parts), np.concatenate(is_new)
        is_again = repeated(ids, ~mask)
        mask |= is_again
        ids[mask] = numbered(ids[mask], ids[~mask])
        return ids, bool(is_again.any())

    def _given(self, wanted: Sequence[Span], ids: Ids, told: Mapping[str, str], given: pa.Schema) -> Iterator[pa.Table]:
        """The rows of some spans, with their ids, as the store is given them."""
        plain, start = schema_of_text(told, self.target).remove_metadata(), 0
        for piece in self._tables(wanted, _UPSERT_ROWS):
            theirs = ids[start : start + piece.num_rows]
            start += piece.num_rows
            whole = piece.cast(plain).append_column(ID, texts_of(theirs)).append_column(NUMBER, numbers_of(theirs))
            yield kept(whole, given)

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, num_rows: int) -> None:
        """Write the rows that the store will be given."""
        with replacing(self._staged / _ROWS) as file, arrow().ipc.new_file(file, schema) as writer:
            for rows in groups:
                writer.write_table(rows)

    def publish(self, num_rejects: int) -> None:
        """Tell the store what was staged, and count its rows."""
        with writing(self.target):
            plan = json.loads((self._staged / _PLAN).read_bytes())
            with self._opened() as store:
                self._tell(store, plan)
            super().publish(num_rejects)
            if (staged := self._staged / _IDS).exists():
                moved(staged, self._ids_path)
        self._is_again = False

    def _tell(self, store: VectorStore, plan: Mapping[str, Any]) -> None:
        if (metadata := plan.get("metadata")) is not None:
            schema = schema_of_text(metadata, self.target)
            store.drop()
            store.open(kept_schema(schema, metadata[VECTOR], store.kinds), metadata[VECTOR], metadata)
        are_new = metadata is not None or (plan.get("are_new", False) and not self._is_again)
        for rows in self._staged_rows():
            store.upsert(rows, are_new=are_new)
        leaving = load_ids(self._staged / _LEAVING) if metadata is None else load_ids(None)
        for start in range(0, len(leaving), _REMOVE_ROWS):
            store.remove(texts_of(leaving[start : start + _REMOVE_ROWS]).to_pylist())
        if not plan["made"]:
            return
        store.finish()
        if (found := store.count()) != plan["count"]:
            raise TargetError(
                f"{self.target} holds {found:,} rows, and should hold {plan['count']:,}: something else writes to it, "
                "or lost some; make it anew with resume=False (--no-resume)"
            )

    def _staged_rows(self) -> Iterator[pa.Table]:
        pa = arrow()
        if not (self._staged / _ROWS).exists():
            return
        with pa.memory_map(str(self._staged / _ROWS)) as source:
            whole = pa.ipc.open_file(source).read_all()
            for start in range(0, whole.num_rows, _UPSERT_ROWS):
                yield whole.slice(start, _UPSERT_ROWS)

    def can_publish(self, sums: Mapping[str, str]) -> bool:
        """Whether what was staged is still there, so that all of it can be told once more."""
        if not (self._staged / _PLAN).exists():
            return False
        with writing(self.target):
            found = sums_of(self._staged / _IDS) or sums_of(self._ids_path)
        self._is_again = found[_IDS] == sums[_IDS] if found else False
        return self._is_again

    def stamp(self) -> str | None:
        """Which making of the collection is there.

        Raises:
            TargetError: junco did not make it, or the store is down.
        """
        with self._opened() as store:
            said = store.metadata()
        if said is not None and MADE not in said:
            raise TargetError(f"{self.target} is there, and junco did not make it: give another name after the #")
        return None if said is None else said[MADE]

    def sums(self, *, is_staged: bool = False) -> dict[str, str]:
        """Of the ids; and, as that of the rows, which making of the collection this is, and how many there are."""
        made, count = self._made_and_count(is_staged=is_staged)
        with writing(self.target):
            return {**sums_of(self._staged / _IDS if is_staged else self._ids_path), "rows": f"{made} {count}"}

    def sizes(self, *, is_staged: bool = False) -> dict[str, list[int]]:
        """Of the ids; the size of the collection is the number of its rows."""
        _, count = self._made_and_count(is_staged=is_staged)
        with writing(self.target):
            return {**sizes_of(self._staged / _IDS if is_staged else self._ids_path), "rows": [count, 0]}

    def _made_and_count(self, *, is_staged: bool) -> tuple[str, int]:
        if is_staged:
            plan = json.loads((self._staged / _PLAN).read_bytes())
            return plan["made"], plan["count"]
        with self._opened() as store:
            said = store.metadata()
            return ("", 0) if said is None else (said.get(MADE, ""), store.count())

    def published(self) -> Previous:
        """The rows of the collection, in the order in which they were published."""
        return Carried(self.connect, self._told_by_store(), self._old_ids(), self._staged / "carried.arrow")

    def _old_ids(self) -> Ids:
        return load_ids(self._ids_path if self._ids_path.exists() else None)

    @property
    def _ids_path(self) -> Path:
        assert self.work is not None
        return self.work / _IDS


def _ids_of(wanted: Sequence[Span], spans: Sequence[Span], ids: Ids) -> Ids:
    """The ids of the rows of some of all spans."""
    chosen, parts, start = set(wanted), [ids[:0]], 0
    for span in spans:
        if span in chosen:
            parts.append(ids[start : start + span.num_rows])
        start += span.num_rows
    return np.concatenate(parts)
