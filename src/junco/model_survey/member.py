"""`Member`: one model of a family, with what is known of it, what it needs here, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from junco.evaluate.keeping import MeasuredHere
from junco.known_models.model import RunsAs, Score
from junco.model_survey.here import Here
from junco.wording import printable

PUBLISHED, INSTALLED, ON_HUB, MEASURED = "published", "installed", "hub", "measured"


@dataclass(frozen=True, slots=True)
class HubReport:
    """What an owner says was measured of a member.

    Attributes:
        data: by what, as the hub calls it.
        measure: that decides.
        mean, low, high: of it, with the interval in which it lies by chance.
        machine: on which.
        measured: when, ISO 8601 in UTC.
        items_per_s: embedded; ``None`` where it is not said, as with what follows.
        dim: numbers of a vector.
        model_bytes: of the weights.
    """

    data: str
    measure: str
    mean: float
    low: float
    high: float
    machine: str
    measured: str
    items_per_s: float | None = None
    dim: int | None = None
    model_bytes: int | None = None


def report_of(told: Any) -> HubReport | None:
    """A report as a hub says it; ``None`` for what is none."""
    try:
        main, speed = told["metrics"][told["main"]], told.get("items_per_s")
        return HubReport(
            data=printable(str(told["data_key"])),
            measure=printable(str(told["main"])),
            mean=float(main["mean"]),
            low=float(main["low"]),
            high=float(main["high"]),
            machine=printable(str(told["machine"])),
            measured=printable(str(told["measured"])),
            items_per_s=float(speed) if speed else None,
            dim=_whole(told.get("dim")),
            model_bytes=_whole(told.get("model_bytes")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


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
        reports: what its owner measured, as its hub says it.
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
    reports: tuple[HubReport, ...] = ()
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
            "reports": _plain(self.reports),
            "runs": self.here.state,
            "to_run": self.here.how,
            "size_bytes": self.size_bytes,
        }


def _plain(values: Sequence[Any]) -> list[dict[str, Any]]:
    return [{each.name: getattr(value, each.name) for each in fields(value)} for value in values]
