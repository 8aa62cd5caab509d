"""A sound at the rate that is wanted, cut to the time that is wanted, whole or in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from junco.neural.resample import Resampler, Samples

_ROUNDING = 1e-6
"""Of a sample."""

Blocks = Iterator[tuple[float, Samples]]
"""Blocks that follow each other: seconds of the first sample, float32 (channels, n)."""


def at_rate(blocks: Iterable[tuple[float, Samples]], from_hz: int, to_hz: int) -> Blocks:
    """The same sound at another rate, in blocks of about a second."""
    start_s: float | None = None
    given = 0
    resample: Resampler | None = None
    for at_s, samples in _gathered(blocks, from_hz):
        if resample is None:
            start_s, resample = at_s, Resampler(from_hz, to_hz, len(samples))
        assert start_s is not None
        made = resample(samples)
        yield start_s + given / to_hz, made
        given += made.shape[1]
    if resample is not None and start_s is not None:
        yield start_s + given / to_hz, resample.rest()


def _gathered(blocks: Iterable[tuple[float, Samples]], size: int) -> Blocks:
    """Small blocks joined to larger ones, each of which costs a call."""
    waiting: list[Samples] = []
    count, first_s = 0, 0.0
    for at_s, samples in blocks:
        first_s = first_s if waiting else at_s
        waiting.append(samples)
        count += samples.shape[1]
        if count >= size:
            yield first_s, np.concatenate(waiting, axis=1)
            waiting, count = [], 0
    if waiting:
        yield first_s, np.concatenate(waiting, axis=1)


def between(blocks: Blocks, rate_hz: int, start_s: float | None, end_s: float | None) -> Blocks:
    """The samples from ``start_s`` on, or all, and before ``end_s``; what comes later is not decoded."""
    for at_s, samples in blocks:
        first = 0 if start_s is None else max(0, _index(start_s - at_s, rate_hz))
        last = samples.shape[1] if end_s is None else max(0, min(samples.shape[1], _index(end_s - at_s, rate_hz)))
        if first < last:
            yield at_s + first / rate_hz, samples[:, first:last]
        if end_s is not None and at_s >= end_s:
            return


def _index(seconds: float, rate_hz: int) -> int:
    """The first sample at or after a time; a millionth of a sample is rounding."""
    return int(np.ceil(seconds * rate_hz - _ROUNDING))


def on_grid(blocks: Blocks, rate_hz: int, hop: int, since_s: float) -> tuple[int, Blocks]:
    """Blocks as if their sound began a whole number of hops after ``since_s``, and how many samples come before it.

    Those are silence. Times are those of the grid, less than a sample before a sample's own.
    """
    first = next(blocks, None)
    if first is None:
        return 0, blocks
    at_s, samples = first
    place = max(0, int(np.floor((at_s - since_s) * rate_hz + _ROUNDING)))
    missing = place % hop
    begun = since_s + (place - missing) / rate_hz, np.pad(samples, ((0, 0), (missing, 0)))
    return missing, chain((begun,), blocks)


def chunks(blocks: Blocks, rate_hz: int, size: int, hop: int, missing: int = 0) -> Blocks:
    """Chunks of ``size`` samples, each ``hop`` after the one before; the last may be shorter.

    What lies in the chunk before as a whole is no chunk of its own. So many of the first samples are ``missing``, which
    are less than a hop: the first chunk begins after them.
    """
    for at_s, samples in _chunks(blocks, rate_hz, size, hop):
        yield at_s + missing / rate_hz, samples[:, missing:]
        missing = 0


def _chunks(blocks: Blocks, rate_hz: int, size: int, hop: int) -> Blocks:
    waiting, count, done = [], 0, 0
    start_s: float | None = None
    for at_s, samples in blocks:
        start_s = at_s if start_s is None else start_s
        waiting.append(samples)
        count += samples.shape[1]
        if count < size:
            continue
        held = np.concatenate(waiting, axis=1)
        while held.shape[1] >= size:
            yield start_s + done / rate_hz, held[:, :size].copy()
            done, held = done + hop, held[:, hop:]
        waiting, count = [held], held.shape[1]
    if start_s is not None and count > (size - hop if done else 0):
        yield start_s + done / rate_hz, np.concatenate(waiting, axis=1)
