"""Which paths a tree may have: those that mean the same file on every system, inside the folder they are put into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST, LONGEST_PART, DEEPEST = 1024, 255, 32
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{n}{i}" for n in ("com", "lpt") for i in "0123456789¹²³"
}
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]')
_NEVER = {".git", ".junco", ".cache"}


def problem_of(path: str) -> str | None:
    """What is wrong with a path; ``None`` for one that may be."""
    if not path or len(path.encode("utf-8", "surrogatepass")) > LONGEST:
        return f"a path has 1 to {LONGEST:,} bytes"
    if path.startswith("/") or "//" in path or path.endswith("/"):
        return "a path is relative, with one / between its parts"
    parts = path.split("/")
    if len(parts) > DEEPEST:
        return f"a path has at most {DEEPEST} parts"
    return next((why for part in parts if (why := _problem_of_part(part))), None)


def _problem_of_part(part: str) -> str | None:
    wrongs = (
        (part in {".", ".."}, "a path has no . and no .."),
        (_FORBIDDEN.search(part), 'a path has none of <>:"|?*\\ and no characters that are not seen'),
        (part != part.strip(" ") or part.endswith("."), "no part of a path ends with a dot, or has a space at its end"),
        (len(part.encode("utf-8", "replace")) > LONGEST_PART, f"a part of a path has at most {LONGEST_PART} bytes"),
        (part.partition(".")[0].rstrip(" ").casefold() in _DEVICES, f"{part[:40]!r} is a device's name on Windows"),
        (part.casefold() in _NEVER, f"{part[:40]!r} is no part of an artefact"),
    )
    return next((why for is_wrong, why in wrongs if is_wrong), None)


def problems_of(paths: Iterable[str]) -> list[tuple[str, str]]:
    """What is wrong with a tree's paths, one by one and together: pairs of path and problem."""
    found: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if (why := problem_of(path)) is not None:
            found.append((path, why))
        elif (other := seen.setdefault(_same(path), path)) != path:
            found.append((path, f"differs from {other!r} by case or form of letters alone"))
    folders = {_same(path.rsplit("/", n)[0]): path for path in seen.values() for n in range(1, path.count("/") + 1)}
    found += [(seen[key], f"is a file and a folder: {folders[key]!r}") for key in sorted(seen.keys() & folders.keys())]
    return found


def _same(path: str) -> str:
    """What some system takes for the same name."""
    return unicodedata.normalize("NFC", path).casefold()
