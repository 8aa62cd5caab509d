"""The sizes of BERT."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BertConfig:
    """One size.

    Attributes:
        width: of the tokens.
        depth: how many blocks there are.
        num_heads: of each attention.
        hidden: numbers within an MLP.
        num_tokens: how many the vocabulary has.
        num_positions: tokens that a text may have.
        num_segments: kinds of pieces that it was trained to tell apart, as question and answer.
        eps: of the norms.
    """

    width: int
    depth: int
    num_heads: int
    hidden: int
    num_tokens: int = 30_522
    num_positions: int = 512
    num_segments: int = 2
    eps: float = 1e-12


VARIANTS = {
    "all-MiniLM-L6-v2": BertConfig(384, 6, 12, 1536),
    "all-MiniLM-L12-v2": BertConfig(384, 12, 12, 1536),
    "bert-base-uncased": BertConfig(768, 12, 12, 3072),
    "bert-large-uncased": BertConfig(1024, 24, 16, 4096),
}
"""By the names of their weights."""
