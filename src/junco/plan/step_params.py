"""Parameters that an operator takes from the step in which it stands, so that they are said once."""

from __future__ import annotations

from typing import Any

from junco.errors import ParameterError
from junco.graph.nodes import Node
from junco.operator.spec import OperatorSpec


def step_params(node: Node, spec: OperatorSpec) -> dict[str, Any]:
    """What a step hands over to its operator, by `Operator.from_step`.

    Raises:
        ParameterError: the operator was given another value than its step has.
    """
    told = _told(node)
    for name in told.keys() & spec.params.keys():
        _check(node, name, spec.params[name], told[name])
    return told


def check_step_params(node: Node) -> None:
    """Refuse the caller's own operator that was made for another step.

    Raises:
        ParameterError: with both values.
    """
    if node.callee is not None and (live := node.callee.live) is not None:
        for name, value in _told(node).items():
            _check(node, name, getattr(live, name), value)


def _told(node: Node) -> dict[str, Any]:
    assert node.callee is not None
    names = node.callee.operator.from_step if node.callee.is_operator else {}
    return {name: value for name, key in names.items() if (value := getattr(node, key)) is not None}


def _check(node: Node, name: str, given: Any, value: Any) -> None:
    if given != value:
        key = name.removesuffix("_s")
        raise ParameterError(
            f"{node}: its operator has {name}={given!r}, and the step {key}={value!r}: leave {name} out"
        )
