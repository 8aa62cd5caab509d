"""`train`: an operator and data → the tuned operator, measured before and after: what ``op.train`` calls."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.api import Pipeline, pipeline
from junco.errors import DataError
from junco.labelled.sets import LabelledSet, PairSet, TrainSet, TripletSet, UnlabelledSet
from junco.neural.operator import NeuralOperator
from junco.neural.tuned_saving import save_tuned
from junco.operator.base import Operator
from junco.operator.option_values import checked
from junco.operator.spec import OperatorSpec
from junco.operator.tuned_card import card_in, licence_in
from junco.runtime.machine import machine
from junco.settings import user_path
from junco.train.args import TrainingArgs
from junco.train.settle import check_lengths
from junco.train.trainer import Fitted, fit
from junco.tuning.board import board_for
from junco.tuning.card import write_card
from junco.tuning.comparing import Compared, compared
from junco.tuning.decoding import family_inputs
from junco.tuning.loading import LoadingOptions, OnUnreadable
from junco.tuning.measuring import check_metric
from junco.tuning.methods import HeadMethod, Method, NetworkMethod, Ready
from junco.tuning.places import Places, check_outside, places_of
from junco.tuning.report import TrainReport
from junco.tuning.split import Split, SplitOptions, split
from junco.tuning.watching import Together, Watching, watch_for

_GOALS: Mapping[type, str] = {LabelledSet: "classify", PairSet: "contrastive", TripletSet: "triplet"}
_MOST_CLASSES = 5_000
"""Labels of a classifier: more take longer than comparing examples, and few of each say little of a weight."""


def train(  # noqa: PLR0913  # each is one decision of the caller's, by name
    operator: Operator | OperatorSpec,
    data: Any,
    eval_data: Any = None,
    training_args: TrainingArgs | Mapping[str, Any] | str | Path | None = None,
    *,
    loader: Any = None,
    to: str | Path | None = None,
    resume: bool = True,
    progress: bool | None = None,
    column: str | None = None,
    label: str | None = None,
    on_error: OnUnreadable = "skip",
) -> TrainReport:
    """Train an operator; `Operator.train` says what the arguments are.

    The operator itself stays as it is: the tuned one lies in ``report.folder``, and is ``report.operator``.

    Raises:
        ContractError: nothing of it can be trained.
        DataError: the data does not say enough, or the same item is on both sides.
        TrainError: training cannot start or go on.
        TargetError: there is no room, another run is at the same work, or ``to`` lies in the data.
    """
    args = TrainingArgs.of(training_args)
    own = _live(operator)
    checked(on_error, OnUnreadable, "on_error", own.name)
    check_outside(to, data, eval_data)
    own.check_tuning(args.scope)
    lines: list[str] = []
    with _watching(progress, args, lines) as watch:
        known = SplitOptions(_inputs(own, loader), column, label, args.goal != "distil", watch.loading, on_error)
        parts = split(data, eval_data, args.seed, known)
        goal = _goal(args, parts.train, lines)
        session = _Session(own, args, parts, goal, loader, watch, on_error, known.are_texts, lines)
        with places_of(own, args, parts, loader, to) as places:
            return session.run(places, resume=resume)


@dataclass(frozen=True, eq=False)
class _Session:
    """What one run is made of."""

    operator: NeuralOperator
    args: TrainingArgs
    parts: Split
    goal: str
    loader: Any
    watch: Watching
    on_error: OnUnreadable
    are_texts: bool
    lines: list[str]
    """What was told beside: of the goal that was chosen, of files of TensorBoard."""

    def run(self, places: Places, *, resume: bool) -> TrainReport:
        """Load, train, save, measure, report."""
        self._check()
        method = self._method(places)
        loaded = method.load(self.parts, self.goal, self.args)
        self.watch.metric = loaded.metric
        fitted = fit(
            loaded.task,
            loaded.examples,
            self.args,
            places.run,
            goal=self.goal,
            measure=loaded.measure,
            metric=loaded.metric,
            watch=self.watch,
            resume=resume,
        )
        tensors = method.tensors(fitted)
        licence = licence_in(card_in(places.tuned))
        lora_scale = fitted.lora_scale if fitted.tensors else None
        save_tuned(places.tuned, self.operator, tensors, lora_scale=lora_scale, **self._told(fitted, loaded.dim))
        tuned = Operator.load(places.tuned)
        assert isinstance(tuned, NeuralOperator)
        found = compared(method, tuned, self.parts, loaded)
        report = self._report(fitted, tuned, found, places.tuned, loaded)
        write_card(places.tuned, report, licence)
        self.watch.finish(report)
        if not self.args.keep and fitted.history.ending != "interrupted":  # which the same call goes on with
            shutil.rmtree(places.run, ignore_errors=True)
        return report

    def _check(self) -> None:
        """What would else be found out after everything was decoded."""
        if not isinstance(self.parts.eval, UnlabelledSet):
            check_metric(self.args.metric, self.parts.eval)
        if (dim := self.args.dim or self.operator.dim_taken) is not None:
            check_lengths(self.args, dim)

    def _method(self, places: Places) -> Method:
        options = LoadingOptions(are_texts=self.are_texts, on_error=self.on_error, watch=self.watch.loading)
        kind = HeadMethod if self.args.scope == "head" else NetworkMethod
        return kind(self.operator, self.loader, places, options)

    def _told(self, fitted: Fitted, dim: int | None) -> dict[str, Any]:
        """What the tuned folder says of how it was made."""
        history, best = fitted.history, fitted.history.best
        return {
            "scope": self.args.scope if isinstance(self.args.scope, str) else list(self.args.scope),
            "goal": self.goal,
            "dim": dim,
            "data": self.parts.to_dict(),
            "metrics": {"metric": history.metric, "before": history.epochs[0].measures, "after": best.measures},
            "args": {**self.args.to_dict(), "lr": history.lr, "batch": history.batch},
        }

    def _report(
        self, fitted: Fitted, tuned: NeuralOperator, found: Compared, folder: Path, ready: Ready
    ) -> TrainReport:
        history = fitted.history
        return TrainReport(
            name=self.operator.name,
            params=self.operator.spec.params,
            scope=self.args.scope,
            goal=self.goal,
            args={**self.args.to_dict(), "lr": history.lr, "batch": history.batch},
            history=history,
            num_examples=len(ready.examples),
            split=self.parts.to_dict(),
            evaluation=found.evaluation,
            held_out=found.held_out,
            on_examples=found.on_examples,
            is_parent_kept=len(history.epochs) > 1 and history.best.number == 0,
            told=(*self.parts.told, *dict.fromkeys(ready.told), *self.lines),
            rejects=ready.rejects,
            folder=folder,
            machine=machine(),
            operator=tuned,
            bridge=found.bridge,
            no_bridge=found.no_bridge,
        )


def _watching(progress: bool | None, args: TrainingArgs, lines: list[str]) -> Watching:
    """Who looks on: a person, and files of TensorBoard where a folder is named for them."""
    shown = watch_for(progress, args.metric or "")

    def tell(line: str) -> None:
        lines.append(line)
        shown.told(line)

    board = board_for(user_path(args.logs), tell) if args.logs is not None else None
    return shown if board is None else Together([shown, board])


def _live(operator: Operator | OperatorSpec) -> Any:
    return operator if isinstance(operator, Operator) else operator.bound().create()


def _inputs(operator: NeuralOperator, loader: Any) -> tuple[str, ...]:
    """What the items of the data are called: by the loader, or by the pipelines of the operator's family."""
    if loader is None:
        return family_inputs(operator)
    given = loader if isinstance(loader, Pipeline) else pipeline(loader)
    return given.graph.inputs


def _goal(args: TrainingArgs, data: TrainSet, lines: list[str]) -> str:
    """What vectors are to do, where nobody said it.

    Raises:
        DataError: nothing is known of the items, and no teacher is there.
    """
    if args.goal != "auto":
        return args.goal
    if isinstance(data, UnlabelledSet):
        raise DataError("nothing is known of the items: give labels, pairs or triplets, or goal='distil' and a teacher")
    if isinstance(data, PairSet) and len(data.scores):
        return "cosent"
    if isinstance(data, LabelledSet) and len(data.counts) > _MOST_CLASSES:
        lines.append(f"goal: contrastive, as a classifier would have a weight for each of {len(data.counts):,} labels")
        return "contrastive"
    return _GOALS[type(data)]
