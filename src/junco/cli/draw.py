"""``junco draw``."""

from __future__ import annotations

from pathlib import Path

import click

from junco.errors import ParameterError, TargetError
from junco.terminal import out_document, say

_FORMS = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


@click.command
@click.argument("pipeline", help="Its name, or a file.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .svg or .mmd file; default: stdout.",
)
@click.option("--mermaid", is_flag=True, help="Mermaid text instead of SVG, on stdout.")
def draw(pipeline: str, output: Path | None, mermaid: bool) -> None:
    """The pipeline as a picture: its steps, columns and levels. Nothing is loaded."""
    from junco.catalog.find import find
    from junco.graph import draw as picture_of
    from junco.graph import mermaid as text_of

    form = _form(output, mermaid)
    graph = find(pipeline)
    picture = text_of.mermaid(graph) if form == "mermaid" else picture_of.svg(graph)
    if output is None:
        out_document(picture)
        return
    try:
        output.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise TargetError(f"{output} cannot be written: {error.strerror}") from None
    say(f"wrote {output}")


def _form(output: Path | None, mermaid: bool) -> str:
    if output is None:
        return "mermaid" if mermaid else "svg"
    if (form := _FORMS.get(output.suffix.lower())) is None:
        raise ParameterError(f"junco draws .svg and .mmd files, not {output.name!r}")
    return form
