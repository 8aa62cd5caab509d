"""Tensors of a tuned folder: which there may be, whether they fit a module, and two trainings as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.operator.tuned_folder import MANIFEST
from junco.wording import picture

Tensors = Mapping[str, npt.NDArray[Any]]
HEAD, NETWORK, LORA, SCALE = "head.weight", "network.", "lora.", "lora_scale"
_MOST_TOLD = 20
"""Problems of a file that are told; of more, how many."""


def problems_of(tensors: Tensors, head: tuple[int, int] | None) -> list[str]:
    """What keeps tensors from being those of a tuned folder, a line each."""
    found = [f"{picture(key)}: {problem}" for key, each in tensors.items() if (problem := _problem(key, each, tensors))]
    shape = tensors[HEAD].shape if HEAD in tensors else None
    if shape != head and not any(line.startswith(picture(HEAD)) for line in found):
        found.append(f"{HEAD}: it has the shape {shape}, and {MANIFEST} says {head}")
    return found if tensors else ["it holds no tensor"]


def _problem(key: str, tensor: npt.NDArray[Any], tensors: Tensors) -> str:
    kind, _, name = key.partition(".")
    if not key.isprintable() or not (key == HEAD or (f"{kind}." in (NETWORK, LORA) and name)):
        return f"is no name of a tuned tensor: {HEAD}, {NETWORK}<name>, {LORA}<name>.a or .b"
    if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
        return "holds numbers that are not finite (NaN or infinite)"
    if key == HEAD:
        return "" if tensor.ndim == 2 and tensor.dtype == np.float32 and tensor.size else "is no matrix of float32"
    return _lora_problem(key, tensor, tensors) if kind == "lora" else ""


def _lora_problem(key: str, tensor: npt.NDArray[Any], tensors: Tensors) -> str:
    other = f"{key[:-1]}{'b' if key.endswith('.a') else 'a'}"
    if not key.endswith((".a", ".b")) or other not in tensors:
        return "stands alone: a and b belong together"
    a, b = (tensors[f"{key[:-1]}{each}"] for each in "ab")
    if a.ndim < 2 or b.ndim < 2 or not a.size or not b.size or a.shape[0] != b.size // len(b):
        return f"its shape {tensor.shape} does not fit that of {other}, {tensors[other].shape}"
    return "" if tensor.dtype.kind == "f" else "holds no numbers with a fraction"


def misfit(name: str, tensor: npt.NDArray[Any], own: Any) -> str:
    """Why a tensor cannot take the place of the module's own, or be added to it."""
    if own is None:
        return "the model has no such tensor"
    if tensor.dtype.kind == "f" and not own.is_floating_point():
        return f"the model has {str(own.dtype).removeprefix('torch.')} there"
    # a product of LoRA's matrices has the axes of a convolution's inputs in one
    is_flat = tensor.ndim == 2 < own.ndim and tensor.shape == tuple(own.flatten(1).shape)
    if tuple(tensor.shape) != tuple(own.shape) and not is_flat:
        return f"its shape is {tensor.shape}, and the model's {tuple(own.shape)}"
    return ""


def listed(problems: Sequence[str]) -> str:
    """Problems in a line."""
    more = len(problems) - _MOST_TOLD
    return "; ".join([*problems[:_MOST_TOLD], *([f"and {more:,} more"] if more > 0 else [])])


def merged(
    before: Tensors, scale_before: float, tensors: Tensors, scale: float | None
) -> tuple[dict[str, npt.NDArray[Any]], float | None]:
    """What a model that was tuned, and then tuned again, is in all: its tensors, and the scale of LoRA's.

    Args:
        before: of the first training.
        scale_before: of LoRA's among them.
        tensors: of the second, which began with what the first had made.
        scale: of LoRA's among these.
    """
    found = {key: each for key, each in before.items() if not _is_replaced(key, tensors)}
    for key in [key for key in found if key.startswith(LORA) and key.endswith(".b")]:
        found[key] = found[key] * np.float32(scale_before / (scale or scale_before))
    for key, tensor in tensors.items():
        if key == HEAD and key in found:
            tensor = (tensor.astype(np.float64) @ found[key]).astype(np.float32)
        elif key.startswith(LORA) and key in found:  # a sum of products is the product of what stands side by side
            tensor = _side_by_side(found[key], tensor, key.endswith(".a"))
        found[key] = np.asarray(tensor)
    has_lora = any(key.startswith(LORA) for key in found)
    return found, (scale or scale_before) if has_lora else None


def _is_replaced(key: str, tensors: Tensors) -> bool:
    """Whether what was added to a tensor is in the one that takes its place."""
    name = f"{NETWORK}{key[len(LORA) : -2]}"
    return key.startswith(LORA) and not {name, f"{name}.weight"}.isdisjoint(tensors)


def _side_by_side(first: npt.NDArray[Any], second: npt.NDArray[Any], is_a: bool) -> npt.NDArray[Any]:
    if is_a:
        return np.concatenate([first, second])
    return np.concatenate([each.reshape(len(each), -1) for each in (first, second)], axis=1)
