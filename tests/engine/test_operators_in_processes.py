"""Operators in other processes: built where they run, in batches, and moved there when they are slow."""

from __future__ import annotations

import os

import pytest

from junco import Hints, Operator, pipe
from junco.engine.batching import BatchSize
from junco.engine.operators import MovingApplier, OperatorApplier
from junco.engine.processes import ProcessApplier
from junco.errors import ContractError
from junco.operator.residents import Resident
from ways import in_processes

pytest.importorskip("loky", reason="junco[processes]")
pytestmark = pytest.mark.usefixtures("no_process_left")


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

    def state(self):
        return []

    def batch(self, numbers, *, state):
        return [state.append(number) or len(state) for number in numbers]


class Costly(Operator, family="processes-test", name="costly"):
    hints = Hints(max_cost=10)

    def cost(self, number):
        return number

    def batch(self, numbers):
        return [sum(numbers)] * len(numbers)


class Tight(Operator, family="processes-test", name="tight"):
    """Has memory for two rows at a time."""

    def __init__(self):
        self.asked = []

    def batch(self, numbers):
        self.asked.append(len(numbers))
        if len(numbers) > 2:
            raise MemoryError("no more room")
        return [(os.getpid(), tuple(self.asked))] * len(numbers)


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


def test_a_worker_that_ran_out_of_memory_does_not_try_as_many_rows_again():
    answers = [worked(Tight().spec, range(8), num_rows_at_once=8) for _ in range(3)]  # of two workers
    assert not any(failures for _, failures in answers)
    asked = dict(results[-1] for results, _ in answers)
    assert {(sizes.count(8), sizes.count(4)) for sizes in asked.values()} == {(1, 2)}


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


def test_an_operator_with_a_state_stays_here_and_is_right():
    rows = pipe.input("words").flat_map("words", "word", str.split)
    with rows.map("word", "number", Counter(), backend="process", workers=2).output("number") as p:
        assert p.batch(["a b c", "d", "e f"]) == [[1, 2, 3], [1], [1, 2]]


def test_an_operator_without_a_name_cannot_be_built_by_a_worker():
    class Nameless(Operator):
        def batch(self, numbers):
            return numbers

    with pytest.raises(ContractError, match=r"step 'work' .*Nameless has no name"):
        in_processes(Nameless()).prepare()


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
    monkeypatch.setattr("junco.engine.operators.time.perf_counter", clock)
    for _ in range(20):
        assert applier([list(range(8))], 8, stop=False) == (list(range(8)), [])
    assert (elsewhere.num_rows > 0) == does_move


def test_a_single_call_stays_here_even_when_the_operator_has_moved(monkeypatch):
    applier, elsewhere, clock = moving(1.0)
    monkeypatch.setattr("junco.engine.operators.time.perf_counter", clock)
    applier([list(range(8))], 8, stop=False)
    assert applier.one(3) == 3
    assert elsewhere.num_rows == 0
    applier([list(range(8))], 8, stop=False)
    assert elsewhere.num_rows == 8


def test_a_slow_operator_that_allows_it_really_ends_up_in_other_processes(monkeypatch):
    monkeypatch.setattr(MovingApplier, "MIN_S", 0.0)
    monkeypatch.setattr(MovingApplier, "SLOW_ROW_S", 0.0)
    with pipe.input("x").map("x", "y", Heavy().spec).output("y") as p:
        results = p.batch(range(200))
    assert [n for n, _ in results] == list(range(200))
    assert results[0][1] == os.getpid() != results[-1][1]
