"""``multi-vector.sentence-transformers``: late interaction, ColBERT and its like, by name or folder.

Method: Khattab and Zaharia, "ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over
BERT" (2020): a vector for each token; a query's score is the sum over its vectors of the best match in the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.builtin.sentence_transformers.by_library import ByLibrary
from junco.builtin.sentence_transformers.library import Library
from junco.errors import InputError
from junco.neural.pixels import checked_pixels
from junco.neural.texts import checked_texts
from junco.operator.extras import check_packages
from junco.types import Vectors
from junco.wording import picture


class MultiVectorLibrary(Library):
    """A model of late interaction as sentence-transformers runs it."""

    kind = "MultiVectorEncoder"

    @property
    def takes_pictures(self) -> bool:
        """Whether the model reads them, as ColPali and its like do."""
        return bool(self._model.supports("image"))

    def encode(  # type: ignore[override]
        self, texts: Sequence[Any], role: str | None, prompt: str | None
    ) -> list[Vectors]:
        """What the library's ``encode``, ``encode_query`` or ``encode_document`` gives: float32 (tokens, dim) each."""
        rows = self.encoded(texts, role, prompt, convert_to_numpy=True)
        return [np.array(row, np.float32, order="C") for row in rows]


class MultiVectorEmbedding(ByLibrary, family="multi-vector", name="sentence-transformers"):
    """Embeds texts, or pictures where the model takes them, with a vector for each token: float32 (tokens, dim).

    Queries and documents need their ``role``: such models fill queries up with mask tokens, and leave out a document's
    punctuation. Code from model repositories never runs.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
    """

    library = MultiVectorLibrary
    not_tuned = "it gives many vectors of a text, and one of each item is trained"
    tuned_instead = "text-embedding.minilm, text-embedding.sentence-transformers"

    def batch(self, items: Sequence[Any]) -> list[Vectors]:
        texts = [row for row, item in enumerate(items) if isinstance(item, str)]
        pictures = [row for row, item in enumerate(items) if not isinstance(item, str)]
        found: dict[int, Vectors] = {}
        if texts:
            checked = checked_texts([items[row] for row in texts], self.name)
            self.note_texts(checked, texts)
            found |= zip(texts, self.loaded().encode(checked, self.role, self.prompt), strict=True)
        if pictures:
            found |= zip(pictures, self._of_pictures([items[row] for row in pictures]), strict=True)
        return [found[row] for row in range(len(items))]

    def _of_pictures(self, pictures: Sequence[Any]) -> list[Vectors]:
        if not self.loaded().takes_pictures:
            raise InputError(f"{self.name!r}: {self.model!r} takes texts alone, not {picture(pictures[0])}")
        check_packages({"PIL": "vision"}, self.name)  # few models take pictures, so that it is asked for here
        from PIL import Image

        given = [Image.fromarray(checked_pixels(picture, self.name)) for picture in pictures]
        found: list[Vectors] = self.loaded().encode(given, self.role, self.prompt)
        return found
