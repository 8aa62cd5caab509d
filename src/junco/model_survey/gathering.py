"""Members of a family from all that knows of some: lists of models, what is installed, a hub, what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from junco.catalog import listing
from junco.errors import JuncoError, NoHubError, UnknownNameError
from junco.evaluate.keeping import measured_here
from junco.known_models.listing import known_models
from junco.known_models.model import KnownModel, RunsAs
from junco.model_survey.here import HERE, NEEDS_TRUST, TO_FETCH, Here, here
from junco.model_survey.measured import beside
from junco.model_survey.member import INSTALLED, ON_HUB, PUBLISHED, Member, report_of
from junco.operator import registry
from junco.settings import settings
from junco.wording import brief, printable

if TYPE_CHECKING:
    from junco.hub.client.kept import Kept


def members_of(family: str, *, hub: bool = True) -> tuple[list[Member], list[str]]:
    """All members that are known of, and lines about what could not be asked.

    Args:
        family: of operators or of pipelines.
        hub: whether a hub is asked, where one is configured and nothing says to stay offline.

    Raises:
        UnknownNameError: no such family; with the nearest names.
    """
    check_family(family)
    members = [_published(model) for model in known_models(family)]
    members += _installed(family, known_models(family))
    found, lines = _on_hub(family) if hub else ([], [])
    pulled = _pulled(family)
    members += [_as_pulled(each, pulled) for each in found]
    names = {each.name.lower() for each in found}
    members += [each for name, each in pulled.items() if name not in names]
    return beside(family, members, measured_here()), [*lines, *_yours(family, members)]


def check_family(family: str) -> None:
    """Refuse what is no family.

    Raises:
        UnknownNameError: with the nearest names.
    """
    known = {*registry.families("operator"), *registry.families("pipeline"), *(each.family for each in known_models())}
    if family not in known:
        raise UnknownNameError("family", family, sorted(known), "'junco families' lists those that are installed.")


def _published(model: KnownModel) -> Member:
    shared = ("parameters", "dim", "licence", "languages", "published", "architecture", "scores", "weights", "facts")
    told: dict[str, Any] = {name: getattr(model, name) for name in shared}
    return Member(model.name, PUBLISHED, here(model.operator, model.weights), model.operator, **told)


def _installed(family: str, published: Sequence[KnownModel]) -> Iterator[Member]:
    """Operators that no published model runs as; of a family that is of pipelines alone these."""
    known = {model.operator.name for model in published if model.operator}
    if family in registry.families("pipeline") and family not in registry.families("operator"):
        for each in listing.pipelines(family):
            told: dict[str, Any] = {"licence": each.license or None, "facts": each.source}
            yield Member(each.name, INSTALLED, Here(HERE), ref=each.name, **told)
        return
    for name in registry.names():
        if name.partition(".")[0] == family and name not in known and not _takes_yours(name):
            runs_as = RunsAs(name)
            yield Member(name, INSTALLED, here(runs_as, None), runs_as, facts=registry.source_of(name))


def _takes_yours(name: str) -> bool:
    """Whether an operator of junco's own runs a model that its user brings: it is no model itself."""
    if registry.source_of(name).partition(" ")[0] != "junco":
        return False
    try:
        return "model" in registry.load(name).parameters()
    except JuncoError:
        return False


def _yours(family: str, members: Sequence[Member]) -> list[str]:
    """A line about the operators that run a model of one's own."""
    known = {member.runs_as.name for member in members if member.runs_as}
    names = [name for name in registry.names() if name.partition(".")[0] == family and name not in known]
    names = [name for name in names if _takes_yours(name)]
    return [f"a model of yours runs by {', '.join(names)}, with model="] if names else []


def _on_hub(family: str) -> tuple[list[Member], list[str]]:
    """Members on the hub that is configured; none where there is none or one stays offline."""
    if settings().offline:
        return [], []
    from junco.hub.client.address import chosen_hub
    from junco.hub.client.families import family_members

    try:
        address = chosen_hub()
    except NoHubError:
        return [], []
    try:
        return [_listed(each, address) for each in family_members(family)], []
    except JuncoError as error:
        return [], [f"{address} was not asked: {printable(brief(error))}"]


def _listed(told: Mapping[str, Any], address: str) -> Member:
    """What a hub says of one, all of which is what others say."""
    name, created = printable(str(told.get("name"))), str(told.get("created") or "")
    report = report_of(told.get("report"))
    return Member(
        name,
        ON_HUB,
        Here(TO_FETCH, f"junco hub pull {name}", report.model_bytes if report else None),
        ref=name,
        dim=report.dim if report else None,
        licence=printable(str(told.get("licence") or "")) or None,
        published=created[:7] if re.fullmatch(r"\d{4}-\d\d.*", created) else None,
        reports=(report,) if report else (),
        facts=address,
    )


def _pulled(family: str) -> dict[str, Member]:
    """Members that were pulled from the configured hub and lie here, by name in small letters; of none, from any."""
    from junco.hub.client.address import chosen_hub, key_of
    from junco.hub.client.kept import kept_here

    if not (settings().home / "hub").is_dir():
        return {}
    try:
        hub = key_of(chosen_hub())
    except NoHubError:
        hub = ""
    found: dict[str, Member] = {}
    for each in kept_here():
        if hub not in ("", each.hub):
            continue
        told, name = each.checked.told, each.revision.repository
        if (told.get("family") or _family_of(told)) == family:
            licence = told.get("licence") or told.get("license") or None
            found[name.lower()] = Member(name, ON_HUB, _state(each), ref=name, licence=licence, facts=str(each.folder))
    return found


def _family_of(told: Mapping[str, Any]) -> str:
    """The family of an operator, and of what was tuned: that of its name."""
    return str(told.get("operator") or told.get("name") or "").partition(".")[0]


def _state(found: Kept) -> Here:
    """Whether it may run: data always, code where somebody allowed that very code here."""
    from junco.hub.client.address import key_of
    from junco.hub.trust.grants import grants, is_granted

    revision = found.revision
    hubs = {each.hub for each in grants() if key_of(each.hub) == found.hub}
    if revision.code and not any(is_granted(hub, revision) for hub in hubs):
        return Here(NEEDS_TRUST, f"junco hub trust {revision.repository}", revision.num_bytes)
    return Here(HERE, "", revision.num_bytes)


def _as_pulled(member: Member, pulled: dict[str, Member]) -> Member:
    mine = pulled.get(member.name.lower())
    return member if mine is None else replace(member, here=mine.here)
