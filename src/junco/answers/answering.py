"""`Answering`: a set's content with what its answers take, each made once: rows of length 1, the pipeline that made it.

`VectorSet` is what users see of it. Who shows a whole set page by page, as `junco look` does, asks here for numbers of
rows first, and then for those rows that a page has room for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.answers.groups import Numbers
from junco.answers.hits import Hit, Origin
from junco.answers.products import Mask, best_once
from junco.answers.units import scaled, unit, units_of
from junco.errors import InputError, SpaceError
from junco.store.content import Content, parts_of
from junco.types import Space, Vectors
from junco.types.space import check_same
from junco.wording import picture

if TYPE_CHECKING:
    from junco.answers.asked import Maker
    from junco.api import Pipeline

_A_PHRASE = "a phrase"
NAME_IT = "Embed both with one pipeline; where its space is unknown, name it: .output('vector', space='…')."


class Answering:
    """What answers of a set take.

    Args:
        content: of the set.
    """

    def __init__(self, content: Content) -> None:
        self.content = content

    @cached_property
    def keys(self) -> list[str]:
        """The input of each row."""
        return list(self.content.keys().to_pylist())

    @cached_property
    def vectors(self) -> Vectors:
        """(rows, dim), as they are stored; all are read."""
        return self.content.vectors()

    @cached_property
    def units(self) -> Vectors:
        """(rows, dim) at length 1, so that products are cosines; of a large set a mapped file. Not to be written to."""
        if "vectors" in self.__dict__:  # read already: the files may be others by now
            return scaled(parts_of(self.vectors), self.content.space)
        return units_of(self.content)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline that made the set, which fetches from no address.

        Raises:
            InputError: the set does not say.
            UnknownNameError: an operator of it is not installed here.
        """
        from junco.answers.asked import without_addresses
        from junco.api import Pipeline
        from junco.graph.yaml_file import read

        if not self.content.made_by:
            raise InputError(
                "the set does not say which pipeline made it: ask with a vector, .search(vector, space=pipeline.space)"
            )
        return Pipeline(without_addresses(read(self.content.made_by, "the pipeline that made the set")))

    def vectors_alone(self) -> Pipeline:
        """The pipeline that made the set, with the vectors as its only output."""
        from junco.answers.asked import vectors_alone

        return vectors_alone(self.pipeline, self._vector_column)

    def takes_phrases(self) -> bool:
        """Whether a text that names no file may be asked.

        Raises:
            JuncoError: the pipeline that made the set cannot be had.
        """
        try:
            self._maker.pipeline_for(_A_PHRASE)
        except InputError:
            if not self.content.made_by:
                raise
            return False
        return True

    def wanted(self, question: Any, space: Space | str | None = None) -> Vectors:
        """The vectors (n, dim) of length 1 that a question stands for.

        Raises:
            InputError: the question gives no vector, or one of another length.
            SpaceError: its vector lives in another space.
        """
        from junco.answers.asked import given_vectors, vectors_of

        own = self.content.space
        rows = given_vectors(question, is_packed=own is not None and own.is_packed)
        if rows is not None and space is not None:
            self.check_space(space)
        is_given = rows is not None
        units = self.unit(vectors_of(question, self._maker, own) if rows is None else rows, is_stored=is_given)
        if not units.any(axis=1).all():
            raise InputError(
                f"{picture(question)}: a vector of zeros, or with a number that is none, is near to nothing"
            )
        return units

    def unit(self, rows: Vectors, *, is_stored: bool) -> Vectors:
        """Rows of length 1 as long as the set's; ``is_stored``: of the type that the set stores.

        Raises:
            InputError: they are longer or shorter.
        """
        is_packed = is_stored and rows.dtype == np.uint8
        units = unit(rows, self.content.space if is_packed else None)
        num_rows = self.content.num_rows
        dim = self.content.dim or (self.units.shape[1] if num_rows else 0)
        if num_rows and units.shape[1] != dim:
            raise InputError(f"vectors of {units.shape[1]} numbers cannot be looked for among {dim}")
        return units

    def check_space(self, space: Space | str | None) -> None:
        """Refuse vectors of another space than the set's.

        Raises:
            SpaceError: with both, and what to do.
        """
        own = self.content.space
        if isinstance(space, str):
            if own is None or space != own.id:
                shown = "an unknown space" if own is None else f"the space {own}"
                raise SpaceError(f"the vectors to look for live in {space}, those to look in in {shown}. {NAME_IT}")
            return
        check_same(space, own, "the vectors to look for", "the vectors to look in", NAME_IT)

    def exactly(
        self, wanted: Vectors, count: int, among: Mask | None = None, *, by_input: bool = False
    ) -> tuple[list[int], list[float]]:
        """The numbers of the best rows for any of several vectors, best first, and their cosines: all are multiplied.

        Args:
            wanted: (n, dim) of length 1.
            count: how many rows.
            among: (rows,) which rows count; ``None``: all.
            by_input: no more than one row of each input.
        """
        of_row = self._numbers_of_inputs if by_input else np.arange(self.content.num_rows)
        return best_once(self.units, wanted, count, of_row, among)

    def hits(self, numbers: Sequence[int], scores: Sequence[float]) -> list[Hit]:
        """Rows by their numbers, with their scores; only these are read."""
        keys, columns, origin = self.content.keys(), self.content.rows(numbers), Origin.of(self.content)
        found = zip(numbers, scores, columns, strict=True)
        return [Hit(keys[row].as_py(), score, values, row, origin) for row, score, values in found]

    @cached_property
    def _maker(self) -> Maker:
        from junco.answers.asked import Maker

        return Maker.of(self.pipeline, self._vector_column)

    @property
    def _vector_column(self) -> str:
        """The output of the pipeline that the vectors are."""
        return self.content.vector_column or self.pipeline.plan.output_space.column

    @cached_property
    def _numbers_of_inputs(self) -> Numbers:
        """A number for each row, which rows of one input share."""
        keys = self.content.keys().combine_chunks().dictionary_encode()
        return np.asarray(keys.indices.to_numpy(zero_copy_only=False), np.intp)
