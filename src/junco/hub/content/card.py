"""What a repository says of itself: the head of its README and its manifest, as data within limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from junco.errors import YamlError
from junco.graph.yaml_text import MAX_BYTES, parse, plain

KINDS = ("operator", "tuned-operator", "pipeline", "family", "dataset", "model")
MANIFESTS = {
    "junco.yaml": None,
    "operator.yaml": "operator",
    "pipeline.yaml": "pipeline",
    "family.yaml": "family",
    "dataset.yaml": "dataset",
}
"""Files that say what a repository is, the first that is there; with the kind that the name alone says."""
LOCK = "junco.lock"
READ = ("README.md", LOCK, *MANIFESTS)
SIGNATURE = "model.sig"
"""The file in which whoever made an artefact signs for all others of it."""
BASE = "base_model:"
"""What a tag begins with that names what a repository was made of, as Hugging Face's clients know it."""
_WORD = re.compile(r"[a-z0-9][a-z0-9._+-]{0,94}")
_FULL_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95})(?:@.*)?")
_HEAD = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown and searched of a repository; plain text, whatever it holds."""

    kind: str = "model"
    family: str | None = None
    task: str | None = None
    licence: str | None = None
    title: str = ""
    summary: str = ""
    tags: list[str] = field(default_factory=list)


def read_card(texts: Mapping[str, bytes]) -> Card:
    """From the files of `READ` that are there; what cannot be read says nothing."""
    head = front_matter(texts.get("README.md", b""))
    name = next((name for name in MANIFESTS if name in texts), None)
    manifest = _mapping(texts[name], name) if name else {}
    tags = [*_words(head.get("tags")), *_words(manifest.get("tags"))]
    marked = dict(tag.split(":", 1) for tag in tags if tag.startswith(("junco:", "family:")))
    kind = _word(manifest.get("kind")) or marked.get("junco") or (MANIFESTS[name] if name else None)
    body = without_front_matter(_text(texts.get("README.md", b"")))
    return Card(
        kind=kind if kind in KINDS else "model",
        family=_word(manifest.get("family")) or marked.get("family"),
        task=_word(manifest.get("task")) or _word(head.get("pipeline_tag")),
        licence=_word(manifest.get("licence")) or _word(manifest.get("license")) or _word(head.get("license")),
        title=_line(manifest.get("title")) or _title(body),
        summary=_line(manifest.get("summary") or manifest.get("description"), 500) or _summary(body),
        tags=[*list(dict.fromkeys(tags))[:50], *_bases(head, manifest, texts.get(LOCK, b""))],
    )


def _bases(head: Mapping[str, Any], manifest: Mapping[str, Any], lock: bytes) -> list[str]:
    """Tags of what it was made of: what the card says, the manifest's lineage, and what a pipeline's lock pins."""
    said = head.get("base_model")
    lineage = manifest.get("lineage")
    named = [*(said if isinstance(said, list) else [said]), *(lineage.values() if isinstance(lineage, dict) else [])]
    found = [_FULL_NAME.fullmatch(each.strip()) for each in [*named, *_pinned(lock)] if isinstance(each, str)]
    return list(dict.fromkeys(f"{BASE}{each[1]}" for each in found if each))[:20]


def _pinned(lock: bytes) -> list[str]:
    try:
        pins = json.loads(lock[: 2 * MAX_BYTES] or b"{}").get("artefacts", {})
        return [str(pin.get("repository")) for pin in pins.values()]
    except (ValueError, AttributeError, RecursionError):
        return []


def front_matter(readme: bytes) -> dict[str, Any]:
    """The YAML between the first two lines of ``---``; empty where there is none that can be read."""
    found = _HEAD.match(_text(readme))
    return _mapping(found[1].encode(), "README.md") if found else {}


def without_front_matter(text: str) -> str:
    """The text of a card beneath its head."""
    return _HEAD.sub("", text, count=1)


def problems_of(name: str, data: bytes) -> list[str]:
    """What is wrong with a card or manifest."""
    text = _text(data)
    if name == "README.md":
        found = _HEAD.match(text)
        if found is None:
            return []
        text = found[1]
    try:
        _parsed(text, name)
    except YamlError as error:
        return [str(error)]
    return []


def _parsed(text: str, name: str) -> dict[str, Any]:
    if len(text.encode()) > MAX_BYTES:
        raise YamlError(f"at most {MAX_BYTES:,} bytes are read", name)
    value = plain(parse(text, name))
    if value is not None and not isinstance(value, dict):
        raise YamlError("a mapping is meant", name, 1)
    return value or {}


def _mapping(data: bytes, name: str) -> dict[str, Any]:
    try:
        return _parsed(_text(data), name)
    except YamlError:
        return {}


def _text(data: bytes) -> str:
    return data[: 2 * MAX_BYTES].decode("utf-8", "replace")


def _word(value: Any) -> str | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word if _WORD.fullmatch(word) else None


def _words(value: Any) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return [each.strip()[:96] for each in values if isinstance(each, str) and each.strip().isprintable()]


def _line(value: Any, most: int = 200) -> str:
    """A text on one line, without what changes how others are read."""
    if not isinstance(value, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(value.split()))[:most].strip()


def _title(body: str) -> str:
    return next((_line(line.lstrip("# ")) for line in body.splitlines() if line.startswith("# ")), "")


def _summary(body: str) -> str:
    """The first paragraph that is no heading, picture or markup."""
    paragraphs = (part.strip() for part in body.split("\n\n"))
    return next((_line(part, 500) for part in paragraphs if part and part[0] not in "#<![|`-"), "")
