"""What shows a phrase in a video? Objects of a street found by words, English or Chinese.

    python examples/objects_by_phrase.py "a bicycle" "公共汽车"
    python examples/objects_by_phrase.py --video holiday.mp4 --to found "a dog"

Each object in the video's key frames becomes a vector in a space that words have too; the nearest to a phrase are
printed with their times, and with ``--to`` kept as pictures. Without ``--video`` it is a street with bicycles and cars.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import media
from junco import ops, pipeline

PHRASES = ("a bicycle", "a car", "公共汽车")


def main() -> None:
    """Look for the phrases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("phrases", nargs="*", default=PHRASES, help="what to look for")
    parser.add_argument("--video", type=Path, help="where; without it, a street")
    parser.add_argument("--count", type=int, default=3, help="objects for each phrase")
    parser.add_argument("--to", type=Path, help="a folder for pictures of what was found")
    options = parser.parse_args()
    embed_words = ops.image_text_embedding.conse(modality="text")
    embed_objects = ops.image_text_embedding.conse()
    # a lower threshold than usual: the words choose among what was found
    objects = pipeline("video-object-embedding", threshold=0.3).replace("embed", embed_objects)
    found = objects(options.video or media.wheel_file("bikes.mp4"))
    if not found:
        raise SystemExit("the detector finds no object in that video")
    vectors = unit(np.stack([row.vector for row in found]))
    for phrase in options.phrases:
        scores = vectors @ unit(embed_words(phrase))
        best = np.argsort(-scores)[: options.count]
        show(phrase, [(found[row], float(scores[row])) for row in best], options.to)


def show(phrase: str, best: Sequence[tuple[Any, float]], folder: Path | None) -> None:
    """Print what was found, and keep its pictures."""
    print(phrase)
    for rank, (row, score) in enumerate(best, 1):
        box = row.box
        edges = tuple(round(edge) for edge in (box.x0, box.y0, box.x1, box.y1))
        print(f"  {score:5.2f}  {row.frame.time_s:6.2f} s  {edges}  (the detector says: {box.label})")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(row.frame.image).crop(edges).save(folder / f"{phrase}-{rank}.png")


def unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of length 1, so that products are cosines."""
    scaled: npt.NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


if __name__ == "__main__":
    main()
