"""ONNX files that were changed for junco, kept under JUNCO_HOME/files: what becomes of those that nobody uses."""

from __future__ import annotations

import os
import time

import onnx
import pytest
from onnx import TensorProto, helper

from junco.neural.derived import derived

OLD_S = time.time() - 100 * 86_400


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A publisher's file, and a JUNCO_HOME of the test's own."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    one, other = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "net", [one], [other])
    onnx.save(helper.make_model(graph), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def test_one_that_nobody_has_used_for_long_goes_when_another_is_made(file):
    used, unused = (derived([file], change, lambda model: model).parent for change in ("used", "unused"))
    mine, begun = used.with_name("mine"), used.with_name(".deriving-x1")
    for folder in (mine, begun):
        folder.mkdir()
    for folder in (used, unused, mine, begun):
        os.utime(folder, (OLD_S, OLD_S))
    assert derived([file], "used", lambda _: pytest.fail("it was made again")).parent == used
    derived([file], "new", lambda model: model)
    assert [folder.exists() for folder in (used, unused, mine, begun)] == [True, False, True, False]
