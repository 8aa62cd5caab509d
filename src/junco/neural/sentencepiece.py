"""A tokenizer of the package sentencepiece, with what a `TextEncoder` asks of one of the package tokenizers.

Method: Kudo, "Subword Regularization" (2018): the pieces of a text that together are likeliest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PIECE_CHARS = 32
"""So many characters for each token are read of a text that is longer than a model reads: pieces have 16 at most."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The tokens of one text: those that go into the model, and those that were cut off."""

    ids: list[int]
    overflowing: list[int]


class SentencePieceTokenizer:
    """Texts → pieces between a token for the begin and one for the end.

    Characters that no piece has become one unknown piece where they stand together, as in the models' training.

    Args:
        file: the sentencepiece model.
        max_tokens: of a text, begin and end included; the pieces after that are cut off.
    """

    pre_tokenizer = None
    """Pieces are found in the whole text, not word by word."""

    def __init__(self, file: Path, max_tokens: int) -> None:
        import sentencepiece

        self._processor: Any = sentencepiece.SentencePieceProcessor(model_file=str(file))
        self._max_tokens = max_tokens
        self._begin, self._end = self._processor.bos_id(), self._processor.eos_id()
        self.unknown_id: int = self._processor.unk_id()

    @property
    def truncation(self) -> Mapping[str, Any]:
        """After how many tokens it cuts."""
        return {"max_length": self._max_tokens}

    def encode_batch_fast(self, texts: Sequence[str]) -> list[Pieces]:
        """The tokens of each text."""
        chars = self._max_tokens * _PIECE_CHARS
        found = self._processor.encode([text[:chars] for text in texts], num_threads=1)
        for row, text in enumerate(texts):
            if len(text) > chars and len(found[row]) <= self._max_tokens:  # most of its beginning was blanks
                found[row] = self._processor.encode(text)
        return [self._between(ids) for ids in found]

    def _between(self, ids: list[int]) -> Pieces:
        room = self._max_tokens - 2
        return Pieces([self._begin, *ids[:room], self._end], ids[room:])
