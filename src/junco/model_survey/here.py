"""Whether a model runs on this machine as it is: looked for, nothing is loaded or fetched."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import JuncoError, MissingExtraError
from junco.known_models.model import RunsAs
from junco.operator import registry
from junco.operator.extras import check_packages
from junco.operator.spec import OperatorSpec

HERE, TO_FETCH, TO_INSTALL, NEEDS_TRUST, NOTHING = "here", "to fetch", "to install", "needs trust", "no operator"
STATES = (HERE, TO_FETCH, NEEDS_TRUST, TO_INSTALL, NOTHING)
"""From what runs at once to what nothing here runs."""
_WEIGHTS = (".safetensors", ".onnx", ".bin", ".pt", ".model2vec")


@dataclass(frozen=True, slots=True)
class Here:
    """What a model needs to run here.

    Attributes:
        state: one of `STATES`.
        how: what to do, where something is to be done.
        size_bytes: of its weights, where they are here or their size is known.
    """

    state: str
    how: str = ""
    size_bytes: int | None = None


def here(runs_as: RunsAs | None, weights: str | None) -> Here:
    """Whether a model runs here.

    Args:
        runs_as: the operator that runs it.
        weights: where they lie, as `KnownModel` says it.
    """
    if runs_as is None or runs_as.name not in registry.names():
        return Here(NOTHING, "no operator here runs it: 'junco new operator' begins one")
    try:
        operator = _operator(runs_as)
        packages = getattr(operator, "packages", {})
        check_packages(packages if isinstance(packages, Mapping) else {}, runs_as.name)  # of a class a property, maybe
    except MissingExtraError as error:
        return Here(TO_INSTALL, str(error))
    except JuncoError as error:
        return Here(NOTHING, str(error))
    files = [*_files(operator, "wheels"), *_files(operator, "package_files")]
    if files:
        return _of_files(files)
    if weights is not None and weights.startswith("hf:"):
        found = cached_bytes(weights.removeprefix("hf:"))
        return Here(TO_FETCH, _WARM) if found is None else Here(HERE, size_bytes=found)
    return Here(HERE)


_WARM = "it is fetched at the first use, by a network; or beforehand by 'junco warm'"


def _operator(runs_as: RunsAs) -> Any:
    """An instance with nothing loaded; the class, where a stranger's constructor raises whatever it likes."""
    spec = OperatorSpec.named(runs_as.name, dict(runs_as.params))
    loaded = spec.load()
    try:
        return spec.create()
    except Exception:
        return loaded


def _files(operator: Any, kind: str) -> list[Any]:
    found = getattr(operator, kind, ())
    return list(found) if isinstance(found, tuple) else []


def _of_files(files: list[Any]) -> Here:
    """Of wheels, and of packages that bring a file."""
    paths = [file.found() for file in files]
    sizes = [_size(file, path) for file, path in zip(files, paths, strict=True)]
    size_bytes = None if None in sizes else sum(size for size in sizes if size is not None)
    missing = [file for file, path in zip(files, paths, strict=True) if path is None]
    if not missing:
        return Here(HERE, size_bytes=size_bytes)
    if extra := getattr(missing[0], "extra", ""):
        return Here(TO_INSTALL, f"pip install 'junco[{extra}]'", size_bytes)
    return Here(TO_FETCH, _WARM, size_bytes)


def _size(file: Any, path: Path | None) -> int | None:
    known = getattr(file, "size_bytes", None)
    return known if known is not None or path is None else path.stat().st_size


def cached_bytes(repository: str) -> int | None:
    """The bytes of a model's weights in the Hugging Face cache; ``None`` where none are there.

    Args:
        repository: ``owner/name``.
    """
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}" / "snapshots"
    sizes = [
        sum(path.stat().st_size for path in snapshot.rglob("*") if path.suffix in _WEIGHTS and path.exists())
        for snapshot in (folder.iterdir() if folder.is_dir() else ())
    ]
    return max(sizes, default=0) or None
