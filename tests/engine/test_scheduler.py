"""The scheduler, step by step: many virtual workers take, do and report tasks in any order a seed can think of.

There is no thread here, no sleeping and no clock: whatever timing there can be is an order of steps. All sizes are
tiny, so that every block is cut and every limit is reached.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import assume, given

from game import SEEDS, Game, Worker
from junco.engine.engine import Engine
from junco.engine.intake import Intake, IntakeSize
from junco.engine.scheduler import Limits, Scheduler
from junco.errors import OperatorError
from junco.graph.nodes import Graph
from junco.graph.pipe import PipeStart
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.plan.plan import make_plan
from reference import Unsettled, batch, outcomes_of
from strategies import graphs_with_items

pytestmark = pytest.mark.filterwarnings("ignore:.*(which nothing uses|filter the same rows)")

pipe = PipeStart(lambda graph: graph)


def settled(graph, items, on_error):
    try:
        return outcomes_of(graph, items, on_error)
    except Unsettled:
        assume(False)


@given(case=graphs_with_items(max_size=8), seed=SEEDS)
def test_in_whatever_order_tasks_are_done_the_results_are_those_of_the_reference(case, seed):
    graph, items = case
    assert Game(graph, random.Random(seed)).play(items) == batch(graph, items)


@given(case=graphs_with_items(max_size=8), seed=SEEDS)
def test_unordered_results_are_the_same_in_some_order_each_with_its_position(case, seed):
    graph, items = case
    game = Game(graph, random.Random(seed), ordered=False)
    game.play(items)
    assert sorted(game.positions) == list(range(len(items)))
    assert dict(zip(game.positions, game.results, strict=True)) == dict(enumerate(batch(graph, items)))


@given(case=graphs_with_items(max_size=8, fails=11), seed=SEEDS)
def test_an_error_comes_after_all_results_before_its_item_and_nothing_after_it(case, seed):
    graph, items = case
    outcomes = settled(graph, items, "skip")
    failing_at = {position for position, outcome in enumerate(outcomes) if outcome.failures}
    game = Game(graph, random.Random(seed))
    if not failing_at:
        assert game.play(items) == batch(graph, items)
        return
    with pytest.raises(OperatorError) as caught:
        game.play(items)
    assert caught.value.position in failing_at
    assert game.results == [outcome.value for outcome in outcomes[: caught.value.position]]


@pytest.mark.parametrize("on_error", ["skip", "none"])
@given(case=graphs_with_items(max_size=8, fails=11), seed=SEEDS)
def test_what_fails_is_put_aside_as_the_reference_does(on_error, case, seed):
    graph, items = case
    assume(on_error == "skip" or not any(node.verb == "concat" for node in graph.nodes))
    outcomes = settled(graph, items, on_error)
    game = Game(graph, random.Random(seed), on_error)
    assert game.play(items) == [o.value for o in outcomes if on_error == "none" or not o.is_failed]
    if on_error == "skip":
        reported = Counter((reject.position, reject.node) for reject in game.rejects)
        failures = Counter((i, name) for i, outcome in enumerate(outcomes) for name, _ in outcome.failures)
        # independent steps may run in another order, and then it is another one that fails first: but each row once
        assert all(count <= max(1, failures[place]) for place, count in reported.items())
        assert {position for position, _ in reported} == {position for position, _ in failures}


# ---- the same, by hand


@pytest.mark.parametrize("seed", range(20))
def test_an_item_with_many_rows_on_two_levels_keeps_within_the_limits(seed):
    graph = pipe.input("x").flat_map("x", "n", range).flat_map("n", "m", range).map("m", "y", lambda m: -m).output("y")
    game = Game(graph, random.Random(seed))
    assert game.play([30, 0, 2]) == [[-m for n in range(x) for m in range(n)] for x in (30, 0, 2)]
    assert game.most_blocks > 0


@pytest.mark.parametrize("seed", range(20))
def test_windows_beside_rows_that_are_made_whole_come_once(seed):
    """The last row of a level is held until its rows have come; windows beneath the same item are none of them."""
    rows = pipe.input("x").flat_map("x", "n", range).flat_map("n", "m", range)
    counted = rows.window_all("n", "count", len)
    late = rows.map("x", "y", abs).window_all(("m", "y"), "s", lambda ms, ys: sum(ms) + sum(ys))
    graph = rows.window("m", "w", 2, 2, sum).concat(counted, late).output("w", "count", "s")
    game = Game(graph, random.Random(seed))
    assert game.play([5, 0, 4]) == batch(graph, [5, 0, 4])


def drained(scheduler: Scheduler) -> Iterator[tuple[str, tuple[int, ...]]]:
    """One worker that does each task at once: the name of the stage and the key of each task in turn."""
    while (task := scheduler.next_task()) is not None:
        worker = Worker(task)
        worker.work()
        scheduler.done(task, worker.blocks, is_finished=worker.is_finished)
        yield "source" if task.is_intake else scheduler.states[task.stage].stage.name, task.key


def scheduler_for(graph: Graph, items: Sequence[Any], limits: Limits, num_rows: int = 1) -> Scheduler:
    engine = Engine(make_plan(graph))
    size = IntakeSize()
    size.next_rows = lambda: num_rows  # type: ignore[method-assign]
    return Scheduler(engine.stages("raise"), Intake(items, engine.plan.flow, size, lambda: 0.0).blocks(), limits)


def test_the_most_downstream_stage_goes_first():
    graph = pipe.input("x").map("x", "x", abs, name="one").map("x", "x", abs, name="two").output("x")
    scheduler = scheduler_for(graph, range(2), Limits(max_blocks=8, max_ready=8))
    names = [name for name, _ in drained(scheduler)]
    assert names == ["source", "one", "two", "source", "one", "two", "source"]


def test_stages_that_have_nothing_to_do_are_not_asked(monkeypatch):
    asked = []
    start = Scheduler._started
    monkeypatch.setattr(Scheduler, "_started", lambda self, *args: asked.append(args) or start(self, *args))
    graph, num_steps = pipe.input("x"), 60
    for _ in range(num_steps):
        graph = graph.map("x", "x", abs)
    scheduler = scheduler_for(graph.output("x"), range(3), Limits(max_blocks=8, max_ready=8))
    assert len([*drained(scheduler)]) == 3 * num_steps + 4
    assert len(asked) < 5 * 3 * num_steps


def test_nothing_new_is_read_while_the_caller_does_not_take_results():
    graph = pipe.input("x").map("x", "x", abs).output("x")
    scheduler = scheduler_for(graph, iter(int, 1), Limits(max_blocks=8, max_ready=2))
    assert [name for name, _ in drained(scheduler)].count("source") == 2
    assert len(scheduler.deliver()) == 2
    assert [name for name, _ in drained(scheduler)].count("source") == 2


def test_nothing_new_is_read_while_the_blocks_under_way_hold_too_many_bytes():
    graph = pipe.input("x").map("x", "x", lambda x: x).output("x")
    items = [bytes(1_000)] * 10
    scheduler = scheduler_for(graph, items, Limits(max_blocks=8, max_ready=8, max_bytes=2_500))
    assert [name for name, _ in drained(scheduler)].count("source") == 3


class Batches(Operator, family="test", name="test-batches-of-eight"):
    hints = Hints(max_batch=8, first_batch=8, thread_safe=True, releases_gil=True)

    def batch(self, rows):
        return list(rows)


def test_a_batch_ends_before_the_block_that_would_hold_too_many_bytes():
    graph = pipe.input("x").map("x", "x", Batches()).output("x")
    limits = Limits(max_blocks=16, max_ready=16, max_bytes=48_000)
    scheduler = scheduler_for(graph, [bytes(3_000)] * 7 + [bytes(20_000)], limits)
    sizes = []
    for _ in range(4):
        worker = taken(scheduler)
        sizes.append(worker.task.num_rows)
        report(scheduler, worker)
    assert sizes == [3, 3, 1, 1], "three are within 12 kB, as they hold a little more; one larger row goes alone"


def test_results_that_wait_for_the_caller_stop_nobody_while_he_is_at_work_on_a_batch_himself():
    graph = pipe.input("x").map("x", "x", Batches(), workers=2).output("x")
    scheduler = scheduler_for(graph, iter(int, 1), Limits())
    callers, others = taken(scheduler), taken(scheduler)
    report(scheduler, others)
    assert len(scheduler.ready) == 8
    assert taken(scheduler).task.num_rows == 8
    assert not callers.is_finished


def test_an_ordered_stage_waits_for_the_block_whose_turn_it_is():
    graph = (
        pipe.input("x").map("x", "x", abs, name="any order", workers=2).map("x", "x", abs, name="in order").output("x")
    )
    scheduler = scheduler_for(graph, range(2), Limits())
    first, second = [taken(scheduler) for _ in range(2)]
    assert (first.task.key, second.task.key) == ((0,), (1,))
    report(scheduler, second)
    tasks = [scheduler.next_task() for _ in range(2)]
    assert [task.is_intake for task in tasks if task] == [True], "the second block waits before 'in order'"
    report(scheduler, first)
    assert taken(scheduler).task.key == (0,)


def taken(scheduler: Scheduler) -> Worker:
    """The next task that is not the source's; blocks are pulled until there is one."""
    while (task := scheduler.next_task()) is not None and task.is_intake:
        report(scheduler, Worker(task))
    assert task is not None
    return Worker(task)


def report(scheduler: Scheduler, worker: Worker) -> None:
    worker.work()
    scheduler.done(worker.task, worker.blocks, is_finished=worker.is_finished)
