"""A store of a stranger, in a package of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Installs the package ``shelf``, which brings a store; the address of a collection of it."""
    package = tmp_path / "installed"
    metadata = package / "shelf-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[junco.stores]\nshelf = shelf_store:ShelfStore\n")
    (package / "shelf_store.py").write_bytes((HERE / "shelf_store.py").read_bytes())
    monkeypatch.syspath_prepend(package)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package), *sys.path]))
    yield f"shelf:{tmp_path}/db#rows"
    sys.modules.pop("shelf_store", None)
