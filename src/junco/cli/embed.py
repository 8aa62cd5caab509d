"""``junco embed``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from junco.cli.parameters import Device, Params, parse_params
from junco.cli.printing import AsJson, plain, print_fields, print_json
from junco.errors import JobError


def embed(
    pipeline: Annotated[str, typer.Argument(help="Its name, or a file.")],
    source: Annotated[str, typer.Argument(help="A folder, a glob, or a list: .txt, .csv, .jsonl, .parquet.")],
    to: Annotated[str, typer.Option("--to", help="Where the vectors go: a .parquet or .npy file.")],
    on_error: Annotated[
        Literal["skip", "raise"], typer.Option(help="Put bad inputs aside, or end with the first.")
    ] = "skip",
    as_json: AsJson = False,
    device: Device = "auto",
    param: Params = None,
) -> None:
    """Many inputs through a pipeline, into a file of vectors.

    Bad inputs are put aside with their reason.
    """
    from junco.api import pipeline as open_pipeline

    with open_pipeline(pipeline, device=device, **parse_params(param)) as p:
        run = getattr(p, "run", None)
        if run is None:
            raise JobError("this junco has no bulk jobs yet: use Pipeline.stream()")
        report = plain(run(source, to, on_error=on_error))
    if as_json:
        print_json(report)
    else:
        print_fields(_for_people(report))


def _for_people(report: dict[str, Any]) -> dict[str, Any]:
    """The report's fields by the names that people read, and the rate."""
    num_rows, seconds = report.get("num_rows"), report.get("seconds")
    rate = {"rate": f"{num_rows / seconds:,.1f} rows/s"} if num_rows and seconds else {}
    return {name.removeprefix("num_").replace("_", " "): value for name, value in report.items()} | rate
