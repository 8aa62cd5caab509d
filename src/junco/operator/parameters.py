"""Parameters by their names: what a constructor may take, and arguments bound to it, or refused with what is near."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from junco.errors import ContractError, ParameterError
from junco.wording import did_you_mean, nearest

_NAMELESS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY)


def check_keywords(given: Iterable[str], known: Iterable[str], owner: str, besides: Iterable[str] = ()) -> None:
    """Raise ``ParameterError`` for the first given name that ``owner`` does not know.

    ``besides`` are parameters that it has too, and that are taken elsewhere.
    """
    known = list(known)
    for name in given:
        if name not in known:
            told = list(dict.fromkeys((*known, *besides)))
            listing = ", ".join(told) or "none"
            raise ParameterError(
                f"{owner} has no parameter {name!r}.{did_you_mean(nearest(name, told))} Its parameters: {listing}."
            )


def check_parameters(owner: str, parameters: Mapping[str, inspect.Parameter]) -> None:
    """Refuse a constructor whose arguments cannot be given by name, as YAML and other processes give them.

    Raises:
        ContractError: it takes ``*args``, or positional-only parameters.
    """
    for parameter in parameters.values():
        if parameter.kind in _NAMELESS:
            raise ContractError(
                f"{owner!r}: the constructor's {str(parameter)!r} has no name to be given by in a file: "
                "write parameters with names, a list of values as one of them"
            )


def bind(
    parameters: Mapping[str, inspect.Parameter],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    owner: str,
    why_missing: Callable[[str], str] = lambda name: "",
) -> dict[str, Any]:
    """The arguments that were given, by their parameters' names and in their order.

    ``why_missing`` may say more of a name that has no value.

    Raises:
        ParameterError: a name that is not among the parameters (with those near to it), or a value missing.
    """
    rest = next((name for name, p in parameters.items() if p.kind is inspect.Parameter.VAR_KEYWORD), None)
    if rest is None:
        check_keywords(kwargs, parameters, repr(owner))
    try:
        bound = inspect.Signature(list(parameters.values())).bind(*args, **kwargs)
    except TypeError as error:
        ending = "missing a required argument: {!r}"
        missing = next((name for name in parameters if str(error).endswith(ending.format(name))), "")
        raise ParameterError(f"{owner!r}: {error}{why_missing(missing) if missing else ''}") from None
    given = dict(bound.arguments)
    others = given.pop(rest, {}) if rest is not None else {}
    return given | dict(sorted(others.items()))


def kept(value: Any) -> Any:
    """A value as it is now: what its owner does to a list, a map or an array later does not reach the copy."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return kind(map(kept, value))
    if kind is dict:
        return {key: kept(each) for key, each in value.items()}
    if kind is bytearray or (kind.__module__, kind.__name__) == ("numpy", "ndarray"):
        return value.copy()
    return value


def is_same(one: object, other: object) -> bool:
    """Equality that also holds for arrays and does not confuse ``1``, ``1.0`` and ``True``."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    equal = one == other
    return (
        bool(equal.all()) if hasattr(equal, "all") else bool(equal) or one is other or (one != one and other != other)
    )
