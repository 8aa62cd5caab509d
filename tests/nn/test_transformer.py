"""The transformer block and its parts: what is no number of another library's."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from timm.models.swin_transformer import SwinTransformerBlock
from torch import nn

from blocks.references import scattered
from junco.errors import ParameterError
from junco.models.renames import Renames, load
from junco.models.swin.weights import BLOCK
from junco.nn import (
    MLP,
    Attention,
    CrossAttention,
    DepthwiseMixing,
    DropPath,
    LayerScale,
    LearnedPositions,
    ParallelNorm,
    RelativePositionBias,
    Rotary,
    SandwichNorm,
    SinCosPositions,
    TransformerBlock,
    WindowAttention,
)


def test_a_set_of_arguments_and_you_have_a_swin_transformer_block():
    attention = Attention(96, 3, positions=RelativePositionBias(3, (7, 7)))
    swin_block = TransformerBlock(
        96,
        attention=WindowAttention(attention, window=7, shift=3),
        mlp=MLP(96, 384),
        norm=nn.LayerNorm,
    )

    theirs = scattered(SwinTransformerBlock(96, (28, 28), num_heads=3, window_size=7, shift_size=3))
    load(swin_block, Renames(*BLOCK).here(theirs.state_dict()), "Swin's block")
    x = torch.randn(1, 28, 28, 96)
    assert (swin_block.eval()(x) - theirs(x)).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("shift", "seen"),
    [((0, 0), (4, 3)), ((2, 1), (2, 1))],  # turned, the first places are a part of the last window, by themselves
)
def test_a_place_sees_no_more_than_its_window(shift, seen):
    attend = WindowAttention(Attention(8, 2), window=(4, 3), shift=shift).eval()
    x = torch.randn(1, 8, 9, 8, requires_grad=True)
    attend(x)[0, 0, 0].sum().backward()
    wanted = torch.zeros(8, 9, dtype=torch.bool)
    wanted[: seen[0], : seen[1]] = True
    assert torch.equal(x.grad[0].abs().sum(-1) > 1e-20, wanted)  # −100 leaves less than that of a product


@pytest.mark.parametrize("kind", ["tokens", "pairs", "numbers"])
def test_what_is_masked_is_not_seen(kind):
    attend, tokens = Attention(8, 2).eval(), torch.randn(2, 5, 8)
    here = torch.tensor([True, True, True, False, False]).expand(2, -1)
    mask = {
        "tokens": here,
        "pairs": here[:, None, None, :],
        "numbers": torch.zeros(2, 1, 1, 5).masked_fill(~here[:, None, None, :], -1e9),
    }[kind]
    assert torch.allclose(attend(tokens, mask=mask)[:, :3], attend(tokens[:, :3]), atol=1e-6)


def test_a_mask_goes_with_positions():
    positions = RelativePositionBias(2, (2, 3))
    attend, tokens = Attention(8, 2, positions=positions).eval(), torch.randn(1, 6, 8)
    here = torch.tensor([[True] * 4 + [False] * 2])
    changed = torch.cat([tokens[:, :4], torch.randn(1, 2, 8)], 1)
    assert torch.allclose(attend(tokens, mask=here)[:, :4], attend(changed, mask=here)[:, :4], atol=1e-6)


def test_a_block_hands_its_attention_what_it_needs():
    block = TransformerBlock(8, attention=CrossAttention(8, 2, context_width=4), mlp=MLP(8, 16)).eval()
    x, context = torch.randn(2, 5, 8), torch.randn(2, 7, 4)
    assert block(x, context=context).shape == x.shape
    assert not torch.equal(block(x, context=context), block(x, context=context + 1))


def test_forms_are_what_their_formulas_say():
    x, attention, mlp = torch.randn(2, 5, 8), Attention(8, 2), MLP(8, 16)
    block = TransformerBlock(8, attention=attention, mlp=mlp, form=ParallelNorm, layer_scale=0.5)
    normed = block.residual.norm(x)
    assert torch.allclose(block(x), x + 0.5 * attention(normed) + 0.5 * mlp(normed), atol=1e-6)
    block = TransformerBlock(8, attention=attention, mlp=mlp, form=SandwichNorm)
    norm = partial(nn.functional.layer_norm, normalized_shape=(8,), eps=1e-6)
    middle = x + norm(attention(norm(x)))
    assert torch.allclose(block(x), middle + norm(mlp(norm(middle))), atol=1e-5)


def test_a_block_without_parts_doubles_twice():
    x = torch.randn(2, 5, 8)
    assert torch.equal(TransformerBlock(8, attention=None, mlp=None, norm=None)(x), 4 * x)


def test_drop_path_leaves_out_rows_and_keeps_the_mean():
    drop = DropPath(0.25)
    torch.manual_seed(0)
    kept = drop(torch.ones(20_000, 3))
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])
    assert torch.equal(kept[:, 0], kept[:, 2])
    assert kept.mean() == pytest.approx(1, abs=0.02)
    assert torch.equal(drop.eval()(kept), kept)


def test_a_turned_product_tells_the_step_alone():
    rotary, query, key = Rotary(8), torch.randn(8), torch.randn(8)
    turned = [rotary(each.expand(1, 1, 9, 8))[0, 0] for each in (query, key)]
    products = turned[0] @ turned[1].T
    assert torch.allclose(products[2:, 2:], products[:-2, :-2], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Attention(10, 3), "num_heads=3 does not divide width=10"),
        (lambda: WindowAttention(Attention(8, 2), window=4, shift=4), "shift=4 must be from 0 to below window=4"),
        (lambda: WindowAttention(Attention(8, 2), window=0), "must be a whole number from 1 up"),
        (lambda: DropPath(1.0), r"rate=1\.0 must be at least 0 and below 1"),
        (lambda: DepthwiseMixing(8, 4), "kernel_size=4 must be odd"),
        (lambda: Rotary(6, grid=(2, 2)), "does not divide width=6"),
        (lambda: SinCosPositions(8, (2, 2, 2)), "does not divide width=8"),
        (lambda: LearnedPositions(8, (10**7, 10**6)), "of memory here"),
        (lambda: MLP(10**7, 10**7), "of memory here"),
        (lambda: LayerScale(10**13), "of memory here"),
    ],
)
def test_parts_that_make_no_sense_are_refused(make, said):
    with pytest.raises(ParameterError, match=said):
        make()
