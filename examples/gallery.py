"""A page of files, each with those that are like it: pictures to look at, sounds to play."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple
from urllib.parse import quote

from PIL import Image, ImageOps

from library import SOUNDS, Like

THUMB_PX = 220
_PAGE = Path(__file__).with_suffix(".html")


class Card(NamedTuple):
    """A file, and those that are like it, best first."""

    path: Path
    like: Sequence[Like]


def write_page(page: Path, title: str, subtitle: str, cards: Sequence[Card]) -> None:
    """Write a page, and beside it the folder ``thumbs`` with the small pictures that it shows."""
    thumbs = page.parent / "thumbs"
    thumbs.mkdir(parents=True, exist_ok=True)
    numbers = {card.path: number for number, card in enumerate(cards)}
    for like in (like for card in cards for like in card.like):
        numbers.setdefault(like.path, len(numbers))
    for path, number in numbers.items():
        if not _is_sound(path):
            _thumbnail(path).save(thumbs / f"{number}.jpg", quality=85)
    shown = "\n".join(_card(card, numbers, page, len(cards)) for card in cards)
    text = Template(_PAGE.read_text("utf-8"))
    said = {"title": html.escape(title), "subtitle": html.escape(subtitle), "cards": shown}
    page.write_text(text.substitute(said), encoding="utf-8")


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SOUNDS


def _thumbnail(path: Path) -> Image.Image:
    with Image.open(path) as image:
        upright = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGBA"), (THUMB_PX, THUMB_PX))
        return Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")


def _card(card: Card, numbers: dict[Path, int], page: Path, num_cards: int) -> str:
    number, name = numbers[card.path], html.escape(card.path.stem)
    near = "\n".join(_near(like, numbers[like.path], page, num_cards) for like in card.like)
    return (
        f'<article id="p{number}"><figure>{_media(card.path, number, page, name)}'
        f"<figcaption>{name}</figcaption></figure><div>{near}</div></article>"
    )


def _near(like: Like, number: int, page: Path, num_cards: int) -> str:
    name, bar = html.escape(like.path.name), f'<i style="--score:{max(like.score, 0):.3f}"></i>'
    media, score = _media(like.path, number, page), f"<span>{like.score:.2f}</span>"
    if _is_sound(like.path):
        return f'<div title="{name}">{media}{bar}{score} {html.escape(like.path.stem)}</div>'
    goes_to = f"#p{number}" if number < num_cards else html.escape(_address(like.path, page))
    return f'<a href="{goes_to}" title="{name}">{media}{bar}{score}</a>'


def _media(path: Path, number: int, page: Path, name: str = "") -> str:
    if _is_sound(path):
        return f'<audio controls preload="none" src="{html.escape(_address(path, page))}"></audio>'
    return f'<img loading="lazy" alt="{name}" src="thumbs/{number}.jpg">'


def _address(path: Path, page: Path) -> str:
    """A file as seen from the page."""
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())
