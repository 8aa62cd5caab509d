"""``junco run``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from junco.cli.parameters import Device, Params, parse_params
from junco.cli.printing import AsJson, print_json, short
from junco.errors import InputError


def run(
    pipeline: Annotated[str, typer.Argument(help="Its name, or a file.")],
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT…", help="Paths or texts, as the pipeline takes them.")],
    as_json: AsJson = False,
    device: Device = "auto",
    param: Params = None,
) -> None:
    """A few inputs through a pipeline, printed. With several input columns, give their values in turn."""
    from junco.api import pipeline as open_pipeline

    with open_pipeline(pipeline, device=device, **parse_params(param)) as p:
        items = _items(inputs, p.graph.inputs)
        results = zip(items, p.stream(items), strict=True)
        if as_json:
            print_json([{"input": item, "result": result} for item, result in results])
            return
        for item, result in results:
            _print_result(item, result, is_single=p.plan.flow.is_single)


def _items(inputs: list[str], columns: tuple[str, ...]) -> list[Any]:
    width = len(columns)
    if len(inputs) % width:
        wanted = f"{width} inputs at a time ({', '.join(columns)})"
        raise InputError(f"the pipeline takes {wanted}, and {len(inputs)} values are no whole number of these")
    return inputs if width == 1 else [tuple(inputs[i : i + width]) for i in range(0, len(inputs), width)]


def _print_result(item: Any, result: Any, is_single: bool) -> None:
    label = item if isinstance(item, str) else ", ".join(item)
    if is_single:
        typer.echo(f"{short(label)}  {short(result)}")
        return
    typer.echo(f"{short(label)}  {len(result)} {'row' if len(result) == 1 else 'rows'}")
    for row in result:
        typer.echo(f"  {short(row)}")
