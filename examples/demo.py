"""Real photos → vectors → neighbours: what ``make demo`` runs.

    python examples/demo.py --to demo --photos ~/Pictures

Embeds the pictures that scikit-image and scikit-learn ship and every picture of the folder ``--photos`` into
``vectors.parquet``, finds each picture's nearest neighbours by cosine, and writes ``index.html``. Run again, it embeds
new and changed pictures only.
"""

from __future__ import annotations

import argparse
import importlib.resources
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gallery import Card, write_page
from junco import Pipeline, VectorSet, pipeline, read_vectors
from library import PICTURES, Like

if TYPE_CHECKING:
    import pyarrow as pa

SHIPPED = {
    "skimage.data": (
        "astronaut.png brick.png camera.png cell.png chelsea.png coffee.png coins.png grass.png "
        "gravel.png hubble_deep_field.jpg ihc.png moon.png motorcycle_left.png motorcycle_right.png page.png "
        "retina.jpg rocket.jpg text.png"
    ),
    "sklearn.datasets.images": "china.jpg flower.jpg",
}
NUM_NEIGHBOURS = 4
MOST_IN_TABLE, MOST_ON_PAGE = 40, 400
HOW_TO_READ = "the number under a picture is its cosine · click one to go to it"


def main() -> None:
    """Embed, store, search, show."""
    arguments = _parse()
    target, console = Path(arguments.to), Console()
    target.mkdir(parents=True, exist_ok=True)
    paths = [*shipped_photos(), *folder_photos(arguments.photos)]

    began = time.perf_counter()
    with pipeline(arguments.pipeline) as embed:
        embed_all(embed, paths, target / "vectors.parquet", console)
    took_s = time.perf_counter() - began

    stored = read_vectors(target / "vectors.parquet")
    names = [Path(name) for name in stored.keys]
    neighbours = nearest(stored, NUM_NEIGHBOURS)
    console.print(table(names, neighbours))
    told = f"{len(names)} photos · {arguments.pipeline} · {stored.vectors.shape[1]} dimensions · {HOW_TO_READ}"
    cards = [Card(path, line) for path, line in zip(names, neighbours, strict=True)][:MOST_ON_PAGE]
    write_page(target / "index.html", "Photos and their nearest neighbours", told, cards)
    console.print(f"{len(names)} photos, loading included, in {took_s:.1f} s")
    console.print(f"vectors: {target / 'vectors.parquet'}\npage:    {(target / 'index.html').resolve().as_uri()}")


def shipped_photos() -> Iterator[Path]:
    """The photos inside installed packages: nothing is downloaded."""
    for package, files in SHIPPED.items():
        folder = Path(str(importlib.resources.files(package)))
        yield from (folder / name for name in files.split() if (folder / name).exists())


def folder_photos(folder: str | None) -> list[Path]:
    """All pictures under a folder, by their endings."""
    if not folder:
        return []
    if not (root := Path(folder).expanduser()).is_dir():
        sys.exit(f"PHOTOS: {folder} is not a folder")
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in PICTURES)


def embed_all(embed: Pipeline, paths: list[Path], target: Path, console: Console) -> None:
    """A vector for each picture that can be read, in a Parquet file; the others are named, and left out."""
    report = embed.run(paths, target)
    console.print(escape(str(report)))
    if report.rejects is not None:
        for reject in _read(Path(report.rejects)).to_pylist():
            console.print(f"[yellow]left out[/] {escape(reject['input'])}: {escape(reject['reason'])}")


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(path)


def nearest(stored: VectorSet, most: int) -> list[list[Like]]:
    """For each vector the others nearest to it by cosine, best first."""
    found = stored.nearest(stored.vectors, stored.space, most + 1)
    lines = (zip(rows.tolist(), scores.tolist(), strict=True) for rows, scores in zip(*found, strict=True))
    return [
        [Like(row, Path(stored.keys[row]), score) for row, score in line if row != own][:most]
        for own, line in enumerate(lines)
    ]


def table(paths: list[Path], neighbours: list[list[Like]]) -> Table:
    """The first photos, each with its nearest neighbours."""
    shown = Table(title="nearest neighbours by cosine", title_justify="left", header_style="bold")
    shown.add_column("photo", style="bold")
    for rank in range(1, 4):
        shown.add_column(f"{rank}")
    for path, row in list(zip(paths, neighbours, strict=True))[:MOST_IN_TABLE]:
        shown.add_row(escape(path.stem), *(f"{escape(n.path.stem)} [dim]{n.score:.2f}[/]" for n in row[:3]))
    return shown


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", default="demo", help="folder for vectors and page")
    parser.add_argument("--photos", help="a folder of your own pictures")
    parser.add_argument("--pipeline", default="image-embedding", help="any member of the image-embedding family")
    return parser.parse_args()


if __name__ == "__main__":
    main()
