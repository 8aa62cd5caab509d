"""OpenVINO on the CPU: converted from the torch module, one stream a core for many passes, all cores for one."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache, partial
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.cores import at_work, num_cores, num_free
from junco.errors import UnavailableError
from junco.runtime import openvino_package
from junco.runtime.certificate import Certificate
from junco.runtime.quiet import quietly
from junco.runtime.source import Arrays, Source
from junco.types import Vectors

if TYPE_CHECKING:
    import openvino
    import torch

FILE = "model.xml"
_MOST_BYTES_AT_ONCE = 4_000_000_000
"""Of all copies of a model that are compiled for a core each; larger models have fewer, with several cores each."""
_HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16", "mixed": "bf16"}
_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16", "mixed": "BF16", "int8": "INT8"}


def has_dtype(dtype: str) -> bool:
    """Whether this processor has instructions for arithmetic in ``dtype``."""
    return _CAPABILITIES.get(dtype) in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def convert(source: Source, module: torch.nn.Module, folder: Path) -> None:
    """Write the module into ``folder`` as OpenVINO's own format, float32, with the shapes of ``source.inputs``."""
    import torch

    openvino = openvino_package.imported()
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
    """A model in a file of OpenVINO's own format or ONNX, on the CPU.

    It is compiled several times over: for one pass on all cores, and for a core each. A pass runs in the thread that
    asks for it, so that as many threads as cores disturb each other nowhere; where cores idle, passes go to them.
    """

    runtime = "openvino"
    device = "cpu"

    def __init__(self, path: Path, dtype: str) -> None:
        self.dtype = dtype
        self.certificate: Certificate | None = None
        model = core().read_model(path)
        num_at_once = max(1, min(num_cores(), _MOST_BYTES_AT_ONCE // _num_bytes(path)))
        self._num_at_once = num_at_once
        self._own = _Executables(model, dtype, num_at_once, num_cores() // num_at_once)
        self._whole = _Executables(model, dtype, 1, num_cores()) if num_at_once > 1 else self._own

    def __call__(self, *arrays: npt.NDArray[Any]) -> Vectors:
        with at_work():
            executables = self._whole if num_free() == num_cores() else self._own
            with executables.one() as executable:
                return executable.run(arrays)

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        """A pass begins when any other one ends; one who stops listening waits for those that have begun."""
        begun: deque[Future[Vectors]] = deque()
        with at_work(), ThreadPoolExecutor(self._num_at_once, "junco-pass") as others:
            for arrays in passes:
                most = min(num_free(), self._num_at_once)
                while len(running := [one for one in begun if not one.done()]) >= most:
                    wait(running, return_when=FIRST_COMPLETED)
                while begun and begun[0].done():
                    yield begun.popleft().result()
                if most == 1:
                    yield self._run(arrays)
                else:
                    begun.append(others.submit(self._run, arrays))
            while begun:
                yield begun.popleft().result()

    def _run(self, arrays: Arrays) -> Vectors:
        with self._own.one() as executable:
            return executable.run(arrays)

    def close(self) -> None:
        self._whole.close()
        self._own.close()


class _Executables:
    """A model compiled up to ``count`` times, each time when all others are in use.

    An executable runs one pass at a time.
    """

    def __init__(self, model: openvino.Model, dtype: str, count: int, num_threads: int) -> None:
        self._make = partial(Executable, model, dtype, num_threads)
        self._num_unmade = count
        self._free: list[Executable] = []
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[Executable]:
        """An executable for as long as this lasts; where there is none it is waited for."""
        executable = self._take()
        try:
            yield executable
        finally:
            with self._changed:
                self._free.append(executable)
                self._changed.notify()

    def close(self) -> None:
        """Let go of what is not in use."""
        with self._changed:
            self._free.clear()

    def _take(self) -> Executable:
        with self._changed:
            while not self._free and not self._num_unmade:
                self._changed.wait()
            if self._free:
                return self._free.pop()
            executable = self._make()
            self._num_unmade -= 1
            return executable


class Executable:
    """A compiled model; one for passes of one row, whose shapes are then all known, beside it."""

    def __init__(self, model: openvino.Model, dtype: str, num_threads: int) -> None:
        self._model = model
        self._config = {
            "INFERENCE_PRECISION_HINT": _hint(dtype),
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": num_threads,
            "ENABLE_CPU_PINNING": False,  # the cores also decode, tokenise and serve
        }
        if _HINTS.get(dtype) == "bf16" and any(map(_has_lengths, model.get_parameters())):
            self._config |= _no_subgraphs()
        # Not with int8: with its shapes known, a quantised model lost its fast arithmetic (19 rows a second, not 600).
        self._is_free_in_rows_alone = dtype != "int8" and all(
            parameter.get_partial_shape()[0].is_dynamic and not _has_lengths(parameter)
            for parameter in model.get_parameters()
        )
        self._requests: dict[bool, openvino.InferRequest] = {}

    def run(self, arrays: Arrays) -> Vectors:
        """A pass in the caller's thread."""
        request = self._request(arrays)
        request.infer(arrays)
        rows: Vectors = np.array(request.get_output_tensor(0).data, np.float32)
        return rows

    def _request(self, arrays: Arrays) -> openvino.InferRequest:
        """Compiled at the first pass of its kind."""
        is_one_row = self._is_free_in_rows_alone and len(arrays[0]) == 1
        if is_one_row not in self._requests:
            model = self._model
            if is_one_row:
                model = model.clone()
                model.reshape({index: [1, *array.shape[1:]] for index, array in enumerate(arrays)})
            compiled = core().compile_model(model, "CPU", self._config)
            self._requests[is_one_row] = compiled.create_infer_request()
        return self._requests[is_one_row]


def _has_lengths(parameter: openvino.op.Parameter) -> bool:
    """Whether something besides the number of rows is left open."""
    return any(size.is_dynamic for size in list(parameter.get_partial_shape())[1:])


@cache
def _no_subgraphs() -> dict[str, str]:
    """The option that keeps OpenVINO from putting attention into code of its own for each shape.

    In bfloat16 that code is slower than the plain layers up to some 130 tokens, most of all at lengths that are no
    multiple of 16 (at 72: 45 µs a token, not 37; at 256: 47, not 51). The price is paid once for each shape: 5 ms, not
    2, and 1.5 MB, so whoever makes passes sees to it that their shapes are few. The option is not among the documented
    ones: a version that does not know it goes without.
    """
    option = {"SNIPPETS_MODE": "DISABLE"}
    try:
        core().compile_model(_small_model(), "CPU", option)
    except RuntimeError:
        return {}
    return option


def _num_bytes(path: Path) -> int:
    """Of the model's numbers: beside its own format, or in the ONNX file and beside it."""
    return max(1, sum(file.stat().st_size for file in path.parent.glob(f"{escape(path.stem)}.*") if file.is_file()))


_core_lock = threading.Lock()
_left_behind: list[bool] = []
"""Something where the process was forked from one that had used OpenVINO."""


def core() -> openvino.Core:
    """The process's one.

    Raises:
        UnavailableError: this process was forked from one that has used it, and OpenVINO would wait for ever for
            threads that stayed behind.
    """
    if _left_behind:
        raise UnavailableError(
            "OpenVINO does not run in a process that was forked after it was used: start processes with the method "
            "'spawn' or 'forkserver', fork before the first vector is made, or say runtime='torch' or 'onnxruntime'"
        )
    with _core_lock:
        return _warm_core()


def _leave_behind() -> None:
    """In a forked child."""
    global _core_lock
    _core_lock = threading.Lock()
    if _warm_core.cache_info().currsize:
        _left_behind.append(True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_behind)


@cache
def _warm_core() -> openvino.Core:
    """The process's core, after one inference: its bindings' first, in two threads at once, can wait for itself."""
    openvino = openvino_package.imported()
    made = openvino.Core()
    request = made.compile_model(_small_model(), "CPU").create_infer_request()
    request.start_async([np.zeros(1, np.float32)])
    request.wait()
    return made


def _small_model() -> openvino.Model:
    openvino = openvino_package.imported()
    opset13 = openvino.opset13
    number = opset13.parameter([1], np.float32)
    return openvino.Model([opset13.relu(number)], [number])


def _example(source: Source) -> tuple[torch.Tensor, ...]:
    import torch

    return tuple(torch.from_numpy(array[:2].copy()) for array in source.golden)
