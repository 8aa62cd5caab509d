"""What was pulled, kept by digest: files once, folders made of them, and what is known of names.

::

    JUNCO_HOME/hub/            0700, of this user alone
    ├── blobs/ab/abcd…         a file by its sha256
    ├── folders/0123…/         a tree by its digest: its files are links (hard ones) to blobs, not to be written
    ├── folders/0123….json     when each file was verified, by its time of change
    ├── incoming/              what is on its way
    └── known/HUB/NAMESPACE/NAME/REVISION.json
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from junco.errors import IntegrityError, JuncoError, TargetError
from junco.hub.artefact.tree import File
from junco.hub.client.address import key_of
from junco.hub.client.names import Name, parse_name
from junco.hub.client.private import hub_home, private_folder, write_whole
from junco.hub.client.revision import Revision, read_revision
from junco.places.files import read_sha256
from junco.terminal import say


class Cache:
    """All that was pulled, on this machine, by this user.

    Raises:
        IntegrityError: its folder is somebody else's, or others may write in it.
    """

    def __init__(self) -> None:
        self.home = hub_home()
        self.folders = private_folder(self.home / "folders")
        self.incoming = private_folder(self.home / "incoming")

    def blob(self, sha256: str) -> Path:
        """Where a file lies, if it does."""
        return private_folder(private_folder(self.home / "blobs") / sha256[:2]) / sha256

    def folder(self, digest: str) -> Path:
        """Where a tree lies, if it does."""
        return self.folders / digest

    def has_blob(self, file: File) -> bool:
        """Whether a file is here, and still what it should be; one that is not is put away."""
        path = self.blob(file.sha256)
        if not _is_plain(path):
            with suppress(FileNotFoundError):
                path.unlink()
            return False
        if path.stat().st_size == file.size and read_sha256(path) == file.sha256:
            return True
        path.unlink(missing_ok=True)
        return False

    def whole_folder(self, revision: Revision) -> Path | None:
        """The folder of a tree, if it is here and each byte still what it should be; else it is put away."""
        folder = self.folder(revision.digest)
        if folder.is_symlink() or not folder.is_dir():
            with suppress(OSError):
                folder.unlink()
            return None
        known = self._stamps(revision.digest)
        now = {file.path: _stamp(folder / file.path) for file in revision.files}
        changed = [file for file in revision.files if now[file.path] is None or now[file.path] != known.get(file.path)]
        if _listed(folder) != sorted(now) or any(not _is_as_said(folder, file) for file in changed):
            say(f"warning: {revision.repository}: {folder} was changed since it came, and is put right")
            self.forget(revision)
            return None
        if changed:
            self._note(revision, folder)
        return folder

    def forget(self, revision: Revision) -> None:
        """Put a tree away, with those of its files that are not what they should be."""
        (self.folders / f"{revision.digest}.json").unlink(missing_ok=True)
        folder = self.folder(revision.digest)
        aside = Path(tempfile.mkdtemp(dir=self.incoming))
        with suppress(OSError):
            folder.rename(aside / "old")
        shutil.rmtree(aside, ignore_errors=True)
        for file in revision.files:
            self.has_blob(file)

    def assemble(self, revision: Revision) -> Path:
        """Make the folder of a tree whose files are all here; another process may do the same.

        Raises:
            TargetError: it cannot be written.
        """
        aside = Path(tempfile.mkdtemp(dir=self.incoming))
        try:
            made = aside / "new"
            made.mkdir(mode=0o700)
            for file in revision.files:
                target = made / file.path
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _link(self.blob(file.sha256), target)
            folder = self.folder(revision.digest)
            with suppress(FileExistsError, OSError):
                made.rename(folder)  # one that is not empty stays, and is looked at by whoever comes next
        except OSError as error:
            raise TargetError(f"{self.home} cannot be written: {error.strerror or error}") from None
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if (found := self.whole_folder(revision)) is None:
            raise IntegrityError(f"{self.folder(revision.digest)} does not stay what was put there: who writes in it?")
        return found

    def known(self, hub: str, name: Name) -> Revision | None:
        """What a hub said of a name before."""
        try:
            return read_revision(json.loads(self._known_file(hub, name).read_bytes()), name, hub)
        except (OSError, ValueError, JuncoError):
            return None

    def is_hearsay(self, hub: str, name: Name) -> bool:
        """Whether it was a bundle that said so, and not the hub: good where the hub cannot be asked."""
        try:
            return bool(json.loads(self._known_file(hub, name).read_bytes()).get("hearsay"))
        except (OSError, ValueError, AttributeError):
            return False

    def remember(self, hub: str, name: Name, revision: Revision, *, hearsay: bool = False) -> None:
        """Keep what a hub says of a name, and of its commit.

        Args:
            hub: its address.
            name: of the revision.
            revision: what it says.
            hearsay: whether a bundle says that the hub does; then what is known of a name already stays.
        """
        data = json.dumps({**revision.to_dict(), **({"hearsay": True} if hearsay else {})}).encode()
        commit = Name(revision.repository, revision.commit)
        for each in (name, commit, *([Name(revision.repository, revision.release)] if revision.release else [])):
            if hearsay and self.known(hub, each) is not None:
                continue
            file = self._known_file(hub, each)
            for folder in reversed([parent for parent in file.parents if parent.is_relative_to(self.home)][:-1]):
                private_folder(folder)
            write_whole(file, data)

    def _known_file(self, hub: str, name: Name) -> Path:
        parse_name(str(name))  # no part of it leads elsewhere
        namespace, _, own = name.repository.lower().partition("/")
        return self.home / "known" / key_of(hub) / namespace / own / f"{name.revision}.json"

    def _stamps(self, digest: str) -> dict[str, list[int]]:
        try:
            found = json.loads((self.folders / f"{digest}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _note(self, revision: Revision, folder: Path) -> None:
        stamps = {file.path: _stamp(folder / file.path) for file in revision.files}
        write_whole(self.folders / f"{revision.digest}.json", json.dumps(stamps).encode())


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _stamp(path: Path) -> list[int] | None:
    """What changes when a file does; nobody sets back the last of it."""
    try:
        state = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(state.st_mode):
        return None
    return [state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns]


def _is_as_said(folder: Path, file: File) -> bool:
    path = folder / file.path
    return _is_plain(path) and path.stat().st_size == file.size and read_sha256(path) == file.sha256


def _listed(folder: Path) -> list[str]:
    return sorted(_walked(folder, ""))


def _walked(folder: Path, beneath: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{beneath}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walked(folder / entry.name, f"{path}/")
            else:
                yield path


def _link(blob: Path, target: Path) -> None:
    try:
        os.link(blob, target)
    except OSError:  # another disk, or one that has no links
        shutil.copyfile(blob, target)
        target.chmod(0o400)


def missing_blobs(cache: Cache, files: Sequence[File]) -> list[File]:
    """The files that are not here, each digest once."""
    wanted = {file.sha256: file for file in files}
    return [file for file in wanted.values() if not cache.has_blob(file)]
