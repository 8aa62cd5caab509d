"""Arrays between processes: large ones cross in shared memory where there is room, everything else by pickle.

The sender copies an array once into a shared segment; the receiver looks at it there, without a copy, and owns the
segment from then on: it goes when the last view of it goes.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import secrets
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing import resource_tracker, shared_memory
from pathlib import Path
from typing import Any

import numpy as np

MIN_BYTES = 100_000
"""Smaller arrays are pickled: a segment of their own costs more than the copy."""

_SHARED = Path("/dev/shm")  # noqa: S108  # Linux's


@cache
def _pickler() -> Any:
    """The class of picklers that take large arrays out; what the receiver cannot import, cloudpickle sends along."""
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle is not typed
        def __init__(self, file: io.BytesIO, sent: Callable[[np.ndarray[Any, Any]], str | None]) -> None:
            super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
            self.sent = sent

        def reducer_override(self, value: Any) -> Any:
            if type(value) is np.ndarray and value.nbytes >= MIN_BYTES and not value.dtype.hasobject:
                name = self.sent(value)
                if name is not None:
                    return _attached, (name, value.shape, value.dtype)
            return super().reducer_override(value)

    return Pickler


@dataclass(frozen=True, slots=True)
class Packet:
    """A value on its way to one receiver, and the shared segments that it takes along."""

    data: bytes
    segments: tuple[str, ...]
    owner: int
    """The process that the run belongs to."""

    def unpack(self) -> Any:
        """The value; once, by the receiver."""
        return pickle.loads(self.data)  # noqa: S301  # packed by another process of this very run

    def discard(self) -> None:
        """Free what the receiver has not taken, because it died."""
        for name in self.segments:
            with contextlib.suppress(FileNotFoundError):
                segment = shared_memory.SharedMemory(name)
                segment.unlink()
                segment.close()


def pack(value: Any, owner: int) -> Packet:
    """Make a value of the run of process ``owner`` ready to be sent."""
    file = io.BytesIO()
    segments: list[shared_memory.SharedMemory] = []

    def sent(array: np.ndarray[Any, Any]) -> str | None:
        # says whose run it belongs to, and who made it
        segment = _segment(f"psm_{owner}_{os.getpid()}_{secrets.token_hex(4)}", array.nbytes)
        if segment is None:
            return None
        segments.append(segment)
        np.ndarray(array.shape, array.dtype, buffer=segment.buf)[...] = array
        return segment.name

    try:
        _pickler()(file, sent).dump(value)
    except BaseException:
        for segment in segments:
            segment.close()
            segment.unlink()
        raise
    for segment in segments:
        segment.close()
        resource_tracker.unregister(segment._name, "shared_memory")  # type: ignore[attr-defined]  # the receiver's now
    return Packet(file.getvalue(), tuple(segment.name for segment in segments), owner)


def free_all_of(owner: int) -> None:
    """Free what was on its way in the runs of a process that is gone; where shared memory is no folder, nothing."""
    for path in _SHARED.glob(f"psm_{owner}_*"):
        with contextlib.suppress(OSError):  # another worker was quicker
            path.unlink()


def free_of_dead(owner: int) -> None:
    """Free what workers of process ``owner`` were about to send when they died, where shared memory is a folder."""
    import psutil

    for path in _SHARED.glob(f"psm_{owner}_*_*"):
        maker = int(path.name.split("_")[2])
        if maker != owner and not psutil.pid_exists(maker):
            with contextlib.suppress(OSError):
                path.unlink()


def _segment(name: str, num_bytes: int) -> shared_memory.SharedMemory | None:
    """A new segment whose memory is there, or ``None`` where there is none to be had.

    Without memory set aside, the first write to a page that does not fit (containers have a small ``/dev/shm``) would
    kill the process by a signal.
    """
    if num_bytes > _most_bytes():
        return None
    try:
        segment = shared_memory.SharedMemory(name, create=True, size=num_bytes)
    except OSError:
        return None
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(segment._fd, 0, num_bytes)  # type: ignore[attr-defined]  # it has no public one
    except OSError:
        segment.close()
        segment.unlink()
        return None
    return segment


def _most_bytes() -> int:
    """The largest segment that the limit on file sizes allows (a ``SharedMemory`` that breaks it leaves noise)."""
    try:
        import resource
    except ImportError:  # not on Windows
        return sys.maxsize
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def _attached(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    segment = shared_memory.SharedMemory(name)
    segment.unlink()  # the name goes now, the memory with its last view
    array: np.ndarray[Any, Any] = np.ndarray(shape, dtype, buffer=segment.buf)
    weakref.finalize(array, _let_go, segment)
    return array


def _let_go(segment: shared_memory.SharedMemory) -> None:
    try:
        segment.close()
    except BufferError:  # a slice of the array lives on: its buffer keeps the mapping
        segment._mmap = segment._buf = None  # type: ignore[attr-defined]
