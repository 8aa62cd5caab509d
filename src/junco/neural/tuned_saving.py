"""`save_tuned`: what was trained of an operator, on top of what it was tuned to before, as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.neural.operator import NeuralOperator
from junco.neural.tuned import Tuned, identity_of, write_tuned
from junco.neural.tuned_params import kept_params
from junco.neural.tuned_tensors import LORA, SCALE, Tensors, merged


def save_tuned(
    folder: str | Path, operator: NeuralOperator, tensors: Tensors, *, lora_scale: float | None = None, **told: Any
) -> Tuned:
    """Write the folder of an operator that was trained.

    Args:
        folder: where.
        operator: as it was when the training began.
        tensors: that were trained, by the keys of a tuned folder.
        lora_scale: of LoRA's among them.
        told: what else is to be known, plain values: ``scope``, ``goal``, ``dim``, ``data``, ``metrics``, ``args``.

    Raises:
        TrainError: tensors that are none of a tuned folder.
        TargetError: it cannot be written.
    """
    before = operator.tuned_weights
    lora_scale = lora_scale if any(key.startswith(LORA) for key in tensors) else None
    if before is None:
        made, scale = dict(tensors), lora_scale
    else:
        made, scale = merged(before.tensors(), before.lora_scale, tensors, lora_scale)
    space = operator.taken_space()
    parent = {
        "space": None if space is None else space.id,
        "parts": None if space is None else dict(space.parts),
        "weights": identity_of(operator.named_source()),
    }
    manifest = {"operator": operator.name, "params": kept_params(operator), **told, "parent": parent, SCALE: scale}
    return write_tuned(folder, manifest, made)
