"""`TextEncoder`: texts → vectors: tokenised in batches, sorted by length, in passes of a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise, takewhile
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.cores import num_free
from junco.memory import is_out_of_memory
from junco.neural.golden import GOLDEN_TEXTS
from junco.neural.tokens import Ids, Tokens, max_tokens, token_ids, tokens_of
from junco.runtime.source import Arrays, Compiled
from junco.types import Vector, Vectors
from junco.types.unit import unit_rows

if TYPE_CHECKING:
    import torch

_CPU_PASS_TOKENS, _GPU_PASS_TOKENS = 1024, 32768
"""Padded tokens in one pass: on a CPU few enough for the caches of a core, on a GPU enough to fill it."""
_PASSES_A_CORE, _LEAST_PASS_TOKENS = 4, 192
"""Of a few texts, too, there are so many passes that all free cores are busy to the end; none is smaller than this."""
_CPU_PASS_COST, _GPU_PASS_COST = 64, 1024
"""What a pass costs besides its tokens, in tokens: so much padding is cheaper than another pass."""
_STEP_TOKENS, _LENGTHS_AN_OCTAVE = 4, 8
"""Lengths are padded to a multiple, the longer ones to so many that lie between a power of two and the next."""
_ROWS_AN_OCTAVE = 4
"""Passes have certain numbers of rows, too: a runtime that prepares itself for each shape meets some hundreds of them,
whatever the texts (OpenVINO takes 5 ms and 1.5 MB for one)."""
_LEAST_BUCKET = 8
"""The shortest of the powers of two to which texts are padded for fixed shapes."""


@dataclass(slots=True, eq=False)
class TextEncoder:
    """A loaded text model.

    Attributes:
        compiled: token ids and mask (n, length) → (n, dim).
        tokenizer: of the package tokenizers; it truncates and does not pad.
        prompt: put before each text.
        pad_id: the token that fills up shorter texts; the mask says which these are.
        is_scaled: vectors have length 1.
        deterministic: each length has passes of one shape, whatever is beside a text.
        pass_tokens: padded tokens that a pass has at most, unless one text alone has more; halved when memory runs out.
    """

    compiled: Compiled
    tokenizer: Any
    prompt: str = ""
    deterministic: bool = False
    pass_tokens: int = 0
    pad_id: int = 0
    is_scaled: bool = False

    def __post_init__(self) -> None:
        self.pass_tokens = self.pass_tokens or (_CPU_PASS_TOKENS if self.compiled.device == "cpu" else _GPU_PASS_TOKENS)

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """What goes into the model, and what of the texts does not."""
        return tokens_of(self.tokenizer, texts, self.prompt)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order: float32 (n, dim), n > 0."""
        return self.embed_tokens(self.tokens(texts))

    def embed_tokens(self, tokens: Tokens) -> Vectors:
        """The same of texts that have been made tokens; each has at least one."""
        ids = [np.asarray(row) for row in tokens.ids]
        longest = self._padded_length(max(map(len, ids)))
        while True:
            limit = self.pass_tokens
            try:
                rows = self._embedded(ids, limit)
                return unit_rows(rows) if self.is_scaled else rows
            except Exception as error:
                if not is_out_of_memory(error) or limit <= longest:
                    raise
                self.pass_tokens = min(self.pass_tokens, max(longest, limit // 2))

    def padded_rows(self, tokens: Tokens) -> list[Vector]:
        """What a model gives whose rows are as long as those of their pass, for texts that have been made tokens."""
        ids = [np.asarray(row) for row in tokens.ids]
        passes = self._passes(ids, self.pass_tokens)
        blocks = self._blocks([[ids[row] for row in rows] for rows in passes], self.pass_tokens)
        found: dict[int, Vector] = {}
        for rows, block in zip(passes, blocks, strict=True):
            found |= dict(zip(rows, block, strict=False))  # a deterministic pass may have more
        return [found[row] for row in range(len(ids))]

    def _passes(self, ids: Sequence[Ids], limit: int) -> list[list[int]]:
        """The rows of each pass."""
        lengths = [len(row) for row in ids]
        if self.deterministic:
            return list(passes_in_buckets(lengths, limit, self._bucket))
        return passes_by_length(lengths, self._shared(lengths, limit), self._pass_cost)

    def _embedded(self, ids: Sequence[Ids], limit: int) -> Vectors:
        passes = self._passes(ids, limit)
        blocks = self._blocks([[ids[row] for row in rows] for rows in passes], limit)
        sorted_rows = np.concatenate([block[: len(rows)] for block, rows in zip(blocks, passes, strict=True)])
        vectors = np.empty_like(sorted_rows)
        vectors[[row for rows in passes for row in rows]] = sorted_rows
        return vectors

    @property
    def _pass_cost(self) -> int:
        return _CPU_PASS_COST if self.compiled.device == "cpu" else _GPU_PASS_COST

    def _shared(self, lengths: Sequence[int], limit: int) -> int:
        """Tokens that a pass has at most where several cores are free and all texts together are few."""
        if self.compiled.device != "cpu" or num_free() == 1:
            return limit
        share = sum(map(self._padded_length, lengths)) // (_PASSES_A_CORE * num_free())
        return min(limit, max(_LEAST_PASS_TOKENS, share))

    def _blocks(self, passes: Sequence[list[Ids]], limit: int) -> Iterable[Vectors]:
        if self.deterministic:  # always as one of a stream: a pass on all cores may add up in another order
            return self.compiled.stream(self._in_bucket(rows, limit) for rows in passes)
        if len(passes) == 1:
            return [self.compiled(*self._padded(passes[0]))]
        return self.compiled.stream(map(self._padded, passes))

    def _padded(self, ids: Sequence[Ids]) -> Arrays:
        return padded(ids, self.pad_id, self._padded_length(max(map(len, ids))))

    def _in_bucket(self, ids: list[Ids], most_tokens: int) -> Arrays:
        """A pass of its bucket's one shape: padded to its length, the first text again in rows that are left."""
        length = self._bucket(max(map(len, ids)))
        return padded(ids + ids[:1] * (max(1, most_tokens // length) - len(ids)), self.pad_id, length)

    def _padded_length(self, num_tokens: int) -> int:
        return self._within(_padded_length(num_tokens))

    def _bucket(self, num_tokens: int) -> int:
        return self._within(max(_LEAST_BUCKET, 1 << (num_tokens - 1).bit_length()))

    def _within(self, length: int) -> int:
        """No more than the model reads, which may have no position for padding beyond."""
        most = max_tokens(self.tokenizer)
        return length if most is None else min(length, most)


def passes_by_length(lengths: Sequence[int], most_tokens: int, pass_cost: int) -> list[list[int]]:
    """Rows for each pass through the model: of like length, the longest first, so that all cost as little as can be.

    Args:
        lengths: tokens of each row.
        most_tokens: of a pass, its padding included; a row that alone has more is a pass of its own.
        pass_cost: tokens that a pass costs besides its own.
    """
    rows = _by_length(lengths)
    sizes = [_padded_length(lengths[row]) for row in rows]
    least, starts = [0.0] + [inf] * len(rows), [0] * len(rows)
    for start, size in enumerate(sizes):
        full = min(len(rows) - start, max(1, most_tokens // size))
        for count in takewhile(full.__ge__, _row_counts()):
            cost = least[start] + pass_cost + count * size
            if cost < least[start + count]:
                least[start + count], starts[start + count - 1] = cost, start
    ends = [len(rows)]
    while ends[-1]:
        ends.append(starts[ends[-1] - 1])
    return [rows[start:end] for end, start in reversed(list(pairwise(ends)))]


@cache
def _row_counts() -> list[int]:
    """The numbers of rows that a pass may have."""
    counts = [1]
    while (count := _rounded_up(counts[-1] + 1, _ROWS_AN_OCTAVE)) < _GPU_PASS_TOKENS:
        counts.append(count)
    return counts


def passes_in_buckets(lengths: Sequence[int], most_tokens: int, bucket: Callable[[int], int]) -> Iterator[list[int]]:
    """The same with texts apart that are padded to different lengths: ``bucket`` gives each length's."""
    buckets = groupby(_by_length(lengths), lambda row: bucket(lengths[row]))
    for length, rows in buckets:
        together = list(rows)
        count = max(1, most_tokens // length)
        yield from (together[start : start + count] for start in range(0, len(together), count))


def _by_length(lengths: Sequence[int]) -> list[int]:
    return sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)


def padded(ids: Sequence[Ids], pad_id: int = 0, length: int | None = None) -> Arrays:
    """Ids and mask of one pass: two int64 arrays (n, length)."""
    block = np.full((len(ids), length or _padded_length(max(map(len, ids)))), pad_id, np.int64)
    mask = np.zeros_like(block)
    for row, tokens in enumerate(ids):
        block[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
    return block, mask


def _padded_length(num_tokens: int) -> int:
    return _rounded_up(-(-num_tokens // _STEP_TOKENS) * _STEP_TOKENS, _LENGTHS_AN_OCTAVE)


def _rounded_up(number: int, num_an_octave: int) -> int:
    """To the next of so many numbers, evenly apart, between a power of two and the next."""
    step = max(1, (1 << (number - 1).bit_length()) // (2 * num_an_octave))
    return -(-number // step) * step


def golden_pass(tokenizer: Any, pad_id: int = 0) -> Arrays:
    """The golden texts as one pass."""
    ids = token_ids(tokenizer, GOLDEN_TEXTS)
    longest = max(map(len, ids))
    return padded(ids, pad_id, min(_padded_length(longest), max_tokens(tokenizer) or longest))


def pooled(network: Any, pooling: str) -> torch.nn.Module:
    """An encoder of junco's or of transformers with its pooling, in one graph: ids and mask (n, length) → (n, dim).

    ``pooling`` is ``mean`` (over the real tokens of the last layer) or ``cls`` (its first token).
    """
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            found = self.network(ids, mask)
            hidden: torch.Tensor = found if isinstance(found, torch.Tensor) else found[0]
            if pooling == "cls":
                return hidden[:, 0]
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            return (hidden * weight).sum(1) / weight.sum(1)

    return Pooled().eval()
