"""Whose the numbers are that were measured here: a member's own, or those of another way to use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from junco.errors import JuncoError
from junco.evaluate.keeping import MeasuredHere
from junco.evaluate.way import plain_params
from junco.known_models.model import RunsAs
from junco.model_survey.here import HERE, Here
from junco.model_survey.member import MEASURED, Member
from junco.operator.spec import OperatorSpec
from junco.wording import picture

_HOW = {"device", "runtime", "dtype", "least_cosine", "deterministic", "exact", "role"}
"""Parameters by which a model is computed, or which side of a search an item is on: it is the same model."""
_AFTER = "vector"
"""The family of what changes vectors that a model made."""


def beside(family: str, members: Sequence[Member], measured: Sequence[MeasuredHere]) -> list[Member]:
    """The members with what was measured of each as it is, and a row for each other way to use one.

    Args:
        family: whose the members are.
        members: all that are known.
        measured: on this machine, the newest first.
    """
    own = {member.name: _own(member.runs_as) for member in members if member.runs_as}
    found = [
        replace(member, measured=tuple(each for each in measured if _is_of(each, member, own.get(member.name, {}))))
        for member in members
    ]
    known = {id(each) for member in found for each in member.measured}
    return [*found, *_others(family, members, [each for each in measured if id(each) not in known])]


def _own(runs_as: RunsAs) -> dict[str, Any]:
    """All parameters with which a member runs, as they are kept of what is measured."""
    try:
        parameters = OperatorSpec.named(runs_as.name, {}).load().parameters()
    except JuncoError:
        return plain_params(runs_as.params)
    return plain_params({**{name: each.default for name, each in parameters.items()}, **runs_as.params})


def _is_of(measured: MeasuredHere, member: Member, own: Mapping[str, Any]) -> bool:
    """Whether that was measured of a pipeline whose vectors this member makes, with its own parameters."""
    if member.runs_as is None:
        return bool(member.ref) and member.ref == measured.pipeline == measured.name
    alone = _alone(measured, member.runs_as.name.partition(".")[0])
    return alone is not None and alone[0] == member.runs_as.name and not _changed(alone[1], own)


def _alone(measured: MeasuredHere, family: str) -> tuple[str, dict[str, Any]] | None:
    """The one operator of a family in a pipeline in which nothing changes its vectors afterwards."""
    mine = [each for each in measured.operators if each[0].partition(".")[0] == family]
    is_changed = any(name.partition(".")[0] == _AFTER for name, _ in measured.operators)
    return mine[0] if len(mine) == 1 and (family == _AFTER or not is_changed) else None


def _changed(params: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from a member's own parameters; one that it has and that was not given is none here."""
    names = [name for name in {**own, **params} if name not in _HOW]
    return {name: params.get(name) for name in names if params.get(name) != own.get(name)}


def _others(family: str, members: Sequence[Member], measured: Sequence[MeasuredHere]) -> Iterator[Member]:
    """Ways of this family that were measured, and are no member as it is: a row for each."""
    rows: dict[str, Member] = {}
    for each in measured:
        if not any(name.partition(".")[0] == family for name, _ in each.operators):
            continue
        alone = _alone(each, family)
        row = _another(*alone, members) if alone else Member("", MEASURED, Here(HERE))
        row = replace(row, name=row.name or each.pipeline or each.name, ref=each.pipeline, dim=each.dim)
        there = rows.setdefault(row.name, row)
        rows[row.name] = replace(there, measured=(*there.measured, each))
    yield from rows.values()


def _another(name: str, params: Mapping[str, Any], members: Sequence[Member]) -> Member:
    """A member, or an operator, with other parameters than its own: ``efficientnet-lite0, tuned='textiles'``."""
    fitting = [
        member
        for member in members
        if member.runs_as and member.runs_as.name == name and member.runs_as.params.items() <= params.items()
    ]
    best = max(fitting, key=lambda member: len(member.runs_as.params) if member.runs_as else 0, default=None)
    runs_as = best.runs_as if best and best.runs_as else RunsAs(name)
    changed = _changed(params, _own(runs_as))
    given = {**runs_as.params, **{key: value for key, value in changed.items() if value is not None}}
    told = ", ".join([best.name if best else name, *(f"{key}={picture(value)}" for key, value in changed.items())])
    row = Member(told, MEASURED, best.here if best else Here(HERE), RunsAs(name, MappingProxyType(given)))
    return replace(row, parameters=best.parameters, licence=best.licence) if best else row
