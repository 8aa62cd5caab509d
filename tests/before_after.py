"""What is measured of a set by vectors before and after, as a pipeline's evaluation has it."""

from __future__ import annotations

import numpy as np

from junco.evaluate.evaluation import Evaluation, Measured
from junco.evaluate.measures import main_of, measured, sides
from junco.evaluate.way import key_of


def values_of(data, *columns):
    """What is measured of a set by the vectors of its columns."""
    vectors, found = iter(np.concatenate(columns)), []
    for _, items in sides(data):
        found.append({key_of(item): next(vectors) for item in items})
    return measured(data, found, (1, 10), 5)


def estimates_of(data, *columns):
    return {name: each.estimate() for name, each in values_of(data, *columns).items()}


def evaluation_of(data, before, after) -> Evaluation:
    """Before and after side by side, as a pipeline's evaluation has it."""
    first, second = values_of(data, *before), values_of(data, *after)
    ways = [
        Measured(
            name,
            None,
            vectors[0].shape[1],
            4 * vectors[0].shape[1],
            0,
            100.0,
            {each: found.estimate() for each, found in values.items()},
            {each: found.more_than(first[each]) for each, found in values.items()} if values is second else {},
        )
        for name, vectors, values in (("before", before, first), ("after", after, second))
    ]
    return Evaluation(repr(data)[1:-1], main_of(data), tuple(ways))
