"""Where bytes lie: a folder, or a bucket of S3's kind.

What is at a place never changes, and a place is never used twice.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from junco.errors import InputError

PIECE = 1 << 20
"""Bytes that are read at once."""


class Places(Protocol):
    """A store of bytes."""

    def put(self, file: Path, place: str) -> None:
        """Move a whole file to a place: afterwards it is there whole, or not at all."""

    def read(self, place: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from ``start`` to ``stop`` (not with it), in pieces.

        Raises:
            FileNotFoundError: nothing is there.
        """

    def size(self, place: str) -> int | None:
        """Bytes at the place; ``None`` where nothing is."""

    def delete(self, place: str) -> None:
        """Let go of the bytes; nothing where there are none."""

    def older(self, than: float) -> Iterator[str]:
        """Places that were written before a time, in seconds since 1970."""


def new_place(sha256: str) -> str:
    """For bytes that come in now."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}-{secrets.token_hex(4)}"


class Folder:
    """Files in a folder of this machine.

    Args:
        root: the folder; it is made.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, place: str) -> Path:
        """The file at a place."""
        return self.root / place

    def put(self, file: Path, place: str) -> None:
        """A rename, after the bytes are on the disk."""
        target = self.path(place)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.utime(file)  # its age says how long it has been here, not when its last bytes came
        _to_disk(file)
        file.replace(target)
        _to_disk(target.parent)

    def read(self, place: str, start: int, stop: int) -> Iterator[bytes]:
        """As `Places` has it."""
        with self.path(place).open("rb") as file:
            file.seek(start)
            while start < stop and (piece := file.read(min(PIECE, stop - start))):
                start += len(piece)
                yield piece

    def size(self, place: str) -> int | None:
        """As `Places` has it."""
        try:
            return self.path(place).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, place: str) -> None:
        """As `Places` has it."""
        self.path(place).unlink(missing_ok=True)

    def older(self, than: float) -> Iterator[str]:
        """As `Places` has it."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):  # it goes while it is looked at
                    if path.stat().st_mtime >= than:
                        continue
                    yield path.relative_to(self.root).as_posix()


class Bucket:
    """Objects in a bucket.

    Args:
        store: of obstore.
    """

    def __init__(self, store: Any) -> None:
        self.store = store

    def put(self, file: Path, place: str) -> None:
        """An upload in parts, which is there when it is complete."""
        import obstore

        obstore.put(self.store, place, file, max_concurrency=4)
        file.unlink()

    def read(self, place: str, start: int, stop: int) -> Iterator[bytes]:
        """As `Places` has it."""
        import obstore

        while start < stop:
            piece = obstore.get_range(self.store, place, start=start, end=min(start + 4 * PIECE, stop))
            start += len(piece)
            yield bytes(piece)

    def size(self, place: str) -> int | None:
        """As `Places` has it."""
        import obstore

        try:
            return int(obstore.head(self.store, place)["size"])
        except FileNotFoundError:
            return None

    def delete(self, place: str) -> None:
        """As `Places` has it."""
        import obstore

        obstore.delete(self.store, place)

    def older(self, than: float) -> Iterator[str]:
        """As `Places` has it."""
        import obstore

        for page in obstore.list(self.store):
            yield from (each["path"] for each in page if each["last_modified"].timestamp() < than)


def places_of(url: str | None, folder: Path) -> Places:
    """The store at an address; without one a folder.

    Raises:
        InputError: nothing of the kind can be opened.
    """
    if url is None:
        return Folder(folder)
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    if not url.startswith(("s3://", "s3a://", "gs://", "az://")):
        raise InputError("blobs lie in a folder of the store, or at s3://BUCKET/PREFIX")
    try:
        return Bucket(from_url(url, **_options(url)))
    except (BaseError, ValueError) as error:
        raise InputError(f"the blobs' address cannot be opened: {error}") from None


def _options(url: str) -> dict[str, Any]:
    """What an own S3 server needs beside its address, from the environment that obstore reads as well."""
    from junco.settings import secret

    endpoint = secret("AWS_ENDPOINT_URL") or ""
    plain = url.startswith("s3") and endpoint.startswith("http://")
    return {"client_options": {"allow_http": True}} if plain else {}


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_older(folder: Path, age_s: float) -> int:
    """Delete the files of a folder that nobody has written to for some time: how many."""
    gone = 0
    for path in [*folder.iterdir()]:
        with contextlib.suppress(FileNotFoundError):  # its upload ends while it is looked at
            if path.is_file() and path.stat().st_mtime < time.time() - age_s:
                path.unlink()
                gone += 1
    return gone
