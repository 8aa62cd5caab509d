"""Which of my sounds are like this one, and what is heard in them?

    python examples/sounds_by_example.py ~/samples --query knock.wav

Without a folder it searches samples of instruments and machines and the sounds of a desktop, which are fetched once.
Run again, it embeds new and changed sounds only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import media
from junco import Hits, ops, pipe, pipeline
from library import SOUNDS, embed_new, files, one_file

MOST_NAMES = 3


def search(folders: Sequence[str | Path], query: Path, target: Path, count: int = 5) -> Hits:
    """The sounds in some folders that are most like another one, best first, without itself."""
    with pipeline("audio-embedding") as embed:
        found = embed_new(embed, files(folders, SOUNDS), target).search(query, count + 1)
    return Hits([hit for hit in found if not query.samefile(hit.key)][:count], found.question)


def heard_in(paths: Sequence[Path]) -> list[list[str]]:
    """Names of what is heard in each sound, the surest first."""
    listen = (
        pipe.input("path")
        .map("path", "clip", ops.audio_decode.av(), name="decode")
        .flat_map("clip", "heard", ops.audio_tagging.yamnet(threshold=0.2), name="listen")
        .output("heard")
    )
    with listen:
        segments = [sorted(found, key=lambda each: -each.score) for found in listen.batch(paths)]
    return [list(dict.fromkeys(segment.label for segment in found))[:MOST_NAMES] for found in segments]


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed a folder, search it by a sound, name what is heard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="your sounds")
    parser.add_argument("--query", type=one_file, help="the sound to look for")
    parser.add_argument("--to", type=Path, default=Path("sounds.parquet"), help="where the vectors are kept")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page to listen to")
    given = parser.parse_args(arguments)

    folders, query = given.folders, given.query
    if not folders:
        folders = [media.debian("sonic-pi-samples"), media.debian("sound-theme-freedesktop")]
        query = query or folders[0] / "drum_snare_hard.flac"
    query = query or files(folders, SOUNDS)[0]

    found = search(folders, query, given.to)
    names = heard_in([query, *(Path(hit.key) for hit in found)])
    print(f"{query.name}: {', '.join(names[0]) or 'nothing that has a name'}")
    for hit, its_names in zip(found, names[1:], strict=True):
        print(f"{hit.score:.2f}  {Path(hit.key).name}: {', '.join(its_names) or 'nothing that has a name'}")
    if given.html is not None:
        found.save(given.html, sources=True)  # the set is our own, and its files may lie anywhere


if __name__ == "__main__":
    main()
