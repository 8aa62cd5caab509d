"""Which columns of a table say what: the item and its label, two that belong together, three, and a score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from junco.errors import DataError
from junco.wording import did_you_mean, nearest

LABELS = ("label", "labels", "class", "class_name", "category", "target", "y", "标签", "类别", "分类")
SCORES = ("score", "similarity", "similarity_score", "relatedness", "分数", "相似度")
PAIRS = (
    ("anchor", "positive"),
    ("query", "document"),
    ("query", "passage"),
    ("query", "positive"),
    ("query", "answer"),
    ("question", "answer"),
    ("sentence1", "sentence2"),
    ("sentence_a", "sentence_b"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("left", "right"),
    ("image", "caption"),
    ("image", "text"),
    ("问题", "答案"),
)
TRIPLET = ("anchor", "positive", "negative")
_MEANT = (
    "a column 'label' beside the items (other names by column= and label=; --column, --label); two that belong "
    "together, as 'anchor' and 'positive' or 'query' and 'document', with a 'score' or without; or 'anchor', "
    "'positive', 'negative'"
)


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands where.

    Attributes:
        items: one column of items, or two, or three.
        label: the column of labels; empty where there is none.
        score: the column of scores; empty where there is none.
    """

    items: tuple[str, ...]
    label: str = ""
    score: str = ""


def columns_of(
    there: Sequence[str], inputs: Sequence[str], column: str | None, label: str | None, what: str
) -> Columns:
    """What the columns of a table hold, by their names.

    Args:
        there: all columns.
        inputs: what the pipeline calls its inputs.
        column: of the items, where the caller says it.
        label: of the labels, or of the scores, where the caller says it.
        what: the table, for messages.

    Raises:
        DataError: nothing that is known of the items, or no such column.
    """
    for asked in (column, label):
        if asked is not None and asked not in there:
            raise DataError(f"{what} has no column {asked!r}.{did_you_mean(nearest(asked, there, 1))}")
    find = _finder(there)
    if column is None and label is None:
        if (three := find(TRIPLET)) is not None:
            return Columns(three)
        for names in PAIRS:
            if (two := find(names)) is not None:
                return Columns(two, score=_first(there, SCORES))
    label = label or _first(there, LABELS)
    if not label:
        raise DataError(f"{what} says nothing of its items ({', '.join(there)}): it takes {_MEANT}")
    item = column or _item(there, inputs, label, what)
    return Columns((item,), label)


def _item(there: Sequence[str], inputs: Sequence[str], label: str, what: str) -> str:
    others = [name for name in there if name != label]
    if named := _first(others, (*inputs, "item", "path", "file", "text", "image", "input")):
        return named
    if len(others) == 1:
        return others[0]
    raise DataError(f"{what}: which of {', '.join(others)} holds the items? Say column= (--column)")


def _first(there: Sequence[str], wanted: Sequence[str]) -> str:
    folded = {name.strip().casefold(): name for name in reversed(there)}
    return next((folded[name.casefold()] for name in wanted if name.casefold() in folded), "")


def _finder(there: Sequence[str]) -> Callable[[Sequence[str]], tuple[str, ...] | None]:
    def find(names: Sequence[str]) -> tuple[str, ...] | None:
        found = tuple(_first(there, (name,)) for name in names)
        return found if all(found) else None

    return find
