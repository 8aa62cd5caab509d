"""``-p key=value``: parameters of a pipeline on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from junco.errors import ParameterError, YamlError

params = click.option(
    "-p", "--param", multiple=True, metavar="KEY=VALUE", help="A parameter of the pipeline; the value as in YAML."
)
device = click.option("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps.")


def parse_params(given: Iterable[str]) -> dict[str, Any]:
    """The parameters by name.

    Raises:
        ParameterError: one that is not ``key=value`` or is given twice.
    """
    from junco.graph.yaml_file import read_value

    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ParameterError(f"-p {text!r}: write key=value")
        if key in found:
            raise ParameterError(f"-p: the parameter {key!r} is given twice")
        try:
            found[key] = read_value(value)
        except YamlError as error:
            raise ParameterError(f"-p {text!r}: {error.problem}") from None
    return found
