"""How fast does sound become samples, against PyAV by hand? Seconds of one core, of the 212 s of a video's AAC."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import BENCH, Contestant, Race, main, median, ratio_of_rounds, spread
from results import Report, number

BY_HAND = "PyAV by hand"
DECODERS = [Contestant(name, "sound") for name in (BY_HAND, "junco", "junco, chunks of 10 s")]
ROUNDS, QUICK_ROUNDS = 5, 1


def measure(report: Report) -> None:
    """All contestants in turns, after one that does not count."""
    sys.path.insert(0, str(BENCH.parent / "examples"))
    import media

    decode(report, media.wheel_file("shots.mp4"))


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


if __name__ == "__main__":
    main("sound", "Sound → samples", measure)
