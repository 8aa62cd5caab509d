"""A real hub, machines of users, and operators with code to push."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from junco.hub.artefact.beginnings import begin

_spec = importlib.util.spec_from_file_location(
    "hub_client_conftest", Path(__file__).parent.parent / "client/conftest.py"
)
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)
served = pytest.fixture(scope="module", name="served")(_shared.hub.__wrapped__)
machine = _shared.machine


@pytest.fixture(name="hub")
def the_hub(served):
    return served


@pytest.fixture
def canary(tmp_path):
    """A file that whatever code of a test's operators runs writes its name into."""
    return tmp_path / "canary"


@pytest.fixture
def colour(tmp_path, canary):
    """Makes the folder of an operator with two files of code, that leave a line in the canary when they are run."""

    def make(name="colour", *, more="", first="", **manifest):
        folder = begin("operator", f"image-embedding.{name}", tmp_path / "made" / name)
        stem = f"{name.replace('-', '_')}_operator"
        code = folder / f"{stem}.py"
        told = f"with open({str(canary)!r}, 'a') as file:\n    file.write({name!r} + '\\n')\n"
        text = code.read_text().replace(
            "from junco import Operator", "from junco import Operator\nfrom .scale import FULL"
        )
        code.write_text(f"{first}{text.replace('/ 255', '/ FULL')}\n{told}{more}\n")
        (folder / "scale.py").write_text('"""The brightest."""\n\nFULL = 255\n')
        (folder / "tests" / f"test_{stem}.py").unlink()
        change(folder, code=[f"{stem}.py", "scale.py"], tests=[], **manifest)
        return folder

    return make


def change(folder, **manifest):
    """Change the manifest of an operator."""
    from junco.graph.yaml_text import dump
    from junco.hub.artefact.fields import read_manifest

    path = folder / "operator.yaml"
    path.write_text(dump({**read_manifest(path), **manifest}, flow=False))


def golden(folder, inputs=None, outputs=None):
    """Change the golden vectors of an operator."""
    path = folder / "golden.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({"inputs": inputs or told["inputs"], "outputs": outputs or told["outputs"]}))
