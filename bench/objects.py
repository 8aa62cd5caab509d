"""How fast do the objects in videos become vectors, against a plain loop of the same models?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, Contestant, Race, main, median, ratio_of_rounds, spread
from photos import worst_cosine
from results import Chart, Report, number

CONTESTANTS = [Contestant("plain loop", "objects"), Contestant("junco", "objects")]
FULL = 3, 12
"""Rounds, clips."""
QUICK = 1, 2
SIZE, RATE, GOP, NUM_FRAMES = (1280, 720), 25, 25, 300
SHIPPED = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")


def measure(report: Report) -> None:
    """Both in turns; what they found is compared."""
    rounds, count = QUICK if report.quick else FULL
    listing = DATA / f"clips-{count}.json"
    listing.write_text(json.dumps([str(path) for path in clips(count)]))
    with Race(report).add(CONTESTANTS) as race:
        answers = race.run(rounds, warm_up=True, listing=str(listing), save_to=str(DATA / "objects"))
    seconds = NUM_FRAMES / RATE * count
    report.notes.append(
        f"{count} clips of {SIZE[0]}×{SIZE[1]}, {seconds / count:g} s each, a key frame a second; SSD-MobileNetV2 "
        "finds objects in the key frames, EfficientNet-Lite0 makes a vector of each crop; the plain loop is PyAV and torch"
    )
    rows = []
    reference = np.load(DATA / "objects-plain loop.npy")
    for name, got in answers.items():
        found = np.load(DATA / f"objects-{name}.npy")
        agreement = f"{worst_cosine(found, reference):.6f}" if found.shape == reference.shape else "other objects"
        times = ratio_of_rounds(answers["junco"], got)
        rate = seconds / median(got)
        rows.append([name, f"{number(rate)}×", str(len(found)), spread(got), f"{times:.2f}×", agreement])
        if name == "plain loop":
            report.ratio("video objects: junco's rate ÷ plain loop's", times, at_least=3)
    heads = ["who", "of real time", "objects", "rounds", "junco is", "worst cosine to the plain loop"]
    report.table("Videos → objects → vectors", heads, rows)
    rates = {name: [(0, seconds / median(got))] for name, got in answers.items()}
    report.charts.append(Chart("Videos → objects → vectors", "bars", "", "× real time", rates))


def clips(count: int) -> list[Path]:
    """Videos of scikit-image's photos, over which the camera moves; the same for the same number."""
    import av
    import skimage.data
    from PIL import Image

    folder = DATA / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    shipped = [Image.open(Path(skimage.data.__file__).with_name(name)).convert("RGB") for name in SHIPPED]
    paths: list[Any] = [folder / f"{index:02}.mp4" for index in range(count)]
    for index, path in enumerate(paths):
        if path.exists():
            continue
        made = path.with_suffix(".part.mp4")
        with av.open(str(made), "w") as clip:
            stream = clip.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "g": str(GOP), "crf": "20"})
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for number_ in range(NUM_FRAMES):
                photo = shipped[(index + number_ // (2 * GOP)) % len(shipped)]
                left = photo.width * 0.1 * (number_ % (2 * GOP)) / (2 * GOP)
                frame = av.VideoFrame.from_image(
                    photo.resize(SIZE, box=(left, 0, left + photo.width * 0.9, photo.height))
                )
                clip.mux(stream.encode(frame))
            clip.mux(stream.encode(None))
        made.replace(path)
    return paths


if __name__ == "__main__":
    main("objects", "Videos → objects → vectors", measure)
