"""The card of an artefact: ``README.md``, whose front matter says licence, kind and family to every hub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from junco.graph.yaml_text import dump
from junco.hub.artefact.kinds import CARD
from junco.hub.artefact.tree import Problem
from junco.hub.content import card as hub_card
from junco.operator.licences import LIKE, is_licence, said_licence
from junco.wording import picture

_MOST_BYTES = 1_000_000
_PLACEHOLDER = re.compile(r"\b(?:NAMESPACE|TODO|TBD|FIXME)\b|Lorem ipsum")


def problems_of_card(folder: Path, told: dict[str, Any]) -> list[Problem]:
    """What is wrong with the card of a folder.

    Args:
        folder: of the artefact.
        told: its manifest, which may say the licence too.
    """
    if not (folder / CARD).is_file():
        return [Problem(CARD, f"it is missing: a page for people, with a head that says the licence{_CURE}")]
    text = (folder / CARD).read_bytes()
    if len(text) > _MOST_BYTES:
        return [Problem(CARD, f"it has {len(text):,} bytes; a card has at most {_MOST_BYTES:,}")]
    if problems := hub_card.problems_of(CARD, text):
        return [Problem(CARD, why) for why in problems]
    return [Problem(CARD, why) for why in _of_licence(hub_card.front_matter(text), told)]


def warnings_of_card(folder: Path) -> list[Problem]:
    """What in the card of a folder is still to be written, by its own words; it can be shared so."""
    try:
        text = (folder / CARD).read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
    except OSError:
        return []
    found = dict.fromkeys(_PLACEHOLDER.findall(hub_card.without_front_matter(text)))
    return [Problem(CARD, f"it still says {word!r}, which its readers will see") for word in found]


def _of_licence(head: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    said, in_head = said_licence(told), said_licence(head)
    licence = said if in_head is None else in_head
    if licence is None:
        yield f"its head lacks 'license:', {LIKE}"
    elif not is_licence(licence):
        yield f"license: {picture(licence)} is none: {LIKE}"
    elif is_licence(said) and str(said).lower() != str(licence).lower():
        yield f"it says the licence {licence!r}, and not {said!r}"


_CURE = " ('junco hub push … --licence apache-2.0' makes one)"


def card_text(title: str, kind: str, family: str, licence: str, body: str) -> str:
    """A card, with the head that hubs read."""
    tags = [f"junco:{kind}", *([f"family:{family}"] if family else [])]
    head = dump({"license": licence, "library_name": "junco", "tags": tags}, flow=False)
    return f"---\n{head}---\n# {title}\n\n{body.strip()}\n"
