"""`VectorSet`: vectors with what they came from and the space that they live in, and the questions that they answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.answers.groups import Group, Groups, Numbers, Scored, alike, clustered
from junco.answers.hits import Hit, Hits, Origin
from junco.answers.products import Mask, Nearest, best
from junco.answers.units import scaled, unit, units_of
from junco.answers.verify import Verdict, verified
from junco.answers.where import Where, rows_where
from junco.errors import InputError, SpaceError
from junco.settings import user_path
from junco.store.arrow import arrow
from junco.store.content import KEY, Content, InMemory, Joined, parts_of
from junco.store.stored import Stored, WrittenAnewError
from junco.store.stored_rows import StoredRows
from junco.types import Space, Vector, Vectors
from junco.types.space import check_same
from junco.vector_store.installed import is_store
from junco.wording import picture, printable

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.answers.asked import Maker
    from junco.api import Pipeline

_NAME_IT = "Embed both with one pipeline; where its space is unknown, name it: .output('vector', space='…')."


class VectorSet:
    """Vectors with the inputs that they came from, their other columns, their space, and the pipeline that made them.

    ``len`` is the number of rows. Nothing is read before it is asked for, where the set lies in files.

    Args:
        keys: the input of each row.
        vectors: (rows, dim).
        space: theirs; ``None`` where nobody knows.
        columns: what else there is of each row.

    Raises:
        InputError: the lengths differ.
    """

    def __init__(
        self,
        keys: Sequence[str],
        vectors: Vectors,
        space: Space | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        self._content: Content = InMemory(keys, vectors, columns or {}, space)

    @classmethod
    def of(cls, content: Content) -> VectorSet:
        """The set with that content."""
        made = cls.__new__(cls)
        made._content = content
        return made

    @property
    def keys(self) -> list[str]:
        """The input of each row."""
        return list(self._content.keys().to_pylist())

    @property
    def vectors(self) -> Vectors:
        """(rows, dim), as they are stored; all are read."""
        return self._vectors

    @cached_property
    def _vectors(self) -> Vectors:
        return self._content.vectors()

    @property
    def space(self) -> Space | None:
        """The space that the vectors live in; ``None`` where nobody knows."""
        return self._content.space

    @cached_property
    def columns(self) -> pa.Table:
        """What else there is of each row, as an Arrow table: ``set.columns.to_pandas()``."""
        names = self._content.names
        return arrow().table({name: self._content.column(name) for name in names})

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline that made the set. It fetches from no address: who made a file does not decide that here.

        Raises:
            InputError: the set does not say; Python functions, for instance, cannot be kept in a file.
            UnknownNameError: an operator of it is not installed here.
        """
        from junco.answers.asked import without_addresses
        from junco.api import Pipeline
        from junco.graph.yaml_file import read

        if not self._content.made_by:
            raise InputError(
                "the set does not say which pipeline made it: ask with a vector, .search(vector, space=pipeline.space)"
            )
        return Pipeline(without_addresses(read(self._content.made_by, "the pipeline that made the set")))

    def search(
        self,
        question: Any,
        count: int = 10,
        where: str | Mapping[str, Any] | Sequence[str] | None = None,
        *,
        space: Space | str | None = None,
        by_input: bool = False,
    ) -> Hits:
        """The rows that are nearest to a question by cosine, best first.

        Args:
            question: an item as the pipeline takes it (a path, bytes, a picture, a text), a phrase where the model has
                one space for texts and what was embedded, or a vector.
            count: how many rows; as many as there are, if there are fewer.
            where: conditions on columns that all rows must meet: ``"lang = zh and price < 30"``, or a mapping.
            space: of a vector: refused if it is another than the set's. Without it, the caller vouches for it.
            by_input: no more than one row, the best, of each input: of a document its best chunk.

        Raises:
            InputError: the question gives no vector, or one of another length; a condition that cannot be.
            SpaceError: the question's vector lives in another space.
        """
        if not isinstance(count, int) or count < 1:
            raise InputError(f"count is how many rows are wanted, 1 or more, not {count!r}")
        conditions = Where.of(where)
        among = None if self._content.has_index else rows_where(self._content, conditions)
        if not len(self):
            return Hits(question=_in_words(question))
        wanted = self._wanted(question, space)
        found = self._by_index(wanted, count, conditions, by_input=by_input)
        if found is None:
            among = rows_where(self._content, conditions) if self._content.has_index else among
            found = self._hits(*self._best(wanted, count, among, by_input=by_input))
        return Hits(found, _in_words(question))

    def similar(self, above: float = 0.95) -> Groups:
        """Groups of near-duplicates: rows that are connected by cosines of ``above`` or more.

        A row's score is its cosine to the row that is most like it.

        Raises:
            InputError: ``above`` is no cosine between 0 and 1.
        """
        if not 0 < above <= 1:
            raise InputError(f"above={above} must be a cosine above 0, up to 1")
        return self._groups(alike(self._units, above))

    def clusters(self, count: int | None = None, least: int = 5) -> Groups:
        """Groups of rows that are near each other: by density (HDBSCAN), or ``count`` of them by k-means.

        Args:
            count: how many; ``None``: as many as there are.
            least: rows of the smallest group that is found by density.

        Raises:
            MissingExtraError: scikit-learn is not installed: ``pip install 'junco[clusters]'``.
            InputError: there are fewer rows than groups.
        """
        return self._groups(clustered(self._units, count, least) if len(self) else [])

    def verify(self, count: int = 50) -> Verdict:
        """Whether the set is what it says: its vectors are looked through, and some inputs embedded anew.

        Args:
            count: how many inputs.

        Raises:
            InputError: a file of the set is damaged, or was written anew meanwhile.
        """
        return verified(self._content, self._vectors_alone, count)

    def _vectors_alone(self) -> Pipeline:
        """The pipeline that made the set, with the vectors as its only output."""
        from junco.answers.asked import vectors_alone

        return type(self.pipeline)(vectors_alone(self.pipeline.graph, self._vector_column))

    def _groups(self, ordered: Sequence[Scored]) -> Groups:
        flat = self._hits(
            [int(row) for rows, _ in ordered for row in rows],
            [float(score) for _, scores in ordered for score in scores],
        )
        start, made = 0, []
        for rows, _ in ordered:
            made.append(Group(Hits(flat[start : start + len(rows)])))
            start += len(rows)
        return Groups(made, len(self) - len(flat))

    def nearest(self, vectors: Vector | Vectors, space: Space | str | None, count: int = 10) -> Nearest:
        """The rows nearest by cosine to each of some vectors, best first.

        Args:
            vectors: one (dim,) or several (n, dim).
            space: theirs, or its id: ``pipeline.space``, ``pipeline.plan.space``, or that of another set.
            count: how many rows for each; as many as there are, if there are fewer.

        Raises:
            SpaceError: they live in another space than this set, or nobody knows.
        """
        if vectors is not self.__dict__.get("_vectors"):  # a set may always be searched by its own
            self._check_space(space)
        return best(self._units, self._unit(np.atleast_2d(np.asarray(vectors)), is_stored=True), count)

    @cached_property
    def _units(self) -> Vectors:
        if "_vectors" in self.__dict__:  # read already: the files may be others by now
            return scaled(parts_of(self._vectors), self.space)
        return units_of(self._content)

    def _wanted(self, question: Any, space: Space | str | None) -> Vectors:
        """The vectors (n, dim) of length 1 that a question stands for."""
        from junco.answers.asked import given_vectors, vectors_of

        rows = given_vectors(question, is_packed=self.space is not None and self.space.is_packed)
        if rows is not None and space is not None:
            self._check_space(space)
        is_given = rows is not None
        units = self._unit(vectors_of(question, self._maker, self.space) if rows is None else rows, is_stored=is_given)
        if not units.any(axis=1).all():
            raise InputError(
                f"{picture(question)}: a vector of zeros, or with a number that is none, is near to nothing"
            )
        return units

    @cached_property
    def _maker(self) -> Maker:
        from junco.answers.asked import Maker

        return Maker.of(self.pipeline.graph, self._vector_column)

    @property
    def _vector_column(self) -> str:
        """The output of the pipeline that the vectors are."""
        return self._content.vector_column or self.pipeline.plan.output_space.column

    def _unit(self, rows: Vectors, *, is_stored: bool) -> Vectors:
        """Rows of length 1 as long as the set's; ``is_stored``: of the type that the set stores."""
        is_packed = is_stored and rows.dtype == np.uint8
        units = unit(rows, self.space if is_packed else None)
        dim = self._content.dim or (self._units.shape[1] if len(self) else 0)
        if len(self) and units.shape[1] != dim:
            raise InputError(f"vectors of {units.shape[1]} numbers cannot be looked for among {dim}")
        return units

    def _by_index(
        self, wanted: Vectors, count: int, conditions: Sequence[Where], *, by_input: bool
    ) -> list[Hit] | None:
        """The best rows for any of several vectors, each once, by the index of a store; ``None`` where it cannot."""
        plain = [each for each in (one.plain(self._content.schema) for one in conditions) if each is not None]
        if not self._content.has_index or len(plain) < len(conditions):
            return None
        room, num_found, origin = count, -1, Origin(self._content.folders, self._content.named_by)
        while (found := self._content.find(wanted, room, plain)) is not None:
            rows = sorted((row for each in found for row in each), key=lambda row: -row.score)
            firsts = {row.key if by_input else row.id: row for row in reversed(rows)}
            best = sorted(firsts.values(), key=lambda row: -row.score)[:count]
            if len(best) == count or len(rows) == num_found:
                return [Hit(row.key, row.score, row.columns, origin=origin) for row in best]
            num_found, room = len(rows), room * 4
        return None

    def _best(
        self, wanted: Vectors, count: int, among: Mask | None, *, by_input: bool
    ) -> tuple[list[int], list[float]]:
        """The best rows for any of several vectors, each once; of each input once, if asked for."""
        of_row = self._numbers_of_inputs if by_input else np.arange(len(self))
        num_found, room = -1, count
        while True:
            found = best(self._units, wanted, room, among)
            rows, scores = found.rows.ravel(), found.scores.ravel()
            order = np.lexsort((rows, -scores))
            _, firsts = np.unique(of_row[rows[order]], return_index=True)
            if len(firsts) >= count or found.rows.size == num_found:
                taken = order[np.sort(firsts)[:count]]
                return rows[taken].tolist(), scores[taken].tolist()
            num_found, room = found.rows.size, room * 4

    @cached_property
    def _numbers_of_inputs(self) -> Numbers:
        """A number for each row, which rows of one input share."""
        keys = self._content.keys().combine_chunks().dictionary_encode()
        return np.asarray(keys.indices.to_numpy(zero_copy_only=False), np.intp)

    def _hits(self, rows: list[int], scores: list[float]) -> list[Hit]:
        keys, columns = self._content.keys(), self._content.rows(rows)
        found = zip(rows, scores, columns, strict=True)
        origin = Origin(self._content.folders, self._content.named_by)
        return [Hit(keys[row].as_py(), score, values, row, origin) for row, score, values in found]

    def _check_space(self, space: Space | str | None) -> None:
        if isinstance(space, str):
            if self.space is None or space != self.space.id:
                own = "an unknown space" if self.space is None else f"the space {self.space}"
                raise SpaceError(f"the vectors to look for live in {space}, those to look in in {own}. {_NAME_IT}")
            return
        check_same(space, self.space, "the vectors to look for", "the vectors to look in", _NAME_IT)

    def __len__(self) -> int:
        return self._content.num_rows

    def __repr__(self) -> str:
        space = f"in {self.space}" if self.space is not None else "in an unknown space"
        columns = ", ".join([KEY, *self._content.names])
        return printable(f"<VectorSet: {len(self):,} rows {space}; columns {columns}>")


def _in_words(question: Any) -> str:
    return os.fspath(question) if isinstance(question, (str, os.PathLike)) else picture(question)


def open_set(path: str | Path, column: str | None = None) -> VectorSet:
    """A set of vectors that a job, or another program, has written: a ``.parquet`` or ``.npy`` file, or a folder.

    Or the collection of a vector store, which a job has written: ``lancedb:./db#photos``.

    Args:
        path: where it is.
        column: which column holds the vectors; else the one that the file names, or the only one there is.

    Raises:
        InputError: nothing is there, or no vectors.
        SpaceError: a folder whose files hold vectors of several spaces.
        UnavailableError: a vector store does not answer.
    """
    return VectorSet.of(_content_at(path, column))


def _content_at(path: str | Path, column: str | None) -> Stored | StoredRows:
    text = os.fspath(path)
    return StoredRows(text, column) if is_store(text) else Stored(user_path(path), column)


def read_vectors(*paths: str | Path, column: str | None = None) -> VectorSet:
    """The vectors of ``.parquet`` and ``.npy`` files, folders of Parquet files and vector stores, as one set in memory.

    Args:
        paths: one or more; several must hold vectors of one space.
        column: which column holds the vectors; else the one that the file names, or the only one there is.

    Raises:
        SpaceError: they hold vectors of several spaces, or several sets of an unknown one.
        InputError: a file is missing, or holds no vectors.
    """
    if not paths:
        raise InputError("read_vectors takes the path of at least one file")
    while True:
        sets = [_content_at(path, column) for path in paths]
        for path, other in zip(paths[1:], sets[1:], strict=True):
            check_same(other.space, sets[0].space, f"the vectors of {path}", f"those of {paths[0]}", _NAME_IT)
        found = VectorSet.of(sets[0] if len(sets) == 1 else Joined(sets))
        try:
            _ = found.keys, found.vectors  # read now
        except WrittenAnewError:  # by a job, between the two
            continue
        return found
