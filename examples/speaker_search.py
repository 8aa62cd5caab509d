"""Whose voice is this? A folder of recordings for each person who is known, and a clip of somebody.

    python examples/speaker_search.py voices/anna voices/ben --query unknown.wav

Without folders the voices are two telephone announcers, one of them in two languages, which are fetched once, and it
asks for clips that are not among theirs. Run again, it embeds new and changed clips only.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import media
from junco import pipeline
from library import SOUNDS, embed_new, files, nearest, one_file

VOICES = {"Allison, English": "en", "Allison, Spanish": "es", "June, French": "fr"}
NUM_CLIPS, NUM_ASKED = 12, 2
BYTES = range(50_000, 100_000)
"""Of announcements of 3 to 6 seconds."""
NEIGHBOURS = 5


class Answer(NamedTuple):
    """Whose voice a clip most likely is, and how near the nearest recordings of each person are: their mean cosine."""

    name: str
    scores: dict[str, float]


def whose(voices: Mapping[str, Sequence[Path]], clips: Sequence[Path], target: Path) -> list[Answer]:
    """Whose voice each clip is, by the recordings of each person that are nearest to it."""
    with pipeline("speaker-embedding") as embed:
        stored = embed_new(embed, [path for paths in voices.values() for path in paths], target)
        names = {str(path): name for name, paths in voices.items() for path in paths}
        answers = []
        for vector in embed.batch(clips):
            found: dict[str, list[float]] = {name: [] for name in voices}
            for like in nearest(stored, vector, embed, len(stored.keys)):
                found[names[str(like.path)]].append(like.score)
            scores = {name: float(np.mean(cosines[:NEIGHBOURS])) for name, cosines in found.items() if cosines}
            answers.append(Answer(max(scores, key=scores.__getitem__), scores))
    return answers


def announcers() -> tuple[dict[str, list[Path]], list[Path]]:
    """Some announcements in each voice, and others to ask for."""
    known: dict[str, list[Path]] = {}
    asked: list[Path] = []
    for name, language in VOICES.items():
        clips = sorted(media.debian(f"asterisk-core-sounds-{language}-wav").glob("*.wav"))
        clips = [clip for clip in clips if clip.stat().st_size in BYTES]
        known[name] = clips[NUM_ASKED : NUM_ASKED + NUM_CLIPS]
        asked += clips[:NUM_ASKED]
    return known, asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed the voices that are known, and tell whose voice each clip is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="recordings of one person each")
    parser.add_argument("--query", type=one_file, action="append", metavar="CLIP", help="a clip of somebody")
    parser.add_argument("--to", type=Path, default=Path("voices.parquet"), help="where the vectors are kept")
    given = parser.parse_args(arguments)

    if given.folders and not given.query:
        parser.error("say --query: a clip of somebody")
    voices, clips = {folder: files([folder], SOUNDS) for folder in given.folders}, given.query
    if not voices:
        voices, asked = announcers()
        clips = clips or asked

    for clip, answer in zip(clips, whose(voices, clips, given.to), strict=True):
        others = ", ".join(f"{name} {score:.2f}" for name, score in answer.scores.items())
        print(f"{clip.name}: {answer.name}  ({others})")


if __name__ == "__main__":
    main()
