"""``junco embed``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import click

from junco.cli.lines import STDIN, lines_of_stdin
from junco.cli.parameters import addresses, device, params, parse_params, with_words
from junco.cli.printing import as_json, print_json
from junco.cli.watch import keep_up
from junco.errors import InputError
from junco.terminal import out, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from junco.job.options import Kept, MaxRejects, Missing
    from junco.job.report import JobReport


@click.command
@click.argument("pipeline", help="Its name, or a file.")
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    metavar="SOURCE…",
    help="A folder, a pattern, a URL, or a list: .txt, .csv, .json, .jsonl, .xlsx, .parquet, .arrow; - is stdin.",
)
@click.option(
    "--to",
    required=True,
    metavar="TARGET",
    help="A .parquet, .npy, .jsonl or .csv file, a folder of Parquet files: out/, a vector store: lancedb:./db#photos.",
)
@click.option(
    "--column",
    metavar="NAME",
    help="The column of a table that holds the inputs; which one is taken without it is told.",
)
@click.option(
    "--key", metavar="NAME", help="The column of a table that names its rows in the target, in place of the input."
)
@click.option(
    "--keep",
    multiple=True,
    metavar="NAMES",
    help="Columns of a table that travel to the target: lang,queue; or '*', all others.",
)
@click.option("--encoding", metavar="NAME", help="Of a list of text: gb18030, cp1252, utf-16 …; else found out.")
@click.option("--delimiter", metavar="SIGN", help="Between the cells of a .csv: ';', tab …; else found out.")
@click.option("--sheet", metavar="NAME", help="Of a workbook (.xlsx, .xls, .ods); else the first.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Only the first inputs of the source, to try it; without it the same command goes on with the others.",
)
@click.option(
    "--on-error",
    type=click.Choice(["skip", "raise"]),
    default="skip",
    help="Put bad inputs aside, or end with the first.",
)
@click.option("--retry-rejects", is_flag=True, help="Work once more on what was put aside.")
@click.option(
    "--max-rejects",
    default="auto",
    metavar="NUMBER",
    help="End when more inputs were put aside; auto: when the first 100 all failed; none: never.",
)
@click.option(
    "--shard-rows",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Inputs between two safe points, at most; rows of a row group or of a folder's files: 1024.",
)
@click.option(
    "--prune", "missing", flag_value="prune", help="What the target has and the sources have not leaves, however much."
)
@click.option("--append", "missing", flag_value="append", help="… stays, and the new comes beside it.")
@click.option("--no-resume", is_flag=True, help="Start over and replace the target.")
@click.option("--watch", is_flag=True, help="Go on when files of the sources change, until Ctrl-C.")
@click.option("--trace", metavar="FILE", help="Write what ran when to this file, for ui.perfetto.dev.")
@click.option("-v", "--verbose", is_flag=True, help="Tell at the end what each stage did, and which one binds.")
@as_json
@addresses
@device
@params
def embed(
    pipeline: str,
    sources: tuple[str, ...],
    to: str,
    column: str | None,
    key: str | None,
    keep: tuple[str, ...],
    limit: int | None,
    on_error: Literal["skip", "raise"],
    retry_rejects: bool,
    max_rejects: str,
    shard_rows: int | None,
    missing: Missing | None,
    no_resume: bool,
    watch: bool,
    trace: str | None,
    verbose: bool,
    as_json: bool,
    allow_urls: bool,
    allow_private: bool,
    device: str,
    param: tuple[str, ...],
    **reading: Any,
) -> None:
    """Many inputs through a pipeline, into a file of vectors.

    Stopped at any moment, the same command goes on where it was. Bad inputs are put aside with their reason. Where no
    row comes of it all, the exit status is 1.
    """
    from junco.api import pipeline as open_pipeline
    from junco.job.options import SHARD_ROWS

    words = with_words(param, allow_urls=allow_urls, allow_private=allow_private)
    with open_pipeline(pipeline, device=device, **parse_params(words)) as p:

        def once(*, is_first: bool = True) -> JobReport:
            return p.run(
                _source(sources),
                to,
                on_error=on_error,
                resume=not (no_resume and is_first),
                retry_rejects=retry_rejects,
                column=column,
                progress=None if is_first else False,
                shard_rows=SHARD_ROWS if shard_rows is None else shard_rows,
                trace=trace,
                max_rejects=_max_rejects(max_rejects),
                key=key,
                keep=_kept(keep),
                missing=missing or "refuse",
                limit=limit,
                **reading,
            )

        with _saying_how_it_goes_on(no_resume):
            if watch:
                keep_up(once, sources, to, as_json=as_json)
            else:
                _show(once(), as_json=as_json, verbose=verbose)


@contextmanager
def _saying_how_it_goes_on(no_resume: bool) -> Iterator[None]:
    """Whoever stops a job is told in a line that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:  # Ctrl-C
        raise KeyboardInterrupt(_stopped(no_resume)) from None
    except SystemExit:  # SIGTERM
        say(_stopped(no_resume))
        raise


def _show(report: JobReport, *, as_json: bool, verbose: bool) -> None:
    if as_json:
        print_json(report.to_dict())
    else:
        out(report.text(verbose=verbose))
    if report.has_nothing:
        raise click.exceptions.Exit(1)


def _source(sources: tuple[str, ...]) -> Any:
    """What was named: one source, several, or the lines of stdin.

    Raises:
        InputError: stdin and others.
    """
    from junco.job.source import Sources

    if STDIN in sources:
        if len(sources) > 1:
            raise InputError("- reads the inputs from stdin: it stands alone, without other sources")
        return lines_of_stdin()
    return sources[0] if len(sources) == 1 else Sources(sources)


def _stopped(no_resume: bool) -> str:
    how = "without --no-resume the same command" if no_resume else "the same command"
    return f"stopped; what is done is kept: {how} goes on from here"


def _kept(texts: Sequence[str]) -> Kept:
    """The columns that are named, between commas or one by one."""
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    return "*" if "*" in names else names


def _max_rejects(text: str) -> MaxRejects:
    if text in ("auto", "none"):
        return "auto" if text == "auto" else None
    if not text.isdecimal():
        raise click.BadParameter(f"{text!r} is no number, 'auto' or 'none'", param_hint="--max-rejects")
    return int(text)
