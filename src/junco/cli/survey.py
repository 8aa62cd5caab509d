"""``junco survey``: what models there are of a family."""

from __future__ import annotations

import re
from pathlib import Path

import click

from junco.cli.printing import as_json, print_json, print_table
from junco.errors import InputError
from junco.terminal import out, say

_SORTS = ("runs", "name", "parameters", "dim", "published", "score", "measured")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMbBgG]?)")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}


class _Count(click.ParamType[int]):
    """A number of parameters: ``100M``, ``1.5B``, ``22713216``."""

    name = "count"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _COUNT.fullmatch(str(value))
        if found is None:
            self.fail(f"{value} is no number of parameters: 100M, 1.5B or 22713216", param, ctx)
        return int(float(found[1]) * _UNITS[found[2].lower()])


@click.command
@click.argument("family", required=False)
@click.option("--sort", type=click.Choice(_SORTS), default="runs", help="What runs here first, or by a column.")
@click.option("--runs-here", is_flag=True, help="Those alone that run on this machine as it is.")
@click.option("--max-parameters", type=_Count(), metavar="NUMBER", help="No larger ones: 100M, 1.5B.")
@click.option("--licence", metavar="NAME", help="Those alone under it: apache-2.0.")
@click.option("--language", metavar="CODE", help="Those alone that are known to read it: zh.")
@click.option("--score", metavar="TEXT", help="The benchmark that is shown, by a part of its name.")
@click.option("--no-hub", is_flag=True, help="Ask no hub.")
@click.option("--html", metavar="FILE", help="Write a page, too.")
@click.option(
    "--import", "listed", type=click.Path(path_type=Path), metavar="FILE", help="Keep a list of models, JSON."
)
@as_json
def survey(
    family: str | None,
    sort: str,
    runs_here: bool,
    max_parameters: int | None,
    licence: str | None,
    language: str | None,
    score: str | None,
    no_hub: bool,
    html: str | None,
    listed: Path | None,
    as_json: bool,
) -> None:
    """List what models there are of FAMILY, in and outside the hub.

    With sizes, licences, published scores, what runs here, and what junco evaluate measured on this machine.
    """
    if listed is not None:
        _import(listed)
    if family is None:
        if listed is None:
            raise InputError("of which family? 'junco families' lists them: junco survey image-embedding")
        return
    from junco.model_survey.survey import survey as look

    how = {"sort": sort, "runs_here": runs_here, "max_parameters": max_parameters, "licence": licence}
    found = look(family, **how, language=language, score=score, hub=not no_hub)  # type: ignore[arg-type]
    if html:
        found.save(html)
        say(f"wrote {html}")
    if as_json:
        print_json(found.to_dict())
        return
    head, *rows = found.table()
    print_table(head, rows, is_first_folded=True)
    for line in found.said():
        say(line)


def _import(listed: Path) -> None:
    from junco.known_models.listing import import_models

    path, count = import_models(listed)
    out(f"{count:,} models are known by {path}")
