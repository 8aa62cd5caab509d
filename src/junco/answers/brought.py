"""What a row came from, brought back to be looked at: a photo, a video's frame, a page of a document, a sound.

A set keeps keys, times, boxes and offsets, not pixels. The operators that ship with junco read the source again, by the
name that a pipeline would use; what is not there any more is said in its place.

Whoever made a set chose its keys, and a page is passed on. So a key is read only where it names something beneath the
working folder or the set's own, unless the caller asks for more, and never where it is a value of a table's column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from junco.answers.hits import Hit
from junco.errors import JuncoError
from junco.job.kinds import is_url, path_of_address
from junco.operator.spec import OperatorSpec
from junco.types import AudioClip, Box, Chunk, Face, Page, Segment

_ENDINGS = {
    "picture": {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"},
    "video": {".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ogv", ".wmv"},
    "sound": {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff"},
    "document": {".txt", ".md", ".html", ".htm", ".pdf", ".docx"},
}
_HEARD_S = 10.0  # of a sound, where the row is no part of it
_MORE_S = 0.5  # which tell that a sound goes on
_BLANKS = re.compile(r"[ \t\u3000]{3,}|(?:[ \t]*\n){3,}")
_NEAR_S = 1e-3
_ELSEWHERE = (
    "not shown: it lies neither beneath the working folder nor beneath the set's (sources=True, --sources show it)"
)
AROUND = 240
"""Letters of a page that are shown on each side of a chunk."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What there is to see of a row.

    Attributes:
        whole: a picture, a frame, a sound, a page or a text; ``None`` where it cannot be had.
        parts: boxes, faces, chunks, segments in it.
        why: then why it cannot be had.
    """

    whole: Any
    parts: tuple[Any, ...] = ()
    why: str = ""


class Moment(NamedTuple):
    """Of a frame, whose pixels no set keeps, what tells it from others."""

    time_s: float


def kind_of(key: str) -> str:
    """What a key names by its ending, ``picture``, ``video``, ``sound``, ``document``; empty for a text."""
    ending = Path(key).suffix.lower() if len(key) < 4_096 and "\n" not in key else ""
    return next((kind for kind, endings in _ENDINGS.items() if ending in endings), "")


def brought(hit: Hit, *, sources: bool = False) -> Brought:
    """What a row came from, read again; never raises for what is missing or broken.

    Args:
        hit: the row.
        sources: read it wherever it lies.
    """
    parts = [part for value in hit.columns.values() if (part := part_of(value)) is not None]
    how = None if not names_a_file(hit) else _WAYS.get(kind_of(hit.key))
    if how is None:
        return Brought(own_text(hit))
    if not (why := why_not(hit, sources=sources)):
        try:
            return _excerpt(how(hit, parts), [part for part in parts if not isinstance(part, Moment | Page)])
        except (JuncoError, OSError) as error:
            why = str(error)
    return Brought(own_text(hit), (), why)


def own_text(hit: Hit) -> str | None:
    """The text that the set itself holds of a row: its chunk, or a key that is one; ``None`` where it has none."""
    chunk = next((part for value in hit.columns.values() if isinstance(part := part_of(value), Chunk)), None)
    if chunk is not None:
        return chunk.text
    return None if names_a_file(hit) else hit.key


def names_a_file(hit: Hit) -> bool:
    """Whether a row's key names a file by its ending, and is no text that ends like one."""
    parts = [part for value in hit.columns.values() if (part := part_of(value)) is not None]
    return bool(kind_of(hit.key)) and not hit.origin.named_by and not _is_text(hit.place, parts)


def why_not(hit: Hit, *, sources: bool) -> str:
    """Why a row's file must not be read; empty where it may."""
    return "" if sources or _is_near(hit) else _ELSEWHERE


def _is_text(key: str, parts: list[Any]) -> bool:
    """Whether a key with the ending of a document is a sentence that ends with one, as ``see guide.md`` does."""
    return kind_of(key) == "document" and not parts and " " in key and not os.path.exists(key)  # noqa: PTH110


def _is_near(hit: Hit) -> bool:
    """Whether a source may be read without being asked for: of addresses the operators themselves see to that."""
    name = path_of_address(hit.place)
    if is_url(name):
        return True
    try:
        place = Path(name).resolve()
        return any(place.is_relative_to(folder.resolve()) for folder in (Path.cwd(), *hit.origin.folders))
    except (OSError, ValueError, RuntimeError):  # no name of a file; links in a circle
        return False


def _excerpt(whole: Any, parts: list[Any]) -> Brought:
    """Of a page what is around its chunk, of a long sound its beginning; all else as it is."""
    if isinstance(whole, AudioClip) and not any(isinstance(part, Segment) for part in parts):
        return _beginning(whole, parts)
    chunk = next((part for part in parts if isinstance(part, Chunk)), None)
    if not isinstance(whole, Page) or chunk is None:
        return Brought(whole, tuple(parts))
    start, end = max(0, chunk.start - AROUND), min(len(whole.text), chunk.end + AROUND)
    before = "…" * (start > 0) + _without_blanks(whole.text[start : chunk.start])
    marked = _without_blanks(whole.text[chunk.start : chunk.end])
    after = _without_blanks(whole.text[chunk.end : end]) + "…" * (end < len(whole.text))
    place = Chunk(marked, len(before), len(before) + len(marked))
    return Brought(Page(f"{before}{marked}{after}", whole.number), (place,))


def _without_blanks(text: str) -> str:
    """A text whose wide blanks, as pages set in columns have them, are narrow."""
    return _BLANKS.sub(lambda found: "\n\n" if "\n" in found[0] else "  ", text)


def _beginning(clip: AudioClip, parts: list[Any]) -> Brought:
    most = round(_HEARD_S * clip.sample_rate_hz)
    if clip.samples.shape[-1] <= most:
        return Brought(clip, tuple(parts))
    first = AudioClip(clip.samples[..., :most], clip.sample_rate_hz, clip.start_s)
    return Brought(first, tuple(parts), f"the first {_HEARD_S:g} s of a longer sound")


def part_of(value: Any) -> Any:
    """A struct of a table as what it was: a frame (without its pixels), box, face, page, chunk or segment."""
    if not isinstance(value, Mapping):
        return None
    for fields, made in _PARTS.items():
        if fields <= value.keys():
            try:
                return made(value)
            except (TypeError, ValueError, KeyError):  # columns of somebody else's
                return None
    return None


_PARTS: Mapping[frozenset[str], Callable[[Mapping[str, Any]], Any]] = {
    frozenset({"box", "points"}): lambda v: Face(
        part_of(v["box"]), tuple(tuple(point) for point in v["points"]), v["score"]
    ),
    frozenset({"x0", "y0", "x1", "y1"}): lambda v: Box(
        v["x0"], v["y0"], v["x1"], v["y1"], v.get("label", ""), v.get("score", 1.0)
    ),
    frozenset({"text", "start", "end"}): lambda v: Chunk(v["text"], v["start"], v["end"]),
    frozenset({"time_s", "index"}): lambda v: Moment(v["time_s"]),
    frozenset({"start_s", "end_s"}): lambda v: Segment(
        v["start_s"], v["end_s"], v.get("label", ""), v.get("score", 1.0)
    ),
    frozenset({"number"}): lambda v: Page("", v["number"]),
}


def _picture(hit: Hit, parts: list[Any]) -> Any:
    return _by("image-decode.pil")(path_of_address(hit.place))


def _frame(hit: Hit, parts: list[Any]) -> Any:
    """The row's own frame, else the first of its stretch of time, else the first."""
    moment = next((part.time_s for part in parts if isinstance(part, Moment)), None)
    if moment is None:
        moment = next((part.start_s for part in parts if isinstance(part, Segment)), 0.0)
    start_s = max(0.0, moment - _NEAR_S)
    frames = _by("video-decode.frames", start_s=start_s, end_s=moment + 1.0)(path_of_address(hit.place))
    return next((frame for frame in frames if frame.time_s >= moment - _NEAR_S), None)


def _page(hit: Hit, parts: list[Any]) -> Any:
    """The page that a chunk is of, so that it stands in what is around it."""
    number = next((part.number for part in parts if isinstance(part, Page)), None)
    chunk = next((part for part in parts if isinstance(part, Chunk)), None)
    for page in _by("document-decode.auto")(path_of_address(hit.place)):
        if number in (None, page.number) and (chunk is None or page.text[chunk.start : chunk.end] == chunk.text):
            return page
    return chunk.text if chunk is not None else None


def _sound(hit: Hit, parts: list[Any]) -> Any:
    stretch = next((part for part in parts if isinstance(part, Segment)), Segment(0.0, _HEARD_S + _MORE_S))
    return _by("audio-decode.av", start_s=stretch.start_s, end_s=stretch.end_s)(path_of_address(hit.place))


def _by(name: str, **params: Any) -> Any:
    """An operator for this one row: its options are times of the row, so that nobody else would use it."""
    return OperatorSpec.named(name, params).create()


_WAYS: Mapping[str, Callable[[Hit, list[Any]], Any]] = {
    "picture": _picture,
    "video": _frame,
    "sound": _sound,
    "document": _page,
}
