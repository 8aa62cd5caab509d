"""`Looked`: a set that is looked at, with what has been computed for that: answers, groups, the map, choices."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from junco.answers.brought import brought, kind_of
from junco.answers.groups import Scored, alike, clustered
from junco.answers.hits import Hit, Hits
from junco.answers.vector_set import VectorSet, answering_of
from junco.answers.where import Where, rows_where
from junco.errors import InputError, JuncoError
from junco.look.exchange import Sent
from junco.look.kept import Kept
from junco.look.query import Query
from junco.once import Once
from junco.pages.media import SMALL_SIDE, File, Unshown, small_picture
from junco.pages.plane import Plane, flattened
from junco.pages.values import pixels
from junco.store.arrow import arrow
from junco.store.content import KEY
from junco.types import Vectors

PAGE_ROWS = 60
MOST_VALUES = 40
"""Values of a column up to which one may be chosen from a list."""
_MOST_LETTERS = 20_000  # of a text file that is asked with
_MOST_VALUE_LETTERS = 80
_TEXTS = (".txt", ".md")


class Asked(NamedTuple):
    """A file that was sent to ask with: its name, its vectors, and what there is to see of it."""

    name: str
    vectors: Vectors
    picture: File | None


class Answer(NamedTuple):
    """A page of rows, and how many there are in all."""

    hits: Hits
    num_rows: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A column, or a field of one, with the values that occur in it and how often."""

    column: str
    values: Sequence[tuple[str, int]]


class Looked:
    """A set that is looked at. All of it may be used by several threads.

    Args:
        found: the set.
        title: what it is called.
        rejects: the file of what its job put aside, if there is one.
        sources: show also what lies neither beneath the working folder nor beneath the set's.
    """

    def __init__(self, found: VectorSet, title: str, rejects: Path | None = None, *, sources: bool = False) -> None:
        self.found, self.title, self.rejects, self.sources = found, title, rejects, sources
        self._answering = answering_of(found)
        self.files: Kept[File] = Kept(4_000)
        self.choices = Once(self._choices)
        self.plane: Once[Plane] = Once(lambda: flattened(self._answering.units))
        self.why_no_phrases = Once(self._why_no_phrases)
        self.has_pieces = Once(lambda: len(found.column(KEY).unique()) < len(found))
        self._asked: Kept[Asked] = Kept(64)
        self._phrases: Kept[Vectors] = Kept(256)
        self._groups: Kept[list[Scored]] = Kept(8)

    def answer(self, query: Query) -> Answer:
        """The rows that a page shows.

        Raises:
            JuncoError: a question or a condition that cannot be.
        """
        among = rows_where(self._answering.content, Where.of(query.conditions))
        numbers = np.arange(len(self.found)) if among is None else np.flatnonzero(among)
        first = (query.page - 1) * PAGE_ROWS
        if not query.is_question:
            return Answer(self.found.rows(numbers[first : first + PAGE_ROWS].tolist()), len(numbers))
        found, most = self._vectors(query), first + PAGE_ROWS
        rows, scores = (
            self._answering.exactly(found, most, among, by_input=query.by_input) if len(numbers) else ([], [])
        )
        num_rows = len(self._keys_of(numbers)) if query.by_input else len(numbers)
        return Answer(Hits(self.found.rows(rows[first:], scores[first:]), query.text), num_rows)

    def _keys_of(self, numbers: Any) -> Any:
        return self.found.column(KEY).take(arrow().array(numbers)).unique()

    def like(self, number: int, count: int) -> Hits:
        """The rows nearest to one of the set, without it; none where it has no direction."""
        wanted = self._answering.units[[number]]
        if not wanted.any():
            return Hits()
        found = zip(*self._answering.exactly(wanted, count + 1), strict=True)
        others = [(row, score) for row, score in found if row != number][:count]
        return self.found.rows([row for row, _ in others], [score for _, score in others])

    def _vectors(self, query: Query) -> Vectors:
        if query.sent:
            return self.asked(query.sent).vectors
        return self._phrases(query.text, lambda: self._answering.wanted(query.text))

    def asked(self, name: str) -> Asked:
        """What was sent before.

        Raises:
            InputError: nothing of that id, or it is forgotten.
        """
        if (found := self._asked.get(name)) is None:
            raise InputError("the file that was sent is forgotten by now: send it again")
        return found

    def ask(self, sent: Sent) -> str:
        """Take a file to ask with.

        Returns:
            Its id.

        Raises:
            JuncoError: the set's model makes nothing of it.
        """
        name = hashlib.sha256(sent.name.encode() + b"\0" + sent.data).hexdigest()[:24]
        self._asked(name, lambda: self._made_of(sent))
        return name

    def _made_of(self, sent: Sent) -> Asked:
        """Its vectors, by way of a file of its own: pipelines know what is in one by its name's ending."""
        shown = Path(sent.name.replace("\\", "/")).name[-80:] or "a file"
        ending = Path(shown).suffix.lower()
        if ending in _TEXTS and not self.why_no_phrases():
            text = sent.data[: 4 * _MOST_LETTERS].decode("utf-8", "replace")[:_MOST_LETTERS]
            return Asked(shown, self._answering.wanted(text), None)
        if not kind_of(f"x{ending}"):
            raise InputError(f"{shown}: nobody knows by its ending what is in it: send a picture, a sound or a text")
        with tempfile.TemporaryDirectory(prefix="junco-look-") as folder:
            path = Path(folder, f"sent{ending}")
            path.write_bytes(sent.data)
            try:
                return Asked(shown, self._answering.wanted(str(path)), _small(path))
            except JuncoError as error:
                raise InputError(str(error).replace(str(path), shown)) from None

    def copies(self, above: float) -> list[Scored]:
        """Groups of near-duplicates.

        Raises:
            InputError: it is no cosine.
        """
        if not 0 < above <= 1:
            raise InputError("how much alike rows must be is a cosine above 0, up to 1")
        return self._groups(("copies", above), lambda: alike(self._answering.units, above) if len(self.found) else [])

    def clusters(self, count: int) -> list[Scored]:
        """So many groups of rows that are near each other, or as many as there are rows.

        Raises:
            MissingExtraError: scikit-learn is not there.
        """
        count = min(count, len(self.found))
        return self._groups(("clusters", count), lambda: clustered(self._answering.units, count, 1) if count else [])

    def values(self, column: str, numbers: Any) -> list[str]:
        """The values of one of the `choices` for some rows, as these name them."""
        name, _, field = column.partition(".") if column not in self.found.names else (column, "", "")
        cells = self.found.column(name)
        taken = (_field(cells, field) if field else cells).take(arrow().array(numbers)).to_pylist()
        return [_named(value) for value in taken]

    def _why_no_phrases(self) -> str:
        """Why a text cannot be asked; empty where it can."""
        try:
            return "" if self._answering.takes_phrases() else "its model takes no texts"
        except JuncoError as error:
            return str(error)

    def _choices(self) -> list[Choice]:
        """Columns with few values, and fields of columns; the inputs, where rows are pieces of few."""
        found = []
        for name in (*([KEY] if self.has_pieces() else []), *self.found.names):
            cells = self.found.column(name)
            if not arrow().types.is_struct(cells.type):
                found += _values_of(name, cells)
                continue
            for field in cells.type:
                found += _values_of(f"{name}.{field.name}", _field(cells, field.name))
        return found


def _field(cells: Any, name: str) -> Any:
    import pyarrow.compute

    return pyarrow.compute.struct_field(cells, name)


def _values_of(name: str, cells: Any) -> list[Choice]:
    """A column as a choice, if it is one."""
    kinds = arrow().types
    kind = cells.type.value_type if kinds.is_dictionary(cells.type) else cells.type
    if not (kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_integer(kind) or kinds.is_boolean(kind)):
        return []
    counted = cells.value_counts()
    values = [(entry["values"], entry["counts"]) for entry in counted[: MOST_VALUES + 2].to_pylist()]
    shown = [
        (str(value).lower() if isinstance(value, bool) else str(value), n) for value, n in values if value is not None
    ]
    if not 1 < len(shown) <= MOST_VALUES or any(not 0 < len(text) <= _MOST_VALUE_LETTERS for text, _ in shown):
        return []
    return [Choice(name, sorted(shown, key=lambda each: (-each[1], each[0])))]


def _named(value: Any) -> str:
    """A value as a condition has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _small(path: Path) -> File | None:
    """What there is to see of a file that was sent."""
    array = pixels(brought(Hit(str(path), 1.0), sources=True).whole)
    try:
        return None if array is None else small_picture(np.asarray(array), SMALL_SIDE)[0]
    except Unshown:
        return None
