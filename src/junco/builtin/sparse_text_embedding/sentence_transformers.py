"""``sparse-text-embedding.sentence-transformers``: learned sparse models, SPLADE and its like, by name or folder.

Method: Formal et al., "SPLADE: Sparse Lexical and Expansion Model for First Stage Ranking" (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.builtin.sentence_transformers.by_library import ByLibrary
from junco.builtin.sentence_transformers.library import Library
from junco.neural.texts import checked_texts
from junco.operator.options import option
from junco.types.media import SparseVector


class SparseLibrary(Library):
    """A learned sparse model as sentence-transformers runs it."""

    kind = "SparseEncoder"

    def encode(  # type: ignore[override]
        self, texts: Sequence[str], role: str | None, prompt: str | None, max_active_dims: int | None = None
    ) -> list[SparseVector]:
        """What the library's ``encode``, ``encode_query`` or ``encode_document`` gives."""
        given = {} if max_active_dims is None else {"max_active_dims": max_active_dims}
        rows = self.encoded(texts, role, prompt, convert_to_tensor=False, save_to_cpu=True, **given)
        return [_sparse(row) for row in rows]


class SparseEncoderEmbedding(ByLibrary, family="sparse-text-embedding", name="sentence-transformers"):
    """Embeds texts with a sparse model of sentence-transformers: weights for a few words of its vocabulary.

    The dot product of a query's and a document's vectors is their score. Code from model repositories never runs.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
        max_active_dims: keep only so many weights, the largest ones.
    """

    max_active_dims: int | None = option(None, least=1)
    library = SparseLibrary
    not_tuned = "it gives a weight for each word, and vectors of numbers are trained"
    tuned_instead = "text-embedding.minilm, text-embedding.sentence-transformers"

    def batch(self, texts: Sequence[str]) -> list[SparseVector]:
        checked = checked_texts(texts, self.name)
        if not checked:
            return []
        self.note_texts(checked, range(len(checked)))
        found: list[SparseVector] = self.loaded().encode(checked, self.role, self.prompt, self.max_active_dims)
        return found


def _sparse(row: Any) -> SparseVector:
    """Of a sparse tensor (vocabulary,)."""
    row = row.coalesce()
    indices, values = row.indices()[0].numpy().astype(np.int32), row.values().float().numpy()
    is_kept = values != 0
    return SparseVector(indices[is_kept], values[is_kept])
