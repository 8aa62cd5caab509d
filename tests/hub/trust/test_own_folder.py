"""``junco check`` runs nothing by itself; with ``--run`` a folder of one's own has to do what it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner

from junco.cli.main import app
from junco.hub.artefact.beginnings import begin

_here = importlib.util.spec_from_file_location("trust_conftest", Path(__file__).parent / "conftest.py")
_tools = importlib.util.module_from_spec(_here)
_here.loader.exec_module(_tools)
change, golden = _tools.change, _tools.golden


def run(*args, code=0):
    done = CliRunner().invoke(app, ["check", *(str(each) for each in args)])
    assert done.exit_code == code, (done.output, done.stderr)
    return done.output


@pytest.fixture
def family(tmp_path):
    return begin("operator-family", "colours", tmp_path / "family")


def test_nothing_is_run_unless_it_is_asked_for(colour, canary, tmp_path):
    folder = colour("quiet")
    assert "nothing is wrong" in run(folder)
    assert not canary.exists()
    assert "it does what it says" in run(folder, "--run")
    assert canary.read_text() == "quiet\n"


def test_a_new_operator_does_what_it_says_and_keeps_its_familys_cases(tmp_path, family):
    folder = begin("operator", "image-embedding.mine", tmp_path / "mine")
    run(folder, "--run", "--family", family)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"more": "Bad.batch = lambda self, images: [image.mean() for image in images]"}, "golden input 1"),
        ({"more": "raise SystemExit(0)"}, "cannot be imported: SystemExit"),
        ({"more": "import os\nos._exit(7)"}, "ended with the status 7"),
        ({"more": "print('[]')\nraise ValueError('no')"}, "ValueError: no"),
        ({"requirements": ["no-such-package-of-anybody"]}, "which is not installed"),
    ],
)
def test_what_it_does_not_do_is_said(colour, how, why):
    assert why in run(colour("bad", **how), "--run", code=2)


def test_cases_of_a_family_are_run_on_a_member(colour, family):
    same = colour("same", more="import numpy\nSame._mean = lambda self, image: numpy.full(3, 0.5, numpy.float32)")
    golden(same, outputs=[[0.5] * 3] * 2)
    told = run(same, "--family", family, code=2)
    assert "others differ" in told
    assert "from which it should differ" in told
    from junco.graph.yaml_text import dump
    from junco.hub.artefact.fields import read_manifest

    manifest = read_manifest(family / "family.yaml")
    manifest |= {"parameters": ["normalize", "layer"], "outputs": {"vector": "float32 (dim)", "score": "float"}}
    manifest["cases"] = [{"name": "four numbers", "input": "cases/red.png", "dim": 4, "same_as": "cases/blue.png"}]
    (family / "family.yaml").write_text(dump(manifest, flow=False))
    told = run(colour("other"), "--family", family, code=2)
    for why in (
        "lacks the parameter 'layer'",
        "has 1 outputs",
        "4 numbers are wanted",
        "with which it should be the same",
    ):
        assert why in told


@pytest.mark.slow
def test_pipelines_and_tuned_operators_are_run_too(tmp_path, family):
    pipeline_family = begin("pipeline-family", "photos", tmp_path / "photos")
    run(begin("pipeline", "flow", tmp_path / "flow"), "--run", "--family", pipeline_family)
    run(begin("tuned-operator", "head", tmp_path / "head"), "--run", "--family", family)
    assert "is a pipeline, and no family" in run(tmp_path / "flow", "--family", tmp_path / "flow", code=2)
    assert "names no default member" in run(family, "--run", code=2)


def test_what_lies_in_the_working_folder_is_not_imported(colour, canary, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text(f"open({str(canary)!r} + '-shadow', 'w')\n")
    monkeypatch.chdir(tmp_path)
    run(colour("here"), "--run")
    assert not Path(f"{canary}-shadow").exists()
