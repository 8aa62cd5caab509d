"""References whose weights are drawn, and ours with their weights."""

from __future__ import annotations

import torch

from junco.models.renames import Renames, load


def scattered(module, seed=0):
    """A module in eval mode, all of whose weights and running statistics are drawn: none stays at 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    statistics = [(name, each) for name, each in module.named_buffers() if "running_" in name]
    with torch.no_grad():
        for name, tensor in (*module.named_parameters(), *statistics):
            drawn = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(drawn.abs() + 0.5)
            elif tensor.dim() > 1:
                tensor.copy_(drawn / tensor[0].numel() ** 0.5)
            else:
                tensor.copy_(0.2 * drawn + (1 if name.endswith("weight") or "gamma" in name else 0))
    return module.eval()


def same(ours, theirs, *renames, joined=None, unused=()):
    """Ours with the other's weights, and the other."""
    load(ours, Renames(*renames, joined=joined, unused=unused).here(theirs.state_dict()), type(ours).__name__)
    return ours.eval(), theirs
