"""`Member`: one model of a family, with what is known of it, what it needs here, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from junco.evaluate.keeping import MeasuredHere
from junco.known_models.model import RunsAs, Score
from junco.model_survey.here import Here

PUBLISHED, INSTALLED, ON_HUB, MEASURED = "published", "installed", "hub", "measured"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a family, in or outside a hub.

    Attributes:
        name: as whoever published it calls it.
        origin: how junco knows of it: ``"published"`` (a list of models), ``"installed"`` (an operator or a pipeline
            that is here), ``"hub"``, ``"measured"`` (a pipeline that was measured here, and is nothing of these).
        here: whether it runs here, and what it needs.
        runs_as: the operator that runs it, with its parameters.
        ref: a pipeline's name, or a name on a hub.
        parameters: how many numbers it has learned.
        dim: numbers of a vector.
        licence: of the weights.
        languages: ISO 639 codes.
        published: year and month.
        architecture: the kind of network.
        scores: published ones, with their sources.
        measured: on this machine, the newest first.
        weights: where they lie.
        facts: where all this is from.
    """

    name: str
    origin: str
    here: Here
    runs_as: RunsAs | None = None
    ref: str = ""
    parameters: int | None = None
    dim: int | None = None
    licence: str | None = None
    languages: tuple[str, ...] | None = None
    published: str | None = None
    architecture: str | None = None
    scores: tuple[Score, ...] = ()
    measured: tuple[MeasuredHere, ...] = ()
    weights: str | None = None
    facts: str | None = None

    @property
    def operator(self) -> str:
        """How it is written: ``image-embedding.timm(model='resnet50.a1_in1k')``, or by its name."""
        return str(self.runs_as) if self.runs_as else self.ref

    @property
    def size_bytes(self) -> int | None:
        """Of its weights, where that is known."""
        return self.here.size_bytes

    def score(self, benchmark: str, metric: str) -> float | None:
        """The published score on a benchmark."""
        found = (each.value for each in self.scores if (each.benchmark, each.metric) == (benchmark, metric))
        return next(found, None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            **{name: value for name, value in plain.items() if name not in ("here", "runs_as", "ref")},
            "operator": self.operator or None,
            "languages": None if self.languages is None else [*self.languages],
            "scores": _plain(self.scores),
            "measured": _plain(self.measured),
            "runs": self.here.state,
            "to_run": self.here.how,
            "size_bytes": self.size_bytes,
        }


def _plain(values: Sequence[Any]) -> list[dict[str, Any]]:
    return [{each.name: getattr(value, each.name) for each in fields(value)} for value in values]
