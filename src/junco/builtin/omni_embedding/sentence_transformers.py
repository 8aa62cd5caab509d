"""``omni-embedding.sentence-transformers``: models of texts, pictures, sounds and videos, by name or folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from junco.builtin.omni_embedding.library import OmniLibrary
from junco.builtin.sentence_transformers.by_library import ByLibrary
from junco.errors import InputError
from junco.neural.finish import Finish, Precision
from junco.neural.pixels import checked_pixels
from junco.neural.sound import one_channel
from junco.neural.texts import checked_texts
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Space, Vector, Vectors
from junco.types.media import AudioClip
from junco.wording import picture


class OmniEmbedding(ByLibrary, family="omni-embedding", name="sentence-transformers"):
    """Embeds texts, pictures, sounds and videos, as far as the model takes them: its vectors live in one space.

    What an item is, its type tells: a ``str`` is a text (never a path or an address), pixels or a video frame a
    picture, an `AudioClip` a sound, a list of pixels or frames a video, whose frames all count, with their times where
    they have them (without, such a model counts 24 a second). A sound's channels become their mean at the sample rate
    that the model takes. Vectors are what the library's own ``encode`` gives. Code from model repositories never runs.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
        normalize: scale vectors to length 1, after truncation.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
    """

    model: str | Path = "sentence-transformers/clip-ViT-B-32"
    normalize: bool = False
    truncate_dim: int | None = option(None, least=1)
    precision: Precision = "float32"

    packages = {**ByLibrary.packages, "PIL": "image-text"}
    hints = Hints(first_batch=8, max_batch=64, max_cost=2**13, releases_gil=True)
    library = OmniLibrary
    not_tuned = "its model is run by the library itself, which lends no network"
    tuned_instead = "image-text-embedding.transformers, image-text-embedding.open-clip"

    def space(self, *inputs: Space | None) -> Space | None:
        space = super().space(*inputs)
        return self._finish.in_space(space) if space is not None else None

    def batch(self, items: Sequence[Any]) -> list[Vector]:
        rows_of: dict[str, list[int]] = {}
        for row, item in enumerate(items):
            rows_of.setdefault(kind_of(item), []).append(row)
        found: dict[int, Vector] = {}
        for kind, rows in rows_of.items():
            block = self._encoded(kind, [items[row] for row in rows], rows)
            found |= zip(rows, self._finish.rows(block), strict=True)
        return [found[row] for row in range(len(items))]

    def cost(self, *item: Any) -> float:
        """About the tokens: of a picture some hundreds, of a video as many for each frame."""
        if isinstance(item[0], (list, tuple)):
            return 256.0 * max(1, len(item[0]))
        return super().cost(*item) if isinstance(item[0], str) else 256.0

    @cached_property
    def _finish(self) -> Finish:
        return Finish(self.name, self.normalize, self.truncate_dim, self.precision)

    def _encoded(self, kind: str, items: Sequence[Any], rows: Sequence[int]) -> Vectors:
        """The library's vectors of items of one kind."""
        library: OmniLibrary = self.loaded()
        if not library.takes(kind):
            raise InputError(f"{self.name!r}: {self._model!r} takes no {kind}, such as {picture(items[0])}")
        if kind == "text":
            checked = checked_texts(items, self.name)
            self.note_texts(checked, rows)
            return library.encode(checked, self.role, self.prompt)
        ways: dict[str, Callable[[Any], Any]] = {"image": self._picture, "audio": self._sound, "video": self._video}
        made = ways[kind]
        return library.encode_media(kind, [made(item) for item in items], self.role, self.prompt)

    def _picture(self, item: Any) -> Any:
        from PIL import Image

        return Image.fromarray(checked_pixels(item, self.name))

    def _sound(self, clip: AudioClip) -> Mapping[str, Any]:
        rate = self.loaded().sample_rate_hz
        return {"array": np.array(one_channel(clip, rate, self.name)), "sampling_rate": rate}

    def _video(self, frames: Sequence[Any]) -> Mapping[str, Any]:
        if not frames:
            raise InputError(f"{self.name!r}: a video without frames: nothing to embed")
        return {"array": [self._picture(frame) for frame in frames], "video_metadata": _metadata(frames)}


def kind_of(item: Any) -> str:
    """Which of the library's modalities an item is; what is none of the others is taken for a picture."""
    if isinstance(item, str):
        return "text"
    if isinstance(item, AudioClip):
        return "audio"
    return "video" if isinstance(item, (list, tuple)) else "image"


def _metadata(frames: Sequence[Any]) -> dict[str, Any] | None:
    """What models that count a video's time are told of it; ``None`` where frames have no times."""
    times = [float(frame.time_s) for frame in frames if hasattr(frame, "time_s")]
    if len(times) < max(2, len(frames)) or times[-1] <= times[0]:
        return None
    fps = (len(times) - 1) / (times[-1] - times[0])
    numbers = list(range(len(frames)))
    return {"total_num_frames": len(frames), "fps": fps, "duration": len(frames) / fps, "frames_indices": numbers}
