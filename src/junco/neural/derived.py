"""ONNX files as their publishers ship them → as junco runs them: changed once, and kept under ``JUNCO_HOME/files``.

The weights stay what they are: a file that is derived is told by the sha256 of those that it is made of, and by the
recipe of the change. One that nobody has used for long goes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from junco.errors import UnavailableError
from junco.runtime.cache import DERIVED, tidy
from junco.runtime.source import weights_sha256
from junco.settings import settings
from junco.wording import brief

VERSION = 4
"""Of all changes: whoever alters what one of them makes raises it, so that nothing older is taken for it."""
_MOST_BYTES_IN_ONE_FILE = 2**30
_NAME = "model.onnx"


def derived(files: Sequence[Path], recipe: str, change: Callable[[Any], Any]) -> Path:
    """The file that ``change`` (a model → a model) makes of an ONNX file, made at the first call and kept.

    Of several processes that make it at once, each makes its own, and the first one's is kept.

    Args:
        files: the publisher's file, then those that hold weights outside it.
        recipe: a word for the change; another word is another file.
        change: may change the model that it is given.

    Raises:
        UnavailableError: it cannot be kept.
    """
    kept = settings().home / "files" / f"{weights_sha256(files, 'onnx')[:16]}-{recipe}-{VERSION}"
    if not (kept / _NAME).is_file():
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".deriving-", dir=kept.parent) as made:
                folder = Path(made) / "model"
                _write(files, change, folder)
                _keep(folder, kept)
            tidy(kept.parent, DERIVED)
        except OSError as error:
            raise UnavailableError(f"{kept} cannot be written: {brief(error)}") from error
    with suppress(OSError):
        os.utime(kept)  # it is in use
    return kept / _NAME


def _write(files: Sequence[Path], change: Callable[[Any], Any], folder: Path) -> None:
    import onnx

    made = change(onnx.load(files[0]))
    is_large = sum(file.stat().st_size for file in files) > _MOST_BYTES_IN_ONE_FILE
    folder.mkdir()
    onnx.save(made, folder / _NAME, save_as_external_data=is_large, location=f"{_NAME}.data")
    onnx.checker.check_model(folder / _NAME)


def _keep(folder: Path, kept: Path) -> None:
    """Under its own name, unless another process was faster."""
    try:
        os.rename(folder, kept)  # noqa: PTH104  # atomic: a folder that has files is not replaced
    except OSError:
        if not (kept / _NAME).is_file():
            raise
