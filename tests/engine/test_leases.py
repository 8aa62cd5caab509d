"""An operator is open for as long as somebody uses it: a batch, or whoever draws rows that it gives one by one."""

from __future__ import annotations

import gc
import threading
from typing import ClassVar

import pytest

from junco import Hints, Operator, cache, op, ops, pipe
from junco.operator.resident import Resident
from junco.operator.residents import Residents

LONG_S = 30


class Frames(Operator, family="lease-test", name="frames"):
    """Numbers, one by one, each with whether the operator was open; notes who is inside, and when it is closed."""

    inside = 0
    most_inside = 0
    noted: ClassVar[list[str]] = []

    def open(self) -> None:
        self.handle = "open"

    def stream(self, count):
        try:
            for number in range(count):
                Frames.inside += 1
                Frames.most_inside = max(Frames.most_inside, Frames.inside)
                handle = self.handle
                Frames.inside -= 1
                yield number, handle
        finally:
            Frames.noted.append(f"generator ended {self.handle}")

    def close(self) -> None:
        self.handle = "closed"
        Frames.noted.append("close")


@pytest.fixture(autouse=True)
def nothing_noted():
    cache.clear()  # what earlier tests left open
    Frames.noted.clear()
    Frames.most_inside = 0


def frames():
    return pipe.input("count").flat_map("count", ("number", "handle"), ops.lease_test.frames()).output("handle")


def test_a_cache_that_is_cleared_closes_nothing_that_rows_are_drawn_from():
    with frames() as p:
        rows = p.rows([100_000])
        next(rows)
        assert cache.clear() == 0
        assert {row.row for row in rows} == {"open"}
        assert Frames.noted == ["generator ended open"]
    assert Frames.noted == ["generator ended open", "close"]


def test_a_pipeline_that_is_closed_while_rows_are_drawn_ends_the_generator_first():
    p = frames()
    rows = p.rows([100_000])
    next(rows)
    p.close()
    rows.close()
    assert Frames.noted == ["generator ended open", "close"]


def test_a_stream_that_nobody_has_any_more_ends_the_generator_and_the_operator():
    p = frames()
    rows = p.rows([100_000])
    next(rows)
    del rows, p
    gc.collect()
    assert Frames.noted == ["generator ended open", "close"]


def test_a_direct_call_gives_rows_one_by_one_from_an_open_operator():
    rows = ops.lease_test.frames()(3)
    assert next(rows) == (0, "open")
    cache.clear()
    assert list(rows) == [(1, "open"), (2, "open")]
    cache.clear()
    assert Frames.noted == ["generator ended open", "close"]


def test_generators_of_an_operator_run_in_one_thread_at_a_time():
    with frames() as p:
        threads = [threading.Thread(target=p.batch, args=([500] * 3,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG_S)
    assert Frames.most_inside == 1


def test_an_operator_is_closed_after_its_last_batch_not_in_it():
    entered, go_on, events = threading.Event(), threading.Event(), []

    class Slow(Operator, family="lease-test", name="slow"):
        hints = Hints(thread_safe=True)

        def batch(self, numbers):
            entered.set()
            go_on.wait(LONG_S)
            events.append("batch ended")
            return numbers

        def close(self) -> None:
            events.append("close")

    p = pipe.input("x").map("x", "y", ops.lease_test.slow()).output("y")
    caller = threading.Thread(target=p, args=(1,))
    caller.start()
    assert entered.wait(LONG_S)
    p.close()
    assert events == []
    go_on.set()
    caller.join(LONG_S)
    assert events == ["batch ended", "close"]


def test_a_constructor_may_use_operators_and_pipelines():
    @op("lease-test.word")
    def word(count: int) -> str:
        return "x" * count

    class Outer(Operator, family="lease-test", name="outer"):
        def __init__(self) -> None:
            self.width = len(word(3)) + len(pipe.input("n").map("n", "w", word).output("w")(2))

        def batch(self, numbers):
            return [number * self.width for number in numbers]

    assert ops.lease_test.outer()(2) == 10
    assert pipe.input("x").map("x", "y", ops.lease_test.outer()).output("y")(2) == 10


def test_an_operator_that_was_defined_anew_runs_its_new_code_and_the_old_one_goes():
    def define(by):
        class Times(Operator, family="lease-test", name="times"):
            def batch(self, numbers):
                return [number * by for number in numbers]

        return pipe.input("x").map("x", "y", ops.lease_test.times()).output("y")

    define(1)
    assert ops.lease_test.times()(1) == 1  # kept for the next direct call
    before = len(cache)
    first = define(2)
    assert (first(1), ops.lease_test.times()(1)) == (2, 2)
    second = define(3)
    assert (first(1), second(1), ops.lease_test.times()(1)) == (2, 3, 3)
    first.close()
    second.close()
    assert ops.lease_test.times()(1) == 3
    assert len(cache) == before  # the new one in the old one's place


def test_a_file_that_was_written_anew_is_loaded_anew(tmp_path):
    class Reader(Operator, family="lease-test", name="reader"):
        path: str

        def files(self):
            return [self.path]

        def open(self) -> None:
            with open(self.path) as file:  # noqa: PTH123  # as short as it is read
                self.text = file.read()

        def batch(self, numbers):
            return [self.text for _ in numbers]

    path = tmp_path / "weights.txt"
    path.write_text("one")
    spec = ops.lease_test.reader(str(path))
    old = pipe.input("x").map("x", "y", spec).output("y")
    assert (old(0), spec(0)) == ("one", "one")
    path.write_text("two")
    assert (old(0), spec(0)) == ("one", "two")
    assert pipe.input("x").map("x", "y", spec).output("y")(0) == "two"


def test_an_iterator_that_is_dropped_while_another_thread_is_inside_ends_after_it():
    operator = Frames()
    operator.ensure_open()
    resident = Resident(operator.spec, operator)
    with resident:
        drawn = resident.drawn(operator.stream(5))
        dropper = threading.Thread(target=drawn.__del__)
        dropper.start()
        dropper.join(LONG_S)
        assert resident.num_running == 2
    assert resident.num_running == 0


def test_each_gpu_has_a_budget_of_its_own(monkeypatch):
    taken = {"cpu": 10, "cuda:0": 0}

    class Placed(Operator, family="lease-test", name="placed"):
        place = "cpu"

        def __init__(self, device: str = "cpu", number: int = 0) -> None:
            self.place = device

        def open(self) -> None:
            taken[self.place] += 40

    monkeypatch.setattr("junco.operator.resident.taken_bytes", lambda place: taken[place])
    monkeypatch.setattr("junco.operator.residents.device_bytes", lambda place: (100, 0) if place != "cpu" else None)
    residents = Residents(budget_bytes=1000)
    held = [residents.hold(ops.lease_test.placed("cuda:0", number)) for number in range(2)]
    held.append(residents.hold(ops.lease_test.placed("cpu")))
    for resident in held:
        with resident:
            pass
    residents.make_room()
    assert [resident.operator.is_open for resident in held] == [False, True, True]
