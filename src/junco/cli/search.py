"""``junco search``."""

from __future__ import annotations

from pathlib import Path

import click

from junco.cli.lines import spread
from junco.cli.parameters import column_of_vectors, vectors
from junco.cli.printing import as_json, print_json, short, sources, written
from junco.terminal import out, say


@click.command
@vectors
@click.argument(
    "questions",
    nargs=-1,
    required=True,
    metavar="QUERY…",
    help="A path, or a text as it stands; - reads one question a line from stdin.",
)
@click.option("-n", "count", type=click.IntRange(min=1), default=10, metavar="NUMBER", help="Rows for each question.")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only rows that meet it, as in 'lang = zh and price < 30'; several must all be met.",
)
@click.option("--by-input", is_flag=True, help="Of each input its best row alone: of a document its best chunk.")
@column_of_vectors
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the answers as a page with pictures."
)
@sources
@as_json
def search(
    vectors: str,
    questions: tuple[str, ...],
    count: int,
    where: tuple[str, ...],
    by_input: bool,
    column: str | None,
    html: Path | None,
    sources: bool,
    as_json: bool,
) -> None:
    """The rows of a set that are nearest to a question, best first.

    The question goes through the pipeline that made the set; scores are cosines.
    """
    from junco.answers.opening import open_set

    found_in = open_set(vectors, column)
    asked = list(spread(questions))
    answers = [found_in.search(question, count, where, by_input=by_input) for question in asked]
    if html is not None:
        from junco.answers.page import write_answers

        say(written(write_answers(html, vectors, answers, sources=sources)))
    if as_json:
        print_json([{"query": hits.question, "hits": hits.to_dict()} for hits in answers])
    if as_json or html is not None:
        return
    for hits in answers:
        if len(answers) > 1:
            out(short(hits.question), bold=len(short(hits.question)))
        out(str(hits))
