"""What the parts of a torch module do in a pass: hooks see what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.runtime.source import Arrays

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class Seen:
    """What a module did in the passes.

    Attributes:
        shapes: of its first output in each pass, the axis of inputs among them; ``None``: it gave no tensor.
        num_calls: in one pass.
        is_real: whether its numbers have a fraction.
        makers: of the tensor that it gave in each pass, the part that gave it first: itself, or one within it.
        is_handing_on: whether it gave what it had been given, unchanged.
        ended: how many parts had ended before it did.
    """

    module: Any
    shapes: list[tuple[int, ...] | None] = field(default_factory=list)
    num_calls: int = 0
    is_real: bool = True
    makers: list[str] = field(default_factory=list)
    is_handing_on: bool = True
    ended: int = 0


def first_tensor(output: Any) -> torch.Tensor | None:
    """Of what a module gave: itself, or the first of several."""
    import torch

    while not isinstance(output, torch.Tensor):
        values = list(output.values()) if isinstance(output, dict) else output
        if not isinstance(values, (tuple, list)) or not values:
            return None
        output = values[0]
    return output


def watched(module: Any, network: str, passes: Sequence[Arrays], device: str) -> dict[str, Seen]:
    """What each part of the network did, in the order in which they began.

    Args:
        module: is run.
        network: the name of the part of it in which names begin.
        passes: its inputs.
        device: where it is.
    """
    import torch

    root = module.get_submodule(network)
    whole = compiled(root)
    parts = {
        name: part
        for name, part in root.named_modules()
        if name and not any(name.startswith(f"{each}.") for each in whole)
    }
    seen: dict[str, Seen] = {}
    for arrays in passes:
        watch = _Watch({part: name for name, part in parts.items()}, seen)
        hooks = [part.register_forward_pre_hook(watch.begin) for part in parts.values()]
        hooks += [part.register_forward_hook(watch.end) for part in parts.values()]
        try:
            with torch.no_grad():
                module(*(torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in arrays))
        finally:
            for hook in hooks:  # the module may be the one that is run
                hook.remove()
    for each in seen.values():
        each.num_calls //= len(passes)
    return seen


def compiled(root: Any) -> list[str]:
    """The names of the parts that were compiled to a graph, in which nobody can look."""
    import torch

    return [name for name, part in root.named_modules() if name and isinstance(part, torch.jit.ScriptModule)]


class _Watch:
    """Hooks for one pass.

    Args:
        names: of the parts.
        seen: is filled.
    """

    def __init__(self, names: dict[Any, str], seen: dict[str, Seen]) -> None:
        from torch.utils.weak import WeakTensorKeyDictionary

        self._names, self._seen = names, seen
        self._makers: Any = WeakTensorKeyDictionary()  # it keeps no tensor
        self._num_ended = 0
        self._given: list[tuple[int, int]] = []
        """What went into the parts that run, innermost last: which tensor, and how often it had been changed."""

    def begin(self, part: Any, inputs: Any) -> None:
        """A part is called."""
        name = self._names[part]
        self._seen.setdefault(name, Seen(part)).num_calls += 1
        tensor = first_tensor(inputs)
        self._given.append((0, 0) if tensor is None else (id(tensor), tensor._version))

    def end(self, part: Any, _: Any, output: Any) -> None:
        """It gives something: a tensor that was not changed since another part gave it is still that part's."""
        name, given = self._names[part], self._given.pop()
        seen, tensor = self._seen[name], first_tensor(output)
        self._num_ended += 1
        seen.ended = self._num_ended
        seen.shapes.append(None if tensor is None else tuple(tensor.shape))
        if tensor is None:
            seen.is_handing_on = False
            return
        now = tensor._version
        seen.is_real &= tensor.is_floating_point()
        seen.is_handing_on &= tensor is output and (id(tensor), now) == given
        maker, version = self._makers.get(tensor, ("", -1))
        if version != now:
            maker = name
            self._makers[tensor] = (name, now)
        seen.makers.append(maker)
