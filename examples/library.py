"""What the examples share: the files of a folder, a Parquet file of their vectors, and its nearest rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from junco import Pipeline, VectorSet, open_set
from junco.types import Vector

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
SOUNDS = {".wav", ".flac", ".oga", ".ogg", ".opus", ".mp3", ".m4a", ".aac"}
DOCUMENTS = {".txt", ".md", ".html", ".htm", ".pdf", ".docx"}


class Like(NamedTuple):
    """A row of the vectors, its file, and its cosine with what was looked for, from -1 to 1."""

    row: int
    path: Path
    score: float


def one_file(text: str) -> Path:
    """A file that an argument of a script names."""
    if not (path := Path(text).expanduser()).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def files(folders: Iterable[str | Path], endings: set[str]) -> list[Path]:
    """All files with these endings in and beneath some folders, by name; without any the program ends."""
    found: list[Path] = []
    for folder in folders:
        if not (root := Path(folder).expanduser()).is_dir():
            sys.exit(f"{folder} is not a folder")
        found += sorted(path for path in root.rglob("*") if path.suffix.lower() in endings)
    return found or sys.exit(f"there are no files that end in {', '.join(sorted(endings))}")


def embed_new(embed: Pipeline, paths: Sequence[Path], target: Path) -> VectorSet:
    """Embed what is new or changed since the last time, say what was left out, and read the vectors of all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    report = embed.run(paths, target)
    print(f"{report.num_new} of {report.num_inputs} files are new; {target} has {report.num_rows:,} rows")
    if report.num_deleted:
        print(f"{report.num_deleted} files that it had are not among these: their rows are gone")
    if report.rejects is not None:
        for reject in pq.read_table(report.rejects).to_pylist():
            print(f"left out: {reject['reason']}")
    return open_set(target)


def nearest(stored: VectorSet, vector: Vector, embed: Pipeline, count: int) -> list[Like]:
    """The rows whose vectors point most nearly where that one of the pipeline's does, best first."""
    rows, scores = stored.nearest(vector, embed.plan.space, count)
    return [
        Like(row, Path(stored.keys[row]), score)
        for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True)
    ]
