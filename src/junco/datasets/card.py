"""`DataCard`: what is known of a data set: licence, size, parts, where it is from, how it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from junco.pages.letters import size
from junco.wording import printable_lines

UNKNOWN = "unknown"
TERMS = {
    "open": "",
    "non-commercial": "its terms allow no commercial use",
    "research": "its terms allow research alone",
    "per-item": "each item has terms of its own",
    UNKNOWN: "nobody states its terms",
}
"""What the terms of a data set mean for whoever uses it."""
_RESTRICTED = ("non-commercial", "research")
MODALITIES = ("image", "text", "audio", "video")


@dataclass(frozen=True, slots=True, repr=False)
class DataCard:
    """A data set of the catalogue.

    Attributes:
        id: its name here.
        title, summary: what it is, a line each.
        modalities: of its items, some of ``image``, ``text``, ``audio``, ``video``.
        tasks: what it is made for.
        licence: the SPDX name where there is one, else in words; ``unknown`` where its makers state none.
        terms: a key of `TERMS`.
        source: an address of its makers.
        loader: how rows are had: ``wheel:NAME==VERSION``, ``scikit-learn:NAME``, ``scikit-image:NAME``,
            ``junco:NAME``, ``huggingface:OWNER/NAME``; ``none``: its makers' page says how.
        items: how many; of a retrieval set those to be found; ``None``: not known.
        bytes: of what is downloaded; ``None``: not known.
        classes: how many labels there are; ``None``: none, or not known.
        splits: how many items, or queries, each part has that its makers cut it into.
        languages: of texts and speech, as BCP 47; ``multilingual`` for very many.
        config: of the loader's data set, where it has several.
        columns: what columns are called here, by their names in the source.
        layout: ``retrieval`` where it is queries, a corpus, and what answers which.
        cautions: what to beware of.
        cite: ``key``, ``authors``, ``title``, ``venue``, ``year`` of what to cite.
        sha256: of its files, by their names.
    """

    id: str
    title: str
    summary: str
    modalities: tuple[str, ...]
    tasks: tuple[str, ...]
    licence: str
    terms: str
    source: str
    loader: str = "none"
    items: int | None = None
    bytes: int | None = None
    classes: int | None = None
    splits: Mapping[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    config: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    layout: str = ""
    cautions: tuple[str, ...] = ()
    cite: Mapping[str, Any] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def way(self) -> str:
        """Of the loader the kind: ``wheel``, ``scikit-learn`` …, ``huggingface``, ``none``."""
        return self.loader.partition(":")[0]

    @property
    def place(self) -> str:
        """Of the loader what follows its kind."""
        return self.loader.partition(":")[2]

    @property
    def is_here(self) -> bool:
        """Whether packages bring it, so that no hub is needed."""
        return self.way not in ("huggingface", "none")

    @property
    def is_restricted(self) -> bool:
        """Whether its terms have to be accepted by name."""
        return self.terms in _RESTRICTED

    @property
    def modality(self) -> str:
        """What it is listed under: its only modality, or ``cross-modal``."""
        return self.modalities[0] if len(self.modalities) == 1 else "cross-modal"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in told.items()}

    def bibtex(self) -> str:
        """What to cite, as BibTeX; empty where nothing is known."""
        if not self.cite:
            return ""
        named = {"author": "authors", "title": "title", "howpublished": "venue", "year": "year"}
        lines = [f"  {name} = {{{self.cite[key]}}}," for name, key in named.items() if key in self.cite]
        return "\n".join([f"@misc{{{self.cite['key']},", *lines, "}"])

    def facts(self) -> dict[str, Any]:
        """Names with what is said of each, in the order in which people ask; lists are several lines."""
        told = TERMS[self.terms]
        return {
            "title": self.title,
            "about": self.summary,
            "modality": ", ".join(self.modalities),
            "task": ", ".join(self.tasks),
            "licence": self.licence + (f" ({told})" if told else ""),
            "size": self._size(),
            "splits": ", ".join(f"{name} {count:,}" for name, count in self.splits.items()),
            "languages": ", ".join(self.languages),
            "source": self.source,
            "loader": self._loader(),
            "caution": list(self.cautions),
            "cite": self._cited(),
            "sha256": [f"{name} {told}" for name, told in self.sha256.items()],
        }

    def _size(self) -> str:
        items = "items: not known" if self.items is None else f"{self.items:,} items"
        told = [items, f"{self.classes:,} classes" if self.classes else "", size(self.bytes) if self.bytes else ""]
        return ", ".join(filter(None, told))

    def _loader(self) -> str:
        if self.way == "none":
            return "none: its source says how it is had"
        return self.loader + (f", {self.config}" if self.config else "")

    def _cited(self) -> str:
        cite = self.cite
        return f"{cite['authors']}: {cite['title']}. {cite['venue']}, {cite['year']}" if cite else ""

    def __str__(self) -> str:
        rows = {name: value for name, value in self.facts().items() if value}
        width = max(map(len, rows))
        lines = [self.id]
        for name, value in rows.items():
            told = value if isinstance(value, list) else [value]
            lines += [f"{(name if not number else '').ljust(width)}  {line}" for number, line in enumerate(told)]
        return printable_lines(lines)

    def __repr__(self) -> str:
        return f"<data set {self.id}: {self._size()}, {self.licence}>"

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment
        from junco.pages.summary import listing, titled

        told = {name: "; ".join(value) if isinstance(value, list) else value for name, value in self.facts().items()}
        rows = [[name, value] for name, value in told.items() if value and name not in ("title", "about")]
        return fragment(titled(self.title, self.id, [self.summary], listing(["", ""], rows)))
