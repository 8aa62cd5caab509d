"""`bundle`: names on a hub → one file with all that they need, to be carried to machines without a network."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from junco.errors import InputError, IntegrityError, TargetError
from junco.hub.artefact.check import check
from junco.hub.artefact.tree import File
from junco.hub.bundles.contents import LIST, Contents
from junco.hub.client.connection import PIECE_BYTES
from junco.hub.client.download import Told, silent
from junco.hub.client.needs import needed_by
from junco.hub.client.pulling import Pulled, pin_of, pulled
from junco.settings import user_path

_EARLIEST = (1980, 1, 1, 0, 0, 0)


def bundle(names: Iterable[str], to: str | Path, *, hub: str | None = None, told: Told = silent) -> Contents:
    """Write one zip with artefacts and whatever of the hub they need: of a pipeline, what its ``junco.lock`` pins.

    What junco's operators take from elsewhere (packages, models by name) is not in it. The same names give the same
    bytes.

    Args:
        names: ``namespace/name[@version]``.
        to: the file; it is there whole, or not at all.
        hub: the address of the hub; ``None``: ``JUNCO_HUB``, or where one logged in last.
        told: told of progress.

    Raises:
        TargetError: there is such a file, or it cannot be written.
        UnavailableError: something is not there, or cannot be reached.
    """
    target = user_path(to).absolute()
    if target.exists() or target.is_symlink():
        raise TargetError(f"{target} is there already: give another name, or move it away")
    found = _gathered(names, hub, told)
    if not found:
        raise InputError("say what to put into the bundle: namespace/name@1.0.0")
    contents = Contents(next(iter(found.values())).hub, {name: each.revision for name, each in found.items()})
    _write(
        target,
        contents,
        {file.sha256: each.folder / file.path for each in found.values() for file in each.revision.files},
        told,
    )
    return contents


def _gathered(names: Iterable[str], hub: str | None, told: Told) -> dict[str, Pulled]:
    """All that is to be carried, by name: what was asked for first; a name that means two commits has both."""
    found: dict[str, Pulled] = {}
    seen: set[tuple[str, str]] = set()
    waiting = deque((name, Path.cwd()) for name in names)
    while waiting:
        name, project = waiting.popleft()
        pin = pin_of(name, project)
        if (meant := (name, pin.commit if pin is not None else "")) in seen:
            continue
        seen.add(meant)
        brought = pulled(name, hub=hub, project=project, told=told)
        revision = brought.revision
        if name in found and found[name].revision.commit != revision.commit:  # a lock finds it by its commit
            name = f"{revision.repository}@{revision.commit}"
        found[name] = brought
        waiting += [(each, brought.folder) for each in needed_by(brought, check(brought.folder, card=False))]
    return found


def _write(target: Path, contents: Contents, places: dict[str, Path], told: Told) -> None:
    aside: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        aside = Path(name)
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(LIST, _EARLIEST), contents.to_json())
            done = 0
            for each in contents.files:
                done = _put(archive, each, places[each.sha256], target.name, (done, contents.num_bytes), told)
        aside.chmod(0o644)
        aside.replace(target)
    except OSError as error:
        raise TargetError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        if aside is not None:
            with suppress(OSError):
                aside.unlink()


def _put(archive: zipfile.ZipFile, file: File, place: Path, name: str, so_far: tuple[int, int], told: Told) -> int:
    """Write a file into a zip: how many bytes of all are there then."""
    member = zipfile.ZipInfo(f"blobs/{file.sha256}", _EARLIEST)
    member.file_size = file.size
    done, total = so_far
    made = hashlib.sha256()
    with place.open("rb") as source, archive.open(member, "w") as target:
        while piece := source.read(PIECE_BYTES):
            made.update(piece)
            target.write(piece)
            done += len(piece)
            told(name, done, total)
    if made.hexdigest() != file.sha256:
        raise IntegrityError(f"{place} was changed while it was read: try again")
    return done
