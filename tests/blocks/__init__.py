"""What is checked of every block: a case a block and shape, and what it equals in other libraries.

Each file beside this one has lists ``CASES`` and ``EQUALITIES``; the page of blocks is made from both.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """A block, what goes in and what comes out.

    Attributes:
        id: the block's public name, and after a blank what is particular to the case: ``Attention with a bias``.
        make: makes the block.
        inputs: shapes of what goes in, of which the first has the rows first.
        output: shape of what comes out.
        num_tokens: whole numbers below it go in instead of real ones; 0: real ones.
        exports: whether it goes into OpenVINO and ONNX; a reason where it does not.
    """

    id: str
    make: Callable[[], Any]
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    exports: bool | str = True
    num_tokens: int = 0

    @property
    def block(self) -> str:
        """The block's public name."""
        return self.id.partition(" ")[0]


@dataclass(frozen=True)
class Equality:
    """A block that gives another library's numbers on its weights.

    Attributes:
        block: its public name.
        reference: where the other one lies: ``timm.layers.Mlp``.
        pair: makes both, ours with their weights, in eval mode; callables of the inputs.
        inputs: shapes of what goes in.
        gradients: whether gradients of the inputs are compared too.
        note: what is particular: ``with rotary positions``.
    """

    block: str
    reference: str
    pair: Callable[[], tuple[Any, Any]]
    inputs: tuple[tuple[int, ...], ...]
    gradients: bool = True
    note: str = ""


def _all(kind: str) -> list[Any]:
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [each for name in files for each in getattr(importlib.import_module(f"{__name__}.{name}"), kind, [])]


def cases() -> list[Case]:
    """Of all blocks."""
    return _all("CASES")


def equalities() -> list[Equality]:
    """Of all blocks."""
    return _all("EQUALITIES")
