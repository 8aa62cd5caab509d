"""`ResultList`: a list of results that shows itself in a notebook."""

from __future__ import annotations

from typing import Any


class ResultList(list[Any]):
    """A list of results that shows itself in a notebook; in every other way a list."""

    def __getitem__(self, index: Any) -> Any:
        """A result, or a part of the list that shows itself too."""
        found = super().__getitem__(index)
        return ResultList(found) if isinstance(index, slice) else found

    def _repr_html_(self) -> str:
        from junco.pages.tables import rows_html

        return rows_html(self)
