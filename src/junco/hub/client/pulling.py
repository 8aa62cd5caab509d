"""`pull`: a name on a hub → a folder whose every byte is what the hub's digest says."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from junco.errors import IntegrityError, TargetError, TrustError, UnavailableError
from junco.hub.artefact.contents import unsafe_format
from junco.hub.artefact.kinds import LOCK
from junco.hub.artefact.lock_file import Pin, read_lock
from junco.hub.client.address import chosen_hub
from junco.hub.client.cache import Cache, missing_blobs
from junco.hub.client.connection import TRIES, BrokenLineError, Connection, quoted, repository_path
from junco.hub.client.download import Told, download, silent
from junco.hub.client.faults import HubError
from junco.hub.client.names import Name, parse_name
from junco.hub.client.near import telling
from junco.hub.client.private import hub_home
from junco.hub.client.revision import Revision, read_revision
from junco.hub.signing.policy import check_signed
from junco.settings import settings, user_path
from junco.terminal import say
from junco.wording import and_listed


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was pulled.

    Attributes:
        folder: where it lies; not to be written in.
        revision: the commit that it is.
        hub: the address that it came from.
    """

    folder: Path
    revision: Revision
    hub: str


def pull(
    name: str,
    to: str | Path | None = None,
    *,
    hub: str | None = None,
    frozen: bool = False,
    allow_unsafe_files: bool = False,
    told: Told = silent,
) -> Path:
    """The folder of what lies on a hub; with nothing that is here already fetched again, and nothing of it run.

    Args:
        name: ``namespace/name``, for the newest release, or ``namespace/name@1.2.0``; a commit or branch does too.
        to: a folder that is made of it, a copy of one's own; ``None``: the one in the cache, which nobody changes.
        hub: the address of the hub; ``None``: ``JUNCO_HUB``, or where one logged in last.
        frozen: take what ``junco.lock`` in the working folder pins, and nothing else.
        allow_unsafe_files: bring files too that run code in careless hands, pickles above all.
        told: told of progress.

    Raises:
        NoHubError: no hub is configured.
        UnavailableError: it is not there, or cannot be reached.
        IntegrityError: what came is not what it should be.
        TrustError: it holds files that run code in careless hands, or is not signed as this user wants it.
        TargetError: there is something at ``to``.
    """
    target = _free(to) if to is not None else None
    found = pulled(name, hub=hub, project=Path.cwd(), frozen=frozen, allow_unsafe_files=allow_unsafe_files, told=told)
    if target is None:
        return found.folder
    try:
        shutil.copytree(found.folder, target, copy_function=shutil.copyfile)
    except OSError as error:
        raise TargetError(f"{target} cannot be written: {error.strerror or error}") from None
    return target


def _free(to: str | Path) -> Path:
    target = user_path(to).absolute()
    if target.is_symlink() or target.exists():
        raise TargetError(f"{target} is there already: give another folder, or move it away")
    return target


def pulled(
    name: str,
    *,
    hub: str | None = None,
    project: Path | None = None,
    frozen: bool = False,
    allow_unsafe_files: bool = False,
    told: Told = silent,
) -> Pulled:
    """The same, with the commit that it is.

    Args:
        project: the folder whose ``junco.lock`` is heeded.
    """
    address, asked = chosen_hub(hub), parse_name(name)
    cache = Cache()
    pin = pin_of(name, project, frozen=frozen)
    if pin is not None and asked.revision == "latest" and not frozen:
        _say_pinned(name, pin, Path.cwd() if project is None else project)
    revision = _known(cache, address, asked, pin) or _asked(address, cache, asked, pin)
    folder = cache.whole_folder(revision)
    if folder is None:
        if revision.unsafe and not allow_unsafe_files:
            raise _unsafe(asked, revision.unsafe)
        folder = _brought(address, cache, revision, told)
    if not allow_unsafe_files and (
        unsafe := [f.path for f in revision.files if unsafe_format(folder / f.path, f.path)]
    ):
        raise _unsafe(asked, unsafe)
    check_signed(address, revision, folder)
    return Pulled(folder, revision, address)


def pin_of(name: str, project: Path | None, *, frozen: bool = False) -> Pin | None:
    """What ``junco.lock`` in a folder says of a name.

    Raises:
        IntegrityError: nothing but what is pinned is wanted, and it is not; or the lock cannot be read.
    """
    folder = Path.cwd() if project is None else project
    lock = read_lock(folder)
    pin = lock.pins.get(name) if lock is not None else None
    if pin is None and frozen:
        file, repository = folder / LOCK, name.partition("@")[0]
        if others := [each for each in (lock.pins if lock else ()) if each.partition("@")[0] == repository]:
            raise IntegrityError(f"{name} is not pinned in {file}, which pins {and_listed(others)}")
        raise IntegrityError(f"{name} is not pinned in {file}: 'junco hub lock {name}' pins it")
    return pin


def _say_pinned(name: str, pin: Pin, folder: Path) -> None:
    """Say once that a name without a version means what this user's own lock pins, and not the newest."""
    if (folder, name, pin.commit) in _said or folder.is_relative_to(hub_home()):
        return
    _said.add((folder, name, pin.commit))
    say(f"{name} is pinned by {folder / LOCK}: {version_of(pin)}")


_said: set[tuple[Path, str, str]] = set()
"""What was said in this process."""


def version_of(pin: Pin) -> str:
    """What is pinned, for people: the release, or the commit."""
    return pin.release.removeprefix("v") if pin.release else f"commit {pin.commit[:12]}"


def _known(cache: Cache, hub: str, asked: Name, pin: Pin | None) -> Revision | None:
    """What is known of a name without asking: what cannot change, and offline also what may have."""
    name = Name(asked.repository, pin.commit) if pin is not None else asked
    if not (name.is_fixed or settings().offline):
        return None
    found = cache.known(hub, name)
    if found is None or _has_to_be_asked(cache, hub, name, found, pin):
        return None
    return _as_pinned(found, pin, asked)


def _has_to_be_asked(cache: Cache, hub: str, name: Name, found: Revision, pin: Pin | None) -> bool:
    """Whether a bundle alone said what a name stands for, which nothing proves, and the hub can be asked."""
    is_sure = pin is not None or (name.is_commit and found.is_proved)
    return not is_sure and not settings().offline and cache.is_hearsay(hub, name)


def _asked(hub: str, cache: Cache, asked: Name, pin: Pin | None) -> Revision:
    name = Name(asked.repository, pin.commit) if pin is not None else asked
    path = f"{repository_path(name.repository)}/tree/{quoted(name.revision)}"
    if settings().offline:
        raise UnavailableError(f"{asked} is not on this machine, and JUNCO_OFFLINE is set: pull it once before")
    with Connection(hub) as connection:
        try:
            with telling(connection, asked):
                told = connection.ask("GET", path, headers={"X-Junco-Download": "1"}, tries=TRIES)
        except HubError as error:
            if pin is not None and error.code == "no-revision":
                raise IntegrityError(
                    f"{asked}: its history was replaced: {hub} does not have the commit {pin.commit[:12]} any more, "
                    "which junco.lock pins. What stands there now is something else: 'junco hub lock' takes it"
                ) from None
            raise
        except BrokenLineError as error:
            if cache.known(hub, name) is None:
                raise
            raise UnavailableError(
                f"{error}. What it said of {asked} before is here: JUNCO_OFFLINE=1 takes it, and a name with a version "
                "is not asked for again"
            ) from None
    revision = _as_pinned(read_revision(told, name, hub), pin, asked)
    cache.remember(hub, asked, revision)
    return revision


def _as_pinned(revision: Revision, pin: Pin | None, asked: Name) -> Revision:
    if pin is not None and revision.digest != pin.digest:
        raise IntegrityError(f"{asked} has the digest {revision.digest}, and junco.lock pins {pin.digest}")
    return revision


def _brought(hub: str, cache: Cache, revision: Revision, told: Told) -> Path:
    if missing := missing_blobs(cache, revision.files):
        with Connection(hub) as connection:
            for file in missing:
                download(connection, cache, revision.repository, file, told)
    return cache.assemble(revision)


def _unsafe(asked: Name, found: tuple[str, ...] | list[str]) -> TrustError:
    listed = ", ".join(found[:10]) + (f" and {len(found) - 10} more" if len(found) > 10 else "")
    return TrustError(
        f"{asked} holds files that run code in careless hands: {listed}. --allow-unsafe-files "
        "(allow_unsafe_files=True) brings them as they are; junco loads none of them"
    )
