"""`TextEncoder`: texts → vectors: tokenised in batches, sorted by length, in passes of a budget of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.runtime.source import Arrays, Compiled
from junco.types import Vectors

if TYPE_CHECKING:
    import torch

Ids = npt.NDArray[np.int64]

_PASS_TOKENS = {"cpu": 512, "gpu": 32768}
"""Padded tokens in one pass: on a CPU few enough for the caches of a core, on a GPU enough to fill it."""
_STEP_TOKENS = 8
"""Lengths are padded to a multiple, so that a runtime that prepares itself for each shape meets few of them."""
GOLDEN_TEXTS = (
    "A photo of a cat.",
    "Two dogs run along the beach while the sun goes down behind the harbour and the last boats come in.",
    "x",
    "今天天气很好,我们去公园散步吧。",
    "def mean(values): return sum(values) / len(values)  # what is the mean of nothing?",
)


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """A loaded text model.

    Attributes:
        compiled: token ids and mask (n, length) → (n, dim).
        tokenizer: of the package tokenizers; it truncates and does not pad.
        prompt: put before each text.
    """

    compiled: Compiled
    tokenizer: Any
    prompt: str = ""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order: float32 (n, dim), n > 0."""
        ids = token_ids(self.tokenizer, [self.prompt + text for text in texts])
        limit = _PASS_TOKENS["cpu" if self.compiled.device == "cpu" else "gpu"]
        passes = list(passes_by_length([len(row) for row in ids], limit))
        if len(passes) == 1:
            blocks: Iterable[Vectors] = [self.compiled(*padded([ids[row] for row in passes[0]]))]
        else:
            blocks = self.compiled.stream(padded([ids[row] for row in rows]) for rows in passes)
        sorted_rows = np.concatenate(list(blocks))
        vectors = np.empty_like(sorted_rows)
        vectors[[row for rows in passes for row in rows]] = sorted_rows
        return vectors


def token_ids(tokenizer: Any, texts: Sequence[str]) -> list[Ids]:
    """The ids of each text's tokens."""
    return [np.asarray(encoding.ids, np.int64) for encoding in tokenizer.encode_batch_fast(list(texts))]


def passes_by_length(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Rows for each pass through the model: of like length, no more than ``most_tokens`` with their padding."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        # Sorted from the longest, so the first row's length is what the whole pass is padded to.
        if rows and (len(rows) + 1) * _padded_length(lengths[rows[0]]) > most_tokens:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def padded(ids: Sequence[Ids]) -> Arrays:
    """Ids and mask of one pass: two int64 arrays (n, length)."""
    block = np.zeros((len(ids), _padded_length(max(map(len, ids)))), np.int64)
    mask = np.zeros_like(block)
    for row, tokens in enumerate(ids):
        block[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
    return block, mask


def _padded_length(num_tokens: int) -> int:
    return -(-num_tokens // _STEP_TOKENS) * _STEP_TOKENS


def golden_pass(tokenizer: Any) -> Arrays:
    """The golden texts as one pass."""
    return padded(token_ids(tokenizer, GOLDEN_TEXTS))


def pooled(network: Any, pooling: str) -> torch.nn.Module:
    """A transformers encoder with its pooling, in one graph: ids and mask (n, length) → (n, dim).

    ``pooling`` is ``mean`` (over the real tokens of the last layer) or ``cls`` (its first token).
    """
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            hidden: torch.Tensor = self.network(input_ids=ids, attention_mask=mask)[0]
            if pooling == "cls":
                return hidden[:, 0]
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            return (hidden * weight).sum(1) / weight.sum(1)

    return Pooled().eval()
