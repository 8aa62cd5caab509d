"""The package ``openvino``, without its telemetry: importing it would send a word to its makers, from a forked process.

junco sends nothing to anybody. Whoever imported the package before has decided for themselves.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from junco.forks import ForkedLock

_TELEMETRY = "openvino_telemetry"
_lock = ForkedLock()


def imported() -> Any:
    """The package.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if "openvino" not in sys.modules:
        with _lock():
            _import_silently()
    return importlib.import_module("openvino")


def _import_silently() -> None:
    """Import it as where the package of its telemetry is not installed: its own code is ready for that."""
    is_there = _TELEMETRY in sys.modules
    if not is_there:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # so that importing it raises ImportError
    try:
        importlib.import_module("openvino")
    finally:
        if not is_there:
            sys.modules.pop(_TELEMETRY, None)
