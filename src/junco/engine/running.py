"""`Running`: what a pipeline runs on: its graph, its plan and its engine, each made when it is first needed."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Self

from junco.engine.first_use import engine_of, plan_of
from junco.engine.holdings import Holdings
from junco.engine.options import checked_timeout
from junco.graph.devices import devices_of
from junco.graph.nesting import check_nesting
from junco.graph.nodes import Graph
from junco.once import Once
from junco.operator.residents import residents

if TYPE_CHECKING:
    from junco.engine.engine import Engine
    from junco.plan.plan import Plan


class Running:
    """What runs a graph: planned and loaded at the first use, or by `prepare`, and released by `close`.

    Args:
        graph: what it does.
        device: "auto", "cpu", "cuda", "cuda:1", "mps", given to every operator that takes a device; with a list of them
            each such operator gets a replica on each.
    """

    def __init__(self, graph: Graph, *, device: str | Sequence[str] = "auto") -> None:
        check_nesting(graph)
        import junco.engine.engine  # noqa: F401  # now, and not within the first call
        from junco.catalog.membership import check_graph

        self.graph = graph
        self.devices = devices_of(device)
        check_graph(graph)
        self._planned = planned = Once(partial(plan_of, graph, self.devices))
        self._holdings = holdings = Holdings(residents)
        self._running = Once(lambda: engine_of(planned(), holdings))
        weakref.finalize(self, holdings.close)

    @property
    def plan(self) -> Plan:
        """How it will run; made at the first use.

        Raises:
            ParameterError: a parameter that an operator does not bear.
            ContractError: neighbours whose ports do not fit, or its family's contract is broken.
            UnavailableError: weights that cannot be had.
        """
        return self._planned()

    def prepare(self) -> Self:
        """Plan, fetch, load and compile now what would be at the first use: what a service does before it is ready.

        It gives the pipeline itself, so that ``pipeline(…).prepare()`` can be kept.

        Raises:
            JuncoError: as `plan`; and `ClosedError`, after `close`.
        """
        self._engine.open()
        return self

    def close(self) -> None:
        """Release operators, threads and processes; calls after this raise `ClosedError`."""
        self._holdings.close()

    @property
    def _engine(self) -> Engine:
        """What runs it, made at the first use."""
        self._holdings.check_open()
        engine = self._running()
        if self._holdings.is_closed:  # meanwhile, by another thread
            self._holdings.close()
            self._holdings.check_open()
        return engine

    def _engine_within(self, timeout_s: float | None) -> tuple[Engine, float | None]:
        """It, and what is left of the caller's time; to plan at the first use may take long."""
        if timeout_s is None or self._running.made is not None:
            return self._engine, checked_timeout(timeout_s)
        from junco.engine.callers import with_time_left

        return with_time_left(lambda: self._engine, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
