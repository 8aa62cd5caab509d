"""`Corpus`: what BM25 knows of the texts that will be searched: how long they are, and how many have a word."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from junco.builtin.hub_model.files import count_of, damaged, read_json, value_of
from junco.errors import ParameterError

_KIND = "junco bm25 corpus"
_MOST = 10**15
"""Texts, or words of a text, of any corpus there is; computed with as floats."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Counts over some texts.

    Attributes:
        num_texts: how many there are.
        average_words: words of a text.
        frequencies: in how many texts each word stands.
    """

    num_texts: int
    average_words: float
    frequencies: Mapping[str, int]

    @classmethod
    def of(cls, texts: Iterable[list[str]]) -> Self:
        """The counts over texts that have been cut into words.

        Raises:
            ParameterError: there is not one word in them.
        """
        num_texts = num_words = 0
        frequencies: Counter[str] = Counter()
        for words in texts:
            num_texts, num_words = num_texts + 1, num_words + len(words)
            frequencies.update(set(words))
        if not num_words:
            raise ParameterError("BM25 learns from texts, and there is not one word in those that were given")
        return cls(num_texts, num_words / num_texts, frequencies)

    def weight(self, word: str) -> float:
        """How much a word tells: log(1 + (N − n + ½) / (n + ½)) of N texts of which n have it."""
        number = self.frequencies.get(word, 0)
        return math.log1p((self.num_texts - number + 0.5) / (number + 0.5))

    def save(self, path: str | Path) -> Path:
        """Write a file of JSON that `read` and the option ``corpus`` take; what was there is replaced."""
        told = {
            "kind": _KIND,
            "num_texts": self.num_texts,
            "average_words": self.average_words,
            "frequencies": dict(sorted(self.frequencies.items())),
        }
        path = Path(path)
        part = path.with_name(f"{path.name}.part")  # so that nobody ever reads half of it
        part.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        return part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `save` has written.

        Raises:
            ParameterError: it holds something else.
        """
        told = read_json(path)
        if told.get("kind") != _KIND:
            raise damaged(path, "it is no corpus that fit(texts, path) of sparse-text-embedding.bm25 has written")
        num_texts, frequencies = count_of(told, "num_texts", path), value_of(told, "frequencies", dict, path)
        average = value_of(told, "average_words", (int, float), path)
        if num_texts is None or num_texts > _MOST or not frequencies or average is None or not 0 < average < _MOST:
            raise damaged(path, "it must say num_texts, average_words and frequencies")
        if not all(type(number) is int and 0 < number <= num_texts for number in frequencies.values()):
            raise damaged(path, "each of its frequencies must be a number of texts")
        return cls(num_texts, float(average), frequencies)
