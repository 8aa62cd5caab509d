"""Gates: how many threads may be inside an operator or a function at once, and who is next where several wait.

Single calls, batches and jobs are a lane each. Where lanes wait for each other each gets its share of the rows, so that
neither starves the other; a lane that nobody else wants has all of it. In one lane whoever came first is woken first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any

from junco.operator.lanes import Lane, Waiters, lane, left_s, waiting_for_me, waiting_of
from junco.operator.places import Claim, LentPlace, Place
from junco.operator.shares import Shares

TURN_S = 0.001
"""How long a turn lasts: meanwhile others of its lane may be quicker than those who wait.

To hand a place over costs a change of threads, which may be a hundred times what a call takes; after work that takes
longer than a turn it is always handed over, so that nobody waits for more than one call of each who came before him.
"""

LOST_S = 0.5
"""How long one waits before he looks whether a place got lost; what is missing twice in a row is put back."""


class Gate:
    """So many threads may be inside at once. Whoever is inside may enter again.

    A place that comes free is handed to whoever waits first in the lane that is next, and a turn begins. While it
    lasts, a place that comes free goes to the quickest of that lane.

    Args:
        places: what goes with each place.
        of: what is guarded, which lives as long as its gate.
        clock: seconds, for how long a turn has lasted.
    """

    def __init__(
        self, places: Sequence[Any] = (None,), of: object = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.free: list[Place] = [Place(self, what) for what in places]
        self._places = tuple(self.free)
        self._missing: tuple[Place, ...] = ()
        self.holders: dict[int, Place] = {}
        """By thread; those who have borrowed a place are among them."""
        self.waiting: dict[Lane, deque[Claim]] = {}
        """Of each lane in which somebody waits."""
        self.mutex = threading.Lock()
        self._shares = Shares()
        self._clock = clock
        self._turn: Lane | None = None
        self._turn_ends_s = 0.0
        self._of = of

    @property
    def num_waiting(self) -> int:
        """Threads that wait."""
        with self.mutex:
            return sum(map(len, self.waiting.values()))

    def widen(self, num_places: int) -> None:
        """Have at least so many places."""
        with self.mutex:
            more = [Place(self, None) for _ in range(num_places - len(self._places))]
            self._places += tuple(more)
            self.free += more
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
                place.owner, place.waiting = me, waiting_of.get(me, ())
                self.holders[me] = place
                return place
        elif (place := self.holders[me]).inner is None and place.waiting == waiting_of.get(me, ()):
            place.depth += 1
            return place
        return self._borrowed_or_waited(me)

    def calling(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is called inside. `take` and `release` are written out: single calls do little else."""
        holders, free, waiting = self.holders, self.free, self.waiting

        def called(*given: Any) -> Any:
            me = get_ident()
            if me in holders or waiting:
                return self._called(fn, given)
            try:
                place = free.pop()
            except IndexError:
                return self._called(fn, given)
            try:
                place.owner, place.waiting = me, waiting_of.get(me, ()) if waiting_of else ()
                holders[me] = place
                return fn(*given)
            finally:
                holders.pop(me, None)  # nobody, where Ctrl-C came just before
                if waiting or place.inner is not None:
                    self.give_back(place, 1)
                else:
                    free.append(place)
                    if waiting:
                        self.call_next()

        return called

    def _called(self, fn: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        before = self.stands()
        try:
            self.take()
            return fn(*given)
        finally:
            if self.stands() != before:
                self.mine().release()

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

    def stands(self) -> tuple[Place, int] | None:
        """Where the calling thread stands: its place, and how often it has entered.

        Ctrl-C may come when a place has just been taken, before whoever took it can tell: he compares.
        """
        place = self.holders.get(get_ident())
        return None if place is None else (place, place.depth)

    def is_for_me(self) -> bool:
        """Whether someone is inside who waits for what the calling thread does, or that thread itself."""
        return any(one.is_there and one.thread in self.holders for one in waiting_for_me())

    def give_back(self, place: Place, num_rows: int) -> None:
        """Let the next one in, unless somebody is still inside to whom the place was lent."""
        with self.mutex:
            self._shares.served(lane(), num_rows)
            self._left(place)

    def call_next(self) -> None:
        """Wake whoever is next, if there is a place."""
        with self.mutex:
            self._call_next()

    def lent_back(self, lender: Place) -> None:
        """One thread less that a lent place is for; with the last one it comes free if its owner has left."""
        with self.mutex:
            assert lender.inner is not None
            lender.inner.num_users -= 1
            if lender.inner.num_users:
                return
            lender.inner = None
            if lender.is_left:
                lender.is_left = False
                self._left(lender)

    def _call_next(self) -> None:
        if self.free and self.waiting:
            first = self.waiting[self._shares.next(self.waiting)][0]
            if not first.woken.is_set():
                first.woken.set()

    def _left(self, place: Place) -> None:
        """A place that its owner has left (with the mutex held)."""
        if place.inner is not None:
            place.is_left = True
        elif not self.waiting or self._clock() < self._turn_ends_s:
            self.free.append(place)
        else:
            heir = self.waiting[self._shares.next(self.waiting)][0]
            self._take_out(heir)
            heir.place = place
            self._let_in(heir.thread, place)
            self._turn, self._turn_ends_s = heir.lane, self._clock() + TURN_S
            heir.woken.set()
        self._call_next()  # another place may be free, and another lane next than before these rows were counted

    def _let_in(self, thread: int, place: Place) -> None:
        place.owner, place.waiting = thread, waiting_of.get(thread, ())
        self.holders[thread] = place

    def _take_out(self, one: Claim) -> None:
        queue = self.waiting[one.lane]
        queue.remove(one)
        if not queue:
            del self.waiting[one.lane]

    def _borrowed_or_waited(self, me: int) -> Place:
        chain = waiting_for_me()
        while (lender := self._lender(chain)) is not None:
            inner = self._lent_by(lender, chain)
            if inner is not None:
                return inner.borrow(me)
        return self._waited(me)

    def _lender(self, chain: Waiters) -> Place | None:
        """The place of the nearest one who waits for the calling thread inside; it may be that itself, further out."""
        for one in reversed(chain):
            place = self.holders.get(one.thread)
            while place is not None:
                if self._is_lent(place, chain):
                    return place
                place = place.lender
        return None

    def _is_lent(self, place: Place, chain: Waiters) -> bool:
        return place.is_lent_to(chain) or (place.owner == chain[-1].thread and place.inner is not None)

    def _lent_by(self, lender: Place, chain: Waiters) -> Lent | None:
        """The gate of a lent place, with the calling thread counted; ``None`` if its owner waits no more."""
        with lender.gate.mutex:
            inner = lender.inner = lender.inner or Lent(lender)
            # looked at after `inner` is there, which its owner looks at when he enters again or leaves
            if not (self._is_lent(lender, chain) and self._is_held(lender)):
                lender.inner = inner if inner.num_users else None
                return None
            inner.num_users += 1
            return inner

    def _is_held(self, place: Place) -> bool:
        held = self.holders.get(place.owner)
        while held is not None and held is not place:
            held = held.lender
        return held is place

    def claim(self, thread: int, its_lane: Lane) -> Claim:
        """Let a thread wait from now on, in its lane; it is to `redeem` that, or to `drop` it."""
        with self.mutex:
            one = self._claim(its_lane, thread)
            self._call_next()
            return one

    def redeem(self, one: Claim) -> Place:
        """Enter when it is one's turn.

        Raises:
            DeadlineError: the calling thread's time was over first.
        """
        try:
            while (place := self._found(one)) is None:
                left = left_s()
                if not one.woken.wait(LOST_S if left is None else min(left, LOST_S)):
                    self._look_for_lost()
            return place
        except BaseException:  # too late, or Ctrl-C: leave the queue, or hand on what was handed over meanwhile
            self.drop(one)
            raise

    def _look_for_lost(self) -> None:
        """Put back what nobody has: Ctrl-C may come when a thread has just taken a place out, or is giving it back."""
        with self.mutex:
            there = set(map(id, self.free))
            for place in list(self.holders.values()):
                held: Place | None = place
                while held is not None:
                    there.add(id(held))
                    held = held.lender
            missing = tuple(place for place in self._places if id(place) not in there and not place.is_left)
            self.free += [place for place in missing if place in self._missing]
            self._missing = missing
            self._call_next()

    def _claim(self, own: Lane, thread: int) -> Claim:
        one = Claim(own, thread)
        if own not in self.waiting:
            self._shares.came(own)
            self.waiting[own] = deque()
        self.waiting[own].append(one)
        return one

    def _waited(self, me: int) -> Place:
        own = lane()
        with self.mutex:
            if (place := self._free_for(own)) is not None:
                self._let_in(me, place)
                return place
            one = self._claim(own, me)
        return self.redeem(one)

    def _found(self, one: Claim) -> Place | None:
        """The place of one who waits: handed to him, or free while it is his lane's turn."""
        with self.mutex:
            if one.place is not None:
                return one.place
            one.woken.clear()
            if (place := self._free_for(one.lane)) is not None:
                self._take_out(one)
                one.place = place
                self._let_in(one.thread, place)
                self._call_next()  # of those who were called for several places only the first has come
            return place

    def _free_for(self, own: Lane) -> Place | None:
        """A place for a lane, if there is one, and no other lane is next or it is this one's turn (mutex held)."""
        if own not in self.waiting:
            self._shares.came(own)
        if not self.free or not (self._is_next(own) or self._has_turn(own)):
            return None
        try:
            return self.free.pop()
        except IndexError:  # somebody who did not have to wait was quicker
            return None

    def _is_next(self, own: Lane) -> bool:
        return not self.waiting or self._shares.next({*self.waiting, own}) is own

    def _has_turn(self, own: Lane) -> bool:
        return own is self._turn and self._clock() < self._turn_ends_s

    def drop(self, one: Claim) -> None:
        """Wait no more, and give back what was handed over; to say it again does nothing."""
        with self.mutex:
            place, one.place = one.place, None
            if place is None and one in self.waiting.get(one.lane, ()):
                self._take_out(one)
        if place is not None:
            place.release(0)
        else:
            self.call_next()


class Lent(Gate):
    """The gate of a lent place: those for whom its owner waits have it one at a time."""

    def __init__(self, lender: Place) -> None:
        super().__init__(())
        self.holders = lender.gate.holders
        self.free = [LentPlace(self, lender.what, lender)]
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
