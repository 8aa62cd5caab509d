"""Real photos → vectors → neighbours: what ``make demo`` runs.

    python examples/demo.py --to demo --photos ~/Pictures

Embeds the pictures that scikit-image and scikit-learn ship and every picture of the folder ``--photos`` into
``vectors.parquet``, finds each picture's nearest neighbours by cosine, and writes ``index.html``. Run again, it embeds
new and changed pictures only.
"""

from __future__ import annotations

import argparse
import html
import importlib.resources
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from PIL import Image, ImageOps
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from junco import Pipeline, VectorSet, pipeline, read_vectors

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
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
NUM_NEIGHBOURS = 4
MOST_IN_TABLE, MOST_ON_PAGE = 40, 400
THUMB_PX = 220


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another picture's index and its cosine, from -1 to 1."""

    index: int
    score: float


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
    write_page(
        target, names, neighbours, f"{len(names)} photos · {arguments.pipeline} · {stored.vectors.shape[1]} dimensions"
    )
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


def nearest(stored: VectorSet, most: int) -> list[list[Neighbour]]:
    """For each vector the others nearest to it by cosine, best first."""
    found = stored.nearest(stored.vectors, stored.space, most + 1)
    lines = (zip(rows.tolist(), scores.tolist(), strict=True) for rows, scores in zip(*found, strict=True))
    return [[Neighbour(*pair) for pair in line if pair[0] != row][:most] for row, line in enumerate(lines)]


def table(paths: list[Path], neighbours: list[list[Neighbour]]) -> Table:
    """The first photos, each with its nearest neighbours."""
    shown = Table(title="nearest neighbours by cosine", title_justify="left", header_style="bold")
    shown.add_column("photo", style="bold")
    for rank in range(1, 4):
        shown.add_column(f"{rank}")
    for path, row in list(zip(paths, neighbours, strict=True))[:MOST_IN_TABLE]:
        shown.add_row(escape(path.stem), *(f"{escape(paths[n.index].stem)} [dim]{n.score:.2f}[/]" for n in row[:3]))
    return shown


def write_page(target: Path, paths: list[Path], neighbours: list[list[Neighbour]], subtitle: str) -> None:
    """Write ``index.html`` and the thumbnails that it shows."""
    thumbs = target / "thumbs"
    thumbs.mkdir(exist_ok=True)
    shown = range(min(len(paths), MOST_ON_PAGE))
    for index in {*shown, *(n.index for row in shown for n in neighbours[row])}:
        _thumbnail(paths[index]).save(thumbs / f"{index}.jpg", quality=85)
    cards = "\n".join(_card(index, paths, neighbours[index]) for index in shown)
    page = Template(Path(__file__).with_suffix(".html").read_text("utf-8"))
    (target / "index.html").write_text(page.substitute(subtitle=html.escape(subtitle), cards=cards), "utf-8")


def _thumbnail(path: Path) -> Image.Image:
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        return ImageOps.fit(upright.convert("RGB"), (THUMB_PX, THUMB_PX))


def _card(index: int, paths: list[Path], row: list[Neighbour]) -> str:
    near = "\n".join(
        f'<a href="#p{n.index}" title="{html.escape(paths[n.index].name)}"><img loading="lazy" alt="" '
        f'src="thumbs/{n.index}.jpg"><i style="--score:{max(n.score, 0):.3f}"></i><span>{n.score:.2f}</span></a>'
        for n in row
    )
    name = html.escape(paths[index].stem)
    return (
        f'<article id="p{index}"><figure><img loading="lazy" alt="{name}" src="thumbs/{index}.jpg">'
        f"<figcaption>{name}</figcaption></figure><div>{near}</div></article>"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", default="demo", help="folder for vectors and page")
    parser.add_argument("--photos", help="a folder of your own pictures")
    parser.add_argument("--pipeline", default="image-embedding", help="any member of the image-embedding family")
    return parser.parse_args()


if __name__ == "__main__":
    main()
