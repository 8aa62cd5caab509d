"""`KnownModel`: what is published of a model, each score with its source; what is not known is ``None``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """A published score.

    Attributes:
        benchmark: the data, and how it was used: ``"ImageNet-1k"``. Only scores of one benchmark compare.
        metric: ``"top-1 accuracy"``.
        value: as published; accuracies from 0 to 1, means of MTEB from 0 to 100.
        source: where it stands: a paper, or a page at a commit, with its year where it is known.
    """

    benchmark: str
    metric: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class RunsAs:
    """The operator that runs a model, with its parameters.

    Attributes:
        name: ``family.member``.
        params: plain values by parameter: ``{"model": "resnet50.a1_in1k"}``.
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.name}({given})"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that somebody published.

    Attributes:
        name: its usual name, once in a family.
        family: of junco's operators: ``"image-embedding"``.
        task: as the Hugging Face Hub calls it: ``"image-feature-extraction"``.
        architecture: what kind of network it is: ``"ConvNeXt"``.
        published: year and month of its weights, or of their paper: ``"2023-04"``.
        parameters: how many numbers it has learned.
        dim: numbers of a vector; of sparse ones the size of the vocabulary, of many vectors that of each.
        licence: of the weights, an SPDX name or the publisher's word.
        languages: ISO 639 codes; ``None`` where it reads no texts, or nobody says.
        weights: where they lie: ``"hf:owner/name"``, ``"wheel:package"``, ``"hub:namespace/name"`` or an address.
        operator: what runs it here, where something does.
        facts: where the fields above are from.
        scores: published ones, each with its source.
        list: the list that it stands on: ``"shipped"``, or the file that was imported.
    """

    name: str
    family: str
    task: str | None = None
    architecture: str | None = None
    published: str | None = None
    parameters: int | None = None
    dim: int | None = None
    licence: str | None = None
    languages: tuple[str, ...] | None = None
    weights: str | None = None
    operator: RunsAs | None = None
    facts: str | None = None
    scores: tuple[Score, ...] = ()
    list: str = "shipped"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a list of models has them."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        plain["languages"] = None if self.languages is None else [*self.languages]
        plain["operator"] = self.operator and {"name": self.operator.name, "params": dict(self.operator.params)}
        plain["scores"] = [{each.name: getattr(score, each.name) for each in fields(score)} for score in self.scores]
        return plain
