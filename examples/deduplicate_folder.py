"""Which pictures of a folder are there twice: scaled, saved again, without their edges? Nothing is deleted.

    python examples/deduplicate_folder.py ~/Pictures --above 0.8

The picture with most pixels is to be kept. Its copies are those whose vectors have at least that cosine with it,
and those a little farther away that have the same hash. Without a folder, it makes copies of photos that came with
Python packages. Run again, it embeds new and changed pictures only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from demo import shipped_photos
from junco import VectorSet, ops, pipe, pipeline
from junco.answers.groups import Group, Groups
from junco.answers.hits import Hit, Hits
from junco.answers.page import write_groups
from library import PICTURES, Like, embed_new, files

MOST_COPIES = 50
FARTHEST = 0.6
"""The least cosine at which hashes are compared: they alone would take a white page for another."""


class Copy(NamedTuple):
    """A picture like one that is to be kept, and whether it shows all of that."""

    like: Like
    is_whole: bool


def groups(folders: Sequence[str | Path], target: Path, above: float) -> dict[Path, list[Copy]]:
    """The pictures in some folders that are to be kept, largest first, and the copies of each, the nearest first."""
    with pipeline("image-embedding") as embed:
        pairs = _near(embed_new(embed, files(folders, PICTURES), target))
    found: dict[Path, list[Copy]] = {}
    gone: set[Path] = set()
    for (keep, like), is_whole in zip(pairs, _show_all(pairs), strict=True):
        if (like.score >= above or is_whole) and not gone & {keep, like.path}:
            found.setdefault(keep, []).append(Copy(like, is_whole))
            gone.add(like.path)
    return found


def _near(stored: VectorSet) -> list[tuple[Path, Like]]:
    """Pairs of pictures that may be copies, the larger one first; in order of that one, then the nearest first."""
    found, paths = stored.nearest(stored.vectors, stored.space, MOST_COPIES + 1), [Path(key) for key in stored.keys]
    order = sorted(range(len(paths)), key=lambda row: _size(paths[row]), reverse=True)
    place = {row: number for number, row in enumerate(order)}
    return [
        (paths[keep], Like(row, paths[row], score))
        for keep in order
        for row, score in zip(found.rows[keep].tolist(), found.scores[keep].tolist(), strict=True)
        if place[row] > place[keep] and score >= FARTHEST
    ]


def _size(path: Path) -> tuple[int, int]:
    """Pixels and bytes."""
    with Image.open(path) as image:
        return image.width * image.height, path.stat().st_size


def _show_all(pairs: Sequence[tuple[Path, Like]]) -> list[bool]:
    """Whether the second of two pictures shows all that the first does, by a hash of what is bright where."""
    differ = (
        pipe.input("first", "second")
        .flat_map(("first", "second"), "path", lambda *pair: pair)
        .map("path", "image", ops.image_decode.pil(), name="decode")
        .filter("image", "path", "image", ops.frame_dedup.dhash(), name="compare")
        .output("path")
    )
    with differ:
        return [len(kept) == 1 for kept in differ.batch([(first, like.path) for first, like in pairs])]


def with_copies(folder: Path) -> Path:
    """A folder of photos, some of them also small, badly compressed, or without their edges."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, photo in enumerate(shipped_photos()):
        with Image.open(photo) as image:
            whole = image.convert("RGB")
        whole.thumbnail((1000, 1000))
        width, height = whole.size
        changed = {
            "small": whole.resize((width // 3, height // 3)),
            "again": whole,
            "cut": whole.crop((width // 12, height // 12, width, height * 11 // 12)),
        }
        whole.save(folder / f"{photo.stem}.png")
        if number % 3 == 0:
            for how, copy in changed.items():
                copy.save(folder / f"{photo.stem}-{how}.jpg", quality=40)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed a folder, and tell which pictures are there more than once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="your pictures")
    parser.add_argument("--above", type=float, default=0.8, help="the least cosine of a copy")
    parser.add_argument("--to", type=Path, default=Path("copies.parquet"), help="where the vectors are kept")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page to look at")
    given = parser.parse_args(arguments)

    found = groups(given.folders or [with_copies(given.to.with_name("photos"))], given.to, given.above)
    for keep, copies in found.items():
        print(f"keep  {keep}")
        for like, is_whole in copies:
            print(f"{like.score:.2f}    {like.path}  ({'all of it' if is_whole else 'a part of it, or a variant'})")
    sizes = [copy.like.path.stat().st_size for copies in found.values() for copy in copies]
    print(f"{len(sizes)} copies of {len(found)} pictures: {sum(sizes) / 1e6:.1f} MB")
    if given.html is not None:
        hits = [
            Hits([Hit(str(keep), 1.0), *(Hit(str(copy.like.path), copy.like.score) for copy in copies)])
            for keep, copies in found.items()
        ]
        given.html.parent.mkdir(parents=True, exist_ok=True)
        title = "Pictures that are there twice: the first of each group is to be kept"
        write_groups(given.html, title, Groups(map(Group.of, hits), num_alone=0), sources=True)


if __name__ == "__main__":
    main()
