"""``junco similar`` and ``junco clusters``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from junco.cli.parameters import column_of_vectors, vectors
from junco.cli.printing import as_json, print_json, sources, written
from junco.terminal import out, say

if TYPE_CHECKING:
    from junco.answers.groups import Groups

_html = click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the groups as a page with pictures."
)


def _of_a_set(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and options of both commands."""
    return vectors(column_of_vectors(_html(sources(as_json(command)))))


@click.command
@click.option("--above", type=float, default=0.95, metavar="COSINE", help="How much alike rows must be.")
@_of_a_set
def similar(vectors: str, above: float, column: str | None, html: Path | None, sources: bool, as_json: bool) -> None:
    """Near-duplicates in a set, in groups.

    A group is of rows that are connected by high cosines.
    """
    from junco.answers.opening import open_set

    _show(vectors, open_set(vectors, column).similar(above), html, sources=sources, as_json=as_json)


@click.command
@click.option(
    "--count", type=click.IntRange(min=1), metavar="NUMBER", help="So many, by k-means; else as many as there are."
)
@click.option(
    "--least", type=click.IntRange(min=2), default=5, metavar="NUMBER", help="Rows of the smallest, without --count."
)
@_of_a_set
def clusters(
    vectors: str, count: int | None, least: int, column: str | None, html: Path | None, sources: bool, as_json: bool
) -> None:
    """Groups of rows that are near each other.

    By density, or as many as are asked for; the most typical row of a group comes first.
    """
    from junco.answers.opening import open_set

    groups = open_set(vectors, column).clusters(count, least)
    _show(vectors, groups, html, sources=sources, as_json=as_json)
    if not groups and count is None:
        say(f"no {least} rows are as near each other as that: try smaller groups, --least 2, or so many, --count 10")


def _show(vectors: str, groups: Groups, html: Path | None, *, sources: bool, as_json: bool) -> None:
    if html is not None:
        from junco.answers.page import write_groups

        say(written(write_groups(html, vectors, groups, sources=sources)))
    if as_json:
        print_json(groups.to_dict())
    elif html is None:
        out(str(groups))
