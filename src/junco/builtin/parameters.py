"""Values of operators' parameters, checked where an operator is made, before anything is loaded."""

from __future__ import annotations

from typing import Any

from junco.errors import ParameterError


def check_flag(name: str, value: Any, owner: str) -> bool:
    """The parameter's value, if it is true or false: a text such as ``"false"`` would be taken for true.

    Raises:
        ParameterError: it is something else.
    """
    if not isinstance(value, bool):
        raise ParameterError(f"{owner!r}: {name}={value!r} must be True or False")
    return value


def check_whole(name: str, value: Any, owner: str, least: int = 1) -> int:
    """The parameter's value, if it is a whole number from ``least`` on, which is 1 or 0.

    Raises:
        ParameterError: it is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        kind = "a positive whole number" if least else "a whole number, 0 or more"
        raise ParameterError(f"{owner!r}: {name}={value!r} must be {kind}")
    return value
