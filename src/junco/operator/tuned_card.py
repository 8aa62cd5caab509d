"""The card of a tuned folder: ``README.md``, as far as it has to be known whose it is and which licence it says.

A card that a training wrote says so in its head, with a digest of the text beneath. Whoever changes that text makes the
card his own: nothing writes over it from then on.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from junco.errors import TargetError
from junco.operator.licences import check_licence

CARD = "README.md"
MARK = "junco_card"
"""The field of the head that holds the digest."""
_HEAD = re.compile(r"\A---\n(?P<head>.*?\n)---\n(?P<body>.*)\Z", re.DOTALL)
_LICENSE = re.compile(r"^licen[sc]e: *(?P<name>[^\n]*)\n", re.MULTILINE)
_MOST_BYTES = 1_000_000


def mark_of(body: str) -> str:
    """What the head says of the text beneath it."""
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def is_ours(text: str) -> bool:
    """Whether a training wrote it, and nobody changed what it says; a licence may have been added."""
    found = _HEAD.match(text)
    return found is not None and f"{MARK}: {mark_of(found['body'])}\n" in found["head"]


def card_in(folder: Path) -> str:
    """The card of a folder; empty where there is none that can be read."""
    path = folder / CARD
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""


def has_own_card(folder: Path) -> bool:
    """Whether somebody wrote the card of a folder by hand, or changed it: it stays what it is."""
    path = folder / CARD
    return path.is_symlink() or (path.exists() and not is_ours(card_in(folder)))


def licence_in(text: str) -> str:
    """The licence that a card says; empty: none."""
    found = _HEAD.match(text)
    said = _LICENSE.search(found["head"]) if found else None
    return said["name"].strip().strip("'\"") if said else ""


def with_licence(text: str, licence: str) -> str:
    """A card that says a licence, in place of the one that it said.

    Raises:
        InputError: it is the name of none.
    """
    check_licence(licence)
    found = _HEAD.match(text)
    head, body = (found["head"], found["body"]) if found else ("", text)
    return f"---\nlicense: {licence}\n{_LICENSE.sub('', head)}---\n{body}"


def say_licence(folder: Path, licence: str) -> None:
    """Write a licence into the card of a tuned folder; one without a card gets one that says no more.

    Raises:
        InputError: it is the name of none.
        TargetError: the card cannot be written.
    """
    write(folder, with_licence(card_in(folder), licence))


def write(folder: Path, text: str) -> None:
    """Write a card.

    Raises:
        TargetError: it cannot be written.
    """
    try:
        (folder / CARD).write_text(text, "utf-8")
    except OSError as error:
        raise TargetError(f"{folder / CARD} cannot be written: {error.strerror or error}") from None
