"""The sentences of declared options: each stands once, under ``Args:`` in the docstring of the declaring class."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

_ARGS = "Args:"
_WIDTH = 116
_ENTRY = re.compile(r"    (\w+)(?: \([^)]*\))?: (.*)")
_SECTION = re.compile(r"[A-Z]\w*(?: \w+)?:$")


def sentences(cls: type, names: Iterable[str]) -> dict[str, str]:
    """The sentence of each of these options that has one, from the most derived class that has it."""
    found: dict[str, str] = {}
    for each in cls.__mro__:
        for name, sentence in _entries(each).items():
            found.setdefault(name, sentence)
    return {name: found[name] for name in names if name in found}


def without_sentences(doc: str) -> str:
    """A docstring without the section of the options' sentences."""
    before, _, after = _parted(inspect.cleandoc(doc))
    return "\n\n".join(part for part in (before, after) if part)


def complete(cls: type, names: Iterable[str]) -> None:
    """Write the sentences of all these options into the class's docstring, the inherited ones too."""
    doc = inspect.cleandoc(vars(cls).get("__doc__") or "")
    found = sentences(cls, names)
    if not doc or not found:
        return
    before, _, after = _parted(doc)
    lines = [_ARGS, *(_entry(name, sentence) for name, sentence in found.items())]
    cls.__doc__ = "\n\n".join(part for part in (before, "\n".join(lines), after) if part)


def _entry(name: str, sentence: str) -> str:
    import textwrap  # an operator without options has no use for it

    return textwrap.fill(
        f"{name}: {sentence}", _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8, break_on_hyphens=False
    )


def _entries(cls: type) -> dict[str, str]:
    """The entries of the section ``Args:`` in a class's own docstring, a further line of one joined to its first."""
    found: dict[str, str] = {}
    name = ""
    for line in _parted(inspect.cleandoc(vars(cls).get("__doc__") or ""))[1]:
        if entry := _ENTRY.fullmatch(line):
            name = entry.group(1)
            found[name] = entry.group(2).strip()
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found


def _parted(doc: str) -> tuple[str, list[str], str]:
    """A docstring's text before the section, its lines, and what comes after it."""
    lines = doc.splitlines()
    if _ARGS not in lines:
        sections = [at for at, line in enumerate(lines) if _SECTION.match(line)]
        at = sections[0] if sections else len(lines)
        return "\n".join(lines[:at]).rstrip(), [], "\n".join(lines[at:])
    start = lines.index(_ARGS)
    end = next((at for at in range(start + 1, len(lines)) if lines[at] and not lines[at].startswith(" ")), len(lines))
    return "\n".join(lines[:start]).rstrip(), lines[start + 1 : end], "\n".join(lines[end:])
