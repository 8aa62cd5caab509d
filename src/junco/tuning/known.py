"""`Known`: a set with what its items hold, by which copies, clashes and leaks are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from junco.errors import DataError
from junco.labelled.content import Contents, Watch, contents_of, unwatched
from junco.labelled.lazy import called
from junco.labelled.sets import LabelledSet, RetrievalSet, TrainSet, checked_labels, columns_in, with_rows
from junco.wording import picture

_MOST_NAMED = 5


@dataclass(frozen=True, eq=False)
class Known:
    """A set, and what its items hold.

    Attributes:
        data: the set.
        contents: of the items of each column.
    """

    data: TrainSet
    contents: tuple[Contents, ...]

    @classmethod
    def of(cls, data: TrainSet, *, are_texts: bool = False, watch: Watch = unwatched) -> Known:
        """Read what items hold.

        Raises:
            DataError: there are none, or one content has two labels.
        """
        if not len(data):
            raise DataError("the data has no items")
        columns = columns_in(data)
        known = cls(data, tuple(contents_of(each, are_texts=are_texts, watch=watch) for each in columns))
        if isinstance(data, LabelledSet):
            checked_labels(data.labels, "the data")
            _check_one_label(data, known.asking)
        return known

    @property
    def columns(self) -> list[list[bytes]]:
        """What stands in one row; of a retrieval set the queries alone, for its corpus is of both sides."""
        found = [each.digests for each in self.contents]
        return found[:1] if isinstance(self.data, RetrievalSet) else found

    @property
    def asking(self) -> list[bytes]:
        """What must not be on both sides in any case: items, and what of pairs and triplets stands first."""
        return self.contents[0].digests

    @property
    def num_copies(self) -> int:
        """Items, or first ones of a row, that hold what an earlier one holds."""
        return len(self.asking) - len(set(self.asking))

    @property
    def told(self) -> list[str]:
        """What was found out so far, a line each."""
        return [*self.data.told, *(line for each in self.contents for line in each.told())]

    def rows(self, rows: Sequence[int]) -> Known:
        """Some of its rows, in the order that is given."""
        whole = self.contents[1:] if isinstance(self.data, RetrievalSet) else ()  # of a corpus
        chosen = self.contents[: len(self.contents) - len(whole)]
        return Known(with_rows(self.data, rows), (*(each.chosen(rows) for each in chosen), *whole))

    def without(self, other: Known) -> tuple[Known, list[str]]:
        """The rows whose first items the other has not, and what is told of that.

        Raises:
            DataError: none is left.
        """
        there = set(other.asking)
        rows = [row for row, content in enumerate(self.asking) if content not in there]
        if len(rows) == len(self.asking):
            return self, []
        if not rows:
            raise DataError("all that is to be trained on is in the part to measure by as well: nothing is left")
        left_out = len(self.asking) - len(rows)
        return self.rows(rows), [f"{left_out:,} items to train on are held out as well, by their content: left out"]

    def name(self, row: int) -> str:
        """What a row is called in messages."""
        keys = getattr(self.data, "keys", ())
        label = f" ({picture(self.data.labels[row])})" if isinstance(self.data, LabelledSet) else ""
        is_named = bool(keys) and not str(keys[row]).isdigit()
        return (picture(keys[row]) if is_named else called(columns_in(self.data)[0][row], row)) + label


def check_apart(train: Known, held: Known) -> list[str]:
    """Refuse what is to be trained on and held out; what is told of items that belong to others on both sides.

    Raises:
        DataError: with the names of the first.
    """
    places = {content: row for row, content in reversed(list(enumerate(train.asking)))}
    both = [(places[content], row) for row, content in enumerate(held.asking) if content in places]
    if both:
        some = "; ".join(f"{train.name(a)} is {held.name(b)}" for a, b in both[:_MOST_NAMED])
        raise DataError(
            f"{len(both):,} of {len(held.asking):,} items of eval_data are in the data to train on as well, by their "
            f"content: {some}. What is measured by them says nothing: take them out of one of the two"
        )
    there = {content for column in train.columns for content in column}
    others = {content for column in held.columns for content in column} & there
    return (
        [f"{len(others):,} items of eval_data are in the data to train on as what belongs to others"] if others else []
    )


def _check_one_label(data: LabelledSet, digests: Sequence[bytes]) -> None:
    """Refuse one content under two labels.

    Raises:
        DataError: with the names of the first.
    """
    first: dict[bytes, int] = {}
    clashes: list[tuple[int, int]] = []
    for row, content in enumerate(digests):
        other = first.setdefault(content, row)
        if data.labels[other] != data.labels[row]:
            clashes.append((other, row))
    if clashes:
        name = Known(data, ()).name
        some = "; ".join(f"{name(a)} and {name(b)}" for a, b in clashes[:_MOST_NAMED])
        raise DataError(
            f"{len(clashes):,} items hold the same as another of another label: {some}. Nothing can be learned of "
            "them: leave them out, or give each one label"
        )
