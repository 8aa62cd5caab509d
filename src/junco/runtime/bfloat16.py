"""Weights in bfloat16, rounded so that each output's sum of weights stays what it was.

What comes out of an activation is mostly above zero, so rounding errors of the same sign add up: an output is shifted,
and all layers after it with it. Here those weights that lie nearest to the middle between two bfloat16 numbers go to
the farther one, as many as bring the sum of errors nearest to zero.

Method: flips in the order of their cost, as in data-free quantisation (Guo et al., "SQuant", 2022), by output alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_STEP = np.uint32(1 << 16)
"""From the bits of one bfloat16 number, as a float32, to those of the next one away from zero."""


def rounded(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """float32 (outputs, inputs) → the same shape and type, all numbers such as bfloat16 has."""
    near = _nearest(rows)
    is_short = np.abs(near) < np.abs(rows)
    bits = near.view(np.uint32)
    far = np.where(is_short, bits + _STEP, bits - _STEP).view(np.float32)
    with np.errstate(invalid="ignore"):  # infinities less infinities: such rows are left alone
        error, step = near.astype(np.float64) - rows, far.astype(np.float64) - near
    surplus = error.sum(axis=1, keepdims=True)
    may_flip = (error * surplus > 0) & np.isfinite(step)
    nearness = np.where(may_flip, np.abs(error) / np.where(may_flip, np.abs(step), 1), -1)
    order = np.argsort(-nearness, axis=1, kind="stable")
    steps = np.take_along_axis(np.where(may_flip, step, 0), order, axis=1)
    left = np.abs(np.concatenate([surplus, surplus + np.cumsum(steps, axis=1)], axis=1))
    flips_in_order = np.arange(rows.shape[1]) < left.argmin(axis=1)[:, None]
    flips = np.zeros_like(may_flip)
    np.put_along_axis(flips, order, flips_in_order, axis=1)
    return np.where(flips & may_flip, far, near)


def _nearest(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The nearest bfloat16 number; of two that are as near, the even one."""
    bits = np.ascontiguousarray(rows).view(np.uint32)
    is_odd = (bits >> 16) & 1
    nearest: npt.NDArray[np.float32] = ((bits + 0x7FFF + is_odd) & 0xFFFF0000).astype(np.uint32).view(np.float32)
    return nearest
