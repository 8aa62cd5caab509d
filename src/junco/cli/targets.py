"""What a file says that a job has written: a set of vectors, or what was put aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.cli.printing import size
from junco.settings import user_path

_MOST_REASONS = 5


def is_target(ref: str) -> bool:
    """Whether it is written as a target is: by its ending, as a vector store, or as a folder that is there."""
    from junco.vector_store.installed import is_store

    return (
        is_store(ref)
        or ref.endswith("/")
        or Path(ref).suffix.lower() in (".parquet", ".npy", ".jsonl", ".csv")
        or user_path(ref).is_dir()
    )


def described(ref: str) -> dict[str, Any]:
    """What the file at a path holds, to be shown.

    Raises:
        InputError: nothing is there, or nothing that a job has written.
    """
    from junco.store.addresses import located
    from junco.store.rejects import ENDING, rejects_of
    from junco.vector_store.installed import is_store

    if is_store(ref):
        return _collection(ref)
    path = located(ref)
    if path.name.endswith(ENDING):
        return {"kind": "rejects", "path": str(path), **_rejects(path)}
    from junco.store.stored import Stored

    found = Stored(path)
    first = next(found.pieces(), None)
    rejects = rejects_of(path)
    files = [path] if path.is_file() else path.glob("*.parquet")
    return {
        "kind": "set of vectors",
        "path": str(path),
        "rows": found.num_rows,
        "inputs": len(found.keys().unique()),
        "vectors": "none" if first is None else f"{first.shape[1]:,} × {first.dtype}",
        "space": str(found.space) if found.space is not None else "unknown",
        "columns": [f"{field.name}: {field.type}" for field in found.schema],
        "pipeline": found.title or "unknown",
        "size": size(sum(file.stat().st_size for file in files)),
        "rejects": _rejects(rejects)["reasons"] if rejects.exists() else [],
    }


def _collection(ref: str) -> dict[str, Any]:
    """What a collection of a vector store holds."""
    from junco.store.rejects import rejects_of
    from junco.store.stored_rows import StoredRows

    found, rejects = StoredRows(ref), rejects_of(ref)
    return {
        "kind": "set of vectors",
        "store": ref,
        "rows": found.num_rows,
        "inputs": len(found.keys().unique()),
        "vectors": f"{found.dim:,} × float32",
        "space": str(found.space) if found.space is not None else "unknown",
        "columns": [f"{field.name}: {field.type}" for field in found.schema],
        "pipeline": found.title or "unknown",
        "rejects": _rejects(rejects)["reasons"] if rejects.exists() else [],
    }


def _rejects(path: Path) -> dict[str, Any]:
    """How many inputs were put aside, and the most frequent reasons."""
    from collections import Counter

    from junco.store.vectors import rows_of

    rows = rows_of([path], ["stage", "reason"]).to_pylist()
    counts = Counter(f"{row['stage']}: {row['reason']}" for row in rows)
    reasons = [f"{count:,} × {reason}" for reason, count in counts.most_common(_MOST_REASONS)]
    more = sum(counts.values()) - sum(count for _, count in counts.most_common(_MOST_REASONS))
    return {"rows": len(rows), "reasons": [*reasons, *([f"{more:,} others"] if more else [])]}
