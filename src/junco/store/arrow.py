"""The package ``pyarrow``, which is only imported where something is stored."""

from __future__ import annotations

from typing import Any

from junco.errors import MissingExtraError


def arrow() -> Any:
    """The package ``pyarrow``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", "a bulk job") from None
    return pa
