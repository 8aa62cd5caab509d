"""Which of my pictures is this one? A crop, turned and saved badly, finds the picture that it was made of.

    python examples/reverse_image_search.py ~/Pictures --query found-somewhere.jpg

Without a folder it searches drawings and photos of animals, which are fetched once; without a query it spoils one of
the pictures itself, and asks for that. Run again, it embeds new and changed pictures only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

import media
from junco import Hits, pipeline
from library import PICTURES, embed_new, files, one_file


def search(folders: Sequence[str | Path], query: Path, target: Path, count: int = 5) -> Hits:
    """The pictures in some folders that are most like another, best first."""
    with pipeline("image-embedding") as embed:
        return embed_new(embed, files(folders, PICTURES), target).search(query, count)


def spoiled(picture: Path, target: Path) -> Path:
    """What becomes of a picture on its way: a part of it, turned a little, small and compressed until it shows."""
    with Image.open(picture) as image:
        seen = Image.new("RGB", image.size, "white")
        seen.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    width, height = seen.size
    part = seen.rotate(6, fillcolor="white").crop((width // 10, height // 10, width * 9 // 10, height * 9 // 10))
    part.thumbnail((160, 160))
    target.parent.mkdir(parents=True, exist_ok=True)
    part.save(target, quality=40)
    return target


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed a folder, search it by a picture, show what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="your pictures")
    parser.add_argument("--query", type=one_file, help="the picture to look for")
    parser.add_argument("--to", type=Path, default=Path("pictures.parquet"), help="where the vectors are kept")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page to look at")
    given = parser.parse_args(arguments)

    folders = given.folders or [media.debian("tuxpaint-stamps-default") / "animals"]
    query = given.query
    if query is None:
        pictures = files(folders, PICTURES)
        query = spoiled(pictures[len(pictures) // 2], given.to.with_name("query.jpg"))
        print(f"{query} is a part of {pictures[len(pictures) // 2]}")

    found = search(folders, query, given.to)
    print(found)
    if given.html is not None:
        found.save(given.html, sources=True)  # the set is our own, and its files may lie anywhere


if __name__ == "__main__":
    main()
