"""Ours with another library's weights, where both have the same ones in the same order."""

from __future__ import annotations

from blocks.references import scattered


def by_place(ours, theirs):
    """Ours with the other's weights, which are drawn, and the other."""
    state = scattered(theirs).state_dict()
    weights = [each for name, each in state.items() if not name.endswith("num_batches_tracked")]
    names = [name for name in ours.state_dict() if not name.endswith("num_batches_tracked")]
    ours.load_state_dict(dict(zip(names, weights, strict=True)), strict=False)
    return ours.eval(), theirs
