"""Torch as a runtime, and as the reference: float32 on the CPU."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from junco.cores import at_work, num_free
from junco.errors import ContractError
from junco.runtime.certificate import Certificate
from junco.runtime.source import Arrays
from junco.types import Vectors

if TYPE_CHECKING:
    import torch


class TorchCompiled:
    """A torch module on a device.

    On a CPU each pass takes the cores that other threads leave: all of them when it runs alone, one when all are
    busy. On a GPU the inputs travel from pinned memory while the pass before is still running.
    """

    runtime = "torch"

    def __init__(
        self,
        module: torch.nn.Module,
        dtype: str,
        device: str,
        *,
        most_threads: int | None = None,
        compile_graph: bool = False,
    ) -> None:
        import torch

        self.dtype, self.device = dtype, device
        self.certificate: Certificate | None = None
        self._device = torch.device(device)
        self._most_threads = most_threads
        self._module: Any = module.eval().to(self._device)
        if self._device.type == "cuda" and dtype != "float32":
            _cast_weights(self._module, getattr(torch, dtype))
        self._module = self._module.to(memory_format=torch.channels_last)
        self._eager = self._module if compile_graph else None
        if compile_graph:
            self._module = torch.compile(self._module, dynamic=True)

    def __call__(self, *arrays: npt.NDArray[Any]) -> Vectors:
        with self._share_of_cores():
            return _fetched(self._launch(arrays))

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        before: torch.Tensor | None = None
        for arrays in passes:
            with self._share_of_cores():
                now = self._launch(arrays)
            if before is not None:
                yield _fetched(before)
            before = now
        if before is not None:
            yield _fetched(before)

    def close(self) -> None:
        self._module = self._eager = None

    def _launch(self, arrays: Arrays) -> torch.Tensor:
        import torch

        inputs = [self._moved(array) for array in arrays]
        with torch.inference_mode(), self._arithmetic():
            try:
                result: torch.Tensor = self._module(*inputs)
            except torch.OutOfMemoryError:
                raise
            except Exception:
                if self._eager is None:
                    raise
                self._module, self._eager = self._eager, None  # the compiler is gone or fails: without it from now on
                result = self._module(*inputs)
        return result

    def _moved(self, array: npt.NDArray[Any]) -> torch.Tensor:
        import torch

        tensor = torch.from_numpy(array)
        if self._device.type != "cuda":
            return tensor.to(self._device)
        return tensor.pin_memory().to(self._device, non_blocking=True)

    def _arithmetic(self) -> AbstractContextManager[Any]:
        import torch

        if self.dtype == "float32":
            return nullcontext()
        return torch.autocast(self._device.type, getattr(torch, self.dtype))

    def _share_of_cores(self) -> AbstractContextManager[None]:
        return share_of_cores(self._most_threads) if self._device.type == "cpu" else nullcontext()


def _cast_weights(module: torch.nn.Module, dtype: torch.dtype) -> None:
    """Halve the memory of the layers that autocast runs in ``dtype`` anyway, so that no pass has to cast them."""
    import torch

    kinds = (torch.nn.Linear, torch.nn.Embedding, torch.nn.modules.conv._ConvNd)
    for layer in module.modules():
        if isinstance(layer, kinds):
            layer.to(dtype)


def has_graph_compiler() -> bool:
    """Whether ``torch.compile`` can make code for a GPU here: it needs Triton and a C compiler."""
    return importlib.util.find_spec("triton") is not None and any(shutil.which(name) for name in ("cc", "gcc", "clang"))


@cache
def _allowed_threads() -> int:
    """Threads that torch may use, as the user or the environment set it before any pass of ours."""
    import torch

    return torch.get_num_threads()


@contextmanager
def share_of_cores(most_threads: int | None = None) -> Iterator[None]:
    """Let what this thread does in torch use the cores that other threads leave, not all of them as torch would."""
    import torch

    with at_work():
        share = min(most_threads or _allowed_threads(), num_free())
        if share != torch.get_num_threads():
            torch.set_num_threads(share)
        try:
            yield
        finally:
            if torch.get_num_threads() != _allowed_threads():
                torch.set_num_threads(_allowed_threads())


def _fetched(rows: torch.Tensor) -> Vectors:
    import torch

    if not isinstance(rows, torch.Tensor):
        raise ContractError(
            f"the model's forward() gave a {type(rows).__name__}, not one tensor (n, dim): let it return that one of "
            "its outputs, as out.pooler_output or out[0], which is the vectors"
        )
    with torch.inference_mode():
        vectors: Vectors = rows.to("cpu", torch.float32).contiguous().numpy()
    return vectors
