"""``junco adopt``."""

from __future__ import annotations

from pathlib import Path

import click

from junco.cli.parameters import column_of_vectors, params, parse_params
from junco.cli.printing import as_json, print_json
from junco.terminal import out


@click.command
@click.argument("vectors", metavar="SET", help="What another program wrote: a .parquet, .csv or .jsonl file.")
@click.option("--pipeline", required=True, metavar="PIPELINE", help="What is thought to have made it.")
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="A .parquet file to write if they agree.")
@click.option("--text", metavar="NAME", help="The column of what was embedded: texts, paths.")
@click.option("--key", metavar="NAME", help="The column that names the rows; else what was embedded does.")
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=50, metavar="NUMBER", help="Rows that are embedded anew."
)
@column_of_vectors
@as_json
@params
def adopt(
    vectors: str,
    pipeline: str,
    to: Path | None,
    text: str | None,
    key: str | None,
    count: int,
    column: str | None,
    as_json: bool,
    param: tuple[str, ...],
) -> None:
    """Take over vectors that another program made.

    Some rows are embedded anew. If they agree, --to writes the same vectors with their space and pipeline, so that they
    can be searched; else it says how they differ, and the exit status is 1. The file itself is never changed.
    """
    from junco.answers.adopt import adopt as adopting
    from junco.api import pipeline as open_pipeline

    with open_pipeline(pipeline, **parse_params(param)) as p:
        told = adopting(vectors, p, to, column=column, text=text, key=key, count=count)
    if as_json:
        print_json(told.to_dict())
    else:
        out(str(told))
    if not told.agrees:
        raise click.exceptions.Exit(1)
