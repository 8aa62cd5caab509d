"""What the environment says: the only reader of ``os.environ``.

=================== ===============================================================
JUNCO_HOME          where junco keeps pipelines, journals and caches
JUNCO_HUB           address of a hub
JUNCO_TOKEN         the token for that hub, or else for the one that one logged in to last
JUNCO_MIRROR_TOKEN  the token that a hub shows to the hub that it mirrors
JUNCO_OFFLINE       1: never open a network connection
HF_HUB_OFFLINE      1: the same, as everybody in the field says it
REQUESTS_CA_BUNDLE  certificate authorities that are believed beside the machine's
CURL_CA_BUNDLE      the same
MILVUS_TOKEN        the token of a Milvus server
QDRANT_API_KEY      the key of a Qdrant server
=================== ===============================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from junco.errors import ParameterError
from junco.wording import picture

_looking = ContextVar("looking", default=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """One frozen reading of the environment."""

    home: Path
    hub: str | None = None
    token: str | None = field(default=None, repr=False)
    offline: bool = False

    @property
    def pipelines(self) -> Path:
        """Folder whose YAML files are pipelines by their file name."""
        return self.home / "pipelines"


def settings() -> Settings:
    """Read the environment now."""
    return Settings(
        home=_home(),
        hub=os.environ.get("JUNCO_HUB") or None,
        token=os.environ.get("JUNCO_TOKEN") or None,
        offline=_looking.get() or _is_on("JUNCO_OFFLINE") or _is_on("HF_HUB_OFFLINE"),
    )


def secret(name: str) -> str | None:
    """What a driver of a store needs and only the environment holds: a key, a token. It is never shown or kept."""
    return os.environ.get(name) or None


def certificate_bundles() -> tuple[str, ...]:
    """Files or folders of certificate authorities that are believed beside the machine's own, as other clients do."""
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    return tuple(dict.fromkeys(each for each in named if each))


@contextmanager
def only_looking() -> Iterator[None]:
    """Offline for as long as this lasts, in this thread: what is only shown must not fetch anything."""
    token = _looking.set(True)
    try:
        yield
    finally:
        _looking.reset(token)


def move_home(folder: Path) -> None:
    """Keep everything in another folder from now on, in this process and in those that it begins."""
    os.environ["JUNCO_HOME"] = str(folder)


def user_path(text: str | os.PathLike[str], what: str = "the path") -> Path:
    """A path as people write it: ``~`` is somebody's home.

    Raises:
        ParameterError: there is no such user, no file can have that name, or it is none.
    """
    if not isinstance(text, (str, os.PathLike)):
        raise ParameterError(f"{what} is a text or a Path, not {picture(text)}")
    path = Path(text)
    if "\0" in str(path):
        raise ParameterError(f"{what} {picture(str(path))} holds the character NUL, which no file's name can")
    try:
        return path.expanduser()
    except RuntimeError:
        user = str(path).partition("/")[0]
        raise ParameterError(f"{what} {picture(str(path))}: {user} is no user of this machine; write it out") from None


def _home() -> Path:
    if given := os.environ.get("JUNCO_HOME"):
        return user_path(given, "JUNCO_HOME").absolute()
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("junco"))
    except RuntimeError:  # a container's user without a name
        raise ParameterError(
            "nobody says where this user's home is, in which models are kept: set JUNCO_HOME to a folder of its own"
        ) from None


def _is_on(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}
