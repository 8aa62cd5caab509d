"""`write_card`: the card of a data set as an artefact of a hub: ``dataset.yaml``, and a page for people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junco.datasets.card import UNKNOWN, DataCard
from junco.datasets.facts import facts_of_all
from junco.datasets.rows import LABEL
from junco.errors import InputError, TargetError
from junco.graph.yaml_text import dump
from junco.hub.artefact.kinds import CARD
from junco.hub.artefact.tree import paths_of
from junco.operator.licences import is_licence
from junco.pages.letters import amount
from junco.places.files import file_sha256
from junco.settings import user_path
from junco.store.durable import replacing, writing

MANIFEST = "dataset.yaml"
_MODALITIES = {"picture": "image", "sound": "audio", "video": "video", "text": "text"}
_MOST_HASHED = 1_000
"""Files whose sha256 stand in the card."""


def write_card(
    folder: str | os.PathLike[str], card: DataCard | None = None, *, replace: bool = False, **told: str
) -> tuple[Path, Path]:
    """Write ``dataset.yaml`` and ``README.md`` into a folder, which `junco check` and a hub take.

    Args:
        folder: of the data, or a new one for the card alone.
        card: of the catalogue; ``None``: what the folder's files say, with what is told.
        replace: write over a card that is there.
        told: ``title``, ``summary``, ``licence``, ``task``, ``source`` of one's own data.

    Returns:
        The paths of both.

    Raises:
        InputError: the licence or the task of one's own data is not told.
        TargetError: a card is there already, or it cannot be written.
    """
    target = user_path(folder, "the folder")
    there = [target / name for name in (MANIFEST, CARD) if (target / name).exists()]
    if there and not replace:
        raise TargetError(f"{there[0]} is there already: replace=True (--replace) writes over it")
    manifest, name = (of_card(card), licence_name(card.licence)) if card else of_folder(target, told)
    page = page_of(manifest, name, card.bibtex() if card else "")
    with writing(str(target)):
        target.mkdir(parents=True, exist_ok=True)
        for path, text in ((MANIFEST, dump(manifest, flow=False)), (CARD, page)):
            with replacing(target / path) as file:
                file.write(text.encode())
    return target / MANIFEST, target / CARD


def licence_name(licence: str) -> str:
    """What a licence is called beside ``other`` where it has no name of SPDX; empty where it has one."""
    return "" if is_licence(licence) else licence


def of_card(card: DataCard) -> dict[str, Any]:
    """The manifest of a data set of the catalogue."""
    found: dict[str, Any] = {
        "kind": "dataset",
        "name": card.id.rpartition("/")[2],
        "title": card.title,
        "summary": card.summary,
        "license": "other" if licence_name(card.licence) else card.licence,
        "terms": card.terms,
        "task": card.tasks[0] if card.tasks else "other",
        "tags": list(card.tasks[1:]),
        "modalities": list(card.modalities),
        "languages": list(card.languages),
        "source": card.source,
        "items": card.items,
        "bytes": card.bytes,
        "classes": card.classes,
        "splits": dict(card.splits),
        "loader": "" if card.way in ("none", "folder") else card.loader,
        "cautions": list(card.cautions),
        "citation": card.bibtex(),
        "sha256": dict(card.sha256),
    }
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def of_folder(folder: Path, told: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The manifest of a folder's own data, and the name of its licence where that is none of SPDX.

    Raises:
        InputError: what nobody can read off its files was not told.
    """
    from junco.datasets.loading import load

    if unknown := set(told) - {"title", "summary", "licence", "task", "source"}:
        raise InputError(f"a card has no {min(unknown)!r}: title, summary, licence, task, source")
    for name, like in (("licence", "CC-BY-4.0, or in words"), ("task", "image-classification")):
        if not told.get(name):
            raise InputError(f"nobody can read the {name} off the files: say {name}= (--{name}), such as {like}")
    rows: Any = load(folder.absolute())
    read, kinds, cautions = _looked_through(rows)
    labels = {rows[row][LABEL] for row in read} if LABEL in rows.column_names else set()
    paths = _paths_of(folder, rows, read)
    about = amount(len(read), "item") + (f" of {amount(len(labels), 'label')}" if labels else "")
    licence = told["licence"]
    found = {
        "kind": "dataset",
        "name": folder.absolute().name,
        "title": told.get("title") or folder.absolute().name,
        "summary": told.get("summary") or about,
        "license": "other" if licence_name(licence) else licence,
        "task": told["task"],
        "source": told.get("source") or None,
        "modalities": kinds or None,
        "items": len(read),
        "bytes": sum((folder / path).stat().st_size for path in paths),
        "classes": len(labels) or None,
        "splits": {name: len(read & set(part.numbers)) for name, part in rows.parts.items()} or None,
        "cautions": cautions or None,
        "sha256": {p: file_sha256(folder / p) for p in paths} if len(paths) <= _MOST_HASHED else None,
    }
    return {key: value for key, value in found.items() if value is not None}, licence_name(licence)


def _looked_through(rows: Any) -> tuple[set[int], list[str], list[str]]:
    """The numbers of the rows that can be read, which modalities they are, and what whoever uses it has to know."""
    column = next(name for name in rows.column_names if name != LABEL)
    facts = list(facts_of_all(rows.column(column)))
    read = {row for row, each in enumerate(facts) if not each.problem}
    kinds = sorted({_MODALITIES[facts[row].kind] for row in read if facts[row].kind in _MODALITIES})
    lost = len(facts) - len(read)
    said = f"{amount(lost, 'item')} cannot be read, and {'is' if lost == 1 else 'are'} not counted"
    return read, kinds, [said] if lost else []


def _paths_of(folder: Path, rows: Any, read: set[int]) -> list[str]:
    """The files that hold the data, from the folder on: those of its items, or its tables."""
    there = [path for path in paths_of(folder)[0] if path not in (MANIFEST, CARD)]
    if "path" not in rows.column_names:
        return there
    items = {os.path.relpath(rows[row]["path"], folder.absolute()) for row in read}
    return [path for path in there if path in items] or there


def page_of(manifest: Mapping[str, Any], name: str, citation: str) -> str:
    """The page for people, whose head says licence and kind to every hub.

    Args:
        manifest: of the same data set.
        name: of a licence that SPDX does not know; empty: it does.
        citation: BibTeX; empty: none.
    """
    link = manifest.get("source", "")
    other = {"license_name": name if name != UNKNOWN else "not stated", **({"license_link": link} if link else {})}
    tags = ["junco:dataset", *manifest.get("modalities", [])]
    head = {"license": str(manifest["license"]).lower(), **(other if name else {}), "tags": tags}
    lines = [f"# {manifest['title']}", "", manifest["summary"], "", "| | |", "|---|---|"]
    lines += [f"| {key} | {_cell(value)} |" for key, value in _facts(manifest, name) if value]
    for caution in manifest.get("cautions", []):
        lines += ["", f"**Beware:** {caution}."]
    if citation:
        lines += ["", "```bibtex", citation, "```"]
    return f"---\n{dump(head, flow=False)}---\n" + "\n".join(lines) + "\n"


def _facts(manifest: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    splits = ", ".join(f"{key} {count:,}" for key, count in manifest.get("splits", {}).items())
    items = f"{manifest['items']:,}" if "items" in manifest else "not known"
    tasks = ", ".join([manifest["task"], *manifest.get("tags", [])])
    return [
        ("licence", name or manifest["license"]),
        ("task", tasks),
        ("items", items),
        ("classes", manifest.get("classes")),
        ("splits", splits),
        ("languages", ", ".join(manifest.get("languages", []))),
        ("source", manifest.get("source")),
        ("loader", f"`{manifest['loader']}`" if manifest.get("loader") else ""),
    ]


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
