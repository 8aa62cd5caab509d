"""An inspection as a page: the result, the pipeline's picture, then a card for each step with what it made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from junco.pages.colours import ON_PAGES, OVER_PICTURES, Colours
from junco.pages.inspection import Inspection, SeenFailure, SeenRow, SeenStep, SeenValue
from junco.pages.inspection_text import LEAST_LOAD_S
from junco.pages.letters import amount, duration
from junco.pages.markup import is_tile, markup
from junco.pages.media import Media
from junco.pages.overview import timeline_of
from junco.pages.style import words
from junco.pages.values import is_picture, is_sound
from junco.pages.wholes import Whole, seen_whole


def body(inspections: Sequence[Inspection]) -> str:
    """The markup of one inspection, or of several of one pipeline."""
    media = Media()
    parts = [_inspection(one, media, with_drawing=index == 0) for index, one in enumerate(inspections)]
    return "\n".join(parts)


def _inspection(one: Inspection, media: Media, *, with_drawing: bool) -> str:
    failed = f' · <span class="bad">{amount(one.num_failed, "row")} failed</span>' if one.num_failed else ""
    loaded = f" (+ {duration(one.load_seconds)} to load)" if one.load_seconds >= LEAST_LOAD_S else ""
    out = one.outputs
    head = (
        f"<h1>{words(one.title or 'pipeline')}</h1>\n"
        f'<p class="faint">{amount(len(one.steps), "step")} · {duration(one.seconds)}{loaded} · '
        f"{amount(out.num_out, 'row')} of {words(', '.join(out.columns) or 'no columns')}{failed}</p>"
    )
    slowest = max((step.seconds for step in one.steps), default=0.0)
    head += f"\n{_card('', replace(out, name='result'), 0.0, media)}"  # first, so that its pictures have room
    cards = [_card("", one.inputs, 0.0, media)]
    cards += [_card(str(number), step, slowest, media) for number, step in enumerate(one.steps, 1)]
    steps = "\n".join(cards)
    if not (with_drawing and one.drawing):
        return f"{head}\n{steps}"
    return f'{head}\n<div class="columns"><div class="drawing">{one.drawing}</div>\n<div>\n{steps}\n</div></div>'


def _card(number: str, step: SeenStep, slowest: float, media: Media) -> str:
    is_end = step.verb in ("input", "output")
    head = [f'<span class="number">{number}</span>'] if number else []
    head.append(f"<h2>{words(step.name)}</h2>")
    if not is_end:
        level = f"level {step.level}" + (f" → {step.out_level}" if step.level != step.out_level else "")
        rows = f"{step.num_in:,} → {amount(step.num_out, 'row')}"
        made = f" → {', '.join(step.columns)}" if step.columns and step.verb != "filter" else ""
        head.append(f'<span class="chip">{words(step.verb)}</span> <code>{words(step.operator + made)}</code>')
        head.append(f'<span class="faint">{level} · {rows}</span>')
        head.append(f'<span class="time">{duration(step.seconds)}</span>')
    elif step.num_out != 1:
        head.append(f'<span class="faint">{amount(step.num_out, "row")}</span>')
    share = 100 * step.seconds / slowest if slowest else 0
    bar = f'<div class="bar"><i style="width:{share:.1f}%"></i></div>' if not is_end else ""
    inner = "\n".join([*_groups(step, media), *_troubles(step)])
    return f'<section class="card"><header>{" ".join(head)}</header>{bar}\n{inner}\n</section>'


def _groups(step: SeenStep, media: Media) -> Iterator[str]:
    """The rows; those of one picture or text stand beneath it."""
    groups = [(source, list(rows)) for source, rows in groupby(step.rows, key=lambda row: row.source)]
    is_many = len(step.rows) > 1
    is_pictured = len(groups) > 1 and all(source and is_picture(source.value) for source, _ in groups)
    colours = Colours(OVER_PICTURES), Colours(ON_PAGES)
    inner = []
    for source, rows in groups:
        shown = "\n".join(_row(step, row, media, is_small=is_many, is_own=is_pictured) for row in rows)
        shown = f'<div class="rows{_tiles(rows) if is_many else ""}">{shown}</div>'
        if source is not None:
            shown = f'<div class="group">{_source(step, source, rows, media, colours)}{shown}</div>'
        inner.append(shown)
    yield timeline_of(step.spans, colours[1])
    yield f'<div class="groups">{"".join(inner)}</div>' if is_pictured else "".join(inner)
    total = step.num_in if step.verb == "filter" else step.num_out
    if step.columns and total > len(step.rows):
        yield f'<p class="faint">… {amount(total - len(step.rows), "more row")}</p>'


def _tiles(rows: Sequence[SeenRow]) -> str:
    """How rows are laid out: side by side where there is something to see or hear, wider for players."""
    values = [value.value for row in rows for value in row.values if value is not row.source]
    if any(map(is_sound, values)):
        return " tiles wide"
    return " tiles" if any(map(is_tile, values)) else ""


def _source(
    step: SeenStep, source: SeenValue, rows: Sequence[SeenRow], media: Media, colours: tuple[Colours, Colours]
) -> str:
    """The picture, sound or text that rows are parts of, with these marked in it."""
    values = [value.value for row in rows for value in row.values if value is not source]
    return seen_whole(Whole(source.value, source.text, values, source.shape, step.spans), media, colours)


def _row(step: SeenStep, row: SeenRow, media: Media, *, is_small: bool, is_own: bool) -> str:
    """A row: where it is (by its own number alone, beneath the picture that it is of), and its values."""
    is_part = is_own and not (row.values[0] is not row.source and is_tile(row.values[0].value))
    label = row.label.rpartition(" › ")[2] if is_part else row.label
    verdict = "" if step.verb != "filter" else ("✓ " if row.is_kept else "✗ ")
    place = f'<div class="place">{words(verdict + label)}</div>' if row.place or verdict else ""
    cells = "".join(
        _cell(column if len(step.columns) > 1 or step.verb == "input" else "", value, media, is_small)
        for column, value in zip(step.columns, row.values, strict=True)
        if value is not row.source  # which stands above
    )
    look = "row" + (" placed" if place else "") + ("" if row.is_kept else " dropped")
    return f'<div class="{look}">{place}<div>{cells}</div></div>'


def _cell(column: str, value: SeenValue, media: Media, is_small: bool) -> str:
    name = f'<span class="name">{words(column)}</span>' if column else ""
    note = f'<p class="faint">too large to keep; kept {words(value.note)}</p>' if value.note else ""
    return f'<div class="cell">{name}{markup(value.value, value.text, media, is_small=is_small)}{note}</div>'


def _troubles(step: SeenStep) -> Iterator[str]:
    """What failed, and what was cut off."""
    for failure in step.failures:
        yield _failure(failure)
    if step.num_failed > len(step.failures):
        yield f'<p class="fail bad">{amount(step.num_failed - len(step.failures), "more row")} failed</p>'
    if step.cut:
        yield f'<p class="cut">{words(step.cut)}</p>'


def _failure(failure: SeenFailure) -> str:
    where = f'<span class="place">{words(failure.label)}</span> ' if failure.place else ""
    reason = f'<span class="bad">{words(failure.reason)}</span>'
    return f'<p class="fail">{where}{reason}<br><span class="faint">given {words(failure.given)}</span></p>'
