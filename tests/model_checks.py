"""What is asked of a network that another library has too: its numbers on its weights, by its names both ways."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from blocks.references import scattered
from junco.models.renames import Renames, load

MOST_OFF = 1e-5
"""Of the output's scale."""


def with_weights(ours: nn.Module, table: Renames, theirs: nn.Module) -> tuple[Any, Any]:
    """Both in eval mode, ours with their weights, which are drawn, and which go back by their names as they came."""
    state = scattered(theirs).state_dict()
    load(ours, table.here(state), "test")
    back = table.there(ours.state_dict())
    assert back.keys() == state.keys()
    assert [name for name, tensor in state.items() if not torch.equal(back[name], tensor)] == []
    return ours.eval(), theirs


def assert_gives_timms_numbers(ours: Any, theirs: Any, *size: int) -> None:
    """Features and logits of pictures of a height and width."""
    levels = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, features = theirs(levels), theirs.forward_head(theirs.forward_features(levels), pre_logits=True)
        assert_near(ours(levels), features)
        assert_near(ours.classify(levels), logits)


def assert_near(found: Tensor, wanted: Tensor) -> None:
    """To the last digits of float32."""
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() <= MOST_OFF * wanted.abs().max()


def assert_has_the_same_weights(ours: nn.Module, table: Renames, theirs: nn.Module) -> None:
    """By name and shape, both ways; on the meta device too."""
    own, other = ours.state_dict(), theirs.state_dict()
    for found, wanted in ((table.here(other), own), (table.there(own), other)):
        assert _shapes(found) == _shapes(wanted)


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in state.items()}
