"""Optional packages: each member says which it needs, and without one nothing is fetched or loaded first."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
import sys
from pathlib import Path

import pytest

from junco.builtin.hub_model import hub
from junco.errors import MissingExtraError
from junco.operator import registry
from junco.places.wheel import Wheel

MEMBERS = sorted(registry.installed())
OTHERS = {"image-text-embedding.conse": {"modality": "text"}, "text-split.code": {"language": "typescript"}}
"""Parameters under which a member needs other packages than by default."""
BRING = {
    "sentence_transformers": {"torch", "transformers", "tokenizers", "safetensors"},
    "timm": {"torch"},
    "model2vec": {"tokenizers"},
    "transformers": {"tokenizers"},
}
"""What cannot be installed without another package."""
NOT_NEEDED = {"simplejpeg", "pillow_heif"}
"""Whoever has them gets more formats, or gets pictures faster."""
ASKED = {"multi-vector.sentence-transformers": {"PIL"}}
"""What is looked for only once it is needed: few such models take pictures."""
CASES = [(name, {}) for name in MEMBERS] + list(OTHERS.items())


@pytest.fixture
def member(parameters):
    """``member(name, params)``: a member, with the parameters that it must have."""
    return lambda name, params: registry.load(name)(**{**parameters.get(name, {}), **params})


@pytest.fixture
def closed(monkeypatch):
    """Nothing may be fetched."""
    for place, name in ((Wheel, "fetch"), (Wheel, "path"), (hub, "_looked_up"), (hub, "fetch_all")):
        monkeypatch.setattr(place, name, lambda *_, **__: pytest.fail("something was asked for first"))


@pytest.mark.parametrize(("name", "params"), CASES)
def test_a_missing_package_is_named_with_its_extra_before_anything_is_fetched(
    name, params, member, closed, monkeypatch
):
    for package, extra in member(name, params).packages.items():
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, package, None)
            for step in ("fetch", "ensure_open"):
                said = rf"'{name}' needs the package '{package}': pip install 'junco\[{extra}\]'"
                with pytest.raises(MissingExtraError, match=said):
                    getattr(member(name, params), step)()


@pytest.mark.parametrize(("name", "params"), CASES)
def test_the_extras_that_a_member_declares_for_its_packages_are_juncos(name, params, member):
    extras = set(importlib.metadata.metadata("junco").get_all("Provides-Extra") or ())
    assert set(member(name, params).packages.values()) <= extras


@pytest.mark.parametrize(("name", "params"), CASES)
def test_a_member_declares_what_its_modules_import(name, params, member):
    declared = set(member(name, params).packages)
    known = declared.union(*(BRING.get(package, set()) for package in declared), ASKED.get(name, set()))
    imported = imported_by(registry.load(name).__module__)
    if name in OTHERS and not params:
        imported -= set(member(name, OTHERS[name]).packages)
    assert imported - known == set()


def test_what_conse_needs_for_texts_is_not_asked_for_with_pictures(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    conse = registry.load("image-text-embedding.conse")
    conse(modality="image").fetch()
    conse(modality="image").ensure_open()
    with pytest.raises(MissingExtraError, match=r"'sentencepiece': pip install 'junco\[image-text\]'"):
        conse(modality="text").fetch()


def imported_by(module: str) -> set[str]:
    """The optional packages that a member's module imports, and those of its own that it imports."""
    seen, ahead, found = set(), [module], set()
    while ahead:
        name = ahead.pop()
        if name in seen or not name.startswith(("junco.builtin.", "junco.models.")) or "hub_model" in name:
            continue
        seen.add(name)
        packages, own = imports_of(name)
        found |= packages
        ahead += own
    return found - NOT_NEEDED - {"numpy"}


@functools.cache
def imports_of(module: str) -> tuple[set[str], set[str]]:
    """Packages and modules of junco that a module imports when it runs."""
    file = module_file(module)
    if file is None:
        return set(), set()
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    nodes = [*ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in (node for node in nodes if isinstance(node, ast.ImportFrom)):
        names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    tops = {name.partition(".")[0] for name in names} - {"junco", *sys.stdlib_module_names}
    return tops, {name for name in names if name.startswith("junco.")}


def module_file(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name in a module
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None
