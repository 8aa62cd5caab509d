"""What a notebook shows of a pipeline, a plan, a set, a job: a title, a table, lines of words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from junco.pages.style import words


def titled(title: str, said: str, lines: Iterable[str] = (), inner: str = "") -> str:
    """A title with what is said of it, a faint line each for more, and markup beneath.

    Args:
        title: plain text, as all but ``inner``.
        said: beside the title.
        lines: beneath it.
        inner: markup, in which all that comes from elsewhere is escaped.
    """
    head = f'<header><h2>{words(title)}</h2><span class="faint">{words(said)}</span></header>'
    return f'<section class="card">{head}{_faint(lines)}{inner}</section>'


def figures(head: Sequence[str], rows: Iterable[Sequence[str]], lines: Iterable[str] = ()) -> str:
    """A table of names and figures, then a faint line each for what they say."""
    names = "".join(f"<th{_look(column)}>{words(name)}</th>" for column, name in enumerate(head))
    inner = "".join(
        f"<tr>{''.join(f'<td{_look(column)}>{words(cell)}</td>' for column, cell in enumerate(row))}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{names}</tr>{inner}</table></div>{_faint(lines)}'


def listing(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of words; the first of each row is a name."""
    names = "".join(f"<th>{words(name)}</th>" for name in head)
    inner = "".join(
        f"<tr><td><b>{words(first)}</b></td>{''.join(f'<td>{words(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f'<div class="scroll"><table><tr>{names}</tr>{inner}</table></div>'


def _look(column: int) -> str:
    """Figures stand to the right, beneath each other."""
    return ' class="figure"' if column else ""


def _faint(lines: Iterable[str]) -> str:
    return "".join(f'<p class="faint">{words(line)}</p>' for line in lines)
