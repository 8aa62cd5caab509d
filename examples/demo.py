"""Photos → vectors → what is like them: what ``make demo`` runs.

    python examples/demo.py --to demo --photos ~/Pictures

Embeds every picture of the folder ``--photos`` into ``vectors.parquet``, and writes ``index.html``: for some of them
those that are alike, or that nothing is. Without a folder the pictures are samples out of installed packages, parts and
copies of these, and photos of woven cloth with and without faults; phrases in English and Chinese are looked for, too.
Run again, it embeds new and changed pictures only.
"""

from __future__ import annotations

import argparse
import importlib.resources
import importlib.util
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from junco import VectorSet, open_set, pipeline
from junco.answers.hits import Hit, Hits
from junco.answers.page import write_answers
from junco.errors import JuncoError
from library import PICTURES, embed_new

SHIPPED = {
    "skimage.data": (
        "astronaut.png brick.png camera.png cell.png chelsea.png coffee.png coins.png grass.png "
        "gravel.png hubble_deep_field.jpg ihc.png moon.png motorcycle_left.png motorcycle_right.png page.png "
        "retina.jpg rocket.jpg text.png"
    ),
    "sklearn.datasets.images": "china.jpg flower.jpg",
}
CLOTH, CLOTH_PHOTOS = "conformal_clip_data", "data/textile_images/simulated"
NUM_OF_CLOTH = 16
"""Photos of each class: without a fault, with one in a place, with one all over."""
CHANGED = ("chelsea", "coffee", "rocket", "astronaut")
ASKED = ("chelsea-part", "motorcycle_left", "cloth-global-1", "page")
PHRASES = ("a cat", "一杯咖啡")
PHRASE_LIKE = 0.1
"""The least cosine of a phrase and a picture: they are lower than those of two pictures."""
NUM_LIKE, NUM_ASKED = 5, 24


def main() -> None:
    """Embed, ask, show."""
    arguments = _parse()
    target, console = Path(arguments.to), Console()
    target.mkdir(parents=True, exist_ok=True)
    photos = folder_photos(arguments.photos) if arguments.photos else samples(target / "photos")

    began = time.perf_counter()
    with pipeline(arguments.pipeline) as embed:
        embed_new(embed, photos, target / "vectors.parquet")
    stored = open_set(target / "vectors.parquet")
    answers = [] if arguments.photos else list(by_phrases(stored, console))
    answers += by_photos(stored, arguments.above, () if arguments.photos else ASKED)
    console.print(table(answers))
    title = f"{len(stored):,} photos, and what is like them"
    write_answers(target / "index.html", title, answers, sources=True)  # the photos are one's own
    console.print(f"{len(stored)} photos, loading included, in {time.perf_counter() - began:.1f} s")
    console.print(f"page:    {(target / 'index.html').resolve().as_uri()}")
    beside = " --sources" if arguments.photos else ""
    console.print(f"look on: {Path(sys.executable).parent / 'junco'} look {target / 'vectors.parquet'}{beside}")


def folder_photos(folder: str) -> list[Path]:
    """All pictures under a folder, by their endings."""
    if not (root := Path(folder).expanduser()).is_dir():
        sys.exit(f"PHOTOS: {folder} is not a folder")
    found = sorted(path for path in root.rglob("*") if path.suffix.lower() in PICTURES)
    return found or sys.exit(f"PHOTOS: there is no picture in {folder}")


def samples(folder: Path) -> list[Path]:
    """Photos out of installed packages, and parts and copies of some: nothing is downloaded."""
    folder.mkdir(exist_ok=True)
    for name, path in [*((path.name, path) for path in shipped_photos()), *_cloth()]:
        if not (folder / name).exists():
            shutil.copyfile(path, folder / name)
    for stem in CHANGED:
        for path in folder.glob(f"{stem}.*"):
            _change(path)
    return sorted(folder.iterdir())


def shipped_photos() -> Iterator[Path]:
    """The photos inside packages that bring some."""
    for package, files in SHIPPED.items():
        folder = Path(str(importlib.resources.files(package)))
        yield from (folder / name for name in files.split() if (folder / name).exists())


def _cloth() -> Iterator[tuple[str, Path]]:
    if importlib.util.find_spec(CLOTH) is None:
        return
    inside = Path(str(importlib.resources.files(CLOTH)), CLOTH_PHOTOS)
    for kind in ("nominal", "local", "global"):
        for number, path in enumerate(sorted((inside / kind).glob("*.jpg"))[:NUM_OF_CLOTH], 1):
            yield f"cloth-{kind}-{number}.jpg", path


def _change(path: Path) -> None:
    """A part of a picture, and a copy that is small, mirrored and badly saved."""
    part, copy = (path.with_name(f"{path.stem}-{how}.jpg") for how in ("part", "copy"))
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    width, height = whole.size
    if not part.exists():
        whole.rotate(6).crop((width // 5, height // 8, width * 4 // 5, height * 7 // 8)).save(part)
    if not copy.exists():
        whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((width // 3, height // 3)).save(copy, quality=30)


def by_photos(stored: VectorSet, above: float, names: tuple[str, ...]) -> list[Hits]:
    """What is like some of the photos: those of some names, else a few from all over the set."""
    keys = stored.keys
    rows = [row for name in names for row, key in enumerate(keys) if Path(key).stem == name]
    rows = rows or list(range(0, len(keys), max(1, len(keys) // NUM_ASKED)))[:NUM_ASKED]
    return [
        Hits([hit for hit in stored.search(stored.vectors[row], NUM_LIKE + 1) if _is_like(hit, row, above)], keys[row])
        for row in rows
    ]


def _is_like(hit: Hit, row: int, above: float) -> bool:
    return hit.row != row and hit.score >= above


def by_phrases(stored: VectorSet, console: Console) -> Iterator[Hits]:
    """The photos nearest to phrases, where the model has texts in its space."""
    for phrase in PHRASES:
        try:
            found = stored.search(phrase, NUM_LIKE)
        except JuncoError as error:
            console.print(f"[yellow]no phrases:[/] {escape(str(error))}")
            return
        yield Hits([hit for hit in found if hit.score >= PHRASE_LIKE], phrase)


def table(answers: list[Hits]) -> Table:
    """The questions, each with the best of its answers."""
    shown = Table(title="what is alike, by cosine", title_justify="left", header_style="bold")
    shown.add_column("asked", style="bold")
    for rank in range(1, 4):
        shown.add_column(f"{rank}")
    for hits in answers:
        best = [f"{escape(Path(hit.key).stem)} [dim]{hit.score:.2f}[/]" for hit in hits[:3]]
        shown.add_row(escape(Path(hits.question).stem), *(best or ["[dim]nothing alike[/]"]))
    return shown


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", default="demo", help="folder for vectors and page")
    parser.add_argument("--photos", help="a folder of your own pictures")
    parser.add_argument("--pipeline", default="image-text-embedding", help="any pipeline that takes a picture")
    parser.add_argument("--above", type=float, default=0.5, help="the least cosine of what is alike")
    return parser.parse_args()


if __name__ == "__main__":
    main()
