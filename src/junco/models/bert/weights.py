"""What transformers calls the weights of BERT, and how a file of them is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from junco.models.renames import Renames, load

if TYPE_CHECKING:
    from junco.models.bert.config import BertConfig
    from junco.models.bert.model import Bert

_BLOCK = (
    ("residual.attention_norm", "attention.output.LayerNorm"),
    ("residual.mlp_norm", "output.LayerNorm"),
    ("attention.out", "attention.output.dense"),
    ("mlp.hidden", "intermediate.dense"),
    ("mlp.out", "output.dense"),
)
_PIECES = ("query", "key", "value")
_RENAMES = Renames(
    ("embedding.tokens", "embeddings.word_embeddings"),
    ("embedding.positions", "embeddings.position_embeddings.weight"),
    ("embedding.segments", "embeddings.token_type_embeddings.weight"),
    ("embedding.norm", "embeddings.LayerNorm"),
    *((f"blocks.{{}}.{ours}", f"encoder.layer.{{}}.{theirs}") for ours, theirs in _BLOCK),
    joined={"blocks.{}.attention.qkv": tuple(f"encoder.layer.{{}}.attention.self.{piece}" for piece in _PIECES)},
    unused=("embeddings.position_ids", "embeddings.token_type_ids", "pooler"),
)


def renames(config: BertConfig) -> Renames:
    """The names of one size: all have the same."""
    del config
    return _RENAMES


def read(config: BertConfig, file: Path, owner: str) -> Bert:
    """A size with the weights of a safetensors file, in eval mode; nothing is drawn only to be overwritten.

    Args:
        config: its size.
        file: as transformers writes it.
        owner: whose weights they are, for errors.
    """
    import torch
    from safetensors.torch import load_file

    from junco.models.bert.model import Bert

    with torch.device("meta"):
        network = Bert(config)
    network.to_empty(device="cpu")
    load(network, renames(config).here(load_file(file)), owner)
    return network.eval()
