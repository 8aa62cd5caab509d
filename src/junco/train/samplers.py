"""`Sampler`: which examples are of which batch. An epoch follows from a seed and its number: it can be gone on with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from junco.train.examples import Examples
from junco.train.settle import Settled

Places = npt.NDArray[np.int64]
Order = Callable[[np.random.Generator], Places]
_EACH = 4
"""Examples of a label that come together where a goal compares them with each other."""
_PATIENCE = 10
"""Times a batch's size: how many examples are looked through for one that may be in it."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """Batches of an epoch.

    Attributes:
        order: a generator → places (units, examples of a unit): those of a unit are in one batch.
        num_batches: of an epoch; they are of one size, or of two that differ by a unit: none is a scrap.
        seed: of all that is drawn.
        keys: of each example, numbers that no other of its batch should have, as far as that can be had.
    """

    order: Order
    num_batches: int
    seed: int
    keys: Sequence[tuple[int, ...]] | None = None

    def batches(self, epoch: int) -> list[Places]:
        """Places of the examples of each batch; the same whenever they are asked for."""
        units = self.order(np.random.default_rng((self.seed, epoch)))
        batches = [batch.ravel() for batch in np.array_split(units, self.num_batches)]
        return batches if self.keys is None else _apart(batches, self.keys)


def sampler_for(examples: Examples, goal: str, settled: Settled, balance: bool, seed: int) -> Sampler:
    """The one that suits a goal: several of a label together where examples are compared, no equal ones for pairs."""
    labels = examples.labels
    if labels is not None and len(examples.columns) == 1 and goal in ("triplet", "contrastive"):
        each = max(2, min(_EACH, settled.batch // 2))
        return Sampler(lambda rng: together(labels, each, balance, rng), settled.num_batches, seed)
    if labels is not None and balance and goal in ("classify", "arcface"):
        return Sampler(lambda rng: balanced(labels, rng), settled.num_batches, seed)
    keys = _keys(examples.groups) if goal == "contrastive" else None
    return Sampler(lambda rng: rng.permutation(len(examples))[:, None], settled.num_batches, seed, keys)


def balanced(labels: Places, rng: np.random.Generator) -> Places:
    """As many places as there are examples, (n, 1), of each label as many as of every other, give or take one."""
    counts = np.bincount(labels)
    draws = _shared(len(labels), counts, rng)
    return rng.permutation(_drawn(labels, counts, draws, rng))[:, None]


def together(labels: Places, each: int, balance: bool, rng: np.random.Generator) -> Places:
    """Units of so many examples of one label, (units, each); a label with fewer gives some of them again."""
    counts = np.bincount(labels)
    total = len(labels) // each
    units = _shared(total, counts, rng) if balance else -(-counts // each)
    return rng.permutation(_drawn(labels, counts, units * each, rng).reshape(-1, each))[:total]


def _shared(total: int, counts: Places, rng: np.random.Generator) -> Places:
    """A number shared out among the labels that there are; what is left over goes to some by chance."""
    present = np.flatnonzero(counts)
    shares = np.zeros_like(counts)
    shares[present] = total // len(present)
    shares[rng.permutation(present)[: total % len(present)]] += 1
    return shares


def _drawn(labels: Places, counts: Places, draws: Places, rng: np.random.Generator) -> Places:
    """So many places of each label, label by label: all of its own by chance, and again from the first."""
    shuffled = rng.permutation(len(labels))
    by_label = shuffled[np.argsort(labels[shuffled], kind="stable")]
    first = np.cumsum(counts) - counts
    of = np.repeat(np.arange(len(counts)), draws)
    within = np.arange(draws.sum()) - np.repeat(np.cumsum(draws) - draws, draws)
    return np.asarray(by_label[first[of] + within % counts[of]], np.int64)


def _keys(groups: Sequence[Places]) -> Sequence[tuple[int, ...]] | None:
    """Of each example a number for each column's item; ``None`` where no item comes twice."""
    if all(len(np.unique(group)) == len(group) for group in groups):
        return None
    numbers = [np.unique(group, return_inverse=True)[1] * len(groups) + i for i, group in enumerate(groups)]
    return list(zip(*(each.tolist() for each in numbers), strict=True))


def _apart(batches: Sequence[Places], keys: Sequence[tuple[int, ...]]) -> list[Places]:
    """The same examples in batches of the same sizes, equal ones in different batches.

    What cannot be kept apart comes together: a goal has to leave it out of account.
    """
    waiting = deque(np.concatenate(batches).tolist())
    return [np.asarray(_one_batch(waiting, len(batch), keys), np.int64) for batch in batches]


def _one_batch(waiting: deque[int], size: int, keys: Sequence[tuple[int, ...]]) -> list[int]:
    chosen, passed, seen = list[int](), list[int](), set[int]()
    while waiting and len(chosen) < size and len(passed) < _PATIENCE * size:
        place = waiting.popleft()
        if seen.isdisjoint(keys[place]):
            chosen.append(place)
            seen.update(keys[place])
        else:
            passed.append(place)
    waiting.extendleft(reversed(passed))
    return chosen + [waiting.popleft() for _ in range(size - len(chosen))]
