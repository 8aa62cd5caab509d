"""The ways to run a pipeline."""

from __future__ import annotations

import pytest

from junco import pipe

WAYS = {
    "call": lambda p, items: [p(*(item if len(p.graph.inputs) > 1 else (item,))) for item in items],
    "batch": lambda p, items: p.batch(items),
    "stream": lambda p, items: list(p.stream(items)),
    "stream from a generator": lambda p, items: list(p.stream(iter(items))),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def in_processes(fn, **options):
    """A pipeline of one step that works in other processes."""
    return pipe.input("x").map("x", "y", fn, name="work", backend="process", workers=2, **options).output("y")
