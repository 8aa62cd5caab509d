"""`Lock`: what a pipeline uses of the world: versions of packages, and digests of files."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from junco.graph.nodes import Callee, Graph
from junco.operator.base import Operator
from junco.operator.identity import identity_of
from junco.operator.packages import package_of
from junco.pages.letters import amount
from junco.places.files import file_sha256
from junco.wording import printable, printable_lines


@dataclass(frozen=True, slots=True, repr=False)
class LockedStep:
    """What a step calls.

    Attributes:
        step: its name in the plan, ``outer/inner`` for one of a pipeline within.
        name: of the operator or function.
        place: ``module:Class``.
        parameters: those that were given, as plain values.
        distribution: the installed package that holds its code; empty for code of one's own.
        version: of that package.
        files: the sha256 of each file that it loads, by its path.
        digest: 64 hexadecimal digits over all that decides what it computes.
        unknown: what could not be identified, in words; then the digest does not say everything.
    """

    step: str
    name: str
    place: str
    parameters: Mapping[str, Any]
    distribution: str
    version: str
    files: Mapping[str, str]
    digest: str
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        package = f"{self.distribution} {self.version}" if self.distribution else "code of one's own"
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        head = f"{self.step}: {self.name}({given}), {package}, {self.digest[:12]}"
        files = [f"  {sha256[:12]}  {path}" for path, sha256 in self.files.items()]
        return printable_lines([head, *files, *(f"  not identified: {what}" for what in self.unknown)])

    def __repr__(self) -> str:
        return printable(f"<locked step {self.step}: {self.name}, {self.digest[:12]}>")


@dataclass(frozen=True, slots=True, repr=False)
class Lock:
    """All that a pipeline uses. Print it, or keep `to_json` beside what it made."""

    junco: str
    python: str
    steps: tuple[LockedStep, ...]

    @property
    def is_known(self) -> bool:
        """Whether all of it is identified."""
        return not any(step.unknown for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def to_json(self) -> str:
        """The same as text, a line for each value."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        return "\n".join([f"junco {self.junco}, Python {self.python}", *map(str, self.steps)])

    def __repr__(self) -> str:
        return f"<lock of {amount(len(self.steps), 'step')}: junco {self.junco}, Python {self.python}>"


def lock_of(graph: Graph, nested: Mapping[str, Lock]) -> Lock:
    """The lock of a planned graph, whose files are here; ``nested`` are those of pipelines that are steps of it."""
    return Lock(version("junco"), platform.python_version(), tuple(_steps(graph, nested)))


def _steps(graph: Graph, nested: Mapping[str, Lock]) -> Iterator[LockedStep]:
    for node in graph.nodes:
        if node.name in nested:
            for step in nested[node.name].steps:
                yield LockedStep(**{**_fields(step), "step": f"{node.name}/{step.step}"})
        elif (callee := node.callee) is not None:
            yield _locked(node.name, callee)


def _fields(step: LockedStep) -> dict[str, Any]:
    return {name: getattr(step, name) for name in LockedStep.__slots__}


def _locked(step: str, callee: Callee) -> LockedStep:
    identity = identity_of(callee.fn)
    made = (callee.live or callee.spec.create()) if callee.spec is not None else None
    code: Any = type(made) if made is not None else callee.fn
    module = str(getattr(code, "__module__", None) or type(code).__module__)
    package = package_of(module)
    return LockedStep(
        step,
        callee.name,
        f"{module}:{getattr(code, '__qualname__', type(code).__qualname__)}",
        {name: _plain(value) for name, value in callee.spec.items} if callee.spec is not None else {},
        package.name if package is not None else "",
        package.version if package is not None else "",
        _files(made),
        identity.digest,
        identity.unknown,
    )


def _files(operator: Operator | None) -> dict[str, str]:
    paths = sorted({Path(path) for path in operator.all_files()}) if operator is not None else []
    return {str(path): file_sha256(path) for path in paths}


def _plain(value: Any) -> Any:
    """A parameter in JSON's own types; what has none is shown as Python shows it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, (list, tuple)) else repr(value)
