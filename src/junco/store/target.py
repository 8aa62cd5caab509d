"""What a target is, by how it is written: the ending of a file, ``/`` for a folder, a store; a callable, a `Sink`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath

from junco.errors import TargetError
from junco.settings import user_path
from junco.store.addresses import is_address, local_path
from junco.store.files import FileSink
from junco.store.line_files import LinesFile
from junco.store.npy import NpyFile
from junco.store.parquet import ParquetFile, ParquetFolder
from junco.store.shard import Shard
from junco.store.sink import CallSink, Sink
from junco.store.store_sink import StoreSink
from junco.vector_store.installed import is_store, schemes, store_at
from junco.wording import masked

_KINDS: dict[str, type[FileSink]] = {
    ".parquet": ParquetFile,
    ".npy": NpyFile,
    ".jsonl": LinesFile,
    ".csv": LinesFile,
}
Target = str | Path | Sink | Callable[[Shard], object]


def sink_of(target: Target) -> Sink:
    """The sink for a target.

    Raises:
        TargetError: nothing can be written there, or nobody knows how.
    """
    if isinstance(target, Sink):
        return target
    if not isinstance(target, (str, os.PathLike)):
        if callable(target):
            return CallSink(target)
        raise TargetError(f"a target is a path or a callable, not {type(target).__name__}")
    text = os.fspath(target)
    if is_store(text):
        return StoreSink(lambda: store_at(text))
    if is_address(text) and (local := local_path(text)) is None:
        return _at_address(text)
    text = text if not is_address(text) else f"{local}{'/' * text.endswith('/')}"
    if text.endswith(("/", os.sep)):
        folder = user_path(text, "the target")
        if folder.name in ("", ".."):
            raise TargetError(f"{text!r} has no name of its own, and a target is made anew: name a folder in it")
        return ParquetFolder(folder)
    path = user_path(text, "the target")
    return _kind_of(text)(path)


def _kind_of(text: str) -> type[FileSink]:
    """The kind of file that a target is by its ending."""
    kind = _KINDS.get(PurePath(text).suffix.lower())
    if kind is None:
        stores = ", ".join(f"{name}:…" if name[0] != "." else name for name in schemes())
        raise TargetError(
            f"{masked(text)!r} is no target: end it in .parquet, .npy, .jsonl or .csv, in / for a folder of Parquet "
            f"files, or name a vector store ({stores})"
        )
    return kind


def _at_address(text: str) -> Sink:
    """The same at an address: made here, and sent there."""
    from junco.store.uploaded import Uploaded

    kind = ParquetFolder if text.endswith("/") else _kind_of(text)
    made: type[Uploaded] = type(f"Uploaded{kind.__name__}", (Uploaded, kind), {})
    return made(text)
