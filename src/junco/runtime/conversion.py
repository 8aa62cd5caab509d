"""The file that a runtime reads: converted once from the torch module or the ONNX file, and kept in the `Cache`."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.runtime import int8, mixed, onnx_runtime, openvino_runtime
from junco.runtime.cache import Cache
from junco.runtime.machine import versions
from junco.runtime.onnx_runtime import OnnxCompiled
from junco.runtime.openvino_runtime import OpenVinoCompiled
from junco.runtime.source import Compiled, Source

RUNTIMES: dict[str, Callable[[Path, str], Compiled]] = {"openvino": OpenVinoCompiled, "onnxruntime": OnnxCompiled}
"""The runtimes that read a file, and what runs it there with an arithmetic."""
EXPORTERS: dict[str, Callable[[Source, Any, Path], None]] = {
    "openvino": openvino_runtime.convert,
    "onnxruntime": onnx_runtime.convert,
}
"""What writes a torch module in float32 for each."""
_FILES = {
    "openvino": openvino_runtime.FILE,
    "onnxruntime": onnx_runtime.FILE,
    "mixed": openvino_runtime.FILE,
    "int8": int8.FILE,
}
_MADE_OF = {"mixed": "openvino", "int8": "onnxruntime"}
"""Forms that are made of another runtime's exact one, with the golden rows."""

_PROBE_BYTES = 1 << 20


def needed(source: Source, runtime: str, dtype: str) -> tuple[str, ...]:
    """The packages that run the model in that runtime, those that convert it among them."""
    packages = [runtime]
    if dtype == "int8":
        packages += ["onnxruntime", "onnx"]
    if source.onnx is None:
        packages += ["torch"] if (runtime, dtype == "int8") == ("openvino", False) else ["onnx", "onnxscript", "torch"]
    return tuple(dict.fromkeys(packages))


@dataclass(frozen=True, slots=True)
class Conversions:
    """The files of one model.

    Attributes:
        source: the model.
        module: gives its torch module; called where there is something to convert.
        cache: where they are kept.
        least_cosine: what a file with some layers in bfloat16 has to reach.
    """

    source: Source
    module: Callable[[], Any]
    cache: Cache
    least_cosine: float

    def compiled(self, runtime: str, dtype: str) -> Compiled:
        """The model in that runtime, converted unless it lies there."""
        file, leftover = self._file(self._format(runtime, dtype))
        compiled = RUNTIMES[runtime](file, dtype)
        if leftover is not None:  # it may be read again for as long as the model is in use
            weakref.finalize(compiled, shutil.rmtree, leftover, ignore_errors=True)
        return compiled

    def lies_there(self, runtime: str, dtype: str) -> bool:
        """Whether nothing has to be converted."""
        form = self._format(runtime, dtype)
        return form is None or self.cache.path(*self._entry(form)).exists()

    def forget(self) -> None:
        """Let go of the files that are kept: they are made anew when they are asked for."""
        for form in _FILES:
            self.cache.remove(*self._entry(form))

    def _format(self, runtime: str, dtype: str) -> str | None:
        """What the runtime reads: a runtime's name, a dtype of `_MADE_OF`, or ``None`` for the source's own file."""
        if dtype in _MADE_OF:
            return dtype
        return runtime if self.source.onnx is None else None

    def _file(self, form: str | None) -> tuple[Path, Path | None]:
        """The file; and a folder that is to be removed after use, where it could not be kept."""
        if form is None:
            assert self.source.onnx is not None
            return self.source.onnx, None
        name, identity = self._entry(form)
        if self.source.weights_sha256 is not None:
            with self.cache.locked(name, identity):
                folder = self.cache.find(name, identity)
                folder = folder or self.cache.store(name, identity, lambda made: self._written(form, made))
            if folder is not None:
                return folder / _FILES[form], None
        leftover = Path(tempfile.mkdtemp(prefix="junco-"))
        try:
            self._written(form, leftover)
        except BaseException:
            shutil.rmtree(leftover, ignore_errors=True)
            raise
        return leftover / _FILES[form], leftover

    def _written(self, form: str, folder: Path) -> None:
        """Write the file.

        Raises:
            OSError: there is no room for it.
        """
        with _errors_of_a_full_disk(folder, self.source.num_bytes):
            self._write(form, folder)

    def _write(self, form: str, folder: Path) -> None:
        if form not in _MADE_OF:
            EXPORTERS[form](self.source, self.module(), folder)
            return
        exact, leftover = self._file(self._format(_MADE_OF[form], "float32"))
        try:
            if form == "int8":
                int8.quantise(exact, self.source, folder)
            else:
                mixed.mix(exact, self.source, folder, self.least_cosine)
        finally:
            if leftover is not None:
                shutil.rmtree(leftover, ignore_errors=True)

    def _entry(self, form: str) -> tuple[str, dict[str, Any]]:
        """Name and identity of a converted model in the cache."""
        runtime, dtype = (_MADE_OF[form], form) if form in _MADE_OF else (form, "float32")
        identity = {
            **self.source.identity(),
            "runtime": runtime,
            "dtype": dtype,  # of the file; the arithmetic is chosen when it is loaded
            "device": "cpu",
            "versions": versions((*needed(self.source, runtime, dtype), *self.source.packages)),
        }
        if form in _MADE_OF:
            identity["golden"] = self.source.golden_sha256()
        if form == "mixed":
            identity["least cosine"] = self.least_cosine
        return f"{form}-{self.source.name}", identity


@contextmanager
def _errors_of_a_full_disk(folder: Path, num_bytes: int) -> Iterator[None]:
    """Let them be OSErrors, whatever a converter made of them: that the disk was full is nothing to remember."""
    try:
        yield
    except OSError:
        raise
    except Exception:
        with (folder / "probe").open("wb") as probe:
            for _ in range(0, num_bytes, _PROBE_BYTES):
                probe.write(bytes(_PROBE_BYTES))
        raise
