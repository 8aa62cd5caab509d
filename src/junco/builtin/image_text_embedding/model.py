"""`ImageTextEmbedding`: what the members of image-text-embedding share: pixels or texts, by `modality`, one space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from junco.errors import InputError, ParameterError
from junco.neural.golden import GOLDEN_TEXTS, golden_images
from junco.neural.operator import NeuralOperator
from junco.neural.tokens import Ids, Tokens
from junco.operator.options import option
from junco.runtime.source import Source
from junco.types import Vector
from junco.types.array_type import IMAGE
from junco.wording import picture

if TYPE_CHECKING:
    from junco.train.task import TrainTask

Modality = Literal["image", "text"]


class ImageTextEmbedding(NeuralOperator):
    """A `NeuralOperator` with a network for pictures and one for texts, whose vectors live in one space.

    `source` gives the network of the modality, and nothing of the other is run; `tokens` makes tokens of texts; and
    `prepare` takes pixels, or a text's ids.

    Args:
        modality: what items are: ``image`` (pixels, a video frame) or ``text``.
    """

    modality: Modality = option("image", in_space=False)

    tuned_parts = ("image.", "text.")

    @property
    def tuned_part(self) -> str:
        return f"{self.modality}."

    def train_task(self) -> TrainTask:
        """Of both networks: which one an item goes into, its type says; a layer's vectors are of one alone."""
        from junco.neural.tuned_task import task_of_towers

        kinds: tuple[Modality, ...] = (self.modality,) if self.layer is not None else ("image", "text")
        towers: dict[str, Any] = {kind: type(self)(**{**self.spec.params, "modality": kind}) for kind in kinds}
        return task_of_towers(towers, self.modality)

    def rows_of(self, items: Sequence[Any]) -> Sequence[Any]:
        """What `prepare` takes of n > 0 items."""
        (checked,) = self._checked([items])
        return checked if self.modality == "image" else self._with_tokens(checked, self.tokens(checked)).ids

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """What goes into the model of texts, and what of them does not."""
        raise NotImplementedError

    def batch(self, *columns: Any, **_: Any) -> Sequence[Vector]:
        (items,) = columns
        if not len(items):
            return []
        (checked,) = self._checked(columns)
        rows = checked if self.modality == "image" else self._noted_tokens(checked)
        return self.results([rows])

    def golden(self) -> Sequence[Any]:
        return golden_images() if self.modality == "image" else self.tokens(GOLDEN_TEXTS).ids

    def check_pool(self) -> None:
        """Also refuse ``cls`` for texts: they begin with a token that stands for nothing."""
        super().check_pool()
        if self.pool == "cls" and self.modality == "text":
            raise ParameterError(
                f"{self.name!r}: pool='cls' does not fit modality='text': the first token of its texts stands for "
                "nothing: take 'mean', 'max', 'gem' or 'none'"
            )

    def complete_source(self) -> Source:
        """The two networks are two models of one space, each with a conversion of its own."""
        source = super().complete_source()
        return replace(source, recipe=f"{source.recipe}, {self.modality}")

    def _noted_tokens(self, texts: Sequence[str]) -> Sequence[Sequence[int] | Ids]:
        """A text's ids each, once it was noted which are cut, which empty, and which the model hardly knows."""
        tokens = self._with_tokens(texts, self.tokens(texts))
        self.note("cut", tokens.cut)
        self.note("empty", tokens.empty)
        self.note("unknown", tokens.unknown)
        return tokens.ids

    def _with_tokens(self, texts: Sequence[str], tokens: Tokens) -> Tokens:
        if (nothing := tokens.without_any) is not None:
            raise InputError(f"{self.name!r}: the text {picture(texts[nothing])} has no token, nothing to embed")
        return tokens

    def _checked_column(self, column: Sequence[Any], kind: Any) -> Sequence[Any]:
        other = "text" if self.modality == "image" else "image"
        wrong = next((item for item in column if isinstance(item, str) == (self.modality == "image")), None)
        if wrong is not None and (isinstance(wrong, str) or hasattr(wrong, "__array__")):
            raise InputError(
                f"{self.name!r} takes {'pixels' if other == 'text' else 'a text'} with modality={self.modality!r}, not "
                f"{picture(wrong)}: modality={other!r} takes that"
            )
        return super()._checked_column(column, kind)

    @cached_property
    def _kinds(self) -> list[Any]:
        return [IMAGE if self.modality == "image" else str]
