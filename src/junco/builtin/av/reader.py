"""`VideoReader`: options that operators on videos share, and frames decoded one by one with number and time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from junco.builtin.av.container import MAX_FETCHED_BYTES, MAX_PIXELS, OnCorrupt
from junco.builtin.av.pictures import Pictures
from junco.builtin.av.reading import Reading, Shown, Wanted
from junco.builtin.av.video import Limits, Video, opened_video
from junco.builtin.decoder import Decoder
from junco.builtin.extras import importing
from junco.operator.hints import Hints
from junco.operator.options import option

Range = tuple[float, float | None]
"""Seconds: from when, and before when; ``None``: to the end."""


class VideoReader(Decoder):
    """Base of operators that look at the frames of a video, whatever they make of them.

    Args:
        on_corrupt: what cannot be decoded is an error after the frames before it (``raise``), or is left out up to the
            next key frame (``skip``): then the input is noted as ``cut``, the log tells how often, and ``index`` of
            later frames may be too low, while their times hold.
        max_pixels: a video whose frames have more is refused by its header.
        max_frames: a video of more frames is refused, by its header where that says so; ``None``: any number.
        max_duration_s: a longer video is refused, by its header where that says so; ``None``: any.
    """

    what = "video"
    in_place = True
    max_bytes: int = option(MAX_FETCHED_BYTES)
    on_corrupt: OnCorrupt = "raise"
    max_pixels: int = option(MAX_PIXELS, least=1)
    max_frames: int | None = option(10_000_000, least=1)
    max_duration_s: float | None = option(None, least=0)

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)

    def open(self) -> None:
        with importing("video", self.name):
            import av  # noqa: F401

    @contextmanager
    def video(self, source: Any) -> Iterator[tuple[Video, Pictures]]:
        """The source's video, open, and what makes pixels of its frames.

        Raises:
            InputError: it is missing, empty, no video, or beyond the limits.
        """
        with self.opened(source) as (file, name), self.video_in(file, name) as found:
            yield found

    @contextmanager
    def video_in(self, file: IO[bytes], name: str) -> Iterator[tuple[Video, Pictures]]:
        """The same of a source that is open already, from its start whatever was read of it before.

        Raises:
            InputError: it is no video, or beyond the limits.
        """
        file.seek(0)
        with opened_video(file, name, self.limits) as video:
            yield video, self.pictures(video)

    def pictures(self, video: Video) -> Pictures:
        """What makes pixels of its frames."""
        return Pictures(self.limits, video.name, video.stream.sample_aspect_ratio)

    def shown(self, video: Video, *, only_keys: bool = False, range_s: Range | None = None) -> Iterator[Shown]:
        """Its frames in the order in which they are shown.

        Args:
            only_keys: key frames alone.
            range_s: of which seconds; ``None``: those that the options ask for.

        Raises:
            InputError: the video breaks off or is broken, after the frames before that; it has no key frame; or it is
                longer than it may be.
        """
        range_s = range_s or self.range_s
        wanted = Wanted(self.limits, *range_s, only_keys, self.on_corrupt == "skip", lambda: self.note("cut", [0]))
        return iter(Reading(video, wanted))

    @property
    def limits(self) -> Limits:
        """What a video may have."""
        return Limits(self.max_pixels, self.max_frames, self.max_duration_s)

    @property
    def range_s(self) -> Range:
        """Of which seconds frames are looked at."""
        return 0.0, None
