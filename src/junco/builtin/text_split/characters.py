"""``text-split.characters``: a text → chunks of so many characters, cut where the text itself has joints."""

from __future__ import annotations

from typing import Any

from junco.builtin.text_split.split import LibrarySplit, Splitter
from junco.operator.options import option


class CharacterSplit(LibrarySplit, family="text-split", name="characters"):
    """Cuts a text into chunks of up to `size` characters, at the largest joints that do.

    Joints are, in this order: empty lines, ends of lines, sentences, words, characters as they are seen (an emoji of
    several code points is one), code points; sentences and words by the rules of Unicode, so those of Chinese too.

    Args:
        size: the most characters (code points) in a chunk.
        overlap: the most characters of a chunk's end that the next one repeats, in whole parts.
        trim: leave out white space at both ends of a chunk; without it chunks that do not overlap join to the text.

    Raises:
        InputError: what is given is no text, or holds half of a surrogate pair.
    """

    size: int = option(1000, least=1)

    def splitter(self, how: dict[str, Any]) -> Splitter:
        from semantic_text_splitter import TextSplitter

        return TextSplitter(self.size, **how)
