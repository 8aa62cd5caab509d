"""``video-decode.scenes``: some frames of each shot of a video, cut by cut, in one pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from typing import Any

from junco.builtin.av.reading import Shown
from junco.builtin.cuts import HEIGHT, NEIGHBOURS, WIDTH, Cuts
from junco.builtin.video_decode.decoder import VideoDecoder, row_of
from junco.operator.options import option
from junco.types import Segment, Shot, VideoFrame

_FINENESS = 8
"""Frames held of the shot that goes on, for each that is wanted: the wanted ones are that near to their places."""


class Scenes(VideoDecoder, family="video-decode", name="scenes"):
    """Gives one or more frames of each shot: what a camera took without a cut.

    Cuts are found as ``shot-detection.content`` finds them, in the same pass: all frames are decoded, and compared
    small. One frame is that in the middle of its shot, several are those in the middles of as many equal parts; they
    are chosen among a few that are held, so that they may lie beside their places by a sixteenth of the part. A shot
    with fewer frames gives each once. ``index`` counts all frames of the video.

    Given a second column of shots or segments, it looks at each one's time alone, and opens the source for each.

    Takes a path (``str``, ``Path``, ``file://``), an address if `allow_urls`, bytes, a binary file object or
    ``{"bytes": …, "path": …}``. Playlists and whatever else names other files are refused.

    Args:
        per_shot: how many frames of each shot.
        threshold: least difference of two frames at a cut, 0..1.
        ratio: least ratio of that to the differences of the frames around; ``None``: the threshold alone.
        least_s: a cut that comes sooner after the start of its shot, in seconds, is none.

    Raises:
        InputError: for each source that is missing, empty, too large or no video, with its name; and after the frames
            before that where one is broken.
    """

    per_shot: int = option(1, least=1, most=100)
    threshold: float = option(0.08, least=0, most=1)
    ratio: float | None = option(3.0, least=1)
    least_s: float = option(0.4, least=0)

    def stream(self, source: Any, piece: Shot | Segment | None = None) -> Iterator[VideoFrame]:
        yield from self.noted(self._frames(source, piece))

    def _frames(self, source: Any, piece: Shot | Segment | None) -> Generator[VideoFrame]:
        range_s = self.range_of(piece)
        with self.video(source) as (video, pictures):
            cuts = Cuts(self.threshold, self.ratio, self.least_s)
            shot, recent = Held(self.per_shot), deque[Shown]()
            num_seen = 0
            for shown in self.shown(video, range_s=range_s):
                cut = cuts.add(pictures.small(shown.frame, WIDTH, HEIGHT), shown.time_s)
                recent.append(shown)
                num_seen += 1
                if cut is not None:
                    yield from (row_of(each, pictures) for each in shot.ended(recent, num_seen - cut.index))
                    shot = Held(self.per_shot)
                elif len(recent) > NEIGHBOURS:
                    shot.add(recent.popleft())
            for cut in cuts.end():
                yield from (row_of(each, pictures) for each in shot.ended(recent, num_seen - cut.index))
                shot = Held(self.per_shot)
            yield from (row_of(each, pictures) for each in shot.ended(recent, 0))


class Held:
    """The frames of a shot that goes on, of which few are held, evenly, however long it is."""

    def __init__(self, num_wanted: int) -> None:
        self._num_wanted = num_wanted
        self._most = 2 * _FINENESS * num_wanted
        self._held: list[tuple[int, Shown]] = []
        self._num_frames = 0
        self._step = 1

    def add(self, shown: Shown) -> None:
        """Take the next frame."""
        position, self._num_frames = self._num_frames, self._num_frames + 1
        if position % self._step:
            return
        if len(self._held) == self._most:
            self._step *= 2
            self._held = self._held[::2]
        if position % self._step == 0:
            self._held.append((position, shown))

    def ended(self, recent: deque[Shown], num_after: int) -> Iterator[Shown]:
        """The frames that are wanted, once it has got all of ``recent`` but the last so many, which stay there."""
        while len(recent) > num_after:
            self.add(recent.popleft())
        part = self._num_frames / self._num_wanted
        wanted = [(number + 0.5) * part - 0.5 for number in range(self._num_wanted)]
        nearest = {min(self._held, key=lambda each: abs(each[0] - place))[0] for place in wanted if self._held}
        return (shown for position, shown in self._held if position in nearest)
