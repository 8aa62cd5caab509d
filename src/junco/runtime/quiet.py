"""Silence around converters: they announce deprecations and progress that no user can act on."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

_TALKATIVE = ("torch", "torch.onnx", "transformers", "onnxscript", "onnx_ir", "onnxruntime")


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """No warnings, no log lines below errors, nothing on stdout; the process's own logging stays as it was set up."""
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
