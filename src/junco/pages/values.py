"""Values in a line: what they are, and the little of them that tells people whether they are right.

Values are known by their form, not their class, so that a box of the user's own is a box too.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.pages.letters import cut
from junco.types.media import SparseVector
from junco.wording import NOT_OURS, picture, printable

LINE = 88
"""Places that the line of a value may take."""
NUM_SHOWN = 3
LEAST_GRAY_SIDE = 16


def line(value: Any, most: int = LINE) -> str:
    """A value in one line that is safe on a terminal; never raises, whatever the value does."""
    try:
        text = _line(value, most)
    except NOT_OURS:  # a value of somebody else's class must not hide the others
        text = f"<{type(value).__name__}>"
    return cut(printable(text), most)


def type_of(value: Any) -> str:
    """The type of a value as people call it: that of its elements for an array."""
    return printable(str(value.dtype)) if have(value, "dtype") else printable(type(value).__name__)


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of an array, of a frame's pixels, of a clip's samples, the length of a list; else ``None``."""
    if is_sound(value):
        return shape_of(value.samples)
    if is_frame(value) and not have(value, "shape"):
        return shape_of(value.image)
    if isinstance(value, (str, bytes, list, tuple, dict, set)):
        return (len(value),)
    try:
        return tuple(map(int, value.shape)) if have(value, "shape") else None
    except (TypeError, ValueError):
        return None


def pixels(value: Any) -> npt.NDArray[np.uint8] | None:
    """The pixels of a picture: of an array (height, width, 3), a frame, a picture of Pillow's; else ``None``."""
    if is_frame(value):
        value = value.image
    if have(value, "getbands", "convert"):
        value = np.asarray(value.convert("RGB"))
    if not isinstance(value, np.ndarray) or value.size == 0:
        return None
    if value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] in (3, 4):
        return value
    is_gray = value.dtype in (np.uint8, np.bool_) and value.ndim == 2 and min(value.shape) >= LEAST_GRAY_SIDE
    return value.astype(np.uint8) * (255 if value.dtype == np.bool_ else 1) if is_gray else None


def have(value: Any, *names: str) -> bool:
    """Whether a value has attributes, whatever its class does when it is asked for one."""
    try:
        return all(map(partial(hasattr, value), names))
    except NOT_OURS:
        return False


def is_frame(value: Any) -> bool:
    """Whether it is a picture with a time."""
    return have(value, "image", "time_s")


def is_picture(value: Any) -> bool:
    """Whether it has `pixels`, without making any."""
    return have(value, "getbands", "convert") or pixels(value) is not None


def is_sound(value: Any) -> bool:
    """Whether it has samples and a rate."""
    return have(value, "samples", "sample_rate_hz") and isinstance(value.samples, np.ndarray)


def is_vector(value: Any) -> bool:
    """Whether it is a row of numbers."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiu" and value.size > 1


def box_of(value: Any) -> tuple[float, float, float, float] | None:
    """The corners (x0, y0, x1, y1) of a box, or of what has a ``box``; else ``None``."""
    try:
        value = value.box if have(value, "box") else value
        corners = tuple(float(getattr(value, name)) for name in ("x0", "y0", "x1", "y1"))
    except NOT_OURS:
        return None
    return corners if all(map(math.isfinite, corners)) else None  # type: ignore[return-value]  # there are four


def label_of(value: Any) -> str:
    """What a box says that it holds, with its score."""
    box = getattr(value, "box", value)
    label = str(getattr(box, "label", "") or "")
    score = getattr(value, "score", getattr(box, "score", None))
    number = f"{score:.2f}" if isinstance(score, (int, float)) and score != 1 else ""
    return printable(f"{label} {number}".strip())


def is_chunk(value: Any) -> bool:
    """Whether it is a piece of a text that knows its place."""
    if not have(value, "text", "start", "end"):
        return False
    return isinstance(value.text, str) and isinstance(value.start, int) and isinstance(value.end, int)


def is_stretch(value: Any) -> bool:
    """Whether it has a start and an end in seconds, as shots and segments do."""
    if not have(value, "start_s", "end_s"):
        return False
    return isinstance(value.start_s, (int, float)) and isinstance(value.end_s, (int, float))


def is_page(value: Any) -> bool:
    """Whether it is the text of a numbered page."""
    return have(value, "text", "number") and isinstance(value.text, str) and isinstance(value.number, int)


def length_of(vector: npt.NDArray[Any]) -> float:
    """The Euclidean length of a vector."""
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(vector.astype(np.float64)))


def _line(value: Any, most: int) -> str:
    for is_one, render in _FORMS:
        if is_one(value):
            return render(value, most)
    return _gathered(value, most)


def quoted(text: str, most: int) -> str:
    """A text in quotes; one that is cut says how long it is."""
    shown = printable(text[:most])
    if len(text) <= most and len(shown) <= most and cut(shown, most - 2) == shown:
        return f"'{shown}'"
    length = f" ({len(text):,} letters)"
    return f"'{cut(shown + '…', most - 2 - len(length))}'{length}"


def _frame(frame: Any, most: int) -> str:
    key = ", key" if getattr(frame, "is_key", False) else ""
    return f"frame {frame.index} at {frame.time_s:.2f} s{key}, {_type_and_shape(frame.image)}"


def _array(array: npt.NDArray[Any], most: int) -> str:
    text = _type_and_shape(array)
    if array.size == 0 or array.dtype.kind not in "fiub":
        return text
    if array.ndim == 0:
        return f"{text} {_number(array.item())}"
    if array.ndim == 1:
        first = ", ".join(_number(number) for number in array[:NUM_SHOWN])
        text += f" [{first}{', …' if array.size > NUM_SHOWN else ''}]"
        return f"{text} |v|={length_of(array):.2f}" if array.dtype.kind == "f" else text
    some = array.reshape(-1)[:: max(1, array.size // 100_000)]
    with np.errstate(all="ignore"):
        return f"{text}, {_number(some.min())} to {_number(some.max())}, mean {_number(some.mean())}"


def _type_and_shape(array: Any) -> str:
    shape = tuple(getattr(array, "shape", ()))
    return f"{type_of(array)} ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _number(number: Any) -> str:
    return f"{number:.2g}" if abs(number) < 100 else f"{number:.4g}"


def _sound(clip: Any, most: int) -> str:
    samples = clip.samples
    num_samples, num_channels = samples.shape[-1], samples.shape[0] if samples.ndim > 1 else 1
    channels = {1: "mono", 2: "stereo"}.get(num_channels, f"{num_channels} channels")
    peak = f", peak {np.abs(samples).max():.2f}" if samples.size else ""
    start = f" from {clip.start_s:.2f} s" if getattr(clip, "start_s", 0) else ""
    return f"sound, {num_samples / clip.sample_rate_hz:.2f} s{start}, {clip.sample_rate_hz:,} Hz {channels}{peak}"


def _box(value: Any, most: int) -> str:
    x0, y0, x1, y1 = box_of(value) or (0.0, 0.0, 0.0, 0.0)
    kind = type(value).__name__.lower()
    left, top, right, bottom, width, height = map(_tenth, (x0, y0, x1, y1, x1 - x0, y1 - y0))
    return f"{label_of(value) or kind} ({left}, {top}) – ({right}, {bottom}), {width} × {height}"


def _tenth(pixels: float) -> str:
    """A place in a picture: finer than a tenth of a pixel nobody sees it."""
    return f"{round(pixels, 1):.10g}"


def _chunk(chunk: Any, most: int) -> str:
    return f"{quoted(chunk.text, most - 16)} {chunk.start:,}–{chunk.end:,}"


def _stretch(value: Any, most: int) -> str:
    name, score = getattr(value, "label", "") or type(value).__name__.lower(), getattr(value, "score", 1)
    return f"{name} {value.start_s:.2f}–{value.end_s:.2f} s" + (f", {score:.2f}" if score != 1 else "")


def _page(page: Any, most: int) -> str:
    return f"page {page.number} {quoted(page.text, most - 16)}"


def _pillow(value: Any, most: int) -> str:
    return f"{type(value).__name__} {value.mode} {value.size[0]} × {value.size[1]}"


_FORMS: tuple[tuple[Callable[[Any], bool], Callable[[Any, int], str]], ...] = (
    (lambda value: isinstance(value, str), quoted),
    (lambda value: isinstance(value, (bytes, bytearray)), lambda value, most: f"{len(value):,} bytes"),
    (lambda value: type(value) is float, lambda value, most: f"{value:.6g}"),
    (lambda value: isinstance(value, np.generic), lambda value, most: f"{value.dtype} {line(value.item(), most)}"),
    (lambda value: isinstance(value, np.ndarray), _array),
    (is_frame, _frame),
    (is_sound, _sound),
    (lambda value: box_of(value) is not None, _box),
    (is_stretch, _stretch),
    (is_chunk, _chunk),
    (is_page, _page),
    (lambda value: isinstance(value, SparseVector), picture),
    (lambda value: have(value, "getbands", "mode", "size"), _pillow),
)
"""Which values have a line of their own, and what writes it."""


def _gathered(value: Any, most: int) -> str:
    """Lists, dicts, dataclasses and named rows: some of what is in them."""
    if names := fields_of(value):
        inner = ", ".join(f"{name}={_part(getattr(value, name), most)}" for name in names)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, Mapping):
        some = list(value.items())[:NUM_SHOWN]
        inner = ", ".join(f"{_part(key, most)}: {_part(child, most)}" for key, child in some)
        return f"{{{inner}{', …' if len(value) > NUM_SHOWN else ''}}}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_part(child, most) for child in value[:NUM_SHOWN])
        kind = "list" if isinstance(value, list) else "tuple"
        return f"{kind} of {len(value):,} [{inner}{', …' if len(value) > NUM_SHOWN else ''}]"
    return picture(value, most)


def _part(value: Any, most: int) -> str:
    """A value within another one."""
    if isinstance(value, np.ndarray):
        return _type_and_shape(value)
    return line(value, max(24, most // 2))


def fields_of(value: Any) -> Sequence[str]:
    """Names of the fields of a dataclass or a named row."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(field.name for field in dataclasses.fields(value))
    names = getattr(value, "_fields", ()) if isinstance(value, tuple) else ()
    return tuple(names)


def plain(value: Any) -> Any:
    """The value itself where JSON has it, or is a short row of numbers; else ``None``."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_vector(value):
        return [plain(number) for number in with_own_digits(value).tolist()]
    return None


def with_own_digits(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers as they are written in their own precision: 0.1, where float32 taken for float64 is 0.10000000149."""
    is_narrow = numbers.dtype.kind == "f" and numbers.dtype.itemsize < np.dtype(float).itemsize
    return numbers.astype(str).astype(float) if is_narrow else numbers
