"""``image-text-embedding.open-clip``: models of open_clip, by name and tag, from the hub, a folder or a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.hub_model.model import check_model
from junco.builtin.image_text_embedding.model import ImageTextEmbedding
from junco.builtin.image_text_embedding.open_clip_files import OpenClipFiles
from junco.neural.tokens import Ids, Tokens
from junco.operator.extras import check_packages
from junco.operator.options import option
from junco.runtime.source import Source


class OpenClip(ImageTextEmbedding, family="image-text-embedding", name="open-clip"):
    """Embeds pictures and texts with a CLIP model of open_clip: LAION's, DataComp's, OpenAI's, MetaCLIP, SigLIP …

    Vectors are what the model's ``encode_image`` and ``encode_text`` give, of pictures prepared by its own transform
    and texts read by its own tokenizer. Compare them by their cosine. Weights are read as safetensors.

    Args:
        model: what open_clip calls it (``ViT-B-32``), a repository on the Hugging Face Hub (``owner/name``, or
            ``owner/name@revision``) or a folder, both with an ``open_clip_config.json``.
        pretrained: for a model by open_clip's name: the tag of its weights there, or a file of your own.
        sha256: of a file in another form than safetensors (``.pt``, ``.bin``), which is read only if it is that one.
        modality: what items are: ``image`` (pixels, a video frame) or ``text``.
    """

    model: str | Path = option("ViT-B-32", check=check_model)
    pretrained: str | Path = "laion2b_s34b_b79k"
    sha256: str = ""

    packages = dict.fromkeys(("PIL", "open_clip", "torch"), "image-text")

    def fetch(self) -> None:
        super().fetch()
        self._found  # noqa: B018  # finds and checks the files

    def close(self) -> None:
        super().close()
        for name in ("_transform", "_tokenizer"):
            self.__dict__.pop(name, None)

    def files(self) -> Iterable[Path]:
        return self._found.files

    def model_options(self) -> dict[str, Any]:
        """None: the files, and what open_clip says of a name, tell models apart."""
        return {}

    def source(self) -> Source:
        """By the files, unread."""
        found = self._found
        return Source(
            build=lambda: _features(found.network(), self.modality),
            weights=found.weights,
            recipe=f"open_clip, sha256 {found.sha256()}",
            packages=("open-clip-torch",),
            network="model",
        )

    def prepare(self, items: Sequence[Any]) -> npt.NDArray[Any]:
        if self.modality == "text":
            return np.stack(items)
        from PIL import Image

        return np.stack([self._transform(Image.fromarray(image)).numpy() for image in items])

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """Of a text that is cut, one more token would have changed what goes in."""
        ids = self._ids(texts)
        longer = self._ids(texts, 1)
        (alone,) = self._ids([""])
        cut = [row for row, each in enumerate(ids) if not np.array_equal(longer[row][: len(each)], each)]
        return Tokens(ids, cut, [row for row, each in enumerate(ids) if np.array_equal(each, alone)])

    def _ids(self, texts: Sequence[str], num_more: int = 0) -> list[Ids]:
        """Of the model's length, or some more."""
        tokenizer = self._tokenizer
        made = tokenizer(list(texts), context_length=tokenizer.context_length + num_more)
        return [row.numpy() for row in made]

    @cached_property
    def _found(self) -> OpenClipFiles:
        check_packages(self.packages, self.name)
        return OpenClipFiles.of(self.model, self.pretrained, self.sha256, self.name)

    @cached_property
    def _transform(self) -> Any:
        return self._found.transform()

    @cached_property
    def _tokenizer(self) -> Any:
        return self._found.tokenizer()


def _features(model: Any, modality: str) -> Any:
    """A module: pixels (n, 3, side, side) or ids (n, length) → vectors (n, dim), without the other's network."""
    import torch

    unused = ("visual",) if modality == "text" else ("text", "transformer", "token_embedding", "text_decoder")
    for part in unused:
        if isinstance(getattr(model, part, None), torch.nn.Module):
            setattr(model, part, None)
    encode = model.encode_image if modality == "image" else model.encode_text

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, items: torch.Tensor) -> torch.Tensor:
            vectors: torch.Tensor = encode(items, normalize=False)
            return vectors

    return Features().eval()
