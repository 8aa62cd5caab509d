from __future__ import annotations

import json
import os
import re
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from junco.cli import doctor as module
from junco.operator import registry


def test_doctor_tells_versions_devices_and_caches(junco, home):
    found = json.loads(junco("doctor", "--json").stdout)
    assert found["versions"]["junco"] == metadata.version("junco")
    assert "cpu" in found["devices"]
    assert found["cores"] >= 1
    (own,) = [cache for cache in found["caches"] if cache["path"] == str(home.parent)]
    assert own["size_bytes"] == sum(path.stat().st_size for path in home.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
@pytest.mark.parametrize(("where", "says"), [("/dev/full", "/dev/full is no folder"), ("/proc/nope/a", "kept there (")])
def test_doctor_says_what_is_wrong_with_a_home(junco, monkeypatch, where, says):
    monkeypatch.setenv("JUNCO_HOME", where)
    (own, *_) = json.loads(junco("doctor", "--json").stdout)["caches"]
    assert own["path"] == where
    assert says in own["problem"]
    assert f"{where}: 0 B; nothing can be kept there" in junco("doctor").stdout


def test_doctor_says_nothing_of_a_home_in_which_all_is_well_and_makes_none(junco, monkeypatch, tmp_path):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "new" / "home"))
    assert json.loads(junco("doctor", "--json").stdout)["caches"][0]["problem"] == ""
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_doctor_says_that_others_can_write_where_models_are_kept(junco, home):
    home.parent.chmod(0o777)
    assert "can be written by others" in json.loads(junco("doctor", "--json").stdout)["caches"][0]["problem"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="for this user every folder can be written")
def test_doctor_says_that_a_home_is_read_only(junco, home):
    home.parent.chmod(0o500)
    assert "Permission denied" in json.loads(junco("doctor", "--json").stdout)["caches"][0]["problem"]
    home.parent.chmod(0o700)


def test_doctor_for_people_is_the_same(junco, home):
    text = junco("doctor").stdout
    assert f"junco {metadata.version('junco')}" in text
    assert str(home.parent) in text


def test_a_missing_package_is_named_with_its_cure(junco, monkeypatch):
    real = metadata.version

    def version(package):
        if package == "timm":
            raise metadata.PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(metadata, "version", version)
    missing = json.loads(junco("doctor", "--json").stdout)["missing"]
    assert {"extra": "vision", "packages": ["timm"], "install": "pip install 'junco[vision]'"} in missing
    assert "pip install 'junco[vision]'" in junco("doctor").stdout


def test_an_operator_of_a_package_that_cannot_be_used_is_named(junco, monkeypatch):
    entry = EntryPoint("text-embedding.gone", "nobody_has_this:X", "junco.operators")
    monkeypatch.setattr(registry, "installed", lambda: {entry.name: (entry,)})
    (row,) = json.loads(junco("doctor", "--json").stdout)["broken"]
    assert row["operator"] == "text-embedding.gone"
    assert "cannot be imported: ModuleNotFoundError" in row["problem"]
    assert row["problem"] in junco("doctor").stdout
    (listed,) = [row for row in json.loads(junco("ops", "--json").stdout) if row["name"] == "text-embedding.gone"]
    assert listed["source"].startswith("broken, there is no module 'nobody_has_this'")


def test_doctor_of_a_pipeline_prints_its_plan(junco):
    assert "embed: map cli-test.count" in junco("doctor", "count").stdout
    found = json.loads(junco("doctor", "count", "--json").stdout)
    assert found["pipeline"] == "count"
    assert any("cli-test.count" in line for line in found["plan"])


def test_with_a_source_doctor_tries_the_first_inputs_and_foretells_what_all_would_take(junco, tmp_path):
    lines = ["text,title", *(f"a few words {n},t{n}" for n in range(300)), "bad,worse"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    tried = json.loads(junco("doctor", "count", tmp_path / "t.csv", "--inputs", "301", "--json").stdout)
    assert (tried["num_tried"], tried["num_rejects"], tried["num_inputs"]) == (301, 1, 301)
    assert tried["total_bytes"] == 300 * 3 * 4
    assert tried["total_s"] > tried["start_s"] > 0
    assert tried["seconds"] > tried["start_s"]
    text = junco("doctor", "count", tmp_path / "t.csv", "--inputs", "100").stdout
    assert "'embed' binds: " in text
    assert "all 301 would take " in text
    assert "read t.csv: " in text
    assert re.search(r"tried 100 inputs in [\d.]+ s, [\d.]+ s of it to start, 0 failed", text)
    named = json.loads(junco("doctor", "count", tmp_path / "t.csv", "--column", "title", "--json").stdout)
    assert named["num_tried"] == 200


def test_a_trial_says_what_was_cut_and_what_was_empty(junco, tmp_path):
    (tmp_path / "t.json").write_text(json.dumps(["short", "much longer", "", "longer too"]))
    assert "'shorten': 2 inputs cut (" in junco("doctor", "short", tmp_path / "t.json").stdout
    tried = json.loads(junco("doctor", "short", tmp_path / "t.json", "--json").stdout)
    (stage,) = tried["stats"]["stages"]
    assert (stage["num_cut"], stage["num_empty"], tried["num_rejects"]) == (2, 0, 1)  # an empty text is put aside


def test_an_input_that_cannot_be_read_does_not_end_a_trial(junco, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("fine")
    (tmp_path / "texts" / "b.txt").write_bytes(b"caf\xe9")
    tried = json.loads(junco("doctor", "count", tmp_path / "texts", "--json").stdout)
    assert (tried["num_tried"], tried["num_rejects"]) == (2, 1)
    assert "does not exist" in junco("doctor", "count", tmp_path / "nowhere").stderr


def test_a_certificate_needs_a_pipeline(junco):
    refused = junco("doctor", "--certify")
    assert refused.exit_code == 2
    assert "junco doctor PIPELINE --certify" in refused.stderr


def test_a_pipeline_without_a_network_has_an_empty_certificate(junco):
    assert json.loads(junco("doctor", "count", "--certify", "--json").stdout) == []


ONNX = """\
junco: 1
params: {model: ""}
inputs: [image]
steps:
  - {map: image-embedding.onnx, in: image, out: vector, name: embed, with: {model: "${model}"}}
outputs: [vector]
"""


@pytest.fixture
def network(tmp_path):
    """A pipeline with a small network, and the file that its parameter names."""
    weight = np.random.default_rng(0).normal(size=(16, 3, 8, 8)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["pixels", "weight"], ["features"], strides=[8, 8]),
        helper.make_node("GlobalMaxPool", ["features"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["vector"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 32, 32])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", 16])
    graph = helper.make_graph(nodes, "small", [pixels], [vector], [numpy_helper.from_array(weight, "weight")])
    opsets = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "small.onnx")
    (tmp_path / "small.yaml").write_text(ONNX)
    return str(tmp_path / "small.yaml"), f"model={tmp_path / 'small.onnx'}"


def test_a_certificate_of_a_device_that_is_not_here_is_refused_with_those_that_are(junco, network, monkeypatch):
    pipeline, model = network
    monkeypatch.setattr(module, "_devices", lambda: ["cuda:0 (a GPU)", "cpu"])
    done = junco("doctor", pipeline, "--certify", "--param", model, "--device", "cuda:7")
    assert done.exit_code == 2
    assert done.stderr.strip() == "error: device='cuda:7' is not on this machine, which has cpu, cuda:0"


def test_a_certificate_compares_runtimes_and_dtypes_and_says_what_int8_is_for(junco, network):
    pipeline, model = network
    rows = json.loads(junco("doctor", pipeline, "--certify", "--param", model, "--json", "--device", "cpu").stdout)
    by_choice = {(row["runtime"], row["dtype"]): row for row in rows}
    assert {row["step"] for row in rows} == {"embed"}
    assert by_choice["onnxruntime", "float32"]["worst_cosine"] == 1.0
    assert by_choice["openvino", "float32"]["reason"] is None
    assert 0.9 < by_choice["onnxruntime", "int8"]["worst_cosine"] < 0.999999
    text = junco("doctor", pipeline, "--certify", "--param", model, "--device", "cpu").stdout
    verdicts = {tuple(line.split()[1:3]): line for line in text.splitlines() if line.startswith("embed")}
    assert "faithful" in verdicts["openvino", "float32"]
    assert "only where asked for" in verdicts["onnxruntime", "int8"]
