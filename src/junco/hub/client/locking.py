"""`lock`: names on a hub → commits and digests in ``junco.lock``, which are meant from then on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from junco.errors import InputError, IntegrityError
from junco.graph import yaml_file
from junco.hub.artefact.check import check
from junco.hub.artefact.kinds import LOCK
from junco.hub.artefact.lock_file import HubLock, Pin, read_lock, write_lock
from junco.hub.artefact.pipelines import FILE, hub_names_of
from junco.hub.client.address import chosen_hub
from junco.hub.client.pulling import Pulled, pulled
from junco.operator.hub_names import is_hub_name
from junco.settings import user_path
from junco.wording import did_you_mean, nearest, picture


def lock(
    what: Iterable[str | Path] = (), folder: str | Path | None = None, *, hub: str | None = None, frozen: bool = False
) -> HubLock:
    """Pin names in the ``junco.lock`` of a folder; what one of them takes from the hub is pinned too.

    Args:
        what: names, pipeline files, folders of pipelines; none: what the lock names already, asked for anew.
        folder: where the lock lies; ``None``: beside the one file or folder that is given, else the working folder.
        hub: the address of the hub.
        frozen: change nothing, and refuse what is not pinned, or is something else by now.

    Raises:
        IntegrityError: with ``frozen``, anything differs.
        InputError: nothing to pin.
    """
    given = [*what]
    place = _place(given) if folder is None else user_path(folder)
    before = read_lock(place) or HubLock()
    names = sorted({name for each in given for name in _names(each)} or set(before.pins))
    if not names and not given:
        raise InputError(f"there is nothing to pin: name something, namespace/name@1.2.0; {place / LOCK} is not there")
    if frozen:
        return _kept(place, before, names, hub)
    pins = {name: pin_for(pulled(name, hub=hub, project=_NOWHERE)) for name in names}
    is_whole = bool(given) and all(_is_file(each) for each in given)
    made = HubLock(chosen_hub(hub) if names else before.hub, pins if is_whole else {**before.pins, **pins})
    write_lock(place, made)
    return made


def locked(what: Iterable[str | Path] = ()) -> HubLock:
    """What the lock that `lock` would write pins now."""
    return read_lock(_place([*what])) or HubLock()


def drop(names: Iterable[str], folder: str | Path | None = None) -> HubLock:
    """Pin names no more in the ``junco.lock`` of a folder.

    Args:
        names: as they stand in it.
        folder: ``None``: the working folder.

    Raises:
        InputError: one is not pinned there.
    """
    place = Path.cwd() if folder is None else user_path(folder)
    before, gone = read_lock(place) or HubLock(), set(names)
    if missing := sorted(gone - before.pins.keys()):
        near = did_you_mean(nearest(missing[0], before.pins))
        raise InputError(f"{missing[0]} is not pinned in {place / LOCK}.{near}")
    made = HubLock(before.hub, {name: pin for name, pin in before.pins.items() if name not in gone})
    write_lock(place, made)
    return made


_NOWHERE = Path("/nonexistent")
"""No lock lies there: names mean what they mean now."""


def pin_for(found: Pulled) -> Pin:
    """What pins something that was pulled."""
    revision = found.revision
    kind = check(found.folder, card=False).kind
    return Pin(revision.repository, revision.commit, revision.digest, kind, revision.release, revision.code_digest)


def _kept(place: Path, lock: HubLock, names: list[str], hub: str | None) -> HubLock:
    if missing := [name for name in names if name not in lock.pins]:
        raise IntegrityError(
            f"{place / LOCK} does not pin {', '.join(missing)}: 'junco hub lock' without --frozen does"
        )
    for name in names:
        pulled(name, hub=hub, project=place, frozen=True)
    return lock


def _place(given: list[str | Path]) -> Path:
    files = {_file(each).parent for each in given if _is_file(each)}
    return files.pop() if len(files) == 1 and all(_is_file(each) for each in given) else Path.cwd()


def _is_file(each: str | Path) -> bool:
    return not is_hub_name(each) or user_path(each).is_file()


def _file(each: str | Path) -> Path:
    path = user_path(each)
    return path / FILE if path.is_dir() else path


def _names(each: str | Path) -> Iterator[str]:
    if not _is_file(each):
        yield str(each)
    elif _file(each).is_file():
        yield from hub_names_of(yaml_file.read_file(_file(each)))
    else:
        raise InputError(f"{picture(str(each))} is no name on a hub, no pipeline's file and no folder of one")
