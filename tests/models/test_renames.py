"""Renames both ways, and weights that are loaded whole or not at all."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from junco.errors import IntegrityError
from junco.models.renames import Renames, load

TABLE = Renames(("out", "proj"), joined={"qkv": ("query", "key", "value")}, unused=("ids",))


class _Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)


def theirs(**changed):
    shapes = {f"{each}.weight": (4, 4) for each in ("query", "key", "value", "proj")}
    shapes |= {name.replace("weight", "bias"): (4,) for name in shapes}
    state = {name: torch.randn(shape) for name, shape in shapes.items()}
    return {name: each for name, each in {**state, **changed}.items() if each is not None}


def test_pieces_are_joined_and_cut_again():
    state, network = theirs(ids=torch.arange(4)), _Attention()
    load(network, TABLE.here(state), "test")
    assert torch.equal(network.qkv.weight[4:8], state["key.weight"])
    del state["ids"]
    back = TABLE.there(network.state_dict())
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key.weight": None}, r"missing: qkv\.weight; not known: query\.weight, value\.weight"),
        ({"key.weight": torch.zeros(4, 3)}, r"missing: qkv\.weight; not known: query\.weight, key\.weight, value"),
        (
            {"key.bias": torch.zeros(2), "value.bias": torch.zeros(6)},
            r"missing: qkv\.bias; not known: query\.bias, key\.bias, value\.bias",
        ),
        ({"out.weight": torch.zeros(4, 4)}, r"not known: out\.weight → out\.weight"),
        (
            {"more": torch.zeros(1), "proj.bias": torch.zeros(5)},
            r"not known: more; of another shape: out\.bias is \(5,\)",
        ),
        (
            {"proj.bias": torch.zeros(4, dtype=torch.int64)},
            r"of another type: out\.bias is torch\.int64, not torch\.float32",
        ),
        ({"proj.bias": torch.zeros(4, dtype=torch.complex64)}, r"of another type: out\.bias is torch\.complex64"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_loaded(changed, told):
    network = _Attention()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(IntegrityError, match=told):
        load(network, TABLE.here(theirs(**changed)), "test")
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_a_network_on_the_meta_device_takes_no_weights():
    with torch.device("meta"):
        network = _Attention()
    with pytest.raises(AssertionError, match="no place for weights"):
        load(network, TABLE.here(theirs()), "test")
