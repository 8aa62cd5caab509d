"""Parameters by their names: a name that nobody knows is refused, with those near to it."""

from __future__ import annotations

from collections.abc import Iterable

from junco.errors import ParameterError
from junco.wording import did_you_mean, nearest


def check_keywords(given: Iterable[str], known: Iterable[str], owner: str) -> None:
    """Raise ``ParameterError`` for the first given name that ``owner`` does not know."""
    known = list(known)
    for name in given:
        if name not in known:
            listing = ", ".join(known) or "none"
            raise ParameterError(
                f"{owner} has no parameter {name!r}.{did_you_mean(nearest(name, known))} Its parameters: {listing}."
            )
