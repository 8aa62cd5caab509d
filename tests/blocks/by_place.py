"""Ours with another library's weights, where both have the same ones in the same order."""

from __future__ import annotations

import torch


def drawn(module, seed=0):
    """A module in eval mode, all of whose weights and running statistics are drawn: none stays at 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if not tensor.is_floating_point():
                continue
            numbers = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(numbers.abs() + 0.5)
            elif tensor.dim() > 1:
                tensor.copy_(numbers / tensor[0].numel() ** 0.5)
            else:
                tensor.copy_(0.2 * numbers + name.endswith("weight"))
    return module.eval()


def by_place(ours, theirs):
    """Ours with the other's drawn weights, and the other."""
    weights = [each for name, each in drawn(theirs).state_dict().items() if not name.endswith("num_batches_tracked")]
    names = [name for name in ours.state_dict() if not name.endswith("num_batches_tracked")]
    ours.load_state_dict(dict(zip(names, weights, strict=True)), strict=False)
    return ours.eval(), theirs
