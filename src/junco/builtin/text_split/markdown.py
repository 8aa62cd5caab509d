"""``text-split.markdown``: Markdown → chunks of so many characters, cut where its structure has joints."""

from __future__ import annotations

from typing import Any

from junco.builtin.text_split.split import LibrarySplit, Splitter
from junco.operator.options import option


class MarkdownSplit(LibrarySplit, family="text-split", name="markdown"):
    """Cuts Markdown into chunks of up to `size` characters, at the largest joints of its structure that do.

    Joints are, in this order: headings by their level, rules, blocks (paragraphs, lists, tables, code), items and
    rows, then what `text-split.characters` has. A heading stands at the head of its chunk. Of a text of more than
    32,768 characters (or 16 × `size`) the structure is read in pieces of that length.

    Args:
        size: the most characters (code points) in a chunk.
        overlap: the most characters of a chunk's end that the next one repeats, in whole parts.
        trim: leave out white space at both ends of a chunk; indentation stays where it means something.

    Raises:
        InputError: what is given is no text, or holds half of a surrogate pair.
    """

    size: int = option(1000, least=1)

    def splitter(self, how: dict[str, Any]) -> Splitter:
        from semantic_text_splitter import MarkdownSplitter

        return MarkdownSplitter(self.size, **how)

    def window_characters(self) -> int:
        """Wider, since a code block or a table whose beginning is not seen is not known for one."""
        return max(32_768, 16 * self.size)
