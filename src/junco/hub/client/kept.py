"""What was pulled from hubs and still lies here whole, found without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from junco.errors import JuncoError
from junco.hub.artefact.check import Checked, check
from junco.hub.client.cache import Cache
from junco.hub.client.names import Name
from junco.hub.client.revision import Revision, read_revision


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision that lies here.

    Attributes:
        revision: what it is.
        folder: where it lies.
        checked: what its manifest says.
        hub: from which it came, as `key_of` its address.
    """

    revision: Revision
    folder: Path
    checked: Checked
    hub: str


def kept_here() -> list[Kept]:
    """The newest revision of each hub's repositories that lies in the cache, by its name."""
    cache = Cache()
    found: dict[tuple[str, str], tuple[float, Kept]] = {}
    for path, revision in _known(cache.home / "known"):
        folder = cache.folder(revision.digest)
        when, hub = path.stat().st_mtime, path.parents[2].name
        key = revision.repository, hub
        if folder.is_dir() and when >= found.get(key, (0.0, None))[0]:
            found[key] = when, Kept(revision, folder, check(folder, card=False), hub)
    return [each for _, (_, each) in sorted(found.items())]


def _known(top: Path) -> Iterator[tuple[Path, Revision]]:
    """By hub, namespace, name and revision; what cannot be read is none."""
    for path in sorted(top.glob("*/*/*/*.json")):
        try:
            told = json.loads(path.read_bytes())
            yield path, read_revision(told, Name(str(told["repository"]), path.stem), "the cache")
        except (OSError, ValueError, KeyError, TypeError, JuncoError):
            continue
