"""``sparse-text-embedding.bm25``: words and their weights, so that dot products are BM25 scores; no model at all.

Method: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the word weights
of Lucene, which are never negative (Kamphuis et al., "Which BM25 Do You Mean?", 2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from junco.builtin.sparse_text_embedding.corpus import Corpus
from junco.builtin.sparse_text_embedding.words import counted, words_of
from junco.errors import InputError, UnavailableError
from junco.neural.texts import checked_texts
from junco.neural.weights import weights_by_sha256
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space
from junco.types.media import SparseVector
from junco.wording import picture

_USUAL_WORDS = 256.0
"""Words of a text where no corpus says it."""


class Bm25(Operator, family="sparse-text-embedding", name="bm25"):
    """Embeds texts as the weights of their words: the dot product of a query's and a document's vectors is BM25.

    A word's place in the vector is a hash of it. A document has c / (c + k1 · (1 − b + b · words / average words)) for
    a word that stands in it c times; a query has c times what the word tells in the corpus (its inverse document
    frequency). ``ops.sparse_text_embedding.bm25().fit(texts, path)`` writes the corpus. Without one every word tells
    the same, 1, and texts count as 256 words long on average: then let the index weigh words, as Qdrant does with its
    modifier ``idf``.

    Words are runs of letters and digits; Chinese is cut by a dictionary; nothing is stemmed and no word left out.

    Args:
        corpus: the file that `fit` wrote.
        role: ``query`` or ``document``; nothing said is a document.
        k1: how slowly a word that stands in a document more often counts for more.
        b: how far long documents count for less, from 0 to 1.
    """

    corpus: str | Path | None = None
    role: Literal["query", "document"] | None = None
    k1: float = option(1.5, least=0)
    b: float = option(0.75, least=0, most=1)

    packages = {"rjieba": "sparse"}
    hints = Hints(first_batch=256, max_batch=2048, thread_safe=True)
    fitted_in = "corpus"
    not_tuned = "it counts words, and holds no neural network"
    tuned_instead = "text-embedding.minilm, text-embedding.sentence-transformers"
    _corpus: Corpus | None = None
    _chinese: Any = None

    def fetch(self) -> None:
        super().fetch()
        if (file := self._file) is not None and not file.is_file():
            raise UnavailableError(f"{self.name!r}: there is no file {str(file)!r}: fit(texts, path) writes it")

    def open(self) -> None:
        self.fetch()
        import rjieba

        self._chinese = rjieba
        self._corpus = Corpus.read(self._file) if self._file is not None else None

    def batch(self, texts: Sequence[str]) -> list[SparseVector]:
        words = [words_of(text, self._chinese) for text in checked_texts(texts, self.name)]
        self.note("empty", [row for row, found in enumerate(words) if not found])
        return [self._query(found) if self.role == "query" else self._document(found) for found in words]

    def fit(self, texts: Iterable[str], path: Path) -> None:
        """Write what BM25 has to know of the texts that will be searched.

        Raises:
            InputError: one is no text, or all of them are one.
            ParameterError: there is not one word in them.
        """
        if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
            raise InputError(f"{self.name!r} is fitted on several texts, not on {picture(texts)}")
        import rjieba

        Corpus.of(words_of(checked_texts([text], self.name)[0], rjieba) for text in texts).save(path)

    def files(self) -> Iterable[Path]:
        return [self._file] if self._file is not None else []

    def space(self, *inputs: Space | None) -> Space:
        """By the corpus and the two numbers; queries and documents share it."""
        corpus = weights_by_sha256(self._file) if self._file is not None else "none"
        return Space({"method": "BM25 by hashed words", "corpus": corpus, "k1": self.k1, "b": self.b}, "BM25")

    def cost(self, *item: Any) -> float:
        """About the words of the text."""
        return 1.0 + len(item[0]) // 4 if isinstance(item[0], str) else 1.0

    @property
    def _file(self) -> Path | None:
        return Path(self.corpus) if self.corpus is not None else None

    def _query(self, words: list[str]) -> SparseVector:
        weight = self._corpus.weight if self._corpus is not None else _same
        return _vector([(number, count * weight(word)) for number, word, count in counted(words)])

    def _document(self, words: list[str]) -> SparseVector:
        average = self._corpus.average_words if self._corpus is not None else _USUAL_WORDS
        length = self.k1 * (1 - self.b + self.b * len(words) / average)
        return _vector([(number, count / (count + length)) for number, _, count in counted(words)])


def _same(word: str) -> float:
    """What each word tells where no corpus says it."""
    return 1.0


def _vector(weights: Sequence[tuple[int, float]]) -> SparseVector:
    """Of numbers in ascending order; words that share one are added up."""
    if not weights:
        return SparseVector(np.zeros(0, np.int32), np.zeros(0, np.float32))
    numbers, values = zip(*weights, strict=True)
    indices, starts = np.unique(np.asarray(numbers, np.int32), return_index=True)
    return SparseVector(indices, np.add.reduceat(np.asarray(values), starts).astype(np.float32))
