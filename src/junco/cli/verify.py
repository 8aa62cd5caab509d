"""``junco verify``."""

from __future__ import annotations

import click

from junco.cli.parameters import column_of_vectors, vectors
from junco.cli.printing import as_json, print_json
from junco.terminal import out

_STATUS = {"wrong": 1, "not checked": 3}


@click.command
@vectors
@click.option(
    "-n", "count", type=click.IntRange(min=0), default=50, metavar="NUMBER", help="Inputs that are embedded anew."
)
@column_of_vectors
@as_json
def verify(vectors: str, count: int, column: str | None, as_json: bool) -> None:
    """Whether a set is what it says.

    Its vectors are looked through for what is no number, and some inputs are embedded anew by the pipeline that made
    it. The exit status is 0 where it is right, 1 where something is wrong, and 3 where nothing is wrong but not all
    could be checked.
    """
    from junco.answers.opening import open_set

    verdict = open_set(vectors, column).verify(count)
    if as_json:
        print_json(verdict.to_dict())
    else:
        out(str(verdict))
    if not verdict.is_right:
        raise click.exceptions.Exit(_STATUS[verdict.outcome])
