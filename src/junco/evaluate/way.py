"""`Way`: a pipeline as it is measured: what it is called, and its vectors of many items."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter
from itertools import product
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from junco.engine.rows import Reject
from junco.errors import DataError, JuncoError
from junco.graph.nesting import specs_in
from junco.graph.nodes import Graph
from junco.graph.params import parameters_of, with_params
from junco.labelled.lazy import all_asked
from junco.operator.spec import OperatorSpec
from junco.types import Vectors
from junco.wording import picture

Role = Literal["query", "document"] | None
"""For models that treat what is asked otherwise than what is found."""


class Embeds(Protocol):
    """As much of a pipeline as is needed here."""

    graph: Graph

    @property
    def plan(self) -> Any: ...

    @property
    def space(self) -> str | None: ...

    def with_graph(self, graph: Graph) -> Any: ...

    def prepare(self) -> Any: ...

    def stream(
        self, items: Iterable[Any], *, on_error: Literal["none"], rejects: Callable[[Reject], None]
    ) -> Iterator[Any]: ...


@dataclass(eq=False)
class Way:
    """A pipeline that is measured.

    Attributes:
        name: in the table.
        pipeline: what makes the vectors, one for each item.
        seconds, num_embedded: how long it took for how many items, without loading.
        rejects: why items failed, by what they are called.
        vector_bytes: of a vector, as the pipeline gives it.
    """

    name: str
    pipeline: Embeds
    seconds: float = 0.0
    num_embedded: int = 0
    rejects: dict[str, str] = field(default_factory=dict)
    vector_bytes: int = 0
    _in_role: dict[Role, Embeds] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse a pipeline of which there is not one vector for an item.

        Raises:
            DataError: with what it gives.
        """
        plan = self.pipeline.plan
        if not plan.gives_vectors or not plan.flow.is_single:
            gives = f"{', '.join(self.pipeline.graph.outputs)}{'' if plan.flow.is_single else ' of several rows'}"
            raise DataError(
                f"{self.name!r} gives {gives} for an item, and what is measured is one vector for each: take a "
                "pipeline whose only output is a vector of the item"
            )

    def vectors(self, items: Sequence[Any], role: Role, done: Callable[[int], object]) -> dict[Hashable, Vectors]:
        """The vector of each item that does not fail, by `key_of` it; equal items are embedded once.

        Args:
            items: what the pipeline takes.
            role: of all of them.
            done: is told how many more are through.
        """
        once = {key_of(item): item for item in items}
        pipeline = self._for(role)
        pipeline.prepare()
        found: dict[Hashable, Vectors] = {}
        rejects: list[Reject] = []
        started = time.perf_counter()
        stream = pipeline.stream(all_asked(once.values()), on_error="none", rejects=rejects.append)
        for key, vector in zip(once, stream, strict=True):
            if vector is not None:
                found[key], self.vector_bytes = _floats(vector), vector.nbytes
            done(1)
        self.seconds += time.perf_counter() - started
        self.num_embedded += len(once)
        keys = list(once)
        for reject in rejects:
            self.rejects[picture(keys[reject.position])] = str(reject.reason)
        return found

    @property
    def model_bytes(self) -> int:
        """Of the files that its operators read: weights, for the most part."""
        files = {Path(file) for step in self.pipeline.plan.lock().steps for file in step.files}
        return sum(file.stat().st_size for file in files if file.is_file())

    @property
    def operators(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Each operator in it, with the values of all its parameters: given ones, and those that are by default."""
        return tuple((spec.name, _params(spec)) for spec in specs_in(self.pipeline.graph))

    def _for(self, role: Role) -> Embeds:
        """The pipeline with that role, where its model knows one."""
        if role not in self._in_role:
            graph = self.pipeline.graph
            has_role = role is not None and graph.params.get("role") is None and "role" in parameters_of(graph)
            changed = self.pipeline.with_graph(with_params(graph, {"role": role})) if has_role else self.pipeline
            self._in_role[role] = changed
        return self._in_role[role]


def _params(spec: OperatorSpec) -> dict[str, Any]:
    try:
        defaults = {name: each.default for name, each in spec.load().parameters().items()}
    except JuncoError:
        defaults = {}
    return plain_params({**defaults, **spec.params})


def plain_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Values of parameters as they are kept: plain ones, others in words; without those that are none."""
    kept = {name: value for name, value in params.items() if value is not None and value is not Parameter.empty}
    return {name: value if _is_plain(value) else picture(value) for name, value in kept.items()}


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value))


def named_ways(pipelines: Sequence[Embeds], variations: Mapping[str, Embeds]) -> list[Way]:
    """Pipelines by their own names, of which none is there twice, and others by what differs in them."""
    ways: list[Way] = []
    for pipeline in pipelines:
        name = pipeline.graph.name or pipeline.graph.description or "the pipeline"
        count = sum(way.name.partition(" (")[0] == name for way in ways)
        ways.append(Way(f"{name} ({count + 1})" if count else name, pipeline))
    return [*ways, *(Way(name, pipeline) for name, pipeline in variations.items())]


def varied(pipeline: Embeds, vary: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The pipeline with each of some parameters' values, all with all, by what they are.

    Raises:
        DataError: what should be values is none.
        ParameterError: a parameter that the pipeline does not have.
    """
    for name, values in vary.items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise DataError(f"vary: {name!r} takes a list of values to try, not {picture(values)}")
    if not vary:
        return {}
    tried = [dict(zip(vary, values, strict=True)) for values in product(*vary.values())]
    return {
        ", ".join(f"{name}={value}" for name, value in params.items()): pipeline.with_graph(
            with_params(pipeline.graph, params)
        )
        for params in tried
    }


def key_of(item: Any) -> Hashable:
    """What is the same of equal items, and of an array of the same one."""
    return item if isinstance(item, Hashable) else id(item)


def _floats(vector: npt.NDArray[Any]) -> Vectors:
    """As numbers whose cosines mean something: packed bits are -1 and 1."""
    if vector.dtype == np.uint8:
        vector = np.unpackbits(vector).astype(np.float32) * 2 - 1
    return vector.astype(np.float32, copy=False)


def stacked(found: Mapping[Hashable, Vectors], items: Iterable[Any]) -> Vectors:
    """The vectors of items that all have one, (n, dim)."""
    return np.stack([found[key_of(item)] for item in items])
