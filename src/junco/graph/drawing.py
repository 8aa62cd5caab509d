"""`Drawing`: a picture of a pipeline as text, which a notebook shows as a picture."""

from __future__ import annotations

from typing import Any, Literal, get_args

from junco.errors import InputError
from junco.graph.draw import svg
from junco.graph.mermaid import mermaid
from junco.graph.nodes import Graph

Form = Literal["svg", "mermaid"]
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
