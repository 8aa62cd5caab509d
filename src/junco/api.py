"""`pipeline` and `Pipeline`: the one place that wires catalog, plan and engine together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from junco.engine.options import RunOptions
from junco.engine.running import Running
from junco.engine.trace import Trace
from junco.errors import InputError
from junco.graph.nodes import Graph
from junco.graph.params import with_params, with_step
from junco.graph.pipe import PipeStart, stands_for
from junco.job.options import SHARD_ROWS, JobOptions, Kept, MaxRejects, Missing
from junco.pages.results import ResultList
from junco.settings import user_path
from junco.wording import printable

if TYPE_CHECKING:
    from junco.engine.rows import Reject
    from junco.engine.stage import OnError
    from junco.engine.stats import PipelineStats
    from junco.engine.stream import Stream
    from junco.evaluate.evaluating import OnUnreadable
    from junco.evaluate.evaluation import Evaluation
    from junco.hub.trust.word import Trust
    from junco.job.report import JobReport
    from junco.pages.inspection import Inspection
    from junco.plan.lock import Lock
    from junco.store.target import Target


class Pipeline(Running):
    """A graph that can be called. Safe to use from many threads.

    To make, look at, change, write and draw one fetches nothing and imports no operator. It is planned when it is first
    used, or by `prepare`: weights are fetched then, and what an operator does not bear is said.

    Args:
        graph: what it does.
        device: "auto", "cpu", "cuda", "cuda:1", "mps", given to every operator that takes a device; with a list of them
            each such operator gets a replica on each.
    """

    def __call__(self, *inputs: Any, timeout_s: float | None = None) -> Any:
        """The result for one item: one argument for each input column.

        Returns:
            One value or named row where everything is on level 0, else a list of them.

        Raises:
            OperatorError: an operator failed; ``__cause__`` is its own exception.
            DeadlineError: ``timeout_s`` seconds were over first.
        """
        self._check_count(inputs)
        engine, timeout_s = self._engine_within(timeout_s)
        result = engine.call(inputs, timeout_s)
        return ResultList(result) if result.__class__ is list and not self.plan.flow.is_single else result

    async def acall(self, *inputs: Any, timeout_s: float | None = None) -> Any:
        """The same for async callers; concurrent calls share batches."""
        from junco.engine.callers import in_thread

        return await in_thread(self, *inputs, timeout_s=timeout_s)

    def batch(
        self,
        items: Iterable[Any],
        *,
        on_error: OnError = "raise",
        rejects: Callable[[Reject], None] | None = None,
        timeout_s: float | None = None,
        trace: str | Path | None = None,
    ) -> Any:
        """The results for many items, in order. With several input columns an item is a tuple.

        Returns:
            A list; where the only output is a vector, one array (n, dim), but for ``on_error="none"``.

        Args:
            items: any iterable; of a table (a DataFrame, a mapping of columns …) the columns that are named as the
                pipeline's inputs.
            on_error: "raise" ends with the first error; "skip" leaves out what failed; "none" puts ``None`` there.
            rejects: called with each `Reject` that "skip" or "none" put aside, for instance ``some_list.append``.
            timeout_s: raise `DeadlineError` after so many seconds.
            trace: write what ran when to this file, for chrome://tracing and ui.perfetto.dev.
        """
        stream = self.stream(items, on_error=on_error, rejects=rejects, timeout_s=timeout_s, trace=trace)
        if on_error == "none" or not self.plan.gives_vectors:
            return ResultList(stream.rest())
        return stream.vectors(self.graph.outputs[0])

    def stream(
        self,
        items: Iterable[Any],
        ordered: bool = True,
        *,
        on_error: OnError = "raise",
        rejects: Callable[[Reject], None] | None = None,
        timeout_s: float | None = None,
        trace: str | Path | None = None,
    ) -> Stream:
        """Like `batch`, one result at a time, in bounded memory however many items there are.

        Args:
            ordered: give results in the items' order; ``False`` gives them as they come.
        """
        return self._stream(items, RunOptions(on_error, ordered, rejects, timeout_s, trace=Trace.to(trace)))

    def rows(
        self,
        items: Iterable[Any],
        *,
        on_error: OnError = "raise",
        rejects: Callable[[Reject], None] | None = None,
        timeout_s: float | None = None,
    ) -> Stream:
        """The rows of many items as they come, in order: bounded memory also where one item is a ten-hour video.

        Each is an `ItemRow`: ``for position, row in p.rows(items)``. Closing or dropping the iterator ends the run.

        Of an item that fails at level 0 after some rows, as a file that is cut off does, "skip" and "none" give what
        came of those; then ``rejects`` is told of it (``is_item``), and "none" ends it with one row ``None``.
        """
        return self._stream(items, RunOptions(on_error, True, rejects, timeout_s, by_rows=True))

    def _stream(self, items: Iterable[Any], options: RunOptions) -> Stream:
        if items.__class__ is not list:
            from junco.job.frames import as_items  # tables may bring numpy

            items = as_items(items, self.graph.inputs)
        engine, timeout_s = self._engine_within(options.timeout_s)
        return engine.stream(items, replace(options, timeout_s=timeout_s), self)

    def run(  # noqa: PLR0913  # each is one decision of the caller's, by name
        self,
        source: Any,
        sink: Target,
        *,
        on_error: OnError = "skip",
        resume: bool = True,
        retry_rejects: bool = False,
        column: str | None = None,
        progress: bool | None = None,
        shard_rows: int = SHARD_ROWS,
        trace: str | Path | None = None,
        max_rejects: MaxRejects = "auto",
        key: str | None = None,
        keep: Kept = (),
        missing: Missing = "refuse",
        limit: int | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        sheet: str | None = None,
    ) -> JobReport:
        """A bulk job that cannot be lost: stopped at any moment, the same call goes on where it was.

        Args:
            source: a folder, a file, a pattern, a list (``.txt``, ``.csv``, ``.jsonl``, ``.xlsx``, ``.parquet`` …,
                compressed or not), a URL, a DataFrame or other table, any iterable.
            sink: a ``.parquet``, ``.npy``, ``.jsonl`` or ``.csv`` file, a folder of Parquet files (ends in ``/``), or a
                callable that takes a `Shard` at a time; nothing is kept of a job with a callable.
            on_error: "skip" puts what fails aside, in ``<sink>.rejects.parquet``, "none" leaves a gap, "raise" ends.
            resume: go on from what is there, with new and changed inputs only; ``False`` starts over and replaces it.
            retry_rejects: work once more on what was put aside.
            column: of a table; else the one of a usual name, or the only one of texts; the report's ``read`` tells.
            progress: ``None`` shows a bar on a terminal and lines of JSON elsewhere, on stderr; ``False`` nothing.
            shard_rows: most inputs between safe points, which also come every ten seconds; rows of a row group or file.
            trace: as in `batch`.
            max_rejects: end the job, with what is done kept, when more inputs than this were put aside; "auto": when
                the first 100 all failed; ``None``: never.
            key: the column of a table whose value, another in each row, is the row's ``input`` in the target.
            keep: columns of a table that travel to the target as they are, beside the outputs; "*": all others.
            missing: what becomes of inputs that the target has and the source has not: "refuse" has a few leave, as
                deleted files do, and ends the job where they are more than half; "prune" has them leave, "append" stay.
            limit: only so many inputs, the first of the source; what was done of the others before stays in any case.
            encoding, delimiter, sheet: of a list of text, ``.csv``, workbook; else found out, or the first, and told.

        Raises:
            JobError: a source that cannot be read or lacks most of the target's inputs, too many rejects, other work.
            SpaceError: the target holds vectors of another space.
            TargetError: the target cannot be written; what is done is kept.
            TargetBusyError: another job is writing to it.
            OperatorError: with ``on_error="raise"``.
            SystemExit: with 143, after SIGTERM, which ends a job as Ctrl-C does; unless the program handles it itself.
        """
        from junco.job.job import Job
        from junco.job.reading import Reading

        told = Trace.to(trace)
        work = partial(JobOptions, on_error=on_error, resume=resume, retry_rejects=retry_rejects, trace=told)
        rows = partial(work, column=column, key=key, keep=keep, reading=Reading(encoding, delimiter, sheet))
        how = rows(progress=progress, shard_rows=shard_rows, max_rejects=max_rejects, missing=missing, limit=limit)
        return Job(self._engine, self.plan.graph, sink, how).run(source)

    def evaluate(  # noqa: PLR0913  # each is one decision of the caller's, by name
        self,
        data: Any,
        *,
        against: Sequence[str | Path | Pipeline] = (),
        vary: Mapping[str, Sequence[Any]] | None = None,
        column: str | None = None,
        label: str | None = None,
        metrics: Sequence[str] = (),
        at: Sequence[int] = (1, 10),
        neighbours: int = 5,
        on_error: OnUnreadable = "skip",
        progress: bool | None = None,
    ) -> Evaluation:
        """How good its vectors are for what is known of some items: recall, mAP, nDCG, neighbours' votes.

        Others stand beside it in one table, measured by the same items, with the intervals that tell a gain from noise.
        Print it, look at it in a notebook, ``.save("page.html")``, or take one: ``p.evaluate(…)["recall@1"]``.

        Args:
            data: a folder with a folder for each class; a table with a column ``label``, or with pairs (``query`` and
                ``document`` …, a ``score`` or none) or triplets; a folder as BEIR lays it out; (item, label)s.
            against: other pipelines, or names of some.
            vary: parameters of this one, each with some values: ``{"layer": ["layers.2", "layers.3"]}``.
            column, label: of a table, where junco would not find them by their names.
            metrics: which to show; all that the data allows.
            at: the ranks up to which is looked.
            neighbours: how many vote in ``knn``.
            on_error: "skip" leaves out what cannot be embedded, of all, and lists it; "raise" ends.
            progress: as in `run`.

        Raises:
            DataError: the data says nothing of its items, or this makes no one vector of an item.
        """
        from junco.evaluate.evaluating import EvaluateOptions, evaluate
        from junco.evaluate.keeping import kept
        from junco.evaluate.way import named_ways, varied
        from junco.labelled.reading import read_data

        others = [each if isinstance(each, Pipeline) else pipeline(each, device=self.devices) for each in against]
        ways = named_ways([self, *others], varied(self, vary or {}))
        options = EvaluateOptions(tuple(at), neighbours, tuple(metrics), on_error, progress)
        known = read_data(data, self.graph.inputs, column=column, label=label)
        return kept(evaluate(ways, known, options))

    def replace(self, step: str, operator: Any) -> Pipeline:
        """A new pipeline, without a name, with one operator swapped; what is handed down (``allow_urls``) it gets too.

        Raises:
            UnknownNameError: no step of that name, or no operator.
            ContractError: the operator does not keep the contract of the one it replaces.
        """
        from junco.graph.ports import check_swap

        node, fn = self.graph.node(step), stands_for(operator, f"replace({step!r}, …)")
        check_swap(node, fn)
        return self.with_graph(with_step(self.graph, replace(node, fn=fn, written=None)))

    def with_graph(self, graph: Graph) -> Pipeline:
        """A new pipeline of another graph, on the same devices."""
        return Pipeline(graph, device=self.devices)

    @property
    def space(self) -> str | None:
        """The id of the space that its vectors live in, ``plan.space`` describes it; ``None`` where it is unknown.

        With several output columns it is that of the first whose space is known. An `IntegrityError` says that a file
        that an operator in memory was loaded from is another one by now.
        """
        if (engine := self._running.made) is not None and not self.plan.has_space:
            engine.check_files()  # the space is that of the vectors, not of what lies there now
        space = self.plan.space
        return space.id if space is not None else None

    def to_yaml(self) -> str:
        """The pipeline as text that `pipeline` reads again."""
        from junco.graph.yaml_file import write

        return write(self.graph)

    def save(self, path: str | Path) -> None:
        """Write the pipeline to a YAML file. Paths beneath its folder are written relative, so that it can be moved.

        Raises:
            TargetError: the file cannot be written.
        """
        from junco.graph.yaml_file import write_file

        write_file(self.graph, user_path(path))

    def draw(self, form: Literal["svg", "mermaid"] = "svg") -> str:
        """The DAG as a picture, with columns and levels: a text that a notebook shows as what it is."""
        from junco.graph.drawing import drawing  # pictures are wanted by few

        return drawing(self.graph, form)

    def inspect(self, *inputs: Any, rows: int = 20, most_rows: int = 10_000, within_s: float = 60.0) -> Inspection:
        """What every step makes of one item: print it, show it in a notebook, ``.save("page.html")``.

        The steps run one after the other in the caller's thread. A row that fails is shown, and nothing is raised.

        Args:
            inputs: one argument for each input column.
            rows: of each step, how many rows are kept to be shown.
            most_rows: rows that a ``flat_map`` may make; it is ended there, and the inspection says so.
            within_s: seconds after which a ``flat_map`` makes no more rows.
        """
        self._check_count(inputs)
        from junco.engine.inspect import inspect_item  # pages are needed by few
        from junco.engine.look import LookLimits

        started = time.perf_counter()
        self.prepare()
        load_seconds = time.perf_counter() - started
        stages, limits = self._engine.stages_one_by_one("skip"), LookLimits(rows, most_rows, within_s)
        looked = inspect_item(stages, self.plan.flow, inputs, limits)
        return replace(looked, drawing=self.draw(), load_seconds=load_seconds)

    def stats(self) -> PipelineStats:
        """Rows, time, waiting and batch sizes of each stage so far, and which stage binds. Print it for a table."""
        if (engine := self._running.made) is not None:
            return engine.stats()
        from junco.engine.stats import stats_before_use

        return stats_before_use(self.graph)

    def lock(self) -> Lock:
        """The packages, versions and files that it uses, with digests. Print it, or keep its ``to_json()``."""
        return self.plan.lock()

    def _repr_html_(self) -> str:
        return self.graph._repr_html_()

    def _check_count(self, inputs: tuple[Any, ...]) -> None:
        wanted = self.graph.inputs
        if len(inputs) != len(wanted):
            raise InputError(f"the pipeline takes {len(wanted)} ({', '.join(wanted)}) and was given {len(inputs)}")

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, here or in another process, is built anew from the graph."""
        return partial(type(self), device=self.devices), (self.graph,)

    def __repr__(self) -> str:
        name = f" {self.graph.name}" if self.graph.name else ""
        return printable(f"<pipeline{name}: {', '.join(self.graph.inputs)} → {', '.join(self.graph.outputs)}>")


def pipeline(
    ref: str | Path | Graph, *, device: str | Sequence[str] = "auto", trust: Trust | None = None, **params: Any
) -> Pipeline:
    """A pipeline by name, file or graph. The shape of ``ref`` says where it lives; nothing is tried in turn.

    Args:
        ref: the name of an installed pipeline or of a family (its default member); ``namespace/name`` on a hub;
            a path (``./flow.yaml``); a `Path`; a `Graph`.
        device: "auto", "cpu", "cuda", "cuda:1", "mps", or a list of them for a replica on each.
        trust: code of a hub that may run, ``Trust.commit("0123…")``: beside what ``junco hub trust`` allowed; then the
            operators that steps name on a hub are brought, and their code is run, at once.
        params: the pipeline's own parameters, in place of their defaults.

    Raises:
        UnknownNameError: with the nearest names.
        ParameterError: a parameter that the pipeline does not have, with suggestions.
        TrustError: with ``trust``, a step is code of a hub that it does not name.
    """
    if isinstance(ref, Pipeline):
        raise InputError("this is a pipeline already: call it; pipeline(….graph) makes another one of its graph")
    if not isinstance(ref, (str, Path, Graph)):
        raise InputError(f"a pipeline is named by a name, a path or a graph, not {type(ref).__name__}")
    if not isinstance(ref, Graph):
        from junco.catalog.find import find  # reads YAML

        ref = find(ref)
    made = Pipeline(with_params(ref, params), device=device)
    if trust is not None:
        _bring(made.graph, trust)
    return made


def _bring(graph: Graph, trust: Trust) -> None:
    """Bring what steps name on a hub, on the caller's word, which holds in this process for what was brought."""
    from junco.graph.brought import brought
    from junco.graph.params import bind
    from junco.hub.trust.word import Trust as Word

    if not isinstance(trust, Word):
        raise InputError('trust is a word of the caller\'s own, Trust.commit("40 hexadecimal digits")')
    with trust:
        brought(bind(graph, {}))


pipe = PipeStart(Pipeline)
"""The beginning of every pipeline written in Python: ``pipe.input("path").map(…).output("vector")``."""
