"""`cut_source`: a model that ends behind a layer: what lies behind is computed in no runtime."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from junco.errors import ContractError
from junco.neural.layer import Layer, Pool
from junco.neural.listing import Chosen
from junco.neural.onnx_cut import cut_onnx
from junco.neural.pooling import pooled
from junco.neural.watch import first_tensor
from junco.runtime.source import Source

if TYPE_CHECKING:
    import torch


class _EnoughError(BaseException):
    """Ends a pass behind the last layer that is wanted; no network's own ``except Exception`` takes it."""


class _Ear(threading.local):
    """What is being taken in this thread's pass."""

    taken: _Taken | None = None


_ear = _Ear()


class _Taken:
    """What one pass has given so far.

    Args:
        chosen: the layers that are wanted, and their pool.
        mask: of the pass, where the model has one.
    """

    def __init__(self, chosen: Chosen, mask: torch.Tensor | None) -> None:
        self.rows: dict[str, torch.Tensor] = {}
        self._wanted: dict[str, Layer] = {str(each): each for each in chosen.layers}
        self._pool: Pool = chosen.pool
        self._mask = mask

    def take(self, name: str, output: Any) -> None:
        """Make what is wanted of a layer's output at once: later layers may change it in place."""
        import torch

        tensor = first_tensor(output)
        if name not in self._wanted or tensor is None:
            return
        self.rows[name] = pooled(tensor, self._wanted[name].axes, self._pool, self._mask)
        # who makes a graph of a pass sees it to its end, and leaves out by itself what leads nowhere
        if len(self.rows) == len(self._wanted) and not torch.compiler.is_compiling():
            raise _EnoughError


class _Tap:
    """A hook on one layer, for all passes of all threads; without a pass of a `cut` it does nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, module: Any, inputs: Any, output: Any) -> None:
        if _ear.taken is not None:
            _ear.taken.take(self._name, output)


def cut_source(source: Source, chosen: Chosen) -> Source:
    """The same model, whose vectors are those of its layers.

    Args:
        source: complete.
        chosen: the layers.
    """
    build = source.build
    if build is None:
        return cut_onnx(source, chosen)
    return replace(
        source,
        build=lambda: _cut(build(), source.network, chosen),
        recipe=f"{source.recipe}, {chosen.recipe}",
    )


def _cut(module: Any, network: str, chosen: Chosen) -> torch.nn.Module:
    """A module that runs another until it has what it wants."""
    import torch

    class Cut(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            before = _ear.taken
            taken = _ear.taken = _Taken(chosen, None if chosen.mask is None else arrays[chosen.mask])
            try:
                self.module(*arrays)
            except _EnoughError:
                pass
            finally:
                _ear.taken = before
            return _joined(taken, chosen)

    root = module.get_submodule(network)
    for each in chosen.layers:
        root.get_submodule(str(each)).register_forward_hook(_Tap(str(each)))
    return Cut().eval()


def _joined(taken: _Taken, chosen: Chosen) -> torch.Tensor:
    """What was taken, one behind the other."""
    import torch

    missing = [each for each in chosen.layers if str(each) not in taken.rows]
    if missing:
        raise ContractError(f"the layer {str(missing[0])!r} was not run in this pass, so that there is nothing to take")
    rows = [taken.rows[str(each)] for each in chosen.layers]
    return rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)
