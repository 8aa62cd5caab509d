"""`load`: a `Source` → the fastest `Compiled` on this machine whose vectors are the reference's.

``runtime="auto"`` converts and measures once per machine (a few seconds for weights of 20 to 90 MB); what was found is
kept in the `Cache`, so that later processes load the conversion alone and do not import torch. Large models and random
weights stay with torch until something else is asked for.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from junco.errors import MissingExtraError, ParameterError
from junco.runtime import certificate, onnx_runtime, openvino_runtime
from junco.runtime.cache import Cache
from junco.runtime.certificate import Certificate
from junco.runtime.machine import machine, versions
from junco.runtime.onnx_runtime import OnnxCompiled
from junco.runtime.openvino_runtime import OpenVinoCompiled
from junco.runtime.source import Arrays, Compiled, Source, rows_of, streamed
from junco.runtime.torch_runtime import TorchCompiled
from junco.settings import num_cores
from junco.types import Vectors

RUNTIMES = ("auto", "torch", "openvino", "onnxruntime")
DTYPES = ("auto", "float32", "bfloat16", "float16")
MOST_BYTES = 200_000_000
"""Weights of more are not converted by ``runtime="auto"``: that would hold up the first vector for long. Once they
have been, by another choice of ``runtime`` or by `certify`, ``auto`` takes the conversion that lies there."""
_CONVERTED: dict[str, tuple[Callable[..., None], type[Any], str, tuple[str, ...]]] = {
    "openvino": (openvino_runtime.convert, OpenVinoCompiled, "openvino", ("openvino", "torch")),
    "onnxruntime": (onnx_runtime.convert, OnnxCompiled, "onnx", ("onnxruntime", "onnx", "onnxscript", "torch")),
}
_MEASURE_S = 0.3
_MUCH_FASTER = 1.2
"""Torch is taken instead of a conversion only if it is this much faster: readings on a busy machine are rough."""


def check_runtime(runtime: str, owner: str) -> str:
    """The parameter's value, if it can be one.

    Raises:
        ParameterError: it is none of `RUNTIMES`.
    """
    return _checked("runtime", runtime, RUNTIMES, owner)


def check_dtype(dtype: str, owner: str) -> str:
    """The parameter's value, if it can be one.

    Raises:
        ParameterError: it is none of `DTYPES`.
    """
    return _checked("dtype", dtype, DTYPES, owner)


def check_least_cosine(value: float | None, owner: str) -> float | None:
    """The parameter's value, if it can be one: ``None`` or a number above 0 and up to 1.

    Raises:
        ParameterError: it is neither.
    """
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= 1:
        raise ParameterError(f"{owner!r}: least_cosine={value!r} is no cosine above 0 and up to 1")
    return float(value)


def load(
    source: Source,
    runtime: str = "auto",
    dtype: str = "auto",
    device: str = "cpu",
    least_cosine: float | None = None,
) -> Compiled:
    """The model, ready to run.

    Args:
        source: the model.
        runtime: one of `RUNTIMES`; ``auto`` takes the fastest faithful one.
        dtype: one of `DTYPES`, the arithmetic; ``auto`` takes the fastest faithful one.
        device: ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        least_cosine: how near to the float32 vectors is faithful; ``None`` is 0.9999, and 0.99999 for ``float32``.

    Raises:
        ParameterError: what was asked for does not run here, or does not give the reference's vectors.
        MissingExtraError: the runtime that was asked for is not installed.
    """
    least_cosine = check_least_cosine(least_cosine, source.name)
    work = _Work(source, device, least_cosine or certificate.least_cosine(dtype))
    choices = candidates(runtime, dtype, device, source.name)
    if runtime == "auto" and device == "cpu":
        choices = work.affordable(choices)
    if choices == [("torch", "float32")]:
        return work.compiled("torch", "float32")
    with work.cache.locked(source.name, work.identity(choices)):
        certificates = work.certificates(choices)
    best = _best(certificates)
    if best is None:
        found = "; ".join(f"{c.runtime} in {c.dtype}: {c.reason}" for c in certificates)
        raise ParameterError(f"{source.name!r}: runtime={runtime!r}, dtype={dtype!r} cannot be used here: {found}")
    return work.keep(best.runtime, best.dtype)


def certify(source: Source, device: str = "cpu") -> list[Certificate]:
    """A certificate for every runtime and dtype that is installed here, the reference first; measured anew."""
    work = _Work(source, device, certificate.least_cosine("auto"))
    runtimes = ["torch", *(name for name in _CONVERTED if device == "cpu" and _is_installed(name))]
    dtypes = ("float32", "bfloat16", "float16") if device != "mps" else ("float32",)
    choices = [(r, d) for r in runtimes for d in dtypes if r != "onnxruntime" or d == "float32"]
    rows = [work.certificate(*choice) for choice in choices]
    work.close()
    return rows


def candidates(runtime: str, dtype: str, device: str, owner: str) -> list[tuple[str, str]]:
    """What may be tried, as (runtime, dtype).

    Raises:
        ParameterError: that runtime has no such dtype or does not run on that device.
        MissingExtraError: the runtime is not installed.
    """
    if runtime in _CONVERTED:
        if device != "cpu":
            raise ParameterError(f"{owner!r}: runtime={runtime!r} runs on the CPU only: device='cpu', not {device!r}")
        if not _is_installed(runtime):
            raise MissingExtraError(runtime, _CONVERTED[runtime][2], repr(owner))
        if runtime == "onnxruntime" and dtype not in ("auto", "float32"):
            raise ParameterError(f"{owner!r}: runtime='onnxruntime' computes in float32 only, not dtype={dtype!r}")
    converted = [runtime] if runtime in _CONVERTED else []
    if runtime == "auto" and device == "cpu" and _is_installed("openvino"):
        converted = ["openvino"]
    torch = ["torch"] if runtime in ("auto", "torch") else []
    return [(name, d) for name in (*converted, *torch) for d in _dtypes(name, dtype, device)]


def _dtypes(runtime: str, dtype: str, device: str) -> tuple[str, ...]:
    """What ``dtype`` stands for in that runtime; whether the processor has it is seen when it is tried."""
    if dtype != "auto":
        return (dtype,)
    if device.startswith("cuda"):
        return ("float16", "bfloat16", "float32")
    return ("float32", "bfloat16") if runtime == "openvino" else ("float32",)


@dataclass
class _Work:
    """What loading one model needs: the torch module at most once, what was compiled, and the cache."""

    source: Source
    device: str
    least_cosine: float
    cache: Cache = field(default_factory=Cache)
    _compiled: dict[tuple[str, str], Compiled] = field(default_factory=dict)

    @cached_property
    def module(self) -> Any:
        return self.source.build()

    def affordable(self, choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """The choices that need no long conversion, nor one that could not be kept."""
        return [choice for choice in choices if choice[0] not in _CONVERTED or self._is_cheap(choice[0])]

    def _is_cheap(self, runtime: str) -> bool:
        if self.source.weights_sha256 is None:
            return False
        return self.source.num_bytes <= MOST_BYTES or self.cache.path(*self._conversion(runtime)).exists()

    def identity(self, choices: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Under what the measurement of some choices is remembered."""
        packages = (
            "torch",
            "junco",
            *self.source.packages,
            *(p for r, _ in choices if r != "torch" for p in _CONVERTED[r][3]),
        )
        return {
            **self._model(),
            "choices": [list(choice) for choice in choices],
            "least cosine": self.least_cosine,
            "device": self.device,
            "machine": machine(),
            "versions": versions(packages),
        }

    def certificates(self, choices: Sequence[tuple[str, str]]) -> list[Certificate]:
        """One for each choice: remembered, or found now and remembered."""
        name, identity = f"certificate-{self.source.name}", self.identity(choices)
        is_kept = self.source.weights_sha256 is not None
        if is_kept and (plain := self.cache.read(name, identity)) is not None:
            return [Certificate.from_json(each) for each in plain]
        found = [self.certificate(*choice) for choice in choices]
        if is_kept:
            self.cache.remember(name, identity, [each.to_json() for each in found])
        return found

    def certificate(self, runtime: str, dtype: str) -> Certificate:
        """Compare and measure one choice; whatever goes wrong in it becomes its reason."""
        blank = Certificate(runtime, dtype, self.device)
        if (runtime, dtype, self.device) == ("torch", "float32", "cpu"):
            speed = _rows_per_s(self._reference, rows_of(self.source.golden))
            return replace(blank, worst_cosine=1.0, max_difference=0.0, rows_per_s=speed)
        if runtime == "openvino" and not openvino_runtime.has_dtype(dtype):
            return replace(blank, reason=f"this processor has no {dtype} arithmetic")
        try:
            compiled = self.compiled(runtime, dtype)
            rows = rows_of(self.source.golden)
            found = certificate.agreement(
                self.reference,
                lambda items: _computed(compiled, items),
                rows,
                self.least_cosine,
            )
            speed = _rows_per_s(compiled, rows)
        except Exception as error:  # another library's converter may fail in any way: then it is not used
            return replace(blank, reason=f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}")
        return Certificate(runtime, dtype, self.device, found.worst_cosine, found.max_difference, speed, found.reason)

    def reference(self, items: Sequence[Arrays]) -> Vectors:
        """The vectors that torch gives in float32 on the CPU."""
        return np.concatenate([self._reference(*item) for item in items])

    @cached_property
    def _reference(self) -> TorchCompiled:
        # one thread: as many as cores crawl where other processes keep these busy
        return TorchCompiled(self.module, "float32", "cpu", most_threads=1)

    def compiled(self, runtime: str, dtype: str) -> Compiled:
        """The model in that runtime, converted unless the cache has it."""
        if (runtime, dtype) not in self._compiled:
            self._compiled[runtime, dtype] = self._make(runtime, dtype)
        return self._compiled[runtime, dtype]

    def keep(self, runtime: str, dtype: str) -> Compiled:
        """The model in that runtime; the others are let go."""
        kept = self.compiled(runtime, dtype)
        del self._compiled[runtime, dtype]
        self.close()
        return kept

    def close(self) -> None:
        for compiled in self._compiled.values():
            compiled.close()

    def _make(self, runtime: str, dtype: str) -> Compiled:
        if runtime == "torch":
            module = self.module
            if self.device != "cpu" and "_reference" in self.__dict__:  # moving the module would take that along
                module = self.source.build()
            return TorchCompiled(module, dtype, self.device)
        convert, kind = _CONVERTED[runtime][:2]
        name, identity = self._conversion(runtime)
        folder = None
        if self.source.weights_sha256 is not None:
            with self.cache.locked(name, identity):
                folder = self.cache.find(name, identity) or self.cache.store(name, identity, self._converter(convert))
        if folder is not None:
            compiled: Compiled = kind(folder, dtype)
            return compiled
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
            convert(self.source, self.module, Path(made))
            unkept: Compiled = kind(Path(made), dtype)
        return unkept

    def _conversion(self, runtime: str) -> tuple[str, dict[str, Any]]:
        """Name and identity of the converted model in the cache."""
        identity = {
            **self._model(),
            "runtime": runtime,
            "dtype": "float32",  # of the file; the arithmetic is chosen when it is loaded
            "device": self.device,
            "versions": versions((*_CONVERTED[runtime][3], *self.source.packages)),
        }
        return f"{runtime}-{self.source.name}", identity

    def _converter(self, convert: Callable[..., None]) -> Callable[[Path], None]:
        return lambda folder: convert(self.source, self.module, folder)

    def _model(self) -> dict[str, Any]:
        shapes = [[each.name, each.dtype, list(each.shape)] for each in self.source.inputs]
        return {"weights": self.source.weights_sha256, "recipe": self.source.recipe, "inputs": shapes}


def _best(certificates: Sequence[Certificate]) -> Certificate | None:
    faithful = [c for c in certificates if c.is_faithful]
    weight = {"torch": 1 / _MUCH_FASTER} if any(c.runtime != "torch" for c in faithful) else {}
    return max(faithful, key=lambda c: c.rows_per_s * weight.get(c.runtime, 1.0), default=None)


def _computed(compiled: Compiled, items: Sequence[Arrays]) -> Vectors:
    if len(items) == 1:
        return compiled(*items[0])
    batch = tuple(np.concatenate(columns) for columns in zip(*items, strict=True))
    return streamed(compiled, [batch])


def _rows_per_s(compiled: Compiled, rows: Sequence[Arrays]) -> float:
    """Rows of a pass each, as many as fit into a moment; the golden passes before have warmed it up.

    On a CPU it is what all cores would do in the time that this process was given on them: a clock on the wall would
    also measure what else the machine is doing.
    """
    on_cpu = compiled.device == "cpu"
    clock, scale = (time.process_time, num_cores()) if on_cpu else (time.perf_counter, 1)
    best, end = 0.0, time.perf_counter() + _MEASURE_S
    while not best or time.perf_counter() < end:
        start = clock()
        num_rows = sum(len(block) for block in compiled.stream(rows))
        best = max(best, scale * num_rows / max(clock() - start, 1e-9))
    return round(best, 2)


def _is_installed(runtime: str) -> bool:
    return all(importlib.util.find_spec(name) is not None for name in _CONVERTED[runtime][3])


def _checked(parameter: str, value: str, known: Sequence[str], owner: str) -> str:
    if value not in known:
        listing = ", ".join(repr(name) for name in known)
        raise ParameterError(f"{owner!r}: {parameter}={value!r} is none of {listing}")
    return value
