"""`Outputs`: what an operator's ports say of its results, held against what it gives."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args, get_origin

from junco.errors import ResultError
from junco.operator import registry
from junco.operator.ports import Port, Ports, array_type, gives_one_vector, is_plain_array
from junco.types.array_type import IMAGE, VECTOR, ArrayType
from junco.types.media import VideoFrame
from junco.wording import picture

if TYPE_CHECKING:
    from junco.operator.base import Operator

_LISTS = (list, tuple, Sequence, Iterable, Iterator)
_SMALLER = frozenset({"float16", "int8", "uint8"})
"""What ``precision`` may make of a vector's numbers."""


class Outputs:
    """Looks at the results of one opened operator.

    All of the first batch are looked at, and of vectors each one ever given: they are of one type, as long as the
    first, and finite; those in one array are looked at as one. What the family of an operator does not say is not asked
    for.

    Args:
        operator: whose results they are.
    """

    def __init__(self, operator: Operator) -> None:
        ports = _with_family(operator)
        self._owner = operator.name
        self._outputs = ports.outputs
        self._gives_vectors = gives_one_vector(ports)
        self._dtypes = _dtypes(operator)
        self._has_one_length = not any(_may_be_vector(port, operator) for port in ports.inputs or ())
        self._is_seen = not _has_contract(operator)
        self._makes_rows = ports.rows == "many"
        self._first: Any = None
        """The first vector that was good."""

    def check(self, results: Sequence[Any], given: Any = None) -> None:
        """Refuse results of a batch that are not what the ports say.

        Args:
            results: one for each row.
            given: what they were in when the operator gave them: an array of all, perhaps.

        Raises:
            ResultError: naming the operator and the port, for the first that is odd.
        """
        if self._gives_vectors:
            self._check_vectors(results, given)
            return
        for result in results if not self._is_seen else ():
            if hasattr(result, "__next__"):
                return  # rows that are looked at when they are drawn
            if not self._makes_rows:
                self._check_values(result)
            elif isinstance(result, (list, tuple)):
                self.check_rows(result)
        self._is_seen = self._is_seen or (len(results) > 0 and not self._makes_rows)

    def check_rows(self, rows: Sequence[Any]) -> None:
        """The same for rows of one item: the first that there ever are.

        Raises:
            ResultError: as `check`.
        """
        if self._is_seen:
            return
        for row in rows:
            self._check_values(row)
        self._is_seen = len(rows) > 0

    def _check_values(self, result: Any) -> None:
        """Look at one result: a value, or one for each output."""
        if len(self._outputs) == 1:
            values: Sequence[Any] = (result,)
        elif isinstance(result, tuple) and len(result) == len(self._outputs):
            values = result
        else:
            return  # the step says how many there are to be
        for port, value in zip(self._outputs, values, strict=True):
            if array_type(port.type) == VECTOR:
                self._check_vector(port, value)
            elif not _accepts(port.type, value):
                raise self._odd(port, value)

    def _check_vectors(self, results: Sequence[Any], given: Any) -> None:
        import numpy as np  # whoever gives vectors has it

        if not len(results):
            return
        first = results[0] if self._first is None else self._first
        if first is results[0]:
            self._check_vector(self._outputs[0], first)
        dtype, shape = first.dtype, first.shape if self._has_one_length else None
        is_one = type(given) is np.ndarray and given.ndim == 2  # its rows are alike
        for value in results[:1] if is_one else results:
            if type(value) is not np.ndarray or value.dtype is not dtype or value.shape != shape:
                self._check_other(first, value)
        if dtype.kind == "f":
            numbers = given if is_one else results[0] if len(results) == 1 else np.concatenate(results)
            if not np.isfinite(numbers).all():
                raise self._not_finite(next(value for value in results if not np.isfinite(value).all()))
        if self._first is None and self._has_one_length:
            self._first = np.empty_like(first)  # its type and shape, not its batch's memory

    def _check_other(self, first: Any, value: Any) -> None:
        """Look at a vector that may not be like the first."""
        self._check_vector(self._outputs[0], value)
        if self._has_one_length and (value.dtype != first.dtype or value.shape != first.shape):
            raise self._unlike(first, value)

    def _check_vector(self, port: Port, value: Any) -> None:
        import numpy as np

        if not isinstance(value, np.ndarray):
            raise self._odd(port, value)
        if value.ndim != 1 or not value.size:
            raise ResultError(
                self._owner,
                port.name,
                f"gives vectors, (dim,), and returned an array of shape {value.shape} for an item: "
                "return one vector for each",
            )
        if self._dtypes is not None and value.dtype.name not in self._dtypes:
            raise self._odd(port, value)

    def _odd(self, port: Port, value: Any) -> ResultError:
        return ResultError(
            self._owner, port.name, f"returned {picture(value)} where its output is {port}{_cure(port, value)}"
        )

    def _unlike(self, first: Any, value: Any) -> ResultError:
        return ResultError(
            self._owner,
            self._outputs[0].name,
            f"returned a vector of shape {value.shape} and type {value.dtype} for its output "
            f"{self._outputs[0].name!r}, and the first one had {first.shape} and {first.dtype}: "
            "all vectors of an operator have one length and type",
        )

    def _not_finite(self, value: Any) -> ResultError:
        import numpy as np

        what = "NaN" if np.isnan(value).any() else "infinite"
        count = int(value.size - np.isfinite(value).sum())
        return ResultError(
            self._owner,
            self._outputs[0].name,
            f"returned a vector of which {count:,} of {value.size:,} numbers are {what} for its output "
            f"{self._outputs[0].name!r}: no vector can be made of this input",
        )


def _may_be_vector(port: Port, operator: Operator) -> bool:
    """Whether an input may be a vector, or hold several, whose length decides that of the result."""
    kind = get_args(port.type)[0] if get_origin(port.type) in _LISTS and get_args(port.type) else port.type
    if (array := array_type(kind)) is not None:
        return array != IMAGE
    return port.type is Any and not _has_contract(operator)


def _with_family(operator: Operator) -> Ports:
    """The operator's ports; where they say nothing of an output, what the family says."""
    ports = operator.ports_with(operator.spec.params)
    contract = registry.families("operator").get(operator.family or "")
    kept = contract.kept_by(ports) if contract is not None else []
    if not kept:
        return ports
    outputs = [
        said if own.type is Any or is_plain_array(own.type) else own
        for own, said in zip(ports.outputs, kept[0].outputs, strict=True)
    ]
    return replace(ports, outputs=tuple(outputs))


def _has_contract(operator: Operator) -> bool:
    return (operator.family or "") in registry.families("operator")


def _dtypes(operator: Operator) -> frozenset[str] | None:
    """The types that its vectors may have by its family; ``None`` where there is no family to say it."""
    if not _has_contract(operator):
        return None
    return frozenset({VECTOR.dtype}) | (_SMALLER if "precision" in operator.parameters() else frozenset())


def _accepts(kind: Any, value: Any) -> bool:
    """Whether a value is of a port's type, as far as that can be told by looking."""
    if kind is Any or kind is object:
        return True
    if (array := array_type(kind)) is not None:
        return _is_array(array, value)
    if get_origin(kind) in (typing.Union, types.UnionType):
        return any(_accepts(member, value) for member in get_args(kind))
    cls = get_origin(kind) or kind
    if not isinstance(cls, type):
        return value is None if kind is None else True
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "ndim", 1):
        value = value.item()  # numpy's own numbers and truth values
    return isinstance(value, cls) or (cls is float and isinstance(value, int))


def _is_array(wanted: ArrayType, value: Any) -> bool:
    import numpy as np

    is_array = isinstance(value, np.ndarray) or (wanted == IMAGE and isinstance(value, VideoFrame))
    return is_array and wanted.accepts(value)


def _cure(port: Port, value: Any) -> str:
    """What to write in the operator, where that is plain."""
    array = array_type(port.type)
    if array is None:
        return ""
    if hasattr(value, "numpy"):
        return ": give numpy's arrays, tensor.cpu().numpy()"
    if isinstance(value, (list, tuple)) or getattr(value, "ndim", None) == len(array.shape):
        return f": give np.asarray(…, dtype=np.{array.dtype})"
    return ""
