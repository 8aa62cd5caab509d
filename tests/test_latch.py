"""`Latch`: an event for one thread."""

from __future__ import annotations

import threading

from junco.latch import Latch


def test_it_is_not_set_until_somebody_sets_it_and_stays_set():
    latch = Latch()
    assert not latch.is_set()
    assert not latch.wait(0.001)
    latch.set()
    latch.set()
    assert latch.wait()
    assert latch.wait(-1.0)
    assert latch.is_set()


def test_a_cleared_one_is_waited_for_again():
    latch = Latch()
    latch.clear()
    latch.set()
    latch.clear()
    assert not latch.wait(0.0)


def test_whoever_waits_goes_on_when_another_thread_sets_it():
    latch, other = Latch(), Latch()
    waiter = threading.Thread(target=lambda: (latch.wait(), other.set()))
    waiter.start()
    latch.set()
    assert other.wait(30.0)
    waiter.join()
