"""`facts_of`: what one item is: its kind, size and shape, how long it lasts, in which scripts it is written."""

from __future__ import annotations

import mimetypes
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from junco.cores import num_cores
from junco.errors import JuncoError, MissingExtraError
from junco.job.whole_texts import text_in
from junco.labelled.content import path_of
from junco.neural.dhash import dhash
from junco.pages.values import is_picture
from junco.places.cell import has_bytes
from junco.wording import NOT_OURS, brief

PICTURE, SOUND, VIDEO, TEXT, OTHER = "picture", "sound", "video", "text", "other"
_KINDS = {"image": PICTURE, "audio": SOUND, "video": VIDEO, "text": TEXT}
_TEXTS = (".json", ".jsonl", ".yaml", ".yml", ".md", ".rst", ".tex")
_LEAST_SIDE = 32
"""Pixels of a picture of which a hash tells how it looks."""
_PLAIN = range(6, 59)
"""How many bits of such a hash are set, unless the picture is nearly of one colour."""
_MOST_LETTERS = 20_000
_MOST_TEXT_BYTES = 50_000_000
_MOST_THREADS, _AT_ONCE = 8, 512


class Facts(NamedTuple):
    """What is known of an item; ``None`` where that says nothing of its kind.

    Attributes:
        kind: ``picture``, ``sound``, ``video``, ``text`` or ``other``.
        num_bytes: of its file, or of what it holds.
        width, height: in pixels.
        seconds: how long it lasts.
        letters: of a text.
        script: in which most of its letters are written: ``Latin``, ``Han`` …
        looks: of a picture, 64 bits that tell how it looks.
        problem: why it cannot be read; empty: it can.
    """

    kind: str
    num_bytes: int = 0
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    letters: int | None = None
    script: str = ""
    looks: int | None = None
    problem: str = ""

    @property
    def shape(self) -> str:
        """Width and height in words; empty where it has none."""
        return f"{self.width}×{self.height}" if self.width and self.height else ""


def facts_of_all(items: Iterable[Any], *, looks: bool = True) -> Iterator[Facts]:
    """Of each item, in order; files are read in threads, a few hundred ahead.

    Args:
        items: paths, texts, pixels, or cells with bytes.
        looks: whether to tell how pictures look, for which they are decoded.
    """
    with ThreadPoolExecutor(min(_MOST_THREADS, num_cores()), "junco-facts") as threads:
        ahead = iter(items)
        while some := list(islice(ahead, _AT_ONCE)):
            yield from threads.map(lambda item: facts_of(item, looks=looks), some)


def facts_of(item: Any, *, looks: bool = True) -> Facts:
    """What one item is; never raises for what cannot be read."""
    kind = kind_of(item)
    try:
        return _READERS[kind](item, looks)
    except MissingExtraError:
        raise
    except (JuncoError, OSError, ValueError) as error:
        return Facts(kind, _num_bytes(item), problem=_without_name(brief(error), item))


def _without_name(said: str, item: Any) -> str:
    """What is wrong, without the item's own name, which stands beside it anyway."""
    return said.partition(": ")[2].removeprefix(f"{str(item)!r}: ") if ": " in said else said


def kind_of(item: Any) -> str:
    """The kind of an item, by what it is or how its name ends."""
    if is_picture(item):
        return PICTURE
    if isinstance(item, Mapping) and has_bytes(item):
        return _kind_of_name(str(item["path"] or "")) or PICTURE
    if isinstance(item, str) and path_of(item) is None and not _is_gone(item):
        return TEXT
    return _kind_of_name(str(item)) or OTHER


def _is_gone(text: str) -> bool:
    """Whether a text is the path of a link that leads nowhere."""
    return "\n" not in text and len(text) < 4096 and "\0" not in text and Path(text).is_symlink()


def _kind_of_name(name: str) -> str:
    if name.lower().endswith(_TEXTS):
        return TEXT
    return _KINDS.get((mimetypes.guess_type(name)[0] or "").partition("/")[0], "")


def _num_bytes(item: Any) -> int:
    if isinstance(item, Mapping):
        return len(item.get("bytes") or b"")
    if hasattr(item, "nbytes"):
        return int(item.nbytes)
    try:
        path = path_of(item) if isinstance(item, str) else str(item)
        return Path(path).stat().st_size if path is not None else len(str(item).encode("utf-8", "surrogatepass"))
    except (OSError, ValueError):
        return 0


@cache
def _decoder(name: str) -> Any:
    from junco.operator.spec import OperatorSpec

    return OperatorSpec.named(name, {}).create()


def _of_picture(item: Any, looks: bool) -> Facts:
    pixels = item if is_picture(item) else _decoder("image-decode.pil")(item)
    height, width = pixels.shape[:2]
    told = dhash(pixels) if looks and min(height, width) >= _LEAST_SIDE else None
    told = told if told is not None and told.bit_count() in _PLAIN else None
    return Facts(PICTURE, _num_bytes(item), width, height, looks=told)


def _of_media(kind: str) -> Callable[[Any, bool], Facts]:
    def read(item: Any, looks: bool) -> Facts:
        del looks
        return _of_container(kind, item)

    return read


def _of_container(kind: str, item: Any) -> Facts:
    """Of a sound or a video what its head says."""
    import io

    try:
        import av
    except ImportError:
        raise MissingExtraError("av", "audio", "reading sounds and videos") from None
    source = io.BytesIO(item["bytes"]) if isinstance(item, Mapping) and item["bytes"] is not None else None
    path = item["path"] if isinstance(item, Mapping) else str(item)
    try:
        with av.open(source or path, "r") as container:
            seconds = container.duration / av.time_base if container.duration else None
            video = container.streams.video[0] if container.streams.video and kind == VIDEO else None
            if not container.streams.audio and video is None:
                return Facts(kind, _num_bytes(item), problem=f"there is no {kind} in it")
            width, height = (video.codec_context.width, video.codec_context.height) if video else (None, None)
            return Facts(kind, _num_bytes(item), width, height, seconds)
    except NOT_OURS as error:  # av's own errors
        return Facts(kind, _num_bytes(item), problem=str(getattr(error, "strerror", "") or brief(error)))


def _of_text(item: Any, looks: bool) -> Facts:
    del looks
    path = path_of(item) if isinstance(item, str) else str(item)
    num_bytes = _num_bytes(item)
    if path is not None and num_bytes > _MOST_TEXT_BYTES:
        return Facts(TEXT, num_bytes, problem=f"a text of {num_bytes:,} bytes; {_MOST_TEXT_BYTES:,} are read at most")
    text = item if path is None else text_in(Path(path).read_bytes(), Path(path).name)
    if not text.strip():
        return Facts(TEXT, num_bytes, problem="nothing stands in it")
    return Facts(TEXT, num_bytes, letters=len(text), script=script_of(text))


def _of_other(item: Any, looks: bool) -> Facts:
    del looks
    size = _num_bytes(item)
    if isinstance(item, str) and _is_gone(item) and path_of(item) is None:
        return Facts(OTHER, size, problem="a link that leads nowhere")
    return Facts(OTHER, size, problem="" if size else "there is nothing in it")


_READERS: dict[str, Callable[[Any, bool], Facts]] = {
    PICTURE: _of_picture,
    SOUND: _of_media(SOUND),
    VIDEO: _of_media(VIDEO),
    TEXT: _of_text,
    OTHER: _of_other,
}
_SCRIPTS = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana"}


def script_of(text: str) -> str:
    """The script of most letters of a text, as Unicode names them: ``Latin``, ``Han``, ``Cyrillic`` …; or nothing."""
    letters = Counter(letter for letter in text[:_MOST_LETTERS] if letter.isalpha())
    found: Counter[str] = Counter()
    for letter, count in letters.items():
        first = unicodedata.name(letter, "?").split(" ", 1)[0]
        found[_SCRIPTS.get(first, first.capitalize())] += count
    return found.most_common(1)[0][0] if found else ""
