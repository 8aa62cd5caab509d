"""``video-decode.keyframes``: the frames of a video that stand for themselves, without decoding the others."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any

from junco.builtin.video_decode.decoder import VideoDecoder, row_of
from junco.types import Segment, Shot, VideoFrame


class Keyframes(VideoDecoder, family="video-decode", name="keyframes"):
    """Gives the key frames of a video, which take about a tenth of the time of all of its frames.

    Key frames are those that can be decoded without others: the first, then one every few seconds and often one at a
    cut, as whoever coded the video has chosen. Which are is what the container says. The other frames are read, not
    decoded, and counted: ``index`` counts all frames of the video in the order in which they are shown. What else is
    done to a picture (colours, square pixels, turned upright) stands in the guide on video. Where none is
    shown, as in a short piece that was cut out without being coded anew, its first frame stands for the video.

    Given a second column of shots or segments, it gives the key frames of each one's time alone, or its first frame
    where there is none, and opens the source for each.

    Takes a path (``str``, ``Path``, ``file://``), an address if `allow_urls`, bytes, a binary file object or
    ``{"bytes": …, "path": …}``. Playlists and whatever else names other files are refused.

    Raises:
        InputError: for each source that is missing, empty, too large or no video, with its name; and after the frames
            before that where one is broken.
    """

    def stream(self, source: Any, piece: Shot | Segment | None = None) -> Iterator[VideoFrame]:
        yield from self.noted(self._frames(source, piece))

    def _frames(self, source: Any, piece: Shot | Segment | None) -> Generator[VideoFrame]:
        range_s, is_empty = self.range_of(piece), True
        with self.opened(source) as opened:  # once: a pipe can be read but once, and an address is fetched
            with self.video_in(*opened) as (video, pictures):
                for shown in self.shown(video, only_keys=True, range_s=range_s):
                    is_empty = False
                    yield row_of(shown, pictures)
            if is_empty and (piece is not None or self.start_s <= 0):
                with self.video_in(*opened) as (video, pictures):
                    for shown in islice(self.shown(video, range_s=range_s), 1):
                        yield row_of(shown, pictures)
