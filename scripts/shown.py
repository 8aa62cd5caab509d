"""Whether a page shows what its code prints: the ``text`` block right after a block that was run.

Words are compared as they are, numbers to 3 % or 0.03. Times and rates differ from run to run and are not compared, nor
are bars and frames. ``…`` stands for the rest of a line, and alone on a line for any lines.
"""

from __future__ import annotations

import re

REST = "…"
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_TIME = re.compile(r"~?-?\d[\d,.:]*\s?(?:ms|µs|s|min|h|seconds|minutes)\b(?!\s*[–-])|[\d,.]+\s?(?:\S+/s\b|a second)")
_DRAWN = re.compile(r"[▁-▟─-╿━┃]+")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def difference(shown: str, printed: str) -> str:
    """The first shown line that was not printed, in words; empty where all were, in their order."""
    lines = iter(filter(str.strip, _ESCAPES.sub("", printed).splitlines()))
    anywhere = False
    for wanted in filter(str.strip, shown.splitlines()):
        if wanted.strip() == REST:
            anywhere = True
            continue
        found = next(lines, None)
        while anywhere and found is not None and not _is_like(wanted, found):
            found = next(lines, None)
        anywhere = False
        if found is None or not _is_like(wanted, found):
            return f"the page shows {wanted.strip()!r}, and printed was {found!r}"
    left = None if anywhere else next(lines, None)
    return "" if left is None else f"printed was also {left!r}"


def _is_like(shown: str, printed: str) -> bool:
    wanted, found = _words(shown), _words(printed)
    if wanted and wanted[-1].endswith(REST):
        wanted[-1] = wanted[-1].removesuffix(REST)
        found = found[: len(wanted)]
        if found and wanted and found[-1].startswith(wanted[-1]):
            found[-1] = wanted[-1]
    return len(wanted) == len(found) and all(map(_is_same, wanted, found))


def _words(line: str) -> list[str]:
    return _DRAWN.sub(" ", _TIME.sub(" ", line)).split()


def _is_same(one: str, two: str) -> bool:
    if _NUMBER.sub("#", one) != _NUMBER.sub("#", two):
        return False
    pairs = zip(map(_value, _NUMBER.findall(one)), map(_value, _NUMBER.findall(two)), strict=True)
    return all(abs(a - b) <= max(0.03, 0.03 * abs(a)) for a, b in pairs)


def _value(text: str) -> float:
    return float(text.replace(",", ""))
