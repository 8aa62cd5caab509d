"""What a pipeline makes when it is first used: its plan, and the engine that runs it.

What planning takes is imported when the first pipeline is planned, and what running takes when it is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from junco.engine.engine import Engine
    from junco.engine.holdings import Holdings
    from junco.graph.nodes import Graph
    from junco.plan.plan import Plan


def plan_of(graph: Graph, devices: tuple[str, ...]) -> Plan:
    """How a graph will run; what `make_plan` raises."""
    from junco.plan.plan import make_plan

    return make_plan(graph, devices)


def engine_of(plan: Plan, holdings: Holdings) -> Engine:
    """What runs a plan."""
    from junco.engine.engine import Engine

    return Engine(plan, holdings=holdings)
