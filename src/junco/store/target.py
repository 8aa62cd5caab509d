"""What a target is, by how it is written: ``.parquet``, ``.npy``, a folder that ends in ``/``, a store, a callable."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from junco.errors import TargetError
from junco.settings import user_path
from junco.store.npy import NpyFile
from junco.store.parquet import ParquetFile, ParquetFolder
from junco.store.shard import Shard
from junco.store.sink import CallSink, Sink
from junco.store.store_sink import StoreSink
from junco.vector_store.installed import is_store, schemes, store_at

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
    if "://" in text:
        raise TargetError(f"{text}: targets are local files; copy the finished file from there")
    if text.endswith(("/", os.sep)):
        folder = user_path(text, "the target")
        if folder.name in ("", ".."):
            raise TargetError(f"{text!r} has no name of its own, and a target is made anew: name a folder in it")
        return ParquetFolder(folder)
    kinds: dict[str, Callable[[Path], Sink]] = {".parquet": ParquetFile, ".npy": NpyFile}
    path = user_path(text, "the target")
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        stores = ", ".join(f"{name}:…" if name[0] != "." else name for name in schemes())
        raise TargetError(
            f"{text!r} is no target: end it in .parquet, in .npy, or in / for a folder of Parquet files, or name a "
            f"vector store ({stores})"
        )
    return kind(path)
