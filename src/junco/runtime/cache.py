"""What was converted and measured on this machine, kept under ``JUNCO_HOME/runtimes``.

An entry is a folder whose manifest names what it is and the sha256 of each file. It appears whole, by a rename. One
that is damaged, of another format or of something else counts as absent and is replaced. One that nobody has used for
long goes. Where nothing can be written, nothing is kept, and nobody fails for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from junco.operator.files import read_sha256
from junco.settings import settings

FORMAT = 2
"""Counts up when conversions that older versions of junco have made must not be used any more."""
LOCK_WAIT_S = 300.0
UNUSED_S, UNFINISHED_S = 90 * 86_400.0, 86_400.0
"""After so long without use an entry goes; and what a process that was killed had begun."""
_MANIFEST = "manifest.json"


class Cache:
    """The folder of conversions and measurements."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or settings().home / "runtimes"

    def path(self, name: str, identity: Mapping[str, Any]) -> Path:
        """Where the entry of that identity lies, if there is one."""
        digest = hashlib.sha256(_canonical(identity).encode()).hexdigest()[:24]
        return self.folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}-{digest}"

    def find(self, name: str, identity: Mapping[str, Any]) -> Path | None:
        """The entry's folder, if it is all there, byte for byte."""
        folder = self.path(name, identity)
        try:
            manifest = json.loads((folder / _MANIFEST).read_bytes())
            if manifest != _manifest(folder, identity):
                return None
        except (OSError, ValueError):
            return None
        with suppress(OSError):
            os.utime(folder)  # it is in use
        return folder

    def store(self, name: str, identity: Mapping[str, Any], write: Callable[[Path], None]) -> Path | None:
        """Let ``write`` fill a folder and keep it as the entry; ``None`` where it cannot be kept."""
        final = self.path(name, identity)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=".making-", dir=self.folder))
        except OSError:
            return None
        try:
            write(made)
            (made / _MANIFEST).write_text(json.dumps(_manifest(made, identity)), "utf-8")
            self._put_in_place(made, final, name, identity)
        except OSError:  # no space, or the folder was taken away
            return None
        finally:
            shutil.rmtree(made, ignore_errors=True)
        self._tidy()
        return self.find(name, identity)

    def read(self, name: str, identity: Mapping[str, Any]) -> Any:
        """The remembered value of that identity, or ``None``."""
        folder = self.find(name, identity)
        return json.loads((folder / "value.json").read_bytes()) if folder is not None else None

    def remember(self, name: str, identity: Mapping[str, Any], value: Any) -> None:
        """Keep a value that JSON can hold, where that is possible."""
        self.store(name, identity, lambda folder: _write_json(folder / "value.json", value))

    @contextmanager
    def locked(self, name: str, identity: Mapping[str, Any]) -> Iterator[None]:
        """One process or thread at a time; without a lock where none can be had, as the entries need none."""
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(self.folder / f"{self.path(name, identity).name}.lock")
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _tidy(self) -> None:
        now = time.time()
        for folder in (entry for entry in self.folder.iterdir() if entry.is_dir()):
            with suppress(OSError):  # another process may be tidying too
                kept_s = UNFINISHED_S if folder.name.startswith(".") else UNUSED_S
                if now - folder.stat().st_mtime > kept_s:
                    shutil.rmtree(folder, ignore_errors=True)

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
