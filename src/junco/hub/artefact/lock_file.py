"""``junco.lock``: which commit, with which digest, a name on a hub stands for in a folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from junco.errors import IntegrityError, TargetError
from junco.hub.artefact.kinds import LOCK
from junco.hub.artefact.tree import SHA256
from junco.operator.hub_names import is_hub_name
from junco.wording import picture

VERSION = 1
COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_BYTES = 10_000_000
_CURE = "write it anew: junco hub lock"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a name stands for.

    Attributes:
        repository: ``namespace/name``.
        commit: 40 hexadecimal digits.
        digest: of all its files.
        kind: of the artefact.
        release: ``v1.2.0``, where the commit is one.
        code_digest: of its code's files; empty where it has none.
    """

    repository: str
    commit: str
    digest: str
    kind: str
    release: str | None = None
    code_digest: str = ""


@dataclass(frozen=True, slots=True)
class HubLock:
    """All that is pinned in a folder.

    Attributes:
        hub: the address that it was written with; for people.
        pins: by the name as it is used.
    """

    hub: str = ""
    pins: Mapping[str, Pin] = field(default_factory=dict)


def read_lock(folder: Path) -> HubLock | None:
    """The lock of a folder; ``None`` where there is none.

    Raises:
        IntegrityError: what lies there is no lock.
    """
    file = folder / LOCK
    if not file.is_file():
        return None
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise IntegrityError(f"{file}: it has more than {_MOST_BYTES:,} bytes: {_CURE}")
        told = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise IntegrityError(f"{file}: it cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise IntegrityError(f"{file}: it holds no JSON: {_CURE}") from None
    try:
        return _read(told)
    except ValueError as error:
        raise IntegrityError(f"{file}: {error}: {_CURE}") from None


def _read(told: Any) -> HubLock:
    if not isinstance(told, dict) or type(told.get("junco")) is not int or told["junco"] != VERSION:
        raise ValueError(f"it is no lock of version {VERSION}")
    pins = told.get("artefacts")
    if not isinstance(pins, dict) or not isinstance(told.get("hub", ""), str):
        raise ValueError("'artefacts' has to be a mapping of names")
    return HubLock(told.get("hub", ""), {name: _pin(name, each) for name, each in pins.items()})


def _pin(name: str, told: Any) -> Pin:
    if not is_hub_name(name) or not isinstance(told, dict):
        raise ValueError(f"{picture(name)} is no name on a hub with what it stands for")
    known = {key: told.get(key) for key in ("repository", "commit", "digest", "kind", "release", "code_digest")}
    pin = Pin(**{**known, "code_digest": known["code_digest"] or ""})  # type: ignore[arg-type]  # looked at below
    for key, is_good in (
        ("repository", is_hub_name(pin.repository) and "@" not in pin.repository),
        ("commit", isinstance(pin.commit, str) and COMMIT.fullmatch(pin.commit) is not None),
        ("digest", isinstance(pin.digest, str) and SHA256.fullmatch(pin.digest) is not None),
        ("kind", isinstance(pin.kind, str)),
        ("release", pin.release is None or isinstance(pin.release, str)),
        ("code_digest", isinstance(pin.code_digest, str)),
    ):
        if not is_good:
            raise ValueError(f"{key!r} of {name} cannot be {picture(told.get(key))}")
    if pin.repository.lower() != name.partition("@")[0].lower():
        raise ValueError(f"{name} stands for {pin.repository}, which is another repository")
    return pin


def write_lock(folder: Path, lock: HubLock) -> Path:
    """Write the lock of a folder: whole, or not at all.

    Raises:
        TargetError: it cannot be written.
    """
    told = {
        "junco": VERSION,
        "hub": lock.hub,
        "artefacts": {name: asdict(pin) for name, pin in sorted(lock.pins.items())},
    }
    target = folder / LOCK
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{LOCK}-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(told, indent=1) + "\n")
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError as error:
        raise TargetError(f"{target} cannot be written: {error.strerror or error}") from None
    return target
