"""`Place`: what a thread has while it is inside a gate. `Claim`: what one has who waits at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from junco.latch import Latch
from junco.operator.lanes import Lane, Waiters

if TYPE_CHECKING:
    from junco.operator.gate import Gate, Lent


class Place:
    """A thread's place inside. He may be waiting for others whose work needs one too: then he lends them his.

    Attributes:
        what: what goes with the place, for instance one of several replicas.
        waiting: who waited for its owner when he took it: what he began since then has him at its end.
        lender: whose place it is, where it was lent.
        inner: the gate of those to whom it is lent.
        is_left: whether its owner has left while they have it.
    """

    __slots__ = ("depth", "gate", "inner", "is_left", "lender", "owner", "waiting", "what")

    def __init__(self, gate: Gate, what: Any, lender: Place | None = None) -> None:
        self.waiting: Waiters = ()
        self.lender = lender
        self.gate, self.what = gate, what
        self.owner, self.depth = 0, 1
        self.inner: Lent | None = None
        self.is_left = False

    def release(self, num_rows: int = 1) -> None:
        """Leave, after work on so many rows; as often as the place was taken."""
        if self.depth > 1:
            self.depth -= 1
            return
        gate = self.gate
        del gate.holders[self.owner]
        if self.inner is not None or gate.waiting:
            gate.give_back(self, num_rows)
            return
        gate.free.append(self)
        if gate.waiting:  # he came in between
            gate.call_next()

    def is_lent_to(self, chain: Waiters) -> bool:
        """Whether its owner waits for what he has begun since he took it, and the last of those is at work on it."""
        depth = len(self.waiting)
        if len(chain) < depth + 2 or chain[:depth] != self.waiting:
            return False
        return chain[depth].thread == self.owner and chain[depth].is_there


class Claim:
    """Of a thread that waits at a gate, or that is about to."""

    __slots__ = ("lane", "place", "thread", "woken")

    def __init__(self, its_lane: Lane, thread: int) -> None:
        self.lane, self.thread, self.woken = its_lane, thread, Latch()
        self.place: Place | None = None


class LentPlace(Place):
    """A place that was lent. Its owner, too, borrows it for what he has begun since, and where somebody has it."""

    __slots__ = ()

    def release(self, num_rows: int = 1) -> None:
        """Leave; the last one gives the place back where its owner has left."""
        if self.depth > 1:
            self.depth -= 1
            return
        lender = self.lender
        assert lender is not None
        if self.owner == lender.owner:  # himself
            self.gate.holders[self.owner] = lender
        else:
            del self.gate.holders[self.owner]
        self.gate.give_back(self, num_rows)
        lender.gate.lent_back(lender)
