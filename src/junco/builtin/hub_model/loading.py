"""Models as transformers saves them: what is read of a folder, by that library; code from repositories never runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from junco.builtin.hub_model.files import check_files, damaged, told_files
from junco.builtin.hub_model.weights import check_complete, found_weights, weights_of
from junco.errors import JuncoError
from junco.forks import ForkedLock
from junco.memory import is_out_of_memory
from junco.places.files import file_sha256

PROCESSOR = "preprocessor_config.json"
_PROCESSOR_TOO = "processor_config.json"


def files(folder: Path) -> list[Path]:
    """All that decides what the model gives."""
    return [*told_files(folder), *weights_of(folder)]


def told_sha256(folder: Path) -> str:
    """The sha256 of all that decides what the model gives beside its weights."""
    told = " ".join(f"{path.name} {file_sha256(path)}" for path in told_files(folder))
    return hashlib.sha256(told.encode()).hexdigest()


def processor_file(folder: Path) -> Path:
    """The file with the processor's options, whichever of its two names it has."""
    has_other = not (folder / PROCESSOR).is_file() and (folder / _PROCESSOR_TOO).is_file()
    return folder / (_PROCESSOR_TOO if has_other else PROCESSOR)


def image_processor(folder: Path) -> Any:
    """What prepares pictures, and reads what comes out."""
    from transformers import AutoImageProcessor

    return loaded(folder, AutoImageProcessor)


def loaded(folder: Path, kind: Any, **how: Any) -> Any:
    """By one of transformers' loaders, from the folder's files alone.

    Raises:
        ParameterError: the files are damaged, or do not fit; with the file, or the folder.
    """
    with one_load(), reading(folder):
        return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)


def loaded_network(folder: Path, kind: Any) -> Any:
    """A model in float32 on the CPU.

    Raises:
        ParameterError: it cannot be read, or some of its weights are missing.
    """
    import torch

    model, found = loaded(folder, kind, dtype=torch.float32, output_loading_info=True)
    check_complete(found_weights(folder), found["missing_keys"])
    return model.eval()


def bare_network(folder: Path, kind: Any) -> Any:
    """A model as `loaded_network` gives it, without the weights: by its configuration alone.

    Raises:
        ParameterError: it cannot be read.
    """
    from transformers import AutoConfig

    config = loaded(folder, AutoConfig)
    with one_load(), reading(folder):
        return kind.from_config(config, trust_remote_code=False).eval()


@contextmanager
def reading(folder: Path, decisive: Callable[[Path], Iterable[Path]] | None = None) -> Iterator[None]:
    """Whatever another library raises for a model's files becomes one line that names the file, or the folder.

    Args:
        folder: of the model.
        decisive: which of its files that library reads, where these are not those beside its configuration.

    Raises:
        ParameterError: a file of the folder is damaged, or they do not fit each other.
    """
    try:
        yield
    except JuncoError:
        raise
    except Exception as error:  # a damaged file ends in whatever its reader happens to stumble over
        if is_out_of_memory(error):
            raise
        check_files(sorted(decisive(folder) if decisive is not None else folder.iterdir()))
        raise damaged(folder, error) from error


@contextmanager
def one_load() -> Iterator[None]:
    """One load by transformers at a time, without the progress bar that it shows also where no terminal is.

    While it loads, it replaces functions of torch and methods of its own classes (`torch.linspace`, `tie_weights`, the
    initialisers) for the whole process: where two loads overlap, what one of them put there stays for good.
    """
    from transformers.utils import logging

    with _loading():
        was_shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            if was_shown:
                logging.enable_progress_bar()  # type: ignore[no-untyped-call]


_loading = ForkedLock()
