"""`compared`: what is held out, measured with the operator as it was and with the tuned one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from junco.errors import SpaceError
from junco.evaluate.evaluation import Evaluation
from junco.labelled.sets import AnySet, LabelledSet, PairSet, RetrievalSet, TripletSet, with_rows
from junco.neural.bridge import Bridge
from junco.neural.operator import NeuralOperator
from junco.tuning.held_out import HeldOut
from junco.tuning.loaded import HeldOut as Rows
from junco.tuning.loading import vectors_of
from junco.tuning.measuring import Asked, WayFacts, measured_way, side_by_side
from junco.tuning.split import Split
from junco.tuning.ways import HeadWay, Ready, Way
from junco.types import Vectors

_MOST_EXAMPLES, _LEAST_LABELS = 300, 2
NO_MAP = "it was not a head alone that was trained, so that no matrix makes the new vectors of the old ones"


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found.

    Attributes:
        evaluation: before and after; ``None`` where nothing is held out.
        held_out: the same items with their vectors.
        on_examples: the deciding measure of what was trained on, afterwards; ``None`` where nobody measured it.
        bridge: from vectors of before to those of after; ``None``: see ``no_bridge``.
        no_bridge: why there is none.
    """

    evaluation: Evaluation | None
    held_out: HeldOut | None
    on_examples: float | None
    bridge: Bridge | None
    no_bridge: str


def compared(way: Way, tuned: NeuralOperator, parts: Split, ready: Ready) -> Compared:
    """Measure both by the same items.

    Args:
        way: how it was trained.
        tuned: the operator that came out.
        parts: what was held out.
        ready: what was trained on.
    """
    bridge, no_bridge = _bridge(way, tuned)
    data = ready.held_data
    if data is None:
        return Compared(None, None, None, bridge, no_bridge)
    before = way.vectors_before(data)
    after, vectors_after = way.vectors_after(tuned, before, data)
    vectors_before = [vectors_of(rows) for rows in before.rows]
    first = before.asked.measures(vectors_before)
    second = after.asked.measures(vectors_after)
    shown = side_by_side(
        before.asked,
        measured_way("before", first, None, _facts(way.operator, vectors_before[0])),
        measured_way("after", second, first, _facts(tuned, vectors_after[0])),
        before.asked.coded,
        parts.told,
    )
    seen = HeldOut(_with_items(before), _columns(before.asked, vectors_before), _columns(after.asked, vectors_after))
    return Compared(shown, seen, _on_examples(way, tuned, parts, shown.main), bridge, no_bridge)


def _bridge(way: Way, tuned: NeuralOperator) -> tuple[Bridge | None, str]:
    """From the vectors that the operator gave, finished as it finishes them, to those that it gives now."""
    if not isinstance(way, HeadWay):
        return None, NO_MAP
    source, target = way.operator.taken_space(), tuned.taken_space()
    if source is None or target is None:
        return None, "nothing identifies the model, nor the space of its vectors"
    bridge = Bridge(way.weight, source, target)
    try:
        return bridge.on(way.operator.space()), ""
    except SpaceError:  # they are cut or made whole numbers, of which no map is made
        return bridge, ""


def _on_examples(way: Way, tuned: NeuralOperator, parts: Split, main: str) -> float | None:
    """The deciding measure of some of what was trained on, as many as were held out; of labels alone."""
    data = parts.train
    if not isinstance(data, LabelledSet) or parts.eval is None:
        return None
    count = min(len(data), len(parts.eval), _MOST_EXAMPLES)
    rows = sorted(np.random.default_rng(0).choice(len(data), count, replace=False).tolist())
    some = with_rows(data, rows)
    if len(some.counts) < _LEAST_LABELS:
        return None
    after, vectors = way.vectors_after(tuned, way.vectors_before(some), some)
    return after.asked.means(vectors)[main]


def _facts(operator: NeuralOperator, vectors: Vectors) -> WayFacts:
    space = operator.space()
    size = sum(file.stat().st_size for file in operator.all_files() if file.is_file())
    return WayFacts(space.id if space is not None else None, vectors.shape[1], size, float("nan"))


def _with_items(found: Rows) -> AnySet:
    """The set whose items are numbers, with the items themselves."""
    coded, left, right = found.asked.coded, found.asked.items[0], found.asked.items[-1]
    if isinstance(coded, LabelledSet):
        return replace(coded, items=left)
    if isinstance(coded, PairSet):
        return replace(coded, left=_at(left, coded.left), right=_at(right, coded.right))
    if isinstance(coded, TripletSet):
        others = [_at(right, each) for each in (coded.positives, coded.negatives)]
        return replace(coded, anchors=_at(left, coded.anchors), positives=others[0], negatives=others[1])
    queries = {name: left[place] for name, place in coded.queries.items()}
    corpus = {name: right[place] for name, place in coded.corpus.items()}
    return RetrievalSet(queries, corpus, coded.relevant, coded.told)


def _columns(asked: Asked, vectors: Sequence[Vectors]) -> tuple[Vectors, ...]:
    """Vectors of each column, of vectors of each side's items."""
    coded, left, right = asked.coded, vectors[0], vectors[-1]
    if isinstance(coded, LabelledSet):
        return (left,)
    if isinstance(coded, PairSet):
        return _rows(left, coded.left), _rows(right, coded.right)
    if isinstance(coded, TripletSet):
        return _rows(left, coded.anchors), _rows(right, coded.positives), _rows(right, coded.negatives)
    return _rows(left, list(coded.queries.values())), _rows(right, list(coded.corpus.values()))


def _at(items: Sequence[Any], places: Sequence[Any]) -> list[Any]:
    return [items[place] for place in places]


def _rows(vectors: Vectors, places: Sequence[Any]) -> Vectors:
    return vectors[np.asarray(places, np.int64)]
