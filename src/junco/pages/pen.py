"""The pen of all drawings: SVG words and colours that are read on light and on dark paper."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from junco.pages.letters import cut, num_places

LEAST_SIZE = 0.66
"""So far letters shrink where a line is long; what is longer still is cut, and whole in the tooltip."""
INK, FAINT, PAPER, LINE = "#1f2937", "#526071", "#ffffff", "#747d8b"
TINTS = ("#747d8b", "#3b82f6", "#10b981", "#f59e0b", "#a855f7", "#ef4444", "#06b6d4")
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
BOLD = ' font-weight="600"'
CODE = """ font-family="ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace\""""
_DARK = (
    "<style>@media (prefers-color-scheme: dark) { .junco-box { fill: #1f2733 } .junco-ink { fill: #e3e8ef } "
    ".junco-faint { fill: #a3afbf } }</style>"
)
CLASSES = {INK: ' class="junco-ink"', FAINT: ' class="junco-faint"'}
_UNSEEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, what terminals obey, and what would turn the direction of the letters after it."""


def seen(text: str) -> str:
    """Text that XML and people's eyes can hold."""
    return _UNSEEN.sub("\ufffd", text)


def as_xml(text: str) -> str:
    """Text as it stands in XML."""
    return escape(seen(text))


def words(x: float, y: float, text: str, most: int, size: int, fill: str, look: str = "") -> str:
    """A line of text for ``most`` places: smaller where it is longer; ``look`` are further attributes."""
    shrunk = min(1.0, max(LEAST_SIZE, most / max(1, num_places(text))))
    shown = cut(text, int(most / shrunk))
    tip = f"<title>{as_xml(text)}</title>" if shown != text else ""
    look = f"{CLASSES.get(fill, '')}{look}"
    return f'<text x="{x:g}" y="{y:g}" font-size="{size * shrunk:.4g}" fill="{fill}"{look}>{tip}{as_xml(shown)}</text>'


def document(title: str, width: int, height: int, shapes: Iterable[str]) -> str:
    """A picture that stands alone, with arrow heads that ``url(#junco-arrow)`` names."""
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FONTS)}>',
            f"<title>{as_xml(title)}</title>",
            _DARK,
            '<defs><marker id="junco-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="{LINE}"/></marker></defs>',
            *shapes,
            "</svg>\n",
        ]
    )
