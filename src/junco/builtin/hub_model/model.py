"""`HubModel`: a model by what a user wrote, with its files on this machine."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from junco.builtin.hub_model import hub
from junco.builtin.hub_model.weights import check_form, found_weights
from junco.errors import ParameterError

CONFIG, MODULES = "config.json", "modules.json"
INSTEAD = "give the path of a folder that holds a model"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model in a folder, or on the hub under ``owner/name`` or ``owner/name@revision``.

    What the cache has is read without a network; the rest is fetched into it when it is asked for.

    Attributes:
        written: what the user wrote.
        owner: the operator's name, for messages.
        repository: its name on the hub, with the revision; empty for a folder.
        option: the parameter in which it was written.
        instead: what else a user can do where it is not to be had.
        asks: files that need not be there, of which the cache must know whether the hub has them.
    """

    written: str
    owner: str
    repository: str = ""
    option: str = "model"
    instead: str = INSTEAD
    asks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        model: str | Path,
        owner: str,
        *,
        namespace: str = "",
        option: str = "model",
        instead: str = INSTEAD,
        asks: tuple[str, ...] = (),
    ) -> Self:
        """By what a user wrote; ``namespace`` is where a name without an owner lies.

        Raises:
            ParameterError: it can only be a folder, and there is none.
        """
        name = str(model)
        if isinstance(model, Path) or is_path(name) or Path(name).is_dir():
            check_folder(Path(name), name, owner, option)
            return cls(name, owner, "", option, instead)
        repository = f"{namespace}/{name}" if namespace and "/" not in name.partition("@")[0] else name
        return cls(name, owner, repository, option, instead, asks)

    @property
    def label(self) -> str:
        """What people call it."""
        return self.written if self.repository else f"the folder {Path(self.written).name}"

    @property
    def is_pinned(self) -> bool:
        """Whether it was named with a commit, which says byte for byte what its files are."""
        return bool(_COMMIT.fullmatch(self.repository.partition("@")[2]))

    def file(self, name: str) -> Path | None:
        """One of its files; ``None``: it has none of that name.

        Raises:
            UnavailableError: it is not in the cache and cannot be fetched.
        """
        if self.repository:
            return hub.fetched_file(self.repository, name, self.owner, self.instead)
        path = Path(self.written) / name
        return path if path.is_file() else None

    def needed(self, name: str, what: str) -> Path:
        """The same of a file that it must have.

        Args:
            name: of the file.
            what: the model would be that has it: ``model of sound``.

        Raises:
            ParameterError: it has none.
            UnavailableError: it is not in the cache and cannot be fetched.
        """
        path = self.file(name)
        if path is None:
            raise ParameterError(
                f"{self.owner!r}: {self.option}={self.written!r} has no {name}: it is no {what}; {self.instead}"
            )
        return path

    def folder(self) -> Path:
        """Where all of its files lie.

        Raises:
            ParameterError: it has none that say what it is, or its weights are pickled and not pinned.
            UnavailableError: it is not in the cache and cannot be fetched.
        """
        if self.repository and not self._is_whole():
            self._fetch()
        folder = self._here()
        if folder is None:
            raise ParameterError(
                f"{self.owner!r}: {self.option}={self.written!r} has neither {CONFIG} nor {MODULES} on the hub: it is "
                f"no model that is known here; {self.instead}"
            )
        check_form(folder, is_pinned=self.is_pinned)
        return folder

    def _fetch(self) -> None:
        hub.fetch_all(self.repository, self.owner, self.instead)
        folder = self._here()
        if self.is_pinned and folder is not None and not found_weights(folder):
            hub.fetch_all(self.repository, self.owner, self.instead, is_pickled=True)
        for name in self.asks:
            self.file(name)

    def _here(self) -> Path | None:
        if not self.repository:
            return Path(self.written)
        found = (hub.cached_file(self.repository, name) for name in (CONFIG, MODULES))
        return next((path.parent for path in found if path is not None), None)

    def _is_whole(self) -> bool:
        """Whether the cache has all that is read, as far as that can be seen without the hub."""
        folder = self._here()
        if folder is None or not all(hub.is_settled(self.repository, name) for name in self.asks):
            return False
        try:
            return (folder / MODULES).is_file() or bool(found_weights(folder))
        except ParameterError:  # of an index not all files have come
            return False


def is_path(model: str) -> bool:
    """Whether a model's name can only be a place on this machine: no hub has such names."""
    name = model.partition("@")[0]
    is_below = name in (".", "..", "~") or name.startswith(("./", "../", "~/"))
    return is_below or "\\" in name or name.count("/") > 1 or Path(name).is_absolute() or Path(name).is_file()


def check_model(model: str | Path | None, owner: str) -> str | Path | None:
    """The option's value, if it can name a model.

    Raises:
        ParameterError: it is empty.
    """
    if model is not None and not str(model):
        raise ParameterError(f"{owner!r}: model={model!r} must be a model's name or a folder")
    return model


def check_folder(folder: Path, model: str, owner: str, option: str = "model") -> None:
    """Refuse a folder that is not there.

    Raises:
        ParameterError: with what is there instead.
    """
    if folder.is_dir():
        return
    if folder.is_symlink() and not folder.exists():
        problem = f"it is a link to {os.fspath(folder.readlink())!r}, which is not there"
    else:
        problem = "it is a file, and the model's folder is asked for" if folder.exists() else "there is no such folder"
    raise ParameterError(f"{owner!r}: {option}={model!r}: {problem}")
