"""What a journal's records may be. A checksum says that a line is as it was written, not that a job wrote it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from junco.job.ledger import DIGEST_BYTES

_MOST = 2**31 - 1
"""Of shards and of an input's rows."""


def is_header(record: Mapping[str, Any]) -> bool:
    """Whether a record is a journal's first: what it says of the pipeline, its space and the target as it was."""
    parts = record.get("parts")
    return (
        isinstance(record.get("pipeline"), str)
        and isinstance(parts, dict)
        and isinstance(parts.get("steps"), list)
        and _are_texts(record.get("unknown"))
        and all(name in record and isinstance(record[name], str | None) for name in ("space", "replaces"))
        and _is_number(record.get("opened"))
    )


def is_entry(record: Mapping[str, Any]) -> bool:
    """Whether a record may follow the first: a number that was given, inputs that are done, the end of publishing."""
    if "shard" in record:
        return _is_sealed(record)
    if "published" in record:
        return isinstance(record["published"], str | None) and _is_number(record.get("num_rejects"))
    return _is_number(record.get("opened"))


def highest_number(record: Mapping[str, Any]) -> int:
    """The highest number of a shard that a record names, whatever else is in it; 0 where it names none."""
    return max(record[name] if _is_number(record.get(name)) else 0 for name in ("opened", "shard"))


def _is_sealed(record: Mapping[str, Any]) -> bool:
    keys, counts, rejects = (record.get(name) for name in ("keys", "counts", "rejects"))
    shard, first = record["shard"], record.get("first", record["shard"])
    if not (isinstance(keys, list) and isinstance(counts, list) and isinstance(rejects, list)):
        return False
    return (
        (_is_number(shard) and _is_number(first) and first <= shard)
        and _are_texts(keys)
        and _are_digests(record.get("digests"), len(keys))
        and len(counts) == len(keys)
        and all(_is_number(count, least=-1) for count in counts)
        and all(_is_reject(reject, len(keys)) for reject in rejects)
    )


def _is_reject(reject: Any, num_inputs: int) -> bool:
    """The number of an input, its key, and stage and reason of each of its rejects."""
    if not (isinstance(reject, list) and len(reject) == 3):
        return False
    index, key, why = reject
    is_input = _is_number(index) and index < num_inputs and isinstance(key, str)
    return is_input and isinstance(why, list) and all(_are_texts(each) and len(each) == 2 for each in why)


def _are_digests(text: Any, count: int) -> bool:
    try:
        return isinstance(text, str) and len(base64.b64decode(text, validate=True)) == count * DIGEST_BYTES
    except (binascii.Error, ValueError):
        return False


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _is_number(value: Any, least: int = 0) -> bool:
    return type(value) is int and least <= value <= _MOST  # a truth value is no number here
