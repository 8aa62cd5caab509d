"""`Shown`: a set as tables of other libraries have it, and as a notebook shows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from junco.store.arrow import arrow
from junco.store.content import KEY, Content
from junco.types import Vectors

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.answers.hits import Hit

_ROWS = 12
"""Of a set, in a notebook."""


class Shown:
    """What a set can say of itself as a whole."""

    _content: Content

    if TYPE_CHECKING:

        @property
        def vectors(self) -> Vectors: ...
        def _hits(self, rows: list[int], scores: list[float]) -> list[Hit]: ...

    def to_arrow(self) -> pa.Table:
        """The set as one Arrow table: ``input``, ``vector`` (of a fixed length), and the other columns."""
        vectors = self.vectors
        flat = arrow().array(vectors.ravel())
        listed = arrow().FixedSizeListArray.from_arrays(flat, max(1, vectors.shape[1]))
        others = {name: self._content.column(name) for name in self._content.names}
        return arrow().table({KEY: self._content.keys(), self._content.vector_column or "vector": listed, **others})

    def to_pandas(self) -> Any:
        """The same as a DataFrame; needs pandas."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """The same as a DataFrame of Polars, which is imported now."""
        import polars as pl

        return pl.from_arrow(self.to_arrow())

    def _repr_html_(self) -> str:
        from junco.answers.page import set_body
        from junco.pages.style import fragment

        count = self._content.num_rows
        shown = range(min(count, _ROWS))
        hits = self._hits([*shown], [math.nan for _ in shown])  # rows that answer no question have no score
        return fragment(set_body(repr(self)[1:-1], hits, count))
