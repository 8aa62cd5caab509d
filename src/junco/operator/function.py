"""``@op``: a function becomes an operator; its annotations are its ports."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from junco.errors import ContractError, ParameterError
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.parameters import check_keywords
from junco.operator.ports import Ports, ports_of_function
from junco.operator.spec import OperatorSpec
from junco.wording import picture


class FunctionOperator(Operator):
    """An operator made from a function on one item; keyword-only arguments of the function are its parameters."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, **params: Any) -> None:
        check_keywords(params, self.parameters(), repr(self.name))
        self._params = params

    def batch(self, *columns: Sequence[Any]) -> Sequence[Any]:
        function, params = type(self).function, self._params
        return [function(*item, **params) for item in zip(*columns, strict=True)]

    @classmethod
    def ports(cls) -> Ports:
        return ports_of_function(cls.function)

    @classmethod
    def parameters(cls) -> Mapping[str, inspect.Parameter]:
        parameters = inspect.signature(cls.function).parameters.values()
        return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


def op(
    name: str, hints: Hints | None = None, *, override: bool = False
) -> Callable[[Callable[..., Any]], OperatorSpec]:
    """Make a function on one item an operator called ``name`` (``family.member``).

    The decorated name becomes the operator's spec: call it with one item, put it into a pipeline, write it to YAML.
    Keyword-only arguments are the operator's parameters and need defaults::

        @op("text-clean.lower")
        def lower(text: str, *, strip: bool = False) -> str:
            return text.lower().strip() if strip else text.lower()

    Args:
        name: its name.
        hints: how it may be run.
        override: it stands in this process for the operator of that name which an installed package brings.

    Raises:
        ContractError: the name has no family or is that of an installed operator, or the family's contract is broken.
        ParameterError: a keyword-only argument without a default.
    """
    if not isinstance(name, str):
        raise ContractError("write the operator's name: @op('family.member')")

    def decorate(function: Callable[..., Any]) -> OperatorSpec:
        family, _, member = name.partition(".")
        if not member:
            raise ContractError(f"operator {name!r} has no family: write 'family.member'")
        _check_function(name, function)
        body = {
            "function": staticmethod(function),
            "hints": hints or Hints(),
            "__doc__": function.__doc__,
            "__module__": getattr(function, "__module__", None) or __name__,
            "__qualname__": getattr(function, "__qualname__", member),
        }
        made = type(member, (FunctionOperator,), body, family=family, name=member, override=override)
        return OperatorSpec.bind(made, (), {})

    return decorate


def _check_function(name: str, function: Any) -> None:
    """Refuse what is no function on one item.

    Raises:
        ContractError: a class, an async function, or nothing that can be called.
        ParameterError: a keyword-only argument without a default.
    """
    if isinstance(function, type):
        raise ContractError(
            f"operator {name!r}: @op makes operators of functions, and {function.__name__} is a class: "
            "derive it from Operator, class …(Operator, family=…, name=…)"
        )
    if not callable(function):
        raise ContractError(f"operator {name!r}: @op takes a function, not {picture(function)}")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ContractError(f"operator {name!r}: an async function is no operator: write one that returns its result")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.default is inspect.Parameter.empty:
            raise ParameterError(f"operator {name!r}: give the parameter {parameter.name!r} a default")
