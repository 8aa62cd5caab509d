"""`survey`: what there is for a job, as a table: known members of a family, filtered and sorted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from junco.errors import ParameterError
from junco.model_survey.gathering import members_of
from junco.model_survey.here import HERE, STATES
from junco.model_survey.member import Member
from junco.pages.letters import amount
from junco.wording import did_you_mean, nearest, picture, printable, printable_lines

HEAD = ("model", "size", "weights", "dim", "licence", "since", "score", "measured", "runs")


@dataclass(frozen=True, eq=False)
class Survey(Sequence[Member]):
    """Members of a family beside each other; printing it shows the table.

    Attributes:
        family: whose.
        members: those that were asked for, in order.
        num_known: how many there are in all.
        benchmark: on which published scores are shown, and its metric; ``None`` where nobody published any.
        lines: what could not be asked.
        num_of_unknown_size: left out because nobody knows how large they are.
    """

    family: str
    members: tuple[Member, ...]
    num_known: int
    benchmark: tuple[str, str] | None = None
    lines: tuple[str, ...] = ()
    num_of_unknown_size: int = 0

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Member, ...]: ...
    def __getitem__(self, index: int | slice) -> Member | tuple[Member, ...]:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def table(self) -> list[list[str]]:
        """Head and rows, as texts; a column in which nothing stands is left out."""
        rows = [self._row(member) for member in self]
        kept = [column for column in range(len(HEAD)) if not rows or any(row[column] for row in rows)]
        return [[row[column] for column in kept] for row in ([*HEAD], *rows)]

    def said(self) -> list[str]:
        """What the table does not say: how many are shown, of what the scores are, what was not asked."""
        shown = f"{len(self):,} of {self.num_known:,}" if len(self) < self.num_known else f"{len(self):,}"
        counts = Counter(member.here.state for member in self)
        states = ", ".join(f"{counts[state]:,} {state}" for state in STATES if counts[state])
        said = [f"{shown} known members of {self.family}" + (f": {states}" if states else "")]
        if self.num_of_unknown_size:
            said.append(f"{self.num_of_unknown_size:,} left out: size unknown")
        if self.benchmark:
            said.append(f"score: {self.benchmark[1]}, {self.benchmark[0]}, as published; --json has the sources")
        sets = {each.measured[0].fingerprint or each.measured[0].data for each in self if each.measured}
        if len(sets) > 1:
            said.append(f"measured: here by {len(sets):,} sets of data; only numbers by one compare, --json has which")
        if line := self._use():
            said.append(line)
        return [*said, *self.lines]

    def _use(self) -> str:
        """How one of them is written, where a model's name is none of an operator's."""
        runs_as = next((each.runs_as for each in self if each.runs_as and each.runs_as.params), None)
        if runs_as is None:
            return ""
        family, _, name = runs_as.name.replace("-", "_").partition(".")
        given = ", ".join(f"{key}={value!r}" for key, value in runs_as.params.items())
        return f"to use one: ops.{family}.{name}({given}), as a step of a pipeline; --json has the operator of each"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        score = self.benchmark and {"benchmark": self.benchmark[0], "metric": self.benchmark[1]}
        members = [member.to_dict() for member in self]
        return {"family": self.family, "score": score, "members": members, "said": list(self.lines)}

    def save(self, path: str | Path) -> None:
        """Write it as a page that stands alone."""
        from junco.pages.style import page

        Path(path).write_text(page(f"Models: {self.family}", self._body()), "utf-8")

    def __str__(self) -> str:
        rows = self.table()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return printable_lines([*lines, *self.said()])

    def __repr__(self) -> str:
        return printable(f"<survey of {self.family}: {amount(len(self), 'model')}>")

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment

        return fragment(self._body())

    def _body(self) -> str:
        from junco.pages.summary import figures, titled

        head, *rows = self.table()
        first, *rest = self.said()
        return titled(f"Models: {self.family}", first, (), figures(head, rows, rest))

    def _row(self, member: Member) -> list[str]:
        score = member.score(*self.benchmark) if self.benchmark else None
        return [
            member.name,
            _count(member.parameters),
            "" if member.size_bytes is None else f"{member.size_bytes / 1e6:,.0f} MB",
            "" if member.dim is None else f"{member.dim:,}",
            (member.licence or "").partition(" (")[0],
            member.published or "",
            "" if score is None else f"{score:.4g}",
            _measured(member),
            member.here.state,
        ]


def survey(  # noqa: PLR0913  # each is one condition, by name
    family: str,
    *,
    sort: str = "runs",
    runs_here: bool = False,
    max_parameters: int | None = None,
    licence: str | None = None,
    language: str | None = None,
    score: str | None = None,
    hub: bool = True,
) -> Survey:
    """What models there are of a family, in and outside the hub: sizes, licences, published scores, what runs here.

    Published models are a list that junco ships, and lists that were imported; their scores are others' and stand with
    their sources. Members on the hub are asked for where one is configured and nothing says to stay offline. What was
    measured on this machine by ``evaluate`` stands beside them. Nothing is loaded or fetched.

    Args:
        family: ``"image-embedding"``.
        sort: ``"runs"`` (what runs here first), ``"name"``, ``"parameters"``, ``"dim"``, ``"published"``,
            ``"score"``, ``"measured"``.
        runs_here: those alone that run on this machine as it is.
        max_parameters: those alone that are known to have no more.
        licence: those alone under it: ``"apache-2.0"``.
        language: those alone that are known to read it: ``"zh"``.
        score: a part of the benchmark's name whose scores are shown; that which most members have.
        hub: whether a hub is asked.

    Raises:
        UnknownNameError: no such family; with the nearest names.
        ParameterError: an order or a benchmark that does not exist.
    """
    if sort not in _SORTS:
        raise ParameterError(f"there is no order {picture(sort)}.{did_you_mean(nearest(sort, _SORTS, 1))} {_ORDERS}")
    known, lines = members_of(family, hub=hub)
    benchmark = _benchmark(known, score)
    asked: list[Callable[[Member], bool]] = [
        lambda member: not runs_here or member.here.state == HERE,
        lambda member: licence is None or (member.licence or "").lower() == licence.lower(),
        lambda member: language is None or language.lower() in (member.languages or ()),
    ]
    chosen = [member for member in known if all(is_so(member) for is_so in asked)]
    num_unknown = 0
    if max_parameters is not None:
        num_unknown = sum(member.parameters is None for member in chosen)
        chosen = [each for each in chosen if each.parameters is not None and each.parameters <= max_parameters]
    chosen.sort(key=lambda member: _SORTS[sort](member, benchmark))
    return Survey(family, tuple(chosen), len(known), benchmark, tuple(lines), num_unknown)


def _benchmark(members: Sequence[Member], part: str | None) -> tuple[str, str] | None:
    """The benchmark, with its metric, that most members have a score on; of those that have a word in their names.

    Raises:
        ParameterError: there is none of that name.
    """
    pairs = [dict.fromkeys((each.benchmark, each.metric) for each in member.scores) for member in members]
    counts = Counter(pair for each in pairs for pair in each)
    chosen = [pair for pair, _ in counts.most_common() if part is None or part.lower() in ", ".join(pair).lower()]
    if part is not None and not chosen:
        known = "; ".join(", ".join(pair) for pair, _ in counts.most_common(10)) or "none of them has any"
        raise ParameterError(f"no published score is of {picture(part)}: {known}")
    return chosen[0] if chosen else None


def _measured(member: Member) -> str:
    """What was measured last: here, or else by its owner."""
    if member.measured:
        return f"{member.measured[0].measure} {member.measured[0].mean:.3f} here"
    if member.reports:
        return f"{member.reports[0].measure} {member.reports[0].mean:.3f} by its owner"
    return ""


def _count(number: int | None) -> str:
    """A number of parameters as people say it."""
    if number is None:
        return ""
    for unit, name in ((1e9, "B"), (1e6, "M")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:,}"


_Benchmark = tuple[str, str] | None


def _by_runs(member: Member, benchmark: _Benchmark) -> tuple[Any, ...]:
    place = STATES.index(member.here.state)
    return (place, not member.measured, *_by_score(member, benchmark))


def _by_score(member: Member, benchmark: _Benchmark) -> tuple[Any, ...]:
    value = member.score(*benchmark) if benchmark else None
    is_error = benchmark is not None and "error" in benchmark[1]
    return (value is None, (value or 0.0) * (1 if is_error else -1), member.name.casefold())


def _by_measured(member: Member, benchmark: _Benchmark) -> tuple[Any, ...]:
    """By the data that was measured by last, and the mean."""
    if not member.measured:
        return (True, "", 0.0, member.name.casefold())
    newest = member.measured[0]
    return (False, f"{newest.data} {newest.fingerprint}", -newest.mean, member.name.casefold())


def _by_published(member: Member, benchmark: _Benchmark) -> tuple[Any, ...]:
    year, _, month = (member.published or "0-0").partition("-")
    return (member.published is None, -(int(year) * 12 + int(month)), member.name.casefold())


_SORTS: dict[str, Callable[[Member, _Benchmark], Any]] = {
    "runs": _by_runs,
    "name": lambda member, _: member.name.casefold(),
    "parameters": lambda member, _: (member.parameters is None, member.parameters or 0, member.name.casefold()),
    "dim": lambda member, _: (member.dim is None, member.dim or 0, member.name.casefold()),
    "published": _by_published,
    "score": _by_score,
    "measured": _by_measured,
}
SORTS = (*_SORTS,)
_ORDERS = f"Orders: {', '.join(SORTS)}"
