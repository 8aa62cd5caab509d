"""The sound of a container as blocks of samples, one after the other in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from junco.builtin.av.container import OnCorrupt, begins_at_s, only_read, said
from junco.errors import InputError
from junco.neural.resample import Samples

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

LEAST_RATE_HZ, MOST_RATE_HZ = 1_000, 768_000
"""Rates beyond are no sound's, and to resample them takes memory or time without end."""
GAP_S = 0.1
"""Time stamps may be that far from what the samples before them say: many containers round them, or drift."""
MOST_LEVEL = 1e9
"""Of a sample, where full level is 1: beyond it is no sound but damage."""
SHORT_S = 1.0
"""What may be missing of the length that a header says."""
EXACT_GAP_S = 0.01
MOST_OVERLAP_S = 0.5
"""Time stamps that go back further begin anew, as where two sounds were put one after the other."""
MOST_GAP_S = 3600.0
"""A longer silence in all than that would be made of wrong time stamps."""
_EXACT = {"aiff", "flac", "mov", "w64", "wav"}
"""Formats whose header says the length, and does not guess it."""
_WHOLE = {"flac", "ogg"}
"""Formats in which a gap between time stamps is damage: what is there was put there without one."""
_ENDLESS_BYTES = 0x7FFF0000
"""Who writes a WAV into a pipe cannot know its size, and writes 0, or about as much as there is room for."""


_HEAD_BYTES = 256
_CURE = " (on_corrupt='skip' takes what there is)"


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound in an open container.

    Attributes:
        container: it.
        stream: the stream that FFmpeg takes for the main one.
        name: of the source, for messages.
        on_corrupt: what becomes of packets that cannot be decoded.
        mono: give the mean of the channels.
        is_endless: its header says that its size was not known, so that its last packet may be short.
        rate_hz: samples a second, as the header says; the stream's own follows the decoder.
    """

    container: InputContainer
    stream: AudioStream
    name: str
    on_corrupt: OnCorrupt
    mono: bool
    is_endless: bool = False
    rate_hz: int = 0

    @property
    def formats(self) -> set[str]:
        """The names of the container's format."""
        return set(self.container.format.name.split(","))

    @property
    def header_s(self) -> float | None:
        """Its length by the header; ``None`` where that says nothing, or only guesses."""
        if self.stream.duration is None or self.stream.time_base is None or not self.formats & _EXACT:
            return None
        return float(self.stream.duration * self.stream.time_base)

    def blocks(self) -> Iterator[tuple[float, Samples]]:
        """Blocks that follow each other without a gap: their times in seconds, float32 (channels, n).

        Where time stamps leave a gap there is silence; what overlaps is left out. Where they begin anew and what is
        broken is to be skipped, the sound goes on.

        Raises:
            InputError: a packet cannot be decoded, the sound ends before its header says, a sample is no number, time
                stamps begin anew.
        """
        start_s = end_s = None
        later_s, silent = 0.0, 0
        count = num_channels = 0
        least_gap = (EXACT_GAP_S if self.formats & _WHOLE else GAP_S) * self.rate_hz
        for at_s, samples in self._decoded():
            if start_s is None:
                start_s = at_s if at_s is not None else 0.0
                num_channels = len(samples)
            elif len(samples) != num_channels:
                raise InputError(
                    f"{self.name}: {num_channels} channels become {len(samples)} at {at_s or 0:.3f} s: take mono=True"
                )
            gap = 0 if at_s is None else round((at_s + later_s - start_s) * self.rate_hz) - count
            if -gap > MOST_OVERLAP_S * self.rate_hz:
                self._check_jump(start_s + count / self.rate_hz, gap)
                later_s, gap = later_s - gap / self.rate_hz, 0
            if gap > least_gap:
                silent += gap
                self._check_gap(start_s + count / self.rate_hz, gap, silent)
                yield from self._silence(start_s, count, gap, num_channels)
                count += gap
            elif -gap > least_gap:
                samples = samples[:, -gap:]
            yield start_s + count / self.rate_hz, samples
            count += samples.shape[1]
            end_s = start_s + count / self.rate_hz
        self._check_end(end_s, count / self.rate_hz)

    def _check_gap(self, at_s: float, gap: int, silent: int) -> None:
        if silent > MOST_GAP_S * self.rate_hz:
            raise InputError(
                f"{self.name}: broken: its time stamps jump by {gap / self.rate_hz:,.0f} s at {at_s:.3f} s, "
                f"and leave out {silent / self.rate_hz:,.0f} s in all"
            )
        if self.on_corrupt == "raise" and self.formats & _WHOLE:
            raise InputError(f"{self.name}: broken: {gap / self.rate_hz:.3f} s are missing at {at_s:.3f} s{_CURE}")

    def _check_jump(self, at_s: float, gap: int) -> None:
        if self.on_corrupt == "raise":
            raise InputError(
                f"{self.name}: broken: its time stamps begin anew at {at_s:.3f} s, {-gap / self.rate_hz:.3f} s before "
                f"that, as of sounds put one after the other{_CURE}"
            )

    def _silence(self, start_s: float, count: int, gap: int, num_channels: int) -> Iterator[tuple[float, Samples]]:
        """A gap, second by second: a time stamp may claim any."""
        for done in range(0, gap, self.rate_hz):
            size = min(self.rate_hz, gap - done)
            yield start_s + (count + done) / self.rate_hz, np.zeros((num_channels, size), np.float32)

    def _check_end(self, end_s: float | None, length_s: float) -> None:
        header_s = self.header_s
        if end_s is None:
            raise InputError(f"{self.name}: no samples in its sound")
        if self.on_corrupt == "raise" and header_s is not None and max(end_s, length_s) < header_s - SHORT_S:
            raise InputError(
                f"{self.name}: truncated: it ends at {end_s:.3f} s, and its header says {header_s:.3f} s{_CURE}"
            )

    def _decoded(self) -> Iterator[tuple[float | None, Samples]]:
        """What each frame holds, with its time."""
        begins_s, at_s, codec = begins_at_s(self.container), 0.0, self.stream.codec_context.name
        for frame in self._frames():
            if frame.rate != self.rate_hz:
                raise InputError(f"{self.name}: its sample rate changes from {self.rate_hz} to {frame.rate} Hz")
            time_s = time_of(frame, codec)
            time_s = None if time_s is None else time_s - begins_s
            samples = floats(frame)
            if not (np.abs(samples) <= MOST_LEVEL).all():  # so that no mean nor sum of them is infinite either
                at_s = at_s if time_s is None else time_s
                raise InputError(
                    f"{self.name}: a sample is no number, or more than {MOST_LEVEL:,.0f}, near {at_s:.3f} s"
                )
            yield time_s, samples.mean(axis=0, keepdims=True) if self.mono and len(samples) > 1 else samples

    def _frames(self) -> Iterator[AudioFrame]:
        import av

        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except IndexError:  # of a stream that came up on the way, which PyAV does not know: none of ours
                packets = self.container.demux(self.stream)
                continue
            except (av.error.FFmpegError, OSError) as error:
                if self.on_corrupt == "raise":
                    raise InputError(f"{self.name}: broken: {said(error)}{_CURE}") from error
                packet = None
            if packet is None:
                return
            try:
                if packet.is_corrupt and not self._is_only_short():
                    raise av.error.InvalidDataError(0, "Invalid data found when processing input")
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                if self.on_corrupt == "raise":
                    place = self._place(packet)
                    raise InputError(f"{self.name}: truncated or broken{place}: {said(error)}{_CURE}") from error

    def _is_only_short(self) -> bool:
        """Whether a packet that FFmpeg calls corrupt is one of plain samples, of which some are missing at the end."""
        is_plain = self.stream.codec_context.name.startswith("pcm_")
        return is_plain and (self.is_endless or self.on_corrupt == "skip")

    def _place(self, packet: Any) -> str:
        if packet.pts is None or packet.time_base is None:
            return ""
        return f" at {float(packet.pts * packet.time_base) - begins_at_s(self.container):.3f} s"


def is_endless(file: IO[bytes]) -> bool:
    """Whether a file is a WAV that was written into a pipe; it is left at its start."""
    head = file.read(8)
    file.seek(0)
    size = int.from_bytes(head[4:8], "little")
    return head[:4] == b"RIFF" and (size <= _HEAD_BYTES or size >= _ENDLESS_BYTES)


def sound_of(container: InputContainer, name: str, on_corrupt: OnCorrupt, *, mono: bool, is_endless: bool) -> Sound:
    """The main sound of a container.

    Raises:
        InputError: there is none, or FFmpeg has no decoder for it, or its rate is no sound's.
    """
    stream = container.streams.best("audio")
    if stream is None:
        others = {each.type for each in container.streams}
        raise InputError(f"{name}: no sound in it{', only ' + ' and '.join(sorted(others)) if others else ''}")
    sound: Any = stream
    if sound.codec_context is None:
        raise InputError(f"{name}: its sound is coded in a way that FFmpeg cannot decode")
    found = Sound(container, sound, name, on_corrupt, mono, is_endless, int(sound.rate or 0))
    if not LEAST_RATE_HZ <= found.rate_hz <= MOST_RATE_HZ:
        raise InputError(f"{name}: {found.rate_hz} Hz are no sound's rate ({LEAST_RATE_HZ:,} to {MOST_RATE_HZ:,} Hz)")
    only_read(container, stream)
    return found


def time_of(frame: AudioFrame, codec: str) -> float | None:
    """When a frame's first sample is heard, by its time stamp, in seconds.

    FFmpeg takes the last long packet of Vorbis before a short one for longer than it is, and the short one for shorter:
    the latter's time stamp is too late by up to 46 ms, and only its end is right.
    """
    if frame.pts is None or frame.time_base is None:
        return None
    pts: float = frame.pts
    if codec == "vorbis" and frame.duration:
        pts = min(pts, pts + frame.duration - frame.samples / float(frame.rate * frame.time_base))
    return pts * float(frame.time_base)


def floats(frame: AudioFrame) -> Samples:
    """A frame's samples: float32 (channels, n), whole numbers divided so that they lie in −1..1."""
    given: Any = frame.to_ndarray()
    if not frame.format.is_planar:
        given = given.reshape(-1, frame.layout.nb_channels).T
    if given.dtype == np.uint8:
        return np.asarray((given.astype(np.float32) - 128) / 128, np.float32)
    if given.dtype.kind == "i":
        scale = 2.0 ** (8 * given.dtype.itemsize - 1)
        return np.asarray(given / np.float32(scale), np.float32)
    return np.asarray(given, np.float32)
