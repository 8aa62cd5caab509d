"""ONNX Runtime: exported from the torch module, one session for single passes and one for many at once."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.cores import at_work, num_cores, num_free
from junco.runtime.certificate import Certificate
from junco.runtime.quiet import quietly
from junco.runtime.source import Arrays, Source
from junco.types import Vectors

if TYPE_CHECKING:
    import torch

FILE = "model.onnx"


def convert(source: Source, module: torch.nn.Module, folder: Path) -> None:
    """Write the module into ``folder`` as ONNX, float32, with the shapes of ``source.inputs``."""
    import torch

    example = tuple(torch.from_numpy(array[:2].copy()) for array in source.golden)
    dynamic = torch.export.Dim.DYNAMIC
    shapes: Any = tuple({n: dynamic for n, size in enumerate(each.shape) if size is None} for each in source.inputs)
    if _takes_any_number(module):
        shapes = (shapes,)
    with quietly(), torch.no_grad():
        torch.onnx.export(
            module,
            example,
            folder / FILE,
            dynamo=True,
            input_names=[each.name for each in source.inputs],
            dynamic_shapes=shapes,
            external_data=True,
            verbose=False,
        )


def _takes_any_number(module: torch.nn.Module) -> bool:
    """Whether its inputs are one parameter, ``*arrays``."""
    parameters = inspect.signature(module.forward).parameters.values()
    return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)


class OnnxCompiled:
    """A model in an ONNX file, on the CPU."""

    runtime = "onnxruntime"
    device = "cpu"

    def __init__(self, path: Path, dtype: str) -> None:
        self.dtype = dtype
        self.certificate: Certificate | None = None
        self._path = path
        self._sessions: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._session(num_cores())

    def __call__(self, *arrays: npt.NDArray[Any]) -> Vectors:
        with at_work():
            session = self._session(num_cores() if num_free() == num_cores() else 1)
            names = [each.name for each in session.get_inputs()]
            return np.asarray(session.run(None, dict(zip(names, arrays, strict=True)))[0], np.float32)

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        for arrays in passes:
            yield self(*arrays)

    def close(self) -> None:
        self._sessions = {}  # without the lock: in a forked child another thread of the parent's may hold it for ever

    def _session(self, num_threads: int) -> Any:
        import onnxruntime

        with self._lock:
            if num_threads not in self._sessions:
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads, options.inter_op_num_threads = num_threads, 1
                options.log_severity_level = 3
                session = onnxruntime.InferenceSession(self._path, options, providers=["CPUExecutionProvider"])
                self._sessions[num_threads] = session
            return self._sessions[num_threads]
