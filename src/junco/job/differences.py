"""What differs between two pipelines, in words, from what each computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MOST, _LONGEST = 3, 40
_WHOLE = {"code": "other code", "class": "another class", "package": "another version of the package"}
_PASSED = frozenset(
    {"calls", "parameters", "method", "of", "holds", "defaults", "partial of", "reads", "members", "wrapper"}
    | {"__wrapped__", "__func__", "fget", "func", "function", "bases", "attributes", "again", *_WHOLE}
)
"""Parts whose own names say nothing to anyone."""


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first few differences between the parts of two identities, each ``theirs ≠ ours``.

    Args:
        theirs: of the pipeline that was there.
        ours: of this one.
        names: of this one's steps.
    """
    found = list(_of_graphs(theirs, ours, names))
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more


def _of_graphs(theirs: Mapping[str, Any], ours: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    for what in ("inputs", "outputs"):
        if theirs.get(what) != ours.get(what):
            yield f"{what} {_shown(theirs.get(what))} ≠ {_shown(ours.get(what))}"
    before, now = theirs.get("steps", ()), ours.get("steps", ())
    if len(before) != len(now):
        yield f"{len(before)} steps ≠ {len(now)}"
        return
    for name, *steps in zip(names, before, now, strict=True):
        yield from dict.fromkeys(f"step {name!r}: {what}" for what in _of_values(steps[0], steps[1], ()))


def _of_values(one: Any, other: Any, path: tuple[str, ...]) -> Iterator[str]:
    if one == other:
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            yield from _of_values(one.get(key, _NOTHING), other.get(key, _NOTHING), (*path, key))
    else:
        yield _worded(one, other, path)


def _worded(one: Any, other: Any, path: tuple[str, ...]) -> str:
    if "files" in path:
        return f"another content of {path[-1]}"
    if path and path[-1] in _WHOLE:
        whose = f" of {_name(path)}" if {"reads", "members"} & {*path} else ""
        return _WHOLE[path[-1]] + whose + (f" ({one} ≠ {other})" if path[-1] != "code" else "")
    name = _name(path)
    if {True} == {isinstance(each, str) and each.startswith("sha256 ") for each in (one, other)}:
        return f"another content of {name}"
    return f"{name} {_shown(one)} ≠ {_shown(other)}"


def _name(path: tuple[str, ...]) -> str:
    """The last name on the way that says something."""
    return next((part for part in reversed(path) if part not in _PASSED), "what it calls")


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


_NOTHING = _Nothing()


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
