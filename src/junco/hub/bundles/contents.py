"""What a bundle says it holds: names on a hub, the commits that they stand for, and the files of these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from junco.errors import IntegrityError, JuncoError
from junco.hub.artefact.tree import File
from junco.hub.client.address import hub_address
from junco.hub.client.names import Name, parse_name
from junco.hub.client.revision import Revision, read_revision
from junco.wording import picture

LIST = "junco-bundle.json"
MEMBER = re.compile(rf"{re.escape(LIST)}|blobs/[0-9a-f]{{64}}")
MOST_LIST_BYTES = 64_000_000
_VERSION = 1
_MOST_ARTEFACTS = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a bundle.

    Attributes:
        hub: the address that it came from.
        artefacts: by the name that each is asked for by.
    """

    hub: str
    artefacts: Mapping[str, Revision]

    @property
    def files(self) -> list[File]:
        """Each digest once, sorted by it."""
        found = {file.sha256: file for revision in self.artefacts.values() for file in revision.files}
        return [found[sha256] for sha256 in sorted(found)]

    @property
    def num_bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files)

    def to_json(self) -> bytes:
        """As it stands in a bundle: the same for the same contents."""
        listed = [{"name": name, "revision": revision.to_dict()} for name, revision in sorted(self.artefacts.items())]
        return json.dumps({"bundle": _VERSION, "hub": self.hub, "artefacts": listed}, indent=1).encode()


def read_contents(data: bytes) -> Contents:
    """What a bundle says, checked as what a hub says is.

    Raises:
        IntegrityError: it says something else, or contradicts itself.
    """
    try:
        told = json.loads(data)
        if told["bundle"] != _VERSION or len(told["artefacts"]) > _MOST_ARTEFACTS:
            raise ValueError(f"it is no bundle of version {_VERSION}")
        hub = hub_address(told["hub"])
        found = dict(_artefacts(told["artefacts"], hub))
        if len(found) != len(told["artefacts"]) or not found:
            raise ValueError("a name stands there twice, or none")
        _check_sizes(found)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        why = str(error) if type(error) is ValueError else "it says too little"
        raise IntegrityError(f"what it says it holds cannot be read: {why}") from None
    except JuncoError as error:
        raise IntegrityError(f"what it says it holds is refused: {error}") from None
    return Contents(hub, found)


def _artefacts(listed: Any, hub: str) -> Iterator[tuple[str, Revision]]:
    for each in listed:
        asked = parse_name(each["name"])
        revision = read_revision(each["revision"], asked, hub)
        if asked.revision.startswith("v") and asked.is_fixed and revision.release not in (None, asked.revision):
            raise ValueError(f"{picture(each['name'])} is the release {picture(revision.release)}")
        yield each["name"], revision


def _check_sizes(found: Mapping[str, Revision]) -> None:
    sizes: dict[str, int] = {}
    for revision in found.values():
        for file in revision.files:
            if sizes.setdefault(file.sha256, file.size) != file.size:
                raise ValueError(f"{picture(file.path)} has two sizes")


def names_of(asked: str, revision: Revision) -> list[Name]:
    """All names that a commit is known by from then on."""
    release = [Name(revision.repository, revision.release)] if revision.release else []
    return [parse_name(asked), Name(revision.repository, revision.commit), *release]
