"""Whether a report is of what a name on a hub means: by the names and operators of the way that it measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from junco.errors import DataError, InputError, JuncoError
from junco.hub.artefact.fields import read_manifest
from junco.hub.artefact.kinds import MANIFESTS
from junco.hub.client.cache import Cache
from junco.hub.client.connection import TRIES, Connection, quoted, repository_path
from junco.hub.client.download import download
from junco.hub.client.names import Name, parse_name
from junco.hub.client.revision import Revision, read_revision
from junco.operator.hub_names import is_hub_name
from junco.wording import picture, printable


@dataclass(frozen=True, slots=True)
class Bound:
    """A report's way, bound to what it measured.

    Attributes:
        revision: of the repository.
        trained_on: fingerprint of what it was trained on; ``None``: it says none.
    """

    revision: Revision
    trained_on: str | None = None


def names_in(way: Mapping[str, Any]) -> list[Name]:
    """What of hubs a way was made of: its pipeline, its operators, their tuned parameters."""
    return [parse_name(each) for each in dict.fromkeys(_texts(way)) if is_hub_name(each)]


def _texts(way: Mapping[str, Any]) -> Iterator[Any]:
    yield way.get("pipeline")
    for name, params in operators_in(way):
        yield name
        yield params.get("tuned")


def operators_in(way: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The operators of a way with their parameters; none where an older report does not say."""
    told = way.get("operators")
    found = [each for each in told if isinstance(each, Mapping)] if isinstance(told, list) else []
    return [
        (str(each.get("name")), params if isinstance(params := each.get("params"), Mapping) else {}) for each in found
    ]


def is_of(way: Mapping[str, Any], repository: str) -> bool:
    """Whether a way names a repository."""
    return any(each.repository.lower() == repository.lower() for each in names_in(way))


def bind(connection: Connection, asked: Name, way: Mapping[str, Any], *, anyway: bool) -> Bound:
    """The revision that a way measured.

    Args:
        connection: to the hub.
        asked: the name that it is said to be of.
        way: of a report.
        anyway: whoever sends it answers for it that it is of that name.

    Raises:
        DataError: it measured something else.
        InputError: nothing says which release it measured.
    """
    hub = connection.address
    asked = _revision_named(connection, asked, way, hub, anyway=anyway)
    revision = _revision(connection, asked, hub)
    manifest = _manifest(connection, revision)
    if not anyway and not is_of(way, asked.repository):
        _check_operator(asked, way, manifest)
    data = manifest.get("data")
    side = data.get("train") if isinstance(data, Mapping) else None
    found = side.get("fingerprint") if isinstance(side, Mapping) else None
    return Bound(revision, found if isinstance(found, str) else None)


def _revision_named(connection: Connection, asked: Name, way: Mapping[str, Any], hub: str, *, anyway: bool) -> Name:
    """The name with the version that was asked for, or else measured."""
    named = names_in(way)
    mine = [each for each in named if each.repository.lower() == asked.repository.lower()]
    called = picture(way.get("name"))
    if named and not mine and not anyway:
        raise DataError(
            f"{called} measured {named[0]}, not {asked.repository}: choose another by way=, '--way'; or anyway=True, "
            "'--anyway', if you know that it is the same"
        )
    measured = next((each for each in mine if each.revision != "latest"), None)
    if asked.revision == "latest":
        if measured is not None:
            return measured
        told = connection.ask("GET", repository_path(asked.repository), tries=TRIES)
        if releases := told.get("releases"):
            raise InputError(
                f"{asked.repository} has releases, and the report does not say which of them it measured: name it, "
                f"{asked.repository}@{printable(str(_latest(told, releases))).removeprefix('v')}, or a commit"
            )
    elif measured is not None and not anyway and not _are_one(connection, measured, asked):
        raise DataError(f"{called} measured {measured}, which is another commit than {asked}: send it for that one")
    return asked


def _are_one(connection: Connection, one: Name, other: Name) -> bool:
    first, second = (_revision(connection, each, connection.address).commit for each in (one, other))
    return first == second


def _latest(told: Mapping[str, Any], releases: Any) -> Any:
    return told.get("latest") or (releases[0] if isinstance(releases, list) else "1.0.0")


def _revision(connection: Connection, asked: Name, hub: str) -> Revision:
    path = f"{repository_path(asked.repository)}/tree/{quoted(asked.revision)}"
    return read_revision(connection.ask("GET", path, tries=TRIES), asked, hub)


def _manifest(connection: Connection, revision: Revision) -> dict[str, Any]:
    """What a revision says of itself; empty for one without a manifest that can be read."""
    file = next((each for each in revision.files if each.path in MANIFESTS), None)
    if file is None or file.path not in ("operator.json", "operator.yaml"):
        return {}
    cache = Cache()
    download(connection, cache, revision.repository, file)
    try:
        return read_manifest(cache.blob(file.sha256))
    except JuncoError:
        return {}


def _check_operator(asked: Name, way: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Refuse a way of what lies here in which the repository's operator does not stand."""
    wanted, operators = manifest.get("operator") or manifest.get("name"), operators_in(way)
    if wanted is None or not operators:
        return
    mine = [params for name, params in operators if name == wanted]
    is_tuned = "operator" in manifest
    if mine and (not is_tuned or any(params.get("tuned") for params in mine)):
        return
    has = f"{picture(wanted)} as it is, without tuned=" if mine else ", ".join(picture(name) for name, _ in operators)
    what = f"a tuned {picture(wanted)}" if is_tuned else picture(wanted)
    raise DataError(
        f"{asked} is {what}, and {picture(way.get('name'))} measured {has}: choose another by way=, '--way'; or "
        "anyway=True, '--anyway', if you know that it is the same"
    )
