"""Work in other processes: what crosses, what comes back, and a worker that dies."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from junco import Hints, Operator, pipe
from junco.engine import processes
from junco.engine.apply import MovingApplier, OperatorApplier
from junco.engine.batching import BatchSize
from junco.engine.processes import ProcessApplier, WorkerDied
from junco.engine.shared_arrays import MIN_BYTES, pack
from junco.errors import ContractError, OperatorError
from junco.operator.residents import Resident

pytest.importorskip("loky", reason="junco[processes]")
SHARED = Path("/dev/shm")
LARGE = (200, 200, 4)
"""The shape of an array of floats that is large enough to cross in shared memory."""


def segments() -> set[str]:
    return {path.name for path in SHARED.glob(f"psm_{os.getpid()}_*")} if SHARED.is_dir() else set()


@pytest.fixture(autouse=True)
def _no_shared_memory_left():
    before = segments()
    yield
    assert segments() <= before


@pytest.fixture(scope="module", autouse=True)
def _no_process_left():
    yield
    from loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


def in_processes(fn, **options):
    return pipe.input("x").map("x", "y", fn, name="work", backend="process", workers=2, **options).output("y")


def moods(n):
    """A function that treats its worker badly, depending on the number."""
    if n == 13:
        os._exit(1)
    if n == 14:
        sys.exit("enough")
    if n == 15:
        raise Unportable(threading.Lock())
    if n == 16:
        raise ValueError("sixteen")
    return n * 2, os.getpid()


class Unportable(Exception):
    """Holds what cannot be pickled."""

    def __init__(self, lock):
        super().__init__("it holds a lock")
        self.lock = lock


# ---- what crosses


def test_rows_are_worked_on_in_other_processes_and_come_back_in_order():
    with in_processes(moods) as p:
        results = p.batch(range(10))
    assert [value for value, _ in results] == list(range(0, 20, 2))
    assert os.getpid() not in {pid for _, pid in results}


def test_a_nested_pipeline_goes_to_other_processes():
    inner = pipe.input("n").map("n", "m", lambda n: 1 // (n - 3)).output("m")
    with in_processes(inner) as p:
        assert p.batch([1, 2, 4]) == [-1, -1, 1]
        with pytest.raises(OperatorError, match="ZeroDivisionError") as caught:
            p.batch([4, 3])
        assert caught.value.position == 1


def test_closures_and_lambdas_go_to_other_processes():
    offset = 100
    with in_processes(lambda n: n + offset) as p:
        assert p.batch([1, 2]) == [101, 102]
        assert p(3) == 103


def test_a_generator_gives_its_rows_from_another_process():
    def rows(n):
        for i in range(n):
            yield n, i

    with pipe.input("x").flat_map("x", ("n", "i"), rows, backend="process", workers=2).output("n", "i") as p:
        assert p.batch([2, 0, 1]) == [[(2, 0), (2, 1)], [], [(1, 0)]]


def test_a_filter_decides_in_another_process():
    with pipe.input("x").filter("x", "x", "x", lambda x: x % 2, backend="process", workers=2).output("x") as p:
        assert p.batch(range(4)) == [[], [1], [], [3]]


def test_large_arrays_come_back_equal_and_may_be_written_to():
    arrays = [np.full(LARGE, i, np.float64) + np.arange(4) for i in range(4)]
    assert arrays[0].nbytes > MIN_BYTES
    with in_processes(lambda array: {"twice": array * 2, "same": array, "mean": array.mean()}) as p:
        results = p.batch(arrays)
    for array, result in zip(arrays, results, strict=True):
        assert np.array_equal(result["twice"], array * 2)
        assert np.array_equal(result["same"], array)
        assert result["mean"] == array.mean()
        result["same"][0, 0, 0] = -1.0
        assert result["same"][0, 0, 0] == -1.0


def test_slices_and_odd_layouts_of_large_arrays_come_back_equal():
    whole = np.arange(400_000, dtype=np.int32).reshape(400, 1_000)
    with in_processes(lambda array: array[::2].T) as p:
        results = p.batch([whole, whole.T, np.asfortranarray(whole), whole[:, ::2]])
    for given, result in zip([whole, whole.T, whole, whole[:, ::2]], results, strict=True):
        assert np.array_equal(result, given[::2].T)


def test_arrays_of_objects_and_small_ones_come_back_equal():
    objects = np.array([{"a": 1}, None, "text"] * 10_000, dtype=object)
    with in_processes(lambda array: array) as p:
        assert list(p(objects)) == list(objects)
        assert np.array_equal(p(np.arange(3)), np.arange(3))


class Point:
    """A class that no worker can import: it is sent along."""

    def __init__(self, x):
        self.x = x


class PointError(Exception):
    def __init__(self, point, text):
        super().__init__(f"{text} at {point.x}")
        self.point = point


def test_objects_of_the_callers_own_classes_cross_in_both_directions():
    def moved(point):
        return Point(point.x + 1), lambda: point.x

    with in_processes(moved) as p:
        ((point, get),) = p.batch([Point(1)])
    assert (type(point), point.x, get()) == (Point, 2, 1)


def test_an_exception_of_the_callers_own_class_comes_back_as_what_it_is():
    def fails(point):
        raise PointError(point, "lost")

    with in_processes(fails) as p, pytest.raises(OperatorError, match="PointError: lost at 3") as caught:
        p(Point(3))
    assert type(caught.value.__cause__) is PointError
    assert type(caught.value.__cause__.point) is Point


def test_iterators_cross_as_what_they_give():
    def halves(numbers):
        return dict.fromkeys(n / 2 for n in numbers).keys()

    p = pipe.input("x").map("x", "n", lambda x: iter(range(x))).flat_map("n", "h", halves, backend="process")
    with p.output("h") as p:
        assert p.batch([3, 0]) == [[0.0, 0.5, 1.0], []]


def test_an_iterator_that_fails_on_the_way_fails_its_row():
    def halves(x):
        yield 6 / x

    rejects = []
    p = pipe.input("x").map("x", "halves", halves).map("halves", "n", sum, backend="process", name="sum").output("n")
    assert p.batch([1, 0, 3], on_error="skip", rejects=rejects.append) == [6.0, 2.0]
    assert [(r.node, r.position, type(r.error.__cause__)) for r in rejects] == [("sum", 1, ZeroDivisionError)]


def test_a_reduce_whose_rows_come_in_pieces_gets_them_all():
    rows = pipe.input("x").flat_map("x", "n", range)
    with rows.reduce("n", "total", sum, backend="process", workers=2).output("total") as p:
        assert p.batch([10_000, 3]) == [sum(range(10_000)), 3]


# ---- shared memory


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_a_packet_that_nobody_took_is_freed():
    before = segments()
    packet = pack([np.zeros(LARGE), "and text"], os.getpid())
    assert len(segments() - before) == len(packet.segments) == 1
    packet.discard()
    assert segments() == before
    packet.discard()


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_a_packet_that_cannot_be_packed_leaves_nothing():
    before = segments()
    with pytest.raises(TypeError):
        pack([np.zeros(LARGE), threading.Lock()], os.getpid())
    assert segments() == before


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_a_result_that_comes_after_ctrl_c_is_freed(monkeypatch):
    class Interrupted(Future):
        def result(self, timeout=None):
            if not self.done():
                raise KeyboardInterrupt
            return super().result(timeout)

    class Executor:
        def submit(self, *task):
            return future

    before, future = segments(), Interrupted()
    monkeypatch.setattr(processes, "_executor", Executor)
    with pytest.raises(KeyboardInterrupt):
        worked(abs, [1])
    packet = pack(([np.zeros(LARGE)], []), os.getpid())
    assert segments() > before
    future.set_result(packet)
    assert segments() == before


def test_a_part_of_an_array_outlives_it():
    array = pack(np.arange(100_000), os.getpid()).unpack()
    part = array[10:20]
    del array
    assert list(part) == list(range(10, 20))


# ---- what fails


def test_a_worker_that_dies_on_one_row_fails_only_that_row():
    rejects = []
    with in_processes(moods) as p:
        results = p.batch(range(9, 19), on_error="skip", rejects=rejects.append)
        assert [value for value, _ in p.batch([1, 2])] == [2, 4], "the next run has new workers"
    assert [value for value, _ in results] == [18, 20, 22, 24, 34, 36]
    reasons = {reject.position + 9: reject for reject in rejects}
    assert sorted(reasons) == [13, 14, 15, 16]
    assert isinstance(reasons[13].error.__cause__, WorkerDied)
    assert "the worker process died" in reasons[13].reason
    assert isinstance(reasons[14].error.__cause__, SystemExit)
    assert reasons[15].reason == "RuntimeError: Unportable: it holds a lock"
    assert isinstance(reasons[16].error.__cause__, ValueError)


def test_a_worker_that_dies_with_large_arrays_in_hand_fails_only_its_row():
    def dies_of_five(array):
        if array[0, 0, 0] == 5:
            os._exit(1)
        return array + 1

    with in_processes(dies_of_five) as p:
        results = p.batch([np.full(LARGE, i, np.float64) for i in range(8)], on_error="none")
    assert [None if result is None else result[0, 0, 0] for result in results] == [1, 2, 3, 4, 5, None, 7, 8]


@pytest.mark.parametrize(("n", "cause"), [(13, WorkerDied), (14, SystemExit), (15, RuntimeError), (16, ValueError)])
def test_a_failure_in_another_process_raises_where_it_was_called(n, cause):
    with in_processes(moods) as p:
        with pytest.raises(OperatorError) as caught:
            p(n)
        assert isinstance(caught.value.__cause__, cause)
        with pytest.raises(OperatorError) as caught:
            p.batch([1, n, 2])
        assert (caught.value.position, caught.value.node) == (1, "work")


def test_what_cannot_go_to_another_process_is_refused_when_the_pipeline_is_built():
    lock = threading.Lock()

    def locked(n):
        with lock:
            return n

    with pytest.raises(ContractError, match=r"locked.* cannot go to another process.*lock"):
        in_processes(locked)


def test_a_result_that_cannot_come_back_is_an_error_of_its_row():
    with in_processes(lambda n: threading.Lock() if n == 2 else n) as p:
        assert p.batch([1]) == [1]
        with pytest.raises(OperatorError, match="lock"):
            p.batch([1, 2])
        assert p.batch([1, 2, 3], on_error="skip") == [1, 3]


class Aborted(BaseException):
    """Is no `Exception`, and fails a row like one."""


@pytest.mark.parametrize("options", [{}, {"backend": "process", "workers": 2}], ids=["here", "in processes"])
@pytest.mark.parametrize("kind", [Aborted, StopIteration, SystemExit, MemoryError, ValueError])
def test_whatever_a_callable_raises_fails_its_row_here_and_in_other_processes_alike(kind, options):
    def fails_on_two(n):
        if n == 2:
            raise kind("two")
        return n

    rejects = []
    with pipe.input("x").map("x", "y", fails_on_two, **options).output("y") as p:
        assert p.batch([1, 2, 3], on_error="skip", rejects=rejects.append) == [1, 3]
    says = "the callable raised StopIteration" if kind is StopIteration else "two"
    assert [reject.reason for reject in rejects] == [f"{kind.__name__}: {says}"]
    assert [(type(reject.error.__cause__), reject.error.value) for reject in rejects] == [(kind, "2")]


def test_a_worker_that_is_interrupted_gets_its_rows_again(tmp_path):
    def interrupted_once(n):
        if n == 2 and not (tmp_path / "was here").exists():
            (tmp_path / "was here").touch()
            raise KeyboardInterrupt
        return n

    with in_processes(interrupted_once) as p:
        assert p.batch([1, 2, 3]) == [1, 2, 3]
    assert (tmp_path / "was here").exists()


# ---- operators


class Loaded(Operator, family="processes-test", name="loaded"):
    hints = Hints(max_batch=4)

    def __init__(self, factor=2):
        self.factor = factor
        self.pid = None

    def open(self):
        self.pid = os.getpid()

    def batch(self, numbers):
        if 5 in numbers:
            raise ValueError("five")
        return [(self.factor * n, self.pid, os.getpid(), len(numbers)) for n in numbers]


class Patient(Operator, family="processes-test", name="patient"):
    hints = Hints(retry=(ConnectionError,))

    def __init__(self):
        self.num_tries = 0

    def batch(self, numbers):
        self.num_tries += 1
        if self.num_tries == 1:
            raise ConnectionError
        return [(n, self.num_tries) for n in numbers]


class Counter(Operator, family="processes-test", name="counter"):
    hints = Hints(stateful=True)

    def batch(self, numbers):
        return numbers


class Costly(Operator, family="processes-test", name="costly"):
    hints = Hints(max_cost=10)

    def cost(self, number):
        return number

    def batch(self, numbers):
        return [sum(numbers)] * len(numbers)


class Misfit(Operator, family="processes-test", name="misfit"):
    def batch(self, numbers):
        return list(numbers)[:-1]


def worked(fn, *columns, stop=False, num_rows_at_once=4):
    return ProcessApplier(fn, 2, BatchSize(num_rows_at_once, start=num_rows_at_once))(
        columns, len(columns[0]), stop=stop
    )


def test_an_operator_is_built_and_opened_by_the_worker_that_runs_it():
    with in_processes(Loaded(3).spec) as p:
        results = p.batch(range(5))
    assert [value for value, *_ in results] == [0, 3, 6, 9, 12]
    assert all(opened_by == run_by != os.getpid() for _, opened_by, run_by, _ in results)


def test_an_operator_gets_its_rows_in_batches_and_a_poisoned_one_fails_alone():
    results, failures = worked(Loaded().spec, range(8))
    assert [result and result[0] for result in results] == [0, 2, 4, 6, 8, None, 12, 14]
    assert [(failure.row, str(failure.error)) for failure in failures] == [(5, "five")]
    assert [result[3] for result in results[:4]] == [4] * 4


def test_batches_grow_where_the_way_is_what_costs():
    size = BatchSize(start=1)
    applier = ProcessApplier(abs, 1, size)
    for _ in range(100):
        applier([range(size.rows)], size.rows, stop=False)
    assert size.rows > 8


def test_batches_keep_to_the_cost_that_the_operator_says_in_other_processes_too():
    results, failures = worked(Costly().spec, [4, 4, 4, 50, 1, 9], num_rows_at_once=6)
    assert (results, failures) == ([8, 8, 4, 50, 10, 10], [])


def test_an_operator_that_returns_too_few_is_refused_by_name_from_another_process_too():
    _, failures = worked(Misfit().spec, range(4), stop=True)
    assert isinstance(failures[0].error, ContractError)
    assert "processes-test.misfit" in str(failures[0].error)


def test_nothing_is_given_after_the_first_failure_when_a_run_is_to_stop():
    results, failures = worked(Loaded().spec, range(100), stop=True)
    assert [result[0] for result in results] == [0, 2, 4, 6, 8]
    assert [failure.row for failure in failures] == [5]


def test_an_error_that_an_operator_calls_transient_is_tried_again_by_the_worker():
    with in_processes(Patient().spec) as p:
        assert p.batch([1]) == [(1, 2)]


def test_a_stateful_operator_is_not_spread_over_processes():
    with pytest.raises(ContractError, match=r"step 'work' .*processes-test.counter.* is stateful"):
        in_processes(Counter())


def test_an_operator_without_a_name_cannot_be_built_by_a_worker():
    class Nameless(Operator):
        def batch(self, numbers):
            return numbers

    with pytest.raises(ContractError, match=r"step 'work' .*Nameless has no name"):
        in_processes(Nameless())


def test_steps_that_want_different_numbers_of_workers_share_them():
    start = pipe.input("x").map("x", "y", lambda x: (x, os.getpid()), backend="process", workers=1)
    with start.map("y", "z", lambda y: (*y, os.getpid()), backend="process", workers=3).output("z") as p:
        results = p.batch(range(20))
    assert [n for n, *_ in results] == list(range(20))
    assert {one for _, one, _ in results} & {other for *_, other in results}


# ---- an operator that moves


class Heavy(Operator, family="processes-test", name="heavy"):
    hints = Hints(processes=True)

    def batch(self, numbers):
        return [(n, os.getpid()) for n in numbers]


class Elsewhere:
    """Stands where the other processes would be."""

    def __init__(self):
        self.num_rows = 0

    def __call__(self, columns, num_rows, *, stop):
        self.num_rows += num_rows
        return list(columns[0]), []


def moving(row_s):
    """A `MovingApplier` whose operator takes ``row_s`` seconds for a row, by a clock that only it moves."""
    elsewhere, now = Elsewhere(), [0.0]

    class Slow(Operator):
        def batch(self, numbers):
            now[0] += row_s * len(numbers)
            return list(numbers)

    operator = Slow()
    here = OperatorApplier(Resident(operator.spec, operator), BatchSize(start=8))
    return MovingApplier(here, lambda: elsewhere), elsewhere, lambda: now[0]


@pytest.mark.parametrize(("row_s", "does_move"), [(0.1, True), (0.003, True), (0.001, False), (0.0, False)])
def test_an_operator_moves_to_other_processes_when_its_rows_are_slow(monkeypatch, row_s, does_move):
    applier, elsewhere, clock = moving(row_s)
    monkeypatch.setattr("junco.engine.apply.time.perf_counter", clock)
    for _ in range(20):
        assert applier([list(range(8))], 8, stop=False) == (list(range(8)), [])
    assert applier.is_moved == does_move == (elsewhere.num_rows > 0)


def test_a_single_call_stays_here_even_when_the_operator_has_moved(monkeypatch):
    applier, elsewhere, clock = moving(1.0)
    monkeypatch.setattr("junco.engine.apply.time.perf_counter", clock)
    applier([list(range(8))], 8, stop=False)
    assert applier.is_moved
    assert applier.one(3) == 3
    assert elsewhere.num_rows == 0


def test_a_slow_operator_that_allows_it_really_ends_up_in_other_processes(monkeypatch):
    monkeypatch.setattr(MovingApplier, "MIN_S", 0.0)
    monkeypatch.setattr(MovingApplier, "SLOW_ROW_S", 0.0)
    with pipe.input("x").map("x", "y", Heavy().spec).output("y") as p:
        results = p.batch(range(200))
    assert [n for n, _ in results] == list(range(200))
    assert results[0][1] == os.getpid() != results[-1][1]
