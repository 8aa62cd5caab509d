"""What the bytes of an artefact's files are, against what their names say; nothing is loaded or imported."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from junco.hub.artefact.onnx_places import external_places
from junco.hub.artefact.tree import Problem
from junco.hub.content import paths
from junco.hub.content.findings import Findings, look_at
from junco.hub.content.formats import CAN_RUN, format_of

_TEXTS = (".json", ".yaml", ".yml", ".md", ".txt", ".csv", ".tsv", ".html", ".py", ".lock", ".toml", ".jinja")
_MEANT = {
    ".safetensors": "safetensors",
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".gif": "gif",
    ".npy": "npy",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".pdf": "pdf",
    ".gguf": "gguf",
    **dict.fromkeys(_TEXTS, "text"),
}
REFUSED = frozenset(
    {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill", ".h5", ".hdf5", ".keras", ".npz"}
    | {".so", ".dll", ".dylib", ".pyd", ".pyc", ".pyo", ".exe", ".sh", ".bat", ".ps1", ".ipynb", ".whl", ".egg"}
    | {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst"}
)
"""Ends of names that no artefact needs: what runs, what hides files, and what is read by running it."""
_MOST_JSON_BYTES = 64_000_000
_WHY = {
    "pickle": "a pickle, which runs code when it is read: keep weights as safetensors",
    "zip-pickle": "what torch.save writes, a pickle in a zip: keep weights as safetensors",
    "npy-objects": "an array of Python objects, which is a pickle",
    "hdf5": "HDF5, which may hold pickles and code of Keras: keep weights as safetensors",
    "native": "native code",
}


def problems_of_file(folder: Path, path: str, all_paths: Collection[str]) -> list[Problem]:
    """What is wrong with a file as what it is."""
    suffix = Path(path).suffix.lower()
    if suffix in REFUSED:
        return [Problem(path, f"{suffix} is no file of an artefact: data alone (safetensors, JSON, YAML, pictures …)")]
    try:
        found = look_at(folder / path, (folder / path).stat().st_size)
    except OSError as error:
        return [Problem(path, f"it cannot be read: {error.strerror or error}")]
    said = [Problem(path, why) for why in _said(suffix, found)]
    return said or [Problem(path, why) for why in _of_parts(folder, path, suffix, all_paths)]


def unsafe_format(file: Path, path: str) -> str | None:
    """What makes a file dangerous in careless hands, by its bytes and its name; ``None``: nothing."""
    kind = format_of(file, file.stat().st_size)
    if kind in CAN_RUN:
        return kind
    suffix = Path(path).suffix.lower()
    return suffix if suffix in REFUSED else None


def _said(suffix: str, found: Findings) -> Iterator[str]:
    if found.unsafe:
        yield f"it is {_WHY.get(found.format, f'a container ({found.format}), in which nobody sees what travels')}"
    elif (meant := _MEANT.get(suffix)) not in (None, found.format):
        yield f"its name says {meant}, and its bytes are {found.format}"
    if found.problem:
        yield found.problem
    if found.tokens:
        yield "it holds a token of a hub: revoke it ('junco hub logout'), and take it out"
    yield from (f"it {each}: take it out" for each in found.warnings)


def _of_parts(folder: Path, path: str, suffix: str, all_paths: Collection[str]) -> Iterator[str]:
    """What is wrong with other files that one names as parts of a model."""
    if suffix == ".onnx":
        named, problems = external_places(folder / path)
        what = "external data lies in"
        yield from problems
    elif suffix == ".py":
        yield from _of_encoding(folder / path)
        return
    elif suffix == ".json" and (folder / path).stat().st_size <= _MOST_JSON_BYTES:
        try:
            value = json.loads((folder / path).read_bytes())
        except (ValueError, RecursionError):
            yield "it holds no JSON"
            return
        parts = value.get("weight_map") if isinstance(value, dict) else None
        named = {str(each) for each in parts.values()} if isinstance(parts, dict) else set()
        what = "weight_map names"
    else:
        return
    beside = path.rpartition("/")[0]
    for name in sorted(named):
        if why := paths.problem_of(name):
            yield f"{what} {name[:80]!r}: {why}"
        elif (f"{beside}/{name}" if beside else name) not in all_paths:
            yield f"{what} {name[:80]!r}: there is no such file"


_READ_AS = ("utf-8", "utf8", "ascii")
_ENCODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def _of_encoding(file: Path) -> Iterator[str]:
    """Python heeds what a comment in the first two lines says, and nobody who reads the file does."""
    with file.open("rb") as opened:
        head = [opened.readline(1000), opened.readline(1000)]
    for line in head:
        found = _ENCODING.match(line.removeprefix(b"\xef\xbb\xbf"))
        if found is not None and (said := found[1].decode("ascii", "replace")).lower() not in _READ_AS:
            yield f"it says that it is written in {said!r}: code is in UTF-8, as it is read"


_ORDERS = re.compile(r"trust_remote_code|auto_map|_attn_implementation_internal|loader_module")


def orders_in(value: Any) -> list[str]:
    """Keys, wherever they stand, by which a file would have a library run code."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found += [key for key in each if isinstance(key, str) and _ORDERS.fullmatch(key)]
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each
    return sorted(set(found))


def own_paths_in(value: Any) -> list[str]:
    """Texts, wherever they stand, that are paths of somebody's machine."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each
        elif isinstance(each, str) and _leads_out(each):
            found.append(each)
    return sorted(set(found))


def _leads_out(text: str) -> bool:
    is_path = text.startswith(("/", "~", "./", "../", ".\\", "..\\")) or re.match(r"[A-Za-z]:[\\/]", text) is not None
    return is_path and (not text.startswith("./") or ".." in text.replace("\\", "/").split("/"))
