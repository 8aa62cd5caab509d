"""One vector of a layer's output, in the model's own graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from junco.neural.layer import Axes, Pool

if TYPE_CHECKING:
    import torch

GEM_POWER, GEM_LEAST = 3.0, 1e-6
"""Of the generalised mean (Radenović, Tolias and Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation",
2018): (mean of max(x, least) to the power)^(1 / power)."""


def pooled(output: torch.Tensor, axes: Axes, pool: Pool, mask: torch.Tensor | None) -> torch.Tensor:
    """A layer's output (n, …) → (n, dim): a vector as it is, all numbers of a map one behind the other with ``none``.

    Args:
        output: of the layer.
        axes: what its axes are.
        pool: over all places; tokens before those of the input are left out, but for ``cls``, which is the first.
        mask: (n, tokens), 1 for those that are real, where the axes say that there is one.
    """
    if axes.order == "c" or pool == "none":
        return output.flatten(1)
    if pool == "cls":
        return output[:, 0]
    if axes.is_masked and mask is not None:
        return _over_real(output, pool, mask)
    places = [at + 1 for at, axis in enumerate(axes.order) if axis != "c"]
    return _over(output[:, axes.num_prefix :] if axes.num_prefix else output, pool, places)


def _over(output: torch.Tensor, pool: Pool, places: list[int]) -> torch.Tensor:
    """Over all places alike."""
    if pool == "max":
        return output.amax(places)
    if pool == "gem":
        return _powers(output).mean(places).pow(1 / GEM_POWER)
    return output.mean(places)


def _over_real(output: torch.Tensor, pool: Pool, mask: torch.Tensor) -> torch.Tensor:
    """The same over tokens that are real: (n, tokens, width) → (n, width)."""
    weight = mask.unsqueeze(-1).to(output.dtype)
    if pool == "max":
        return output.masked_fill(weight == 0, float("-inf")).amax(1)
    if pool == "gem":
        weight = mask.unsqueeze(-1).float()
        return ((_powers(output) * weight).sum(1) / weight.sum(1)).pow(1 / GEM_POWER)
    return (output * weight).sum(1) / weight.sum(1)


def _powers(output: torch.Tensor) -> torch.Tensor:
    """In float32: the third power of 41 is more than float16 holds."""
    return output.float().clamp(min=GEM_LEAST).pow(GEM_POWER)
