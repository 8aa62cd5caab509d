"""Texts → words → numbers: how BM25 cuts texts, whatever the language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from hashlib import blake2b
from typing import Any

_RUN = re.compile(r"[^\W_]+")
"""Letters and digits together, of any script."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_NUMBER_BITS = 31
"""So many that each word's number is an int32 from 0 on. Of 100,000 words about two pairs share a number."""


def words_of(text: str, chinese: Any) -> list[str]:
    """The words of a text in their order, in lower case and compatible form (NFKC).

    A word is a run of letters and digits; runs with Chinese characters are cut by a dictionary. No word is left out and
    none is reduced to its stem. Japanese and Thai, which write no spaces, come in longer runs than words.

    Args:
        text: any.
        chinese: the package rjieba.
    """
    runs = _RUN.findall(unicodedata.normalize("NFKC", text).casefold())
    found: list[str] = []
    for run in runs:
        found += chinese.cut(run) if _HAN.search(run) else [run]
    return found


def counted(words: list[str]) -> list[tuple[int, str, int]]:
    """Number, word and how often it stands there, by number."""
    return sorted((number_of(word), word, count) for word, count in Counter(words).items())


def number_of(word: str) -> int:
    """Of a word, the same everywhere: from 0 to 2³¹ − 1."""
    return int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), "big") >> (32 - _NUMBER_BITS)
