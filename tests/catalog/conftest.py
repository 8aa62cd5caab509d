"""Pipelines of simple text operators, in a JUNCO_HOME of the test's own, and packages that are really installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from junco.operator.function import op


@op("catalog-text.upper")
def upper(text: str) -> str:
    return text.upper()


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """JUNCO_HOME/pipelines, empty."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JUNCO_HUB", raising=False)
    folder = tmp_path / "home" / "pipelines"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package of pipelines: a folder on the path with its dist-info, as pip leaves it."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))

    def install_package(package: str, **pipelines: str) -> Path:
        folder = site / package / "flows"
        folder.mkdir(parents=True)
        (site / package / "__init__.py").write_text("raise RuntimeError('listing must not import this')")
        for name, text in pipelines.items():
            (folder / f"{name}.yaml").write_text(text)
        info = site / f"{package}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[junco.pipelines]\n{package} = {package}.flows\n")
        sys.path_importer_cache.pop(str(site), None)
        return folder

    site.mkdir()
    return install_package
