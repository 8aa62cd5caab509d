"""Arithmetic of blocks: exact where it can be, constants that are no weights, and sizes that have no middle."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks import cases
from junco.errors import ParameterError
from junco.nn import (
    ConditionalConvolution,
    DropBlock,
    EfficientChannelAttention,
    HeadPool,
    LearnedPositions,
    LinearAttention,
    LogSpacedBias,
    ModulatedConv2d,
    PatchEmbedding,
    RelativePositionBias,
    RMSNorm,
    Rotary,
    SinCosPositions,
)


@pytest.mark.parametrize(("grid", "trained_grid"), [((1000,), None), ((30, 20), (14, 14))])
def test_places_are_exact_in_a_network_of_half_precision(grid, trained_grid):
    torch.manual_seed(0)
    queries = torch.randn(1, 2, torch.Size(grid).numel(), 8).bfloat16()
    wanted = Rotary(8, grid=grid, trained_grid=trained_grid)(queries)
    assert torch.equal(Rotary(8, grid=grid, trained_grid=trained_grid).bfloat16()(queries), wanted)


@pytest.mark.parametrize(
    ("make", "shape", "given"),
    [
        (lambda: RMSNorm(4), (2, 3, 4), ()),
        (lambda: Rotary(4), (1, 2, 3, 4), ()),
        (lambda: Rotary(4, grid=(3,), trained_grid=(7,)), (1, 2, 3, 4), ()),
        (lambda: LinearAttention(4, 2, features=nn.Softplus()), (1, 3, 4), ()),
        (lambda: LearnedPositions(4, (2, 2)), (1, 6, 4), ((2, 3),)),
    ],
)
def test_float64_is_float64_all_the_way(make, shape, given):
    torch.manual_seed(0)
    block = make().double()
    found = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: block(x, *given), found, eps=1e-8, atol=1e-5)
    exact = block(found, *given)
    nearly = block(found.float().double(), *given)
    assert 1e-12 < (exact - nearly).abs().max() < 1e-5


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_constants_do_not_lie_among_the_weights(case):
    block = case.make()
    if not isinstance(block, nn.Module):
        pytest.skip("a function")
    learned = {name for name, _ in block.named_parameters()}
    learned |= {name for name, _ in block.named_buffers() if name.endswith(("_mean", "_var", "_tracked"))}
    learned |= {name for name, _ in block.named_buffers() if name in ("left", "right")}  # of the power iteration
    assert set(block.state_dict()) == learned


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ConditionalConvolution(4, 4, 2), "kernel=2 must be odd"),
        (lambda: EfficientChannelAttention(8, 4), "kernel=4 must be odd"),
        (lambda: HeadPool(4, 2), "kernel_size=2 must be odd"),
        (lambda: ModulatedConv2d(4, 4, 8, 2), "size=2 must be odd"),
        (lambda: DropBlock(side=4), "side=4 must be odd"),
        (lambda: LearnedPositions(8, (7,), num_prefix=-1), "num_prefix=-1 must be a whole number from 0 up"),
        (lambda: Rotary(8, num_prefix=-1), "num_prefix=-1 must be a whole number from 0 up"),
        (lambda: LearnedPositions(8, (3, 4))(torch.zeros(2, 1, 8)), "1 tokens are fewer than the 12 that have a place"),
        (lambda: SinCosPositions(8, (5,))(torch.zeros(2, 1, 8)), "1 tokens are fewer than the 5 that have a place"),
        (lambda: Rotary(8, grid=(3, 2))(torch.zeros(2, 1, 1, 8)), "1 tokens are not the 6 places of the grid"),
    ],
)
def test_what_would_come_out_in_another_size_is_refused(make, said):
    with pytest.raises(ParameterError, match=said):
        make()


def test_one_number_stands_for_both_sides_of_a_window():
    torch.manual_seed(0)
    for make in (RelativePositionBias, LogSpacedBias):
        assert make(2, 3)().shape == make(2, (3, 3))().shape == (2, 9, 9)


def test_what_patches_leave_over_is_padded_or_cut():
    picture, patches = torch.randn(1, 3, 9, 11), PatchEmbedding(8, 4)
    cut = PatchEmbedding(8, 4, pad=False)
    cut.load_state_dict(patches.state_dict())
    assert patches(picture).shape == (1, 3, 3, 8)
    assert torch.equal(cut(picture), cut(picture[:, :, :8, :8]))
    assert torch.allclose(cut(picture), patches(picture)[:, :2, :2], atol=1e-6)
