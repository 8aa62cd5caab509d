"""Gates: how many threads may be inside an operator or a function at once, and who is next where several wait.

Single calls, batches and jobs are a lane each. Where lanes wait for each other each gets its share of the rows, so that
neither starves the other; a lane that nobody else wants has all of it. In one lane whoever came first is woken first.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from threading import get_ident
from typing import Any

from junco.operator.lanes import Lane, lane, left_s, waiting_for_me

SHARES = {Lane.ONLINE: 12, Lane.BATCH: 3, Lane.BULK: 1}
"""Rows of each lane, of those that are worked on while all of them wait."""


class Shares:
    """Which lane is next: the one that has had least of its share. A policy: it owns no thread, no lock, no clock."""

    def __init__(self) -> None:
        self._had = dict.fromkeys(Lane, 0.0)
        """What each has had, by its share."""
        self._now = 0.0
        """What the lane that was served last had had before."""

    def came(self, one: Lane) -> None:
        """A lane begins to wait. What it did not want before is not made up for."""
        self._had[one] = max(self._had[one], self._now)

    def next(self, lanes: Iterable[Lane]) -> Lane:
        """Of the lanes that wait the next one; of two with the same claim the more urgent."""
        return min(lanes, key=lambda one: (self._had[one], one))

    def is_next(self, one: Lane, others: Iterable[Lane], num_rows: int) -> bool:
        """Whether a lane is next among others that wait, once so many of its rows are counted."""
        claim = self._had[one] + num_rows / SHARES[one]
        return all((claim, one) < (self._had[other], other) for other in others)

    def served(self, one: Lane, num_rows: int) -> None:
        """So many rows of a lane were worked on while others waited."""
        self._now = max(self._now, self._had[one])
        self._had[one] += num_rows / SHARES[one]


class Place:
    """A thread's place inside. He may be waiting for others whose work needs one too: then he lends them his.

    Attributes:
        what: what goes with the place, for instance one of several replicas.
    """

    __slots__ = ("_is_left", "depth", "gate", "inner", "owner", "what")

    def __init__(self, gate: Gate, what: Any) -> None:
        self.gate, self.what = gate, what
        self.owner, self.depth = 0, 1
        self.inner: _Lent | None = None
        self._is_left = False

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

    def pass_to(self, heir: int, num_rows: int) -> bool:
        """Leave after work on so many rows, for a thread of the same lane if that is next; whether it is."""
        return self.depth == 1 and self.gate.pass_on(self, heir, num_rows)


class _Waiting:
    """A thread that waits at a gate."""

    __slots__ = ("lane", "place", "thread", "woken")

    def __init__(self) -> None:
        self.lane, self.thread, self.woken = lane(), get_ident(), threading.Event()
        self.place: Place | None = None


class Gate:
    """So many threads may be inside at once. Whoever is inside may enter again.

    A place that comes free goes to the quickest of a lane, since to hand it over costs a change of threads. Where
    another lane waits it is handed to whose turn it is.

    Args:
        places: what goes with each place.
        of: what is guarded, which lives as long as its gate.
    """

    def __init__(self, places: Sequence[Any] = (None,), of: object = None) -> None:
        self.free: list[Place] = [Place(self, what) for what in places]
        self.holders: dict[int, Place] = {}
        """By thread; those who have borrowed a place are among them."""
        self.waiting: dict[Lane, deque[_Waiting]] = {}
        """Of each lane in which somebody waits."""
        self.mutex = threading.Lock()
        self._num_places = len(places)
        self._shares = Shares()
        self._of = of

    def widen(self, num_places: int) -> None:
        """Have at least so many places."""
        with self.mutex:
            while self._num_places < num_places:
                self._num_places += 1
                self.free.append(Place(self, None))
            self._call_next()

    def take(self) -> Place:
        """Enter, or wait for a place, in the calling thread's lane.

        Raises:
            DeadlineError: its time was over first.
        """
        me = get_ident()
        if me not in self.holders:
            if not self.waiting:
                try:
                    place = self.free.pop()
                except IndexError:
                    return self._borrowed_or_waited(me)
                place.owner = me
                self.holders[me] = place
                return place
        elif (place := self.holders[me]).inner is None:
            place.depth += 1
            return place
        return self._borrowed_or_waited(me)

    def try_take(self) -> Place | None:
        """Enter if there is a place and the calling thread has none; never waits."""
        me = get_ident()
        if me in self.holders or self.waiting:
            return None
        try:
            place = self.free.pop()
        except IndexError:
            return None
        self._let_in(me, place)
        return place

    def mine(self) -> Place:
        """The calling thread's place."""
        return self.holders[get_ident()]

    def is_for_me(self) -> bool:
        """Whether someone is inside who waits for what the calling thread does, or that thread itself."""
        return any(thread in self.holders for thread in waiting_for_me())

    def give_back(self, place: Place, num_rows: int) -> None:
        """Let the next one in, unless somebody is still inside to whom the place was lent."""
        with self.mutex:
            self._shares.served(lane(), num_rows)
            self._left(place)

    def call_next(self) -> None:
        """Wake whoever is next, if there is a place."""
        with self.mutex:
            self._call_next()

    def pass_on(self, place: Place, heir: int, num_rows: int) -> bool:
        """Give a place to a thread of the calling one's lane, if that is next and nobody of it waits here."""
        own = lane()
        with self.mutex:
            if place.inner is not None or own in self.waiting or not self._shares.is_next(own, self.waiting, num_rows):
                return False
            self._shares.served(own, num_rows)
            del self.holders[place.owner]
            self._let_in(heir, place)
            return True

    def lent_back(self, lender: Place) -> None:
        """One thread less that a lent place is for; with the last one it comes free if its owner has left."""
        with self.mutex:
            assert lender.inner is not None
            lender.inner.num_users -= 1
            if lender.inner.num_users:
                return
            lender.inner = None
            if lender._is_left:
                lender._is_left = False
                self._left(lender)

    def _call_next(self) -> None:
        if self.free and self.waiting:
            self.waiting[self._shares.next(self.waiting)][0].woken.set()

    def _left(self, place: Place) -> None:
        """A place that its owner has left (with the mutex held)."""
        if place.inner is not None:
            place._is_left = True
            return
        own = lane()
        if not self.waiting or (len(self.waiting) == 1 and own in self.waiting):
            self.free.append(place)
            self._call_next()
            return
        heir = self._next_out()
        heir.place = place
        self._let_in(heir.thread, place)
        heir.woken.set()

    def _let_in(self, thread: int, place: Place) -> None:
        place.owner = thread
        self.holders[thread] = place

    def _next_out(self) -> _Waiting:
        """Take out whoever is next of those who wait (with the mutex held)."""
        next_lane = self._shares.next(self.waiting)
        first = self.waiting[next_lane][0]
        self._take_out(first)
        return first

    def _take_out(self, one: _Waiting) -> None:
        queue = self.waiting[one.lane]
        queue.remove(one)
        if not queue:
            del self.waiting[one.lane]

    def _borrowed_or_waited(self, me: int) -> Place:
        while (lender := self._lender()) is not None:
            inner = self._lent_by(lender)
            if inner is not None:
                return inner.borrow(me)
        return self._waited(me)

    def _lender(self) -> Place | None:
        """The place of whoever waits for the calling thread, the nearest one first; its own where it has lent that."""
        return next((self.holders[each] for each in reversed(waiting_for_me()) if each in self.holders), None)

    def _lent_by(self, lender: Place) -> _Lent | None:
        """The gate of a lent place, with the calling thread counted; ``None`` if its owner has left meanwhile."""
        with lender.gate.mutex:
            inner = lender.inner = lender.inner or _Lent(lender)
            if self.holders.get(lender.owner) is not lender:  # looked at after `inner` is there, which he looks at then
                lender.inner = inner if inner.num_users else None
                return None
            inner.num_users += 1
            return inner

    def _waited(self, me: int) -> Place:
        one = _Waiting()
        with self.mutex:
            if one.lane not in self.waiting:
                self._shares.came(one.lane)
                self.waiting[one.lane] = deque()
            self.waiting[one.lane].append(one)
        try:
            while (place := self._found(one)) is None:
                one.woken.wait(left_s())
            return place
        except BaseException:  # too late, or Ctrl-C: leave the queue, or hand on what was handed over meanwhile
            self._leave(one)
            raise

    def _found(self, one: _Waiting) -> Place | None:
        """The place of one who waits: handed to him, or free while it is his lane's turn."""
        with self.mutex:
            if one.place is not None:
                return one.place
            one.woken.clear()
            if not self.free or self._shares.next(self.waiting) is not one.lane:
                return None
            try:
                place = self.free.pop()
            except IndexError:
                return None
            self._take_out(one)
            self._let_in(one.thread, place)
            self._call_next()  # of those who were called for several places only the first has come
            return place

    def _leave(self, one: _Waiting) -> None:
        with self.mutex:
            place = one.place
            if place is None:
                self._take_out(one)
        if place is not None:
            place.release(0)
        else:
            self.call_next()


class _Lent(Gate):
    """The gate of a lent place: those for whom its owner waits have it one at a time."""

    def __init__(self, lender: Place) -> None:
        super().__init__(())
        self.holders = lender.gate.holders
        self.free = [_LentPlace(self, lender)]
        self._lender_place = lender
        self.num_users = 0
        """Threads that are inside or wait."""

    def borrow(self, me: int) -> Place:
        """Enter, or wait."""
        try:
            return self._waited(me)
        except BaseException:
            self._lender_place.gate.lent_back(self._lender_place)
            raise


class _LentPlace(Place):
    """A place that was lent. Its owner, too, borrows it where he goes on while somebody has it."""

    __slots__ = ("_lender",)

    def __init__(self, gate: Gate, lender: Place) -> None:
        super().__init__(gate, lender.what)
        self._lender = lender

    def release(self, num_rows: int = 1) -> None:
        """Leave; the last one gives the place back where its owner has left."""
        if self.depth > 1:
            self.depth -= 1
            return
        if self.owner == self._lender.owner:  # himself
            self.gate.holders[self.owner] = self._lender
        else:
            del self.gate.holders[self.owner]
        self.gate.give_back(self, num_rows)
        self._lender.gate.lent_back(self._lender)

    def pass_to(self, heir: int, num_rows: int) -> bool:
        """It is not passed on: others than those for whom its owner waits may not have it."""
        return False
