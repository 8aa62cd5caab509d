"""How the rate rises and falls over the steps of a run."""

from __future__ import annotations

import math

_RISE, _LOWEST = 0.3, 1 / 25


def share_of_rate(step: int, steps: int, schedule: str, warmup: float) -> float:
    """What share of the highest rate a step has, above 0 and at most 1; steps count from 1.

    - ``constant``: it stays; ``linear`` and ``cosine`` (Loshchilov and Hutter, "SGDR", 2016): it falls towards 0. All
      three rise evenly over ``warmup``, a share of the steps, before.
    - ``one-cycle``: it rises from a 25th over 30 % of the steps (or ``warmup``, if that is more) and falls, both along
      a cosine (Smith and Topin, "Super-Convergence", 2017).
    """
    is_cycle = schedule == "one-cycle"
    rise = round(steps * (max(_RISE, warmup) if is_cycle else warmup))
    if step <= rise:
        gone = step / rise
        return _LOWEST + (1 - _LOWEST) * (1 - math.cos(math.pi * gone)) / 2 if is_cycle else gone
    gone = (step - 1 - rise) / max(1, steps - rise)
    if schedule == "constant":
        return 1.0
    return 1 - gone if schedule == "linear" else (1 + math.cos(math.pi * gone)) / 2
