"""Ids of rows in a vector store: 12 bytes of a digest of the input, 4 for the row's number among those of that input.

The same row has the same id in every run, so putting it in twice leaves one. An id is as long for a key of four
kilobytes as for any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.errors import TargetError
from junco.store.arrow import arrow
from junco.store.durable import replacing

if TYPE_CHECKING:
    import pyarrow as pa

_KEY_BYTES, _BYTES = 12, 16
KIND = np.dtype([("key", f"S{_KEY_BYTES}"), ("row", ">u4")])
Ids = npt.NDArray[Any]
"""(rows,) of `KIND`."""


def without_numbers(inputs: Iterable[str]) -> Ids:
    """The ids of rows by their inputs, each with the number 0."""
    found = bytearray()
    last, key = None, b""
    for text in inputs:
        if text != last:  # rows of an input follow each other
            last, key = text, hashlib.blake2b(text.encode(), digest_size=_KEY_BYTES).digest() + bytes(4)
        found += key
    return np.frombuffer(bytes(found), KIND)


def numbered(new: Ids, kept: Ids) -> Ids:
    """New rows with their numbers: from 0 for each input, or on from those of its rows that stay."""
    made = new.copy()
    keys, places = np.unique(new["key"], return_inverse=True)
    order = np.argsort(places, kind="stable")
    firsts = np.searchsorted(places[order], np.arange(len(keys)))
    made["row"][order] = np.arange(len(new)) - np.repeat(firsts, np.diff(np.append(firsts, len(new))))
    same = np.isin(kept["key"], keys)
    if same.any():
        nexts = np.zeros(len(keys), np.int64)
        np.maximum.at(nexts, np.searchsorted(keys, kept["key"][same]), kept["row"][same].astype(np.int64) + 1)
        made["row"] += nexts[places].astype(np.uint32)
    return made


def texts_of(ids: Ids) -> pa.Array:
    """The ids as 32 hexadecimal digits each."""
    pa = arrow()
    digits = _bytes(ids).hex().encode()
    offsets = np.arange(0, len(digits) + 1, 2 * _BYTES, dtype=np.int32)
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(digits))


def numbers_of(ids: Ids) -> pa.Array:
    """The numbers of rows within their inputs."""
    return arrow().array(ids["row"].astype(np.int64))


def missing(old: Ids, new: Ids) -> Ids:
    """Those of the old ids that are not among the new ones."""
    return old[~np.isin(_whole(old), _whole(new))]


def repeated(ids: Ids, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of some ids stand there again."""
    places = np.flatnonzero(among)
    _, firsts = np.unique(_whole(ids[places]), return_index=True)
    found = among.copy()
    found[places[firsts]] = False
    return found


def _whole(ids: Ids) -> npt.NDArray[Any]:
    """Each as one text of bytes; all are of one length, so that zeros at their ends tell none from another."""
    return np.frombuffer(_bytes(ids), f"S{_BYTES}")


def _bytes(ids: Ids) -> bytes:
    """All of them; numpy turns the numbers' bytes around where it joins arrays."""
    return np.ascontiguousarray(ids, KIND).tobytes()


def save_ids(path: Path, ids: Ids) -> None:
    """Write ids to a file that survives."""
    with replacing(path) as file:
        np.save(file, np.frombuffer(_bytes(ids), np.uint8).reshape(-1, _BYTES))


def load_ids(path: Path | None) -> Ids:
    """The ids in a file; none without one.

    Raises:
        TargetError: it holds something else.
    """
    if path is None:
        return np.zeros(0, KIND)
    try:
        found = np.load(path, allow_pickle=False)
        return np.frombuffer(found.astype(np.uint8).tobytes(), KIND)
    except ValueError as error:
        raise TargetError(f"{path} was damaged: start over with resume=False (--no-resume)") from error
