"""`Query`: what a page of rows shows: a question, conditions, which page; written into addresses, read out of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from junco.errors import InputError

MOST_LETTERS = 4_000
"""Of a question or a condition in an address."""
_MOST_PAGE = 1_000_000
_IS = "is:"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes:
        text: a phrase, or empty.
        sent: the id of a file that was sent, or empty.
        where: conditions in words.
        chosen: columns with the value that their rows must have.
        by_input: of each input its best row alone.
        page: from 1.
    """

    text: str = ""
    sent: str = ""
    where: str = ""
    chosen: tuple[tuple[str, str], ...] = ()
    by_input: bool = False
    page: int = 1

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Query:
        """Read out of an address.

        Raises:
            InputError: it is none that a page of ours leads to.
        """
        given = list(pairs)
        if any(len(value) > MOST_LETTERS for _, value in given):
            raise InputError(f"a question in an address has at most {MOST_LETTERS:,} letters: send it as a text file")
        one = dict(given)
        chosen = tuple((name.removeprefix(_IS), value) for name, value in given if name.startswith(_IS) and value)
        text, where = one.get("q", "").strip(), one.get("where", "").strip()
        page = number_of(one.get("page") or "1", 1, _MOST_PAGE)
        return cls(text, one.get("sent", ""), where, chosen, bool(one.get("by_input")), page)

    def pairs(self) -> list[tuple[str, str]]:
        """As an address holds it."""
        found = [("q", self.text), ("sent", self.sent), ("where", self.where)]
        found += [(f"{_IS}{name}", value) for name, value in self.chosen]
        found += [("by_input", "1" * self.by_input), ("page", str(self.page) if self.page > 1 else "")]
        return [(name, value) for name, value in found if value]

    def at(self, page: int) -> Query:
        """The same on another page."""
        return replace(self, page=page)

    @property
    def conditions(self) -> list[str | Mapping[str, Any]]:
        """What all rows must meet."""
        return [*([self.where] if self.where else []), *({name: value} for name, value in self.chosen)]

    @property
    def is_question(self) -> bool:
        """Whether there is anything to be near to."""
        return bool(self.text or self.sent)


def number_of(text: str, least: int, most: int) -> int:
    """A whole number out of an address.

    Raises:
        InputError: it is none, or not between the two.
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else least - 1
    if not least <= number <= most:
        raise InputError(f"{text[:40]!r} is no number from {least:,} to {most:,}")
    return number
