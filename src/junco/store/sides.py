"""The file that lies beside a target which cannot hold all of it: by the target's ending."""

from __future__ import annotations

from pathlib import Path, PurePath

_ENDINGS = {".npy": ".inputs.parquet", ".jsonl": ".schema.parquet", ".csv": ".schema.parquet"}


def side_ending(name: str) -> str | None:
    """What is put after a target's name to name the file beside it; ``None`` where there is none."""
    return _ENDINGS.get(PurePath(name).suffix.lower())


def sides_of(path: Path) -> tuple[Path, ...]:
    """The files beside a target that is a file."""
    ending = side_ending(path.name)
    return () if ending is None else (path.with_name(f"{path.name}{ending}"),)
