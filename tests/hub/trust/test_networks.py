"""Neural operators of a hub: their weights lie beside their code, and all that junco does with networks works."""

from __future__ import annotations

import json

import numpy as np
import pytest

from junco import Operator, hub, ops, pipe
from junco.errors import TrustError
from junco.hub.artefact.beginnings import begin
from junco.hub.trust.review import review, reviews

torch = pytest.importorskip("torch")
CODE = '''
"""Stripes of a picture."""

from pathlib import Path

import numpy as np

from junco import MiddleCrop, NeuralOperator, Source

WEIGHTS = Path(__file__).parent / "stripes.safetensors"


class Stripes(NeuralOperator, family="image-embedding", name="stripes"):
    """How the stripes of a picture run: eight numbers."""

    def source(self):
        return Source(build=network, weights=WEIGHTS, recipe="levels / 255, conv, relu, mean")

    def prepare(self, images):
        crop = MiddleCrop(64, 64)
        return np.stack([crop.exact(image) for image in images]).transpose(0, 3, 1, 2) / np.float32(255)


def network():
    from safetensors.torch import load_file
    from torch import nn

    made = nn.Sequential(nn.Conv2d(3, 8, 8, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    made.load_state_dict(load_file(WEIGHTS))
    return made
'''


@pytest.fixture
def stripes(served, machine, tmp_path, monkeypatch):
    """A network pushed by alice, and allowed on bob's machine."""
    from safetensors.torch import save_file
    from torch import nn

    folder = begin("operator", "image-embedding.stripes", tmp_path / "stripes")
    (folder / "stripes_operator.py").write_text(CODE.lstrip())
    (folder / "tests/test_stripes_operator.py").unlink()
    torch.manual_seed(0)
    weights = nn.Sequential(nn.Conv2d(3, 8, 8, 4)).state_dict()
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / "stripes.safetensors")
    red = np.full((64, 64, 3), (255, 0, 0), np.uint8)
    image = torch.from_numpy(red.transpose(2, 0, 1)[None] / np.float32(255))
    with torch.no_grad():
        expected = torch.relu(nn.functional.conv2d(image, weights["0.weight"], weights["0.bias"], 4)).mean((2, 3))[0]
    golden = {"inputs": [red.tolist()], "outputs": [expected.tolist()]}
    (folder / "golden.json").write_text(json.dumps(golden))
    from junco.graph.yaml_text import dump
    from junco.hub.artefact.fields import read_manifest

    told = read_manifest(folder / "operator.yaml")
    told |= {"tests": [], "parameters": {}, "weights": ["stripes.safetensors"], "entry": "stripes_operator.py:Stripes"}
    told |= {"outputs": {"vector": "float32 (8)"}, "golden": {"file": "golden.json", "tolerance": 0.001}}
    (folder / "operator.yaml").write_text(dump(told, flow=False))
    machine("alice", served.alice)
    made = hub.push(folder, "alice/stripes", release="1.0.0")
    machine("bob", served.bob)
    review("alice/stripes@1.0.0").grant()
    return made


@pytest.mark.slow
def test_a_network_of_a_hub_is_run_looked_into_and_placed_in_a_space_of_its_commit(stripes):
    spec = ops["alice/stripes@1.0.0"]()
    with pipe.input("image").map("image", "vector", spec).output("vector") as embed:
        vectors = embed.batch([np.full((70, 90, 3), level, np.uint8) for level in (0, 90, 255)])
        assert vectors.shape == (3, 8)
        assert embed.plan.space.parts["on a hub"] == f"alice/stripes@{stripes.commit}"
        assert any(path.endswith("stripes.safetensors") for path in embed.lock().steps[0].files)
    assert len(spec.layers()) > 1
    with pipe.input("image").map("image", "vector", ops["alice/stripes@1.0.0"](layer="0")).output("vector") as middle:
        assert middle(np.zeros((64, 64, 3), np.uint8)).shape == (8,)
    assert isinstance(spec.create(), Operator)


@pytest.mark.slow
def test_a_network_of_a_hub_is_tuned_saved_pushed_and_used_once_both_are_here(served, machine, stripes, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for name, axis in (("upright", 0), ("level", 1)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            rows = np.arange(64)[:, None, None] if axis else np.arange(64)[None, :, None]
            made = np.broadcast_to((rows // (4 + number % 3)) % 2 * 200, (64, 64, 3)) + rng.integers(0, 50, (64, 64, 3))
            Image.fromarray(made.astype(np.uint8)).save(tmp_path / "photos" / name / f"{number}.png")
    spec = ops["alice/stripes@1.0.0"]()
    spec.train(tmp_path / "photos", training_args={"epochs": 1, "scope": "head"}, progress=False)
    spec.save(tmp_path / "tuned")
    assert json.loads((tmp_path / "tuned/operator.json").read_text())["operator"] == f"alice/stripes@{stripes.commit}"
    image = np.zeros((64, 64, 3), np.uint8)
    expected = Operator.load(tmp_path / "tuned")(image)
    machine("bob-too", served.bob)
    hub.push(tmp_path / "tuned", "bob/tuned", release="1.0.0", licence="mit")
    machine("carol", served.alice)
    with pytest.raises(TrustError, match=f"alice/stripes@{stripes.commit} is an operator with code"):
        ops["bob/tuned@1.0.0"]()
    for each in reviews("bob/tuned@1.0.0"):
        each.grant()
    np.testing.assert_allclose(ops["bob/tuned@1.0.0"]()(image), expected, atol=1e-5)
    assert sorted(hub.bundle(["bob/tuned@1.0.0"], tmp_path / "tuned.zip").artefacts) == [
        f"alice/stripes@{stripes.commit}",
        "bob/tuned@1.0.0",
    ]
