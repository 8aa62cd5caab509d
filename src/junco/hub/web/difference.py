"""Two versions side by side: files, lines of texts, tensors by their headers, fields of the manifest."""

from __future__ import annotations

import difflib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.errors import YamlError
from junco.graph.yaml_text import parse, plain
from junco.hub.content.card import MANIFESTS
from junco.hub.server.access import Action
from junco.hub.server.faults import no_revision
from junco.hub.server.hub import Hub
from junco.hub.server.repos.revisions import File
from junco.hub.server.visits import Visit, needs
from junco.hub.web.about import About, about
from junco.hub.web.preview import seen, tensors_header, text_of
from junco.hub.web.render import page

routes = APIRouter()
_Read = Annotated[Visit, Depends(needs(Action.READ, of_page=True))]
MOST_COMPARED, MOST_TEXT, MOST_LINES, MOST_SHOWN, MOST_LINE = 30, 256_000, 2_000, 1_500, 400
MOST_MANIFEST, MOST_SHOWN_TOGETHER = 64_000, 4_000
_LONGEST_S = 1.0
_CONTEXT, _MOST_FIELDS, _MOST_LISTED = 3, 200, 500


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference.

    Attributes:
        kind: ``"added"``, ``"removed"``, ``"same"`` or ``"place"``.
        old: its number before; ``None`` where it was not there.
        new: its number after.
        text: of it.
    """

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that two versions have, or one of them.

    Attributes:
        path: of it.
        kind: ``"added"``, ``"removed"`` or ``"changed"``.
        old: as it was.
        new: as it is.
        lines: of the difference of its text.
        tensors: name, before and after, of those whose header differs.
        is_cut: whether there is more than is shown.
        is_compared: whether it was looked into.
    """

    path: str
    kind: str
    old: File | None
    new: File | None
    lines: list[Line] = field(default_factory=list)
    tensors: list[tuple[str, str, str]] = field(default_factory=list)
    is_cut: bool = False
    is_compared: bool = False


@routes.get("/{namespace}/{name}/compare/{revisions}")
def compare(revisions: str, visit: _Read, request: Request) -> Response:
    """From one version to another: ``one...other``."""
    one, dots, other = revisions.partition("...")
    if not dots:
        raise no_revision(revisions)
    with visit.hub.database.reading() as session:
        old, new = about(session, visit, one), about(session, visit, other)
    changes = changes_of(old, new)
    compared = compared_files(visit.hub, changes[:MOST_COMPARED])
    return page(
        request,
        visit,
        "compare.html",
        shown=new,
        old=old,
        tab="versions",
        changes=[*compared, *changes[MOST_COMPARED:]][:_MOST_LISTED],
        total=len(changes),
        count={kind: sum(each.kind == kind for each in changes) for kind in ("added", "removed", "changed")},
        fields=fields_of(visit.hub, old, new),
    )


def changes_of(old: About, new: About) -> list[Changed]:
    """What differs, by path."""
    before, after = ({file.path: file for file in each.files} for each in (old, new))
    found = []
    for path in sorted({*before, *after}):
        left, right = before.get(path), after.get(path)
        if left is None or right is None:
            found.append(Changed(path, "removed" if right is None else "added", left, right))
        elif left.sha256 != right.sha256:
            found.append(Changed(path, "changed", left, right))
    return found


def compared_files(hub: Hub, changes: list[Changed]) -> list[Changed]:
    """The same, looked into one after the other, until it takes too long or there are too many lines."""
    until, room = time.monotonic() + _LONGEST_S, MOST_SHOWN_TOGETHER
    found = []
    for each in changes:
        looked = compared_file(hub, each) if time.monotonic() < until and room > 0 else each
        room -= len(looked.lines)
        found.append(looked)
    return found


def compared_file(hub: Hub, change: Changed) -> Changed:
    """The same, looked into as far as it can be."""
    sides = [file for file in (change.old, change.new) if file is not None]
    kinds = {file.format for file in sides}
    if kinds == {"text"} and all(file.size <= MOST_TEXT for file in sides):
        old, new = ([] if file is None else _lines(text_of(hub, file)) for file in (change.old, change.new))
        if is_cheap(old, new):
            lines = list(unified(old, new))
            shown = lines[:MOST_SHOWN]
            cut = len(lines) > MOST_SHOWN
            return Changed(change.path, change.kind, change.old, change.new, shown, is_cut=cut, is_compared=True)
    if kinds == {"safetensors"}:
        tensors = _tensors(hub, change)
        cut = len(tensors) > _MOST_LISTED
        shown_tensors = tensors[:_MOST_LISTED]
        return Changed(
            change.path, change.kind, change.old, change.new, tensors=shown_tensors, is_cut=cut, is_compared=True
        )
    return change


def _lines(text: str) -> list[str]:
    return [seen(line.removesuffix("\r"))[:MOST_LINE] for line in text.removesuffix("\n").split("\n")]


def is_cheap(old: list[str], new: list[str]) -> bool:
    """Whether lines are soon compared: few, and not the same few again and again, which are looked for in pairs."""
    if max(len(old), len(new)) > MOST_LINES:
        return False
    most = len(new) // 100 + 1 if len(new) >= 200 else len(new)  # more frequent ones difflib leaves out
    times = {line: count for line, count in Counter(new).items() if count <= most}
    return sum(times.get(line, 0) for line in old) <= max(20_000, 4 * len(old))


def unified(old: list[str], new: list[str]) -> Iterator[Line]:
    """The lines that differ, with some around them."""
    for group in difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT):
        yield Line("place", None, None, f"@@ -{group[0][1] + 1} +{group[0][3] + 1} @@")
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from (Line("same", a + n + 1, c + n + 1, text) for n, text in enumerate(old[a:b]))
                continue
            yield from (Line("removed", a + n + 1, None, text) for n, text in enumerate(old[a:b]))
            yield from (Line("added", None, c + n + 1, text) for n, text in enumerate(new[c:d]))


def _tensors(hub: Hub, change: Changed) -> list[tuple[str, str, str]]:
    old, new = ({} if file is None else _described(hub, file) for file in (change.old, change.new))
    return [
        (seen(name)[:200], old.get(name, ""), new.get(name, ""))
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    ]


def _described(hub: Hub, file: File) -> dict[str, str]:
    header = tensors_header(hub, file)
    return {each.name: f"{each.kind} {list(each.shape)}" for each in header[0]} if header is not None else {}


def fields_of(hub: Hub, old: About, new: About) -> list[tuple[str, str, str]]:
    """Fields of the manifests that differ: name, before, after."""
    before, after = (_manifest(hub, each) for each in (old, new))
    names = [*before, *(name for name in after if name not in before)]
    found = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [each for each in found if each[1] != each[2]][:_MOST_FIELDS]


def _manifest(hub: Hub, shown: About) -> dict[str, str]:
    file = next((found for name in ("operator.json", *MANIFESTS) if (found := shown.file(name)) is not None), None)
    if file is None or file.format != "text" or file.size > MOST_MANIFEST:
        return {}
    try:
        text = text_of(hub, file)
        told = json.loads(text) if file.path.endswith(".json") else plain(parse(text, file.path))
        return dict(_flat(told, "")) if isinstance(told, dict) else {}
    except (YamlError, ValueError, RecursionError):
        return {}


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """The fields of a mapping, those of mappings within it by ``outer.inner``; lists are one value."""
    if isinstance(value, dict) and value:
        for key, each in list(value.items())[:_MOST_FIELDS]:
            yield from _flat(each, f"{name}.{seen(str(key))}" if name else seen(str(key)))
    else:
        yield name, seen(json.dumps(value, ensure_ascii=False, default=str))[:MOST_LINE]
