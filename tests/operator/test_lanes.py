"""Who goes first where several threads wait for one lock, and who has waited long enough."""

from __future__ import annotations

import threading
import time

import pytest

from junco.errors import DeadlineError
from junco.operator.lanes import Lane, RankedLock, in_lane, lane, left_s, until

LONG_S = 30


def wait_until(is_so):
    ends_s = time.monotonic() + LONG_S
    while not is_so():
        assert time.monotonic() < ends_s
        threading.Event().wait(0.001)


def test_the_more_urgent_goes_first_and_in_a_lane_whoever_came_first():
    lock, went = RankedLock(), []

    def wait(name, its_lane):
        with in_lane(its_lane):
            lock.acquire()
            went.append(name)
            lock.release()

    lock.acquire()
    threads = []
    for name, its_lane in (("bulk", Lane.BULK), ("batch", Lane.BATCH), ("one", Lane.ONLINE), ("two", Lane.ONLINE)):
        threads.append(threading.Thread(target=wait, args=(name, its_lane)))
        threads[-1].start()
        wait_until(lambda: len(lock._waiting) == len(threads))
    lock.release()
    for thread in threads:
        thread.join(LONG_S)
    assert went == ["one", "two", "batch", "bulk"]


def test_whoever_has_the_lock_may_take_it_again():
    lock = RankedLock()
    lock.acquire()
    lock.acquire()
    lock.release()
    assert not lock.try_acquire()
    lock.release()
    assert lock.try_acquire()


def test_whoever_has_waited_long_enough_leaves_the_queue():
    lock, failures = RankedLock(), []

    def wait():
        with until(time.monotonic() + 0.05):
            try:
                lock.acquire()
            except DeadlineError as error:
                failures.append(error)

    lock.acquire()
    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(LONG_S)
    lock.release()
    assert len(failures) == 1
    assert lock.try_acquire()


def test_a_deadline_within_another_is_the_nearer_of_both():
    assert left_s() is None
    with until(time.monotonic() + 100), until(time.monotonic() + 200):
        assert left_s() < 101
        with until(time.monotonic() - 1), pytest.raises(DeadlineError):
            left_s()
    assert left_s() is None
    assert lane() is Lane.ONLINE
