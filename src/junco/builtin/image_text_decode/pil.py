"""``image-text-decode.pil``: what is given to a model of pictures and texts: a picture's pixels, or the text itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from junco.builtin.image_decode.pil import PilDecode
from junco.neural.texts import checked_texts


class ImageTextDecode(PilDecode, family="image-text-decode", name="pil"):
    """Decodes a picture as `image-decode.pil` does, or passes a text on: what it is given is told by `modality`.

    Args:
        modality: ``image`` (a path, bytes, … as `image-decode.pil` takes them) or ``text``, where a ``str`` is never
            taken for a path.
    """

    modality: Literal["image", "text"] = "image"

    def batch(self, sources: Sequence[Any]) -> Sequence[Any]:
        return checked_texts(sources, self.name) if self.modality == "text" else super().batch(sources)
