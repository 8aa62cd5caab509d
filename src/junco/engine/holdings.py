"""`Holdings`: what an engine has to let go of: operators in memory, and runs that still go on.

It knows no step. What ends a pipeline that nobody has any more must not keep it alive itself, and a step's callable may
hold the pipeline that it stands in.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from junco.engine.rest import let_rest
from junco.errors import ClosedError
from junco.operator.resident import Resident
from junco.operator.residents import Residents

if TYPE_CHECKING:
    from junco.engine.run import Run


class Holdings:
    """The holdings of one engine, and of the engines of pipelines in its steps.

    Args:
        residents: whom operators are given back to.
    """

    def __init__(self, residents: Residents) -> None:
        self.residents = residents
        self.is_closed = False
        self.runs: weakref.WeakSet[Run] = weakref.WeakSet()
        self._held: list[Resident] = []
        self._inner: list[Holdings] = []
        self._ends: list[Callable[[], None]] = []

    def hold(self, held: Iterable[Resident]) -> None:
        """Operators that have been counted as held."""
        self._held += held

    def end_with(self, ends: Iterable[Callable[[], None]]) -> None:
        """What to call at the end; it must not wait, and must not hold a step's callable."""
        self._ends += ends

    def within(self) -> Holdings:
        """The holdings of an engine that works within this one."""
        inner = Holdings(self.residents)
        self._inner.append(inner)
        return inner

    def check_open(self) -> None:
        """Refuse to go on after the end.

        Raises:
            ClosedError: the pipeline was closed.
        """
        if self.is_closed:
            raise ClosedError("this pipeline was closed; make a new one with pipeline(…)")

    def close(self) -> None:
        """End the runs that are still going, and give the operators back; once more, what came since."""
        self.is_closed = True
        for run in list(self.runs):
            run.close(wait=False, because=ClosedError("the pipeline was closed while this stream was read"))
        self.give_back()
        let_rest()

    def give_back(self) -> None:
        """Give back the operators, and close what works within; all of them, whatever one of them raises."""
        held, self._held = self._held, []
        inner, self._inner = self._inner, []
        ends, self._ends = self._ends, []
        with ExitStack() as rest:  # from its end
            for end in ends:
                rest.callback(end)
            for each in reversed(inner):
                rest.callback(each.close)
            for resident in reversed(held):
                rest.callback(self.residents.release, resident)
