"""What the manifest of each kind has to say; each kind is read as data, and nothing is imported for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from junco.errors import JuncoError
from junco.hub.artefact import fields
from junco.hub.artefact.contents import orders_in, own_paths_in
from junco.hub.artefact.fields import Field, one_of, problems_of_fields, read_manifest
from junco.hub.artefact.tree import Problem
from junco.operator.licences import is_licence
from junco.operator.tuned_folder import WEIGHTS, read_folder
from junco.places.files import file_sha256

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(rf"{_NAME}(?:\[[A-Za-z0-9,_-]+\])?(?:(?:[<>=!~]=|[<>])[0-9][\w.*+!]*(?:,(?=[<>=!~])|$))*")
_TAKEN = {"conftest", "setup", "sitecustomize", "usercustomize", "__main__"}
_FILE = re.compile(r"[a-z_][a-z0-9_]*\.py")
_ENTRY = re.compile(r"(?P<file>[a-z_][a-z0-9_]*\.py):(?P<name>[A-Za-z_][A-Za-z0-9_]*)")

_TEXT = Field(fields.is_text, "a line of text")
_SUMMARY = Field(fields.is_text, "a line of text", True)
_LICENCE = Field(is_licence, "a licence's SPDX name, such as apache-2.0", True)
_PORTS = Field(fields.are_named, "a mapping of ports to types, such as {vector: vector}", True)
_FILES = Field(fields.are_texts, "a list of its files")
_PARAMETERS = Field(fields.are_parameters, "a mapping of names to default values")
_COMMON = {"title": _TEXT, "summary": _SUMMARY, "license": _LICENCE, "task": _TEXT, "tags": _FILES}

OPERATOR = {
    "kind": one_of("operator"),
    "name": Field(fields.is_member, "family.member, in lower case", True),
    "family": Field(fields.is_family, "the name of a family"),
    **_COMMON,
    "inputs": _PORTS,
    "outputs": _PORTS,
    "parameters": _PARAMETERS,
    "code": _FILES,
    "tests": _FILES,
    "entry": Field(lambda value: isinstance(value, str) and _ENTRY.fullmatch(value) is not None, "FILE.py:Class"),
    "weights": _FILES,
    "golden": Field(fields.is_mapping, "a mapping: {file: golden.json, tolerance: 0.001}", True),
    "lineage": Field(fields.is_mapping, "a mapping of what it was made of"),
    "requirements": _FILES,
}
FAMILY = {
    "kind": one_of("family"),
    "name": Field(fields.is_family, "a name in lower case, with hyphens", True),
    "of": Field(lambda value: value in ("operator", "pipeline"), "'operator' or 'pipeline'", True),
    "family": Field(fields.is_family, "its own name"),
    **_COMMON,
    "inputs": _PORTS,
    "outputs": _PORTS,
    "parameters": Field(fields.are_texts, "a list of names that every member accepts"),
    "default": Field(fields.is_text, "the name of the member that stands for it"),
    "cases": Field(lambda value: isinstance(value, list) and len(value) > 0, "a list of conformance cases", True),
}
_CASE = {
    "name": Field(fields.is_text, "a line of text", True),
    "input": Field(lambda value: value is not None, "a value, or the path of a file of the folder", True),
    "same_as": Field(lambda value: value is not None, "another input, with the same result"),
    "unlike": Field(lambda value: value is not None, "another input, with another result"),
    "dim": Field(fields.is_count, "how many numbers a result has"),
    "finite": Field(lambda value: isinstance(value, bool), "true or false"),
}
DATASET = {
    "kind": one_of("dataset"),
    "name": Field(fields.is_text, "a name", True),
    "family": Field(fields.is_family, "the name of a family"),
    **_COMMON,
    "task": Field(fields.is_text, "what it is for, such as image-classification", True),
    "modalities": _FILES,
    "languages": _FILES,
    "terms": _TEXT,
    "source": Field(fields.is_web_address, "an address, https://…"),
    "items": Field(fields.is_count, "how many items it has"),
    "bytes": Field(fields.is_count, "how many bytes it has"),
    "classes": Field(fields.is_count, "how many labels there are"),
    "splits": Field(fields.is_mapping, "a mapping of splits to numbers of items"),
    "cautions": _FILES,
    "loader": _TEXT,
    "citation": Field(lambda value: isinstance(value, str), "a text"),
    "sha256": Field(fields.is_mapping, "a mapping of files to their sha256"),
}


def check_manifest(folder: Path, name: str, paths: Collection[str]) -> tuple[dict[str, Any], list[Problem]]:
    """A manifest's values, and what is wrong with it.

    Args:
        folder: of the artefact.
        name: of the manifest, one of `MANIFESTS`.
        paths: of all plain files.
    """
    try:
        told, problems = _CHECKS[name](folder, paths)
    except JuncoError as error:  # what else is wrong is told too
        told, problems = _as_written(folder / name), [str(error).replace(f"{folder}/", "")]
    found = [Problem(name, why) for why in problems]
    found += [Problem(name, f"{key!r} would have a library run code: it is not read") for key in orders_in(told)]
    found += [Problem(name, f"{path[:80]!r} lies outside the folder") for path in own_paths_in(_asked(name, told))]
    return told, found


def _as_written(path: Path) -> dict[str, Any]:
    """A manifest's values, whatever they are; none where it cannot be read."""
    try:
        return read_manifest(path)
    except JuncoError:
        return {}


def _asked(name: str, told: dict[str, Any]) -> Any:
    """What of a manifest is read as parameters, where paths would lead somewhere."""
    return told.get("params") if name == "operator.json" else told


def _tuned(folder: Path, paths: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    found = read_folder(folder)
    problems = [f"it is a tuned operator, which has no code: {path}" for path in paths if path.endswith(".py")]
    if WEIGHTS not in paths:
        return dict(found.manifest), [*problems, f"{WEIGHTS} is missing"]
    if (size := found.weights.stat().st_size) != found.num_bytes:
        problems.append(f"it says that {WEIGHTS} has {found.num_bytes:,} bytes, which are {size:,}")
    elif file_sha256(found.weights) != found.sha256:
        problems.append(f"it says that {WEIGHTS} has the sha256 {found.sha256}, which it has not")
    return dict(found.manifest), problems


def _operator(folder: Path, paths: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    told = read_manifest(folder / "operator.yaml")
    problems = list(problems_of_fields(told, OPERATOR))
    if not problems:
        problems = [*_of_code(told, paths), *_of_requirements(told), *_of_files(told, paths), *_of_membership(told)]
    return told, problems


def _of_code(told: dict[str, Any], paths: Collection[str]) -> Iterator[str]:
    code, tests = told.get("code", []), told.get("tests", [])
    for path in sorted({path for path in paths if path.endswith(".py")} - {*code, *tests}):
        yield f"{path} is code that it does not declare: name it in 'code' or 'tests', or take it out"
    for path in code:
        stem = path.removesuffix(".py")
        if _FILE.fullmatch(path) is None:
            yield f"code: {path!r} has to be a file beside it, in lower case, that a module may be called"
        elif stem in _TAKEN or _is_module(stem):
            yield f"code: {path!r} is called as a module that everybody knows: give it a name of its own"
    if code and (entry := _ENTRY.fullmatch(told.get("entry", ""))) is None:
        yield "it has code and no 'entry', FILE.py:Class"
    elif code and entry is not None and entry["file"] not in code:
        yield f"entry: {entry['file']} is not among its code"


def _is_module(name: str) -> bool:
    """Whether a module of that name is installed here, or is of Python itself; nothing is imported."""
    import sys
    from importlib.machinery import PathFinder

    if name in sys.stdlib_module_names or name in sys.builtin_module_names:
        return True
    installed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    return PathFinder.find_spec(name, installed) is not None


def _of_requirements(told: dict[str, Any]) -> Iterator[str]:
    for each in told.get("requirements", []):
        if _REQUIREMENT.fullmatch(each.replace(" ", "")) is None:
            yield f"requirements: {each!r} has to be the name of a package with versions: no address, option or path"


def _of_files(told: dict[str, Any], paths: Collection[str]) -> Iterator[str]:
    named = [*told.get("code", []), *told.get("tests", []), *told.get("weights", [])]
    golden = told.get("golden", {})
    if unknown := set(golden) - {"file", "tolerance"}:
        yield f"golden: there is no field {min(unknown)!r}; fields: file, tolerance"
    if not isinstance(golden.get("file"), str):
        yield "golden: it lacks 'file', in which inputs and their vectors lie"
    else:
        named.append(golden["file"])
    yield from (f"{name!r} is named and is not there" for name in named if name not in paths)
    for name in told.get("weights", []):
        if not name.endswith((".safetensors", ".onnx")):
            yield f"weights: {name!r} has to be safetensors or ONNX"


def _of_membership(told: dict[str, Any]) -> Iterator[str]:
    if told.get("family", told["name"].partition(".")[0]) != told["name"].partition(".")[0]:
        yield f"family: {told['family']!r} is not that of its name, {told['name']!r}"


def _family(folder: Path, paths: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    told = read_manifest(folder / "family.yaml")
    problems = [*problems_of_fields(told, FAMILY)]
    problems += [f"{path} is code, which a family has none of" for path in paths if path.endswith(".py")]
    for number, case in enumerate(told.get("cases") or () if isinstance(told.get("cases"), list) else (), 1):
        if not isinstance(case, dict):
            problems.append(f"case {number} has to be a mapping")
        else:
            problems += [f"case {number}: {why}" for why in problems_of_fields(case, _CASE)]
    return told, problems


def _dataset(folder: Path, paths: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    told = read_manifest(folder / "dataset.yaml")
    problems = [*problems_of_fields(told, DATASET)]
    return told, [*problems, *(f"{path} is code, which a card has none of" for path in paths if path.endswith(".py"))]


def _pipeline(folder: Path, paths: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    from junco.hub.artefact.pipelines import check_pipeline

    return check_pipeline(folder, paths)


_CHECKS: dict[str, Callable[[Path, Collection[str]], tuple[dict[str, Any], list[str]]]] = {
    "operator.json": _tuned,
    "operator.yaml": _operator,
    "pipeline.yaml": _pipeline,
    "family.yaml": _family,
    "dataset.yaml": _dataset,
}
