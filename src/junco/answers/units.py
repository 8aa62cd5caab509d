"""The rows of a set at length 1, which every search multiplies with: made once, and kept beside a large set.

They are kept in ``.<name>.units.npy`` beside the target, or in JUNCO_HOME where that folder cannot be written. The
file's name in JUNCO_HOME and a stamp at its end say which content they were made of; any other is made anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.settings import settings
from junco.store.content import Content
from junco.store.stored import Stored
from junco.types import Space, Vectors
from junco.types.space import PRECISION
from junco.types.unit import unit_rows

KEPT_BYTES = 32_000_000
"""Of unit rows: fewer are made in less time than it takes to see to a file."""
_STAMP_BYTES = 64
_OLD_S = 3600


def floats(vectors: npt.NDArray[Any], space: Space | None) -> Vectors:
    """Vectors as float32 numbers; packed bits, eight to a byte, become ones and minus ones."""
    if vectors.dtype == np.uint8 and (space is None or PRECISION not in space.parts):
        raise InputError(
            "nobody says whether these bytes are numbers or eight bits each: the set has no space; make it anew with a "
            "space that is known, or named (space: NAME)"
        )
    if space is None or not space.is_packed:
        return np.asarray(vectors, np.float32)
    dim: Any = space.parts.get("dim")  # the last byte may hold fewer than eight
    return np.unpackbits(vectors, axis=1, count=dim).astype(np.float32) * 2 - 1


def unit(vectors: npt.NDArray[Any], space: Space | None = None) -> Vectors:
    """Rows scaled to length 1; one without a direction, of zeros or with a NaN in it, becomes zeros."""
    rows = floats(vectors, space)
    finite: npt.NDArray[np.bool_] = np.asarray(np.isfinite(rows).all(axis=1))
    return unit_rows(rows if finite.all() else np.where(finite[:, np.newaxis], rows, np.float32(0)))


def row_digest(row: npt.NDArray[Any]) -> bytes:
    """What tells a row from all others: sixteen bytes, however long it is."""
    return hashlib.blake2b(row.tobytes(), digest_size=16).digest()


def units_of(content: Content) -> Vectors:
    """The unit rows of a set (rows, dim): in memory, or mapped from the file that keeps them."""
    pieces = content.pieces()
    first = next(pieces, None)
    if first is None:
        return unit(content.vectors(), content.space)
    dim = unit(first[:1], content.space).shape[1]
    if not isinstance(content, Stored) or content.num_rows * dim * 4 < KEPT_BYTES:
        return scaled(chain([first], pieces), content.space)
    return _kept(content, dim)


def scaled(pieces: Iterable[npt.NDArray[Any]], space: Space | None) -> Vectors:
    """The unit rows of pieces, one after the other: no copy in larger numbers is made of more than one."""
    found = [unit(piece, space) for piece in pieces]
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)


def _kept(content: Stored, dim: int) -> Vectors:
    """What is kept of this very content, or is kept from now on."""
    stamp = _stamp(content)
    beside = content.path.with_name(f".{content.path.name}.units.npy")
    named = hashlib.sha256(os.fsencode(content.path.resolve())).hexdigest()[:16]
    at_home = settings().home / "units" / f"{named}.npy"
    for place in (beside, at_home):
        if (found := _mapped(place, stamp, (content.num_rows, dim))) is not None:
            content.check_there()
            return found
    for place in (beside, at_home):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(place, stamp, content, dim)
        except OSError:  # a read-only folder, a full disk: the next place, else memory
            continue
        if (found := _mapped(place, stamp, (content.num_rows, dim))) is not None:
            content.check_there()
            return found
    return scaled(content.pieces(), content.space)


def _stamp(content: Stored) -> bytes:
    """What identifies the content and how it is read."""
    said = f"{content.states} {content.vector_column} {content.space and content.space.is_packed}"
    return hashlib.sha256(said.encode()).hexdigest().encode()


def _mapped(place: Path, stamp: bytes, shape: tuple[int, int]) -> Vectors | None:
    """The rows that a file keeps, if they were made of that content."""
    try:
        with place.open("rb") as file:
            file.seek(-_STAMP_BYTES, os.SEEK_END)
            if file.read() != stamp:
                return None
        rows = np.load(place, "r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return rows if rows.shape == shape and rows.dtype == np.float32 else None


def _write(place: Path, stamp: bytes, content: Stored, dim: int) -> None:
    """Write the rows aside, and put them in place whole: two processes may do so at once."""
    for left in place.parent.glob(f"{place.name}*.part"):
        if time.time() - left.stat().st_mtime > _OLD_S:  # of one that was killed
            left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=place.name, suffix=".part", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": (content.num_rows, dim)}
            np.lib.format.write_array_header_1_0(file, header)
            for piece in content.pieces():
                file.write(np.ascontiguousarray(unit(piece, content.space), "<f4").data)
            file.write(stamp)
        shutil.copymode(content.path if content.path.is_file() else content.files[0], name)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
