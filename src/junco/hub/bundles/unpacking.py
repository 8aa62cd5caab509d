"""`unbundle`: what a bundle holds → the cache of this machine, where it is as if it had been pulled."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from junco.errors import IntegrityError, NoHubError, TargetError, TrustError, UnavailableError
from junco.hub.artefact.contents import unsafe_format
from junco.hub.artefact.tree import File
from junco.hub.bundles.contents import LIST, MEMBER, MOST_LIST_BYTES, Contents, names_of, read_contents
from junco.hub.bundles.zip_reader import Entry, read_entries
from junco.hub.client.address import chosen_hub, hub_address
from junco.hub.client.cache import Cache, missing_blobs
from junco.hub.client.connection import PIECE_BYTES
from junco.hub.client.download import Told, silent
from junco.hub.client.tokens import mean_hub
from junco.hub.signing.policy import check_signed
from junco.settings import user_path
from junco.terminal import say

_OLD_S = 86_400
_ROOM = 1.05
"""How much room there has to be, of what comes."""


def unbundle(path: str | Path, *, hub: str | None = None, told: Told = silent) -> Contents:
    """Take what a bundle holds into the cache: then its names work without a network, as after a pull.

    Nothing is written before it is known what is in it; each file counts once its sha256 is right, and no name before
    all of it is here. Stopped, the same call goes on. Code in it runs as little as what was pulled.

    Args:
        path: of the bundle.
        hub: whose names these are; ``None``: the hub's that it came from, which is meant from then on where none is.
        told: told of progress.

    Raises:
        UnavailableError: there is no such file.
        IntegrityError: it is no bundle, is damaged, or says of a name what is known to be otherwise.
        TrustError: it holds files that run code in careless hands, or is not signed as this user wants it.
        TargetError: it cannot be written, or there is no room.
    """
    file = user_path(path)
    try:
        with file.open("rb") as opened:
            return _take(opened, file, hub, told)
    except IsADirectoryError:
        raise UnavailableError(f"{file} is a folder, and a bundle is a file") from None
    except FileNotFoundError:
        raise UnavailableError(f"there is no file {file}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{file}: {error}") from None


def _take(opened: IO[bytes], file: Path, hub: str | None, told: Told) -> Contents:
    entries = read_entries(opened, MEMBER)
    contents = _contents(opened, entries)
    address = hub_address(hub) if hub is not None else contents.hub
    cache = Cache()
    _sweep(cache)
    _check_known(cache, address, contents)
    missing = missing_blobs(cache, contents.files)
    _check_room(cache, sum(each.size for each in missing))
    done = contents.num_bytes - sum(each.size for each in missing)
    for each in missing:
        told(file.name, done, contents.num_bytes)
        _receive(opened, entries[f"blobs/{each.sha256}"], cache, each)
        done += each.size
    told(file.name, done, contents.num_bytes)
    for revision in contents.artefacts.values():
        folder = cache.whole_folder(revision) or cache.assemble(revision)
        if unsafe := [each.path for each in revision.files if unsafe_format(folder / each.path, each.path)]:
            raise TrustError(f"{revision.repository} holds a file that runs code in careless hands: {unsafe[0]}")
        check_signed(address, revision, folder)
    _remember(cache, address, contents, file)
    return Contents(address, contents.artefacts)


def _sweep(cache: Cache) -> None:
    """Let go of what bundles left that were killed while they were read."""
    for path in cache.incoming.glob(".bundle-*"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > _OLD_S:
                path.unlink()


def _contents(opened: IO[bytes], entries: Mapping[str, Entry]) -> Contents:
    if LIST not in entries or entries[LIST].size > MOST_LIST_BYTES:
        raise IntegrityError(f"it is no bundle of junco's: it holds no {LIST}")
    opened.seek(entries[LIST].start)
    contents = read_contents(opened.read(entries[LIST].size))
    wanted = {f"blobs/{file.sha256}": file.size for file in contents.files}
    there = {name: entry.size for name, entry in entries.items() if name != LIST}
    if wanted != there:
        other = min(set(wanted.items()) ^ set(there.items()))
        raise IntegrityError(f"it does not hold what it says: {other[0][:18]}… is missing, too much, or another")
    return contents


def _check_known(cache: Cache, hub: str, contents: Contents) -> None:
    """Refuse other files for what stands for one thing for ever, a release or a commit, and is here already."""
    for asked, revision in contents.artefacts.items():
        for name in names_of(asked, revision):
            known = cache.known(hub, name) if name.is_fixed else None
            if known is not None and (known.commit, known.digest) != (revision.commit, revision.digest):
                raise IntegrityError(
                    f"{name} is the commit {known.commit[:12]} of {hub} on this machine, and "
                    f"{revision.commit[:12]} in the bundle, with other files: one of them is forged"
                )


def _check_room(cache: Cache, num_bytes: int) -> None:
    free = shutil.disk_usage(cache.home).free
    if num_bytes * _ROOM > free:
        raise TargetError(f"{cache.home} has room for {free:,} bytes, and {num_bytes:,} are to come: set JUNCO_HOME")


def _receive(opened: IO[bytes], entry: Entry, cache: Cache, file: File) -> None:
    """A member into the cache: seen by nobody before it is whole, and its sha256 right."""
    handle, name = tempfile.mkstemp(prefix=".bundle-", dir=cache.incoming)
    aside, made, left = Path(name), hashlib.sha256(), entry.size
    try:
        with os.fdopen(handle, "wb") as target:
            opened.seek(entry.start)
            while left and (piece := opened.read(min(left, PIECE_BYTES))):
                made.update(piece)
                target.write(piece)
                left -= len(piece)
        if made.hexdigest() != file.sha256:
            raise IntegrityError(f"{file.path} in it has the sha256 {made.hexdigest()}, and should have {file.sha256}")
        aside.chmod(0o400)
        aside.replace(cache.blob(file.sha256))
    except OSError as error:
        raise TargetError(f"{cache.home} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            aside.unlink()


def _remember(cache: Cache, hub: str, contents: Contents, file: Path) -> None:
    from junco.hub.trust.log import note

    names = sorted(contents.artefacts)
    note(
        "take bundle", hub=hub, file=file.name, names=names, commits=[contents.artefacts[name].commit for name in names]
    )
    for asked, revision in contents.artefacts.items():
        cache.remember(hub, names_of(asked, revision)[0], revision, hearsay=True)
    try:
        meant = chosen_hub()
    except NoHubError:
        mean_hub(hub)
        say(f"names on a hub are of {hub} from now on, where none is named")
    else:
        if meant != hub:
            say(f"they are names of {hub}, and {meant} is meant here: --hub {meant} takes them for its own")
