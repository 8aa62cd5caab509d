"""A folder of one's own run on the cases of its family, and on its golden vectors."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from junco.cli.main import app
from junco.hub.artefact.beginnings import begin


def run(*args, code=0):
    done = CliRunner().invoke(app, [str(each) for each in args])
    assert done.exit_code == code, (done.output, done.stderr)
    return done.output


@pytest.fixture
def family(tmp_path):
    return begin("operator-family", "leaf-embedding", tmp_path / "leaf-embedding")


@pytest.fixture
def member(tmp_path):
    return begin("operator", "leaf-embedding.mean", tmp_path / "mean")


def change(path, before, after):
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def test_what_is_begun_does_what_its_family_asks_for(member, family):
    assert "nothing is wrong with it, and it does what it should" in run("check", member, "--run", "--family", family)


def test_without_run_nothing_runs(member, tmp_path):
    change(
        member / "mean_operator.py",
        "import numpy as np\n",
        f"import numpy as np\nopen({str(tmp_path / 'ran')!r}, 'w')\n",
    )
    run("check", member)
    assert not (tmp_path / "ran").exists()


def test_golden_vectors_that_are_others_are_said(member):
    change(member / "golden.json", "[0.0, 0.5, 0.5]", "[0.0, 0.5, 0.9]")
    failed = CliRunner().invoke(app, ["check", str(member), "--run"])
    assert failed.exit_code == 2
    assert "golden input 2 of 2" in failed.stderr


def test_cases_that_fail_are_listed_by_their_names(member, family):
    change(family / "family.yaml", "finite: true", "finite: true\n  dim: 64")
    told = json.loads(run("check", member, "--run", "--family", family, "--json", code=2))
    (problem,) = told["problems"]
    assert problem["problem"] == "case 'a picture has a vector': numbers of the shape (3,), and not 64"


def test_an_operator_that_tells_no_pictures_apart_fails_the_case_of_it(member, family):
    change(member / "mean_operator.py", "image.mean(axis=(0, 1)) / 255", "image.mean(axis=(0, 1)) * 0")
    change(member / "golden.json", "[[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]", "[[0, 0, 0], [0, 0, 0]]")
    assert "case 'others differ': the same result as of 'cases/blue.png'" in run(
        "check", member, "--run", "--family", family, code=2
    )


def test_ports_and_parameters_are_those_of_the_family(member, family):
    change(family / "family.yaml", "  vector: float32 (dim)", "  leaf: float32 (dim)")
    change(family / "family.yaml", "parameters: []", "parameters: [season]")
    said = run("check", member, "--run", "--family", family, code=2)
    assert "its outputs are vector, and those of leaf-embedding leaf" in said
    assert "it has no parameter 'season'" in said


def test_a_pipeline_runs_the_cases_of_its_family(tmp_path):
    family = begin("pipeline-family", "leaf-search", tmp_path / "leaf-search")
    flow = begin("pipeline", "leaves", tmp_path / "leaves")
    assert "does what it should" in run("check", flow, "--run", "--family", family)
    change(family / "family.yaml", "finite: true", "dim: 9")
    assert "case 'a picture has a vector'" in run("check", flow, "--run", "--family", family, code=2)


def test_another_kind_of_family_is_said(member, tmp_path):
    family = begin("pipeline-family", "leaf-search", tmp_path / "leaf-search")
    assert "leaf-search is a family of pipelines" in run("check", member, "--run", "--family", family, code=2)


def test_a_family_itself_is_not_run_and_cases_need_a_run(family, member):
    assert "nothing of a family can be run" in CliRunner().invoke(app, ["check", str(family), "--run"]).stderr
    assert "say --run too" in CliRunner().invoke(app, ["check", str(member), "--family", str(family)]).stderr
