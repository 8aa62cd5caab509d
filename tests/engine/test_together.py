"""Calls, threads and pipelines that meet at one operator or function: nobody waits for ever, nobody is there twice."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

import pytest

from junco import Hints, Operator, cache, ops, pipe, pipeline
from junco.cores import num_cores
from junco.engine.callers import Callers
from junco.errors import DeadlineError
from junco.operator import gate
from junco.operator.residents import resident_of

LONG_S = 30


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


def alone(seen, told=None):
    """A function that notes how many are inside, and takes its time."""
    lock = threading.Lock()

    def work(x):
        with lock:
            seen["inside"] += 1
            seen["most"] = max(seen["most"], seen["inside"])
        if told is not None:
            told.wait(0.2)
        time.sleep(0.02)
        with lock:
            seen["inside"] -= 1
        return x

    return work


class Step(Operator, family="together-test", name="step"):
    """What a function does."""

    def __init__(self, work) -> None:
        self.work = work

    def batch(self, xs):
        return [self.work(x) for x in xs]


@pytest.mark.parametrize("is_operator", [False, True], ids=["function", "operator"])
@pytest.mark.parametrize("call", [lambda p, **o: p(1, **o), lambda p, **o: p.batch([1], **o)], ids=["call", "batch"])
def test_one_who_calls_again_after_a_deadline_is_inside_alone(call, is_operator):
    """The call that was left behind comes to the step while the same thread is inside with another one."""
    seen, go_on, came = {"inside": 0, "most": 0}, threading.Event(), threading.Event()

    def first(x):
        go_on.wait(LONG_S)
        came.set()
        return x

    def enter(x):
        go_on.set()
        came.wait(LONG_S)
        return work(x)

    work = alone(seen, threading.Event())
    step = Step(enter) if is_operator else enter
    with pipe.input("x").map("x", "y", first).map("y", "z", step).output("z") as p, through(step) as q:
        p.prepare(), q.prepare()
        with pytest.raises(DeadlineError):
            call(p, timeout_s=0.05)
        assert q(2) == 2
        assert q(3) == 3
    assert seen == {"inside": 0, "most": 1}


@pytest.mark.parametrize("is_operator", [False, True], ids=["function", "operator"])
def test_an_event_loop_that_calls_while_its_async_calls_are_under_way_is_inside_alone(is_operator):
    seen, go_on, came = {"inside": 0, "most": 0}, threading.Event(), threading.Event()

    def first(x):
        go_on.wait(LONG_S)
        came.set()
        return x

    def enter(x):
        go_on.set()
        came.wait(LONG_S)
        return work(x)

    work = alone(seen, threading.Event())
    step = Step(enter) if is_operator else enter
    with pipe.input("x").map("x", "y", first).map("y", "z", step).output("z") as p, through(step) as q:
        p.prepare(), q.prepare()

        async def main():
            task = asyncio.create_task(p.acall(1))
            await asyncio.sleep(0)
            return q(2), await task

        assert asyncio.run(main()) == (2, 1)
    assert seen == {"inside": 0, "most": 1}


def test_a_function_may_run_an_event_loop_that_calls_its_pipeline():
    def ask(number):
        return number and asyncio.run(both(number - 1)) + p.batch([number - 1])[0] + 1

    async def both(number):
        first, second = await asyncio.gather(p.acall(number), p.acall(0))
        return first + second + p(0)

    with through(ask) as p:
        found = []
        in_threads(lambda: found.append(p(2)))
        assert found == [3]


def test_a_call_that_ends_as_its_time_is_over_gives_its_result(monkeypatch):
    class Slow(Future):
        def result(self, timeout=None):
            if timeout is not None:
                super().result()
                raise FutureTimeoutError
            return super().result()

    monkeypatch.setattr("junco.engine.callers.Future", Slow)
    assert through(abs)(-3, timeout_s=LONG_S) == 3


def test_where_no_thread_can_be_started_a_call_says_so_and_later_ones_are_made(monkeypatch):
    callers = Callers(most=2)

    def fail(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        for _ in range(3):
            with pytest.raises(RuntimeError, match="new thread"):
                callers.submit(lambda: 1).result(LONG_S)
    assert callers.submit(lambda: 1).result(LONG_S) == 1
    callers.rest()


class Held(Operator, family="together-test", name="held"):
    """Each of its first batches ends when it is told."""

    hints = Hints(max_batch=8)

    def __init__(self, num_held=2) -> None:
        self.entered, self.go_on = ([threading.Event() for _ in range(num_held)] for _ in range(2))
        self.num_batches = 0

    def batch(self, xs):
        number, self.num_batches = self.num_batches, self.num_batches + 1
        if number < len(self.entered):
            self.entered[number].set()
            self.go_on[number].wait(LONG_S)
        return xs


def test_callers_who_give_up_never_lead_a_batch():
    """They come while another one leads; as he ends, a batch is next, and one of them is to lead after that."""
    own = Held()
    with through(own) as p:
        p.prepare()
        leading, batch = threading.Thread(target=p, args=(0,)), threading.Thread(target=p.batch, args=([0],))
        leading.start()
        assert own.entered[0].wait(LONG_S)
        batch.start()
        ends_s = time.monotonic() + LONG_S
        while resident_of(own).num_waiting != 1:
            assert time.monotonic() < ends_s
            threading.Event().wait(0.001)
        late_ones = [threading.Thread(target=late(p, 1, 0.2 + 0.05 * i)) for i in range(3)]
        for thread in late_ones:
            thread.start()
        own.go_on[0].set()
        assert own.entered[1].wait(LONG_S)
        for thread in late_ones:
            thread.join(LONG_S)
            assert not thread.is_alive()
        own.go_on[1].set()
        in_threads(leading.join, batch.join, lambda: p(0), lambda: p(0))


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


class Asking(Operator, family="together-test", name="asking"):
    """Calls the pipeline that it stands in, on several devices."""

    ask = None
    all_are_inside = threading.Barrier(2, timeout=LONG_S)

    def __init__(self, device="auto") -> None:
        self.device = device

    def batch(self, numbers):
        if 1 in numbers:
            self.all_are_inside.wait()
        return [0 if number <= 0 else Asking.ask(number - 1) + 1 for number in numbers]


@pytest.mark.parametrize(
    "ask",
    [lambda p: p, lambda p: lambda number: p(number, timeout_s=LONG_S), lambda p: lambda number: p.batch([number])[0]],
    ids=["call", "call with a deadline", "batch"],
)
def test_replicas_that_all_call_the_pipeline_that_they_stand_in_do_not_wait_for_each_other(ask):
    graph = through(ops.together_test.asking()).graph
    with pipeline(graph, device=["cpu", "cpu"]) as p:
        Asking.ask = staticmethod(ask(p))
        found = []
        in_threads(*[lambda: found.append(p(1))] * 2)
        assert found == [1, 1]


def test_a_function_with_workers_may_call_the_pipeline_that_it_stands_in():
    all_are_inside = threading.Barrier(3, timeout=LONG_S)

    def ask(number):
        if number == 2:
            all_are_inside.wait()
        return number and p(number - 1) + p.batch([number - 1])[0] + 1

    with pipe.input("x").map("x", "y", ask, workers=3).output("y") as p:
        found = []
        in_threads(*[lambda: found.append(p(2))] * 3)
        assert found == [3, 3, 3]


@pytest.mark.parametrize(
    "call",
    [lambda p: p(1), lambda p: p.batch([1, 1]), lambda p: list(p.rows([1, 1])), lambda p: asyncio.run(p.acall(1))],
    ids=["call", "batch", "rows", "acall"],
)
@pytest.mark.parametrize("verb", ["map", "flat_map"])
def test_a_function_has_as_many_threads_inside_as_its_step_has_workers_whoever_calls(call, verb):
    lock, inside, most = threading.Lock(), 0, 0

    def work(x):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.002)
        with lock:
            inside -= 1
        return [x]

    start = pipe.input("x")
    step = start.map if verb == "map" else start.flat_map
    with step("x", "y", work, workers=3).output("y") as p:
        in_threads(*[lambda: call(p)] * 12)
    assert most <= 3


def test_threads_do_not_multiply_with_those_who_call():
    """24 callers of steps with three workers each, here and within: beside theirs a crew, and one a core."""
    before = threading.active_count()
    most = 0

    def work(x):
        nonlocal most
        most = max(most, threading.active_count())
        time.sleep(0.001)
        return x

    inner = (
        pipe.input("x").flat_map("x", "i", range).map("i", "j", work, workers=3).window_all("j", "n", len).output("n")
    )
    outer = pipe.input("x").flat_map("x", "i", range).map("i", "n", inner).map("n", "m", work, workers=3)
    with outer.window_all("m", "s", sum).output("s") as p:
        calls = [lambda: p(4)] * 8 + [lambda: p.batch([4, 3])] * 8 + [lambda: list(p.stream([3, 4]))] * 8
        in_threads(*calls)
        assert most - before - len(calls) <= 2 * 3 + num_cores()


def test_threads_end_with_the_pipeline():
    others = set(threading.enumerate())

    async def call_all(p):
        cancelled = asyncio.create_task(p.acall(4))
        await asyncio.gather(*(p.acall(4) for _ in range(20)))
        cancelled.cancel()

    with pipe.input("x").flat_map("x", "i", range).map("i", "j", abs, workers=5).output("j") as p:
        asyncio.run(call_all(p))
        p.batch([100] * 10)
        p(3, timeout_s=LONG_S)
    left = [thread for thread in threading.enumerate() if thread not in others]
    for thread in left:
        thread.join(LONG_S)
    assert not any(thread.is_alive() for thread in left)


class Counted(Operator, family="together-test", name="counted-rows"):
    """Holds its first batch until it is told, and counts rows by who sent them while both do."""

    hints = Hints(max_batch=8)

    def __init__(self) -> None:
        self.entered, self.go_on, self.rows = threading.Event(), threading.Event(), []

    def batch(self, numbers):
        if not self.entered.is_set():
            self.entered.set()
            self.go_on.wait(LONG_S)
        self.rows += numbers
        return numbers


def test_batches_take_no_more_of_an_operator_than_their_share_while_single_calls_wait(monkeypatch):
    """Sixty callers of one row each, three with batches of 100: of the first hundred rows each side has its part."""
    monkeypatch.setattr(gate, "TURN_S", 0.0)  # as with work that takes longer than a turn
    own = Counted()
    with through(own) as p, through(own) as q:
        p.prepare(), q.prepare()
        resident = resident_of(own)
        calls = [lambda: p(0)] * 60 + [lambda: q.batch([1] * 100)] * 3
        first = threading.Thread(target=p, args=(0,))
        first.start()
        assert own.entered.wait(LONG_S)
        threads = [threading.Thread(target=call, daemon=True) for call in calls]
        for thread in threads:
            thread.start()
        waiting = resident.attached("batches", dict)
        ends_s = time.monotonic() + LONG_S
        while waiting.num_waiting < 60 or resident.num_waiting != 3:
            assert time.monotonic() < ends_s
            threading.Event().wait(0.001)
        own.go_on.set()
        in_threads(*[thread.join for thread in [first, *threads]])
    last = max(i for i, row in enumerate(own.rows) if row == 0)
    assert own.rows[:last].count(1) <= last / 4 + 2 * 8
    assert 1 in own.rows[:last], "batches do not starve"


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
