"""``text-split.code``: source code → chunks of so many characters, cut where its syntax has joints."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Literal

from junco.builtin.text_split.split import LIBRARY, LibrarySplit, Splitter
from junco.operator.options import option

Language = Literal["python", "javascript", "typescript", "java", "go", "rust", "c", "cpp"]


class CodeSplit(LibrarySplit, family="text-split", name="code"):
    """Cuts source code into chunks of up to `size` characters, at the outermost joints of its syntax tree that do.

    The grammars are tree-sitter's, one small package for each language; nothing is fetched. Code that breaks its
    language's rules is cut too, as far as the parser understands it; where it gives up, by characters alone, which is
    noted as assumed. Of a text of more than 262,144 characters (or
    16 × `size`) the syntax is read in pieces of that length.

    Args:
        language: in which the code is written.
        size: the most characters (code points) in a chunk.
        overlap: the most characters of a chunk's end that the next one repeats, in whole parts.
        trim: leave out white space at both ends of a chunk.

    Raises:
        InputError: what is given is no text, or holds half of a surrogate pair.
    """

    language: Language = "python"
    size: int = option(1500, least=1)

    @property
    def packages(self) -> Mapping[str, str]:
        return {**LIBRARY, self._grammar: "documents"}

    @property
    def _grammar(self) -> str:
        """The package that knows the language."""
        return f"tree_sitter_{self.language}"

    def splitter(self, how: dict[str, Any]) -> Splitter:
        from semantic_text_splitter import CodeSplitter

        package = importlib.import_module(self._grammar)
        # One package holds two grammars: that of .tsx takes all that a .ts may hold but casts in angle brackets.
        grammar = package.language_typescript if self.language == "typescript" else package.language
        return CodeSplitter(grammar(), self.size, **how)

    def window_characters(self) -> int:
        """Wider, since what a class or function begins with says what is in it."""
        return max(262_144, 16 * self.size)
