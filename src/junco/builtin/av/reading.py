"""One video, decoded frame by frame: each with its number and time, until the end or until where it is broken."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from junco.builtin.av.container import said
from junco.builtin.av.numbers import NOT_SHOWN, Number, Packets, begins_anew, numbered, packets_from
from junco.builtin.av.video import Limits, Video
from junco.errors import InputError

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame as Decoded
    from av.video.stream import VideoStream

_log = logging.getLogger("junco")
_USUAL_RATE_HZ = 25
_SLACK_S = 1.0
"""By how much pictures may end before the time that their container promises: it rounds, and sound may go on."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A decoded frame, when it is shown in seconds from the start, and how many frames are shown before it."""

    frame: Decoded
    time_s: float
    index: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of a video.

    Attributes:
        limits: refused when what was read is beyond them.
        start_s: the first time that is wanted.
        end_s: the time before which reading ends; ``None``: all.
        only_keys: key frames alone are decoded.
        skips: what is broken is left out, up to the next key frame.
        on_loss: called once when something is left out.
    """

    limits: Limits
    start_s: float = 0.0
    end_s: float | None = None
    only_keys: bool = False
    skips: bool = False
    on_loss: Callable[[], None] = lambda: None


class Reading:
    """A video on the way from packets to frames; to be used once.

    Of an untimed video all frames are decoded, since only their order tells: the n-th that is shown has the time at
    which the n-th is decoded, as FFmpeg's own best guess.
    """

    def __init__(self, video: Video, wanted: Wanted) -> None:
        self._video = video
        self._wanted = wanted
        self._context = video.stream.codec_context
        self._slots: deque[int | None] | None = deque() if video.is_untimed else None
        self._only_keys = wanted.only_keys and not video.is_untimed
        if self._only_keys:
            self._context.skip_frame = "NONKEY"
        self._last: Shown | None = None
        self._num_read = 0
        self._num_lost = 0
        self._end_s = 0.0
        self._risen: Shown | None = None
        self._break: str | None = None

    def __iter__(self) -> Iterator[Shown]:
        """The frames in the order in which they are shown.

        Raises:
            InputError: the video breaks off or is broken, after the frames before that; it has no key frame; or it is
                longer than it may be.
        """
        wanted = self._wanted
        for shown in self._all():
            wanted.limits.check_length(shown.index + 1, shown.time_s, self._video.name)
            if not self._rises(shown):
                continue
            if wanted.end_s is not None and shown.time_s >= wanted.end_s:
                break
            if shown.time_s >= wanted.start_s and (shown.frame.key_frame or not wanted.only_keys):
                yield shown
        if self._num_lost:
            _log.warning("%s: %d packets were left out, being broken", self._video.name, self._num_lost)

    def _rises(self, shown: Shown) -> bool:
        """Whether a frame's time is not before that of one given sooner; it is left out, or an error."""
        if self._risen is not None and shown.time_s < self._risen.time_s:
            self._lose(f"the time of the next frame, {shown.time_s:.2f} s, is before that")
            return False
        self._risen = shown
        return True

    def _all(self) -> Iterator[Shown]:
        packets, first, self._num_read = packets_from(self._video, self._wanted.start_s)
        begun_at: float | None = None  # when the key frame is shown with which the decoder began
        num_before = 0
        for packet in numbered(self._read(packets), self._context.name, first):
            if not packet.is_keyframe and (self._only_keys or begun_at is None or _time(packet) < begun_at):
                num_before += begun_at is None and self._last is None
                continue  # also what is shown before that key frame: it needs frames that came before
            if begun_at is None:
                begun_at = _time(packet)
                num_before = self._tell(num_before)
            frames, problem = self._decoded(packet)
            yield from map(self._shown, frames)
            if problem is not None:
                yield from self._rest()
                self._lose(problem)
                begun_at = None
        yield from self._rest()
        if begun_at is None and self._last is None and not (self._break or self._num_lost):
            raise InputError(f"{self._video.name}: no key frame in it, so that nothing can be decoded")
        if (problem := self._break or self._missing()) is not None:
            self._lose(problem)

    def _tell(self, num_before: int) -> int:
        """Say of frames before the first key frame that nobody can decode them; none are left to be told of."""
        if num_before:
            self._wanted.on_loss()
            _log.warning("%s: begins with %d frames that need others before them", self._video.name, num_before)
        return 0

    def _read(self, packets: Packets) -> Packets:
        """The packets up to the end, or to where the container cannot be read on."""
        from av.error import FFmpegError

        last: Packet[VideoStream] | None = None
        try:
            for packet in packets:
                if begins_anew(last, packet):
                    self._break = "its time stamps begin anew there, as of videos put one after the other"
                    return
                last, self._num_read = packet, self._num_read + 1
                shown_at = packet.pts if self._slots is None else packet.dts
                if shown_at is not None:
                    end = shown_at + (packet.duration or 0) - self._video.start
                    self._end_s = max(self._end_s, float(end * self._video.time_base))
                yield packet
        except FFmpegError as error:
            self._break = said(error)

    def _decoded(self, packet: Packet[VideoStream]) -> tuple[Sequence[Decoded], str | None]:
        """The frames that come out when a packet goes in, and what is wrong with it or them."""
        from av.error import FFmpegError

        if packet.is_corrupt:
            return [], "a packet is cut off or damaged"
        if self._slots is not None:
            self._slots.append(packet.dts)
        try:
            return _sound(packet.decode())
        except FFmpegError as error:
            return [], said(error)

    def _rest(self) -> Iterator[Shown]:
        """The frames that the decoder holds back for their turn; it then begins anew."""
        from av.error import FFmpegError

        try:
            frames, _ = _sound(self._context.decode(None))
        except FFmpegError:
            frames = []
        self._context.flush_buffers()
        yield from map(self._shown, frames)
        if self._slots is not None:
            self._slots.clear()

    def _shown(self, frame: Decoded) -> Shown:
        number = frame.opaque.value if isinstance(frame.opaque, Number) else NOT_SHOWN
        time = frame.pts
        if self._slots is not None:
            time = self._slots.popleft() if self._slots else None
        if number == NOT_SHOWN or self._slots is not None or (time is None and not self._only_keys):
            number = 0 if self._last is None else self._last.index + 1
        if time is not None:
            time_s = float((time - self._video.start) * self._video.time_base)
        else:
            time_s = number / float(self._video.stream.average_rate or _USUAL_RATE_HZ)
        self._last = Shown(frame, time_s, number)
        return self._last

    def _missing(self) -> str | None:
        """What the container promises and does not hold."""
        promised = self._video.stream.frames
        if promised > self._num_read and not self._holds_empty(promised):
            return f"it ends there, though its header promises {promised:,} frames"
        promised_s = _seconds(self._video.stream.metadata.get("DURATION", ""))
        begins_s = max(0.0, float(self._video.start * self._video.time_base))  # the promise counts from before that
        if promised_s > begins_s + self._end_s + _SLACK_S:
            return f"it ends there, though its header promises {promised_s:.2f} s"
        return None

    def _holds_empty(self, promised: int) -> bool:
        """Whether an AVI holds empty frames for those that are missing: FFmpeg passes over them, as its times show."""
        rate = self._video.stream.average_rate
        return self._video.container.format.name == "avi" and rate is not None and self._end_s * rate > promised - 0.5

    def _lose(self, problem: str) -> None:
        """Go on after something broken, or do not.

        Raises:
            InputError: as asked.
        """
        last = self._risen
        after = f"after {last.time_s:.2f} s (frame {last.index})" if last is not None else "at its beginning"
        if not self._wanted.skips:
            raise InputError(
                f"{self._video.name}: broken {after}: {problem}; what can be read of it is given with on_corrupt='skip'"
            )
        if not self._num_lost:
            self._wanted.on_loss()
        self._num_lost += 1


def _time(packet: Packet[VideoStream]) -> float:
    """When its frame is shown, in the stream's units; without times packets come in that order."""
    return float("inf") if packet.pts is None else packet.pts


def _sound(frames: Sequence[Decoded]) -> tuple[Sequence[Decoded], str | None]:
    """The frames before the first that could only be decoded in part."""
    for position, frame in enumerate(frames):
        if frame.is_corrupt:
            return frames[:position], "a frame could be decoded only in part"
    return frames, None


def _seconds(clock: str) -> float:
    """Of ``hours:minutes:seconds``, as Matroska tells the length of a track; 0 where that is not said."""
    try:
        hours, minutes, seconds = map(float, clock.split(":"))
    except ValueError:
        return 0.0
    return hours * 3600 + minutes * 60 + seconds
