"""Case 6: other libraries' loaders are called in few places, and never told that code of a model may run."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SRC = ROOT / "src" / "junco"
LOADERS = {"from_pretrained", "from_config"}
"""Methods of transformers, sentence-transformers and others that may run a model's code."""
FETCHING = {"builtin/hub_model/hub.py"}
"""The one place that asks the Hugging Face Hub for files, by name and revision."""


def calls():
    for path in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(SRC).as_posix(), node


def called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def given(node, name):
    return next((each.value for each in node.keywords if each.arg == name), None)


def test_case_6_every_loader_is_told_that_no_code_of_a_model_runs():
    found = [(path, node) for path, node in calls() if called(node) in LOADERS and not path.startswith("hub/server")]
    assert found
    for path, node in found:
        word = given(node, "trust_remote_code")
        assert isinstance(word, ast.Constant), f"{path}:{node.lineno}"
        assert word.value is False, f"{path}:{node.lineno}"
    said = [given(node, "trust_remote_code") for _, node in calls()]
    assert all(word is None or (isinstance(word, ast.Constant) and word.value is False) for word in said)


def test_case_6_files_of_models_come_in_one_place_and_by_no_loader_of_its_own():
    asks = {path for path, node in calls() if called(node) in {"hf_hub_download", "snapshot_download"}}
    assert asks == FETCHING
    local = [node for path, node in calls() if called(node) == "from_pretrained"]
    assert all(isinstance(word := given(node, "local_files_only"), ast.Constant) and word.value for node in local)


def test_case_6_nothing_takes_code_from_elsewhere():
    text = "\n".join(path.read_text("utf-8") for path in sorted(SRC.rglob("*.py")))
    assert re.findall(r"torch\.hub\b|load_state_dict_from_url|get_class_from_dynamic_module|use_kernels", text) == []
    assert [path for path, node in calls() if called(node) in {"exec_module", "load_module", "run_path"}] == []
    assert "trust_remote_code=True" not in text


def test_case_6_no_transformers_is_asked_for_that_is_told_by_a_configuration_to_load_code():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    floors = [text for texts in extras.values() for text in texts if text.startswith("transformers")]
    assert floors
    for text in floors:
        floor = tuple(map(int, re.match(r"transformers>=(\d+)\.(\d+)", text).groups()))
        assert floor >= (5, 3), text
