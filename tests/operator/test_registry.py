"""Packages bring operators and families; what one of them does when it is imported stops nobody else."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from junco.catalog import sources
from junco.errors import ContractError, MissingExtraError
from junco.operator import registry

ENDS = [
    ("raise SystemExit('it exits')", "SystemExit: it exits"),
    ("import sys; sys.exit()", "SystemExit"),
    ("raise GeneratorExit('odd')", "GeneratorExit: odd"),
    ("import pytest; pytest.skip('no', allow_module_level=True)", "Skipped: no"),
    ("raise ValueError('one\\ntwo\x1b')", r"ValueError: one"),
    ("import nobody_has_this", "ModuleNotFoundError"),
    ("class Odd(Exception):\n    def __str__(self): raise KeyError\nraise Odd", "Odd"),
]


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Have a package whose module says so when it is imported; it brings the operator ``plug.in`` and families."""
    caches = (registry.installed, registry.families, registry._installed_families)
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(code):
        (tmp_path / "plug_of_tests.py").write_text(code)
        brings = {
            "junco.operators": [EntryPoint("plug.in", "plug_of_tests:Plug", "junco.operators")],
            "junco.families": [EntryPoint("plug", "plug_of_tests:FAMILY", "junco.families")],
        }
        monkeypatch.setattr(registry, "entry_points", lambda group: brings[group])
        for cache in caches:
            cache.cache_clear()

    yield install
    monkeypatch.undo()
    sys.modules.pop("plug_of_tests", None)
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(("code", "reason"), ENDS)
def test_families_that_cannot_be_imported_are_left_out_with_a_word(plugin, code, reason):
    plugin(code)
    with pytest.warns(UserWarning, match=f"the families of plug_of_tests:FAMILY are left out: {reason}") as told:
        found = registry.families("operator")
    assert "image-embedding" not in found
    assert str(told[0].message).isprintable()


@pytest.mark.parametrize(("code", "reason"), ENDS)
def test_an_operator_that_cannot_be_imported_is_an_error_that_names_it(plugin, code, reason):
    plugin(code)
    with pytest.raises(
        ContractError, match=f"the operator 'plug.in' of plug_of_tests:Plug cannot be imported: {reason}"
    ):
        registry.load("plug.in")


@pytest.mark.parametrize(("code", "reason"), ENDS)
def test_a_class_whose_module_cannot_be_imported_is_an_error_that_names_it(plugin, code, reason):
    plugin(code)
    with pytest.raises(
        ContractError, match=f"the operator 'its.own' of plug_of_tests:Own cannot be imported: {reason}"
    ):
        registry.load("its.own", "plug_of_tests:Own")


def test_an_error_of_ours_passes_as_it_is(plugin):
    plugin("from junco.errors import MissingExtraError\nraise MissingExtraError('torch', 'torch')")
    for load in (lambda: registry.load("plug.in"), lambda: registry.load("its.own", "plug_of_tests:Own")):
        with pytest.raises(MissingExtraError):
            load()


def test_ctrl_c_passes_while_a_package_is_imported(plugin, monkeypatch):
    plugin("raise KeyboardInterrupt")
    for load in (
        lambda: registry.load("plug.in"),
        lambda: registry.load("its.own", "plug_of_tests:Own"),
        lambda: registry.families("operator"),
    ):
        with pytest.raises(KeyboardInterrupt):
            load()


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_a_finder_of_modules_that_exits_leaves_only_its_pipelines_out(monkeypatch, kind):
    def finds(name):
        raise kind("no")

    monkeypatch.setattr(sources.importlib.util, "find_spec", finds)
    entry = EntryPoint("flows", "plug_of_tests", "junco.pipelines")
    if kind is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            sources._of_package(entry)
        return
    with pytest.warns(UserWarning, match="left out: SystemExit: no"):
        assert sources._of_package(entry) == []
