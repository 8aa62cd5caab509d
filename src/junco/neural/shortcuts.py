"""Shortcuts on a picture's way into a model, taken only where the model's vectors stay the reference's.

They are measured once for a model on a machine, on the golden pictures, end to end: the reference on the exact way
against the runtime in use on the short one. What was found is kept with the runtimes' certificates.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from junco.neural.compute import Compute
from junco.neural.golden import golden_images, golden_jpeg, golden_video
from junco.neural.preparation import Preparation, Prepared
from junco.operator import registry
from junco.runtime.cache import Cache
from junco.runtime.certificate import cosines
from junco.runtime.load import load
from junco.runtime.loading import MOST_BYTES
from junco.runtime.machine import machine, version, versions
from junco.runtime.source import Compiled, Source
from junco.types import Image, Space, Vectors

MARGINS = (1.0, 1.5, 2.0)
"""How much more than the model's own resize needs a picture decoded at a reduced size may have to keep."""
_SCALES = (2, 4)
_DECODER, _VIDEO_DECODER = "image-decode.pil", "video-decode.keyframes"
"""What decodes JPEGs and videos at a reduced size; they come in by their entry points, as every operator."""
_log = logging.getLogger("junco")
_PACKAGES = ("junco", "torch", "pillow", "simplejpeg", "openvino", "av")


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """What may be skipped.

    Attributes:
        fast: pictures may be prepared the fast way.
        least_side: JPEGs and, where there is what decodes them, videos may be decoded at a reduced size that keeps this
            many pixels of the shorter side; ``None``: they may not.
    """

    fast: bool = False
    least_side: int | None = None


def remembered(space: Space, compute: Compute) -> Shortcuts | None:
    """What was found on this machine before."""
    return Cache().read(*_entry(space, compute), _shortcuts_of)


def _shortcuts_of(plain: Any) -> Shortcuts:
    found = Shortcuts(plain["fast"], plain["least_side"])
    if not isinstance(found.fast, bool) or type(found.least_side) not in (int, type(None)):
        raise TypeError(plain)
    return found


def can_be_remembered() -> bool:
    """Whether it is worth while to measure: not where each process would have to do it again."""
    return Cache().is_writable


def measured(space: Space, compute: Compute, source: Source, preparation: Preparation, compiled: Compiled) -> Shortcuts:
    """Try them, and remember. Int8 arithmetic is no near copy of the reference: there its own exact way counts."""
    expected = (
        compiled if compute.dtype == "int8" else load(source, "onnxruntime" if source.onnx else "torch", "float32")
    )

    def agrees(exact: Sequence[Image], short: Sequence[Image], prepare: Callable[[Image], Prepared]) -> bool:
        wanted = _vectors(expected, [preparation.exact(pixels) for pixels in exact])
        return bool(cosines(_vectors(compiled, [prepare(p) for p in short]), wanted).min() >= compute.accepted_cosine)

    try:
        fast = agrees(golden_images(), golden_images(), preparation.fast)
        prepare = preparation.fast if fast else preparation.exact
        sides = [round(margin * preparation.resized_side) for margin in MARGINS]
        if source.num_bytes > MOST_BYTES:
            sides = []
        least_side = next((side for side in sides if agrees(*_decoded(side), prepare)), None)
    finally:
        if expected is not compiled:
            expected.close()
    found = Shortcuts(fast, least_side)
    Cache().remember(*_entry(space, compute), asdict(found))
    return found


def _decoded(least_side: int) -> tuple[list[Image], list[Image]]:
    """Golden JPEGs and frames of videos in full, and at the sizes that leave just ``least_side``."""
    files = [golden_jpeg(seed, least_side * scale) for seed, scale in enumerate(_SCALES)]
    decode = registry.load(_DECODER)
    full, reduced = list(decode().batch(files)), list(decode(least_side=least_side).batch(files))
    if version("av") is not None:
        videos = [golden_video(seed, least_side * scale) for seed, scale in enumerate(_SCALES)]
        decode = registry.load(_VIDEO_DECODER)
        full += [frame.image for video in videos for frame in decode()(video)]
        reduced += [frame.image for video in videos for frame in decode(least_side=least_side)(video)]
    return full, reduced


def _vectors(compiled: Compiled, prepared: Sequence[Prepared]) -> Vectors:
    return np.concatenate([compiled(each[None]) for each in prepared])


def _entry(space: Space, compute: Compute) -> tuple[str, dict[str, Any]]:
    asked = {name: getattr(compute, name) for name in ("runtime", "dtype", "device_name", "least_cosine")}
    identity = {"model": dict(space.parts), **asked, "machine": machine(), "versions": versions(_PACKAGES)}
    return f"shortcuts-{compute.owner}", identity
