"""The three files of a static model of model2vec, by its name on the hub or its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from junco.builtin.hub_model.files import count_of, damaged, read_json, value_of
from junco.builtin.hub_model.model import CONFIG, HubModel
from junco.builtin.hub_model.tokenizer import TOKENIZER
from junco.builtin.hub_model.weights import WEIGHTS

_USUAL_TOKENS = 512
"""After so many the library cuts a text where the configuration does not say it."""


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Where they are."""

    weights: Path
    tokenizer: Path
    config: Path

    @classmethod
    def of(cls, model: str, owner: str) -> Self:
        """In a folder, or in the cache of the Hugging Face Hub, brought there if need be.

        Raises:
            ParameterError: a file is missing.
            UnavailableError: the model cannot be fetched.
        """
        found = HubModel.of(model, owner)
        return cls(*(found.needed(name, "static model of model2vec") for name in (WEIGHTS, TOKENIZER, CONFIG)))

    def load(self) -> Any:
        """The model, as model2vec holds it.

        Raises:
            ParameterError: a file is damaged, or they do not fit each other.
        """
        from model2vec import StaticModel
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        config = read_json(self.config)
        most = count_of(config, "max_length", self.config) if "max_length" in config else _USUAL_TOKENS
        is_scaled = value_of(config, "normalize", bool, self.config) or False
        try:
            held = load_file(self.weights)
            table = held["embeddings"] if "embeddings" in held else held["embedding.weight"]
            tokenizer = Tokenizer.from_file(str(self.tokenizer))
            _check(table, held.get("weights"), held.get("mapping"), max(tokenizer.get_vocab().values(), default=0))
            return StaticModel(
                table,
                tokenizer,
                normalize=is_scaled,
                weights=held.get("weights"),
                token_mapping=held.get("mapping"),
                max_length=most,
            )
        except Exception as error:  # each library raises its own
            raise damaged(self.weights.parent, f"it holds no static model: {error!r}") from error


def _check(table: Any, weights: Any, mapping: Any, last_token: int) -> None:
    """That each token of the tokenizer leads to a row of the table.

    Raises:
        ValueError: one does not, or something is of another form.
    """
    import numpy as np

    if table.ndim != 2 or not table.size or not np.issubdtype(table.dtype, np.number):
        raise ValueError(f"its embeddings are {table.dtype} {table.shape}, no table of numbers")
    if mapping is not None:
        if mapping.ndim != 1 or not np.issubdtype(mapping.dtype, np.integer):
            raise ValueError(f"its mapping is {mapping.dtype} {mapping.shape}, no list of rows")
        if mapping.size and not 0 <= mapping.min() <= mapping.max() < len(table):
            raise ValueError(f"its mapping leads to the rows {mapping.min()} to {mapping.max()} of {len(table)}")
    if weights is not None and (weights.ndim != 1 or not np.all(np.isfinite(weights))):
        raise ValueError(f"its weights are {weights.dtype} {weights.shape}, no list of finite numbers")
    for what, held in (("rows", table if mapping is None else mapping), ("weights", weights)):
        if held is not None and last_token >= len(held):
            raise ValueError(f"the tokenizer has the token {last_token:,}, and there are {len(held):,} {what}")
