"""Code of hubs as modules: each commit's in a package of its own, named by a digest, and found by no path.

A file's bytes are hashed when they are read to be run, and those very bytes are compiled: nothing that lies beside them
(``.pyc`` files, other modules) counts, and nothing is written. Such a package imports its own files relatively
(``from .colours import red``); its absolute imports mean what they mean everywhere, so that no file of it stands before
an installed module.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from junco.errors import ContractError, IntegrityError, JuncoError, UnavailableError
from junco.hub.artefact.tree import File
from junco.operator.registry import PULLED
from junco.wording import brief

_lock = threading.RLock()
_packages: dict[str, Code] = {}
"""By their full names: what was allowed in this process, or by the process that began it."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a commit.

    Attributes:
        repository: ``namespace/name``.
        commit: 40 hexadecimal digits.
        digest: of all files of the commit.
        folder: where they lie.
        files: those that are code, as they have to be.
    """

    repository: str
    commit: str
    digest: str
    folder: str
    files: tuple[File, ...]

    @property
    def name(self) -> str:
        """On the hub, of this commit."""
        return f"{self.repository}@{self.commit}"

    @property
    def package(self) -> str:
        """The full name of its package."""
        told = f"{self.repository.lower()} {self.commit} {self.digest}"
        return f"{PULLED}.c{hashlib.sha256(told.encode()).hexdigest()}"

    def file(self, module: str) -> File | None:
        """The file of a module of the package, by its full name."""
        stem = module.removeprefix(f"{self.package}.")
        return next((file for file in self.files if file.path == f"{stem}.py" and "/" not in stem), None)

    def read(self, file: File) -> bytes:
        """The bytes of a file, which are what they have to be.

        Raises:
            IntegrityError: they are others.
            UnavailableError: it cannot be read.
        """
        path = Path(self.folder, file.path)
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            with os.fdopen(handle, "rb") as opened:
                data = opened.read(file.size + 1)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be read: {error.strerror or error}") from None
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise IntegrityError(
                f"{path} is not the file that was allowed to run: it was changed where it lies, and is not run. "
                f"'junco hub pull {self.name}' brings it anew"
            )
        return data


class PulledLoader(importlib.abc.InspectLoader):
    """Loads a module of a hub's code from its verified bytes. Plain data, so that other processes can do the same."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def again(self, module: str, qualified: str) -> type[Any]:
        """A class of the code, in a process that the one which was allowed to run it has begun.

        Args:
            module: the class's ``__module__``.
            qualified: its ``__qualname__``.
        """
        from junco.hub.trust.loading import class_of

        return class_of(self.code, module.rpartition(".")[2], qualified)

    def is_package(self, fullname: str) -> bool:
        """Whether it is the package itself, which holds nothing."""
        return fullname == self.code.package

    def get_filename(self, fullname: str) -> str:
        """Where a module's file lies."""
        file = self.code.file(fullname)
        return str(Path(self.code.folder, file.path)) if file is not None else self.code.folder

    def get_source(self, fullname: str) -> str:
        """A module's text, verified.

        Raises:
            IntegrityError: its file is another than the one that was allowed.
        """
        return self._bytes(fullname).decode("utf-8")

    def get_code(self, fullname: str) -> CodeType:
        """A module's code, made of verified bytes; no ``.pyc`` is read or written.

        Of its text in UTF-8, whatever a line of it says of its encoding: so it was shown to whoever allowed it.
        """
        return self.source_to_code(self.get_source(fullname), self.get_filename(fullname))

    def _bytes(self, fullname: str) -> bytes:
        file = self.code.file(fullname)
        return b"" if file is None else self.code.read(file)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules of code that was allowed, by their full names; no other."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module, ``None`` for all that is not in such a package."""
        if fullname == PULLED:
            return importlib.machinery.ModuleSpec(PULLED, None, is_package=True)
        package = ".".join(fullname.split(".")[:2])
        code = _packages.get(package)
        if code is None or not (fullname == package or code.file(fullname) is not None):
            return None
        loader = PulledLoader(code)
        spec = importlib.machinery.ModuleSpec(fullname, loader, is_package=fullname == package)
        spec.origin, spec.has_location = loader.get_filename(fullname), True
        return spec


_finder = _Finder()


def imported(code: Code, stem: str) -> ModuleType:
    """A module of a hub's code, run if it was not before. Whether that is allowed was asked before.

    Args:
        code: of the commit.
        stem: the module's name, its file's without ``.py``.

    Raises:
        ContractError: it cannot be imported; with what it raised.
        IntegrityError: a file is another than the one that was allowed.
    """
    name = f"{code.package}.{stem}"
    with _lock:
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        _packages[code.package] = code
        try:
            return importlib.import_module(name)
        except (KeyboardInterrupt, JuncoError):
            raise
        except BaseException as error:  # whatever somebody's module does, even to exit
            raise ContractError(f"the code of {code.name} cannot be imported: {brief(error)}") from error
