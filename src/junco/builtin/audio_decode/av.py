"""``audio-decode.av``: any sound, or the sound of a video → samples, by PyAV (FFmpeg)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from junco.builtin.audio_decode.chunks import Blocks, at_rate, between, chunks, on_grid
from junco.builtin.audio_decode.frames import LEAST_RATE_HZ, MOST_RATE_HZ, Sound, is_endless, sound_of
from junco.builtin.av.container import MAX_FETCHED_BYTES, MOST_S, OnCorrupt, opened_container
from junco.builtin.decoder import Decoder
from junco.builtin.extras import importing
from junco.cores import core_share
from junco.errors import InputError, ParameterError
from junco.neural.resample import Samples
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import AudioClip


class AvAudioDecode(Decoder, family="audio-decode", name="av"):
    """Decodes a sound, or the sound of a video, into float32 samples (channels, n): whole, or in chunks.

    Under ``map`` and by a direct call a source becomes one clip; under ``flat_map`` it becomes chunks, one by one, in
    memory that does not grow with the sound. Takes what every decoder takes. The format is told by the content. Whole
    numbers of 8 to 32 bits are divided so that they lie in −1..1; floats stay as they are.

    Times count from the container's start, of a video from its first picture, as those of its frames do (sound before
    it has times below 0): by the first time stamp of the sound and from there by its samples. What an encoder put
    before the sound (its delay) is left out as FFmpeg reads it from the container, edit lists too; of MPEG-TS, ADTS,
    AVI and FLV nobody says it, so it stays: 11 to 44 ms. A gap of more than 0.1 s between time stamps becomes silence,
    an overlap is left out; in FLAC and Ogg a gap is damage.

    Args:
        sample_rate_hz: resample to this rate, which most models of sound want; ``None`` keeps the sound's own.
        mono: give the mean of all channels, of stereo and 5.1 alike.
        chunk_s: length of a chunk, in seconds; the last may be shorter.
        overlap_s: how much of a chunk the next one repeats.
        start_s: leave out what comes before; ``None``: nothing, ``0``: what is before a video's first picture. It is
            decoded all the same, since only so the samples are exact. Where it is given, chunks begin there or a whole
            number of hops (``chunk_s - overlap_s``) later, whenever the sound begins: the first may be shorter.
        end_s: leave out what comes from there on, and do not read it.
        on_corrupt: a packet that cannot be decoded, or a sound that ends before its header says, is an error
            (``raise``), once all chunks before it were given; or left out (``skip``), with silence in its place where
            time stamps tell its length.
        max_duration_s: a whole clip may not be longer: it is in memory. Chunks may.

    Raises:
        InputError: for each source without sound or samples, broken, too long, or with samples that are no numbers.
    """

    what = "sound"
    in_place = True
    max_bytes: int = option(MAX_FETCHED_BYTES)
    sample_rate_hz: int | None = option(16_000, least=LEAST_RATE_HZ, most=MOST_RATE_HZ)
    mono: bool = True
    chunk_s: float = option(10.0, least=0.001, most=86_400)
    overlap_s: float = option(0.0, least=0, most=86_400)
    start_s: float | None = option(None, least=-MOST_S, most=MOST_S)
    end_s: float | None = option(None, least=-MOST_S, most=MOST_S)
    on_corrupt: OnCorrupt = "raise"
    max_duration_s: float = option(3600.0, least=0)

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True

    def check_options(self) -> None:
        if self.overlap_s >= self.chunk_s:
            raise ParameterError(f"{self.name!r}: overlap_s={self.overlap_s} must be less than chunk_s={self.chunk_s}")
        if self.end_s is not None and self.start_s is not None and self.end_s <= self.start_s:
            raise ParameterError(f"{self.name!r}: end_s={self.end_s} must be more than start_s={self.start_s}")

    def open(self) -> None:
        with importing("audio", self.name):
            import av  # noqa: F401  # whether it is here

    def batch(self, sources: Sequence[Any]) -> Sequence[AudioClip]:
        return [self._whole(source) for source in sources]

    def stream(self, source: Any) -> Iterator[AudioClip]:
        with ExitStack() as stack:
            sound, rate_hz = self._opened(stack, source)
            size = max(1, round(self.chunk_s * rate_hz))
            hop = max(1, size - round(self.overlap_s * rate_hz))
            is_empty, missing = True, 0
            blocks = self._blocks(sound, rate_hz)
            if self.start_s is not None:
                missing, blocks = on_grid(blocks, rate_hz, hop, self.start_s)
            for at_s, samples in chunks(blocks, rate_hz, size, hop, missing):
                is_empty = False
                yield AudioClip(samples, rate_hz, at_s)
            if is_empty:
                raise self._nothing(sound)

    def _whole(self, source: Any) -> AudioClip:
        with ExitStack() as stack, core_share():
            sound, rate_hz = self._opened(stack, source)
            if sound.header_s is not None and self.end_s is None and self.on_corrupt == "raise":
                self._check_length(sound.header_s - (self.start_s or 0.0), sound)
            start_s, count = 0.0, 0
            parts: list[Samples] = []
            for at_s, samples in self._blocks(sound, rate_hz):
                start_s = start_s if parts else at_s
                parts.append(samples)
                count += samples.shape[1]
                self._check_length(count / rate_hz, sound)
            if not parts:
                raise self._nothing(sound)
            return AudioClip(np.ascontiguousarray(np.concatenate(parts, axis=1)), rate_hz, start_s)

    def _opened(self, stack: ExitStack, source: Any) -> tuple[Sound, int]:
        """The sound of a source, and the rate that it is wanted at."""
        file, name = stack.enter_context(self.opened(source))
        endless = is_endless(file)
        container = stack.enter_context(opened_container(file, name, self.what))
        sound = sound_of(container, name, self.on_corrupt, mono=self.mono, is_endless=endless)
        return sound, self.sample_rate_hz or sound.rate_hz

    def _blocks(self, sound: Sound, rate_hz: int) -> Blocks:
        return between(at_rate(sound.blocks(), sound.rate_hz, rate_hz), rate_hz, self.start_s, self.end_s)

    def _check_length(self, seconds: float, sound: Sound) -> None:
        if seconds > self.max_duration_s:
            raise InputError(
                f"{sound.name}: {seconds:,.0f} s of sound and more than max_duration_s={self.max_duration_s:,.0f}: "
                "take it in chunks, by flat_map, or a part of it, by end_s"
            )

    def _nothing(self, sound: Sound) -> InputError:
        until = "" if self.end_s is None else f" and before end_s={self.end_s}"
        since = "in it" if self.start_s is None else f"from start_s={self.start_s} on"
        return InputError(f"{sound.name}: no samples {since}{until}")
