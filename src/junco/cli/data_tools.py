"""``junco data table``, ``split``, ``report``: tools for one's own data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junco.cli.data import accept_licence
from junco.cli.printing import as_json, print_json
from junco.terminal import is_terminal, out, say

if TYPE_CHECKING:
    from junco.tuning.watching import Watching


def _progress() -> Watching:
    """A bar for a person, and nothing for a program."""
    from junco.tuning.watching import watch_for

    return watch_for(None if is_terminal(sys.stderr) else False)


@click.command
@click.argument("folder", metavar="FOLDER")
@click.option("--to", required=True, metavar="FILE", help="A .parquet, .csv or .jsonl file.")
@as_json
def table(folder: str, to: str, as_json: bool) -> None:
    """Write a table of FOLDER's files: path, label, kind, size, shape, sha256.

    What cannot be read is listed, and left out.
    """
    from junco.datasets.table import write_table

    with _progress() as watch:
        found = write_table(folder, to, watch=watch.loading)
    if as_json:
        print_json(found.to_dict())
    else:
        out(str(found))


@click.command
@click.argument("source", metavar="SOURCE")
@click.option(
    "--to", metavar="FOLDER", help="A new folder, for train.parquet, test.parquet …; without it nothing is written."
)
@click.option("--test", type=float, default=0.2, metavar="SHARE", help="Held out to measure by.")
@click.option("--validation", type=float, default=0.0, metavar="SHARE", help="Held out to choose by.")
@click.option("--seed", type=int, default=0, metavar="NUMBER", help="Of what is drawn.")
@accept_licence
@as_json
def split(
    source: str, to: str | None, test: float, validation: float, seed: int, accept_licence: bool, as_json: bool
) -> None:
    """Cut SOURCE into train and test, a share of each label, by what items hold.

    SOURCE is a folder, a table or a name of the catalogue. No content stands on both sides, whatever files are called.
    """
    from junco.datasets.splitting import split as cut

    with _progress() as watch:
        found = cut(
            source, to, test=test, validation=validation, seed=seed, accept_licence=accept_licence, watch=watch.loading
        )
    if as_json:
        print_json(found.to_dict())
    else:
        out(str(found))


@click.command
@click.argument("sources", metavar="SOURCE…", nargs=-1, required=True)
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with thumbnails, too.")
@click.option(
    "--near",
    default="looks",
    metavar="HOW",
    help="How near copies are found: looks (of pictures), a pipeline (by its vectors), or none.",
)
@click.option("--above", type=float, default=0.95, metavar="COSINE", help="By vectors: how much alike near copies are.")
@accept_licence
@as_json
def report(
    sources: tuple[str, ...], html: Path | None, near: str, above: float, accept_licence: bool, as_json: bool
) -> None:
    """Say what is in SOURCE and what is wrong with it.

    SOURCE is a folder, a table or a name of the catalogue; several are compared as parts of one: train/ test/. Told are
    copies, leaks between parts, equal items of different labels, what cannot be read, balance, sizes and shapes. The
    exit status is 0 where nothing is wrong, and 1 where something is.
    """
    from junco.datasets.data_report import report as look_through

    how: dict[str, Any] = {"near": None if near == "none" else near, "above": above, "accept_licence": accept_licence}
    with _progress() as watch:
        found = look_through(*sources, **how, watch=watch.loading)
    if html is not None:
        say(f"wrote {found.save(html)}")
    if as_json:
        print_json(found.to_dict())
    else:
        out(str(found))
    if not found.is_clean:
        raise click.exceptions.Exit(1)
