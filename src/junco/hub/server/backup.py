"""A copy of a hub that may run meanwhile: first the tables of one moment, then the bytes that they name."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from junco.errors import InputError
from junco.hub.server.tables.files import ELSEWHERE


def back_up(store: Path, target: Path) -> int:
    """How many files were copied or linked: a hub served from ``target`` goes on from that moment.

    Bytes are only added, or taken away a day after nobody names them, so those that the copied tables name are there.

    Raises:
        InputError: the target is there, or the tables are not in the folder.
    """
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} holds something: a backup goes to a new folder")
    if not (store / "hub.db").exists():
        raise InputError("the tables are in PostgreSQL: pg_dump them first, then copy the blobs")
    (target / "incoming").mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(sqlite3.connect(store / "hub.db")) as source, closing(sqlite3.connect(target / "hub.db")) as copy:
        source.backup(copy)
        named = copy.execute("SELECT place FROM blobs UNION SELECT place FROM xet_xorbs")
        places = [place for (place,) in named if place != ELSEWHERE]
    for place in places:
        _copy(store / "blobs" / place, target / "blobs" / place)
    return len(places)


def _copy(source: Path, target: Path) -> None:
    """A link where both are on one disk: what is at a place never changes."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return
    except OSError:
        shutil.copyfile(source, target)
