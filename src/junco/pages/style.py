"""The frame of every page: one style, light and dark, for whole pages and for pieces shown in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

from junco.wording import printable

_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
"""Nothing is fetched and no script runs, whatever stands in the page."""

_PHONE = (
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n'
)


@cache
def style() -> str:
    """The style sheet."""
    return files("junco.pages").joinpath("style.css").read_text("utf-8")


def page(title: str, body: str) -> str:
    """A page that stands alone.

    Args:
        title: plain text.
        body: markup, in which all that comes from elsewhere is escaped.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"{_PHONE}<title>{words(title)}</title>\n<style>\n{style()}</style>\n</head>\n"
        f'<body class="junco-page">\n<main class="junco">\n{body}\n</main>\n</body>\n</html>\n'
    )


def served(title: str, body: str, styles: Sequence[str], script: str) -> str:
    """A page of a server, whose policy comes with its answers.

    Args:
        title: plain text.
        body: markup, in which all that comes from elsewhere is escaped.
        styles: addresses of style sheets.
        script: address of the script.
    """
    links = "".join(f'<link rel="stylesheet" href="{escape(each)}">\n' for each in styles)
    links += f'<link rel="icon" href="data:,">\n<script src="{escape(script)}" defer></script>'
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{_PHONE}'
        f"<title>{words(title)}</title>\n{links}\n</head>\n"
        f'<body class="junco-page">\n<main class="junco">\n{body}\n</main>\n</body>\n</html>\n'
    )


def fragment(body: str) -> str:
    """A piece of a page, for a notebook: the style with it, and the colours of what is around it."""
    return f'<style>\n{style()}</style>\n<div class="junco">\n{body}\n</div>'


def words(text: str) -> str:
    """Plain text as markup: escaped, control characters spelt out."""
    return escape(printable(text))


def lines(text: str) -> str:
    """Plain text of several lines as markup; line ends and tabs stay."""
    return "\n".join("\t".join(map(words, line.split("\t"))) for line in text.split("\n"))
