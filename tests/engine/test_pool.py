"""The pool: as many threads as there is work for, up to one a core and what runs need beyond."""

from __future__ import annotations

import threading

import pytest

from junco import Hints, Operator, pipe
from junco.engine.pool import IDLE_S, Pool
from junco.errors import DeadlineError

LONG_S = 30
"""Nothing here takes so long unless it hangs."""


class Tasks:
    """A run of ``num`` tasks, each of which does ``work``."""

    def __init__(self, pool, num, work, num_extra_workers=0, num_own_threads=0, crew=None):
        self.pool, self.left, self.work, self.crew = pool, num, work, crew or id(self)
        self.num_extra_workers, self.num_own_threads = num_extra_workers, num_own_threads
        self.over = threading.Semaphore(0)
        self.num_at_work = 0

    @property
    def is_at_work(self):
        return self.num_at_work > 0

    def run_task(self):
        with self.pool.lock:
            if not self.left:
                return False
            self.left -= 1
            self.num_at_work += 1
            self.pool.wake()
        self.work()
        with self.pool.lock:
            self.num_at_work -= 1
        self.over.release()
        return True

    def help(self):
        with self.pool.lock:
            self.pool.help(self)

    def wait(self, num=1):
        assert all(self.over.acquire(timeout=LONG_S) for _ in range(num))


@pytest.fixture
def pool():
    pool = Pool(num_workers=1)
    yield pool
    pool.end()
    assert not pool._threads


def test_all_threads_help_where_there_is_work_for_all():
    pool = Pool(num_workers=4)
    together = threading.Barrier(4, timeout=LONG_S)
    tasks = Tasks(pool, 8, together.wait)
    tasks.help()
    tasks.wait(8)
    pool.end()


def test_a_run_that_needs_more_threads_than_there_are_cores_gets_them(pool):
    together = threading.Barrier(4, timeout=LONG_S)
    tasks = Tasks(pool, 4, together.wait, num_extra_workers=3)
    tasks.help()
    tasks.wait(4)


def test_runs_of_one_pipeline_share_the_threads_of_its_workers(pool):
    """Four runs of one crew, each of which wants three threads more: with those of one core that is four."""
    go_on, inside = threading.Event(), threading.Semaphore(0)

    def work():
        inside.release()
        go_on.wait(LONG_S)

    runs = [Tasks(pool, 3, work, num_extra_workers=3, crew="one") for _ in range(4)]
    for run in runs:
        run.help()
    assert all(inside.acquire(timeout=LONG_S) for _ in range(4))
    with pool.lock:
        pool.wake()
        assert len(pool._threads) == 4
    go_on.set()
    for run in runs:
        run.wait(3)


def test_pipelines_have_a_crew_each(pool):
    together = threading.Barrier(5, timeout=LONG_S)
    runs = [Tasks(pool, 5, together.wait, num_extra_workers=2, crew=name) for name in "ab"]
    for run in runs:
        run.help()
    for run in runs:
        run.wait(5)


def test_threads_that_have_nothing_to_do_end_when_they_are_told_and_come_again(pool):
    tasks = Tasks(pool, 1, lambda: None)
    tasks.help()
    tasks.wait()
    (thread,) = pool._threads
    pool.forget(tasks)
    pool.rest()
    thread.join(IDLE_S / 2)
    assert not thread.is_alive()
    again = Tasks(pool, 1, lambda: None)
    again.help()
    again.wait()


def test_a_thread_that_a_run_has_left_behind_does_not_keep_others_from_being_helped(pool):
    stuck, go_on = threading.Event(), threading.Event()

    def hang():
        stuck.set()
        go_on.wait(LONG_S)

    hanging, other = Tasks(pool, 1, hang), Tasks(pool, 1, lambda: None)
    hanging.help()
    assert stuck.wait(LONG_S)
    pool.forget(hanging)
    other.help()
    other.wait()
    assert not go_on.is_set()
    go_on.set()


def test_no_run_waits_until_another_one_is_over(pool):
    """The first run has a new task whenever it has done one, until the second one has been helped."""
    endless = Tasks(pool, 1, lambda: None)

    def one_more():
        endless.left += not other_is_over.is_set()

    other_is_over = threading.Event()
    endless.work = one_more
    endless.help()
    endless.wait()
    other = Tasks(pool, 1, other_is_over.set)
    other.help()
    other.wait()


# ---- what users see of it


def test_as_many_rows_are_worked_on_at_once_as_a_step_has_workers():
    num_workers = 12
    together = threading.Barrier(num_workers, timeout=LONG_S)

    def meet(number):
        together.wait()
        return number

    with pipe.input("x").map("x", "y", meet, workers=num_workers).output("y") as p:
        assert p.batch(range(num_workers)) == list(range(num_workers))


def test_a_call_that_hangs_does_not_keep_others_from_meeting_their_deadline():
    go_on = threading.Event()
    with pipe.input("x").map("x", "y", lambda x: x and go_on.wait(LONG_S)).output("y") as p:
        for _ in range(3):
            with pytest.raises(DeadlineError):
                p(1, timeout_s=0.01)
        with pipe.input("x").map("x", "y", abs).output("y") as other:
            assert other(-1, timeout_s=LONG_S) == 1
        assert not go_on.is_set()
        go_on.set()


class Meeting(Operator, family="pool-test", name="meeting"):
    """Goes on when five batches are there."""

    hints = Hints(thread_safe=True, releases_gil=True, max_batch=1)
    together = threading.Barrier(5, timeout=LONG_S)

    def batch(self, numbers):
        self.together.wait()
        return list(numbers)


def test_calls_with_deadlines_are_under_way_at_once():
    with pipe.input("x").map("x", "y", Meeting(), workers=5).output("y") as p:
        callers = [threading.Thread(target=p, args=(i,), kwargs={"timeout_s": LONG_S}) for i in range(5)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(LONG_S)
        assert not Meeting.together.broken
