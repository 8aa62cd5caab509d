"""Texts → token ids, and what became of the texts on the way: which are cut, empty, or strange to the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

_LEAST_UNKNOWN = 0.2
"""From such a part of unknown ones among a text's tokens on, the text is strange to the model: letters that it never
saw, of which one token may swallow a whole word."""
_WORD_CHARS = 64
"""So many characters for each token are read of a text that is longer than a model reads."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some texts, each with a prompt before it.

    Attributes:
        ids: of each text, as they go into the model.
        cut: the texts of which tokens were left out, since the model reads no more.
        empty: the texts that have no token of their own: nothing, blanks, what the tokenizer passes over.
        unknown: the texts of which a good part is written in what the model has no token for.
    """

    ids: Sequence[Sequence[int] | Ids]
    cut: list[int]
    empty: list[int]
    unknown: list[int] = field(default_factory=list)

    @property
    def without_any(self) -> int | None:
        """The first text of which not even a special token goes into the model; ``None``: there is none."""
        return next((row for row in self.empty if not len(self.ids[row])), None)


def tokens_of(tokenizer: Any, texts: Sequence[str], prompt: str = "") -> Tokens:
    """What a tokenizer of the package tokenizers makes of texts; it cuts by itself."""
    given = [prompt + text for text in texts] if prompt else list(texts)
    found = _encoded(tokenizer, given)
    ids, most = [each.ids for each in found], max_tokens(tokenizer)
    cut = [row for row, each in enumerate(found) if len(ids[row]) == most and each.overflowing]
    alone = tokenizer.encode_batch_fast([prompt])[0].ids
    empty = [row for row, each in enumerate(ids) if each == alone and row not in cut]
    given_ids = [np.asarray(each, np.int64) for each in ids]
    return Tokens(given_ids, cut, empty, strange(given_ids, unknown_id(tokenizer), len(alone)))


def strange(ids: Sequence[Ids], unknown: int | None, num_given: int) -> list[int]:
    """The texts of whose tokens a good part is the one for what the model does not know.

    Args:
        ids: of each text.
        unknown: that token; ``None`` where there is none.
        num_given: tokens that every text has: special ones, a prompt's.
    """
    if unknown is None:
        return []
    counts = [int(np.count_nonzero(row == unknown)) for row in ids]
    return [row for row, count in enumerate(counts) if count and count >= _LEAST_UNKNOWN * (len(ids[row]) - num_given)]


def unknown_id(tokenizer: Any) -> int | None:
    """The token for what a tokenizer does not know, where it says so."""
    if (own := getattr(tokenizer, "unknown_id", None)) is not None:
        return int(own)
    token = getattr(getattr(tokenizer, "model", None), "unk_token", None)
    return tokenizer.token_to_id(token) if token is not None else None


def token_ids(tokenizer: Any, texts: Sequence[str]) -> list[Ids]:
    """The ids of each text's tokens."""
    return [np.asarray(each.ids, np.int64) for each in _encoded(tokenizer, texts)]


def max_tokens(tokenizer: Any) -> int | None:
    """After how many tokens a tokenizer cuts; ``None``: never."""
    cut = tokenizer.truncation
    return int(cut["max_length"]) if cut else None


def _encoded(tokenizer: Any, texts: Sequence[str]) -> list[Any]:
    """Of a book only the beginning is read where the rest would be cut off anyway."""
    most = _most_tokens_of_words(tokenizer)
    beginnings = [_beginning(text, most * _WORD_CHARS) for text in texts] if most else list(texts)
    found: list[Any] = tokenizer.encode_batch_fast(beginnings)
    for row, (text, beginning) in enumerate(zip(texts, beginnings, strict=True)):
        if len(beginning) < len(text) and not found[row].overflowing:  # its words were longer than words are
            found[row] = tokenizer.encode_batch_fast([text])[0]
    return found


def _most_tokens_of_words(tokenizer: Any) -> int:
    """After how many tokens the tokenizer cuts, if it finds each word's tokens apart from its neighbours; else 0."""
    cut = tokenizer.truncation
    is_by_word = type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"
    return int(cut["max_length"]) if is_by_word and cut and cut["direction"] == "right" else 0


def _beginning(text: str, num_chars: int) -> str:
    """The text up to the last space among so many characters."""
    return text if len(text) <= num_chars else text[: text.rfind(" ", 0, num_chars) + 1] or text
