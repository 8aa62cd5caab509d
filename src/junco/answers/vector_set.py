"""`VectorSet`: vectors with what they came from and the space that they live in, and the questions that they answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from junco.answers.by_index import found_by_index
from junco.answers.groups import Group, Groups, Numbers, Scored, alike, clustered
from junco.answers.hits import Hit, Hits, Origin
from junco.answers.products import Nearest, best, best_once
from junco.answers.units import scaled, unit, units_of
from junco.answers.verify import Verdict, verified
from junco.answers.where import Where, rows_where
from junco.errors import InputError, SpaceError
from junco.store.arrow import arrow
from junco.store.content import KEY, Content, InMemory, parts_of
from junco.types import Space, Vector, Vectors
from junco.types.space import check_same
from junco.wording import picture, printable

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.answers.asked import Maker
    from junco.api import Pipeline

_A_PHRASE = "a phrase"
Conditions = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None
"""``"lang = zh and price < 30"``, ``{"lang": ["zh", "en"]}``, or several of these, which all must be met."""
NAME_IT = "Embed both with one pipeline; where its space is unknown, name it: .output('vector', space='…')."


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

    def close(self) -> None:
        """Let go of the database that the set lies in, if it does; the next question opens it again.

        As a context, ``with open_set(…) as photos:``, a set keeps its database open: many questions are quicker so.
        """
        self._content.close()

    def __enter__(self) -> Self:
        self._content.hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns beside the key and the vector."""
        return self._content.names

    def column(self, name: str) -> pa.ChunkedArray:
        """One column, whole: ``input``, or one of `names`.

        Raises:
            InputError: there is none of that name.
        """
        return self._content.column(name)

    def to_arrow(self) -> pa.Table:
        """The set as one Arrow table: ``input``, ``vector`` (of a fixed length), and the other columns."""
        vectors = self.vectors
        listed = arrow().FixedSizeListArray.from_arrays(arrow().array(vectors.ravel()), max(1, vectors.shape[1]))
        found = {KEY: self._content.keys(), self._content.vector_column or "vector": listed}
        return arrow().table(found | {name: self._content.column(name) for name in self.names})

    def to_pandas(self) -> Any:
        """The same as a DataFrame; needs pandas."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """The same as a DataFrame of Polars, which is imported now."""
        import polars as pl

        return pl.from_arrow(self.to_arrow())

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
        where: Conditions = None,
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
        found = found_by_index(self._content, wanted, count, conditions, by_input=by_input)
        if found is None:
            among = rows_where(self._content, conditions) if self._content.has_index else among
            of_row = self._numbers_of_inputs if by_input else np.arange(len(self))
            found = self._hits(*best_once(self._units, wanted, count, of_row, among))
        return Hits(found, _in_words(question))

    def rows(self, numbers: Sequence[int], scores: Sequence[float] | None = None) -> Hits:
        """Rows by their numbers; without scores these are NaN, since the rows answer no question."""
        given = [float("nan")] * len(numbers) if scores is None else [float(score) for score in scores]
        return Hits(self._hits([int(number) for number in numbers], given))

    def numbers_where(self, where: Conditions) -> Numbers:
        """The numbers of the rows that meet all conditions, in their order.

        Raises:
            InputError: a condition that cannot be.
        """
        among = rows_where(self._content, Where.of(where))
        return np.arange(len(self)) if among is None else np.flatnonzero(among)

    def units(self) -> Vectors:
        """(rows, dim) at length 1, so that products are cosines; of a large set a mapped file. Not to be written to."""
        return self._units

    def embed(self, question: Any) -> Vectors:
        """The vectors (n, dim) of length 1 that a question stands for, as `search` takes it; to ask with them again.

        Raises:
            InputError: the question gives no vector.
            SpaceError: the pipeline makes vectors of another space by now.
        """
        return self._wanted(question, None)

    def takes_phrases(self) -> bool:
        """Whether a text that names no file may be asked.

        Raises:
            JuncoError: the pipeline that made the set cannot be had.
        """
        try:
            self._maker.pipeline_for(_A_PHRASE)
        except InputError:
            if not self._content.made_by:
                raise
            return False
        return True

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

    @cached_property
    def _numbers_of_inputs(self) -> Numbers:
        """A number for each row, which rows of one input share."""
        keys = self._content.keys().combine_chunks().dictionary_encode()
        return np.asarray(keys.indices.to_numpy(zero_copy_only=False), np.intp)

    def _hits(self, rows: list[int], scores: list[float]) -> list[Hit]:
        keys, columns = self._content.keys(), self._content.rows(rows)
        found = zip(rows, scores, columns, strict=True)
        origin = Origin(self._content.folders, self._content.named_by, self._content.base)
        return [Hit(keys[row].as_py(), score, values, row, origin) for row, score, values in found]

    def _check_space(self, space: Space | str | None) -> None:
        if isinstance(space, str):
            if self.space is None or space != self.space.id:
                own = "an unknown space" if self.space is None else f"the space {self.space}"
                raise SpaceError(f"the vectors to look for live in {space}, those to look in in {own}. {NAME_IT}")
            return
        check_same(space, self.space, "the vectors to look for", "the vectors to look in", NAME_IT)

    def __len__(self) -> int:
        return self._content.num_rows

    def __repr__(self) -> str:
        space = f"in {self.space}" if self.space is not None else "in an unknown space"
        columns = ", ".join([KEY, *self._content.names])
        return printable(f"<VectorSet: {len(self):,} rows {space}; columns {columns}>")

    def _repr_html_(self) -> str:
        from junco.answers.page import set_body
        from junco.pages.style import fragment

        return fragment(set_body(self))


def _in_words(question: Any) -> str:
    return os.fspath(question) if isinstance(question, (str, os.PathLike)) else picture(question)
