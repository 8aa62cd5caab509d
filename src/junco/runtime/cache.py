"""What was converted and measured on this machine, kept under ``JUNCO_HOME/runtimes``.

An entry is a folder whose manifest names what it is and the sha256 of each file. It appears whole, by a rename. One
that is damaged, of another format or of something else counts as absent and is replaced. One that nobody has used for
long goes. Where nothing can be written, nothing is kept; that is said once. A folder that somebody else could have
filled is refused: what lies there is run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from junco.errors import IntegrityError
from junco.places.files import read_sha256
from junco.settings import settings

FORMAT = 2
"""Counts up when conversions that older versions of junco have made must not be used any more."""
LOCK_WAIT_S = 300.0
UNUSED_S, UNFINISHED_S = 90 * 86_400.0, 86_400.0
"""After so long without use an entry goes; and what a process that was killed had begun."""
DERIVED = re.compile(r"[0-9a-f]{16}-(.+)-\d+")
"""Names of the folders under ``JUNCO_HOME/files`` that hold a publisher's ONNX file as it was changed: the digest of
what it was made of, the change and its version."""
_MANIFEST, _VALUE = "manifest.json", "value.json"
_OTHERS_WRITE, _STICKY = stat.S_IWGRP | stat.S_IWOTH, stat.S_ISVTX
_said: set[Path] = set()
"""Folders of which it was said that they cannot be written."""
Made = TypeVar("Made")


class Cache:
    """The folder of conversions and measurements."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or settings().home / "runtimes"

    def path(self, name: str, identity: Mapping[str, Any]) -> Path:
        """Where the entry of that identity lies, if there is one."""
        digest = hashlib.sha256(_canonical(identity).encode()).hexdigest()[:24]
        return self.folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}-{digest}"

    @property
    def is_writable(self) -> bool:
        """Whether something can be kept; if not, that is said, once in a process.

        Raises:
            IntegrityError: the folder is there and somebody else could fill it.
        """
        check_own(self.folder)
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                return True
        except OSError as error:
            _say_unwritable(self.folder, error)
            return False

    def find(self, name: str, identity: Mapping[str, Any]) -> Path | None:
        """The entry's folder, if it is all there, byte for byte.

        Raises:
            IntegrityError: the folder is somebody else's, or others can write there.
        """
        folder = self.path(name, identity)
        try:
            if not folder.is_dir():
                return None
            check_own(self.folder, folder, *_reached_by_others(folder))
            manifest = json.loads((folder / _MANIFEST).read_bytes())
            if manifest != _manifest(folder, identity):
                return None
        except (OSError, ValueError, RecursionError):
            return None
        with suppress(OSError):
            os.utime(folder)  # it is in use
        return folder

    def store(self, name: str, identity: Mapping[str, Any], write: Callable[[Path], None]) -> Path | None:
        """Let ``write`` fill a folder and keep it as the entry; ``None`` where it cannot be kept."""
        final = self.path(name, identity)
        if not self.is_writable:
            return None
        try:
            made = Path(tempfile.mkdtemp(prefix=".making-", dir=self.folder))
        except OSError as error:
            _say_unwritable(self.folder, error)
            return None
        try:
            write(made)
            (made / _MANIFEST).write_text(json.dumps(_manifest(made, identity)), "utf-8")
            self._put_in_place(made, final, name, identity)
        except OSError as error:  # no space, or the folder was taken away
            _say_unwritable(self.folder, error)
            return None
        finally:
            shutil.rmtree(made, ignore_errors=True)
        tidy(self.folder)
        return self.find(name, identity)

    def read(self, name: str, identity: Mapping[str, Any], made_of: Callable[[Any], Made]) -> Made | None:
        """What ``made_of`` makes of the remembered value of that identity.

        ``None`` where there is none, or one of another shape, of which it raises a TypeError, KeyError or ValueError.
        """
        folder = self.find(name, identity)
        if folder is None:
            return None
        try:
            return made_of(json.loads((folder / _VALUE).read_bytes()))
        except (OSError, TypeError, KeyError, ValueError, RecursionError):
            self.remove(name, identity)  # whole as it is, it would stay in the place of what is remembered instead
            return None

    def remember(self, name: str, identity: Mapping[str, Any], value: Any) -> None:
        """Keep a value that JSON can hold, where that is possible."""
        self.store(name, identity, lambda folder: _write_json(folder / _VALUE, value))

    def remove(self, name: str, identity: Mapping[str, Any]) -> None:
        """Let an entry go, if there is one."""
        shutil.rmtree(self.path(name, identity), ignore_errors=True)

    @contextmanager
    def locked(self, name: str, identity: Mapping[str, Any]) -> Iterator[None]:
        """One process or thread at a time; without a lock where none can be had, as the entries need none."""
        lock = _lock(self.folder / f"{self.path(name, identity).name}.lock") if self.is_writable else None
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _put_in_place(self, made: Path, final: Path, name: str, identity: Mapping[str, Any]) -> None:
        """Rename the new folder to its place, unless a whole one lies there that was made at the same time."""
        for _ in range(3):
            with suppress(OSError):
                made.rename(final)
                return
            if self.find(name, identity) is not None:
                return
            with suppress(OSError):  # damaged: out of the way, for others may still have it open
                gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=final.parent))
                with suppress(OSError):
                    final.rename(gone / "old")
                shutil.rmtree(gone, ignore_errors=True)
        made.rename(final)


def tidy(where: Path, names: re.Pattern[str] | None = None) -> None:
    """Remove the folders in ``where`` that nobody has used for long, and what was begun and never ended.

    Args:
        where: a folder of this machine's caches.
        names: of those that may go; ``None``: all.
    """
    now = time.time()
    for folder in (entry for entry in where.iterdir() if entry.is_dir()):
        is_begun = folder.name.startswith(".")
        if not is_begun and names is not None and names.fullmatch(folder.name) is None:
            continue
        with suppress(OSError):  # another process may be tidying too
            if now - folder.stat().st_mtime > (UNFINISHED_S if is_begun else UNUSED_S):
                shutil.rmtree(folder, ignore_errors=True)


def check_own(folder: Path, *beneath: Path) -> None:
    """Refuse a folder of conversions, the one that holds it, or what in it somebody else could have written.

    What lies there is loaded and run. A folder that is not there is nobody's.

    Raises:
        IntegrityError: with the path and the cure.
    """
    if not hasattr(os, "getuid"):  # Windows has other rights
        return
    for path in (folder.parent, folder, *beneath):
        try:
            found = path.stat()
        except OSError:
            continue
        if path not in beneath and not stat.S_ISDIR(found.st_mode):
            continue  # nothing can lie in it, which is said when something is to be kept
        is_sticky = path == folder.parent and found.st_mode & _STICKY  # /tmp: each may move only what is their own
        if found.st_uid not in (os.getuid(), 0):
            raise IntegrityError(
                _refusal(path, f"belongs to another user (uid {found.st_uid})", "chown it to yourself")
            )
        if found.st_mode & _OTHERS_WRITE and not is_sticky:
            raise IntegrityError(_refusal(path, "can be written by others", f"chmod go-w {str(path)!r}"))


def _reached_by_others(folder: Path) -> Iterator[Path]:
    """The files of an entry that is open to others; of one that is not, nobody reaches them, whatever their rights."""
    if folder.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
        yield from folder.iterdir()


def _refusal(path: Path, problem: str, cure: str) -> str:
    return (
        f"{str(path)!r} {problem}, and converted models that are kept there are run: {cure}, if you trust what is in "
        "it, or set JUNCO_HOME to a folder of your own"
    )


def _say_unwritable(folder: Path, error: OSError) -> None:
    if folder in _said:
        return
    _said.add(folder)
    warnings.warn(
        f"nothing can be kept in {str(folder)!r} ({error.strerror or error}), so what is found out about models and "
        "made for faster runtimes is lost with each process: make room there and make it writable, or set JUNCO_HOME "
        "to a folder that is",
        UserWarning,
        stacklevel=2,
    )


def _lock(path: Path) -> Any:
    try:
        import filelock
    except ModuleNotFoundError:
        return None
    lock = filelock.FileLock(path, timeout=LOCK_WAIT_S)
    try:
        lock.acquire()
    except (OSError, NotImplementedError):  # a read-only folder; filelock.Timeout is an OSError too
        return None
    return lock


def _manifest(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    files = sorted(entry.name for entry in os.scandir(folder) if entry.is_file() and entry.name != _MANIFEST)
    return {
        "format": FORMAT,
        "identity": json.loads(_canonical(identity)),
        "files": {name: read_sha256(folder / name) for name in files},
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), "utf-8")


def _canonical(identity: Mapping[str, Any]) -> str:
    return json.dumps(identity, sort_keys=True)
