"""``-p key=value``: parameters of a pipeline on the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from junco.errors import ParameterError, YamlError

Params = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="KEY=VALUE", help="A parameter of the pipeline; the value as in YAML."),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps.")]


def parse_params(given: list[str] | None) -> dict[str, Any]:
    """The parameters by name.

    Raises:
        ParameterError: one that is not ``key=value`` or is given twice.
    """
    from junco.graph.yaml_file import read_value

    params: dict[str, Any] = {}
    for text in given or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ParameterError(f"-p {text!r}: write key=value")
        if key in params:
            raise ParameterError(f"-p: the parameter {key!r} is given twice")
        try:
            params[key] = read_value(value)
        except YamlError as error:
            raise ParameterError(f"-p {text!r}: {error.problem}") from None
    return params
