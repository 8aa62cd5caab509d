"""Batches: how many rows one takes, and what becomes of one that fails."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco import Hints, Operator
from junco.engine import operators
from junco.engine.apply import PlainApplier
from junco.engine.batching import AGAIN, LARGEST, SOON, START, BatchSize
from junco.engine.operators import OperatorApplier
from junco.errors import ContractError
from junco.operator.residents import Resident

LADDER = [8, 32, 128, 512]
"""The sizes that are tried."""


# ---- the policy: plain numbers, no clock


def grown(size: BatchSize, row_ms, num_batches: int = 40) -> list[int]:
    """The sizes that it goes through when a row in a batch of n takes ``row_ms(n)`` milliseconds."""
    sizes = []
    for _ in range(num_batches):
        sizes.append(size.rows)
        size.observe(size.rows, size.rows * row_ms(size.rows) / 1e3)
    return list(dict.fromkeys(sizes))


def taken(size: BatchSize, costs: list[float], start: int = 0) -> int:
    return size.take(lambda cost: cost, [costs], start, len(costs))


def test_batches_grow_as_long_as_rows_become_cheaper():
    size = BatchSize()
    assert grown(size, lambda n: 1 / n) == LADDER
    assert size.is_settled


def test_batches_stay_small_where_larger_ones_gain_nothing():
    size = BatchSize()
    assert grown(size, lambda n: 1.0) == LADDER[:2]
    assert (size.rows, size.is_settled) == (START, True)


def test_batches_go_one_step_back_from_the_first_size_that_is_slower():
    size = BatchSize()
    assert grown(size, lambda n: 1 / n if n <= LADDER[1] else 1.0) == [8, 32, 128, 64]
    assert (size.rows, size.is_settled) == (LADDER[1], True)


def test_where_four_times_as_many_rows_are_too_many_twice_as_many_are_tried():
    size = BatchSize()
    grown(size, lambda n: 1 / n if n <= 64 else 1.0)
    assert (size.rows, size.is_settled) == (64, True)


def test_a_small_gain_is_none():
    size = BatchSize()
    grown(size, lambda n: 1.0 if n == START else 0.97)
    assert size.rows == START


def test_long_batches_grow_as_long_as_rows_become_cheaper_and_few_of_them_are_tried():
    size = BatchSize()
    assert grown(size, lambda n: 200 / n, num_batches=7) == LADDER, "a batch of any size takes 200 ms"


def test_a_long_batch_must_gain_more_than_a_short_one():
    assert grown(BatchSize(), lambda n: 10 if n < 32 else 9.2) == LADDER[:2], "one of 32 rows takes 294 ms"
    assert BatchSize().rows == START
    assert grown(BatchSize(), lambda n: 0.1 if n < 32 else 0.092) == LADDER[:3], "one of 32 rows takes 3 ms"


def test_no_size_is_tried_that_may_make_its_readers_wait_for_more_than_some_seconds():
    sizes = grown(BatchSize(), lambda n: 4_000 / n, num_batches=1_000)
    assert sizes == [8, 16, 32, 64, 128, 256, 512], "a batch of any size takes 4 s: twice as many rows at most 8 s"
    assert grown(BatchSize(), lambda n: 6_000 / n, num_batches=1_000) == [START]
    cheaper = {8: 200, 16: 180, 32: 100, 64: 80}
    assert grown(BatchSize(), cheaper.get, num_batches=1_000) == [8, 32, 64], "64 rows take 5.1 s"


def test_a_settled_size_is_not_moved_by_a_few_batches():
    size = BatchSize()
    grown(size, lambda n: 1.0)
    assert grown(size, lambda n: 1 / n) == [START]


def test_a_settled_size_is_looked_at_again_so_that_a_busy_moment_does_not_decide_for_ever():
    size = BatchSize()
    grown(size, lambda n: 1.0)
    assert grown(size, lambda n: 1 / n, 2 * AGAIN)[-1] == LARGEST
    assert grown(size, lambda n: 1.0, 40 * AGAIN)[-1] == START, "and back where nothing is gained any more"
    assert size.rows == START


def test_a_size_that_was_found_before_is_looked_at_sooner():
    size = BatchSize(known=8)
    grown(size, lambda n: 1 / n, 2 * SOON)
    assert size.rows == LARGEST


def test_trials_cost_next_to_nothing_even_where_a_larger_batch_is_much_too_large():
    for dearer in (1.5, 2, 5, 20):
        size = BatchSize(start=32)
        row_s = lambda n, dearer=dearer: 0.001 if n <= 32 else 0.001 * dearer  # noqa: E731
        grown(size, lambda n, row_s=row_s: 1e3 * row_s(n))
        num_rows, seconds = 0, 0.0
        for _ in range(200 * AGAIN):
            num_rows, seconds = num_rows + size.rows, seconds + size.rows * row_s(size.rows)
            size.observe(size.rows, size.rows * row_s(size.rows))
        assert seconds <= 1.03 * 0.001 * num_rows


def test_a_trial_that_does_not_fit_into_memory_leaves_the_size_that_was_settled():
    size = BatchSize()
    grown(size, lambda n: 1.0 if n <= 32 else 2.0)
    grown(size, lambda n: 1 / n, AGAIN - 20)
    while size.is_settled:
        size.observe(size.rows, 0.001 * size.rows)
    tried = size.rows
    size.lower(tried)
    assert (size.rows, size.max_rows, size.is_settled) == (tried // 2, tried // 2, True)


def test_a_batch_that_was_disturbed_once_does_not_decide():
    size = BatchSize()
    for _ in range(40):
        size.observe(size.rows, 10.0)
        size.observe(size.rows, 0.01)
    assert size.rows == LARGEST


def test_batches_that_are_not_full_say_nothing():
    size = BatchSize()
    for _ in range(10):
        size.observe(START // 2, 0.001)
    assert size.rows == START


def bounded(size: BatchSize, row_ms, most: int, num_batches: int = 40) -> None:
    """As `grown`, where memory lets no batch have more than ``most`` rows."""
    for _ in range(num_batches):
        num_rows = min(size.rows, most)
        size.observe(num_rows, num_rows * row_ms(num_rows) / 1e3)


def test_a_size_that_never_comes_about_is_not_waited_for():
    for most in (20, 27):
        size = BatchSize()
        bounded(size, lambda n: 10.0, most)
        assert (size.rows, size.is_settled) == (START, True), "photos of which a batch bears few"
        bounded(gains := BatchSize(), lambda n: 100 / n, most)
        assert gains.rows >= most
    size = BatchSize(known=32)
    bounded(size, lambda n: 10.0, 32, 2 * AGAIN)
    assert size.rows < 32, "more cannot be tried, so less is"


def test_a_size_is_found_once_there_are_rows_for_it():
    size = BatchSize()
    bounded(size, lambda n: 10 / n, START)
    assert grown(size, lambda n: 10 / n)[-1] == LARGEST


@pytest.mark.parametrize(("max_rows", "sizes"), [(1, [1]), (5, [5]), (8, [8]), (20, [8, 20])])
def test_no_batch_is_larger_than_the_operator_says(max_rows, sizes):
    assert grown(BatchSize(max_rows), lambda n: 1 / n) == sizes


def test_a_size_that_was_found_before_is_used_at_once_and_kept():
    size = BatchSize(known=64)
    assert grown(size, lambda n: 1 / n, SOON) == [64]
    assert grown(BatchSize(known=64), lambda n: 1 / n if n <= 64 else 1.0, 10 * AGAIN) == [64, 128, 32]


def test_a_size_that_was_found_before_does_not_exceed_what_the_operator_says_now():
    assert BatchSize(max_rows=10, known=64).rows == 10


def test_a_size_that_is_worth_keeping_is_told_once():
    told = []
    grown(BatchSize(found=told.append), lambda n: 10 / n if n <= LADDER[1] else 10)
    assert told == [LADDER[1]]


def test_a_size_that_is_found_to_be_another_one_later_is_told_again():
    told = []
    grown(BatchSize(known=8, found=told.append), lambda n: 10 / n, 3 * AGAIN)
    assert told == [LARGEST]


def test_a_size_for_rows_that_cost_nearly_nothing_is_not_worth_keeping():
    told = []
    grown(BatchSize(found=told.append), lambda n: 1e-3)
    assert told == []


def test_a_batch_that_did_not_fit_into_memory_bounds_all_later_ones():
    size = BatchSize()
    grown(size, lambda n: 1 / n)
    size.lower(512)
    assert (size.rows, size.max_rows) == (256, 256)
    assert grown(size, lambda n: 1 / n) == [256]
    size.lower(1)
    assert (size.rows, size.max_rows) == (1, 1)


def test_a_batch_ends_before_the_row_that_would_cost_too_much():
    size = BatchSize(max_cost=100)
    assert taken(size, [40, 40, 40, 40]) == 2
    assert taken(size, [50, 50, 1]) == 2
    assert taken(size, [1] * 100) == START
    assert taken(size, [40, 10, 90, 10], start=2) == 2


def test_a_row_that_costs_more_than_a_batch_may_goes_alone():
    size = BatchSize(max_cost=100)
    assert taken(size, [1_000, 1]) == 1
    assert taken(size, [1, 1_000]) == 1


@given(
    costs=st.lists(st.floats(0, 100), min_size=1, max_size=50),
    max_rows=st.integers(1, 20),
    max_cost=st.floats(1, 100),
)
def test_batches_cover_all_rows_within_both_bounds(costs, max_rows, max_cost):
    size, start = BatchSize(max_rows, max_cost), 0
    while start < len(costs):
        count = taken(size, costs, start)
        assert 1 <= count <= size.rows <= max_rows
        assert count == 1 or sum(costs[start : start + count]) <= max_cost + 1e-6
        start += count
    assert start == len(costs)


@given(st.lists(st.tuples(st.floats(0.001, 10), st.booleans()), max_size=60))
def test_whatever_is_measured_a_size_stays_between_one_and_the_largest(seen):
    size = BatchSize()
    for seconds, did_fit in seen:
        size.observe(size.rows, seconds) if did_fit else size.lower(size.rows)
        assert 1 <= size.rows <= size.max_rows <= LARGEST


# ---- the policy on machines that are made up


def settled(row_s, seed: int, noise: float = 0.03, busy: range = range(0)) -> int:
    """The size that is found where a row of a batch of n takes ``row_s(n)`` seconds.

    Times vary by ``noise``, and during the batches of ``busy`` they are ten times as long.
    """
    chance, size, number = random.Random(seed), BatchSize(), 0
    while number < 12 * AGAIN or not size.is_settled:
        slower = chance.lognormvariate(0, noise) * (10 if number in busy else 1)
        size.observe(size.rows, size.rows * row_s(size.rows) * slower)
        number += 1
    return size.rows


MACHINES = {
    "constant by the batch": lambda n: 0.2 / n,
    "constant by the row": lambda n: 0.01,
    "both": lambda n: 0.02 / n + 0.001,
    "both, quick": lambda n: 1e-3 / n + 3e-5,
    "a cache that is full beyond 40 rows": lambda n: 0.001 + 0.01 / n if n <= 40 else 0.01,
}


@pytest.mark.parametrize("row_s", MACHINES.values(), ids=MACHINES)
@given(seed=st.integers(0, 10_000), start=st.integers(0, 12), busy=st.integers(0, 30))
def test_the_size_that_is_found_is_nearly_the_fastest_whenever_others_disturb(row_s, seed, start, busy):
    found = settled(row_s, seed, busy=range(start, start + busy))
    assert row_s(found) <= 1.25 * min(map(row_s, LADDER))


@given(seed=st.integers(0, 10_000), start=st.integers(0, 12), busy=st.integers(0, 30))
def test_batches_stay_small_where_a_row_costs_the_same_in_any_whenever_others_disturb(seed, start, busy):
    assert settled(lambda n: 0.01, seed, busy=range(start, start + busy)) <= 2 * START


# ---- an operator's batches


class Recorder(Operator, family="batching-test", name="recorder"):
    """Doubles numbers, keeps its batches, and fails where ``breaks`` of a batch says how."""

    def __init__(self, breaks=None):
        self.breaks = breaks or (lambda batch: None)
        self.batches = []

    def batch(self, numbers):
        self.batches.append(list(numbers))
        if (error := self.breaks(self.batches[-1])) is not None:
            raise error
        return [2 * number for number in numbers]


class Costly(Recorder, family="batching-test", name="costly"):
    hints = Hints(max_cost=10)

    def cost(self, number):
        return number


class Patient(Recorder, family="batching-test", name="patient"):
    hints = Hints(retry=(ConnectionError,))


def worked(operator, numbers, *, start=64, stop=False):
    """Results, rows that failed, and the sizes of the batches."""
    size = BatchSize(operator.hints.max_batch, operator.hints.max_cost, start=start)
    applier = OperatorApplier(Resident(operator.spec, operator), size)
    results, failures = applier([list(numbers)], len(numbers), stop=stop)
    return results, failures, size


def poisoned_at(*poison):
    return lambda batch: ValueError("poison") if set(poison) & set(batch) else None


@pytest.mark.parametrize("poison", [0, 17, 63])
def test_a_poisoned_row_in_a_batch_of_64_fails_alone(poison):
    operator = Recorder(poisoned_at(poison))
    results, failures, _ = worked(operator, range(64))
    assert [failure.row for failure in failures] == [poison]
    assert isinstance(failures[0].error, ValueError)
    assert results == [None if n == poison else 2 * n for n in range(64)]
    assert len(operator.batches) == 13, "64, then two halves on each of six levels"


@given(st.sets(st.integers(0, 99)))
def test_each_poisoned_row_fails_and_no_other(poison):
    results, failures, _ = worked(Recorder(poisoned_at(*poison)), range(100))
    assert {failure.row for failure in failures} == poison
    assert results == [None if n in poison else 2 * n for n in range(100)]


def test_what_comes_after_the_first_failure_is_not_worked_on_when_a_run_is_to_stop():
    operator = Recorder(poisoned_at(70))
    results, failures, _ = worked(operator, range(1_000), stop=True)
    assert results == [2 * n for n in range(70)]
    assert [failure.row for failure in failures] == [70]
    assert max(itertools.chain(*operator.batches)) < 128


@pytest.mark.parametrize("error", [MemoryError(), type("OutOfMemoryError", (RuntimeError,), {})("device")], ids=repr)
def test_a_batch_that_does_not_fit_into_memory_is_split_and_the_next_ones_are_smaller(error):
    operator = Recorder(lambda batch: error if len(batch) > 20 else None)
    results, failures, size = worked(operator, range(200))
    assert (results, failures) == ([2 * n for n in range(200)], [])
    assert (size.rows, size.max_rows) == (16, 16)
    assert [len(batch) for batch in operator.batches[:3]] == [64, 32, 16]
    assert max(map(len, operator.batches[7:])) <= 16


def test_a_row_that_does_not_fit_into_memory_even_alone_fails_alone():
    operator = Recorder(lambda batch: MemoryError("huge") if 5 in batch else None)
    results, failures, _ = worked(operator, range(16))
    assert [(failure.row, str(failure.error)) for failure in failures] == [(5, "huge")]
    assert results == [None if n == 5 else 2 * n for n in range(16)]


def test_batches_keep_to_the_cost_that_the_operator_says():
    operator = Costly()
    results, _, _ = worked(operator, [4, 4, 4, 50, 1, 1, 9, 2])
    assert results == [8, 8, 8, 100, 2, 2, 18, 4]
    assert operator.batches == [[4, 4], [4], [50], [1, 1], [9], [2]]


@pytest.fixture
def waits(monkeypatch):
    """The seconds that would have been waited between two tries."""
    waits = []
    monkeypatch.setattr(operators.time, "sleep", waits.append)
    return waits


def test_an_error_that_the_operator_calls_transient_is_tried_again(waits):
    left = iter([ConnectionError("one"), ConnectionError("two")])
    operator = Patient(lambda batch: next(left, None))
    assert worked(operator, range(3))[:2] == ([0, 2, 4], [])
    assert operator.batches == [[0, 1, 2]] * 3
    assert waits == [0.1, 0.2]


def test_an_error_that_does_not_go_away_is_tried_a_bounded_number_of_times(waits):
    operator = Patient(lambda batch: ConnectionError("gone for good"))
    results, failures, _ = worked(operator, [1])
    assert (results, [failure.row for failure in failures]) == ([None], [0])
    assert len(operator.batches) == 1 + operators.NUM_RETRIES == 1 + len(waits)


def test_an_error_that_the_operator_does_not_call_transient_is_not_tried_again(waits):
    operator = Patient(lambda batch: ValueError("no"))
    worked(operator, [1])
    assert operator.batches == [[1]]
    assert waits == []


def test_an_operator_that_breaks_its_contract_is_not_asked_again():
    class Short(Recorder, family="batching-test", name="short"):
        def batch(self, numbers):
            return super().batch(numbers)[1:]

    operator = Short()
    _, failures, _ = worked(operator, range(8), stop=True)
    assert isinstance(failures[0].error, ContractError)
    assert len(operator.batches) == 1


def taught_by(size, breaks=None):
    """The batches that an operator got for eight rows while ``size`` learned from them."""
    operator = Recorder(breaks)
    applier = OperatorApplier(Resident(operator.spec, operator), size)
    size.is_guarded = applier._learning.locked
    results, failures = applier([range(8)], 8, stop=False)
    assert (results, failures) == ([2 * n for n in range(8)], [])
    return operator.batches


def test_rows_are_not_given_again_where_learning_from_their_batch_fails():
    class Confused(BatchSize):
        def observe(self, num_rows, seconds):
            self.num_rows_seen = num_rows
            raise IndexError("two threads at once")

    size = Confused(start=8)
    with pytest.raises(IndexError, match="two threads at once"):
        taught_by(size)
    assert size.num_rows_seen == 8, "the whole batch, not a half of it that was tried again"


def test_threads_that_run_batches_of_one_operator_teach_its_size_one_after_the_other():
    class Watched(BatchSize):
        def observe(self, num_rows, seconds):
            assert self.is_guarded()
            super().observe(num_rows, seconds)

        def lower(self, num_rows):
            assert self.is_guarded()
            super().lower(num_rows)

    batches = taught_by(Watched(start=8), lambda batch: MemoryError() if len(batch) > 4 else None)
    assert [len(batch) for batch in batches] == [8, 4, 4]


def test_sys_exit_in_an_operator_fails_a_row_and_not_the_process():
    _, failures, _ = worked(Recorder(lambda batch: SystemExit(3) if 1 in batch else None), range(4))
    assert [(failure.row, type(failure.error)) for failure in failures] == [(1, SystemExit)]


def test_ctrl_c_in_an_operator_ends_everything():
    with pytest.raises(KeyboardInterrupt):
        worked(Recorder(lambda batch: KeyboardInterrupt()), range(4))


# ---- a plain callable


def test_a_plain_callable_goes_on_after_a_row_that_failed():
    results, failures = PlainApplier(lambda x: 6 // x, None)([[3, 0, 2, 0]], 4, stop=False)
    assert results == [2, None, 3, None]
    assert [failure.row for failure in failures] == [1, 3]


def test_a_plain_callable_that_raises_stop_iteration_fails_its_row():
    def ends(x):
        raise StopIteration

    results, failures = PlainApplier(ends, None)([[1, 2]], 2, stop=False)
    assert results == [None, None]
    assert [failure.row for failure in failures] == [0, 1]
