"""Models of transformers with a network for pictures and one for texts: each by itself, and how texts are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from junco.builtin.hub_model.files import damaged, read_json
from junco.builtin.hub_model.loading import loaded, loaded_network
from junco.builtin.hub_model.model import CONFIG
from junco.errors import ParameterError
from junco.neural.tokens import Ids, Tokens, strange
from junco.runtime.source import Arrays

if TYPE_CHECKING:
    import torch

_MOST_PADDED = 128
"""Models that read no more tokens get all texts filled up to their length, as they were trained; of those that read
more, a pass is as long as its longest text."""
_PARTS = {"image": ("text_model", "text_projection"), "text": ("vision_model", "visual_projection")}
"""By what is embedded, the parts that the other is embedded with, as the library calls them."""


def features_of(
    folder: Path, modality: str, names: Sequence[str], owner: str, made: Callable[[Path, Any], Any] = loaded_network
) -> torch.nn.Module:
    """A module: what a model takes of items, in the order of ``names`` → their vectors (n, dim).

    Args:
        folder: of the model.
        modality: of the items.
        names: of what it takes.
        owner: the operator's name, for messages.
        made: the model by its folder: with its weights, or without them.

    Raises:
        ParameterError: the model has no such features, or cannot be read.
    """
    import torch
    from transformers import AutoModel

    model = made(folder, AutoModel)
    features: Any = getattr(model, f"get_{modality}_features", None)
    if features is None:
        raise ParameterError(
            f"{owner!r}: a {type(model).__name__} has no {modality} features: a model of pictures and texts is needed"
        )
    for part in _PARTS[modality]:
        if hasattr(model, part):
            setattr(model, part, None)

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            found = features(**dict(zip(names, arrays, strict=True)))
            vectors: torch.Tensor = found if isinstance(found, torch.Tensor) else found.pooler_output
            return vectors

    return Features().eval()


@dataclass(frozen=True, slots=True)
class TextTokens:
    """How a model's texts are read.

    Attributes:
        tokenizer: the model's own.
        length: tokens that it reads at most.
        inputs: the names of what it takes.
    """

    tokenizer: Any
    length: int
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """By a folder's files.

        Raises:
            ParameterError: they do not say how many tokens it reads.
        """
        from transformers import AutoTokenizer

        tokenizer = loaded(folder, AutoTokenizer)
        positions = (read_json(folder / CONFIG).get("text_config") or {}).get("max_position_embeddings")
        if positions is None:
            positions = _usual_positions(folder)
        names = tuple(name for name in ("input_ids", "attention_mask") if name in tokenizer.model_input_names)
        return cls(tokenizer, min(positions, tokenizer.model_max_length), names)

    @property
    def is_padded(self) -> bool:
        """Whether all texts are filled up to one length."""
        return self.length <= _MOST_PADDED

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """What of texts goes into the model, and what does not."""
        ids = self._ids(list(texts), truncation=False)
        cut = [row for row, each in enumerate(ids) if len(each) > self.length]
        for row, short in zip(cut, self._ids([texts[row] for row in cut], truncation=True), strict=True):
            ids[row] = short
        (alone,) = self._ids([""], truncation=False)
        empty = [row for row, each in enumerate(ids) if np.array_equal(each, alone)]
        unknown = self.tokenizer.unk_token_id
        return Tokens(ids, cut, empty, strange(ids, None if unknown in alone else unknown, len(alone)))

    def arrays(self, ids: Sequence[Sequence[int] | Ids]) -> Arrays:
        """One pass of texts that are tokens."""
        given = {"input_ids": [list(map(int, row)) for row in ids]}
        how = {"padding": "max_length", "max_length": self.length} if self.is_padded else {"padding": "longest"}
        made = self.tokenizer.pad(given, return_tensors="np", verbose=False, **how)
        return tuple(np.asarray(made[name], np.int64) for name in self.inputs)

    def _ids(self, texts: list[str], *, truncation: bool) -> list[Ids]:
        if not texts:
            return []
        how = {"truncation": True, "max_length": self.length} if truncation else {"truncation": False}
        return [np.asarray(row, np.int64) for row in self.tokenizer(texts, verbose=False, **how)["input_ids"]]


def _usual_positions(folder: Path) -> int:
    """Where a config leaves out what is usual for its kind of model, what the library takes."""
    from transformers import AutoConfig

    config = loaded(folder, AutoConfig)
    positions = getattr(getattr(config, "text_config", None), "max_position_embeddings", None)
    if positions is None:
        raise damaged(folder / CONFIG, "it does not say how many tokens its model of texts reads")
    return int(positions)
