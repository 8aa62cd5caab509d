"""What an operator is given for a batch and what it gives, if that is what was asked for: a result for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from junco.errors import ContractError
from junco.types.media import VideoFrame
from junco.wording import picture

if TYPE_CHECKING:
    from junco.operator.base import Operator


def with_pixels(columns: Sequence[Sequence[Any]], positions: Sequence[int]) -> Sequence[Sequence[Any]]:
    """The columns with the pixels of each video frame in those that an operator takes as images.

    Only where there are frames is anything made anew.
    """
    found = [at for at in positions if VideoFrame in map(type, columns[at])]
    if not found:
        return columns
    given = list(columns)
    for at in found:
        given[at] = [value.image if type(value) is VideoFrame else value for value in columns[at]]
    return given


def checked_results(operator: Operator, results: Any, num_rows: int) -> Sequence[Any]:
    """The results of a batch, if there is one for each row, and they are what the operator's ports say.

    Raises:
        ContractError: the operator returned too few or too many, or nothing that has a length and an order.
        ResultError: one of them is not what its port says.
    """
    name = operator.name
    listed: Sequence[Any] = results if type(results) is list else _in_order(name, results)
    if (count := len(listed)) != num_rows:
        raise ContractError(
            f"{name!r} returned {count} results for a batch of {num_rows}: return one for each item, in order"
        )
    if operator._promised is not None:
        operator._promised.check(listed, results)
    return listed


def _in_order(name: str, results: Any) -> list[Any]:
    """Results of another type as a list: a set has no order, and a text's letters or a table's columns are none."""
    is_other = isinstance(results, (str, bytes, bytearray, memoryview, Mapping, Set))
    try:
        if (
            not (is_other or hasattr(type(results), "columns")) and len(results) >= 0
        ):  # what has no length may have no end
            return list(results)
    except TypeError:
        pass
    raise ContractError(
        f"{name!r} returned {picture(results)} from batch(), which is no list of results: "
        "return a list with one result for each item"
    )
