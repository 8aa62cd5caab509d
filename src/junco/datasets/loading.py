"""`load`: a data set by its name, as rows that are read when they are asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from junco.datasets.card import UNKNOWN, DataCard
from junco.datasets.catalogue import find, is_named
from junco.datasets.rows import LABEL, RetrievalRows, Rows, StreamedRows, unknown_split
from junco.errors import InputError, ParameterError
from junco.labelled.parts import HELD_OUT, TRAIN
from junco.settings import user_path

AnyRows = Rows | StreamedRows | RetrievalRows
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SHARE, _SEED = 0.2, 0
"""Of a set that its makers did not cut: what is held out as ``test``, drawn by what items hold."""


def load(
    name: str | os.PathLike[str],
    split: str | None = None,
    *,
    streaming: bool = False,
    accept_licence: bool = False,
    revision: str | None = None,
) -> AnyRows:
    """Rows of a data set, which ``p.run``, ``op.train`` and ``p.evaluate`` take as they are.

    >>> from junco import datasets
    >>> datasets.load("digits", "test")
    <digits, test: 359 rows of image, label (10 labels)>

    Args:
        name: of the catalogue; ``OWNER/NAME`` of the Hugging Face hub, by the library ``datasets``; or one's own folder
            or table.
        split: ``train``, ``test`` …; ``None``: all rows, and whoever trains on them finds the parts that the makers cut
            it into. Of a set that was not cut, ``test`` is a fifth of each label, drawn by what items hold: the same
            everywhere.
        streaming: fetch rows while one goes through them, and keep nothing; of the hub's alone.
        accept_licence: that its terms were read, where these allow research or no commercial use alone.
        revision: of the hub's, a commit or tag.

    Raises:
        UnknownNameError: there is no such data set.
        InputError: its licence was not accepted, or it has to be had from its makers.
        ParameterError: there is no such split.
        UnavailableError: it cannot be reached from here.
        MissingExtraError: the package that reads it is not installed.
    """
    card = card_of(name)
    check_licence(card, accept_licence)
    if card.way == "none":
        raise InputError(f"{card.id!r} has to be had from its makers, {card.source}; then give its folder, or a table")
    if card.way == "huggingface":
        return _of_hub(card, split, streaming, revision)
    if streaming or revision:
        raise ParameterError(f"{card.id!r} comes from {card.way}: streaming= and revision= are for sets of a hub")
    if card.way == "folder":
        from junco.datasets.own import own_rows

        return with_split(own_rows(card), split)
    return _here(card, split)


def card_of(name: str | os.PathLike[str]) -> DataCard:
    """What is known of a data set: of the catalogue, of a folder or table, or of a hub's that is not in the catalogue.

    Raises:
        UnknownNameError: there is none of that name.
    """
    text = os.fspath(name)
    if is_place(text):
        path = user_path(text, "the data")
        return DataCard(path.name, path.name, "one's own", (), (), UNKNOWN, UNKNOWN, "", f"folder:{path}")
    if _REPOSITORY.fullmatch(text):
        source = f"https://huggingface.co/datasets/{text}"
        return DataCard(text, text, "not in the catalogue", (), (), UNKNOWN, UNKNOWN, source, f"huggingface:{text}")
    if text.strip() and not is_named(text) and _is_there(text):
        return card_of(f"./{text}")
    return find(text)


def place_first(source: Any) -> Any:
    """A source of the tools for one's own data: what lies in the working folder is meant before the catalogue's."""
    if not isinstance(source, str) or not source.strip() or is_place(source):
        return source
    return f"./{source}" if _is_there(source) else source


def _is_there(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # no file can have that name
        return False


def is_place(text: str) -> bool:
    """Whether a name is that of a folder or file on this machine; a name of the catalogue is that first."""
    if text.startswith(("./", "../", "/", "~")):
        return True
    return ("/" in text or "." in text) and _is_there(text)


def check_licence(card: DataCard, is_accepted: bool) -> None:
    """Refuse a data set of restricted terms that nobody said to have read.

    Raises:
        InputError: with where they stand.
    """
    if card.is_restricted and not is_accepted:
        told = card.facts()["licence"]
        raise InputError(
            f"{card.id!r} is under {told}: read them at {card.source}, then say accept_licence=True (--accept-licence)"
        )


def _here(card: DataCard, split: str | None) -> Rows | RetrievalRows:
    from junco.datasets import here

    if card.layout == "retrieval":
        if split not in (None, *card.splits):
            raise unknown_split(card, str(split), [*card.splits])
        return RetrievalRows(card, next(iter(card.splits)), cache(partial(here.retrieval_of, card)))
    table = here.table_of(card)
    return with_split(Rows(card, table, numbers=range(table.count)), split)


def with_split(rows: Rows, split: str | None) -> Rows:
    """One of the parts of a set: its makers', or, where it was never cut, a fifth of each label and the rest.

    Raises:
        ParameterError: it has no such part.
    """
    if split is None:
        return rows
    if rows.own_parts:
        name = _part_named(split, [*rows.own_parts])
        if name is None:
            raise unknown_split(rows.card, split, [*rows.own_parts])
        return rows.parts[name]
    if split not in ("train", "test"):
        raise unknown_split(rows.card, split, ["train", "test"])
    train, test = _drawn(rows)
    told = f"its makers cut it into no parts: {split!r} was drawn by what items hold, with a fifth for 'test'"
    numbers = [rows.numbers[row] for row in (train if split == "train" else test)]
    return Rows(rows.card, rows.table, split, numbers, told=(*rows.told, told))


def _part_named(split: str, names: Sequence[str]) -> str | None:
    """A part by its name; ``train`` and ``test`` also where the makers call them otherwise."""
    if split in names:
        return split
    alike = TRAIN if split == "train" else HELD_OUT if split == "test" else ()
    return next((each for each in names if each.casefold() in alike), None)


def _drawn(rows: Rows) -> tuple[Sequence[int], Sequence[int]]:
    """Of all rows those to train on and those held out, by what items hold: neither order nor names matter."""
    from junco.labelled.content import contents_of
    from junco.tuning.drawn import drawn_by_group, drawn_by_label

    column = next(name for name in rows.column_names if name != LABEL)
    contents = contents_of(list(rows.column(column)), are_texts=column == "text").digests
    if LABEL in rows.column_names:
        found = drawn_by_label(list(rows.column(LABEL)), contents, _SHARE, _SEED)
    else:
        found = drawn_by_group([contents], _SHARE, _SEED, "rows")
    return found.train, found.held


def _of_hub(card: DataCard, split: str | None, streaming: bool, revision: str | None) -> AnyRows:
    from junco.datasets import hugging_face

    if card.layout == "retrieval":
        found = hugging_face.retrieval(card, split, revision)
        return RetrievalRows(card, found.split, found.read)
    if streaming:
        return hugging_face.streamed(card, split, revision)
    return hugging_face.rows(card, split, revision)
