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
    from junco.store.rejects import ENDING
    from junco.vector_store.installed import is_store

    if is_store(ref):
        return _collection(ref)
    path = located(ref)
    if path.name.endswith(ENDING):
        return {"kind": "rejects", "path": str(path), **_rejects(path)}
    from junco.store.stored import Stored

    found = Stored(path)
    first = next(found.pieces(), None)
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
        "rejects": _reasons_beside(ref),
    }


def _collection(ref: str) -> dict[str, Any]:
    """What a collection of a vector store holds."""
    from junco.store.stored_rows import StoredRows

    found = StoredRows(ref)
    return {
        "kind": "set of vectors",
        "store": ref,
        "rows": found.num_rows,
        "inputs": len(found.keys().unique()),
        "vectors": f"{found.dim:,} × float32",
        "space": str(found.space) if found.space is not None else "unknown",
        "columns": [f"{field.name}: {field.type}" for field in found.schema],
        "pipeline": found.title or "unknown",
        "rejects": _reasons_beside(ref),
    }


def _reasons_beside(ref: str) -> list[str]:
    """Why inputs of a target were put aside."""
    from junco.store.rejects import rejects_of

    file = rejects_of(ref)
    return [] if file is None else _rejects(file)["reasons"]


def _rejects(path: Path) -> dict[str, Any]:
    """How many inputs were put aside, and the most frequent reasons."""
    from junco.job.reasons import reasons_of
    from junco.store.sink import Rejected
    from junco.store.vectors import rows_of

    rows = rows_of([path], list(Rejected._fields)).to_pylist()
    reasons = reasons_of(Rejected(**row) for row in rows)
    more = sum(reason.number for reason in reasons[_MOST_REASONS:])
    shown = [*map(str, reasons[:_MOST_REASONS]), *([f"{more:,} for other reasons"] if more else [])]
    return {"rows": len(rows), "reasons": shown}
