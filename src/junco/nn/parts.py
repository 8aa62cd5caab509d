"""What all blocks share: parts that are left out, and sizes that make no sense."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from junco.errors import ParameterError
from junco.memory import memory_bytes

Part = nn.Module | None
"""A brick, or nothing in its place."""
Norm = Callable[[int], nn.Module] | None
"""What makes a normalisation for a width: a block that has several makes each of its own."""
_MOST_TRIED = 10_000
"""Numbers of parts that are tried for the message; a width of another size is a slip of the hand."""


def part(given: Part) -> nn.Module:
    """A brick; one that changes nothing where none is given."""
    return nn.Identity() if given is None else given


def made(norm: Norm, width: int) -> nn.Module:
    """A normalisation for a width; what changes nothing where there is none."""
    return nn.Identity() if norm is None else norm(width)


def two(size: int | tuple[int, int]) -> tuple[int, int]:
    """A height and a width; one number stands for both."""
    return (size, size) if isinstance(size, int) else size


def wide(x: torch.Tensor) -> torch.Tensor:
    """The same numbers in float32 at least: in half precision sums and angles would be too coarse."""
    return x if x.dtype == torch.float64 else x.float()


def check_sizes(owner: str, **sizes: int) -> None:
    """Refuse sizes that are no whole numbers from 1 up.

    Raises:
        ParameterError: with the first that is none.
    """
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ParameterError(f"{owner}: {name}={size!r} must be a whole number from 1 up")


def check_counts(owner: str, **counts: int) -> None:
    """Refuse counts that are no whole numbers from 0 up.

    Raises:
        ParameterError: with the first that is none.
    """
    for name, count in counts.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise ParameterError(f"{owner}: {name}={count!r} must be a whole number from 0 up")


def check_odd(owner: str, **sides: int) -> None:
    """Refuse the sides of kernels that have no middle, so that what comes out would be of another size.

    Raises:
        ParameterError: with the first that is even, or no size.
    """
    check_sizes(owner, **sides)
    for name, side in sides.items():
        if side % 2 == 0:
            raise ParameterError(f"{owner}: {name}={side} must be odd: a place has as many neighbours on either side")


def check_divides(owner: str, width: int, num_parts: int, parts: str) -> None:
    """Refuse a width that cannot be cut into so many equal parts.

    Raises:
        ParameterError: with the nearest numbers of parts that can be.
    """
    check_sizes(owner, width=width, **{parts: num_parts})
    if width % num_parts:
        small = [n for n in range(1, min(width, _MOST_TRIED) + 1) if width % n == 0]
        fitting = {*small, *(width // n for n in small)}
        nearest = " or ".join(map(str, sorted(sorted(fitting, key=lambda n: abs(n - num_parts))[:2])))
        raise ParameterError(f"{owner}: {parts}={num_parts} does not divide width={width}: {nearest} would")


def check_room(owner: str, *shape: int) -> None:
    """Refuse a weight of that shape where no memory would hold it; on the meta device all sizes are well.

    Raises:
        ParameterError: with its bytes, and those that there are.
    """
    check_sizes(owner, **{f"size {i}": size for i, size in enumerate(shape, 1)})
    wanted, most = 4 * math.prod(shape), memory_bytes()
    if wanted > most and torch.get_default_device().type == "cpu":
        raise ParameterError(
            f"{owner}: a weight of {' × '.join(map(str, shape))} numbers takes {wanted / 1e9:,.0f} GB, and there are "
            f"{most / 1e9:,.0f} GB of memory here"
        )
