"""How fast does sound become samples and vectors, against PyAV and the bare model by hand?

Seconds of one core's work, of the 212 s of a video's AAC.
"""

from __future__ import annotations

import sys
from pathlib import Path

from measure import BENCH, Contestant, Race, main, median, ratio_of_rounds, spread
from results import Report, number

BY_HAND = "PyAV by hand"
DECODERS = [Contestant(name, "sound") for name in (BY_HAND, "junco", "junco, chunks of 10 s")]
STAGES = "stages by hand"
EMBEDDERS = [Contestant(name, "sound") for name in (STAGES, "junco, vectors")]
ROUNDS, QUICK_ROUNDS = 5, 1


def measure(report: Report) -> None:
    """All contestants in turns, after one that does not count."""
    sys.path.insert(0, str(BENCH.parent / "examples"))
    import media

    video = media.wheel_file("shots.mp4")
    decode(report, video)
    embed(report, video)


def decode(report: Report, video: Path) -> None:
    """How many times faster than the sound is heard, on one core."""
    with Race(report).add(DECODERS) as race:
        answers = race.run(QUICK_ROUNDS if report.quick else ROUNDS, path=str(video))
    rows = []
    for name, got in answers.items():
        times, share = got[0]["sound_s"] / median(got), ratio_of_rounds(got, answers[BY_HAND])
        rows.append([name, f"{number(times)}×", spread(got), f"{share:.2f}"])
        if name != BY_HAND:
            report.ratio(f"sound: {name}: decoding, times real time a core", times, at_least=200)
    report.table("Sound → one channel at 16 kHz", ["who", "of real time", "rounds", "of by hand"], rows)


def embed(report: Report, video: Path) -> None:
    """The pipeline beside its stages without an engine: PyAV, one spectrogram of it all, the compiled model."""
    with Race(report).add(EMBEDDERS) as race:
        answers = race.run(QUICK_ROUNDS if report.quick else ROUNDS, path=str(video))
    rows = []
    for name, got in answers.items():
        times, share = answers[STAGES][0]["sound_s"] / median(got), ratio_of_rounds(got, answers[STAGES])
        rows.append([name, f"{number(times)}×", spread(got), f"{share:.2f}"])
        if name != STAGES:
            report.ratio("sound: junco's rate ÷ roofline of its bare stages", share, at_least=0.9)
    for stage in answers[STAGES][0]["stages"]:
        millis = 1e3 * median([each["stages"] for each in answers[STAGES]], stage) / answers[STAGES][0]["sound_s"]
        report.notes.append(f"by hand, {stage}: {number(millis)} ms a second of sound")
    report.table("Sound → vectors (YAMNet)", ["who", "of real time", "rounds", "of the bare stages"], rows)


if __name__ == "__main__":
    main("sound", "Sound → samples → vectors", measure)
