"""Vectors have finite numbers: one that has not lies nowhere, and no store of vectors takes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from junco.store.columns import fields_of, has_fields
from junco.store.kinds import OddValueError
from junco.wording import brief, picture

_MOST_DIMS = 2
"""Of what is a vector, or several; more are pictures, sound, or a field."""
_LISTS = (list, tuple, set, frozenset)
_FLOATS = (float, complex, np.inexact)
_PLAIN = {float, int, bool, str, bytes, type(None)}
"""What holds nothing."""


def check_finite(columns: Mapping[str, Sequence[Any]]) -> None:
    """Refuse vectors that are not finite, arrays or lists of numbers, wherever in a value they stand.

    A number by itself is no vector: a score or a time may be NaN.

    Raises:
        OddValueError: with the first of them; or with a value that cannot be looked at.
    """
    for name, values in columns.items():
        arrays = _vectors_of(name, values)
        if not arrays or np.isfinite(np.concatenate([array.ravel() for array in arrays])).all():
            continue
        odd = next(array for array in arrays if not np.isfinite(array).all())
        num_odd = int(odd.size - np.isfinite(odd).sum())
        what = "NaN" if np.isnan(odd).any() else "infinite"
        raise OddValueError(name, "finite vectors", f"one of which {num_odd:,} of {odd.size:,} numbers are {what}")


def _vectors_of(name: str, values: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    if set(map(type, values)) <= _PLAIN:
        return []
    found: list[np.ndarray[Any, Any]] = []
    for value in values:
        try:
            found.extend(_vectors_in(value))
        except Exception as error:  # what somebody's own class may raise when it is looked into
            raise OddValueError(name, "", f"{picture(value)}: {brief(error)}") from error
    return found


def _vectors_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "fc" and value.ndim in range(1, _MOST_DIMS + 1):
            yield value
        elif value.dtype.kind == "O" and value.ndim:
            yield from _vectors_in(value.tolist())
    elif has_fields(type(value)):
        for part in fields_of(value).values():
            yield from _vectors_in(part)
    elif isinstance(value, _LISTS):
        yield from _vectors_in_list(value)


def _vectors_in_list(values: Iterable[Any]) -> Iterator[np.ndarray[Any, Any]]:
    """A list of numbers is a vector itself; of others each member may hold some."""
    kinds = set(map(type, values))
    if any(issubclass(kind, _FLOATS) for kind in kinds):
        is_whole = kinds == {float}
        yield np.array(list(values) if is_whole else [v if isinstance(v, _FLOATS) else 0.0 for v in values])
    if not kinds <= _PLAIN:
        for part in values:
            yield from _vectors_in(part)
