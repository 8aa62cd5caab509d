"""`Loading`: what loading one model needs: the reference, what was compiled so far, and what was measured before."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from junco.errors import ParameterError
from junco.memory import is_out_of_memory
from junco.runtime import certificate, conversion, openvino_runtime, speed, torch_runtime
from junco.runtime.cache import Cache
from junco.runtime.certificate import Agreement, Certificate
from junco.runtime.conversion import Conversions
from junco.runtime.machine import machine, versions
from junco.runtime.onnx_runtime import OnnxCompiled
from junco.runtime.source import Arrays, Compiled, Source, dim_of, first_block, rows_of, streamed
from junco.runtime.torch_runtime import TorchCompiled
from junco.terminal import say
from junco.types import Vectors

_log = logging.getLogger("junco")
Choice = tuple[str, str]
"""A runtime and a dtype."""
COMPILED_TORCH = "torch.compile"
"""In a `Certificate`, torch with its graph compiled."""
MOST_BYTES = 1_000_000_000
"""Weights of more are not converted by ``runtime="auto"``: that would hold up the first vector for minutes. Once they
have been, by another choice of ``runtime`` or by `certify`, ``auto`` takes the conversion that lies there."""
_MOST_MIXED_BYTES = 200_000_000
"""The same for mixed arithmetic, for which a model is compiled some fifty times."""
_MUCH_FASTER = {"torch": 1.2, COMPILED_TORCH: 1.2 * 1.3}
"""How much faster these must be to be taken instead of others: torch than a conversion, as readings on a busy machine
are rough; and with its graph compiled, on which each process spends seconds, than torch without."""
_WORTH_MIXING = 1.3
"""How much faster than float32 bfloat16 must be in all layers, so that it is tried in some."""


_ROUNDING = 1e-5
"""What a cosine may lose where sums are added up in another order than when it was measured."""
_seen: set[tuple[Path, str]] = set()
"""Measurements that were seen to hold in this process."""


@dataclass(frozen=True)
class Measured:
    """What is remembered of a model on this machine.

    Attributes:
        certificates: one for each way to run it that was tried.
        golden: the reference's vectors of the golden rows (n, dim).
    """

    certificates: list[Certificate]
    golden: Vectors

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"certificates": [each.to_json() for each in self.certificates], "golden": self.golden.tolist()}

    @classmethod
    def from_json(cls, plain: Any) -> Self:
        """The inverse of `to_json`.

        Raises:
            TypeError: it is of another shape; KeyError and ValueError too.
        """
        golden = np.array(plain["golden"], np.float32)
        if golden.ndim != 2 or not plain["certificates"]:
            raise ValueError("no golden vectors, or no certificates")
        return cls([Certificate.from_json(each) for each in plain["certificates"]], golden)


@dataclass
class Loading:
    """Loading one model: the torch module is built at most once.

    Attributes:
        source: the model.
        device: where it is to run.
        requested: the ``dtype`` that was asked for.
        given: the cosine that was asked for.
        cache: of conversions and measurements.
    """

    source: Source
    device: str
    requested: str = "auto"
    given: float | None = None
    cache: Cache = field(default_factory=Cache)
    _is_passing: bool = False
    """Whether something went wrong that need not go wrong the next time."""
    _compiled: dict[Choice, Compiled] = field(default_factory=dict)

    @cached_property
    def module(self) -> Any:
        assert self.source.build is not None, "an ONNX file has no torch module"
        return self.source.build()

    @property
    def reference_choice(self) -> Choice:
        """What every other choice is compared with, on the CPU."""
        return ("torch" if self.source.onnx is None else "onnxruntime"), "float32"

    def affordable(self, choices: Sequence[Choice]) -> list[Choice]:
        """The choices that need no long conversion, nor one that could not be kept.

        A cache that can only be read may hold what was found out where it was made: then nothing is to be kept.
        """
        cheap = [choice for choice in choices if choice[0] not in conversion.RUNTIMES or self._is_cheap(*choice)]
        if self.cache.find(f"certificate-{self.source.name}", self.identity(cheap)) or self.cache.is_writable:
            return cheap
        return [choice for choice in cheap if choice[0] not in conversion.RUNTIMES or self._lies_there(*choice)]

    def _is_cheap(self, runtime: str, dtype: str) -> bool:
        if self.source.weights_sha256 is None:
            return False
        most = _MOST_MIXED_BYTES if dtype == "mixed" else MOST_BYTES
        return self.source.num_bytes <= most or self._lies_there(runtime, dtype)

    def _lies_there(self, runtime: str, dtype: str) -> bool:
        return self._conversions.lies_there(runtime, dtype)

    def least_cosine(self, dtype: str) -> float:
        """The cosine that a choice of that dtype has to reach."""
        return self.given or certificate.least_cosine(dtype if dtype == "int8" else self.requested)

    def identity(self, choices: Sequence[Choice]) -> dict[str, Any]:
        """Under what the measurement of some choices is remembered."""
        packages = {p for r, d in choices if r in conversion.RUNTIMES for p in conversion.needed(self.source, r, d)}
        return {
            **self.source.identity(),
            "golden": self.source.golden_sha256(),
            "choices": [list(choice) for choice in choices],
            "least cosine": [self.least_cosine(dtype) for _, dtype in choices],
            "device": self.device,
            "machine": machine(),
            "versions": versions(("junco", "torch", *self.source.packages, *sorted(packages))),
        }

    def certificates(self, choices: Sequence[Choice]) -> list[Certificate]:
        """One for each choice: remembered, or found now and remembered.

        What is remembered counts if the way that it names still gives the golden vectors, which is seen once a process.
        """
        name, identity = f"certificate-{self.source.name}", self.identity(choices)
        is_kept = self.source.weights_sha256 is not None
        if is_kept and (known := self.cache.read(name, identity, Measured.from_json)) is not None:
            if self._still_holds(known, self.cache.path(name, identity)):
                return known.certificates
            _log.warning("%s: a kept conversion gives other vectors than it did, and is made anew", self.source.name)
            self._conversions.forget()
        if is_kept:
            say(f"converting {self.source.name} for this machine (once)")
        found = self.measured(choices)
        if is_kept:
            found += self._compiled_graph(found)
        if is_kept and not self._is_passing:
            self.cache.remember(name, identity, Measured(found, self._golden_vectors()).to_json())
        return found

    def _golden_vectors(self) -> Vectors:
        """Of the reference."""
        return self.reference(rows_of(self.source.golden))

    def _still_holds(self, known: Measured, entry: Path) -> bool:
        """Whether the best of the ways that were measured gives vectors as near to the reference's as it did."""
        chosen = best(known.certificates)
        if chosen is None or chosen.runtime not in conversion.RUNTIMES or (entry, self.requested) in _seen:
            return True
        try:
            found = self._computed(self.compiled(chosen.runtime, chosen.dtype), rows_of(self.source.golden))
        except Exception as error:  # another library may fail in any way on a file that is not what it was
            if is_out_of_memory(error):
                raise
            found = np.zeros((0, 0), np.float32)
        holds = found.shape == known.golden.shape and bool(np.isfinite(found).all())
        if holds and certificate.cosines(found, known.golden).min() >= self.least_cosine(chosen.dtype) - _ROUNDING:
            _seen.add((entry, self.requested))
            return True
        self.close()
        self._compiled.clear()
        return False

    def measured(self, choices: Sequence[Choice]) -> list[Certificate]:
        """A certificate for each choice; those of mixed dtypes, which take long to make, only where they may pay."""
        found: list[Certificate] = []
        for runtime, dtype in choices:
            needless = self._needless_mixing(found) if dtype == "mixed" else None
            blank = Certificate(runtime, dtype, self.device, reason=needless)
            found.append(blank if needless else self.certificate(runtime, dtype))
        return self._timed(found)

    def _timed(self, certificates: Sequence[Certificate]) -> list[Certificate]:
        """The same with the speeds of those that run, measured in turns."""
        ways = {each: way for each in certificates if (way := self._running(each)) is not None}
        rates = dict(zip(ways, speed.rows_per_s(list(ways.values()), self.source.golden), strict=True))
        return [self._with_rate(each, rates[each]) if each in rates else each for each in certificates]

    def _running(self, certificate: Certificate) -> Compiled | None:
        """What was compared with the reference, if it could be."""
        if not certificate.has_run:
            return None
        choice = (certificate.runtime, certificate.dtype)
        return self._reference if self._is_reference(choice) else self.compiled(*choice)

    def _with_rate(self, certificate: Certificate, rate: float | Exception) -> Certificate:
        if isinstance(rate, Exception):
            return replace(certificate, reason=self._reason(rate))
        return replace(certificate, rows_per_s=rate)

    def _needless_mixing(self, found: Sequence[Certificate]) -> str | None:
        """Why it is not worth finding the layers that need float32, if that is known by now."""
        compared = {each.dtype: each for each in found if each.runtime == "openvino"}
        if not {"float32", "bfloat16"} <= compared.keys():
            return None
        if compared["bfloat16"].is_faithful:
            return "bfloat16 is faithful in all layers"
        exact, whole = self._timed([compared["float32"], compared["bfloat16"]])
        if not (whole.rows_per_s and exact.rows_per_s):
            return "bfloat16 or float32 does not run"
        return None if whole.rows_per_s > _WORTH_MIXING * exact.rows_per_s else "bfloat16 is hardly faster than float32"

    def _compiled_graph(self, found: Sequence[Certificate]) -> list[Certificate]:
        """Torch's best dtype once more with its graph compiled, which takes long: only on a GPU, with a compiler."""
        eager = best([each for each in found if each.runtime == "torch"])
        if eager is None or not self.device.startswith("cuda") or not torch_runtime.has_graph_compiler():
            return []
        return self._timed([self.certificate(COMPILED_TORCH, eager.dtype)])

    def certificate(self, runtime: str, dtype: str) -> Certificate:
        """Compare one choice with the reference; whatever goes wrong in it becomes its reason."""
        blank = Certificate(runtime, dtype, self.device)
        if self._is_reference((runtime, dtype)):  # with itself: rows may depend on each other
            reason = self._agreement(self._reference, dtype).reason
            return replace(blank, worst_cosine=1.0, max_difference=0.0, reason=reason)
        if runtime == "openvino" and not openvino_runtime.has_dtype(dtype):
            lacking = "bfloat16" if dtype == "mixed" else dtype
            return replace(blank, reason=f"this processor has no {lacking} arithmetic")
        _ = self._reference  # before its module could go to a GPU
        try:
            found = self._agreement(self.compiled(runtime, dtype), dtype)
        except Exception as error:  # another library's converter may fail in any way: then it is not used
            return replace(blank, reason=self._reason(error))
        return replace(blank, **asdict(found))

    def _is_reference(self, choice: Choice) -> bool:
        return choice == self.reference_choice and self.device == "cpu"

    def _reason(self, error: Exception) -> str:
        self._is_passing |= isinstance(error, OSError) or is_out_of_memory(error)
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"

    def _agreement(self, compiled: Compiled, dtype: str) -> Agreement:
        rows = rows_of(self.source.golden)
        return certificate.agreement(
            self.reference, lambda items: self._computed(compiled, items), rows, self.least_cosine(dtype)
        )

    def reference(self, items: Sequence[Arrays]) -> Vectors:
        """The vectors in float32 on the CPU."""
        return np.concatenate([self._reference(*item) for item in items])

    @cached_property
    def _reference(self) -> Compiled:
        if self.source.onnx is not None:
            return self._own_file()
        # one thread: as many as cores crawl where other processes keep these busy
        made = TorchCompiled(self.module, "float32", "cpu", most_threads=1)
        dim_of(first_block(made, self.source), 1, None, self.source.name)
        return made

    def _computed(self, compiled: Compiled, items: Sequence[Arrays]) -> Vectors:
        if len(items) == 1:
            return compiled(*items[0])
        if self.source.inputs[0].shape[0] == 1:
            return streamed(compiled, items)
        batch = tuple(np.concatenate(columns) for columns in zip(*items, strict=True))
        return streamed(compiled, [batch])

    def compiled(self, runtime: str, dtype: str) -> Compiled:
        """The model in that runtime, converted unless the cache has it."""
        if (runtime, dtype) not in self._compiled:
            self._compiled[runtime, dtype] = self._make(runtime, dtype)
        return self._compiled[runtime, dtype]

    def keep(self, chosen: Certificate) -> Compiled:
        """The model as that certificate has it; the others are let go."""
        kept = self.compiled(chosen.runtime, chosen.dtype)
        kept.certificate = chosen
        del self._compiled[chosen.runtime, chosen.dtype]
        self.close()
        return kept

    def close(self) -> None:
        for compiled in self._compiled.values():
            compiled.close()

    @property
    def _conversions(self) -> Conversions:
        return Conversions(self.source, lambda: self.module, self.cache, self.least_cosine("mixed"))

    def _own_file(self) -> Compiled:
        """The source's ONNX file in the reference's runtime, seen to run."""
        path = self.source.onnx
        assert path is not None
        try:
            compiled = OnnxCompiled(path, "float32")
            block = compiled(*rows_of(self.source.golden)[0])
        except Exception as error:  # what a file from elsewhere holds is not known before
            reason = str(error).strip().partition(chr(10))[0][:200]
            raise ParameterError(f"{self.source.name!r}: ONNX Runtime cannot run {str(path)!r}: {reason}") from error
        dim_of(block, 1, None, self.source.name)
        return compiled

    def _make(self, runtime: str, dtype: str) -> Compiled:
        if self.source.onnx is not None and (runtime, dtype) == self.reference_choice:
            return self._own_file()
        if runtime in conversion.RUNTIMES:
            return self._conversions.compiled(runtime, dtype)
        # a copy, where the reference has the module itself: both cannot move it; a build may give the same one again
        is_shared = self.device != "cpu" and "_reference" in self.__dict__
        module = copy.deepcopy(self.module) if is_shared else self.module
        return TorchCompiled(module, dtype, self.device, compile_graph=runtime == COMPILED_TORCH)


def best(certificates: Sequence[Certificate]) -> Certificate | None:
    """The fastest faithful one; some must be much faster than the others to be it."""
    faithful = [c for c in certificates if c.is_faithful]
    return max(faithful, key=lambda c: c.rows_per_s / _MUCH_FASTER.get(c.runtime, 1.0), default=None)
