"""What another pipeline makes of the items: vectors that are matched, and an order of pairs to measure by."""

from __future__ import annotations

from typing import Any

import numpy as np

from junco.api import Pipeline, pipeline
from junco.errors import DataError, JuncoError
from junco.labelled.lazy import all_asked
from junco.labelled.sets import PairSet, TrainSet, UnlabelledSet, columns_in
from junco.metrics.pairs import cosines
from junco.train.args import TrainingArgs
from junco.types import Vectors

_PAIRS_AN_ITEM, _MOST_PAIRS = 8, 5_000


def targets_of(data: TrainSet, args: TrainingArgs, loader: Any) -> Vectors:
    """The teacher's vectors of the items of the first column, float32 (n, dim).

    Raises:
        DataError: the teacher cannot read an item, or rows come of a loader, which the teacher never sees.
    """
    if loader is not None:
        raise DataError("goal='distil' takes items as they are, which the teacher reads too: leave loader out")
    return _vectors(columns_in(data)[0], args)


def order_by_teacher(data: UnlabelledSet, args: TrainingArgs) -> PairSet:
    """Pairs of items of which nothing is known but how near the teacher sees them: what is measured is the order."""
    rng = np.random.default_rng(args.seed)
    count = min(_MOST_PAIRS, _PAIRS_AN_ITEM * len(data))
    left = rng.integers(0, len(data), count)
    right = (left + rng.integers(1, len(data), count)) % len(data)
    vectors = _vectors(data.items, args)
    scores = cosines(vectors[left], vectors[right])
    items = list(data.items)
    return PairSet([items[row] for row in left], [items[row] for row in right], scores.tolist(), data.told)


def _vectors(items: Any, args: TrainingArgs) -> Vectors:
    assert args.teacher is not None, "TrainingArgs refuses to distil without"
    with pipeline(args.teacher) as teacher:
        _check(teacher, args.teacher)
        try:
            found = teacher.batch(all_asked(items))
        except JuncoError as error:
            raise DataError(f"the teacher {args.teacher!r} cannot read an item: {error}") from error
    return np.asarray(found, np.float32)


def _check(teacher: Pipeline, name: str) -> None:
    if not teacher.plan.gives_vectors or not teacher.plan.flow.is_single:
        raise DataError(f"the teacher {name!r} does not give one vector for an item")
