"""`OperatorSpec`: an operator by its name and parameters, with nothing loaded."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from junco.errors import ParameterError
from junco.operator import registry
from junco.operator.parameters import check_keywords
from junco.operator.residents import residents


@dataclass(frozen=True, slots=True)
class OperatorSpec:
    """A light, immutable, picklable description from which an operator can be built anywhere.

    Attributes:
        name: ``family.member``.
        items: the parameters that were given, as (name, value) pairs in the constructor's order.
        target: ``module:Class``, so that another process finds classes that were defined outside installed packages.
    """

    name: str
    items: tuple[tuple[str, Any], ...] = ()
    target: str = ""

    @classmethod
    def bind(cls, operator: registry.Defined, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> OperatorSpec:
        """Bind arguments to the operator's constructor without calling it.

        Raises:
            ParameterError: a name that the constructor does not know (with suggestions), or a value missing.
        """
        parameters = operator.parameters()
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
            check_keywords(kwargs, parameters, repr(operator.name))
        try:
            bound = inspect.Signature(list(parameters.values())).bind(*args, **kwargs)
        except TypeError as error:
            raise ParameterError(f"{operator.name!r}: {error}") from None
        return cls(operator.name, _flat(bound, parameters), f"{operator.__module__}:{operator.__qualname__}")

    @classmethod
    def named(cls, name: str, params: Mapping[str, Any]) -> OperatorSpec:
        """An operator by its name; nothing is imported, and nobody has checked the parameters yet (`bound` does)."""
        return cls(name, tuple(params.items()))

    @property
    def is_loaded(self) -> bool:
        """Whether its class is at hand without an import."""
        return registry.is_defined(self.name)

    def bound(self) -> OperatorSpec:
        """The same with its parameters checked, in the constructor's order; imports the operator's module."""
        return self.with_params(self.params)

    @property
    def params(self) -> dict[str, Any]:
        """The given parameters."""
        return dict(self.items)

    def with_params(self, params: Mapping[str, Any]) -> OperatorSpec:
        """The same operator with other parameters, in the constructor's order."""
        return OperatorSpec.bind(self.load(), (), dict(params))

    def load(self) -> registry.Defined:
        """The operator's class; imports its module, which loads no weights."""
        return registry.load(self.name, self.target)

    def create(self) -> Any:
        """A new operator, not opened."""
        return self.load()(**self.params)

    def __call__(self, *item: Any) -> Any:
        """Work on one item with the resident operator for this spec."""
        return residents.call(self, item)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OperatorSpec):
            return NotImplemented
        return self.name == other.name and _same(self.params, other.params)

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(k for k, _ in self.items))))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.items)})" if self.items else self.name


def _flat(bound: inspect.BoundArguments, parameters: Mapping[str, inspect.Parameter]) -> tuple[tuple[str, Any], ...]:
    items: list[tuple[str, Any]] = []
    for name, value in bound.arguments.items():
        if parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            items.extend(sorted(value.items()))
        else:
            items.append((name, value))
    return tuple(items)


def _same(one: object, other: object) -> bool:
    """Equality that also holds for arrays and does not confuse ``1``, ``1.0`` and ``True``."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    equal = one == other
    return (
        bool(equal.all()) if hasattr(equal, "all") else bool(equal) or one is other or (one != one and other != other)
    )
