"""What is wrong with a file of tensors: its header is read, and no tensor."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

MOST_HEADER = 100_000_000
"""Bytes, as the format itself has it."""
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "C64": 64, "U64": 64, "I64": 64, "F64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def problem_of(path: Path, size: int) -> str | None:
    """One line, or ``None`` for a file that is as it should be."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(MOST_HEADER, size - 8):
            return f"its header should have {length:,} bytes, and the file has {size:,}"
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        return "its header is no JSON, or a name stands in it twice"
    if not isinstance(header, dict):
        return "its header is no JSON object"
    return _problem_of_header(header, size - 8 - length)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("twice")
    return found


def _problem_of_header(header: dict[str, Any], room: int) -> str | None:
    spans: list[tuple[int, int]] = []
    for name, each in header.items():
        if name == "__metadata__":
            if not isinstance(each, dict) or not all(isinstance(value, str) for value in each.values()):
                return "its __metadata__ is no mapping of texts"
        elif (span := _span(each)) is None:
            return f"the tensor {name[:80]!r} has no right type, shape or place"
        else:
            spans.append(span)
    spans.sort()
    if any(left[1] != right[0] for left, right in pairwise(spans)):
        return "its tensors overlap, or have gaps between them"
    if (spans[0][0] if spans else 0) != 0 or (spans[-1][1] if spans else 0) != room:
        return "its tensors do not fill the file from its header to its end"
    return None


def _span(each: Any) -> tuple[int, int] | None:
    """First and last byte (not with it) of a tensor that is rightly described."""
    if not isinstance(each, dict) or set(each) != {"dtype", "shape", "data_offsets"}:
        return None
    shape, offsets = each["shape"], each["data_offsets"]
    if not (_are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2) or len(shape) > 64:
        return None
    bits = _BITS.get(each["dtype"]) if isinstance(each["dtype"], str) else None
    if bits is None or math.prod(shape) * bits != (offsets[1] - offsets[0]) * 8:
        return None
    return offsets[0], offsets[1]


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**63 for value in values)
