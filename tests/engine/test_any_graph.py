"""Random graphs on random items: every way and mode gives what the naive reference interpreter gives."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings

from junco import pipe, pipeline
from junco.errors import OperatorError
from junco.graph.nodes import GROUPING, Graph
from reference import Unsettled, batch, outcomes_of
from strategies import graphs_with_items
from ways import EVERY_WAY

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*(which nothing uses|filter the same rows)"),
    pytest.mark.usefixtures("no_process_left"),
]


ROW_BY_ROW = {"map", "flat_map", "filter"}


def as_written(graph: Graph) -> Graph:
    return graph


def with_workers(graph: Graph) -> Graph:
    """The same graph with several workers for each step that works row by row."""
    return changed(graph, ROW_BY_ROW, workers=3)


def in_processes(graph: Graph) -> Graph:
    """The same graph with every step's rows worked on in other processes."""
    return changed(graph, ROW_BY_ROW | GROUPING, workers=2, backend="process")


def changed(graph: Graph, verbs: set[str], **options) -> Graph:
    nodes = (dataclasses.replace(node, **options) if node.verb in verbs else node for node in graph.nodes)
    return dataclasses.replace(graph, nodes=tuple(nodes))


@dataclasses.dataclass(frozen=True)
class Mode:
    """Another way to run the same graph, and which part of the examples it is worth."""

    change: Callable[[Graph], Graph]
    share: float = 1.0

    def __call__(self, graph: Graph) -> Graph:
        return self.change(graph)

    def holds(self, cases, check) -> None:
        """Check a property on random cases."""
        num_examples = max(1, int(settings.default.max_examples * self.share))
        settings(max_examples=num_examples)(given(cases)(check))()


# one line here, and every property holds for it too; rows take a hundred times longer to another process and back
MODES = {"as written": Mode(as_written), "several workers": Mode(with_workers)}
if importlib.util.find_spec("loky") is not None:  # junco[processes]
    MODES["in processes"] = Mode(in_processes, share=0.5)
EVERY_MODE = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)


@EVERY_WAY
@EVERY_MODE
def test_any_graph_on_any_items_gives_what_the_reference_gives(way, mode):
    def check(case):
        graph, items = case
        with pipeline(mode(graph)) as p:
            assert way(p, items) == batch(graph, items)

    mode.holds(graphs_with_items(), check)


@given(case=graphs_with_items(kind="operators", most_nodes=20))
def test_any_graph_of_operators_gives_what_the_reference_gives(case):
    graph, items = case
    with pipeline(graph) as p:
        assert p.batch(items) == list(p.stream(items)) == batch(graph, items)


@given(case=graphs_with_items(num_inputs=1))
def test_any_graph_nested_in_another_gives_what_it_gives_alone(case):
    graph, items = case
    with pipeline(graph) as inner:
        outer = pipe.input("xs").flat_map("xs", "x", lambda xs: xs).map("x", "y", inner).output("y")
        assert outer(items) == batch(graph, items)


@EVERY_MODE
def test_any_failing_graph_raises_on_an_item_that_really_fails(mode):
    def check(case):
        graph, items = case
        outcomes = settled(graph, items, "skip")
        failing_at = {position for position, outcome in enumerate(outcomes) if outcome.failures}
        failures = failures_of(graph, items)
        with pipeline(mode(graph)) as p:
            for run_all in (p.batch, lambda items: list(p.stream(items))):
                if not failing_at:
                    assert run_all(items) == batch(graph, items)
                    continue
                with pytest.raises(OperatorError) as caught:
                    run_all(items)
                assert caught.value.position in failing_at
                assert described(caught.value) in failures

    mode.holds(graphs_with_items(fails=11), check)


@EVERY_MODE
@pytest.mark.parametrize("on_error", ["skip", "none"])
def test_any_failing_graph_skips_or_blanks_what_the_reference_does(on_error, mode):
    def check(case):
        graph, items = case
        # where branches meet, the page says what becomes of a dropped row, not of the place of a failed one
        assume(on_error == "skip" or not any(node.verb == "concat" for node in graph.nodes))
        outcomes = settled(graph, items, on_error)
        expected = [outcome.value for outcome in outcomes if on_error == "none" or not outcome.is_failed]
        rejects = []
        with pipeline(mode(graph)) as p:
            assert p.batch(items, on_error=on_error, rejects=rejects.append) == expected
            assert list(p.stream(items, on_error=on_error)) == expected
        if on_error == "skip":
            assert {reject.position for reject in rejects} == {i for i, o in enumerate(outcomes) if o.failures}
            assert Counter(described(reject.error) for reject in rejects) == failures_of(graph, items)

    mode.holds(graphs_with_items(fails=11), check)


def failures_of(graph, items):
    """What the rows that fail say in the graph as it is written."""
    rejects = []
    with pipeline(graph) as p:
        p.batch(items, on_error="skip", rejects=rejects.append)
    return Counter(described(reject.error) for reject in rejects)


def described(error):
    """All that an error says, and what caused it."""
    return str(error), error.position, error.node, error.operator, error.value, repr(error.__cause__)


@given(case=graphs_with_items())
def test_an_unordered_stream_gives_the_same_results_in_some_order(case):
    graph, items = case
    with pipeline(graph) as p:
        assert Counter(map(repr, p.stream(items, ordered=False))) == Counter(map(repr, p.batch(items)))


def settled(graph, items, on_error):
    try:
        return outcomes_of(graph, items, on_error)
    except Unsettled:
        assume(False)


def test_an_inspection_of_any_item_shows_the_rows_that_come_out():
    @given(graphs_with_items())
    def check(case):
        graph, items = case
        with pipeline(graph) as p:
            for item in items[:2]:
                seen = p.inspect(*(item if len(graph.inputs) > 1 else (item,)), rows=10**6)
                found = p.batch([item], on_error="skip")
                rows = [tuple(value.value for value in row.values) for row in seen.outputs.rows]
                if not graph.outputs:
                    assert list(found) in ([], [None])
                    assert set(rows) <= {()}
                    continue
                came = [found[0]] if p.plan.flow.is_single and found else [row for result in found for row in result]
                assert rows == [row if len(graph.outputs) > 1 else (row,) for row in came]

    check()
