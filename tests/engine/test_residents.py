"""Residents: one loaded operator for all who use it, counted, given back, and leaving when memory is short."""

from __future__ import annotations

import gc
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from junco import Hints, Operator, cache, pipe, pipeline
from junco.operator.residents import Residents


class Model(Operator, family="residents-test", name="model"):
    """Says in ``LOG`` when it is opened and closed."""

    LOG: list[tuple[str, str]] = []

    def __init__(self, weights="small", device="auto"):
        self.weights = weights

    def open(self):
        self.LOG.append(("open", self.weights))

    def batch(self, numbers):
        assert self.is_open
        return [(self.weights, number) for number in numbers]

    def close(self):
        self.LOG.append(("close", self.weights))


class Gated(Operator, family="residents-test", name="gated"):
    """Stays in its batch until it is let go."""

    hints = Hints(thread_safe=True)
    entered = threading.Semaphore(0)
    go_on = threading.Event()

    def batch(self, numbers):
        self.entered.release()
        self.go_on.wait(30)
        return list(numbers)


@pytest.fixture(autouse=True)
def log():
    Model.LOG.clear()
    yield Model.LOG
    gc.collect()


def spec(weights="small"):
    return Model(weights).spec


def uses(weights="small"):
    return pipe.input("x").map("x", "y", spec(weights)).output("y")


def held(weights="small"):
    return [resident for resident in cache if resident.spec == spec(weights)]


# ---- one for all


def test_two_pipelines_with_equal_specs_share_one_operator(log):
    with uses() as one, uses() as two:
        assert (one(1), two(2), two.batch([3])) == (("small", 1), ("small", 2), [("small", 3)])
        (resident,) = held()
        assert resident.num_holders == 2
        assert log == [("open", "small")]


def test_other_parameters_are_another_operator(log):
    with uses("small") as one, uses("large") as two:
        one(1), two(1)
        assert log == [("open", "small"), ("open", "large")]


def test_nothing_is_loaded_before_it_is_used(log):
    with uses() as p:
        assert (log, held()) == ([], [])
        _ = p.plan
        assert log == []
        p.prepare()
        assert log == [("open", "small")]


def test_the_last_pipeline_that_closes_gives_the_memory_back(log):
    one, two = uses(), uses()
    one(1), two(1)
    one.close()
    assert log == [("open", "small")]
    assert two(1) == ("small", 1)
    two.close()
    assert log == [("open", "small"), ("close", "small")]
    assert held() == []


def test_a_pipeline_that_is_deleted_gives_the_memory_back(log):
    p = uses()
    p(1)
    del p
    gc.collect()
    assert log == [("open", "small"), ("close", "small")]


def test_a_pipeline_that_is_deleted_with_a_stream_of_it_gives_the_memory_back(log):
    p = uses()
    stream = p.stream(itertools.count())
    assert next(stream) == ("small", 0)
    del p, stream
    gc.collect()
    assert log == [("open", "small"), ("close", "small")]


def test_the_callers_own_operator_is_not_the_caches_to_close(log):
    own = Model("own")
    with pipe.input("x").map("x", "y", own).output("y") as p:
        assert p(1) == ("own", 1)
        assert held("own") == []
    assert own.is_open
    assert log == [("open", "own")]


def test_a_direct_call_of_a_spec_stays_for_the_next(log):
    assert spec("direct")(1) == spec("direct")(1) == ("direct", 1)
    (resident,) = held("direct")
    try:
        assert log == [("open", "direct")]
        with uses("direct") as p:
            p(1)
        assert log == [("open", "direct")], "a pipeline that comes and goes leaves it"
    finally:
        cache.release(resident)


def test_a_direct_call_uses_the_operator_of_a_pipeline(log):
    with uses() as p:
        p(1)
        assert spec()(2) == ("small", 2)
        assert log == [("open", "small")]


# ---- looking and clearing


def test_the_cache_lists_what_is_in_memory_and_who_holds_it():
    with uses("listed") as p, uses("listed") as other:
        other(1)
        cache.clear()
        (line,) = [line for line in repr(cache).splitlines() if "listed" in line]
        assert "not loaded, held by 1" in line
        p(1)
        (line,) = [line for line in repr(cache).splitlines() if "listed" in line]
        assert "MB, held by 2" in line
        assert len(list(cache)) == len(cache)


def test_what_was_cleared_is_loaded_again_when_it_is_used(log):
    with uses() as p:
        p(1)
        assert cache.clear() >= 1
        assert log == [("open", "small"), ("close", "small")]
        assert p(2) == ("small", 2)
        assert p.batch([3]) == [("small", 3)]
        assert log == [("open", "small"), ("close", "small"), ("open", "small")]


def test_what_is_running_is_not_cleared():
    Gated.go_on.clear()
    with pipe.input("x").map("x", "y", Gated().spec).output("y") as p, ThreadPoolExecutor(1) as threads:
        running = threads.submit(p, 1)
        assert Gated.entered.acquire(timeout=30)
        (resident,) = [resident for resident in cache if resident.spec == Gated().spec]
        assert not resident.close_if_idle()
        assert resident.operator.is_open
        Gated.go_on.set()
        assert running.result(30) == 1
        assert resident.close_if_idle()


# ---- the budget


class Sized(Residents):
    """A cache in which each operator takes ten bytes once it is open."""

    def used(self, weights):
        resident = self.hold(spec(weights))
        with resident:
            pass
        resident.num_bytes = 10
        return resident


@pytest.fixture
def clock(monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr("junco.operator.resident.time.monotonic", lambda: float(next(ticks)))


def is_open(residents):
    return [resident.operator.is_open for resident in residents]


@pytest.mark.usefixtures("clock")
def test_the_least_recently_used_leave_when_memory_is_short():
    sized = Sized(budget_bytes=25)
    a, b = sized.used("a"), sized.used("b")
    with a:
        pass
    assert sized.make_room() == 0
    c = sized.used("c")
    assert sized.num_bytes == 30
    assert sized.make_room() == 1
    assert is_open([a, b, c]) == [True, False, True]
    assert sized.make_room(share=0.4) == 1
    assert is_open([a, b, c]) == [False, False, True]


@pytest.mark.usefixtures("clock")
def test_room_is_made_before_another_operator_is_opened():
    sized = Sized(budget_bytes=15)
    a, b = sized.used("a"), sized.used("b")
    assert is_open([a, b]) == [True, True], "what it will take is not known before"
    c = sized.used("c")
    assert is_open([a, b, c]) == [False, True, True]
    with a as operator:
        assert operator.batch([1]) == [("a", 1)]


@pytest.mark.usefixtures("clock")
def test_what_is_running_does_not_leave():
    sized = Sized(budget_bytes=100)
    a, b = sized.used("a"), sized.used("b")
    sized.budget_bytes = 0
    with a:
        assert sized.make_room() == 1
        assert is_open([a, b]) == [True, False]


@pytest.mark.usefixtures("clock")
def test_out_of_memory_in_a_batch_makes_others_leave(monkeypatch):
    class Hungry(Operator, family="residents-test", name="hungry"):
        def batch(self, numbers):
            if len(numbers) > 2:
                raise MemoryError
            return list(numbers)

    with uses("idle") as idle, pipe.input("x").map("x", "y", Hungry().spec).output("y") as p:
        idle(1)
        held("idle")[0].num_bytes = 10
        monkeypatch.setattr(cache, "budget_bytes", 0)
        assert p.batch(range(100)) == list(range(100))
        assert is_open(held("idle")) == [False]


# ---- threads


def test_threads_that_come_at_once_open_it_once(log):
    barrier = threading.Barrier(8)

    def call(number):
        with uses("threads") as p:
            barrier.wait(30)
            return p(number)

    with uses("threads").prepare(), ThreadPoolExecutor(8) as threads:
        cache.clear()
        log.clear()
        assert list(threads.map(call, range(8))) == [("threads", number) for number in range(8)]
    assert log == [("open", "threads"), ("close", "threads")]


def test_an_operator_that_is_not_thread_safe_is_never_entered_twice():
    class Alone(Operator, family="residents-test", name="alone"):
        inside = 0
        most = 0

        def batch(self, numbers):
            type(self).inside += 1
            type(self).most = max(self.most, self.inside)
            total = sum(range(1_000))
            type(self).inside -= 1
            return [total + number for number in numbers]

    def call(number):
        return p.batch(range(number, number + 50))

    with pipe.input("x").map("x", "y", Alone().spec).output("y") as p, ThreadPoolExecutor(2) as threads:
        assert [len(results) for results in threads.map(call, range(40))] == [50] * 40
    assert Alone.most == 1


def test_an_operator_that_fails_to_open_is_tried_again_at_the_next_use():
    class Flaky(Operator, family="residents-test", name="flaky"):
        tries = 0

        def open(self):
            type(self).tries += 1
            if self.tries == 1:
                raise OSError("not yet")

        def batch(self, numbers):
            return list(numbers)

    with pipe.input("x").map("x", "y", Flaky().spec).output("y") as p:
        with pytest.raises(Exception, match="not yet"):
            p(1)
        assert p(1) == 1
        (resident,) = [resident for resident in cache if resident.spec == Flaky().spec]
        assert (resident.num_running, Flaky.tries) == (0, 2)


# ---- devices


def test_two_devices_are_two_replicas_that_share_the_rows(log):
    graph = uses().graph
    log.clear()
    with pipeline(graph, device=["cpu", "cpu"]).prepare() as p:
        on_cpu = [resident for resident in cache if resident.spec == Model("small", "cpu").spec]
        assert sorted(resident.replica for resident in on_cpu) == [0, 1]
        assert p.batch(range(100)) == [("small", number) for number in range(100)]
    assert not [resident for resident in cache if resident.spec == Model("small", "cpu").spec]


def test_a_pipeline_that_the_garbage_collector_drops_while_another_is_made_is_released_afterwards():
    residents = Residents()

    class Dropping:
        """A spec; while the cache compares it with others, the collector comes by."""

        name = "dropping"
        to_drop: list = []

        def load(self):
            return Operator

        def create(self):
            return Operator()

        def __eq__(self, other):
            while self.to_drop:
                residents.release(self.to_drop.pop())
            return False

        __hash__ = object.__hash__

    first = residents.hold(Dropping())
    Dropping.to_drop.append(first)
    making = threading.Thread(target=residents.hold, args=(Dropping(),), daemon=True)
    making.start()
    making.join(10)
    assert not making.is_alive()
    assert first not in list(residents)
    assert len(residents) == 1
