"""OpenVINO on the CPU: converted from the torch module, one stream a core for many passes, all cores for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.runtime.certificate import Certificate
from junco.runtime.quiet import quietly
from junco.runtime.source import Arrays, Source
from junco.settings import num_cores
from junco.types import Vectors

if TYPE_CHECKING:
    import openvino
    import torch

FILE = "model.xml"
_HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16", "int8": "INT8"}


def has_dtype(dtype: str) -> bool:
    """Whether this processor has instructions for arithmetic in ``dtype``."""
    return _CAPABILITIES.get(dtype) in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def convert(source: Source, module: torch.nn.Module, folder: Path) -> None:
    """Write the module into ``folder`` as OpenVINO's own format, float32, with the shapes of ``source.inputs``."""
    import openvino
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with quietly(), torch.no_grad():
        traced = torch.jit.trace(module, _example(source), check_trace=False)  # type: ignore[no-untyped-call]
        decoder = TorchScriptPythonDecoder(traced)
    # Not openvino.convert_model: that reports to its makers.
    frontend: Any = FrontEndManager().load_by_framework("pytorch")
    model = frontend.convert(frontend.load(decoder))
    for parameter, wanted in zip(model.get_parameters(), source.inputs, strict=True):
        parameter.set_element_type(openvino.Type(np.dtype(wanted.dtype)))
        parameter.set_partial_shape(openvino.PartialShape([-1 if n is None else n for n in wanted.shape]))
    model.validate_nodes_and_infer_types()
    openvino.save_model(model, folder / FILE, compress_to_fp16=False)


def _hint(dtype: str) -> str:
    """OpenVINO's name of the arithmetic; with int8, of what the file left as numbers with a fraction."""
    if dtype == "int8":
        dtype = "bfloat16" if has_dtype("bfloat16") else "float32"
    return _HINTS[dtype]


class OpenVinoCompiled:
    """A model in a file of OpenVINO's own format or ONNX, on the CPU."""

    runtime = "openvino"
    device = "cpu"

    def __init__(self, path: Path, dtype: str) -> None:
        self.dtype = dtype
        self.certificate: Certificate | None = None
        self._model: openvino.Model | None = _core().read_model(path)
        self._lanes: dict[int, _Lane] = {}
        self._lock = threading.Lock()
        self._num_running = 0

    def __call__(self, *arrays: npt.NDArray[Any]) -> Vectors:
        with self._lock:
            self._num_running += 1
            is_alone = self._num_running == 1
        try:
            return self._lane(1 if is_alone else num_cores()).run(arrays)
        finally:
            with self._lock:
                self._num_running -= 1

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        with self._lock:
            self._num_running += 1
        try:
            yield from self._lane(num_cores()).stream(passes)
        finally:
            with self._lock:
                self._num_running -= 1

    def close(self) -> None:
        with self._lock:
            self._model = None
            self._lanes.clear()

    def _lane(self, num_streams: int) -> _Lane:
        """The model compiled for that many passes at once; compiled at the first use, which many never make."""
        with self._lock:
            if num_streams not in self._lanes:
                assert self._model is not None, "used after close()"
                self._lanes[num_streams] = _Lane(self._model, self.dtype, num_streams)
            return self._lanes[num_streams]


class _Lane:
    """A model for so many passes at once; one for passes of one row, whose shapes are then all known, beside it."""

    def __init__(self, model: openvino.Model, dtype: str, num_streams: int) -> None:
        self._model = model
        self._config = {
            "INFERENCE_PRECISION_HINT": _hint(dtype),
            "NUM_STREAMS": num_streams,
            "INFERENCE_NUM_THREADS": num_cores(),
            "ENABLE_CPU_PINNING": False,  # the cores also decode, tokenise and serve
        }
        self._depth = num_streams
        # Not with int8: with its shapes known, a quantised model lost its fast arithmetic (19 rows a second, not 600).
        self._is_free_in_rows_alone = dtype != "int8" and all(
            shape[0].is_dynamic and not any(size.is_dynamic for size in list(shape)[1:])
            for shape in (parameter.get_partial_shape() for parameter in model.get_parameters())
        )
        self._making = threading.Lock()
        self._requests: dict[bool, _Requests] = {}

    def run(self, arrays: Arrays) -> Vectors:
        requests = self._for(arrays)
        request = requests.take()
        request.infer(arrays)
        return requests.result(request)

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        running: deque[tuple[_Requests, openvino.InferRequest]] = deque()
        try:
            for arrays in passes:
                if len(running) == self._depth:
                    yield _waited(*running.popleft())
                requests = self._for(arrays)
                request = requests.take()
                request.start_async(arrays)
                running.append((requests, request))
            while running:
                yield _waited(*running.popleft())
        finally:
            for _, request in running:  # the caller stopped listening: no pass may go on alone
                request.wait()

    def _for(self, arrays: Arrays) -> _Requests:
        """Compiled at the first pass of its kind."""
        is_one_row = self._is_free_in_rows_alone and len(arrays[0]) == 1
        with self._making:
            if is_one_row not in self._requests:
                model = self._model
                if is_one_row:
                    model = model.clone()
                    model.reshape({index: [1, *array.shape[1:]] for index, array in enumerate(arrays)})
                self._requests[is_one_row] = _Requests(_core().compile_model(model, "CPU", self._config))
            return self._requests[is_one_row]


class _Requests:
    """The free inference requests of a compiled model: each is used by one pass at a time."""

    def __init__(self, compiled: openvino.CompiledModel) -> None:
        self._compiled = compiled
        self._free: deque[openvino.InferRequest] = deque()

    def take(self) -> openvino.InferRequest:
        try:
            return self._free.pop()
        except IndexError:
            return self._compiled.create_infer_request()

    def result(self, request: openvino.InferRequest) -> Vectors:
        """The rows of a request that is done, which is free again."""
        rows: Vectors = np.array(request.get_output_tensor(0).data, np.float32)
        self._free.append(request)
        return rows


def _waited(requests: _Requests, request: openvino.InferRequest) -> Vectors:
    request.wait()
    return requests.result(request)


_core_lock = threading.Lock()


def _core() -> openvino.Core:
    with _core_lock:
        return _warm_core()


@cache
def _warm_core() -> openvino.Core:
    """The process's core, after one inference: its bindings' first, in two threads at once, can wait for itself."""
    import openvino
    from openvino import opset13

    core = openvino.Core()
    number = opset13.parameter([1], np.float32)
    request = core.compile_model(openvino.Model([opset13.relu(number)], [number]), "CPU").create_infer_request()
    request.start_async([np.zeros(1, np.float32)])
    request.wait()
    return core


def _example(source: Source) -> tuple[torch.Tensor, ...]:
    import torch

    return tuple(torch.from_numpy(array[:2].copy()) for array in source.golden)
