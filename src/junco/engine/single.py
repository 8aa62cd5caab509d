"""Single calls: one row stays in the caller's thread, without queues; rows of concurrent calls share batches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from threading import get_ident
from time import perf_counter
from typing import Any

from junco.cores import at_work
from junco.engine.apply import is_no_value
from junco.engine.counted import Counted, calls_counted_for
from junco.engine.fields import read_field
from junco.engine.operators import OperatorApplier
from junco.engine.output import output_error
from junco.engine.row import row_maker
from junco.engine.stage import no_value, operator_error, values_picture, wrong_count
from junco.engine.stats import StageStats
from junco.errors import DeadlineError, JuncoError
from junco.graph.levels import Slot, Step
from junco.graph.nodes import fn_name
from junco.latch import Latch
from junco.operator.lanes import Lane, lane, left_s, waiting_for_me
from junco.operator.notes import NOTHING, Noted
from junco.operator.places import Claim
from junco.plan.plan import Plan


def is_single_row(plan: Plan) -> bool:
    """Whether an item is one row from beginning to end: nothing but ``map`` on level 0."""
    return all(step.node.verb == "map" for step in plan.flow.steps)


class SingleCall:
    """One row through the steps of a plan."""

    def __init__(self, plan: Plan, ones: Sequence[Callable[..., Any]], stats: Sequence[StageStats]) -> None:
        flow = plan.flow
        self._flow = flow
        self._num_inputs = len(flow.inputs)
        self._blank = [None] * (len(flow.slots) - self._num_inputs)
        self._operations = [operation.step for operation in plan.operations]
        self._steps = [
            (
                _reading(_counted(one, step, stage), step.reads),
                [slot.index for slot in step.reads],
                [slot.index for slot in step.writes],
                stage,
            )
            for one, step, stage in zip(ones, self._operations, stats, strict=True)
        ]
        self._outputs = [slot.index for slot in flow.outputs]
        self._fields = [slot for slot in flow.outputs if slot.fields]
        self._make = row_maker([slot.name for slot in flow.outputs])

    def __call__(self, item: tuple[Any, ...]) -> Any:
        values = [*item, *self._blank]
        at = 0
        try:
            before = perf_counter()
            for one, reads, writes, stats in self._steps:
                result = one(values[reads[0]]) if len(reads) == 1 else one(*[values[i] for i in reads])
                if is_no_value(type(result)):
                    raise no_value(self._operations[at].node, result)
                if len(writes) == 1:
                    values[writes[0]] = result
                elif writes:
                    self._put(values, self._operations[at], result)
                at += 1
                now = perf_counter()
                stats.observe_call(now - before)
                before = now
        except (KeyboardInterrupt, DeadlineError):
            raise
        except BaseException as error:
            if isinstance(error, JuncoError) and error.is_of_opening:
                raise
            step = self._operations[at]
            shown = values_picture([values[slot.index] for slot in step.reads])
            raise operator_error(step.node.name, fn_name(step.node.fn), 0, error, shown) from error
        return self._make([values[i] for i in self._outputs] if not self._fields else self._read(values))

    def _read(self, values: Sequence[Any]) -> list[Any]:
        """The outputs where some are fields of columns."""
        try:
            return [read_field(values[slot.index], slot) for slot in self._flow.outputs]
        except Exception as error:
            shown = values_picture([values[slot.index] for slot in self._fields])
            raise output_error(self._fields, 0, error, shown) from error

    def _put(self, values: list[Any], step: Step, result: Any) -> None:
        if not isinstance(result, (tuple, list)) or len(result) != len(step.writes):
            raise wrong_count(step, result)
        for slot, value in zip(step.writes, result, strict=True):
            if is_no_value(type(value)):
                raise no_value(step.node, value)
            values[slot.index] = value


def _counted(one: Callable[..., Any], step: Step, stats: StageStats) -> Callable[..., Any]:
    """A step's callable, what is noted beneath it being the stage's: operators note something, functions do not."""
    callee = step.node.callee
    if callee is None or not (callee.is_operator or callee.graph is not None):
        return one
    counted = Counted(stats)
    return partial(one.call, counted) if isinstance(one, SharedBatches) else calls_counted_for(one, counted)


def _reading(one: Callable[..., Any], reads: Sequence[Slot]) -> Callable[..., Any]:
    """A step's callable, given the fields that it wants of its columns."""
    if not any(slot.fields for slot in reads):
        return one
    return lambda *values: one(*map(read_field, values, reads))


_NOWHERE = object()


class _Call:
    """A caller's row, waiting for its result or for its turn to lead a batch."""

    __slots__ = (
        "batch",
        "claim",
        "error",
        "has_gone",
        "heir",
        "is_done",
        "item",
        "lane",
        "noted",
        "result",
        "stood",
        "thread",
        "woken",
    )

    def __init__(self, item: tuple[Any, ...]) -> None:
        self.item = item
        self.result: Any = None
        self.error: BaseException | None = None
        self.noted: Noted = NOTHING
        self.is_done = self.has_gone = False
        self.thread = get_ident()
        self.lane = Lane.ONLINE
        self.woken: Latch | None = None
        self.claim: Claim | None = None
        """On a place at the operator, where another one has led before."""
        self.stood: Any = _NOWHERE
        """Where its thread stood at the operator before it took a place."""
        self.heir: _Call | None = None
        self.batch: list[_Call] = []
        """What it is to lead, itself first."""


BATCHES_AT_ONCE = 2
"""Where an operator bears it: one is at work while the callers of the other are being answered."""

MOST_PATIENCE_S, PATIENCE = 0.002, 0.05
"""How long a batch waits for callers who were answered a moment ago, and as a part of the time that theirs took."""


class SharedBatches:
    """Rows of callers that come while batches are running form the next batch.

    A lone caller's row is run at once. Where many call again and again, a batch waits a moment for those who have just
    been answered: so the wait of each is a batch under way, that moment and its own batch. Where an operator bears it,
    two batches are under way, of half the callers each, so that one is at work while the callers of the other are being
    answered.
    """

    def __init__(self, applier: OperatorApplier) -> None:
        self._applier = applier
        self._lock = threading.Lock()
        self._waiting: deque[_Call] = deque()
        self._gathering: list[Latch] = []
        """Of leaders that wait a moment for more callers."""
        self._most_leaders = BATCHES_AT_ONCE if applier.hints.thread_safe and applier.hints.releases_gil else 1
        self._leaders: list[_Call] = []
        """Those that lead a batch; a thread whose batch calls its own pipeline leads another within."""
        self._num_running = 0
        self._num_callers = 1
        """As many as there were when the last batch was done."""
        self._patience_s = 0.0

    @property
    def num_waiting(self) -> int:
        """Callers whose rows wait for another one's batch."""
        return len(self._waiting)

    def __call__(self, *item: Any) -> Any:
        return self.call(None, *item)

    def call(self, counted: Counted | None, *item: Any) -> Any:
        """The result for one row; what is noted of it counts for that stage."""
        call = _Call(item)
        try:
            self._come(call)
            if call.woken is not None:
                while not call.woken.wait(left_s()):
                    pass  # `left_s` raises when nothing is left
            if call.batch:
                self._enter(call)
                self._gather(call)
                self._run(call.batch)
        except BaseException:  # Ctrl-C or a deadline hits one caller; the others' rows are still to be worked on
            self._leave(call)
            raise
        finally:
            if call.batch:
                try:
                    self._hand_over(call)
                except KeyboardInterrupt:  # in the middle of it: the rest is still to be done
                    self._hand_over(call)
                    raise
        if call.error is not None:
            raise call.error
        if call.noted and counted is not None:
            counted.add(call.noted, [(value,) for value in call.item])
        return call.result

    def _come(self, call: _Call) -> None:
        """Let a caller lead where there is room for one more, else wait for a batch."""
        with self._lock:
            if len(self._leaders) < self._most_leaders or self._is_inside():
                call.batch = [call]
                self._leaders.append(call)
            else:
                call.woken, call.lane = Latch(), lane()
                self._waiting.append(call)
                if len(self._waiting) >= self._share():
                    self._end_gathering()

    def _enter(self, leader: _Call) -> None:
        """Wait for a place at the operator."""
        resident = self._applier.resident
        if leader.claim is not None:
            resident.gate.redeem(leader.claim)
        else:
            leader.stood = resident.gate.stands()
            resident.take_place()

    def _is_inside(self) -> bool:
        """Whether the caller is the operator itself, at work for a leader or for a run: to wait would be for ever."""
        leading = {leader.thread for leader in self._leaders}
        is_led = any(each.is_there and each.thread in leading for each in waiting_for_me())
        return is_led or self._applier.resident.is_mine()

    def _share(self) -> int:
        """Rows beside a leader's own that are its part of all callers' and fit into a batch (with the lock held)."""
        num_callers = max(self._num_callers, self._num_running + len(self._waiting) + 1)
        return min(-(-num_callers // self._most_leaders), max(1, self._applier.batch_rows)) - 1

    def _gather(self, leader: _Call) -> None:
        """Give the leader its share of those that wait and of those that come in a moment."""
        with self._lock:
            more_came, patience_s = None, self._patience_s
            if self._share() > len(self._waiting):
                more_came = Latch()
                self._gathering.append(more_came)
        if more_came is not None:
            more_came.wait(patience_s)
        with self._lock:
            if more_came is not None and more_came in self._gathering:
                self._gathering.remove(more_came)
            leader.batch += [self._waiting.popleft() for _ in range(min(len(self._waiting), self._share()))]
            self._num_running += len(leader.batch)

    def _end_gathering(self) -> None:
        """Let leaders go on, with those that have come (with the lock held)."""
        while self._gathering:
            self._gathering.pop().set()

    def _leave(self, call: _Call) -> None:
        """Take a caller who has gone out of the queue, and put those back whose rows it was working on."""
        with self._lock:
            call.has_gone = True
            if call in self._waiting:
                self._waiting.remove(call)
            for other in call.batch[1:]:
                if other.is_done and other.woken is not None:  # Ctrl-C may have come just before
                    other.woken.set()
            left = [other for other in call.batch[1:] if not (other.is_done or other.has_gone)]
            self._waiting.extendleft(reversed(left))

    def _hand_over(self, leader: _Call) -> None:
        """Let the one who has waited longest lead the next batch; he waits for a place before this one is left."""
        gate = self._applier.resident.gate
        with self._lock:
            if leader in self._leaders:  # else Ctrl-C came just before
                self._leaders.remove(leader)
            if leader.heir is None and self._waiting and len(self._leaders) < self._most_leaders:
                leader.heir = heir = self._waiting.popleft()
                heir.batch, heir.claim = [heir], gate.claim(heir.thread, heir.lane)
                self._leaders.append(heir)
        if leader.claim is not None and leader.claim.place is None:
            gate.drop(leader.claim)
        if self._has_place(leader):
            self._applier.resident.end_place(len(leader.batch))
        if leader.heir is not None:
            assert leader.heir.woken is not None
            leader.heir.woken.set()

    def _has_place(self, leader: _Call) -> bool:
        """Whether a leader has entered; he may not have come to note it himself, since Ctrl-C came first."""
        now = self._applier.resident.gate.stands()
        if leader.claim is not None:  # one who waited for another one's batch was not inside before
            return now is not None
        return leader.stood is not _NOWHERE and now != leader.stood

    def _run(self, batch: list[_Call]) -> None:
        started = perf_counter()
        try:
            columns = list(zip(*(call.item for call in batch), strict=True))
            with at_work():
                worked = self._applier.inside(columns, len(batch))
        finally:
            self._count_off(len(batch), perf_counter() - started)
        for failure in worked.failures:
            batch[failure.row].error = failure.error
        for word, rows in worked.noted.items():
            for row in rows:
                batch[row].noted = {**batch[row].noted, word: {0}}
        for call, result in zip(batch, worked.results, strict=True):
            call.result = result
            call.is_done = True
            if call.woken is not None and call is not batch[0]:
                call.woken.set()

    def _count_off(self, num_rows: int, seconds: float) -> None:
        """Rows that are done, and what that says of the next batch; before those who wait for them come again."""
        with self._lock:
            self._num_callers = self._num_running + len(self._waiting)
            self._num_running -= num_rows
            self._patience_s = min(MOST_PATIENCE_S, PATIENCE * seconds)
