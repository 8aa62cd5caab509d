"""``voice-activity.silero``: where somebody speaks, by Silero VAD; its weights are a file of a wheel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.voice_activity.speech import Probabilities, Rule, padded, stretches
from junco.cores import core_share
from junco.errors import ParameterError
from junco.neural.sound import one_channel
from junco.neural.spectrogram import Samples
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.places.wheel import Wheel
from junco.types import AudioClip, Segment

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SAMPLE_RATE_HZ = 16_000
WINDOW, CONTEXT = 512, 64
"""Samples that one probability is for, and those before them that the network sees too."""
WINDOWS_AT_ONCE = 1024
WEIGHTS = Wheel(
    "silero-vad==6.2.3",
    "silero_vad/data/silero_vad_16k_sequence.onnx",
    sha256="9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    size_bytes=1_246_165,
    license="MIT",
)


class Silero(Operator, family="voice-activity", name="silero"):
    """Finds where somebody speaks with Silero VAD, in any language: a segment for each stretch of speech.

    The network tells for each 32 ms how probable speech is, by what it has heard of the clip before. A stretch begins
    where that reaches ``threshold`` and ends where it falls below ``leave_threshold`` for ``least_silence_s``. Its
    label is ``speech``, its score the mean probability in it; times count from the start of the clip's source. A clip
    in which nobody speaks gives no rows. Of several channels the mean is heard, at 16 kHz. Each clip begins anew, so
    give whole recordings. In chunks, speech that goes on over a border becomes two segments, less than
    ``least_speech_s`` of it on one side is left out, and it is heard again up to 0.2 s late: make them minutes long.

    Args:
        threshold: the probability from which on it is speech.
        leave_threshold: the one below which it is none any more; ``None``: 0.15 less than ``threshold``.
        least_speech_s: shorter stretches are left out.
        least_silence_s: shorter pauses are part of the speech around them.
        pad_s: what is added before and after each stretch; two of them never overlap.
    """

    threshold: float = option(0.5, least=0, most=1)
    leave_threshold: float | None = option(None, least=0, most=1)
    least_speech_s: float = option(0.25, least=0)
    least_silence_s: float = option(0.1, least=0)
    pad_s: float = option(0.03, least=0)

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True
    packages = {"onnxruntime": "audio"}
    wheels = (WEIGHTS,)
    _session: InferenceSession | None = None

    def check_options(self) -> None:
        if self.leave_threshold is not None and self.leave_threshold > self.threshold:
            raise ParameterError(
                f"{self.name!r}: leave_threshold={self.leave_threshold} must not be above threshold={self.threshold}"
            )

    def open(self) -> None:
        self.fetch()
        import onnxruntime

        # A session of its own: what the network hears depends on what it heard before, two arrays that go in and come
        # out. The runtimes compare and run models of rows that stand alone, with one output.
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = str(WEIGHTS.path(self.name))
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def close(self) -> None:
        self._session = None

    def batch(self, clips: Sequence[AudioClip]) -> list[list[Segment]]:
        return [self._segments(clip) for clip in clips]

    def probabilities(self, clip: AudioClip) -> Probabilities:
        """For each 32 ms of an operator that is open, the last filled up with silence, how probable speech is.

        Raises:
            InputError: it is no sound.
        """
        return self._heard(one_channel(clip, SAMPLE_RATE_HZ, self.name))

    def _segments(self, clip: AudioClip) -> list[Segment]:
        samples = one_channel(clip, SAMPLE_RATE_HZ, self.name)
        probabilities = self._heard(samples)
        found = stretches(probabilities, len(samples), WINDOW, self._rule)
        made = []
        for (first, last), (start, end) in zip(found, padded(found, len(samples), self._rule.pad), strict=True):
            score = float(probabilities[first // WINDOW : -(-last // WINDOW)].mean())
            start_s, end_s = (clip.start_s + at / SAMPLE_RATE_HZ for at in (start, end))
            made.append(Segment(start_s, end_s, "speech", score))
        return made

    @property
    def _rule(self) -> Rule:
        """The options, in samples."""
        leave = max(self.threshold - 0.15, 0.01) if self.leave_threshold is None else self.leave_threshold
        lengths = (self.least_speech_s, self.least_silence_s, self.pad_s)
        return Rule(self.threshold, leave, *(int(seconds * SAMPLE_RATE_HZ) for seconds in lengths))

    def _heard(self, samples: Samples) -> Probabilities:
        assert self._session is not None, "open() comes before batch()"
        count = -(-len(samples) // WINDOW)
        surrounded = np.pad(samples, (CONTEXT, count * WINDOW - len(samples)))
        windows = np.lib.stride_tricks.sliding_window_view(surrounded, CONTEXT + WINDOW)[::WINDOW]
        state: list[Any] = [np.zeros((1, 1, 128), np.float32)] * 2
        heard = []
        for start in range(0, count, WINDOWS_AT_ONCE):
            given = {"input": np.ascontiguousarray(windows[start : start + WINDOWS_AT_ONCE])}
            with core_share():
                some, *state = self._session.run(None, {**given, "h": state[0], "c": state[1]})
            heard.append(some)
        return np.concatenate(heard)
