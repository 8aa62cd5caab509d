"""`Hits`: the rows that answer a question, best first: printed, in a notebook, as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, SupportsIndex, overload

from junco.pages.letters import amount, cut
from junco.settings import user_path
from junco.store.content import Content, place_of
from junco.wording import printable

_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Origin:
    """Of which set a row is, as far as that says what its key may stand for.

    Attributes:
        folders: in which the set's files lie.
        named_by: the column of a table whose values the keys are; empty where they are the inputs themselves.
        base: the folder that the inputs are named from; ``None`` where nobody knows.
    """

    folders: tuple[Path, ...] = ()
    named_by: str = ""
    base: Path | None = None

    @classmethod
    def of(cls, content: Content) -> Origin:
        """Of a set's content."""
        return cls(content.folders, content.named_by, content.base)


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """A row that answers a question.

    Attributes:
        key: the input that it came from.
        score: the cosine, 1 where it is the same; of a sparse or multi-vector set their own.
        columns: what else the set holds of the row.
        row: its number in the set; -1 where the index of a vector store found it, which knows no numbers.
        origin: the set.
    """

    key: str
    score: float
    columns: Mapping[str, Any] = field(default_factory=dict)
    row: int = -1
    origin: Origin = field(default=Origin(), repr=False, compare=False)

    @property
    def place(self) -> str:
        """Where the file lies that the key names; the key itself where it names none."""
        return place_of(self.key, self.origin.base)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        columns = {name: _plain(value) for name, value in self.columns.items()}
        return {"key": self.key, "score": round(self.score, 6), "columns": columns}

    def __str__(self) -> str:
        columns = "  ".join(text for value in self.columns.values() if (text := said(value)))
        return printable(f"{self.score:6.3f}  {self.key}  {cut(' '.join(columns.split()), _WIDTH)}".rstrip())

    def __repr__(self) -> str:
        return f"<hit {' '.join(str(self).split())}>"


class Hits(list[Hit]):
    """Rows that answer a question, best first.

    Attributes:
        question: in words.
    """

    def __init__(self, hits: Iterable[Hit] = (), question: str = "") -> None:
        super().__init__(hits)
        self.question = question

    @overload
    def __getitem__(self, index: SupportsIndex) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> Hits: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Hit | Hits:
        found = super().__getitem__(index)
        return found if isinstance(found, Hit) else Hits(found, self.question)

    def save(self, path: str | Path, *, sources: bool = False) -> None:
        """Write a page that stands alone: each row with what there is to see of it.

        Of many rows there are further pages, in the folder ``<name>-pages`` beside it.

        Args:
            path: where to.
            sources: read also what lies neither beneath the working folder nor beneath the set's; whoever made the set
                chose its keys, so that they may name any file of yours.

        Raises:
            TargetError: the file cannot be written.
        """
        from junco.answers.page import write_answers

        write_answers(user_path(path), "", [self], sources=sources)

    def _repr_html_(self) -> str:
        from junco.answers.page import answers_body
        from junco.pages.style import fragment

        return fragment(answers_body("", [self]))

    def to_dict(self) -> list[dict[str, Any]]:
        """As JSON has it."""
        return [hit.to_dict() for hit in self]

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "nothing was found"

    def __repr__(self) -> str:
        is_scored = bool(self) and not math.isnan(self[0].score)
        best = f", the best {self[0].key} with {self[0].score:.3f}" if is_scored else ""
        of = f" of {cut(self.question, _WIDTH)}" if self.question else ""
        return printable(f"<{amount(len(self), 'hit')}{of}{best}>")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def said(value: Any) -> str:
    """A column's value in a line: a frame's time, a page's number, a chunk's text, a box's label."""
    if not isinstance(value, Mapping):
        return "" if value is None or isinstance(value, (list, bytes)) else _short(value)
    for fields, form in _FORMS.items():
        if fields <= value.keys() and all(value[name] is not None for name in fields):
            with suppress(ValueError, TypeError):  # somebody else's, with what is no number there
                return form.format(**value)
    return str(value.get("label") or "")


_FORMS = {
    frozenset({"text", "start"}): "{text}",
    frozenset({"time_s"}): "{time_s:.2f} s",
    frozenset({"start_s", "end_s"}): "{start_s:.2f}–{end_s:.2f} s",
    frozenset({"number"}): "page {number}",
}


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
