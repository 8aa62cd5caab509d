"""Optional packages: imported where they are used, and named with their cure where they are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from junco.errors import MissingExtraError


@contextmanager
def importing(extra: str, needed_by: str) -> Iterator[None]:
    """Around the imports of an operator: a package that is not there becomes an error that says what to install.

    Raises:
        MissingExtraError: naming the package and ``pip install 'junco[extra]'``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError((error.name or "?").partition(".")[0], extra, repr(needed_by)) from error
