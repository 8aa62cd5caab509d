"""``video-decode.frames``: all frames of a video, every n-th, n a second, or those of a range of time."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import Any

from junco.builtin.video_decode.decoder import VideoDecoder, row_of
from junco.errors import ParameterError
from junco.operator.options import option
from junco.types import Segment, Shot, VideoFrame

_SLACK = 1e-6
"""Of a tick: times are fractions that floats do not hold."""


class Frames(VideoDecoder, family="video-decode", name="frames"):
    """Gives the frames of a video in the order in which they are shown: all, every n-th, or n a second.

    For a range of time it seeks to the key frame before it. ``index`` counts all frames of the video also then: where
    the container has no index of all packets (Matroska, MPEG-TS), those before are read and counted, not decoded. What
    is done to a picture (colours, square pixels, turned upright) stands in the guide on video.

    Given a second column of shots or segments, it gives the frames of each one's time alone, and opens the source for
    each.

    Takes a path (``str``, ``Path``, ``file://``), an address if `allow_urls`, bytes, a binary file object or
    ``{"bytes": …, "path": …}``. Playlists and whatever else names other files are refused.

    Args:
        every: frames whose ``index`` is a multiple of this.
        per_second: the first frame at or after each tick of so many a second, counted from time 0, or from the start of
            the shot, whose first frame is thus given; where the video has fewer frames, each once. ``None``: all.

    Raises:
        InputError: for each source that is missing, empty, too large or no video, with its name; and after the frames
            before that where one is broken.
    """

    every: int = option(1, least=1)
    per_second: float | None = option(None, least=0.001, most=1000)

    def check_options(self) -> None:
        super().check_options()
        if self.every > 1 and self.per_second is not None:
            raise ParameterError(
                f"{self.name!r}: every={self.every} and per_second={self.per_second:g} exclude each other"
            )

    def stream(self, source: Any, piece: Shot | Segment | None = None) -> Iterator[VideoFrame]:
        yield from self.noted(self._frames(source, piece))

    def _frames(self, source: Any, piece: Shot | Segment | None) -> Generator[VideoFrame]:
        range_s = self.range_of(piece)
        since_s = 0.0 if piece is None else range_s[0]
        next_tick = self._tick_from(range_s[0] - since_s)
        with self.video(source) as (video, pictures):
            for shown in self.shown(video, range_s=range_s):
                if self.per_second is not None:
                    ticks = (shown.time_s - since_s) * self.per_second
                    if ticks < next_tick - _SLACK:
                        continue
                    next_tick = math.floor(ticks + _SLACK) + 1
                if shown.index % self.every == 0:
                    yield row_of(shown, pictures)

    def _tick_from(self, time_s: float) -> int:
        """The number of the first tick at or after a time."""
        return math.ceil(time_s * (self.per_second or 0) - _SLACK)
