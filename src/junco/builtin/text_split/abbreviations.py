"""Full stops that end no sentence, beyond those that ICU knows of English: of titles, initials, dates, ``z. B.``."""

from __future__ import annotations

import re

LOOKED_AT = 32
"""Characters before and after a stop that tell."""

# What stands before a name, or before what it explains. Words that may end a sentence (etc., Inc., Jr., p.m.) are none.
_TITLES = (
    "Dr|Drs|Prof|Mr|Mrs|Ms|Mx|St|Mt|Rev|Hon|Gov|Sen|Rep|Gen|Col|Maj|Capt|Lt|Sgt|Cmdr|Msgr|Hr|Hrn|Fr|Frl|Dipl|Ing|Mag"
    "|MM|Mme|Mlle|Mgr|Sr|Sra|Srta|Dra|Dña|Sig|Dott|Ph|Univ"
)
_EXPLAINING = (
    r"e\.\s?g|i\.\s?e|z\.\s?[BT]|d\.\s?h|u\.\s?a|o\.\s?ä|i\.\s?d\.\s?R|s\.\s?o|s\.\s?u|p\.\s?ej"
    r"|c\.-à-d|cf|vs|viz|vgl|bzw|sog|ca|approx|inkl"
)
_BEFORE_NUMBER = "No|Nos|Nr|Nrn|Fig|Figs|Abb|Tab|Kap|Sec|Ch|Vol|Bd|Art|Eq|S|p|pp|n|núm"
_MONTHS = (
    "Jan|Feb|Mär|März|Apr|April|Mai|Jun|Juni|Jul|Juli|August|Aug|Sep|Okt|Nov|Dez|Januar|Jänner|Februar|September"
    "|Oktober|November|Dezember"
)
_ALWAYS = re.compile(rf"(?:^|[\s(\[“„\"'«])(?:{_TITLES}|{_EXPLAINING})\.\s+$")
_SPACED = re.compile(r"(?:^|[\s(\[“„\"'«])(?:z\.|d\.|u\.|i\.|o\.|s\.|e\.)\s+$")
"""The first half of one in two halves."""
_SECOND_HALF = re.compile(r"(?:B|T|h|a|d|ä|o|u|e|g)\.")
_NUMBERED = re.compile(rf"(?:^|[\s(\[])(?:{_BEFORE_NUMBER})\.\s+$")
_NUMBER = re.compile(r"[\dIVX]")
_INITIAL = re.compile(r"(?:^|(?:^|\s)[A-ZÀ-Þ][\w’'-]*\.?\s|(?:^|\s)[A-ZÀ-Þ]\.[\s-]?)(?:[A-ZÀ-Þ]\.)*[A-HJ-ZÀ-Þ]\.\s+$")
"""One letter at the beginning, after a name or after another one. ``I`` is a word."""
_NAME = re.compile(r"[A-ZÀ-Þ]")
_DAY = re.compile(r"(?:^|\s)\d{1,2}\.\s+$")
_MONTH = re.compile(rf"(?:{_MONTHS})\b")


def goes_on(before: str, after: str) -> bool:
    """Whether a sentence goes on beyond what was taken for its end.

    Args:
        before: its last characters with the white space that follows, `LOOKED_AT` at most.
        after: the first ones of what comes next.
    """
    if "\n" in before[len(before.rstrip()) :] or not before.rstrip().endswith("."):
        return False
    pairs = ((_SPACED, _SECOND_HALF), (_NUMBERED, _NUMBER), (_INITIAL, _NAME), (_DAY, _MONTH))
    return _ALWAYS.search(before) is not None or any(
        stop.search(before) is not None and start.match(after) is not None for stop, start in pairs
    )
