"""Contestants of ``runtimes.py``: the default operators on so many cores, over batch and length."""

from __future__ import annotations

import os
import sys
from typing import Any

if hasattr(os, "sched_setaffinity"):  # before any library looks how many cores there are
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1].split()[0])])

from serving import Work, median_of, serve

WORDS = ("the", "junco", "is", "a", "small", "grey", "bird", "of", "forests", "and", "winter", "gardens")
LENGTHS = (4, 8, 16, 32, 64, 128, 240)


def curves() -> Work:
    """Items a second for each size of a call."""
    from junco import ops

    images, texts = ops.image_embedding().create(), ops.text_embedding().create()
    images.ensure_open()
    texts.ensure_open()

    def work(photo: str, most: int) -> dict[str, Any]:
        picture = ops.image_decode()(photo)
        sizes = [size for size in (1, 4, 16, 64, 256) if size <= most]
        lengths = LENGTHS[: len(sizes) + 2]
        return {
            "batch": {size: size / _seconds(images, [picture] * size) for size in sizes},
            "texts": {size: size / _seconds(texts, [_text(30, i) for i in range(size)]) for size in sizes},
            "length": {n: 64 * n / _seconds(texts, [_text(n, i) for i in range(64)]) for n in lengths},
        }

    return work


def _seconds(operator: Any, items: list[Any]) -> float:
    operator.batch(items)
    return median_of(lambda: operator.batch(items), 0.4)[0]


def _text(num_words: int, start: int) -> str:
    return " ".join(WORDS[(start + i) % len(WORDS)] for i in range(num_words))


if __name__ == "__main__":
    serve({"1 core": curves, "2 cores": curves}, {})
