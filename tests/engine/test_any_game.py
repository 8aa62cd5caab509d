"""Games of random graphs, beyond the order of tasks: callers who read rows or go away, nesting, and real threads.

`tests/long_game.py` plays these and all others for as long as one likes.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from game import SEEDS, Game, any_sizes, with_any_workers
from junco import pipeline
from junco.engine.engine import Engine, RunOptions
from junco.engine.holdings import Holdings
from junco.engine.pool import Pool
from junco.engine.stream import Stream
from junco.errors import OperatorError
from junco.graph.pipe import PipeStart
from junco.operator.residents import Residents
from junco.plan.plan import make_plan
from reference import Unsettled, batch, outcomes_of
from strategies import graphs_beside, graphs_with_items

pytestmark = pytest.mark.filterwarnings("ignore:.*(which nothing uses|filter the same rows)")

pipe = PipeStart(lambda graph: graph)


def settled(graph, items, on_error):
    try:
        return outcomes_of(graph, items, on_error)
    except Unsettled:
        assume(False)


def rows_of(graph, results):
    """What `rows` gives of items with these results."""
    is_single = make_plan(graph).flow.is_single
    return [(i, row) for i, result in enumerate(results) for row in ([result] if is_single else result)]


@given(graph=graphs_beside(), items=st.lists(st.integers(-5, 20), max_size=6), seed=SEEDS)
def test_what_hangs_beside_each_other_beneath_one_row_comes_once_whatever_waits_for_what(graph, items, seed):
    assert Game(graph, random.Random(seed)).play(items) == batch(graph, items)


@given(case=graphs_with_items(max_size=8), seed=SEEDS)
def test_rows_read_one_by_one_are_those_of_the_items_in_their_order(case, seed):
    graph, items = case
    game = Game(graph, random.Random(seed), by_rows=True)
    game.play(items)
    assert list(zip(game.positions, game.results, strict=True)) == rows_of(graph, batch(graph, items))


@pytest.mark.parametrize("on_error", ["raise", "skip", "none"])
@given(case=graphs_with_items(max_size=8, fails=11), seed=SEEDS)
def test_a_caller_who_goes_away_has_had_the_first_results_and_leaves_nothing_behind(on_error, case, seed):
    graph, items = case
    assume(on_error != "none" or not any(node.verb == "concat" for node in graph.nodes))
    outcomes = settled(graph, items, on_error)
    expected = [outcome.value for outcome in outcomes if on_error == "none" or not outcome.is_failed]
    game = Game(graph, random.Random(seed), on_error, stops=True)
    failed_at = None
    try:
        game.play(items)
    except OperatorError as error:
        failed_at = error.position
    assert failed_at is None or (on_error == "raise" and outcomes[failed_at].failures)
    assert game.results == expected[: len(game.results)]
    assert not game.scheduler.ready
    assert not game.scheduler.num_at_work


@pytest.mark.parametrize("verb", ["map", "flat_map"])
@given(case=graphs_with_items(num_inputs=1), seed=SEEDS)
def test_a_graph_within_another_gives_what_it_gives_alone(verb, case, seed):
    graph, items = case
    assume(graph.outputs)
    results = batch(graph, items)
    with pipeline(graph) as inner:
        spread = pipe.input("xs").flat_map("xs", "x", iter)
        names = tuple(f"y{i}" for i in range(len(graph.outputs) if verb == "flat_map" else 1))
        if verb == "flat_map":
            assume(not inner.plan.flow.is_single)
            results = [row for result in results for row in result]
        outer = getattr(spread, verb)("x", names if len(names) > 1 else names[0], inner).output(*names)
        assert Game(outer, random.Random(seed)).play([items, [], items]) == [results, [], results]


@given(case=graphs_with_items(max_size=8), seed=SEEDS)
def test_threads_and_any_sizes_give_what_the_reference_gives(case, seed):
    graph, items = case
    found = threaded(graph, items, seed)
    assert found == batch(graph, items)
    unordered = threaded(graph, items, seed, ordered=False)
    assert Counter(map(repr, unordered)) == Counter(map(repr, found))


@given(case=graphs_with_items(max_size=8, fails=11), seed=SEEDS)
def test_threads_and_any_sizes_put_aside_what_the_reference_does(case, seed):
    graph, items = case
    outcomes = settled(graph, items, "skip")
    rejects = []
    found = threaded(graph, items, seed, on_error="skip", rejected=rejects.append)
    assert found == [outcome.value for outcome in outcomes if not outcome.is_failed]
    assert {reject.position for reject in rejects} == {i for i, outcome in enumerate(outcomes) if outcome.failures}


def threaded(graph, items, seed, **options):
    """The results of a run with three threads beside the caller's, of which none waits until it is worth it."""
    chance = random.Random(seed)
    workers = Pool(3)
    engine = Engine(
        make_plan(with_any_workers(graph, chance)), lambda: workers, Holdings(Residents()), any_sizes(chance)
    )
    try:
        run = engine.run(items, dataclasses.replace(RunOptions(), **options))
        run.ask_for_help()
        return Stream(run).rest()
    finally:
        engine.close()
        workers.end()


@pytest.mark.parametrize("seed", range(20))
def test_reductions_over_endless_rows_end_whatever_the_order_of_tasks(seed):
    rows = pipe.input("x").flat_map("x", "n", itertools.count)
    few = rows.flat_map("n", "m", lambda n: range(n, n + 2)).window("m", "w", 3, 2, sum)
    graph = few.reduce("w", "large", lambda sums: any(s > 30 for s in sums))
    graph = graph.concat(rows.reduce("n", "first", next)).output("large", "first")
    assert Game(graph, random.Random(seed)).play([2, 0, 50]) == [(True, 2), (True, 0), (True, 50)]
