"""Calls, threads and pipelines that meet at one operator or function: nobody waits for ever, nobody is there twice."""

from __future__ import annotations

import threading
import time

import pytest

from junco import Hints, Operator, cache, ops, pipe
from junco.errors import DeadlineError

LONG_S = 30


class Sleeper(Operator, family="together-test", name="sleeper"):
    """Sleeps for the longest of its rows."""

    hints = Hints(max_batch=8)

    def batch(self, seconds):
        time.sleep(max(seconds))
        return seconds


class Countdown(Operator, family="together-test", name="countdown"):
    """Calls the pipeline that it stands in."""

    ask = None

    def batch(self, numbers):
        return [0 if number <= 0 else Countdown.ask(number - 1) + 1 for number in numbers]


class Alone(Operator, family="together-test", name="alone"):
    """Notes how many threads are inside."""

    inside = most = 0

    def batch(self, numbers):
        Alone.inside += 1
        Alone.most = max(Alone.most, Alone.inside)
        time.sleep(0.005)
        Alone.inside -= 1
        return numbers


def in_threads(*works):
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
        assert not thread.is_alive(), "a thread waits for ever"


def through(step):
    return pipe.input("x").map("x", "y", step).output("y")


def late(p, seconds, timeout_s):
    def call():
        with pytest.raises(DeadlineError):
            p(seconds, timeout_s=timeout_s)

    return call


def test_callers_who_give_up_never_lead_a_batch():
    with through(ops.together_test.sleeper()) as p, through(ops.together_test.sleeper()) as other:
        p(0.0), other(0.0)
        in_threads(
            lambda: p(0.1),
            lambda: other.batch([0.6]),
            late(p, 0.001, 0.3),
            late(p, 0.001, 0.2),
            late(p, 0.001, 0.25),
        )
        in_threads(lambda: p(0.0), lambda: p(0.001))


@pytest.mark.parametrize(
    "ask",
    [
        lambda p: p,
        lambda p: lambda number: p(number, timeout_s=LONG_S),
        lambda p: lambda number: p.batch([number] * 3)[0],
        lambda p: lambda number: next(iter(p.stream([number] * 3))),
    ],
    ids=["call", "call with a deadline", "batch", "stream left half read"],
)
def test_an_operator_may_call_the_pipeline_that_it_stands_in(ask):
    with through(ops.together_test.countdown()) as p:
        Countdown.ask = staticmethod(ask(p))
        found = []
        in_threads(lambda: found.append(p(3)), lambda: found.append(list(p.batch([2, 2, 2]))))
        assert sorted(map(str, found)) == ["3", "[2, 2, 2]"]
        in_threads(lambda: p(0))


def test_an_operator_of_the_callers_own_has_one_thread_inside_in_all_his_pipelines():
    own = Alone()
    Alone.most = 0
    with through(own) as p, through(own) as q:
        in_threads(*[lambda p=p: [p(1) for _ in range(5)] for p in (p, q)])
    assert Alone.most == 1


def test_a_function_has_one_thread_inside_in_all_pipelines():
    seen = {"inside": 0, "most": 0}

    def note(x):
        seen["inside"] += 1
        seen["most"] = max(seen.values())
        time.sleep(0.005)
        seen["inside"] -= 1
        return x

    with through(note) as p, through(note) as q:
        in_threads(*[lambda p=p: [p(1) for _ in range(5)] for p in (p, q)])
    assert seen["most"] == 1


def test_threads_that_call_an_operator_for_the_first_time_hold_it_once():
    class Counted(Operator, family="together-test", name="counted"):
        def __init__(self) -> None:
            time.sleep(0.02)

        def batch(self, xs):
            return xs

    spec = ops.together_test.counted()
    in_threads(*[lambda: spec(1)] * 4)
    assert [resident.num_holders for resident in cache if type(resident.operator) is Counted] == [1]


class Fetches(Operator, family="together-test", name="fetches"):
    """Takes its time before the first use."""

    def fetch(self) -> None:
        time.sleep(0.5)

    def batch(self, xs):
        return xs


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p(1, timeout_s=0.05),
        lambda p: p.batch([1], timeout_s=0.05),
        lambda p: list(p.rows([1], timeout_s=0.05)),
    ],
    ids=["call", "batch", "rows"],
)
def test_a_deadline_counts_what_happens_at_the_first_use(use):
    with through(ops.together_test.fetches()) as p:
        with pytest.raises(DeadlineError):
            use(p)
        assert p(1) == 1
