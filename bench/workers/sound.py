"""Contestants of ``sound.py``: each makes one channel at 16 kHz of a video's sound; processor time counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from serving import Work, serve

RATE_HZ = 16_000


def by_hand() -> Work:
    """PyAV's decoder and resampler, and nothing else."""
    import av
    import numpy as np

    def samples(path: str) -> int:
        with av.open(path) as container:
            resampler = av.AudioResampler("flt", "mono", RATE_HZ)
            frames = [made for frame in container.decode(audio=0) for made in resampler.resample(frame)]
            return len(np.concatenate([made.to_ndarray()[0] for made in [*frames, *resampler.resample(None)]]))

    return _work(samples)


def junco() -> Work:
    """A whole clip."""
    from junco import ops, pipe

    whole = pipe.input("path").map("path", "clip", ops.audio_decode.av()).output("clip")
    return _work(lambda path: whole(path).samples.shape[1])


def junco_chunks() -> Work:
    """Chunks, none of which is kept."""
    from junco import ops, pipe

    chunks = pipe.input("path").flat_map("path", "clip", ops.audio_decode.av(chunk_s=10)).output("clip")
    return _work(lambda path: sum(clip.samples.shape[1] for _, clip in chunks.rows([path])))


def stages() -> Work:
    """What the pipeline for vectors has to do at the least, each stage once for the whole sound, on one core."""
    import av
    import numpy as np

    from junco.builtin.yamnet_sound import SPECTROGRAM
    from junco.operator import registry

    operator = registry.load("audio-embedding.yamnet")()
    operator.ensure_open()
    assert operator._passes is not None
    network = operator._passes.compiled

    def work(path: str) -> dict[str, Any]:
        times = [time.process_time()]
        with av.open(path) as container:
            resampler = av.AudioResampler("flt", "mono", RATE_HZ)
            frames = [made for frame in container.decode(audio=0) for made in resampler.resample(frame)]
            samples = np.concatenate([made.to_ndarray()[0] for made in [*frames, *resampler.resample(None)]])
        times.append(time.process_time())
        mel = SPECTROGRAM(samples)
        patches = np.stack([mel[start : start + 96] for start in range(0, len(mel) - 95, 48)])
        times.append(time.process_time())
        network(patches).mean(axis=0)
        times.append(time.process_time())
        spent = dict(zip(("decoding", "spectrogram", "model"), np.diff(times).tolist(), strict=True))
        return {"seconds": times[-1] - times[0], "sound_s": len(samples) / RATE_HZ, "stages": spent}

    return work


def junco_vectors() -> Work:
    """The family's default member."""
    from junco import pipeline

    embed = pipeline("audio-embedding")
    embed.prepare()

    def samples(path: str) -> int:
        embed(path)
        return 0

    return _work(samples)


def _work(samples: Callable[[str], int]) -> Work:
    def work(path: str) -> dict[str, Any]:
        started = time.process_time()
        count = samples(path)
        return {"seconds": time.process_time() - started, "sound_s": count / RATE_HZ}

    return work


if __name__ == "__main__":
    serve(
        {
            "PyAV by hand": by_hand,
            "junco": junco,
            "junco, chunks of 10 s": junco_chunks,
            "stages by hand": stages,
            "junco, vectors": junco_vectors,
        },
        {"PyAV by hand": ["av"]},
    )
