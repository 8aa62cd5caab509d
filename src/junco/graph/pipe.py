"""``pipe``: the fluent pen. A builder is immutable, so that a prefix may be used in several pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from junco.errors import GraphError, ParameterError
from junco.graph.devices import as_step
from junco.graph.nodes import INPUT, MOST_WORKERS, Callee, Graph, Node, Verb, fn_name, name_steps
from junco.operator.base import Operator
from junco.operator.namespace import OperatorFactory, OperatorFamily, ops
from junco.operator.parameters import check_keywords
from junco.operator.spec import OperatorSpec
from junco.wording import picture, printable

Made = TypeVar("Made")
Columns = str | tuple[str, ...]
Fn = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class PipeStart(Generic[Made]):
    """The beginning of every pipeline; ``finish`` makes of a graph what ``output`` returns."""

    finish: Callable[[Graph], Made]

    def input(self, *columns: str) -> Pipe[Made]:
        """Name the columns of an input row; a call takes one argument for each."""
        return Pipe(_Input(self.finish, _columns(columns, "input")), ())


@dataclass(frozen=True, slots=True, eq=False)
class _Input(Generic[Made]):
    """Where branches begin: two are the same only if they come from one ``input`` call."""

    finish: Callable[[Graph], Made]
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    """A step on the way: what it does, and the links that it follows (none: the input)."""

    verb: Verb
    name: str | None
    fn: Fn | None
    fields: dict[str, Any]
    after: tuple[_Link | None, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pipe(Generic[Made]):
    """A pipeline being written. Every method returns a new one."""

    _input: _Input[Made]
    _ends: tuple[_Link, ...]

    def __repr__(self) -> str:
        last = " and ".join(f"{link.verb} {fn_name(link.fn)}" if link.fn else link.verb for link in self._ends)
        return printable(f"<pipe of {', '.join(self._input.inputs)}, so far to {last or 'input'}; .output(…) ends it>")

    def map(self, inputs: Columns, outputs: Columns, fn: Fn, **options: Any) -> Pipe[Made]:
        """One result for each row.

        Args:
            inputs: a column or a tuple of columns; ``fn`` gets one argument for each.
            outputs: a column, a tuple of columns (``fn`` returns as long a tuple) or ``()`` to drop the result.
            fn: any callable, an operator spec, an operator or another pipeline.
            options: ``name`` of the step; ``workers`` (how many may run at once), ``backend`` ("thread" or "process");
                ``per``, for an operator with state: the column with whose rows its state begins anew.

        A column may be read by a field of its values, ``"chunk.text"``, here and in every other step.
        """
        return self._then("map", inputs, outputs, fn, options)

    def flat_map(
        self, inputs: Columns, outputs: Columns, fn: Fn, *, keep_empty: bool = False, **options: Any
    ) -> Pipe[Made]:
        """Each row becomes as many rows as ``fn`` yields; with ``keep_empty`` a row without any stays as ``None``."""
        return self._then("flat_map", inputs, outputs, fn, options, keep_empty=keep_empty)

    def filter(self, inputs: Columns, outputs: Columns, on: Columns, fn: Fn, **options: Any) -> Pipe[Made]:
        """Keep the rows for which ``fn(on…)`` is true; ``outputs`` are the kept ``inputs``."""
        return self._then("filter", inputs, outputs, fn, options, on=_columns(on, "filter"))

    def window(
        self, inputs: Columns, outputs: Columns, size: int, step: int, fn: Fn, *, per: str | None = None, **options: Any
    ) -> Pipe[Made]:
        """``size`` consecutive rows of a scope at a time, moving by ``step``; ``fn`` gets a list for each input.

        Windows begin at rows 0, ``step``, 2 ``step`` … of the scope; those at its end may be shorter. The scope is the
        input row, or the row of the column ``per``.
        """
        return self._then("window", inputs, outputs, fn, options, size=size, step=step, per=per)

    def time_window(
        self,
        inputs: Columns,
        outputs: Columns,
        timestamp: Columns,
        size: float,
        step: float,
        fn: Fn,
        *,
        per: str | None = None,
        **options: Any,
    ) -> Pipe[Made]:
        """Like `window`, by the values of the column ``timestamp``: none below 0, none that falls within a scope.

        Windows are [k·step, k·step + size) for k = 0, 1, 2 …, in the timestamp's own unit; those without rows are left
        out. Inputs may lie on several levels of one scope (frames and sound of a video) where ``timestamp`` names a
        column for each: ``fn`` then gets the rows of one window from all of them, maybe none from some.
        """
        options |= {"timestamp": _columns(timestamp, "time_window")}
        return self._then("time_window", inputs, outputs, fn, options, size=size, step=step, per=per)

    def window_all(
        self, inputs: Columns, outputs: Columns, fn: Fn, *, per: str | None = None, **options: Any
    ) -> Pipe[Made]:
        """All rows of a scope become one: ``fn`` gets a list for each input, an empty one for a scope without rows."""
        return self._then("window_all", inputs, outputs, fn, options, per=per)

    def reduce(
        self, inputs: Columns, outputs: Columns, fn: Fn, *, per: str | None = None, **options: Any
    ) -> Pipe[Made]:
        """Like `window_all` with one iterator (of tuples, for several inputs), so that memory stays bounded."""
        return self._then("reduce", inputs, outputs, fn, options, per=per)

    def concat(self, *pipes: Pipe[Made], name: str | None = None) -> Pipe[Made]:
        """Let branches of one source meet: columns align by row.

        Of two columns of one name the one that a branch changed wins, the later branch's where both did.
        """
        for other in pipes:
            if not isinstance(other, Pipe):
                raise GraphError(f"concat takes pipes, not {picture(other)}")
            if other._input is not self._input:
                raise GraphError("concat takes branches that started from the same pipe.input(…); these began apart")
        branches = tuple(pipe._ends[0] if pipe._ends else None for pipe in (self, *pipes))
        if not pipes:
            raise GraphError("concat needs another branch: a.concat(b)")
        return Pipe(self._input, (_Link("concat", name, None, {}, branches),))

    def output(self, *columns: str, space: str | None = None) -> Made:
        """Name what leaves, and finish: the graph is checked here.

        Args:
            columns: what leaves; without any the pipeline gives ``None``, and is run for what its steps do.
            space: a name for the space of the vectors, where junco cannot identify a step that made them.

        Raises:
            GraphError: the graph has no meaning; the message names the columns and the cure.
        """
        if space is not None and (not isinstance(space, str) or not space):
            raise GraphError(f"output: space is a name, not {picture(space)}")
        graph = Graph(self._input.inputs, _nodes(self._ends), _columns(columns, "output"), space=space or "")
        return self._input.finish(graph)

    def _then(
        self, verb: Verb, inputs: Columns, outputs: Columns, fn: Fn, options: dict[str, Any], **fields: Any
    ) -> Pipe[Made]:
        name = options.pop("name", None)
        fields |= _options(verb, options)
        fields |= {"inputs": _columns(inputs, verb), "outputs": _columns(outputs, verb)}
        link = _Link(verb, name, stands_for(fn, verb), fields, self._ends or (None,))
        return Pipe(self._input, (link,))


def _columns(columns: Any, where: str) -> tuple[str, ...]:
    """A name or a sequence of names as a tuple."""
    columns = (columns,) if isinstance(columns, str) else columns
    if not isinstance(columns, (tuple, list)) or not all(isinstance(c, str) and c for c in columns):
        raise GraphError(f"{where}: columns are a name or a tuple of names, not {picture(columns)}")
    return tuple(columns)


def stands_for(fn: Any, where: str) -> Fn:
    """What stands in a step for what was given: a callable, an operator, its name or its class, a pipeline.

    Raises:
        UnknownNameError: a name that no operator has.
        GraphError: something else.
    """
    if isinstance(fn, (str, Path)):  # the folder of a tuned one is named by its path
        fn = ops[str(fn.absolute()) if isinstance(fn, Path) else fn]
    if isinstance(fn, (OperatorFactory, OperatorFamily)):
        return fn()
    if isinstance(fn, type) and issubclass(fn, Operator):
        return OperatorSpec.bind(fn, (), {})
    if callable(fn) or Callee.of(fn).graph is not None:
        return as_step(fn)  # type: ignore[no-any-return]
    raise GraphError(f"{where}: the last argument must be a callable, an operator or a pipeline, not {picture(fn)}")


def _options(verb: str, options: dict[str, Any]) -> dict[str, Any]:
    extra = {"time_window": ("timestamp",), "map": ("per",), "flat_map": ("per",), "filter": ("per",)}
    check_keywords(options, ("name", "workers", "backend", *extra.get(verb, ())), f"{verb}()")
    workers, backend = options.get("workers"), options.get("backend")
    if workers is not None and (
        isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS
    ):
        raise ParameterError(
            f"{verb}: workers must be a whole number from 1 to {MOST_WORKERS:,}, not {picture(workers)}"
        )
    if backend not in (None, "thread", "process"):
        raise ParameterError(f"{verb}: backend must be 'thread' or 'process', not {backend!r}")
    return options


def _walk(ends: tuple[_Link, ...]) -> Iterator[_Link]:
    """All links that lead to the ends, each once, every one after those it follows."""
    done: set[int] = set()
    stack = [(link, False) for link in reversed(ends)]
    while stack:
        link, is_ready = stack.pop()
        if id(link) in done:
            continue
        if is_ready:
            done.add(id(link))
            yield link
        else:
            stack.append((link, True))
            stack.extend((before, False) for before in reversed(link.after) if before is not None)


def _nodes(ends: tuple[_Link, ...]) -> tuple[Node, ...]:
    links = list(_walk(ends))
    names = name_steps((link.name, link.verb, link.fn) for link in links)
    named = {id(link): name for link, name in zip(links, names, strict=True)}
    named[id(None)] = INPUT
    return tuple(
        Node(link.verb, named[id(link)], fn=link.fn, after=tuple(named[id(b)] for b in link.after), **link.fields)
        for link in links
    )
