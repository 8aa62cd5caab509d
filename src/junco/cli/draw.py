"""``junco draw``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junco.cli.parameters import params, parse_params
from junco.errors import ParameterError
from junco.terminal import out_document, say

if TYPE_CHECKING:
    from junco.graph.drawing import Drawing, Form

_FORMS: dict[str, Form] = {".svg": "svg", ".png": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


@click.command
@click.argument("pipeline", metavar="NAME", help="A pipeline, its file, or an operator that holds a network.")
@params
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .svg, .png or .mmd file; default: stdout.",
)
@click.option("--mermaid", is_flag=True, help="Mermaid text instead of SVG, on stdout.")
def draw(pipeline: str, param: tuple[str, ...], output: Path | None, mermaid: bool) -> None:
    """The pipeline as a picture: its steps, columns and levels. Nothing is loaded.

    Of an operator its network, block by block.
    """
    picture = _drawing(pipeline, parse_params(param), _form(output, mermaid))
    if output is None:
        out_document(picture)
        return
    picture.save(output)
    say(f"wrote {output}")


def _drawing(name: str, given: dict[str, Any], form: Form) -> Drawing:
    from junco.catalog.find import find
    from junco.cli.layers import network
    from junco.cli.tuned import is_tuned
    from junco.graph.drawing import drawing
    from junco.operator import registry

    if name not in registry.names() and not is_tuned(name):
        if given:
            raise ParameterError(
                f"-p is for operators: the picture of a pipeline, {name!r}, is the same for all values"
            )
        return drawing(find(name), form)
    if form != "svg":
        raise ParameterError(f"{name!r} is an operator: its network is drawn as .svg or .png")
    picture: Drawing = network(name, given).draw()
    return picture


def _form(output: Path | None, mermaid: bool) -> Form:
    if output is None:
        return "mermaid" if mermaid else "svg"
    if (form := _FORMS.get(output.suffix.lower())) is None:
        raise ParameterError(f"junco draws .svg, .png and .mmd files, not {output.name!r}")
    return form
