"""``-p key=value``: parameters of a pipeline on the command line; two that are often wanted have words of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from junco.errors import ParameterError, YamlError

params = click.option(
    "-p", "--param", multiple=True, metavar="KEY=VALUE", help="A parameter of the pipeline; the value as in YAML."
)
device = click.option("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps.")

vectors = click.argument(
    "vectors",
    metavar="SET",
    help="What junco embed wrote: a .parquet, .npy, .jsonl or .csv file, a folder, lancedb:./db#photos.",
)
column_of_vectors = click.option(
    "--column", metavar="NAME", help="The column that holds the vectors, where there are several."
)

_allow_urls = click.option("--allow-urls", is_flag=True, help="Fetch inputs that are addresses: -p allow_urls=true.")
_allow_private = click.option(
    "--allow-private", is_flag=True, help="Also from this machine's own network: -p allow_private=true."
)


def addresses(command: Callable[..., None]) -> Callable[..., None]:
    """The options ``--allow-urls`` and ``--allow-private``, which pipelines hand down to what reads sources."""
    return _allow_urls(_allow_private(command))


def with_words(given: Iterable[str], **words: bool) -> tuple[str, ...]:
    """What is given by ``-p``, and those of some words that are."""
    return (*given, *(f"{name}=true" for name, is_given in words.items() if is_given))


def parse_params(given: Iterable[str], option: str = "-p") -> dict[str, Any]:
    """The parameters by name.

    Args:
        given: ``key=value`` each.
        option: by which they were given, for messages.

    Raises:
        ParameterError: one that is not ``key=value`` or is given twice.
    """
    from junco.graph.yaml_file import read_value

    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ParameterError(f"{option} {text!r}: write key=value")
        if key in found:
            raise ParameterError(f"{option}: the parameter {key!r} is given twice")
        try:
            found[key] = read_value(value)
        except YamlError as error:
            raise ParameterError(f"{option} {text!r}: {error.problem}") from None
    return found
