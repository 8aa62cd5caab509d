"""What there is on a hub: found, looked at, compared, taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from junco.errors import IntegrityError, UnavailableError
from junco.hub.artefact.check import check
from junco.hub.client.address import chosen_hub
from junco.hub.client.cache import Cache
from junco.hub.client.connection import TRIES, Connection, quoted, repository_path
from junco.hub.client.names import Name, parse_name
from junco.hub.client.near import telling
from junco.hub.client.revision import Revision, read_revision
from junco.settings import settings

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository, as its hub introduces it; all of it is what others say.

    Attributes:
        name: ``namespace/name``.
        kind: of the artefact.
        told: all that the hub says.
    """

    name: str
    kind: str
    family: str
    licence: str
    summary: str
    latest: str
    downloads: int
    likes: int
    told: Mapping[str, Any] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two commits: paths, with sizes in bytes and sha256.

    Attributes:
        before: the first commit.
        after: the second.
        added, removed: files of one alone.
        changed: paths of files that are in both, with the sizes before and after.
    """

    before: Revision
    after: Revision
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, int, int], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed)


def search(  # noqa: PLR0913  # each is one condition, by name
    words: str = "",
    *,
    kind: str = "",
    family: str = "",
    task: str = "",
    licence: str = "",
    namespace: str = "",
    sort: str = "trending",
    limit: int = 20,
    hub: str | None = None,
) -> list[Listed]:
    """Repositories in which all words occur, of a kind, family, task, licence or namespace.

    Args:
        sort: ``"trending"``, ``"downloads"``, ``"likes"``, ``"updated"``, ``"created"``, ``"name"``.
        limit: how many at most.
    """
    asked = {"q": words, "kind": kind, "family": family, "task": task, "licence": licence, "namespace": namespace}
    asked = {key: value for key, value in asked.items() if value}
    with Connection(chosen_hub(hub)) as connection:
        return list(_found(connection, asked, sort, limit))


def _found(connection: Connection, asked: Mapping[str, str], sort: str, limit: int) -> Iterator[Listed]:
    after: str | None = None
    while limit > 0:
        query = {**asked, "sort": sort, "limit": str(min(limit, PAGE)), **({"after": after} if after else {})}
        told = connection.ask("GET", f"/repositories?{urlencode(query)}", tries=TRIES)
        items = told["items"] if isinstance(told["items"], list) else []
        for each in items[:limit]:
            if isinstance(each, dict):
                yield _listed(each)
        limit -= len(items)
        after = told.get("next")
        if not after or not items:
            return


def _listed(told: Mapping[str, Any]) -> Listed:
    texts = {key: str(told.get(key) or "") for key in ("name", "kind", "family", "licence", "summary", "latest")}
    return Listed(**texts, downloads=_count(told, "downloads"), likes=_count(told, "likes"), told=told)


def _count(told: Mapping[str, Any], key: str) -> int:
    return value if isinstance(value := told.get(key), int) else 0


def show(name: str, *, hub: str | None = None) -> dict[str, Any]:
    """What a hub says of a repository, and the files of a revision: plain values; offline what lies here says.

    Args:
        name: ``namespace/name[@version]``.
    """
    asked = parse_name(name)
    address = chosen_hub(hub)
    if settings().offline:
        return _shown_here(address, asked)
    with Connection(address) as connection:
        with telling(connection, asked):
            told = connection.ask("GET", repository_path(asked.repository), tries=TRIES)
        revision = _revision(connection, asked, address) if told["head"] else None
    return {**told, "hub": address, "revision": None if revision is None else revision.to_dict()}


def _shown_here(hub: str, asked: Name) -> dict[str, Any]:
    revision = _known_here(hub, asked)
    folder = Cache().whole_folder(revision)
    kind = check(folder, card=False).kind if folder is not None else ""
    told = {"name": revision.repository, "kind": kind, "latest": None, "head": None}
    return {**told, "hub": hub, "revision": revision.to_dict()}


def _known_here(hub: str, asked: Name) -> Revision:
    """What the hub said of a name before."""
    if (found := Cache().known(hub, asked)) is None:
        raise UnavailableError(f"{asked} is not on this machine, and JUNCO_OFFLINE is set: pull it once before")
    return found


def diff(one: str, other: str, *, hub: str | None = None) -> Difference:
    """What differs between two revisions, of one repository or of two.

    Args:
        one: ``namespace/name[@version]``.
        other: the same, or a version of the same repository alone.
    """
    first = parse_name(one)
    second = parse_name(other if "/" in other else f"{first.repository}@{other.removeprefix('@')}")
    address = chosen_hub(hub)
    if settings().offline:
        return difference(_known_here(address, first), _known_here(address, second))
    with Connection(address) as connection:
        return difference(_revision(connection, first, address), _revision(connection, second, address))


def difference(before: Revision, after: Revision) -> Difference:
    """What differs between two commits."""
    old, new = ({file.path: file for file in each.files} for each in (before, after))
    changed = [path for path in old if path in new and old[path].sha256 != new[path].sha256]
    return Difference(
        before,
        after,
        tuple(path for path in new if path not in old),
        tuple(path for path in old if path not in new),
        tuple((path, old[path].size, new[path].size) for path in changed),
    )


def _revision(connection: Connection, asked: Name, hub: str) -> Revision:
    path = f"{repository_path(asked.repository)}/tree/{quoted(asked.revision)}"
    with telling(connection, asked):
        return read_revision(connection.ask("GET", path, tries=TRIES), asked, hub)


def compare_page(found: Difference, *, hub: str | None = None) -> str:
    """The address of the page on which a hub shows a difference; empty where that is of two repositories."""
    before, after = found.before, found.after
    if before.repository != after.repository:
        return ""
    one, other = (quoted(each.release or each.commit) for each in (before, after))
    return f"{chosen_hub(hub)}/{after.repository}/compare/{one}...{other}"


def delete(name: str, *, hub: str | None = None) -> None:
    """Take a repository away for ever, with all its releases; its name stays taken.

    Raises:
        HubError: one may not, or it is not there.
    """
    asked = parse_name(name)
    if asked.revision != "latest":
        raise IntegrityError(f"{name}: releases are for ever; {asked.repository} can be deleted as a whole")
    with Connection(chosen_hub(hub)) as connection, telling(connection, asked, "delete"):
        connection.ask("DELETE", repository_path(asked.repository))
