"""Blocks of GANs work together: a tiny generator learns to draw what a tiny discriminator was shown."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn import (
    DownBlock,
    EqualisedConv2d,
    EqualisedLinear,
    MappingNetwork,
    MinibatchStd,
    ModulatedConv2d,
    Resample,
    SpectralNorm,
    StyleBlock,
)

_STEPS = 60


class _Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.mapping = MappingNetwork(4, 16, 2, rate=1.0)
        self.first = nn.Parameter(torch.randn(1, 16, 4, 4))
        self.blocks = nn.ModuleList(StyleBlock(16, 16, 16, resample=Resample(up=2)) for _ in range(1))
        self.to_levels = ModulatedConv2d(16, 1, 16, 1, demodulate=False)

    def forward(self, vectors):
        style = self.mapping(vectors)
        maps = self.first.expand(len(vectors), -1, -1, -1)
        for block in self.blocks:
            maps = block(maps, style)
        return self.to_levels(maps, style)


def _discriminator():
    return nn.Sequential(
        EqualisedConv2d(1, 16, 1),
        DownBlock(16, 16),
        MinibatchStd(),
        EqualisedConv2d(17, 16),
        nn.SiLU(),
        nn.Flatten(),
        EqualisedLinear(16 * 4 * 4, 1),
    )


def _discs(rows):
    """A bright disc in the middle, of any brightness."""
    steps = torch.linspace(-1, 1, 8)
    disc = (steps[:, None] ** 2 + steps**2 < 0.5).float()
    return disc * (0.75 + 0.5 * torch.rand(rows, 1, 1, 1))


def _errors(generator):
    torch.manual_seed(9)
    with torch.no_grad():
        return float((generator(torch.randn(32, 4)).mean(dim=0) - _discs(32).mean(dim=0)).abs().mean())


def test_a_tiny_generator_learns_to_draw_discs():
    torch.manual_seed(0)
    generator, discriminator = _Generator(), _discriminator()
    before = _errors(generator)
    ours = torch.optim.Adam(generator.parameters(), 0.01, betas=(0.0, 0.99))
    theirs = torch.optim.Adam(discriminator.parameters(), 0.01, betas=(0.0, 0.99))
    for _ in range(_STEPS):
        real, drawn = _discs(16).requires_grad_(), generator(torch.randn(16, 4))
        judged = discriminator(real)
        (slope,) = torch.autograd.grad(judged.sum(), real, create_graph=True)
        loss = functional.softplus(discriminator(drawn.detach())).mean() + functional.softplus(-judged).mean()
        _step(theirs, loss + slope.square().sum(dim=(1, 2, 3)).mean())
        _step(ours, functional.softplus(-discriminator(drawn)).mean())
    assert _errors(generator) < before / 2


def _step(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def test_a_layer_with_spectral_normalisation_stretches_nothing():
    torch.manual_seed(0)
    layer = SpectralNorm(nn.Linear(8, 8, bias=False)).train()
    for _ in range(50):
        layer(torch.randn(2, 8))
    singular = torch.linalg.svdvals(layer.eval()(torch.eye(8)).T).tolist()
    assert singular[0] == pytest.approx(1, abs=1e-3)


def test_rows_that_are_alike_are_told_from_rows_that_differ():
    block = MinibatchStd()
    alike, different = torch.ones(4, 2, 3, 3), torch.arange(4.0)[:, None, None, None].expand(4, 2, 3, 3)
    assert block(alike)[:, 2].max() < 1e-3
    assert torch.allclose(block(different)[:, 2], torch.arange(4.0).std(correction=0), atol=1e-5)


def test_outputs_of_a_demodulated_convolution_are_of_unit_size_whatever_the_style():
    torch.manual_seed(0)
    maps = torch.randn(1, 64, 32, 32)
    conv = ModulatedConv2d(64, 32, 8)
    for strength in (0.1, 100.0):
        assert float(conv(maps, strength * torch.randn(1, 8)).detach().std()) == pytest.approx(1, abs=0.15)


def test_filtered_doubling_keeps_a_flat_picture_flat():
    assert torch.allclose(Resample(up=2)(torch.ones(1, 3, 8, 8))[:, :, 2:-2, 2:-2], torch.ones(()), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Resample(up=2, down=2), "two steps"),
        (lambda: Resample(taps=(1, 2)), "alike from both ends"),
        (lambda: Resample(taps=(1, -2, 1)), "sum not 0"),
        (lambda: Resample(up=4, taps=(1, 2, 1)), "3 taps leave gaps between 4 pixels"),
        (lambda: SpectralNorm(nn.ReLU()), "ReLU has no weight"),
        (lambda: SpectralNorm(nn.LayerNorm(4)), "LayerNorm has no weight of two"),
    ],
)
def test_blocks_that_make_no_sense_are_refused(make, said):
    with pytest.raises(ParameterError, match=said):
        make()
