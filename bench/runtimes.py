"""Which runtimes and dtypes give the same vectors, how fast, and how that changes with batch, length and cores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from measure import Contestant, Race, main, median
from photos import photos
from results import Chart, Report, number

from junco import ops
from junco.runtime.load import certify

CONTESTANTS = [Contestant("1 core", "runtimes"), Contestant("2 cores", "runtimes")]
MODELS: dict[str, Callable[[], Any]] = {
    "EfficientNet-Lite0": lambda: ops.image_embedding.efficientnet_lite().create(),
    "MiniLM-L6-v2": lambda: ops.text_embedding.minilm().create(),
}
CURVES = {
    "batch": ("pictures → vectors", "pictures a call", "pictures/s"),
    "texts": ("texts → vectors", "texts of 30 words a call", "texts/s"),
    "length": ("texts of one length → vectors", "words of each text", "words/s"),
}


def measure(report: Report) -> None:
    """Certificates in this process, curves in one with one core and one with two, in turns."""
    certificates(report, dict(list(MODELS.items())[1:]) if report.quick else MODELS)
    rounds, most = (1, 4) if report.quick else (3, 256)
    photo = str(photos(8)[0])
    with Race(report).add(CONTESTANTS) as race:
        answers = race.run(rounds, warm_up=False, photo=photo, most=most)
    for name, (title, x, y) in CURVES.items():
        sizes = [int(size) for size in next(iter(answers.values()))[0][name]]
        rates = {who: [median([answer[name] for answer in got], str(n)) for n in sizes] for who, got in answers.items()}
        series = {who: list(zip(map(float, sizes), found, strict=True)) for who, found in rates.items()}
        report.charts.append(Chart(title.capitalize(), "lines", x, y, series))
        rows = [[who, *map(number, found)] for who, found in rates.items()]
        report.table(f"{title.capitalize()}, {y}", [x, *map(str, sizes)], rows)


def certificates(report: Report, models: dict[str, Callable[[], Any]]) -> None:
    """A row for each model, runtime and dtype that this machine has."""
    rows = []
    for name, make in models.items():
        for each in certify(make().complete_source()):
            speed = number(each.rows_per_s) if each.rows_per_s else "–"
            cosine = f"{each.worst_cosine:.6f}" if each.rows_per_s else "–"
            use = each.reason or ("where it is asked for" if each.dtype == "int8" else "yes")
            rows.append([name, each.runtime, each.dtype, speed, cosine, use])
    columns = ["model", "runtime", "dtype", "rows/s", "worst cosine", "may be used"]
    report.table("Agreement with float32 in torch, on the golden inputs", columns, rows)


if __name__ == "__main__":
    main("runtimes", "Runtimes, arithmetic, batch, length and cores", measure)
