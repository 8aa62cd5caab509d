"""Random valid graphs, of registered operators or of plain functions, with data for them.

All functions here are total: they take any values and give small integers, so that any graph runs on any data, and they
fail only where their parameter ``fails`` says so.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import strategies as st

from junco.graph.nodes import Graph
from junco.graph.pipe import Pipe, PipeStart
from junco.operator.base import Operator
from junco.operator.function import op
from junco.operator.hints import Hints
from junco.operator.spec import OperatorSpec

Level = tuple[int, ...]
MOST_SPREADS = 4
"""Steps in one graph that multiply rows: windows can be spread again, so depth alone bounds nothing."""
NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")


class Spot(NamedTuple):
    """A value with two fields."""

    left: int
    right: int


@dataclass(frozen=True)
class Dot:
    """A value that lacks one of the fields of a `Spot`."""

    left: int


def number(value: Any) -> int:
    """A small integer that stands for any value."""
    if value is None:
        return 7
    if isinstance(value, Dot):
        return value.left
    if isinstance(value, (list, tuple)):
        return sum((i + 1) * number(v) for i, v in enumerate(value)) % 97
    return int(value)


def stir(columns: Iterable[Any], salt: int, fails: int) -> int:
    """An integer from 0 to 96 that depends on every column; raises for one in ``fails`` (0: never)."""
    stirred = (31 * number(list(columns)) + 17 * salt + 5) % 97
    if fails and stirred % fails == 0:
        raise ValueError(f"{stirred} is one of those that fail")
    return stirred


def mix(*columns: Any, salt: int = 0, fails: int = 0):
    return stir(columns, salt, fails)


def pair(*columns: Any, salt: int = 0, fails: int = 0):
    return stir(columns, salt, fails), salt


def triple(*columns: Any, salt: int = 0, fails: int = 0):
    return [stir(columns, salt, fails), salt, number(columns[0])]


def spot(*columns: Any, salt: int = 0, fails: int = 0):
    """A value with fields; for one in ``fails`` the field ``right`` is missing."""
    value = stir(columns, salt, 0)
    return Dot(value) if fails and value % fails == 0 else Spot(value, salt)


def keep(*columns: Any, salt: int = 0, fails: int = 0):
    return stir(columns, salt, fails) % 3 > 0


def spread(*columns: Any, salt: int = 0, fails: int = 0):
    for index in range(stir(columns, salt, fails) % 4):
        yield stir((*columns, index), salt, 0)


def spread_pairs(*columns: Any, salt: int = 0, fails: int = 0):
    return [(value, index) for index, value in enumerate(spread(*columns, salt=salt, fails=fails))]


def spread_triples(*columns: Any, salt: int = 0, fails: int = 0):
    return [[value, index, salt] for index, value in enumerate(spread(*columns, salt=salt, fails=fails))]


def spread_late(*columns: Any, salt: int = 0, fails: int = 0):
    """Rows first, and then perhaps the failure."""
    yield salt
    yield stir(columns, salt, fails)


def ticks(*columns: Any, salt: int = 0, fails: int = 0):
    """Times that do not run backwards."""
    time = salt
    for value in spread(*columns, salt=salt, fails=fails):
        time += value % 4
        yield time


def gather(*lists: Any, salt: int = 0, fails: int = 0):
    """A list; what is nested in it becomes numbers, lest values grow without bound along a chain."""
    stir(lists, salt, fails)
    values = lists[0] if len(lists) == 1 and isinstance(lists[0], list) else lists
    return [number(value) if isinstance(value, (list, tuple)) else value for value in values]


def fold(values: Iterator[Any], *, salt: int = 0, fails: int = 0):
    return stir(values, salt, fails)


def fold_pair(values: Iterator[Any], *, salt: int = 0, fails: int = 0):
    listed = list(values)
    return stir(listed, salt, fails), len(listed)


def fold_triple(values: Iterator[Any], *, salt: int = 0, fails: int = 0):
    listed = list(values)
    return stir(listed, salt, fails), len(listed), [number(value) for value in listed]


def first(values: Iterator[Any], *, salt: int = 0, fails: int = 0):
    """As much as it needs to see: some values, and no more."""
    return stir(itertools.islice(values, salt % 4), salt, 0)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(mix, pair, triple, spot, keep, spread, spread_pairs, spread_triples, spread_late, ticks),
        *(gather, fold, fold_pair, fold_triple, first),
    )
}
OPERATORS = {name: op(f"random.{name.replace('_', '-')}")(function) for name, function in FUNCTIONS.items()}


class Tally(list[int]):
    """A state that can be copied, or not, as one that holds an open file."""

    can_be_copied = True

    def __deepcopy__(self, memo: dict[int, Any]) -> Tally:
        if not self.can_be_copied:
            raise TypeError("this state is not copied")
        return copy.copy(self)


class Counting(Operator, family="random", name="counting"):
    """Numbers that depend on how many rows of the scope came before."""

    hints = Hints(stateful=True, max_batch=3)

    def __init__(self, salt: int = 0, fails: int = 0) -> None:
        self.salt, self.fails = salt, fails

    def state(self) -> Tally:
        state = Tally([0])
        state.can_be_copied = self.salt % 3 > 0
        return state

    def batch(self, *columns: Any, state: list[int]) -> list[int]:
        made = []
        for row in zip(*columns, strict=True):
            made.append(stir((*row, state[0]), self.salt, self.fails))
            state[0] += 1
        return made


_MAPS = {0: ("mix", "gather"), 1: ("mix", "gather", "spot"), 2: ("pair",), 3: ("triple",)}
_SPREADS = {
    0: ("spread",),
    1: ("spread", "spread_late", "ticks", "ticks"),
    2: ("spread_pairs",),
    3: ("spread_triples",),
}
_FOLDS = {0: ("fold",), 1: ("fold",), 2: ("fold_pair",), 3: ("fold_triple",)}
_WINDOWS = {0: ("mix",), 1: ("mix", "gather"), 2: ("pair",), 3: ("triple",)}


@dataclass(frozen=True)
class Known:
    """A live column as the writer of a graph knows it; versions are told apart by identity."""

    level: Level
    is_time: bool = False
    fields: tuple[str, ...] = ()


@dataclass
class Scene:
    """A pipe being written and its live columns."""

    pipe: Pipe[Graph]
    columns: dict[str, Known]
    changed: set[str] = field(default_factory=set)
    """Names that were written since the branch began."""

    def fork(self) -> Scene:
        return Scene(self.pipe, dict(self.columns))

    def write(self, columns: dict[str, Known]) -> None:
        self.changed |= {name for name, known in columns.items() if self.columns.get(name) is not known}
        self.columns |= columns

    def known(self, name: str) -> Known:
        """A column by its name, or a field of one."""
        return self.columns[name.partition(".")[0]]


@dataclass
class Writer:
    """Draws one valid step after the other."""

    draw: Any
    kind: str
    fails: int
    most_inputs: int = 3
    num_levels: int = 0
    num_spreads: int = 0
    left: int = 0
    verbs: tuple[str, ...] = (
        *("map", "map", "flat_map", "flat_map", "filter"),
        *("window", "time_window", "time_window", "window_all", "reduce"),
    )

    def open(self, parent: Level) -> Level:
        self.num_levels += 1
        return (*parent, self.num_levels)

    def of(self, values: Iterable[Any]) -> Any:
        return self.draw(st.sampled_from(list(values)))

    def is_drawn(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) < percent)

    def fn(self, names: Iterable[str]) -> Any:
        """One of these functions with parameters: as an operator or as a plain callable."""
        name = self.of(names)
        params: dict[str, Any] = {}
        if self.is_drawn(70):
            params["salt"] = self.draw(st.integers(0, 9))
        if self.fails and self.is_drawn(30):
            params["fails"] = self.fails
        is_operator = self.kind == "operators" or (self.kind == "both" and self.is_drawn(50))
        if is_operator:
            return OPERATORS[name].with_params(params)
        return functools.partial(FUNCTIONS[name], **params) if params else FUNCTIONS[name]

    def path(self, columns: dict[str, Known], most: int) -> tuple[str, ...]:
        """Names of up to ``most`` columns on one path."""
        names = [self.of(sorted(columns))]
        for _ in range(self.draw(st.integers(0, most - 1))):
            fitting = [name for name in sorted(columns) if is_one_path([columns[n].level for n in (*names, name)])]
            names.append(self.of(fitting))
        return tuple(self.field_of(name, columns[name]) for name in dict.fromkeys(names))

    def field_of(self, name: str, known: Known) -> str:
        return f"{name}.{self.of(known.fields)}" if known.fields and self.is_drawn(60) else name

    def outputs(self, least: int = 0) -> tuple[str, ...]:
        count = self.of([n for n in (0, 1, 1, 1, 1, 2, 2, 3) if n >= least])
        return tuple(self.draw(st.lists(st.sampled_from(NAMES), min_size=count, max_size=count, unique=True)))

    def steps(self, scene: Scene, nesting: int = 0) -> None:
        while self.left > 0:
            if nesting and self.is_drawn(30):
                return
            if nesting < 2 and self.left > 2 and self.is_drawn(15):
                self.branch(scene, nesting)
            else:
                self.left -= 1
                self.step(scene)

    def step(self, scene: Scene, verb: str = "") -> None:
        verb = verb or self.of(self.verbs)
        names = self.path(scene.columns, self.most_inputs)
        level = max((scene.known(name).level for name in names), key=len)
        if verb in ("flat_map", "time_window"):
            self.num_spreads += 1
            verb = verb if self.num_spreads <= MOST_SPREADS else "map"
        if verb in ("map", "flat_map", "filter"):
            self.row_step(verb, scene, names, level)
        else:
            self.group_step(verb, scene, names, level)

    def row_step(self, verb: str, scene: Scene, names: tuple[str, ...], level: Level) -> None:
        if verb == "filter":
            has_fields = any("." in name for name in names)
            is_renamed = has_fields or self.is_drawn(30)
            outputs = tuple(self.draw(st.permutations(NAMES)))[: len(names)] if is_renamed else names
            on = self.path({n: k for n, k in scene.columns.items() if is_one_path([k.level, level])}, 2)
            level = max(level, *(scene.known(name).level for name in on), key=len)
            scene.pipe = scene.pipe.filter(plain(names), plain(outputs), plain(on), self.fn(["keep"]))
            kept = [scene.columns.get(name) for name in names]
            scene.write({o: k if k and k.level == level else Known(level) for o, k in zip(outputs, kept, strict=True)})
            return
        if verb == "map":
            outputs = self.outputs()
            if len(outputs) == 1 and self.kind != "functions" and self.is_drawn(15):
                self.counted(scene, names, outputs, level)
                return
            function = self.fn(_MAPS[len(outputs)])
            scene.pipe = scene.pipe.map(plain(names), plain(outputs), function)
            fields = ("left", "right") if "spot" in str(function) else ()
            scene.write({name: Known(level, fields=fields) for name in outputs})
            return
        outputs = self.outputs(least=1)
        function, level = self.fn(_SPREADS[len(outputs)]), self.open(level)
        keep_empty = self.is_drawn(30)
        scene.pipe = scene.pipe.flat_map(plain(names), plain(outputs), function, keep_empty=keep_empty)
        is_time = not keep_empty and "ticks" in str(function) and len(level) == 1
        scene.write({name: Known(level, is_time) for name in outputs})

    def counted(self, scene: Scene, names: tuple[str, ...], outputs: tuple[str, ...], level: Level) -> None:
        """A map with a state, which begins anew with each row of a column above."""
        params = {"salt": self.draw(st.integers(0, 9)), "fails": self.fails if self.is_drawn(30) else 0}
        per = self.of([None, *(n for n in sorted(scene.columns) if is_above(scene.columns[n].level, level))])
        operator = OperatorSpec.bind(Counting, (), params)
        scene.pipe = scene.pipe.map(plain(names), plain(outputs), operator, per=per)
        scene.write({name: Known(level) for name in outputs})

    def group_step(self, verb: str, scene: Scene, names: tuple[str, ...], level: Level) -> None:
        options: dict[str, Any] = {}
        levels = [level]
        if verb == "time_window":
            names, times = self.timed(scene, names, level)
            verb = verb if times else "window"
            levels = sorted({scene.known(name).level for name in (*names, *times)}, key=len)
            levels = [one for one in levels if not any(one != other and is_above(one, other) for other in levels)]
            options |= {"timestamp": plain(times)} if times else {}
        per = self.of([None, *(n for n in sorted(scene.columns) if is_above_all(scene.columns[n].level, levels))])
        scope = scene.columns[per].level if per else ()
        if verb in ("window", "time_window"):
            options |= {"size": self.draw(st.integers(1, 4)), "step": self.draw(st.integers(1, 3))}
        folds = verb == "reduce"
        # where a reduction fails late, its scope's rows have gone on: the reference knows no pieces
        outputs = self.outputs(least=int(folds and bool(self.fails)))
        function = self.fn(self.folds(len(outputs)) if folds else _WINDOWS[len(outputs)])
        scene.pipe = getattr(scene.pipe, verb)(plain(names), plain(outputs), fn=function, per=per, **options)
        for one in levels:
            if outputs and one != scope:
                close(scene, one[: len(scope) + 1])
        out_level = self.open(scope) if verb in ("window", "time_window") else scope
        scene.write({name: Known(out_level) for name in outputs})

    def folds(self, num_outputs: int) -> tuple[str, ...]:
        """Reductions. What fails among the rows that one does not look at may be told or not."""
        return (*_FOLDS[num_outputs], "first") if num_outputs == 1 and not self.fails else _FOLDS[num_outputs]

    def timed(self, scene: Scene, names: tuple[str, ...], level: Level) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The inputs and timestamps of a time window: over one level, or over two beside each other."""
        times = [n for n, known in sorted(scene.columns.items()) if known.is_time]
        fitting = [n for n in times if is_one_path([scene.columns[n].level, level])]
        if fitting and self.is_drawn(50):
            return names, (self.of(fitting),)
        one = self.of(times) if times else ""
        others = [n for n in times if scene.columns[n].level != scene.columns[one].level]
        if not others:
            return names, (self.of(fitting),) if fitting else ()
        stamps = (one, self.of(others))
        sides = [{n: k for n, k in scene.columns.items() if k.level[:1] == scene.columns[t].level} for t in stamps]
        inputs = [self.path(side, 2) for side in sides]
        return tuple(self.draw(st.permutations([*inputs[0], *inputs[1]]))), stamps

    def branch(self, scene: Scene, nesting: int) -> None:
        """Two or three branches and their meeting; columns that cannot meet are grouped first."""
        branches = [scene.fork() for _ in range(self.of([2, 2, 3]))]
        for number_, branch in enumerate(branches):
            if number_ == 0 or self.is_drawn(80):
                self.step(branch)
                self.steps(branch, nesting + 1)
        while any(self.reconcile(branches[i], branches[j], branches) for i in range(len(branches)) for j in range(i)):
            pass  # a column grouped in one branch is no longer one that all have
        scene.pipe = branches[0].pipe.concat(*(branch.pipe for branch in branches[1:]))
        columns: dict[str, Known] = {}
        changed: set[str] = set()
        for branch in branches:
            columns |= {n: k for n, k in branch.columns.items() if n in branch.changed or n not in changed}
            changed |= branch.changed & set(branch.columns)
        scene.columns = columns
        scene.changed |= changed
        self.left -= 1

    def reconcile(self, branch: Scene, other: Scene, branches: list[Scene]) -> bool:
        """Group a column of ``branch`` that has rows on another path than ``other``; columns that all have may stay."""
        shared = set.intersection(*({id(known) for known in each.columns.values()} for each in branches))
        theirs = [known.level for known in other.columns.values() if id(known) not in shared]
        for name, known in sorted(branch.columns.items(), key=lambda item: item[0]):
            if id(known) not in shared and not all(is_one_path([known.level, level]) for level in theirs):
                branch.pipe = branch.pipe.window_all(name, name, self.fn(["gather"]))
                close(branch, known.level[:1])
                branch.write({name: Known(())})
                return True
        return False


def plain(names: tuple[str, ...]) -> Any:
    return names[0] if len(names) == 1 else names


def close(scene: Scene, top: Level) -> None:
    scene.columns = {n: known for n, known in scene.columns.items() if not is_above(top, known.level)}


def is_above(one: Level, other: Level) -> bool:
    return other[: len(one)] == one


def is_above_all(one: Level, others: list[Level]) -> bool:
    return all(is_above(one, other) for other in others)


def is_one_path(levels: list[Level]) -> bool:
    return all(is_above(one, other) or is_above(other, one) for one in levels for other in levels)


@st.composite
def graphs(draw: Any, kind: str = "both", most_nodes: int = 12, fails: int = 0, num_inputs: int | None = None) -> Graph:
    """Valid graphs of ``"operators"``, ``"functions"`` or ``"both"``; one value in ``fails`` makes some steps raise."""
    writer = Writer(draw, kind, fails, left=draw(st.integers(1, most_nodes)))
    inputs = ("x", "y")[: num_inputs or writer.of([1, 1, 2])]
    scene = Scene(PipeStart(lambda graph: graph).input(*inputs), {name: Known(()) for name in inputs})
    if most_nodes > 4 and writer.is_drawn(40):  # what hangs beside each other beneath one row
        for _ in range(writer.of([1, 2, 2])):
            writer.step(scene, "flat_map")
        writer.branch(scene, 0)
    writer.steps(scene)
    return scene.pipe.output(*(writer.path(scene.columns, 3) if writer.is_drawn(95) else ()))


def items_of(graph: Graph, max_size: int = 5) -> st.SearchStrategy[list[Any]]:
    """Lists of inputs: a number, or a tuple of numbers for several input columns."""
    value = st.integers(-5, 20)
    item = value if len(graph.inputs) == 1 else st.tuples(*[value] * len(graph.inputs))
    return st.lists(item, max_size=max_size)


@st.composite
def graphs_with_items(draw: Any, max_size: int = 5, **options: Any) -> tuple[Graph, list[Any]]:
    graph = draw(graphs(**options))
    return graph, draw(items_of(graph, max_size))


@st.composite
def graphs_beside(draw: Any) -> Graph:
    """Rows on two or three levels, which several branches group: windows that leave lie beside what others wait for."""
    writer = Writer(draw, "both", 0)
    rows: Pipe[Graph] = PipeStart(lambda graph: graph).input("x")
    levels = ["x", "l", "m", "n"][: writer.of([3, 3, 4])]
    for above, below in itertools.pairwise(levels):
        rows = rows.flat_map(above, below, writer.fn(["spread"]))
    branches = []
    for number_, out in enumerate(NAMES[: writer.of([2, 3, 3, 4])]):
        branch, inputs = rows, [writer.of(levels[1:])]
        for extra in levels[: writer.of([0, 1, 1, len(levels)])]:
            branch = branch.map(extra, f"{extra}{number_}", writer.fn(["mix"]))
            inputs.append(f"{extra}{number_}")
        if number_ == 0 or writer.is_drawn(30):
            size, step = draw(st.integers(1, 4)), draw(st.integers(1, 3))
            branch = branch.window(plain(tuple(inputs)), out, size, step, writer.fn(["mix"]))
            branches.append(branch.window_all(out, out, writer.fn(["gather"])) if number_ else branch)
        else:
            verb, functions = writer.of([("window_all", ["mix", "gather"]), ("reduce", ["fold", "first"])])
            branches.append(getattr(branch, verb)(plain(tuple(inputs)), out, writer.fn(functions)))
    outputs = [name for name in NAMES[: len(branches)] if name == NAMES[0] or writer.is_drawn(60)]
    return branches[0].concat(*branches[1:]).output(*outputs)
