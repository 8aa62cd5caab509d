"""What is wrong with a folder is told, all of it, and nothing of the folder runs."""

from __future__ import annotations

import json
import pickle
import re
import time

import numpy as np
import pytest
from click.testing import CliRunner

from junco import ops
from junco.cli.main import app
from junco.errors import ParameterError, TargetError
from junco.hub.artefact.beginnings import KINDS, begin
from junco.hub.artefact.check import check
from junco.hub.artefact.tree import File, digest_of, files_of
from junco.hub.content.card import read_card


def problems(folder):
    return {str(each) for each in check(folder).problems}


@pytest.fixture
def operator(tmp_path):
    return begin("operator", "image-embedding.mean-colour", tmp_path / "mean-colour")


@pytest.fixture
def flow(tmp_path):
    return begin("pipeline", "flowers", tmp_path / "flowers")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_begun_passes_at_once(kind, tmp_path):
    folder = begin(kind, "my-own", tmp_path / "my-own")
    found = check(folder)
    assert found.problems == ()
    assert found.kind == ("family" if kind.endswith("family") else kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_card_of_what_is_begun_is_for_readers(kind, tmp_path):
    folder = begin(kind, "my-own", tmp_path / "my-own", licence="mit")
    card = (folder / "README.md").read_text("utf-8")
    shown = read_card({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})
    assert not re.search(r"NAMESPACE|TODO|hub push|data card|[{}]", card)
    assert all(f"\n## {title}\n" in card for title in ("How to use it", "Limits", "Licence"))
    assert not shown.summary.endswith(":")
    assert shown.licence == "mit"
    assert check(folder).warnings == ()


def test_a_card_that_still_has_to_be_written_is_told_and_refuses_nothing(flow):
    with (flow / "README.md").open("a") as file:
        file.write("\nTODO: say more. pipeline('NAMESPACE/flowers')\n")
    done = CliRunner().invoke(app, ["check", str(flow), "--json"])
    assert done.exit_code == 0
    assert ["TODO" in each["warning"] for each in json.loads(done.stdout)["warnings"]] == [True, False]
    assert "to be mended: README.md: it still says 'NAMESPACE'" in CliRunner().invoke(app, ["check", str(flow)]).stderr


@pytest.mark.parametrize("kind", ["operator", "pipeline", "dataset", "operator-family"])
def test_a_licence_is_read_in_both_spellings(kind, tmp_path):
    folder = begin(kind, "my-own", tmp_path / "my-own", licence="mit")
    [manifest] = folder.glob("*.yaml")
    text = manifest.read_text()
    assert "\nlicense: mit\n" in text
    manifest.write_text(text.replace("license:", "licence:"))
    assert check(folder).problems == ()
    manifest.write_text(text.replace("license:", "licence: mit\nlicense:"))
    assert any("'licence'" in each for each in problems(folder))


def test_what_is_begun_takes_no_others_place(flow):
    with pytest.raises(TargetError, match="is there already"):
        begin("pipeline", "flowers", flow)


def test_what_is_begun_has_a_name_that_it_can_keep(tmp_path):
    with pytest.raises(ParameterError, match=r"no pipeline is called '\.\./up'"):
        begin("pipeline", "../up", tmp_path / "x")


def test_the_test_of_a_new_operator_passes(operator, request):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", operator], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode()


def test_the_command_lists_problems_and_exits_with_2(flow):
    (flow / "README.md").unlink()
    done = CliRunner().invoke(app, ["check", str(flow), "--json"])
    assert done.exit_code == 2
    assert [each["path"] for each in json.loads(done.output)["problems"]] == ["README.md"]


def test_the_digest_is_over_lines_of_sha256_size_and_path_by_the_bytes_of_the_path():
    files = [File("é", 1, "b" * 64), File("z", 2, "a" * 64)]
    import hashlib

    lines = f"{'a' * 64} 2 z\n{'b' * 64} 1 é\n"
    assert digest_of(files) == hashlib.sha256(lines.encode()).hexdigest()


def test_hidden_files_do_not_travel(flow):
    (flow / ".git").mkdir()
    (flow / ".git" / "config").write_text("mine")
    assert [file.path for file in files_of(flow)] == ["README.md", "pipeline.yaml"]
    assert problems(flow) == set()


def test_all_that_is_wrong_is_told_at_once(flow):
    (flow / "pipeline.yaml").write_text("junco: 1\njunco: 1\n")
    (flow / "README.md").write_text("# no head")
    (flow / "weights.pkl").write_bytes(pickle.dumps({}))
    assert len(problems(flow)) >= 3


# The cases of the list of attacks that are of files.


def test_case_1_headers_of_safetensors_that_lie_are_refused_fast(flow):
    started = time.monotonic()
    (flow / "long.safetensors").write_bytes((10**12).to_bytes(8, "little") + b"{" + b" " * 100)
    header = {
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
    }
    text = json.dumps(header).encode()
    (flow / "over.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(12))
    found = problems(flow)
    assert any("long.safetensors: its header should have 1,000,000,000,000 bytes" in each for each in found)
    assert any("over.safetensors: its tensors overlap" in each for each in found)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "data", [pickle.dumps([1] * 300), b"PK\x03\x04" + bytes(50), b"7z\xbc\xaf\x27\x1c" + bytes(50)]
)
def test_case_2_other_files_that_are_called_safetensors_are_refused(flow, data):
    (flow / "model.safetensors").write_bytes(data)
    assert any(each.startswith("model.safetensors: it is a") for each in problems(flow))


@pytest.mark.parametrize("name", ["m.pt", "m.pkl", "m.joblib", "m.keras", "m.h5", "hook.pth", "lib.so", "notes.ipynb"])
def test_cases_3_14_and_17_files_that_run_when_they_are_read_are_refused_by_name(flow, name):
    (flow / name).write_text("harmless, it says")
    assert any(each.startswith(f"{name}: ") for each in problems(flow))


def test_case_3_arrays_of_objects_are_refused(flow):
    np.save(flow / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert any("a.npy: it is an array of Python objects" in each for each in problems(flow))


def test_case_4_a_pickle_under_another_name_or_in_a_container_is_refused(flow):
    import gzip

    (flow / "notes.bin").write_bytes(pickle.dumps({"a": list(range(300))}))
    (flow / "data.bin").write_bytes(gzip.compress(pickle.dumps({})))
    found = problems(flow)
    assert any(each.startswith("notes.bin: it is a pickle") for each in found)
    assert any(each.startswith("data.bin: it is a container (gzip)") for each in found)


@pytest.mark.parametrize("key", ["trust_remote_code", "auto_map", "_attn_implementation_internal", "loader_module"])
def test_case_5_orders_to_run_code_are_refused(flow, key):
    text = (flow / "pipeline.yaml").read_text()
    (flow / "pipeline.yaml").write_text(text.replace("name: embed}", f"name: embed, with: {{{key}: true}}}}"))
    assert any(key in each for each in problems(flow))


def test_case_5_tags_of_python_are_refused(flow):
    (flow / "pipeline.yaml").write_text("junco: !!python/object/apply:os.system [touch canary]\n")
    assert any("is not read" in each for each in problems(flow))
    assert not (flow / "canary").exists()


@pytest.mark.parametrize("name", ["conftest.py", "sitecustomize.py", "setup.py", "numpy.py", "json.py"])
def test_case_14_code_that_would_stand_for_other_modules_is_refused(operator, name):
    (operator / name).write_text("raise SystemExit('it ran')")
    assert any(f"{name} is code that it does not declare" in each for each in problems(operator))
    manifest = (operator / "operator.yaml").read_text()
    (operator / "operator.yaml").write_text(manifest.replace("code:\n", f"code:\n- {name}\n"))
    assert any("is called as a module that everybody knows" in each for each in problems(operator))


@pytest.mark.parametrize(
    "wanted", ["x @ https://evil.example/x.whl", "-e .", "--index-url=https://evil.example", "../x"]
)
def test_case_15_requirements_that_are_no_names_are_refused(operator, wanted):
    manifest = (operator / "operator.yaml").read_text()
    (operator / "operator.yaml").write_text(manifest.replace("- numpy", f'- "{wanted}"'))
    assert any("requirements: " in each for each in problems(operator))


@pytest.mark.parametrize("part", ["../../etc/passwd", "/etc/passwd", "a/../../b"])
def test_case_16_parts_of_a_model_outside_its_folder_are_refused(flow, part):
    (flow / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": part}}))
    assert any("weight_map names" in each for each in problems(flow))


@pytest.mark.parametrize("place", ["../../etc/passwd", "/etc/passwd", "C:/x", "missing.bin"])
def test_case_16_external_data_of_onnx_outside_the_folder_is_refused(flow, place):
    (flow / "model.onnx").write_bytes(b"\x08\x0a" + entry("location", place) + entry("offset", "0"))
    assert any(f"model.onnx: external data lies in {place!r}" in each for each in problems(flow))


def test_case_16_external_data_of_onnx_beside_it_are_fine(flow):
    (flow / "model.onnx").write_bytes(b"\x08\x0a" + entry("location", "model.data"))
    (flow / "model.data").write_bytes(b"\0\1" * 40)
    assert problems(flow) == set()


@pytest.mark.parametrize(
    "data",
    [
        b"\x12\x02xy\x0a\x08location",
        b"\x0a\x88\x00location\x12\x02xy",
        b"\x8a\x00\x08location\x12\x02xy",
        b"\x0a\x08location\x12\x82\x00xy",
    ],
)
def test_case_16_external_data_of_onnx_in_an_odd_form_are_refused(flow, data):
    (flow / "model.onnx").write_bytes(b"\x08\x0a" + data)
    assert any("in an odd form" in each for each in problems(flow))


def test_case_16_external_data_are_found_in_what_onnx_itself_writes(flow):
    onnx = pytest.importorskip("onnx")

    tensor = onnx.numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["w"], ["y"])], "g", [], [], [tensor])
    model = onnx.helper.make_model(graph)
    onnx.save(model, flow / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    assert problems(flow) == set()
    (flow / "m.data").unlink()
    assert any("external data lies in 'm.data': there is no such file" in each for each in problems(flow))


def entry(key, value):
    """An entry of external data, as protocol buffers have it."""
    return bytes([10, len(key), *key.encode(), 18, len(value), *value.encode()])


def test_case_16_links_are_refused(flow, tmp_path):
    (tmp_path / "secret").write_text("mine")
    (flow / "data.txt").symlink_to(tmp_path / "secret")
    assert "data.txt: is a link: an artefact holds plain files alone" in problems(flow)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: [*x, *x]\n", "anchors and aliases"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper"),
        ("junco: 1\njunco: 2\n", "stands here twice"),
        ("x: " + "a" * 1_000_001, "at most"),
        ("a: " + "9" * 200_000, "digits"),
    ],
)
def test_case_19_yaml_that_does_harm_is_refused_with_its_line(flow, text, said):
    (flow / "pipeline.yaml").write_text(text)
    assert any(each.startswith("pipeline.yaml") and said in each for each in problems(flow))


def test_case_20_operators_that_are_none_are_refused(flow):
    text = (flow / "pipeline.yaml").read_text()
    (flow / "pipeline.yaml").write_text(text.replace("vector.normalize", "__import__('os')"))
    assert any("no operator named" in each for each in problems(flow))


@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_path_of_somebodys_machine_is_refused_whether_or_not_its_operator_is_at_hand(flow, is_loaded):
    if is_loaded:
        ops["image-decode.pil"]()
    text = (flow / "pipeline.yaml").read_text()
    (flow / "pipeline.yaml").write_text(text.replace("name: decode}", "name: decode, with: {path: /home/me/x}}"))
    assert any("'/home/me/x' lies outside the folder" in each for each in problems(flow))


def test_a_token_that_was_forgotten_in_a_file_is_refused(flow):
    from junco.hub.content.token_text import new_token

    (flow / "notes.txt").write_text(f"my token: {new_token()}")
    assert any("notes.txt: it holds a token of a hub" in each for each in problems(flow))


def test_weights_that_are_others_than_the_manifest_says_are_refused(tmp_path):
    folder = begin("tuned-operator", "mine", tmp_path / "mine")
    data = bytearray((folder / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(data)
    assert any("which it has not" in each for each in problems(folder))
