"""Every error a user of junco can meet.

::

    JuncoError                    whatever is the user's to mend
    ├── UnknownNameError          no pipeline, operator, family or step of that name
    ├── ContractError             an operator or pipeline breaks its family's contract
    │   ├── ParameterError        a parameter that does not exist, is missing or has a wrong value
    │   └── ResultError           what an operator gave for one input is not what its port says
    ├── GraphError                a pipeline that cannot be: levels, columns, cycles
    │   └── YamlError             the same, read from a file: carries file, line and column
    │       └── YamlContractError a step in a file breaks a contract: a ContractError as well
    ├── MissingExtraError         a package is not installed; says what to install
    ├── UnavailableError          weights, a file or a hub that cannot be reached from here
    │   └── NoHubError            a hub's name was used and no hub is configured
    ├── IntegrityError            a file is not the one it should be (sha256)
    ├── TrustError                code of a hub that nobody allowed to run here
    ├── InputError                a value that an operator cannot work on
    ├── DataError                 data to learn from or to measure by says too little, or two things at once
    ├── TrainError                training cannot start or go on: a loss that is no number, a checkpoint of other work
    ├── OperatorError             an operator failed on a row; ``__cause__`` is its own exception
    ├── SpaceError                vectors of two spaces, or of an unknown one, were to be mixed
    ├── DeadlineError             a call's time ran out
    ├── ClosedError               a pipeline was used after ``close()``
    └── JobError                  a bulk job cannot start or go on
        ├── TargetBusyError       another run writes the same target
        └── TargetError           the target cannot be written

A `FidelityWarning` is no error: what was asked for makes other vectors than the model's own.
An error in junco itself is an ``AssertionError`` or whatever Python raised, never a ``JuncoError``.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from typing import Any

from junco.wording import did_you_mean, holding, nearest, on_one_screen


class JuncoError(Exception):
    """Base of all errors that a user can cause and mend."""

    is_of_opening = False
    """Whether an operator could not be opened: then it is not the fault of the input that it was to work on."""

    def __str__(self) -> str:
        """The message, as it may be shown anywhere: it may name files and addresses, and quote what others raised."""
        return on_one_screen(super().__str__())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class UnknownNameError(JuncoError):
    """A name that nothing answers to.

    Attributes:
        kind: what was looked for, ``"pipeline"``, ``"operator"`` ….
        name: the name as it was given.
        suggestions: known names near to it, best first.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str] = (), hint: str = "") -> None:
        self.kind = kind
        self.name = name
        known = [*known]
        self.suggestions = nearest(name, known) or holding(name, known)
        super().__init__(f"no {kind} named {name!r}.{did_you_mean(self.suggestions)}{_after(hint)}")

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), self.args, self.__dict__)


class ContractError(JuncoError):
    """An operator or pipeline does not keep the contract of its family."""


class ParameterError(ContractError):
    """A parameter is unknown, missing or has a value that cannot be."""


class ResultError(ContractError):
    """What an operator gave for an input is not what its port says: of another type or shape, or not finite.

    Others of the batch may be good, so a run tries them apart.

    Attributes:
        operator: its name.
        port: the name of the output.
    """

    def __init__(self, operator: str, port: str, problem: str) -> None:
        self.operator, self.port, self.problem = operator, port, problem
        super().__init__(f"{operator!r} {problem}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.operator, self.port, self.problem)


class GraphError(JuncoError):
    """A graph that has no meaning: the message names the step, the columns and the cure."""


class YamlError(GraphError):
    """A pipeline file that cannot be read; ``line`` and ``column`` count from 1."""

    def __init__(self, problem: str, file: str = "<string>", line: int = 1, column: int = 1) -> None:
        self.problem, self.file, self.line, self.column = problem, file, line, column
        super().__init__(f"{file}:{line}:{column}: {problem}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problem, self.file, self.line, self.column)


class YamlContractError(YamlError, ContractError):
    """A step of a pipeline file breaks a contract; caught as either."""


class MissingExtraError(JuncoError):
    """A package that this operator needs is not installed; ``extra`` brings it."""

    def __init__(self, package: str, extra: str, needed_by: str = "this operator") -> None:
        self.package, self.extra, self.needed_by = package, extra, needed_by
        super().__init__(f"{needed_by} needs the package {package!r}: pip install 'junco[{extra}]'")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.package, self.extra, self.needed_by)


class UnavailableError(JuncoError):
    """Something that has to be fetched cannot be reached from this machine."""


class NoHubError(UnavailableError):
    """A name on a hub (``namespace/name``) was used and no hub is configured."""


class IntegrityError(JuncoError):
    """A file's sha256 is not the one that is pinned for it."""


class TrustError(JuncoError):
    """Code of a hub would have to run, and its caller has not allowed that, by commit and digest."""


class InputError(JuncoError):
    """A value that an operator cannot work on: missing, empty, truncated, too large, of a wrong type."""


class DataError(JuncoError):
    """Data to learn from, or to measure by, says too little of its items, or two things at once."""


class TrainError(JuncoError):
    """Training cannot start or go on; what was best so far is kept."""


class OperatorError(JuncoError):
    """An operator failed on a row; ``__cause__`` is the original exception.

    Attributes:
        node: name of the step in the pipeline.
        operator: name of the operator or callable.
        position: index of the input (counting from 0) among the items of the call.
        value: a short picture of the value that it failed on.
    """

    def __init__(self, node: str, operator: str, position: int, value: str, reason: str) -> None:
        self.node, self.operator, self.position, self.value, self.reason = node, operator, position, value, reason
        super().__init__(f"step {node!r} ({operator}) failed on input {position}, {value}: {reason}")

    def at(self, position: int) -> OperatorError:
        """The same for another position: that of the item in the run around it, or 0 for one that was given alone."""
        placed = OperatorError(self.node, self.operator, position, self.value, self.reason)
        placed.__cause__ = self.__cause__
        return placed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.node, self.operator, self.position, self.value, self.reason)


class SpaceError(JuncoError):
    """Vectors that are not known to live in one space were to be stored, searched or compared together.

    Attributes:
        one: the one space, a `junco.types.Space`, or ``None`` where nobody knows it.
        other: the other.
    """

    def __init__(self, message: str, one: Any = None, other: Any = None) -> None:
        self.one, self.other = one, other
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.one, self.other)


class DeadlineError(JuncoError):
    """A call did not end within its ``timeout_s``."""


class ClosedError(JuncoError):
    """The pipeline was closed."""


class JobError(JuncoError):
    """A bulk job cannot start or go on; its journal stays good."""


class TargetBusyError(JobError):
    """Another run is writing to the same target."""


class TargetError(JobError):
    """The target of a bulk job cannot be written."""


class FidelityWarning(UserWarning):
    """What was asked for costs agreement with the model's own vectors: int8 arithmetic, fewer numbers than it gives.

    Also that agreement is unknown: a folder does not say how its model is pooled, or a text is in letters that
    it never saw.
    """


def warn_fidelity(message: str) -> None:
    """Give a `FidelityWarning` that points at the line of whoever uses junco."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, FidelityWarning, stacklevel=level + 1)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("junco", "contextlib", "functools")


def _after(hint: str) -> str:
    return f" {hint}" if hint else ""


def rebuilt(cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    """An exception from its parts, without its constructor, which need not take its ``args``."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error
