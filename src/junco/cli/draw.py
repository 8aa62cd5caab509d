"""``junco draw``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from junco.errors import ParameterError
from junco.terminal import out_document, say

if TYPE_CHECKING:
    from junco.graph.drawing import Form

_FORMS: dict[str, Form] = {".svg": "svg", ".png": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


@click.command
@click.argument("pipeline", help="Its name, or a file.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .svg, .png or .mmd file; default: stdout.",
)
@click.option("--mermaid", is_flag=True, help="Mermaid text instead of SVG, on stdout.")
def draw(pipeline: str, output: Path | None, mermaid: bool) -> None:
    """The pipeline as a picture: its steps, columns and levels. Nothing is loaded."""
    from junco.catalog.find import find
    from junco.graph.drawing import drawing

    picture = drawing(find(pipeline), _form(output, mermaid))
    if output is None:
        out_document(picture)
        return
    picture.save(output)
    say(f"wrote {output}")


def _form(output: Path | None, mermaid: bool) -> Form:
    if output is None:
        return "mermaid" if mermaid else "svg"
    if (form := _FORMS.get(output.suffix.lower())) is None:
        raise ParameterError(f"junco draws .svg, .png and .mmd files, not {output.name!r}")
    return form
