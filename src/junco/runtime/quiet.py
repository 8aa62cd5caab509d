"""Silence around converters: they announce deprecations and progress that no user can act on."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator

_one_at_a_time = threading.RLock()
_TALKATIVE = ("torch", "torch.onnx", "transformers", "onnxscript", "onnx_ir", "onnxruntime")


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """No warnings, no log lines below errors, nothing on stdout; all three are the process's, and as before afterwards.

    One thread at a time, for two would each put back what the other had changed.
    """
    with _one_at_a_time, _silence():
        yield


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    loggers = [root, *(logging.getLogger(name) for name in _TALKATIVE)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        root.handlers[:] = handlers  # a library may have called logging.basicConfig
