"""Data sets of the Hugging Face hub, by the library ``datasets``: rows whose pictures and sounds stay files' bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from junco.datasets.card import DataCard
from junco.datasets.rows import LABEL, Rows, StreamedRows, Table, unknown_split
from junco.errors import DataError, JuncoError, UnavailableError
from junco.labelled.sets import RetrievalSet
from junco.settings import settings
from junco.wording import NOT_OURS, brief

_MEDIA = ("Image", "Audio", "Video")
_CORPUS, _QUERIES, _RELEVANCES = "corpus", "queries", ("default", "qrels")


def rows(card: DataCard, split: str | None, revision: str | None) -> Rows:
    """The rows of one split, or of all; what is fetched is kept where the library keeps it.

    Raises:
        UnavailableError: it cannot be reached from here.
        ParameterError: there is no such split.
    """
    parts = _loaded(card, card.config, revision, streaming=False)
    if split is not None and split not in parts:
        raise unknown_split(card, split, [*parts])
    chosen = parts if split is None else {split: parts[split]}
    first = next(iter(chosen.values()))
    numbers, start = {}, 0
    for name, each in chosen.items():
        if each.column_names != first.column_names:
            there = ", ".join(parts)
            raise DataError(f"the splits of {card.id!r} have other columns each: name one of them ({there})")
        numbers[name] = range(start, start + len(each))
        start += len(each)
    table = _table(card, list(chosen.values()), start)
    own = numbers if len(numbers) > 1 else {}
    return Rows(card, table, split or "", range(start), own)


def streamed(card: DataCard, split: str | None, revision: str | None) -> StreamedRows:
    """The same, fetched while one goes through it.

    Raises:
        UnavailableError: it cannot be reached from here.
        ParameterError: there is no such split.
    """
    parts = _loaded(card, card.config, revision, streaming=True)
    if split is not None and split not in parts:
        raise unknown_split(card, split, [*parts])
    chosen = [*parts.values()] if split is None else [parts[split]]
    changes = _Changes.of(card, chosen[0].features or {})

    def begin() -> Iterator[dict[str, Any]]:
        with _reaching(card):
            for part in chosen:
                yield from map(changes.row, _undecoded(part))

    return StreamedRows(card, split or "", changes.columns, begin)


@dataclass(frozen=True, slots=True)
class FoundRetrieval:
    """A retrieval set: of which split, and what reads it."""

    split: str
    read: Callable[[], RetrievalSet]


def retrieval(card: DataCard, split: str | None, revision: str | None) -> FoundRetrieval:
    """A retrieval set in the layout of BEIR and MTEB: configurations of a corpus, queries, and what answers which.

    Raises:
        UnavailableError: it cannot be reached from here.
        ParameterError: there is no such split.
    """
    split = split or next(iter(card.splits), "test")
    if card.splits and split not in card.splits:
        raise unknown_split(card, split, [*card.splits])

    @cache
    def read() -> RetrievalSet:
        judged = _judged(card, revision)
        if split not in judged:
            raise unknown_split(card, split, [*judged])
        relevant: dict[str, dict[str, float]] = {}
        for row in judged[split]:
            if (gain := float(row["score"])) > 0:
                relevant.setdefault(str(row["query-id"]), {})[str(row["corpus-id"])] = gain
        corpus = _texts(card, _CORPUS, split, revision)
        queries = {key: text for key, text in _texts(card, _QUERIES, split, revision).items() if key in relevant}
        return RetrievalSet(queries, corpus, relevant)

    return FoundRetrieval(split, read)


def _judged(card: DataCard, revision: str | None) -> Mapping[str, Any]:
    """What answers which, by split: in a configuration that is called one way or the other."""
    for config in _RELEVANCES:
        try:
            found = _loaded(card, config, revision, streaming=False)
        except UnavailableError:
            if config == _RELEVANCES[-1]:
                raise
            continue
        if "query-id" in next(iter(found.values())).column_names:
            return found
    raise DataError(f"{card.id!r}: {card.place} does not say what answers which query, as sets of MTEB do")


def _texts(card: DataCard, config: str, split: str, revision: str | None) -> dict[str, str]:
    """Texts by their ids; a title stands before the text."""
    parts = _loaded(card, config, revision, streaming=False)
    chosen = parts.get(config) or parts.get(split) or next(iter(parts.values()))
    found = {}
    for row in chosen:
        key = row["_id"] if "_id" in row else row["id"]
        found[str(key)] = " ".join(filter(None, (row.get("title") or "", row["text"])))
    return found


def _repository(card: DataCard) -> str:
    return card.place


def _library() -> Any:
    try:
        import datasets
    except ImportError:
        raise UnavailableError("data sets of a hub are read by the library 'datasets': pip install datasets") from None
    return datasets


def _loaded(card: DataCard, config: str, revision: str | None, *, streaming: bool) -> Mapping[str, Any]:
    """All splits by their names, whose pictures and sounds are not decoded."""
    library = _library()
    with _reaching(card):
        found = library.load_dataset(_repository(card), config or None, revision=revision, streaming=streaming)
    return {name: each if streaming else _undecoded(each) for name, each in found.items()}


@contextmanager
def _reaching(card: DataCard) -> Iterator[None]:
    """Say of whatever goes wrong on the way that the data set cannot be reached, and what helps."""
    try:
        with _offline(settings().offline):
            yield
    except JuncoError:
        raise
    except NOT_OURS as error:
        raise UnavailableError(
            f"{card.id!r} is {card.place!r} of the Hugging Face hub, and cannot be had from here ({brief(error)}): it "
            "needs the network; once it is in the cache of 'datasets' (HF_HOME), it needs none"
        ) from error


@contextmanager
def _offline(is_offline: bool) -> Iterator[None]:
    """Let the libraries open no connection, where the environment says so to junco alone."""
    if not is_offline:
        yield
        return
    from huggingface_hub import constants

    config = _library().config
    before = constants.HF_HUB_OFFLINE, config.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, config.HF_HUB_OFFLINE = before


def _undecoded(data: Any) -> Any:
    """The same with the cells of pictures and sounds as the library keeps them: ``{"bytes": …, "path": …}``."""
    for name, feature in (data.features or {}).items():
        if type(feature).__name__ in _MEDIA:
            data = data.cast_column(name, type(feature)(decode=False))
    return data


@dataclass(frozen=True, slots=True)
class _Changes:
    """What a row of the library becomes: columns by the card's names, numbers of classes as the classes' names."""

    names: Mapping[str, str]
    classes: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, card: DataCard, features: Mapping[str, Any]) -> _Changes:
        given = {new: old for old, new in card.columns.items() if old in features}
        kept = {name: name for name in features if name not in card.columns and name not in given}
        classes = {name: each.names for name, each in features.items() if getattr(each, "names", None)}
        return cls({**given, **kept}, classes)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.names)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.classes.get(self.names.get(LABEL, ""), ()))

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {new: self.value(old, row[old]) for new, old in self.names.items()}

    def value(self, name: str, value: Any) -> Any:
        """A cell; of numbers of classes the name, and nothing where one says that there is no class."""
        if name not in self.classes or not isinstance(value, int):
            return value
        return self.classes[name][value] if 0 <= value < len(self.classes[name]) else None


def _table(card: DataCard, parts: Sequence[Any], count: int) -> Table:
    data = parts[0] if len(parts) == 1 else _library().concatenate_datasets(list(parts))
    changes = _Changes.of(card, data.features)

    def values(name: str, numbers: Sequence[int]) -> Iterator[Any]:
        old = changes.names[name]
        alone = data.select_columns([old])
        return (changes.value(old, alone[number][old]) for number in numbers)

    row = partial(_row_of, data, changes)
    return Table(changes.columns, count, row, values, changes.labels)


def _row_of(data: Any, changes: _Changes, number: int) -> dict[str, Any]:
    return changes.row(data[number])
