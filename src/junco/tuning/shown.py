"""Items as they are seen and heard on a page: pictures, sounds, texts; read again where an item is a file's name."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from junco.errors import JuncoError
from junco.labelled.lazy import asked
from junco.operator.spec import OperatorSpec
from junco.pages.letters import cut
from junco.pages.markup import markup
from junco.pages.media import Media, Unshown
from junco.pages.pictures import picture
from junco.pages.style import words
from junco.pages.texts import text
from junco.pages.values import is_picture, is_sound, line, pixels
from junco.wording import brief

_HEARD_S = 10.0
_KEPT_SIDE = 800
_MOST_LETTERS, _SMALL_LETTERS = 400, 110
_LONGEST_NAME = 4_096


def kind_of(item: Any) -> str:
    """What an item is to people: ``picture``, ``sound``, ``video``, ``text``, or nothing of these."""
    if is_picture(item):
        return "picture"
    if is_sound(item):
        return "sound"
    if isinstance(item, Path) or (isinstance(item, str) and len(item) < _LONGEST_NAME and "\n" not in item):
        kind = (mimetypes.guess_type(str(item))[0] or "").partition("/")[0]
        if kind in _KINDS and Path(item).is_file():
            return _KINDS[kind]
    return "text" if isinstance(item, str) else ""


_KINDS = {"image": "picture", "audio": "sound", "video": "video"}
_DECODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "picture": ("image-decode.pil", {}),
    "sound": ("audio-decode.av", {"end_s": _HEARD_S}),
    "video": ("video-decode.frames", {"end_s": 1.0}),
}


def is_pictured(item: Any) -> bool:
    """Whether an item is a picture, or a file with one."""
    return kind_of(item) == "picture"


class Shown:
    """Shows items on one page; what is read once is not read again.

    Args:
        media: room for pictures and sounds.
    """

    def __init__(self, media: Media | None = None) -> None:
        self._media = media or Media()
        self._read: dict[str, Any] = {}

    def item(self, item: Any, side: int, caption: str = "") -> str:
        """An item as markup; never raises for what is missing or broken.

        Args:
            item: what a pipeline takes.
            side: of a picture, the longest in pixels of the page.
            caption: beneath it; a text needs none.
        """
        try:
            value = self._value(asked(item))
        except (JuncoError, OSError) as error:
            return f'<p class="faint">{words(brief(error))}</p>{_caption(caption)}'
        if is_picture(value):
            return picture(value, caption, self._media, side=side)
        if isinstance(value, str):
            return text(value if len(value) <= _MOST_LETTERS else f"{value[:_MOST_LETTERS]}…")
        return markup(value, line(value), self._media, is_small=True) + _caption(caption)

    def small(self, item: Any, side: int) -> str:
        """An item among many, as markup: a small picture, the beginning of a text, a player without a drawing."""
        try:
            value = self._value(item)
            if is_sound(value):
                uri, _ = self._media.sound(value)
                return f'<audio controls preload="none" src="{uri}"></audio>'
        except (JuncoError, OSError, Unshown) as error:
            return f'<p class="faint">{words(brief(error))}</p>'
        if isinstance(value, str):
            return f'<p class="text">{words(cut(" ".join(value[:_MOST_LETTERS].split()), _SMALL_LETTERS))}</p>'
        return picture(value, "", self._media, side=side) if is_picture(value) else self.item(item, side)

    def _value(self, item: Any) -> Any:
        """What a file holds; of a film its first picture."""
        kind = kind_of(item)
        if is_picture(item) or is_sound(item) or kind not in _DECODERS:
            return item
        key = str(item)
        if key not in self._read:
            name, params = _DECODERS[kind]
            found = OperatorSpec.named(name, params).create()(key)
            self._read[key] = _small(next(iter(found), None) if kind == "video" else found)
        return self._read[key]


def _small(value: Any) -> Any:
    """A picture with no more pixels than are looked at: of a page's photos not all are held whole."""
    if (array := pixels(value)) is None:
        return value
    return array[:: (every := max(1, max(array.shape[:2]) // _KEPT_SIDE)), ::every].copy()


def _caption(text: str) -> str:
    return f'<bdi class="place">{words(text)}</bdi>' if text else ""
