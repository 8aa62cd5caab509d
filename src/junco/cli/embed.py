"""``junco embed``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from junco.cli.parameters import Device, Params, parse_params
from junco.cli.printing import AsJson, print_json
from junco.terminal import out, say

if TYPE_CHECKING:
    from junco.job.limit import MaxRejects

MaxRejectsText = Annotated[
    str,
    typer.Option(
        "--max-rejects",
        metavar="NUMBER",
        help="End when more inputs were put aside; auto: when the first 100 all failed; none: never.",
    ),
]
ShardRows = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="Inputs between two safe points, at most; rows of a row group or of a folder's files: 1024.",
    ),
]


def embed(
    pipeline: Annotated[str, typer.Argument(help="Its name, or a file.")],
    source: Annotated[str, typer.Argument(help="A folder, a pattern, a URL, or a list: .txt, .csv, .jsonl, .parquet.")],
    to: Annotated[
        str, typer.Option("--to", metavar="TARGET", help="A .parquet or .npy file, or a folder of Parquet files: out/.")
    ],
    column: Annotated[str | None, typer.Option(help="The column of a table that holds the inputs.")] = None,
    on_error: Annotated[
        Literal["skip", "raise"], typer.Option(help="Put bad inputs aside, or end with the first.")
    ] = "skip",
    retry_rejects: Annotated[
        bool, typer.Option("--retry-rejects", help="Work once more on what was put aside.")
    ] = False,
    max_rejects: MaxRejectsText = "auto",
    shard_rows: ShardRows = None,
    no_resume: Annotated[bool, typer.Option("--no-resume", help="Start over and replace the target.")] = False,
    trace: Annotated[str | None, typer.Option(help="Write what ran when to this file, for ui.perfetto.dev.")] = None,
    as_json: AsJson = False,
    device: Device = "auto",
    param: Params = None,
) -> None:
    """Many inputs through a pipeline, into a file of vectors.

    Stopped at any moment, the same command goes on where it was. Bad inputs are put aside with their reason.
    """
    from junco.api import pipeline as open_pipeline
    from junco.job.job import SHARD_ROWS

    with open_pipeline(pipeline, device=device, **parse_params(param)) as p:
        try:
            report = p.run(
                source,
                to,
                on_error=on_error,
                resume=not no_resume,
                retry_rejects=retry_rejects,
                column=column,
                shard_rows=SHARD_ROWS if shard_rows is None else shard_rows,
                trace=trace,
                max_rejects=_max_rejects(max_rejects),
            )
        except KeyboardInterrupt:
            say("stopped; what is done is kept: the same command goes on from here")
            raise
    if as_json:
        print_json(report.to_dict())
    else:
        out(str(report))
    if report.num_inputs and not report.num_done:
        raise typer.Exit(1)


def _max_rejects(text: str) -> MaxRejects:
    if text in ("auto", "none"):
        return "auto" if text == "auto" else None
    if not text.isdecimal():
        raise typer.BadParameter(f"{text!r} is no number, 'auto' or 'none'", param_hint="--max-rejects")
    return int(text)
