"""How fast do photos become vectors, against a plain loop, the peers and the roofline?"""

from __future__ import annotations

import json
import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, Contestant, Race, Worker, main, median, ratio_of_rounds, spread
from results import Chart, Report, number

NEARBY = "junco, least_cosine=0.99"
CONTESTANTS = [
    Contestant("plain loop", "photos"),
    Contestant("junco", "photos"),
    Contestant(NEARBY, "photos"),
    Contestant("towhee batch", "photos", peer="towhee"),
    Contestant("towhee windowed", "photos", peer="towhee"),
    Contestant("torch DataLoader", "photos"),
    Contestant("datasets.map", "photos", peer="data"),
    Contestant("daft", "photos", peer="data"),
    Contestant("ray data", "photos", peer="data"),
]
YARDSTICKS = [
    Contestant("junco's operators, one thread", "photo_stages"),
    Contestant("by hand, float32", "photo_stages"),
    Contestant("by hand, bfloat16", "photo_stages"),
]
SECOND_CORE = Contestant("junco's operators, second core", "photo_stages")
FULL = 3, 200, 32
"""Rounds, photos, and how many of them warm up."""
QUICK = 1, 8, 2
NUM_CORES_OF_ROOFLINE = 2
SIZE = (1024, 768)
SHIPPED = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "motorcycle_right.png", "rocket.jpg")


def measure(report: Report) -> None:
    """All contestants in turns, then (in the same rounds) the stages alone on one thread."""
    rounds, count, num_first = QUICK if report.quick else FULL
    yardsticks = YARDSTICKS[:1] if report.quick else YARDSTICKS
    paths = photos(count)
    listings = {n: DATA / f"photos-{count}-{n}.json" for n in (count, num_first)}
    for num, listing in listings.items():
        listing.write_text(json.dumps([str(path) for path in paths[:num]]))
    save_to = str(DATA / "vectors")
    with Race(report).add([*CONTESTANTS, *yardsticks, SECOND_CORE]) as race:
        few = {"listing": str(listings[num_first]), "save_to": str(DATA / "vectors-of-few")}
        race.run(1, warm_up=False, **few)
        answers = race.run(rounds, warm_up=False, first=few, listing=str(listings[count]), save_to=save_to)
        pair = [race.workers[c.name] for c in (YARDSTICKS[0], SECOND_CORE)]
        together(pair, **few)
        both = [together(pair, listing=str(listings[count]), save_to=save_to) for _ in range(rounds)]
        shown = race.workers["junco"].ask(listing="", plan=True).get("plan", "")
    report.notes.append(f"{count} JPEGs of {SIZE[0]}×{SIZE[1]}, quality 90; EfficientNet-Lite0, 1,280 numbers a vector")
    report.notes.extend(line.strip() for line in shown.splitlines())
    rates = table(report, answers, count)
    attainable = 2 * count / statistics.median(both)
    report.notes.append(
        f"junco's operators in two processes, a core each, without any engine: {number(attainable)} images/s at once; "
        f"junco reaches {100 * rates['junco'] / attainable:.0f} % of that"
    )
    roofline(report, answers, count, rates)


def table(report: Report, answers: dict[str, list[dict[str, Any]]], count: int) -> dict[str, float]:
    """Images a second, the vectors' agreement with the plain loop's, and the ratios to junco."""
    reference = np.load(DATA / "vectors-plain loop.npy")
    rates = {c.name: count / median(answers[c.name]) for c in CONTESTANTS if c.name in answers}
    rows = []
    for name, rate in rates.items():
        cosine = worst_cosine(np.load(DATA / f"vectors-{name}.npy"), reference)
        times = ratio_of_rounds(answers["junco"], answers[name])
        rows.append([name, number(rate), spread(answers[name]), f"{times:.2f}×", f"{cosine:.6f}"])
        if name in ("plain loop", "towhee batch", "towhee windowed"):
            report.ratio(f"photos: junco's rate ÷ {name}'s", times, at_least=5)
    report.table("Photos → vectors", ["who", "images/s", "rounds", "junco is", "worst cosine to the plain loop"], rows)
    report.charts.append(
        Chart("Photos → vectors", "bars", "", "images/s", {name: [(0, rate)] for name, rate in rates.items()})
    )
    return rates


def together(workers: list[Worker], **request: Any) -> float:
    """Seconds of the slower of two workers that do the same work at the same time."""
    with ThreadPoolExecutor(len(workers)) as threads:
        answers = threads.map(lambda worker: worker.ask(**request), workers)
        return max(float(answer["seconds"]) for answer in answers)


def roofline(report: Report, answers: dict[str, list[dict[str, Any]]], count: int, rates: dict[str, float]) -> None:
    """What the cores could do if nothing but the stages cost anything."""
    rows = []
    for contestant in YARDSTICKS:
        if contestant.name not in answers:
            continue
        got = answers[contestant.name]
        stages = {stage: 1e3 * median([a["stages"] for a in got], stage) / count for stage in got[0]["stages"]}
        most = NUM_CORES_OF_ROOFLINE * 1e3 / sum(stages.values())
        share = rates["junco"] / most
        costs = ", ".join(f"{stage} {number(millis)}" for stage, millis in stages.items())
        rows.append([contestant.name, costs, number(most), f"{100 * share:.0f} %"])
        if contestant is YARDSTICKS[0]:
            report.ratio("photos: junco's rate ÷ roofline of its own stages", share, at_least=0.9)
    report.table(
        f"Roofline: {NUM_CORES_OF_ROOFLINE} ÷ the sum of single-thread costs",
        ["stages", "ms an image", "roofline, images/s", "junco reaches"],
        rows,
    )


def worst_cosine(vectors: Any, reference: Any) -> float:
    """The least agreement of any row."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(reference, axis=1)
    return float(((vectors * reference).sum(1) / lengths).min())


def photos(count: int) -> list[Path]:
    """JPEGs made of scikit-image's photos: crops, mirrored or not, with a little noise; the same for the same seed."""
    import skimage.data
    from PIL import Image

    folder = DATA / f"photos-{count}"
    paths = [folder / f"{index:04}.jpg" for index in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    shipped = [Image.open(Path(skimage.data.__file__).with_name(name)).convert("RGB") for name in SHIPPED]
    random = np.random.default_rng(0)
    for index, path in enumerate(paths):
        photo = shipped[index % len(shipped)]
        width = int(random.uniform(0.6, 1.0) * min(photo.width, photo.height * 4 / 3))
        height = width * 3 // 4
        left, top = (int(random.integers(0, most + 1)) for most in (photo.width - width, photo.height - height))
        crop = photo.crop((left, top, left + width, top + height)).resize(SIZE, Image.Resampling.LANCZOS)
        levels = np.asarray(crop, np.float32) + random.normal(0, 4, (SIZE[1], SIZE[0], 1))
        if not path.exists():  # whole or not at all: another script may be reading or making it
            made = path.with_suffix(f".{os.getpid()}")
            Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(made, "JPEG", quality=90)
            made.replace(path)
    return paths


if __name__ == "__main__":
    main("photos", "Photos → vectors", measure)
