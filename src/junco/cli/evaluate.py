"""``junco evaluate``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click

from junco.cli.parameters import device, params, parse_params
from junco.cli.printing import as_json, print_json
from junco.errors import ParameterError
from junco.terminal import out, say

_BETWEEN_VALUES = re.compile(r",(?![^\[]*\])")
"""A comma that stands in no brackets."""


@click.command
@click.argument("pipeline", metavar="PIPELINE")
@click.argument("data", metavar="DATA")
@click.option("--against", multiple=True, metavar="PIPELINE", help="Another pipeline, measured by the same items.")
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=VALUE,VALUE",
    help="A parameter and values of it: layer=layers.2,layers.3; a list in brackets: [layers.2,layers.3].",
)
@params
@device
@click.option("--column", metavar="NAME", help="The column of a table that holds the items.")
@click.option("--label", metavar="NAME", help="The column of a table that holds the labels.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Show this one alone: recall@1, map …")
@click.option("--at", multiple=True, type=click.IntRange(min=1), default=(1, 10), help="Ranks up to which is looked.")
@click.option("--neighbours", type=click.IntRange(min=1), default=5, help="How many vote in knn.")
@click.option("--html", metavar="FILE", help="Write a page, too.")
@as_json
def evaluate(
    pipeline: str,
    data: str,
    against: tuple[str, ...],
    vary: tuple[str, ...],
    param: tuple[str, ...],
    html: str | None,
    as_json: bool,
    **how: Any,
) -> None:
    """How good a pipeline's vectors are, measured.

    DATA is a folder with a folder for each class; a table with a column 'label', or with pairs ('query' and 'document',
    a 'score' or none) or triplets; or a folder as BEIR lays it out. Others stand beside it in the table: pipelines by
    --against, parameters by --vary. What may be chance is said.
    """
    from junco.api import pipeline as open_pipeline

    p = open_pipeline(pipeline, device=how.pop("device"), **parse_params(param))
    found = p.evaluate(data, against=against, vary=parse_varied(vary), **how)
    if html:
        found.save(html)
        say(f"wrote {html}")
    if as_json:
        print_json(found.to_dict())
    else:
        out(str(found))


def parse_varied(given: Iterable[str]) -> dict[str, list[Any]]:
    """Values by the name of a parameter: ``layer=layers.2,[layers.1,layers.3]`` are two; as in YAML.

    Raises:
        ParameterError: one that is not ``key=value,value``.
    """
    from junco.graph.yaml_file import read_value

    found: dict[str, list[Any]] = {}
    for text in given:
        key, equals, values = text.partition("=")
        if not equals or not key or not values:
            raise ParameterError(f"--vary {text!r}: write key=value,value")
        found[key] = [read_value(value) for value in _BETWEEN_VALUES.split(values)]
    return found
