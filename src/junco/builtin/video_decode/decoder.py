"""`VideoDecoder`: options that operators share that give frames of a video."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing

from junco.builtin.av.container import MOST_S
from junco.builtin.av.pictures import Pictures
from junco.builtin.av.reader import Range, VideoReader
from junco.builtin.av.reading import Shown
from junco.builtin.av.video import Video
from junco.errors import InputError, ParameterError
from junco.operator.notes import Word
from junco.operator.options import option
from junco.types import Segment, Shot, VideoFrame
from junco.wording import picture

NOTHING_THERE: Mapping[Word, str] = {"empty": "no such frame of it is shown from start_s on and before end_s"}


class VideoDecoder(VideoReader):
    """Base of operators that give frames of a video, or of the shot or segment of it in a second column.

    Args:
        start_s: frames before this time are left out; decoding begins at the key frame before it.
        end_s: frames from this time on are left out.
        least_side: frames are made smaller by FFmpeg, as long as their shorter side keeps this many pixels. A
            plan sets it where the next step needs no more.
    """

    start_s: float = option(0.0, least=0, most=MOST_S)
    end_s: float | None = option(None, least=0, most=MOST_S)
    least_side: int | None = option(None, least=1, neutral=True)

    keeps_space = True
    cures = NOTHING_THERE

    def check_options(self) -> None:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ParameterError(f"{self.name!r}: end_s={self.end_s:g} is not after start_s={self.start_s:g}")

    def pictures(self, video: Video) -> Pictures:
        return Pictures(self.limits, video.name, video.stream.sample_aspect_ratio, self.least_side)

    @property
    def range_s(self) -> Range:
        return self.start_s, self.end_s

    def noted(self, frames: Generator[VideoFrame]) -> Iterator[VideoFrame]:
        """The frames of a source; where there are none, the source is noted as empty."""
        is_empty = True
        with closing(frames):
            for frame in frames:
                is_empty = False
                yield frame
        if is_empty:
            self.note("empty", [0])

    def range_of(self, piece: Shot | Segment | None) -> Range:
        """What of the seconds that the options ask for lies in a piece of a video; none: the whole.

        Raises:
            InputError: its times are none of a video.
        """
        start_s, end_s = self.range_s
        if piece is None:
            return start_s, end_s
        if not (isinstance(piece, Shot | Segment) and abs(piece.start_s) <= MOST_S and not math.isnan(piece.end_s)):
            raise InputError(f"{self.name!r}: the times of {picture(piece)} are no seconds of a video")
        return max(start_s, piece.start_s), piece.end_s if end_s is None else min(end_s, piece.end_s)


def row_of(shown: Shown, pictures: Pictures) -> VideoFrame:
    """A frame as it leaves the operator."""
    return VideoFrame(pictures.of(shown.frame), shown.time_s, shown.index, bool(shown.frame.key_frame))
