"""How fast do the key frames of videos become vectors, against a plain loop and the roofline, and in which memory?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, Contestant, Race, Worker, main, median, ratio_of_rounds, spread
from photos import NUM_CORES_OF_ROOFLINE, SHIPPED, worst_cosine
from results import Chart, Report, number

CONTESTANTS = [Contestant("plain loop", "video"), Contestant("junco", "video")]
BY_HAND = Contestant("by hand, one thread", "video_stages")
FULL = 3, 4, 4
"""Rounds, videos, and how often each is embedded in a round."""
QUICK = 1, 1, 1
SIZE = 1920, 1080
RATE_HZ, NUM_FRAMES, GOP = 30, 241, 60
LENGTHS_S = {"1 minute": 60, "1 hour": 3_600, "10 hours": 36_000}


def measure(report: Report) -> None:
    """The contestants and the stages by hand in turns; then the memory of videos of growing length."""
    rounds, count, repeats = QUICK if report.quick else FULL
    paths = [str(path) for path in videos(count)]
    listing = DATA / f"videos-{count}-{repeats}.json"
    listing.write_text(json.dumps(paths * repeats))
    few = DATA / "videos-few.json"
    few.write_text(json.dumps(paths[:1]))
    with Race(report).add([*CONTESTANTS, BY_HAND]) as race:
        save_to = str(DATA / "video-vectors")
        first = {"listing": str(few), "save_to": str(DATA / "video-vectors-of-few")}
        answers = race.run(rounds, first=first, listing=str(listing), save_to=save_to)
    num_keys = answers["junco"][0]["num_vectors"]
    report.notes.append(
        f"{count} videos of {SIZE[0]}×{SIZE[1]}, {NUM_FRAMES} frames each, a key frame every {GOP}, H.264; "
        f"{num_keys} key frames a round; EfficientNet-Lite0, 1,280 numbers a vector"
    )
    report.notes.append(
        "the plain loop decodes key frames alone too (skip_frame NONKEY), then Pillow and torch one by one"
    )
    rate = table(report, answers, num_keys)
    roofline(report, answers, num_keys, rate)
    memory(report)


def table(report: Report, answers: dict[str, list[dict[str, Any]]], num_keys: int) -> float:
    """Key frames a second, and the agreement of the vectors; junco's rate."""
    reference = np.load(DATA / "video-vectors-plain loop.npy")
    rows, rates = [], {}
    for name in (contestant.name for contestant in CONTESTANTS):
        rates[name] = num_keys / median(answers[name])
        cosine = worst_cosine(np.load(DATA / f"video-vectors-{name}.npy"), reference)
        times = ratio_of_rounds(answers["junco"], answers[name])
        rows.append([name, number(rates[name]), spread(answers[name]), f"{times:.2f}×", f"{cosine:.6f}"])
        if name == "plain loop":
            report.ratio("video: junco's rate ÷ plain loop's", times, at_least=3)
    columns = ["who", "key frames/s", "rounds", "junco is", "worst cosine to the plain loop"]
    report.table("Key frames → vectors", columns, rows)
    report.charts.append(
        Chart("Key frames → vectors", "bars", "", "key frames/s", {name: [(0, rate)] for name, rate in rates.items()})
    )
    return rates["junco"]


def roofline(report: Report, answers: dict[str, list[dict[str, Any]]], num_keys: int, rate: float) -> None:
    """What the cores could do if nothing but the stages by hand cost anything."""
    got = answers[BY_HAND.name]
    stages = {stage: 1e3 * median([a["stages"] for a in got], stage) / num_keys for stage in got[0]["stages"]}
    most = NUM_CORES_OF_ROOFLINE * 1e3 / sum(stages.values())
    report.ratio("video: junco's rate ÷ roofline of the stages by hand", rate / most, at_least=0.9)
    costs = ", ".join(f"{stage} {number(millis)}" for stage, millis in stages.items())
    report.table(
        f"Roofline: {NUM_CORES_OF_ROOFLINE} ÷ the sum of single-thread costs",
        ["stages", "ms a key frame", "roofline, key frames/s", "junco reaches"],
        [[BY_HAND.name, costs, number(most), f"{100 * rate / most:.0f} %"]],
    )


def memory(report: Report) -> None:
    """The peak of a process that looks at all key frames of one video, a tiny frame each second."""
    lengths = dict(list(LENGTHS_S.items())[:1]) if report.quick else LENGTHS_S
    rows, points = [], []
    for name, length_s in lengths.items():
        with Worker(Contestant("memory", "video")) as worker:
            answer = worker.ask(path=str(long_video(length_s)))
        points.append((float(length_s), answer["peak_mib"]))
        rows.append([name, f"{answer['num_vectors']:,}", number(answer["peak_mib"]), number(answer["seconds"])])
    report.table("Peak resident memory", ["video", "key frames", "peak, MiB", "seconds"], rows)
    if not report.quick:
        report.ratio("video: peak RSS at 10 hours ÷ at 1 minute", points[-1][1] / points[0][1], at_most=1.1)
        report.charts.append(Chart("Peak resident memory", "lines", "seconds of video", "MiB", {"key frames": points}))


def videos(count: int) -> list[Path]:
    """1080p videos made of scikit-image's photos, over which the camera moves; made once."""
    import skimage.data
    from PIL import Image

    folder = DATA / f"videos-{NUM_FRAMES}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index}.mp4" for index in range(count)]
    for index, path in enumerate(paths):
        photo = Image.open(Path(skimage.data.__file__).with_name(SHIPPED[index % len(SHIPPED)])).convert("RGB")
        large = np.asarray(photo.resize((SIZE[0] + 2 * NUM_FRAMES, SIZE[1] + NUM_FRAMES), Image.Resampling.LANCZOS))
        if not path.exists():
            panned = (large[at : at + SIZE[1], 2 * at : 2 * at + SIZE[0]] for at in range(NUM_FRAMES))
            write(path, panned, "libx264", RATE_HZ, {"preset": "ultrafast", "x264-params": f"keyint={GOP}:scenecut=0"})
    return paths


def long_video(length_s: int) -> Path:
    """A frame of 64×48 each second, with a key frame every twelfth; made once."""
    path = DATA / f"long-{length_s}.mp4"
    frame = np.zeros((48, 64, 3), np.uint8)
    if not path.exists():
        write(path, ((frame + at % 256).astype(np.uint8) for at in range(length_s)), "mpeg4", 1, {"g": "12"})
    return path


def write(path: Path, pictures: Iterator[Any], codec: str, rate: int, options: dict[str, str]) -> None:
    """Whole or not at all."""
    import av

    made = path.with_suffix(f".{os.getpid()}.mp4")
    with av.open(str(made), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options)  # type: ignore[call-overload]
        for at, picture in enumerate(pictures):
            if at == 0:
                stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    made.replace(path)


if __name__ == "__main__":
    main("video", "Videos → vectors", measure)
