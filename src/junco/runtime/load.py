"""`load`: a `Source` → the fastest `Compiled` on this machine whose vectors are the reference's.

``runtime="auto"`` converts and measures once per machine (a few seconds for weights of 20 to 90 MB); what was found is
kept in the `Cache`, so that later processes load the conversion alone and do not import torch. Large models and random
weights stay with torch until something else is asked for.
"""

from __future__ import annotations

import importlib.util
from typing import Literal

from junco.errors import MissingExtraError, ParameterError, warn_fidelity
from junco.runtime import conversion
from junco.runtime.certificate import Certificate
from junco.runtime.loading import Choice, Loading, best
from junco.runtime.source import Compiled, Source

Runtime = Literal["auto", "torch", "openvino", "onnxruntime"]
"""What may be asked for; ``auto`` takes the fastest faithful one."""
Dtype = Literal["auto", "float32", "bfloat16", "float16", "mixed", "int8"]
"""The arithmetic; ``auto`` takes the fastest faithful one, never int8."""
_DTYPES = {
    "torch": ("float32", "bfloat16", "float16"),
    "onnxruntime": ("float32", "int8"),
    "openvino": ("float32", "bfloat16", "float16", "mixed", "int8"),
}
"""What each runtime computes in; whether the processor has it is seen when it is tried."""
_MADE = ("mixed", "int8")
"""What is made of a conversion by measuring it: slow to come by, however small the model, and only on the CPU."""
_EXTRA = {"openvino": "openvino", "onnxruntime": "onnx"}
"""What brings the packages of each runtime."""


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
        runtime: one of `Runtime`.
        dtype: one of `Dtype`. ``mixed`` is bfloat16 with those layers in float32 that need it. The vectors of ``int8``
            differ from the model's: a `FidelityWarning` says how much.
        device: ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        least_cosine: how near to the float32 vectors is faithful; ``None`` is 0.9999, 0.99999 for ``float32`` and 0.9
            for ``int8``.

    Raises:
        ParameterError: what was asked for does not run here, or does not give the reference's vectors.
        MissingExtraError: the runtime that was asked for is not installed.
    """
    loading = Loading(source, device, dtype, check_least_cosine(least_cosine, source.name))
    choices = candidates(source, runtime, dtype, device)
    if (runtime, device) == ("auto", "cpu") and dtype not in _MADE and source.onnx is None:
        choices = loading.affordable(choices)
    if choices == [loading.reference_choice] and device == "cpu":
        return loading.compiled(*loading.reference_choice)
    with loading.cache.locked(source.name, loading.identity(choices)):
        certificates = loading.certificates(choices)
    chosen = best(certificates)
    if chosen is None:
        found = "; ".join(f"{c.runtime} in {c.dtype}: {c.reason}" for c in certificates)
        raise ParameterError(f"{source.name!r}: runtime={runtime!r}, dtype={dtype!r} cannot be used here: {found}")
    if chosen.dtype == "int8":
        found = f"int8 vectors agree with float32 to a worst cosine of {chosen.worst_cosine:.6f} on the golden inputs"
        warn_fidelity(f"{source.name!r}: {found}")
    return loading.keep(chosen)


def certify(source: Source, device: str = "cpu") -> list[Certificate]:
    """A certificate for every runtime and dtype that is installed here, the reference first; measured anew.

    Those of int8 say whether it may be used where it is asked for.
    """
    loading = Loading(source, device)
    floats = ("float32", "bfloat16", "float16") if device != "mps" else ("float32",)
    choices = [("torch", d) for d in floats] if source.onnx is None else []
    if device == "cpu":
        choices += [(r, d) for r in conversion.RUNTIMES for d in _DTYPES[r] if _runs(source, r, d)]
    choices.sort(key=lambda choice: choice != loading.reference_choice)
    rows = loading.measured(choices)
    loading.close()
    return rows


def candidates(source: Source, runtime: str, dtype: str, device: str) -> list[Choice]:
    """What may be tried, as (runtime, dtype).

    Raises:
        ParameterError: that runtime has no such dtype or does not run on that device.
        MissingExtraError: the runtime is not installed.
    """
    _check_possible(source, runtime, dtype, device)
    if runtime != "auto":
        return [(runtime, d) for d in _dtypes(runtime, dtype, device)]
    runtimes = ["openvino"] if device == "cpu" else []
    if dtype == "int8" or source.onnx is not None:
        runtimes += ["onnxruntime"]
    if source.onnx is None:
        runtimes += ["torch"]
    choices = [(r, d) for r in runtimes for d in _dtypes(r, dtype, device) if _runs(source, r, d)]
    if not choices:  # what is there cannot do it; with openvino it can be done
        for able in ("onnxruntime", "openvino"):
            if dtype in ("auto", *_DTYPES[able]):
                _check_installed(source, able, dtype)
    return choices


def _check_possible(source: Source, runtime: str, dtype: str, device: str) -> None:
    owner = source.name
    if runtime == "torch" and source.onnx is not None:
        raise ParameterError(f"{owner!r}: runtime='torch' cannot run an ONNX file; 'onnxruntime' and 'openvino' can")
    if runtime != "auto" and dtype not in ("auto", *_DTYPES[runtime]):
        known = " or ".join(_DTYPES[runtime])
        raise ParameterError(f"{owner!r}: runtime={runtime!r} computes in {known}, not dtype={dtype!r}")
    for name, value in (("runtime", runtime), ("dtype", dtype)):
        if device != "cpu" and value in (*conversion.RUNTIMES, *_MADE):
            raise ParameterError(f"{owner!r}: {name}={value!r} runs on the CPU only: device='cpu', not {device!r}")
    if device != "cpu" and source.onnx is not None:
        raise ParameterError(f"{owner!r}: an ONNX file runs on the CPU only: device='cpu', not {device!r}")
    if runtime in conversion.RUNTIMES:
        _check_installed(source, runtime, dtype)


def _dtypes(runtime: str, dtype: str, device: str) -> tuple[str, ...]:
    """What ``dtype`` stands for in that runtime."""
    if dtype != "auto":
        return (dtype,)
    if device.startswith("cuda"):
        return ("float16", "bfloat16", "float32")
    return ("float32", "bfloat16", "mixed") if runtime == "openvino" else ("float32",)


def _runs(source: Source, runtime: str, dtype: str) -> bool:
    """Whether that runtime is installed and knows that dtype."""
    return dtype in _DTYPES[runtime] and not _missing(source, runtime, dtype)


def _check_installed(source: Source, runtime: str, dtype: str) -> None:
    for package in _missing(source, runtime, dtype):
        raise MissingExtraError(package, _EXTRA.get(package, "onnx"), repr(source.name))


def _missing(source: Source, runtime: str, dtype: str) -> list[str]:
    needed = conversion.needed(source, runtime, dtype)
    return [package for package in needed if not _is_installed(package)]


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
