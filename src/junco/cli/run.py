"""``junco run``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junco.cli.lines import spread
from junco.cli.parameters import addresses, device, params, parse_params, with_words
from junco.cli.printing import as_json, print_json, short
from junco.errors import InputError
from junco.terminal import out, say

if TYPE_CHECKING:
    from junco.pages.inspection import Inspection

ROWS_SHOWN = 5
"""Of each step, as text; a page has room for more."""


@click.command
@click.argument("pipeline", help="Its name, or a file.")
@click.argument(
    "inputs",
    nargs=-1,
    required=True,
    metavar="INPUT…",
    help="Paths, or texts as they stand, as the pipeline takes them; - reads one a line from stdin.",
)
@as_json
@click.option("--inspect", is_flag=True, help="Show what every step makes of each input.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write that as a page with pictures and sounds.",
)
@click.option("--rows", type=click.IntRange(min=1), metavar="NUMBER", help="Rows of each step that are shown.")
@addresses
@device
@params
def run(
    pipeline: str,
    inputs: tuple[str, ...],
    as_json: bool,
    inspect: bool,
    html: Path | None,
    rows: int | None,
    allow_urls: bool,
    allow_private: bool,
    device: str,
    param: tuple[str, ...],
) -> None:
    """A few inputs through a pipeline, printed. With several input columns, give their values in turn."""
    from junco.api import pipeline as open_pipeline

    words = with_words(param, allow_urls=allow_urls, allow_private=allow_private)
    with open_pipeline(pipeline, device=device, **parse_params(words)) as p:
        items = _items([*spread(inputs)], p.graph.inputs)
        if inspect or html is not None:
            kept = {"rows": rows} if rows is not None else {}
            looked = [p.inspect(*([item] if isinstance(item, str) else item), **kept) for item in items]
            _show(looked, html, rows or ROWS_SHOWN, as_text=inspect, as_json=as_json)
            return
        results = zip(items, p.stream(items), strict=True)
        if as_json:
            print_json([{"input": item, "result": result} for item, result in results])
        else:
            for item, result in results:
                _print_result(item, result, is_single=p.plan.flow.is_single)
        for note in p.stats().notes:
            say(note)


def _show(looked: Sequence[Inspection], html: Path | None, rows: int, *, as_text: bool, as_json: bool) -> None:
    """Inspections on stdout; a page alone leaves stdout empty."""
    from junco.pages.inspection import write_page

    if as_json:
        print_json([one.plain() for one in looked])
    elif as_text:
        out("\n\n".join(one.text(rows) for one in looked))
    if html is not None:
        write_page(html, looked)
        say(f"wrote {html}")


def _items(inputs: Sequence[str], columns: tuple[str, ...]) -> list[Any]:
    width = len(columns)
    if len(inputs) % width:
        wanted = f"{width} inputs at a time ({', '.join(columns)})"
        raise InputError(f"the pipeline takes {wanted}, and {len(inputs)} values are no whole number of these")
    return [*inputs] if width == 1 else [tuple(inputs[i : i + width]) for i in range(0, len(inputs), width)]


def _print_result(item: Any, result: Any, is_single: bool) -> None:
    label = item if isinstance(item, str) else ", ".join(item)
    if is_single:
        out(f"{short(label)}  {short(result)}")
        return
    out(f"{short(label)}  {len(result)} {'row' if len(result) == 1 else 'rows'}")
    for row in result:
        out(f"  {short(row)}")
