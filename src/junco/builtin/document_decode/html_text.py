"""All text of an HTML page, as a browser lays it out: blocks apart, lines on lines, white space collapsed."""

from __future__ import annotations

import re

from junco.errors import InputError

MOST_DEPTH = 1000
"""Elements within elements. Browsers stop at 512, and a parser's time grows with the square of it."""

MOST_ATTRIBUTES = 256
"""Of one tag: a parser compares each with all that stand before it."""

# Noncharacters, which stand in no text: they mark where blocks, lines and cells end until white space was collapsed.
_BLOCK, _LINE, _CELL, _SPACE = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_MARKS = dict.fromkeys(map(ord, (_BLOCK, _LINE, _CELL, _SPACE)))
_BLOCKS = (
    "address,article,aside,blockquote,caption,center,details,dialog,div,dl,fieldset,figcaption,figure,footer,form,"
    "h1,h2,h3,h4,h5,h6,header,hr,legend,main,nav,ol,p,pre,section,summary,table,ul"
)
_LINES = "li,tr,dt,dd,option"
_CELLS = "td,th"
_ALONE = "td > p:only-child, th > p:only-child, li > p:only-child"  # a cell's or item's only paragraph is its text
_BREAKS = re.compile(f"[ {_CELL}]*[{_BLOCK}{_LINE}][ {_BLOCK}{_LINE}{_CELL}]*")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WHITE = r"[ \t\n\r\f]"
_ATTRIBUTE = (
    rf"(?:{_WHITE}|/)*+[^ \t\n\r\f/>][^ \t\n\r\f/>=]*+"
    rf"(?:{_WHITE}*+={_WHITE}*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\r\f>\"'][^ \t\n\r\f>]*+)?)?"
)
_RAW = "script|style|title|textarea|xmp|iframe|noembed|noframes"  # within them nothing is a tag
# Read from the start to the end, so that what looks like a tag in a comment, a script or a value is none.
_OPENED = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|<(?P<raw>{_RAW})(?=[ \t\n\r\f/>])(?P<in_raw>(?:{_ATTRIBUTE})*+)[^>]*+>.*?(?:</(?P=raw)|\Z)"
    rf"|<[a-z][^ \t\n\r\f/>]*+(?P<in_tag>(?:{_ATTRIBUTE})*+)",
    re.DOTALL | re.IGNORECASE,
)
# What the next of its kind, or nothing, ends: it may be left open for ever without anything being nested.
_UNNESTED = frozenset(
    [
        "p",
        "li",
        "dt",
        "dd",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "option",
        "optgroup",
        "colgroup",
        "rb",
        "rt",
        "rp",
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "frame",
        "html",
        "head",
        "body",
        "b",
        "i",
        "u",
        "s",
        "a",
        "em",
        "strong",
        "font",
        "small",
        "big",
        "tt",
        "code",
        "nobr",
        "strike",
    ]
)


def check_depth(html: str, name: str) -> None:
    """Refuse elements that are nested deeper than any page that people read.

    Raises:
        InputError: with the document's name.
    """
    if html.count("<") <= MOST_DEPTH:
        return
    depth = 0
    for match in _TAG.finditer(html):
        if match[2].lower() not in _UNNESTED:
            depth = max(0, depth - 1) if match[1] else depth + 1
            if depth > MOST_DEPTH:
                raise InputError(f"{name}: more than {MOST_DEPTH:,} elements nested in each other: no readable page")


def check_attributes(html: str, name: str) -> None:
    """Refuse a tag with more attributes than anybody writes.

    Raises:
        InputError: with the document's name.
    """
    for match in _OPENED.finditer(html):
        told = match["in_raw"] or match["in_tag"] or ""
        if len(told) > 2 * MOST_ATTRIBUTES and len(re.findall(_ATTRIBUTE, told)) > MOST_ATTRIBUTES:
            raise InputError(f"{name}: a tag with more than {MOST_ATTRIBUTES:,} attributes: no readable page")


def all_text(html: str) -> str:
    """The text of a page's body without scripts and styles; cells of tables are separated by tabs."""
    from selectolax.lexbor import LexborHTMLParser

    parser = LexborHTMLParser(html.translate(_MARKS) if any(chr(mark) in html for mark in _MARKS) else html)
    body = parser.body
    if body is None:
        return ""
    for node in body.css("script,style"):  # neither can stand within another
        node.decompose()
    _keep_spaces(body)
    alone = {node.mem_id for node in body.css(_ALONE)}
    for node in body.css(_BLOCKS):
        if node.mem_id not in alone:
            node.insert_before(_BLOCK)
            node.insert_after(_BLOCK)
    for node in body.css(_LINES):
        node.insert_before(_LINE)
    for selector, mark in ((_CELLS, _CELL), ("br", _LINE)):
        for node in body.css(selector):
            node.insert_after(mark)
    text = re.sub(r"[ \t\n\r\f]+", " ", body.text(deep=True, separator=""))
    text = _BREAKS.sub(lambda found: _newlines(found[0]), text)
    return text.replace(_CELL, "\t").replace(_SPACE, " ").strip()


def _keep_spaces(body: object) -> None:
    """Mark what is no white space to collapse: that of ``<pre>``, one of which may stand within another."""
    texts = {}
    for pre in body.css("pre"):  # type: ignore[attr-defined]
        for node in pre.traverse(include_text=True):
            if node.is_text_node:
                texts[node.mem_id] = node
    for node in texts.values():
        written = node.text(deep=False)
        node.replace_with(re.sub(r"[ \t]", _SPACE, written.replace("\r\n", "\n").replace("\n", _LINE)))


def _newlines(breaks: str) -> str:
    return "\n\n" if _BLOCK in breaks else "\n" * min(2, breaks.count(_LINE))
