"""`Drawing`: a picture of a pipeline as text, which a notebook shows as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from junco.errors import InputError, MissingExtraError, TargetError, UnavailableError
from junco.graph.draw import svg
from junco.graph.mermaid import mermaid
from junco.graph.nodes import Graph
from junco.pages.pen import FONTS
from junco.settings import user_path

Form = Literal["svg", "mermaid"]
_ENDINGS = {"svg": (".svg", ".png"), "mermaid": (".mmd", ".mermaid")}
_PAPER = "#ffffff"
_ZOOM = 2.0
"""Pixels of a PNG for each of the picture's: letters are read on fine screens and on paper."""
_LETTERS = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text y="9" font-family="{}">{}</text></svg>'
_KINDS = {"svg": "image/svg+xml", "mermaid": "text/vnd.mermaid"}


class Drawing(str):
    """The text of a picture, in every way a text; its ``repr`` is short.

    Attributes:
        form: of the text, "svg" or "mermaid".
    """

    __slots__ = ("form",)
    form: Form

    def __new__(cls, text: str, form: Form) -> Drawing:
        """That text."""
        made = super().__new__(cls, text)
        made.form = form
        return made

    def save(self, path: str | Path) -> None:
        """Write it to a file: .svg, .mmd or .png, by its ending.

        Raises:
            InputError: an SVG picture has no text of Mermaid's, and Mermaid's no picture.
            MissingExtraError: a PNG takes ``pip install 'junco[draw]'``.
            TargetError: the file cannot be written.
        """
        file = user_path(path)
        kind = file.suffix.lower()
        if kind not in _ENDINGS[self.form]:
            raise InputError(f"{file.name}: a drawing in {self.form} is written to {' or '.join(_ENDINGS[self.form])}")
        content = png_of(self) if kind == ".png" else self.encode()
        try:
            file.write_bytes(content)
        except OSError as error:
            raise TargetError(f"{file} cannot be written: {error.strerror or error}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return Drawing, (str(self), self.form)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {_KINDS[self.form]: str(self), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<drawing: {self.form}, {len(self):,} letters>"


def drawing(graph: Graph, form: Form) -> Drawing:
    """The picture of a graph.

    Raises:
        InputError: junco draws no such form.
        GraphError: the graph has no meaning.
    """
    if form not in get_args(Form):
        raise InputError(f"draw() gives 'svg' or 'mermaid', not {form!r}")
    return Drawing(mermaid(graph) if form == "mermaid" else svg(graph), form)


def png_of(picture: str) -> bytes:
    """An SVG picture as PNG, twice as large, on white.

    Raises:
        MissingExtraError: the converter is not installed.
        UnavailableError: there is no font on this machine, and all words would be missing.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingExtraError("resvg-py", "draw", "a PNG") from error
    letters, blank = (resvg_py.svg_to_bytes(svg_string=_LETTERS.format(FONTS, text)) for text in ("words", ""))
    if letters == blank:
        raise UnavailableError("a PNG needs a font, and this machine has none: install one (DejaVu), or take .svg")
    return bytes(resvg_py.svg_to_bytes(svg_string=str(picture), background=_PAPER, zoom=_ZOOM))
