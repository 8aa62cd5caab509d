"""Single calls: alone they do not wait, together they share batches, and each gets its own result or error."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from junco import Operator, OperatorError, ops, pipe, pipeline
from junco.engine.batching import BatchSize
from junco.engine.operators import OperatorApplier
from junco.engine.single import SharedBatches
from junco.errors import ClosedError, ContractError, DeadlineError, InputError
from junco.operator.residents import Resident, residents

NUM_THREADS = 32
LONG_S = 30
"""Nothing here takes so long unless it hangs."""


class Gated(Operator, family="single-test", name="gated"):
    """Counts its batches; the first stays inside until the test lets it go. Fails on -1, ends its thread on -2."""

    def __init__(self):
        self.batches = []
        self.entered, self.go_on = threading.Event(), threading.Event()

    def batch(self, numbers):
        self.batches.append(list(numbers))
        if len(self.batches) == 1:
            self.entered.set()
            self.go_on.wait(LONG_S)
        if -1 in numbers:
            raise ValueError("minus one")
        return [2 * number for number in numbers]


def wait_until(is_so):
    """Wait for what other threads are certain to do."""
    until = time.monotonic() + LONG_S
    while not is_so():
        assert time.monotonic() < until
        threading.Event().wait(0.001)


def shared(operator, **size):
    return SharedBatches(OperatorApplier(Resident(operator.spec, operator), BatchSize(**size)))


def called_together(calls, operator, numbers):
    """The results of concurrent calls, of which the first was inside the operator while the others came."""
    first, *others = numbers
    with ThreadPoolExecutor(len(numbers)) as threads:
        leading = threads.submit(calls, first)
        assert operator.entered.wait(LONG_S)
        following = [threads.submit(calls, number) for number in others]
        wait_until(lambda: calls.num_waiting == len(others))
        operator.go_on.set()
        return [leading, *following]


# ---- batches that calls share


def test_calls_that_come_while_a_batch_is_running_share_the_next_one():
    operator = Gated()
    calls = called_together(shared(operator, start=64), operator, range(NUM_THREADS))
    assert [call.result(LONG_S) for call in calls] == [2 * number for number in range(NUM_THREADS)]
    assert [len(batch) for batch in operator.batches] == [1, NUM_THREADS - 1]


def test_shared_batches_are_no_larger_than_the_operator_bears():
    operator = Gated()
    calls = called_together(shared(operator, max_rows=8), operator, range(NUM_THREADS))
    assert [call.result(LONG_S) for call in calls] == [2 * number for number in range(NUM_THREADS)]
    assert [len(batch) for batch in operator.batches] == [1, 8, 8, 8, 7]


def test_an_error_hits_only_the_caller_whose_row_it_is():
    operator = Gated()
    calls = called_together(shared(operator, start=64), operator, [1, 2, -1, 3])
    assert [calls[i].result(LONG_S) for i in (0, 1, 3)] == [2, 4, 6]
    assert isinstance(calls[2].exception(LONG_S), ValueError)


def test_an_error_of_the_leading_caller_leaves_the_others_unharmed():
    operator = Gated()
    calls = called_together(shared(operator, start=64), operator, [-1, 1, 2])
    assert isinstance(calls[0].exception(LONG_S), ValueError)
    assert [call.result(LONG_S) for call in calls[1:]] == [2, 4]


def test_ctrl_c_in_the_leading_caller_leaves_the_others_unharmed():
    class Interrupted(Gated, family="single-test", name="interrupted"):
        def batch(self, numbers):
            results = super().batch(numbers)
            if 0 in numbers:
                raise KeyboardInterrupt
            return results

    operator = Interrupted()
    calls = called_together(shared(operator, start=64), operator, [0, 1, 2])
    assert isinstance(calls[0].exception(LONG_S), KeyboardInterrupt)
    assert [call.result(LONG_S) for call in calls[1:]] == [2, 4]


def test_a_lone_call_is_a_batch_of_its_own_and_waits_for_nobody():
    operator = Gated()
    operator.go_on.set()
    calls = shared(operator, start=64)
    assert [calls(number) for number in range(3)] == [0, 2, 4]
    assert operator.batches == [[0], [1], [2]]
    assert threading.active_count() < NUM_THREADS


def test_32_threads_call_one_pipeline_and_each_gets_its_own():
    class Counting(Operator, family="single-test", name="counting"):
        batches = []

        def batch(self, numbers):
            self.batches.append(len(numbers))
            return [2 * number for number in numbers]

    p = pipe.input("x").map("x", "y", Counting()).map("y", "z", lambda y: y + 1).output("x", "z")
    with p, ThreadPoolExecutor(NUM_THREADS) as threads:
        assert list(threads.map(p, range(2_000))) == [(number, 2 * number + 1) for number in range(2_000)]
    assert sum(Counting.batches) == 2_000


def test_a_single_call_runs_in_the_callers_thread():
    with pipe.input("x").map("x", "y", lambda x: threading.get_ident()).output("y") as p:
        assert p(1) == threading.get_ident()


# ---- async callers


async def called_at_once(p, operator, shared_calls):
    """The results of async calls, of which the first was inside the operator while the others came."""
    first = asyncio.create_task(p.acall(0))
    assert await asyncio.to_thread(operator.entered.wait, LONG_S)
    others = [asyncio.create_task(p.acall(number)) for number in range(1, 4)]
    await asyncio.to_thread(wait_until, lambda: shared_calls.num_waiting == 3)
    operator.go_on.set()
    return await asyncio.gather(first, *others)


def test_concurrent_async_calls_share_batches():
    with pipe.input("x").map("x", "y", ops.single_test.gated()).output("y") as p:
        p.prepare()
        (resident,) = (each for each in residents if each.spec.name == "single-test.gated")
        operator, shared_calls = resident.operator, resident.attached("batches", dict)
        assert asyncio.run(called_at_once(p, operator, shared_calls)) == [0, 2, 4, 6]
    assert [len(batch) for batch in operator.batches] == [1, 3]


def test_a_hundred_async_calls_are_under_way_at_once():
    num_calls = 100
    all_are_there = threading.Barrier(num_calls)

    def meet(number):
        all_are_there.wait(LONG_S)  # breaks where some of them wait for a thread
        return number

    async def call_all(p):
        return await asyncio.gather(*(p.acall(number) for number in range(num_calls)))

    with pipe.input("x").map("x", "y", meet, workers=num_calls).output("y") as p:
        assert asyncio.run(call_all(p)) == list(range(num_calls))


def test_an_async_call_sees_its_callers_context_variables():
    asked_by = contextvars.ContextVar("asked_by")

    async def call(p):
        asked_by.set("ada")
        return await p.acall(1)

    with pipe.input("x").map("x", "y", lambda x: asked_by.get()).output("y") as p:
        assert asyncio.run(call(p)) == "ada"


def test_an_async_call_raises_its_own_error():
    async def call_all(p):
        return await asyncio.gather(*(p.acall(number) for number in (1, 0, 2)), return_exceptions=True)

    with pipe.input("x").map("x", "y", lambda x: 6 // x).output("y") as p:
        one, error, two = asyncio.run(call_all(p))
    assert (one, two) == (6, 3)
    assert isinstance(error, OperatorError)
    assert isinstance(error.__cause__, ZeroDivisionError)


# ---- deadlines


@pytest.fixture
def stuck():
    """A callable that does not return before the test is over."""
    let_go = threading.Event()
    yield lambda x: let_go.wait(LONG_S) and x
    let_go.set()


@pytest.mark.parametrize(
    "run",
    [
        lambda p: p(1, timeout_s=0.05),
        lambda p: p.batch([1, 2], timeout_s=0.05),
        lambda p: list(p.stream([1, 2], timeout_s=0.05)),
        lambda p: asyncio.run(p.acall(1, timeout_s=0.05)),
    ],
    ids=["call", "batch", "stream", "acall"],
)
def test_a_deadline_is_kept_though_the_operator_is_stuck(stuck, run):
    p = pipe.input("x").map("x", "y", stuck).output("y")
    started = time.monotonic()
    with pytest.raises(DeadlineError):
        run(p)
    assert time.monotonic() - started < LONG_S / 3


def test_a_call_within_its_deadline_gives_its_result():
    with pipe.input("x").map("x", "y", lambda x: x + 1).output("y") as p:
        assert p(1, timeout_s=LONG_S) == 2
        assert p.batch(range(100), timeout_s=LONG_S) == list(range(1, 101))


def test_a_deadline_may_be_over_before_it_begins():
    with pipe.input("x").map("x", "y", lambda x: x).output("y") as p, pytest.raises(DeadlineError):
        p.batch(range(100_000), timeout_s=0)


CALLS = {
    "call": lambda p, timeout_s: [p(1, timeout_s=timeout_s)],
    "batch": lambda p, timeout_s: p.batch([1], timeout_s=timeout_s),
    "stream": lambda p, timeout_s: list(p.stream([1], timeout_s=timeout_s)),
    "rows": lambda p, timeout_s: [row for _, row in p.rows([1], timeout_s=timeout_s)],
    "acall": lambda p, timeout_s: [asyncio.run(p.acall(1, timeout_s=timeout_s))],
}
EVERY_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@EVERY_CALL
@pytest.mark.parametrize("timeout_s", [float("nan"), "5", True, [1], 1j])
def test_a_deadline_that_is_no_number_of_seconds_is_refused(call, timeout_s):
    with pipe.input("x").map("x", "y", abs).output("y") as p, pytest.raises(InputError, match="timeout_s is a number"):
        call(p, timeout_s)


@EVERY_CALL
@pytest.mark.parametrize("timeout_s", [-1, 0, float("-inf")])
def test_a_deadline_that_leaves_no_time_is_over(call, timeout_s):
    with pipe.input("x").map("x", "y", abs).output("y") as p, pytest.raises(DeadlineError, match="leaves it no time"):
        call(p, timeout_s)


@EVERY_CALL
@pytest.mark.parametrize("timeout_s", [float("inf"), 10**400, np.float32(30), None])
def test_a_deadline_may_be_as_far_as_one_likes(call, timeout_s):
    with pipe.input("x").map("x", "y", abs).output("y") as p:
        assert call(p, timeout_s) == [1]


# ---- what a caller may do wrong


def test_a_closed_pipeline_says_so():
    p = pipe.input("x").map("x", "y", lambda x: x).output("y")
    p.close()
    for call in (lambda: p(1), lambda: p.batch([1]), lambda: next(p.stream([1])), lambda: asyncio.run(p.acall(1))):
        with pytest.raises(ClosedError):
            call()


def test_a_wrong_number_of_inputs_is_refused():
    with pipe.input("x", "y").map(("x", "y"), "z", max).output("z") as p:
        with pytest.raises(InputError, match=r"takes 2 \(x, y\) and was given 1"):
            p(1)
        with pytest.raises(InputError, match="item 1: the pipeline takes 2 inputs"):
            p.batch([(1, 2), 3])


def test_a_step_that_gives_too_few_values_is_refused_in_a_single_call():
    with pipe.input("x").map("x", ("a", "b"), lambda x: (x,)).output("a") as p:
        with pytest.raises(OperatorError) as caught:
            p(1)
        assert isinstance(caught.value.__cause__, ContractError)


def test_stop_iteration_in_a_callable_is_an_error_and_no_end():
    def ends(x):
        raise StopIteration

    with pipe.input("x").map("x", "y", ends).output("y") as p:
        for run in (lambda: p(1), lambda: p.batch([1]), lambda: list(p.stream([1]))):
            with pytest.raises(OperatorError):
                run()


# ---- replicas


class Placed(Operator, family="single-test", name="placed"):
    """Two batches at once meet at the barrier: only replicas can get past it."""

    met = threading.Barrier(2)
    opened_on = []

    def __init__(self, device="auto"):
        self.device = device

    def open(self):
        self.opened_on.append(self.device)

    def batch(self, numbers):
        if -1 in numbers:
            self.met.wait(LONG_S)
        return [(number, id(self)) for number in numbers]


def test_two_devices_make_two_replicas_that_work_at_the_same_time():
    graph = pipe.input("x").map("x", "y", Placed().spec).output("y").graph
    with pipeline(graph, device=["cpu", "cpu"]) as p, ThreadPoolExecutor(2) as threads:
        (_, one), (_, other) = threads.map(p, [-1, -1])
        assert one != other
        assert Placed.opened_on == ["cpu", "cpu"]
        assert [number for number, _ in p.batch(range(100))] == list(range(100))
