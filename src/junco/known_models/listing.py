"""The lists that ship, and those that were imported into ``JUNCO_HOME/known-models``, which go before them."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from junco.errors import DataError, ParameterError
from junco.known_models.model import KnownModel
from junco.known_models.reading import MOST_BYTES, read_models
from junco.settings import settings, user_path
from junco.wording import brief, printable


def known_models(family: str | None = None) -> tuple[KnownModel, ...]:
    """The models that are known, by family and name; nothing is imported for it, and no network asked.

    Where an imported list and the shipped one have the same model, the imported one counts; of several imported ones
    the last by name.

    Args:
        family: of junco's operators, for its members alone.

    Raises:
        DataError: an imported list that was changed by hand and cannot be read.
    """
    found = {(model.family, model.name): model for model in _shipped()}
    for path in imported_lists():
        found.update({(model.family, model.name): model for model in _read(path)})
    chosen = sorted(found.items(), key=lambda entry: (entry[0][0], entry[0][1].casefold()))
    return tuple(model for (its, _), model in chosen if family in (None, its))


def imported_lists() -> list[Path]:
    """The files of lists that were imported, by name."""
    return sorted(each for each in _folder().glob("*.json") if each.is_file())


def import_models(path: str | Path) -> tuple[Path, int]:
    """Keep a list of models: a file of JSON in the form of `reading`, checked as a whole. The same name replaces it.

    Returns:
        where it is kept now, and how many models it has.

    Raises:
        DataError: it is no such list; nothing is kept.
        ParameterError: there is no such file.
    """
    source = user_path(path, "the list")
    if not source.is_file():
        raise ParameterError(f"{printable(str(source))}: no such file")
    models = _read(source)
    target = _folder() / f"{source.stem}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(source.read_bytes())
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return target, len(models)


def _folder() -> Path:
    return settings().home / "known-models"


def _read(path: Path) -> tuple[KnownModel, ...]:
    where = printable(str(path))
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{where} has more than {MOST_BYTES >> 20} MiB: a list of models has less")
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is no text in UTF-8: {brief(error)}") from None
    return read_models(text, where, path.stem)


@cache
def _shipped() -> tuple[KnownModel, ...]:
    lists = files("junco.known_models").joinpath("lists")
    named = sorted(each.name for each in lists.iterdir() if each.name.endswith(".json"))
    return tuple(model for name in named for model in read_models(lists.joinpath(name).read_text("utf-8"), name))
