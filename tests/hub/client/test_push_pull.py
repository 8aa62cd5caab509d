"""From one home folder to another over a real hub."""

from __future__ import annotations

import filecmp
import shutil

import numpy as np
import pytest

from junco import Operator, hub, ops, pipeline
from junco.errors import ContractError, TargetError, YamlError
from junco.hub.artefact.beginnings import begin

PIPELINE = """junco: 1
name: textiles
family: image-embedding
license: apache-2.0
inputs: [path]
steps:
  - {{map: image-decode.pil, in: path, out: image}}
  - {{map: {operator}, in: image, out: vector, with: {{runtime: torch}}}}
outputs: [vector]
"""
CARD = "---\nlicense: apache-2.0\n---\n# Textiles\n\nVectors of cloth.\n"


def test_a_tuned_operator_goes_from_one_home_folder_to_another(machine, tuned, request):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    made = hub.push(tuned, "alice/lite", release="1.0.0", licence="apache-2.0")
    assert made.release == "v1.0.0"
    assert made.sent_bytes > 8 * 1280 * 4

    home = machine("bob", served.bob)
    folder = hub.pull("alice/lite@1.0.0")
    assert folder.is_relative_to(home)
    assert filecmp.cmp(folder / "weights.safetensors", tuned / "weights.safetensors", shallow=False)
    assert "license: apache-2.0" in (folder / "README.md").read_text()
    assert Operator.load(folder).tuned_identity() == Operator.load(tuned).tuned_identity()


def test_pushing_the_same_again_sends_nothing_and_makes_no_commit(machine, tuned, request):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    first = hub.push(tuned, "alice/twice", licence="mit")
    second = hub.push(tuned, "alice/twice", licence="mit")
    assert second.unchanged
    assert (second.sent_bytes, second.commit) == (0, first.commit)


def test_a_pipeline_of_a_tuned_operator_runs_from_the_hub_by_name_alone(machine, tuned, tmp_path, request, photo):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    hub.push(tuned, "alice/cloth", release="1.0.0", licence="apache-2.0")
    folder = tmp_path / "textiles"
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(PIPELINE.format(operator="alice/cloth@1.0.0"))
    (folder / "README.md").write_text(CARD)
    with pytest.raises(ContractError, match=r"alice/cloth@1.0.0 is not pinned in junco.lock: 'junco hub lock"):
        hub.push(folder, "alice/textiles", release="1.0.0")
    hub.lock([folder])
    hub.push(folder, "alice/textiles", release="1.0.0")
    expected = ops[str(tuned)](runtime="torch")(_pixels(photo))

    machine("bob", served.bob)
    embed = pipeline("alice/textiles@1.0.0")
    np.testing.assert_allclose(embed(photo), expected, rtol=1e-4, atol=1e-5)
    spec = ops["alice/cloth@1.0.0"](runtime="torch")
    np.testing.assert_allclose(spec(_pixels(photo)), expected, rtol=1e-4, atol=1e-5)


def test_a_copy_of_ones_own_takes_no_others_place(machine, tuned, tmp_path, request):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    hub.push(tuned, "alice/own", licence="mit")
    copy = hub.pull("alice/own", tmp_path / "own")
    (copy / "operator.json").write_text("mine")
    with pytest.raises(TargetError, match="is there already"):
        hub.pull("alice/own", copy)
    assert (hub.pull("alice/own") / "operator.json").read_text() != "mine"


@pytest.fixture
def photo(tmp_path):
    from PIL import Image

    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (240, 240, 3), np.uint8)).save(path)
    return str(path)


def _pixels(path):
    return ops["image-decode.pil"]()(path)


def test_what_is_shown_and_planned_of_a_pipeline_is_of_the_tuned_operator(machine, tuned, tmp_path, request):
    from click.testing import CliRunner

    from junco.cli.main import app

    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    hub.push(tuned, "alice/shown", release="1.0.0", licence="apache-2.0")
    file = tmp_path / "flow.yaml"
    file.write_text(PIPELINE.format(operator="alice/shown@1.0.0"))
    shown = CliRunner().invoke(app, ["show", str(file)]).output
    assert "map alice/shown@1.0.0" in shown
    assert "8 numbers" in shown
    flow = pipeline(file)
    assert flow.graph.nodes[1].spec.name == "alice/shown@1.0.0"  # what is written again is the name, and no folder
    assert flow.plan.graph.nodes[1].spec.name == "image-embedding.efficientnet-lite"


def test_a_lock_beside_a_file_says_what_its_names_mean(machine, tmp_path, request):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    hub.push(_conftest().tuned_folder(tmp_path / "one", 1), "alice/moves", licence="mit")
    (tmp_path / "project").mkdir()
    file = tmp_path / "project" / "flow.yaml"
    file.write_text(PIPELINE.format(operator="alice/moves"))
    hub.lock([file])
    assert (tmp_path / "project" / "junco.lock").is_file()
    hub.push(_conftest().tuned_folder(tmp_path / "two", 2), "alice/moves", licence="mit")
    pinned = pipeline(file).plan.graph.nodes[1].spec.params["tuned"]
    assert filecmp.cmp(f"{pinned}/weights.safetensors", tmp_path / "one" / "weights.safetensors", shallow=False)
    (tmp_path / "project" / "junco.lock").unlink()
    newest = pipeline(file).plan.graph.nodes[1].spec.params["tuned"]
    assert filecmp.cmp(f"{newest}/weights.safetensors", tmp_path / "two" / "weights.safetensors", shallow=False)


def _conftest():
    import sys

    return next(
        module for name, module in sys.modules.items() if name.endswith("conftest") and hasattr(module, "tuned_folder")
    )


def test_a_tuned_operator_of_a_hub_is_the_option_of_what_was_tuned(machine, tuned, photo, tmp_path, request):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    hub.push(tuned, "alice/option", release="1.0.0", licence="mit")
    expected = ops[str(tuned)](runtime="torch")(_pixels(photo))

    machine("bob", served.bob)
    _run("embed", "image-embedding", photo, "--to", "t.npy", "-p", "tuned=alice/option@1.0.0", "-p", "runtime=torch")
    np.testing.assert_allclose(np.load("t.npy")[0], expected, rtol=1e-4, atol=1e-5)
    spec = ops["image-embedding.efficientnet-lite"](tuned="alice/option@1.0.0", runtime="torch")
    assert spec.params["tuned"] == str(hub.pull("alice/option@1.0.0"))  # the commit's, for good
    flow = tmp_path / "flow.yaml"
    text = PIPELINE.format(operator="image-embedding.efficientnet-lite")
    flow.write_text(text.replace("runtime: torch", "tuned: alice/option@1.0.0"))
    with pytest.raises(YamlError, match=r"it stands alone, {map: alice/option@1\.0\.0}"):
        pipeline(flow)


def test_a_folder_that_lies_here_goes_before_a_name_on_a_hub(machine, tuned, request):
    machine("alice", request.getfixturevalue("hub").alice)
    shutil.copytree(tuned, "out/lite")
    assert ops["image-embedding.efficientnet-lite"](tuned="out/lite").params["tuned"] == "out/lite"


def test_an_operator_of_a_hub_in_a_pipelines_place_stands_in_its_familys_usual_one(machine, tuned, photo, request):
    served = request.getfixturevalue("hub")
    machine("alice", served.alice)
    hub.push(tuned, "alice/usual", release="1.0.0", licence="mit")
    hub.push(begin("operator-family", "leaf-family", "leaf-family"), "alice/leaf-family")

    machine("bob", served.bob)
    embed = pipeline("alice/usual@1.0.0", runtime="torch")
    expected = ops["alice/usual@1.0.0"](runtime="torch")(_pixels(photo))
    np.testing.assert_allclose(embed(photo), expected, rtol=1e-4, atol=1e-5)
    assert "with embed = alice/usual@1.0.0" in _run("show", "alice/usual@1.0.0")
    with pytest.raises(ContractError, match="is a family, and a pipeline is wanted"):
        pipeline("alice/leaf-family")


def _run(*args):
    from click.testing import CliRunner

    from junco.cli.main import app

    done = CliRunner().invoke(app, list(args))
    assert done.exit_code == 0, done.output
    return done.output
