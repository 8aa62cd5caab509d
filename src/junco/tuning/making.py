"""Items → rows: decoded by a pipeline, and made what goes into the network by the operator, in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from junco.api import Pipeline
from junco.cores import num_cores
from junco.engine.rows import Reject
from junco.engine.sizes import num_bytes_of
from junco.labelled.lazy import LazyItem, Unavailable, all_asked, asked
from junco.train.task import Row, Side
from junco.tuning.decoding import WayIn, text_of
from junco.wording import NOT_OURS, reason

RowsOf = Callable[[Sequence[Any], Side], list[Row]]
Made = tuple[int, list[Row] | str]
"""The place of an item, and its rows, or why it has none."""
_MOST_VALUES, _MOST_BYTES = 16, 32_000_000
"""Of values that are made rows together."""
_Values = tuple[int, list[Any] | str]
"""The place of an item, and what goes into `rows` of it, or why nothing does."""


def made_rows(way: WayIn, rows: RowsOf, side: Side, items: Sequence[Any]) -> Iterator[Made]:
    """The rows of each item, or why it has none; those of one kind in their order, kind after kind.

    Args:
        way: how items come in.
        rows: what comes in → rows; called in several threads.
        side: of all items.
        items: what a pipeline takes.
    """
    for kind, pipeline in way.pipelines.items():
        places = [place for place, item in enumerate(items) if way.kind(item) == kind]
        some = [items[place] for place in places]
        for at, made in _in_threads(_values(way, kind, pipeline, some), rows, side):
            yield places[at], made


def _values(way: WayIn, kind: str, pipeline: Pipeline | None, items: list[Any]) -> Iterator[_Values]:
    """What goes into `rows` of items of a kind."""
    if kind not in way.direct:
        assert pipeline is not None
        for at, values in _streamed(pipeline, items):
            is_text = way.takes is str and way.what == "decoding" and not isinstance(values, str)
            yield at, _texts_of(values) if is_text else values
        return
    why = {at: refused for at, item in enumerate(items) if (refused := _refused(item, way.takes))}
    yield from why.items()
    good = [at for at in range(len(items)) if at not in why]
    if pipeline is None:
        for at in good:
            value = asked(items[at])
            yield at, _refused(value, way.takes) or [value]
    elif good:
        for at, values in _streamed(pipeline, [items[at] for at in good]):
            yield good[at], values


def _refused(value: Any, takes: Any) -> str:
    """Why a value is none that an operator takes; empty: it may be one."""
    if isinstance(value, Unavailable):
        return value.reason
    if takes is not str or isinstance(value, LazyItem):
        return ""
    if not isinstance(value, str):
        return f"no text, but {type(value).__name__}"
    return "" if value.strip() else "an empty text"


def _texts_of(values: Sequence[Any]) -> list[Any] | str:
    """The texts of an item's pieces, without those that say nothing."""
    texts = [text for value in values if not isinstance(text := text_of(value), str) or text.strip()]
    return next((why for text in texts if (why := _refused(text, str))), "") or texts or "an empty text"


def _streamed(pipeline: Pipeline, items: list[Any]) -> Iterator[_Values]:
    rejects: dict[int, str] = {}

    def put_aside(reject: Reject) -> None:
        if reject.is_item:
            rejects[reject.position] = reject.reason

    def whole(place: int, values: list[Any]) -> _Values:
        return place, rejects.pop(place, None) or values or "nothing was made of it"

    current, values = 0, list[Any]()
    with pipeline.rows(all_asked(items), on_error="none", rejects=put_aside) as stream:
        for position, row in stream:
            while current < position:
                yield whole(current, values)
                current, values = current + 1, []
            if row is not None:
                values.append(row)
    while current < len(items):
        yield whole(current, values)
        current, values = current + 1, []


def _in_threads(values: Iterator[_Values], rows: RowsOf, side: Side) -> Iterator[Made]:
    """Rows of values, made some at a time in as many threads as there are cores, and given in order."""
    most = num_cores()
    pending: deque[Future[list[Made]]] = deque()
    threads = ThreadPoolExecutor(most, "junco-rows")
    try:
        for group in _grouped(values):
            pending.append(threads.submit(_rows_of_group, group, rows, side))
            if len(pending) > most:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _grouped(values: Iterator[_Values]) -> Iterator[list[_Values]]:
    group: list[_Values] = []
    num_values = num_bytes = 0
    for place, each in values:
        group.append((place, each))
        if not isinstance(each, str):
            num_values += len(each)
            num_bytes += sum(map(num_bytes_of, each))
        if num_values >= _MOST_VALUES or num_bytes >= _MOST_BYTES or len(group) >= _MOST_VALUES:
            yield group
            group, num_values, num_bytes = [], 0, 0
    if group:
        yield group


def _rows_of_group(group: list[_Values], rows: RowsOf, side: Side) -> list[Made]:
    """All at once; where that fails, item by item, to find out which it was."""
    good = [value for _, values in group if not isinstance(values, str) for value in values]
    try:
        made = iter(_checked(rows(good, side), len(good)) if good else [])
    except NOT_OURS:
        return [
            (place, values if isinstance(values, str) else _rows_of_item(values, rows, side)) for place, values in group
        ]
    return [(place, values if isinstance(values, str) else [next(made) for _ in values]) for place, values in group]


def _rows_of_item(values: list[Any] | str, rows: RowsOf, side: Side) -> list[Row] | str:
    if isinstance(values, str):
        return values
    try:
        return _checked(rows(values, side), len(values))
    except NOT_OURS as error:
        return reason(error)


def _checked(made: list[Row], count: int) -> list[Row]:
    if len(made) != count:
        raise ValueError(f"rows() gave {len(made)} rows for {count} items")
    return made
