"""What a journal's records may be. A checksum says that a line is as it was written, not that a job wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST = 2**31 - 1
"""Of shards and of an input's rows."""
_MOST_INPUTS = 2**20
"""Of one record."""
_PACKED = ("keys", "digests", "counts")


def is_header(record: Mapping[str, Any]) -> bool:
    """Whether a record is a journal's first: what it says of the pipeline, its space, the target as it was, the folder
    that files are named from, and what rows keep of their table.
    """
    parts = record.get("parts")
    return (
        isinstance(record.get("pipeline"), str)
        and isinstance(parts, dict)
        and isinstance(parts.get("steps"), list)
        and _are_texts(record.get("unknown"))
        and all(name in record and isinstance(record[name], str | None) for name in ("space", "replaces"))
        and _is_number(record.get("opened"))
        and isinstance(record.get("folder"), str)
        and _is_kept(record.get("kept"))
    )


def _is_kept(entry: Any) -> bool:
    """The column of the key and those that rows keep of their table, where they do."""
    return entry is None or (
        isinstance(entry, dict) and isinstance(entry.get("key", 0), str | None) and _are_texts(entry.get("columns"))
    )


def is_entry(record: Mapping[str, Any]) -> bool:
    """Whether a record may follow the first: a number that was given, inputs that are done, the end of
    publishing, what a source holds that was seen to have nothing new.
    """
    if "shard" in record:
        return _is_sealed(record)
    if "files" in record:
        return _is_end(record)
    if "source" in record:
        return _is_source(record["source"])
    return _is_number(record.get("opened"))


def highest_number(record: Mapping[str, Any]) -> int:
    """The highest number of a shard that a record names, whatever else is in it; 0 where it names none."""
    return max(record[name] if _is_number(record.get(name)) else 0 for name in ("opened", "shard"))


def _is_end(record: Mapping[str, Any]) -> bool:
    files = record.get("files")
    return (
        _is_source(record.get("source"))
        and _is_number(record.get("num_rejects"))
        and isinstance(record.get("appended"), bool)
        and isinstance(files, dict)
        and all(_is_file(entry) for entry in files.values())
    )


def _is_source(entry: Any) -> bool:
    """The hash of a source and how it was read, where it has one."""
    return entry is None or (
        isinstance(entry, dict) and isinstance(entry.get("hash"), str) and _are_texts(entry.get("read"))
    )


def _is_file(entry: Any) -> bool:
    """What is known of a file: its size, its time, and a hash of its content."""
    if not (isinstance(entry, list) and len(entry) == 3):
        return False
    return all(type(number) is int for number in entry[:2]) and isinstance(entry[2], str)


def _is_sealed(record: Mapping[str, Any]) -> bool:
    """But for what is packed in it, which whoever unpacks it checks."""
    shard, first, inputs = record["shard"], record.get("first", record["shard"]), record.get("inputs")
    rejects = record.get("rejects")
    if not (_is_number(inputs) and isinstance(rejects, list)):
        return False
    assert isinstance(inputs, int)
    return (
        (_is_number(shard) and _is_number(first) and first <= shard)
        and inputs <= _MOST_INPUTS
        and all(_is_reject(reject, inputs) for reject in rejects)
        and all(isinstance(record.get(name), str) for name in _PACKED)
        and isinstance(record.get("checksum", ""), str)
    )


def _is_reject(reject: Any, num_inputs: int) -> bool:
    """The number of an input, its key, and stage and reason of each of its rejects."""
    if not (isinstance(reject, list) and len(reject) == 3):
        return False
    index, key, why = reject
    is_input = _is_number(index) and index < num_inputs and isinstance(key, str)
    return is_input and isinstance(why, list) and all(_are_texts(each) and len(each) == 2 for each in why)


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _is_number(value: Any, least: int = 0) -> bool:
    return type(value) is int and least <= value <= _MOST  # a truth value is no number here
