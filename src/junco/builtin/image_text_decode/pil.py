"""``image-text-decode.pil``: what is given to a model of pictures and texts: a picture's pixels, or the text itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from junco.builtin.pil.decoder import PictureDecoder
from junco.errors import InputError
from junco.neural.texts import checked_texts


class ImageTextDecode(PictureDecoder, family="image-text-decode", name="pil"):
    """Decodes a picture as `image-decode.pil` does, or passes a text on: what it is given is told by `modality`.

    Args:
        modality: ``image`` (a path, bytes, … as `image-decode.pil` takes them) or ``text``, where a ``str`` is never
            taken for a path.
    """

    modality: Literal["image", "text"] = "image"

    def batch(self, sources: Sequence[Any]) -> Sequence[Any]:
        if self.modality == "text":
            return checked_texts(sources, self.name)
        try:
            return super().batch(sources)
        except InputError as error:
            if not any(isinstance(source, str) and not Path(source).is_file() for source in sources):
                raise  # a broken photo is not meant as a text
            raise InputError(f"{error}; what is meant as a text needs modality='text'") from error
