"""`VectorSet`: vectors with what they came from and the space that they live in, and the questions that they answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from junco.answers.answering import Answering
from junco.answers.by_index import found_by_index
from junco.answers.groups import Group, Groups, Scored, alike, clustered
from junco.answers.hits import Hit, Hits
from junco.answers.products import Nearest, best
from junco.answers.verify import Verdict, verified
from junco.answers.where import Where, rows_where
from junco.errors import InputError
from junco.once import Once
from junco.store.arrow import arrow
from junco.store.content import KEY, Content, InMemory
from junco.types import Space, Vector, Vectors
from junco.wording import picture, printable

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.api import Pipeline

Conditions = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None
"""``"lang = zh and price < 30"``, ``{"lang": ["zh", "en"]}``, or several of these, which all must be met."""


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
        self._answering = Answering(InMemory(keys, vectors, columns or {}, space))

    @classmethod
    def of(cls, content: Content) -> VectorSet:
        """The set with that content."""
        made = cls.__new__(cls)
        made._answering = Answering(content)
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
    def _content(self) -> Content:
        return self._answering.content

    @property
    def keys(self) -> list[str]:
        """The input of each row; one list, read once."""
        return self._answering.keys

    @property
    def vectors(self) -> Vectors:
        """(rows, dim), as they are stored; all are read, once."""
        return self._answering.vectors

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

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that made the set. It fetches from no address: who made a file does not decide that here.

        Raises:
            InputError: the set does not say; Python functions, for instance, cannot be kept in a file.
            UnknownNameError: an operator of it is not installed here.
        """
        return self._answering.pipeline

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
        conditions, wanted = Where.of(where), Once(lambda: self._answering.wanted(question, space))
        found = self._by_index(wanted, count, conditions, by_input=by_input) if self._content.has_index else None
        if found is None:
            found = self._exactly(wanted, count, conditions, by_input=by_input)
        return Hits(found, _in_words(question))

    def _by_index(
        self, wanted: Once[Vectors], count: int, conditions: Sequence[Where], *, by_input: bool
    ) -> list[Hit] | None:
        """By the index of a store; ``None`` where that cannot meet the conditions."""
        return found_by_index(self._content, wanted(), count, conditions, by_input=by_input) if len(self) else []

    def _exactly(self, wanted: Once[Vectors], count: int, conditions: Sequence[Where], *, by_input: bool) -> list[Hit]:
        """By multiplying all rows that meet the conditions, which are looked at before a model is loaded."""
        among = rows_where(self._content, conditions)
        if not len(self):
            return []
        return self._answering.hits(*self._answering.exactly(wanted(), count, among, by_input=by_input))

    def rows(self, numbers: Sequence[int], scores: Sequence[float] | None = None) -> Hits:
        """Rows by their numbers; without scores these are NaN, since the rows answer no question."""
        given = [float("nan")] * len(numbers) if scores is None else [float(score) for score in scores]
        return Hits(self._answering.hits([int(number) for number in numbers], given))

    def similar(self, above: float = 0.95) -> Groups:
        """Groups of near-duplicates: rows that are connected by cosines of ``above`` or more.

        A row's score is its cosine to the row that is most like it.

        Raises:
            InputError: ``above`` is no cosine between 0 and 1.
        """
        if not 0 < above <= 1:
            raise InputError(f"above={above} must be a cosine above 0, up to 1")
        return self._groups(alike(self._answering.units, above))

    def clusters(self, count: int | None = None, least: int = 5) -> Groups:
        """Groups of rows that are near each other: by density (HDBSCAN), or ``count`` of them by k-means.

        Args:
            count: how many; ``None``: as many as there are.
            least: rows of the smallest group that is found by density, which others call ``min_cluster_size``.

        Raises:
            MissingExtraError: scikit-learn is not installed: ``pip install 'junco[clusters]'``.
            InputError: there are fewer rows than groups.
        """
        return self._groups(clustered(self._answering.units, count, least) if len(self) else [])

    def verify(self, count: int = 50) -> Verdict:
        """Whether the set is what it says: its vectors are looked through, and some inputs embedded anew.

        Args:
            count: how many inputs.

        Raises:
            InputError: a file of the set is damaged, or was written anew meanwhile.
        """
        return verified(self._content, self._answering.vectors_alone, count)

    def _groups(self, ordered: Sequence[Scored]) -> Groups:
        made = [Group(rows, scores, self.rows) for rows, scores in ordered]
        return Groups(made, len(self) - sum(map(len, made)))

    def nearest(self, vectors: Vector | Vectors, space: Space | str | None, count: int = 10) -> Nearest:
        """The rows nearest by cosine to each of some vectors, best first.

        Args:
            vectors: one (dim,) or several (n, dim).
            space: theirs, or its id: ``pipeline.space``, ``pipeline.plan.space``, or that of another set.
            count: how many rows for each; as many as there are, if there are fewer.

        Raises:
            SpaceError: they live in another space than this set, or nobody knows.
        """
        if vectors is not self._answering.__dict__.get("vectors"):  # a set may always be searched by its own
            self._answering.check_space(space)
        wanted = self._answering.unit(np.atleast_2d(np.asarray(vectors)), is_stored=True)
        return best(self._answering.units, wanted, count)

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


def answering_of(found: VectorSet) -> Answering:
    """What a set's answers take, for who shows all of it."""
    return found._answering


def _in_words(question: Any) -> str:
    return os.fspath(question) if isinstance(question, (str, os.PathLike)) else picture(question)
