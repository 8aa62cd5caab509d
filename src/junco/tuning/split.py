"""`split`: data → what is trained on and what is held out to measure by, with no content on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from junco.errors import DataError
from junco.job.wanted import LeftOut
from junco.labelled.content import Contents, Watch, unwatched
from junco.labelled.fingerprint import Side, side_of
from junco.labelled.items import read_items
from junco.labelled.parts import Parts, parts_of
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet, TrainSet, TripletSet, UnlabelledSet
from junco.tuning.drawn import drawn_by_group, drawn_by_label
from junco.tuning.known import Known, check_apart
from junco.wording import picture

_LEAST = {LabelledSet: 3, PairSet: 2, TripletSet: 1, RetrievalSet: 1, UnlabelledSet: 2}
_LEAST_LABELS = 2
_MOST_NAMED = 5
"""What a side has at least."""


@dataclass(frozen=True, eq=False)
class Split:
    """What is trained on, and what is held out.

    Attributes:
        train: what is trained on; of a retrieval set the pairs of queries and what answers them.
        eval: what is held out; ``None``: nothing is.
        contents: what the items of each column of `train` hold.
        train_side, eval_side: what is known of both, for records.
        how: where the held-out items are from: ``share``, ``source``, ``part test`` or ``none``.
        share: that was asked for; ``None`` where none was.
        seed: of what was drawn.
        num_copies: items that hold what another of their side holds, and stand with it.
        told: what was found out and decided, a line each.
    """

    train: TrainSet
    eval: TrainSet | None
    contents: tuple[Contents, ...]
    train_side: Side
    eval_side: Side | None
    how: str
    share: float | None
    seed: int
    num_copies: int
    told: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Of the content and labels of all that is trained on."""
        return self.train_side.fingerprint

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for reports: counts, fingerprints, and which items are held out."""
        sides = {"train": self.train_side.to_dict(), "eval": self.eval_side.to_dict() if self.eval_side else None}
        how = {"how": self.how, "share": self.share, "seed": self.seed, "num_copies": self.num_copies}
        held_out = self.eval_side.named() if self.eval_side else None
        return {**how, **sides, "held_out": held_out, "told": list(self.told)}

    def __repr__(self) -> str:
        return f"<split: {self.train!r} to train, {self.eval!r} held out>"


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How data is read and split.

    Attributes:
        inputs: what the operator's pipeline calls its inputs; of ``text`` alone, texts name no files.
        column, label: of a table, where they are not found by their names.
        on_error: "raise" ends with what cannot be read, which else is left out, and told.
        has_labels: whether something has to be known of the items; another model's vectors are learned without.
        watch: is told what is read.
    """

    inputs: tuple[str, ...] = ("item",)
    column: str | None = None
    label: str | None = None
    has_labels: bool = True
    watch: Watch = unwatched
    on_error: Literal["skip", "raise"] = "skip"

    @property
    def are_texts(self) -> bool:
        """Whether texts are the items, and not paths."""
        return self.inputs == ("text",)

    def read(self, data: Any) -> TrainSet:
        """What is known of the items of some data.

        Raises:
            DataError: something of it cannot be read, and nothing may be left out.
        """
        found = self._read(data)
        if self.on_error == "raise" and (lost := [line for line in found.told if isinstance(line, LeftOut)]):
            raise DataError(f"{'; '.join(lost[:_MOST_NAMED])}. Mend it, or go on without it by on_error='skip'")
        return found

    def _read(self, data: Any) -> TrainSet:
        if isinstance(data, UnlabelledSet):
            return data
        if self.has_labels:
            return read_data(data, self.inputs, column=self.column, label=self.label)
        return read_items(data, self.inputs, column=self.column)

    def known(self, data: Any) -> Known:
        """The same, with what its items hold."""
        return Known.of(self.read(data), are_texts=self.are_texts, watch=self.watch)


def split(data: Any, eval_data: Any, seed: int, options: SplitOptions = SplitOptions()) -> Split:
    """Hold out a part of some data, by what its items hold; the order and the names of files change nothing.

    Args:
        data: whatever `read_data` takes, or a set that was read.
        eval_data: a share, between 0 and 1; a source of its own, or the name of one of the data's own parts; ``None``:
            nothing is held out. Data that has a part to measure by (``test`` …) has that one held out, not a share.
        seed: of what is drawn.
        options: how data is read.

    Raises:
        DataError: the same content on both sides, or under two labels; too little to hold out a share of it; data that
            says nothing of its items.
        JobError: a source that cannot be read.
    """
    share = _share(eval_data)
    parts = (
        None if isinstance(data, (LabelledSet, PairSet, TripletSet, RetrievalSet, UnlabelledSet)) else parts_of(data)
    )
    if parts is not None:
        return _of_parts(parts, eval_data, share, seed, options)
    known = options.known(data)
    if eval_data is None:
        line = "nothing is held out: what is measured is measured by what was learned from"
        return _split(known, None, "none", share, seed, line)
    if share is not None:
        return _drawn(known, share, seed)
    try:
        other = options.known(eval_data)
    except DataError as error:
        raise DataError(f"eval_data: {error}") from error
    return _split(known, other, "source", share, seed, *check_apart(known, other))


def _share(eval_data: Any) -> float | None:
    """The share that is asked for, if one is.

    Raises:
        DataError: a number that is none.
    """
    if isinstance(eval_data, bool) or not isinstance(eval_data, (int, float)):
        return None
    if not 0 < eval_data < 1:
        raise DataError(
            f"eval_data is a share between 0 and 1, as 0.2, a source, or None for nothing, not {picture(eval_data)}"
        )
    return float(eval_data)


def _of_parts(parts: Parts, eval_data: Any, share: float | None, seed: int, options: SplitOptions) -> Split:
    """Data that comes in parts: what is in both, as in many public sets, is left out of what is trained on."""
    if parts.train is None:
        raise DataError(f"{parts.what} has the parts {', '.join(parts.each)} and none to train on: give one, data['…']")
    train = options.known(parts[parts.train])
    is_name = isinstance(eval_data, str) and eval_data in parts.each
    name = eval_data if is_name else parts.held_out
    if eval_data is None or name is None or not (is_name or share is not None):
        return split(train.data, eval_data, seed, options)
    if name == parts.train:
        raise DataError(f"{parts.what}: {name!r} is what is trained on, and cannot be held out too")
    held = options.known(parts[name])
    train, line = train.without(held)
    lines = [f"{parts.what} has the part {name!r}, which is held out: nothing is drawn", *line]
    others = [each for each in parts.each if each not in (name, parts.train)]
    lines += [f"its other parts are not used: {', '.join(others)}"] if others else []
    return _split(train, held, f"part {name}", share, seed, *lines)


def _drawn(known: Known, share: float, seed: int) -> Split:
    """A share held out."""
    data = known.data
    if isinstance(data, LabelledSet):
        drawn = drawn_by_label(data.labels, known.asking, share, seed)
    else:
        what = {PairSet: "pairs", TripletSet: "triplets", RetrievalSet: "queries"}.get(type(data), "items")
        drawn = drawn_by_group(known.columns, share, seed, what)
    if not drawn.train or not drawn.held:
        raise _too_few(data, share, f"{len(drawn.train):,} to train on and {len(drawn.held):,}")
    train, held = known.rows(drawn.train), known.rows(drawn.held)
    _check_enough(data, train.data, held.data, share)
    return _split(train, held, "share", share, seed, *drawn.told)


def _split(train: Known, held: Known | None, how: str, share: float | None, seed: int, *told: str) -> Split:
    """The record of both sides."""
    data, contents = _as_pairs(train) if isinstance(train.data, RetrievalSet) else (train.data, train.contents)
    num_copies = train.num_copies + (held.num_copies if held else 0)
    copies = [f"{num_copies:,} items hold what another holds: such are on one side"] if num_copies else []
    lines = dict.fromkeys([*train.told, *(held.told if held else ()), *told, *copies])
    sides = side_of(train.data, train.columns), side_of(held.data, held.columns) if held else None
    return Split(data, held.data if held else None, contents, *sides, how, share, seed, num_copies, tuple(lines))


def _as_pairs(known: Known) -> tuple[PairSet, tuple[Contents, ...]]:
    """Of a retrieval set a pair for each query and each item that answers it."""
    data = known.data
    assert isinstance(data, RetrievalSet)
    places = [{name: at for at, name in enumerate(each)} for each in (data.queries, data.corpus)]
    names = [(query, item) for query, gains in data.relevant.items() for item in gains]
    rows = [[places[side][each[side]] for each in names] for side in (0, 1)]
    left, right = [data.queries[query] for query, _ in names], [data.corpus[item] for _, item in names]
    return PairSet(left, right, [], data.told), tuple(map(Contents.chosen, known.contents, rows))


def _check_enough(data: TrainSet, train: TrainSet, held: TrainSet, share: float) -> None:
    """Refuse sides that are too small to learn from, or to measure by.

    Raises:
        DataError: with what helps.
    """
    least = _LEAST[type(data)]
    is_enough = min(len(held), len(train)) >= least
    if isinstance(held, LabelledSet) and isinstance(train, LabelledSet):
        is_enough = is_enough and min(len(held.counts), len(train.counts)) >= _LEAST_LABELS
    if not is_enough:
        raise _too_few(data, share, f"{train!r} to train on and {held!r}")


def _too_few(data: TrainSet, share: float, sides: str) -> DataError:
    return DataError(
        f"{data!r} are too few to hold out a share of {share:g} of: that leaves {sides} to measure by. Give more, or "
        "eval_data= a source of its own, or None for nothing"
    )
