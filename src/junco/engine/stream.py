"""`Stream`: a run's results, one by one."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from junco.engine.results import Results, Rows, as_vectors
from junco.engine.row import ItemRow
from junco.engine.run import Run

if TYPE_CHECKING:
    import numpy.typing as npt


class Stream:
    """Results one by one, in bounded memory. Closing or dropping it ends the run."""

    def __init__(self, run: Run, owner: object = None) -> None:
        self._run = run
        self._owner = owner  # a pipeline without a name of its own lives as long as its streams
        self._values: Iterator[Any] = iter(())
        weakref.finalize(self, run.close, wait=False)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        for value in self._values:
            return value
        for results in self._run:
            self._values = self._given(results)
            for value in self._values:
                return value
        raise StopIteration

    def rest(self) -> list[Any]:
        """All results that are left."""
        rest = list(self._values)
        for results in self._run:
            rest.extend(self._given(results))
        return rest

    def vectors(self, column: str) -> npt.NDArray[Any]:
        """All results that are left, vectors of an output column, as one array (n, dim); (0, 0) where there are none.

        Raises:
            ContractError: they are not all of one shape.
        """
        return as_vectors(self.rest(), column)

    def _given(self, results: Results | Rows) -> Iterator[Any]:
        return map(ItemRow, *results[:2]) if isinstance(results, Rows) else iter(results.values)

    def close(self) -> None:
        """End the run and wait for what is under way."""
        self._run.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
