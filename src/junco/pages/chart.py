"""The frame of every chart: its title, SVG that follows the colours and letters around it, and names with colours."""

from __future__ import annotations

from collections.abc import Iterable

from junco.pages.style import words


def chart(
    title: str, size: tuple[int, int], shapes: Iterable[str], *, said: str = "", about: str = "", beneath: str = ""
) -> str:
    """A chart as a figure.

    Args:
        title: plain text.
        size: width and height of the drawing, which is as wide as there is room.
        shapes: SVG, in which all that comes from elsewhere is escaped.
        said: beside the title, plain text.
        about: what there is to see, for those who do not; else the title.
        beneath: markup.
    """
    beside = f' <span class="faint">{words(said)}</span>' if said else ""
    view = f'viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{words(about or title)}"'
    return (
        f'<figure class="chart"><figcaption><b>{words(title)}</b>{beside}</figcaption>'
        f"<svg {view}>{''.join(shapes)}</svg>{beneath}</figure>"
    )


def legend(names: Iterable[str]) -> str:
    """Names with their colours, as `swatch` gives them; nothing where there are none."""
    inner = "".join(names)
    return f'<p class="legend">{inner}</p>' if inner else ""


def swatch(text: str, colour: str, *, hollow: bool = False) -> str:
    """A name of a legend with its colour."""
    look = f'r="4" fill="none" stroke="{colour}" stroke-width="2"' if hollow else f'r="5" fill="{colour}"'
    spot = f'<svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" {look}/></svg>'
    return f'<span class="swatch">{spot}{words(text)}</span>'
