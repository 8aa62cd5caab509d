"""Code of a hub: shown, allowed commit by commit, and never run unasked."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner

from junco import hub, ops, pipeline
from junco.cli.main import app
from junco.errors import ContractError, TrustError
from junco.hub.artefact.beginnings import begin
from junco.hub.trust.grants import grants
from junco.hub.trust.review import review

_spec = importlib.util.spec_from_file_location(
    "hub_client_conftest", Path(__file__).parent.parent / "client/conftest.py"
)
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)
hub_fixture, machine = pytest.fixture(scope="module", name="served")(_shared.hub.__wrapped__), _shared.machine


@pytest.fixture(name="hub")
def the_hub(served):
    return served


@pytest.fixture
def operator(tmp_path):
    """An operator that leaves a file wherever it runs."""
    folder = begin("operator", "image-embedding.mine", tmp_path / "mine")
    code = folder / "mine_operator.py"
    code.write_text(f"{code.read_text()}\nopen({str(tmp_path / 'canary')!r}, 'w').close()\n")
    return folder


def run(*args, given=None, code=0):
    done = CliRunner().invoke(app, list(args), input=given)
    assert done.exit_code == code, (done.output, done.stderr)
    return done.output


def test_code_is_shown_asked_about_and_allowed_for_one_commit(served, machine, operator, tmp_path):
    machine("alice", served.alice)
    hub.push(operator, "alice/mine", release="1.0.0")
    machine("bob", served.bob)
    shown = run("hub", "trust", "alice/mine@1.0.0", given="n\n", code=2)
    assert "+class Mine(Operator" in shown
    assert grants() == []
    run("hub", "trust", "alice/mine@1.0.0", "--yes")
    assert [each.repository for each in grants()] == ["alice/mine"]
    assert "is allowed already" in run("hub", "trust", "alice/mine@1.0.0")
    assert "alice/mine" in run("hub", "trust", "--list")
    run("hub", "trust", "alice/mine", "--revoke")
    assert grants() == []
    assert not (tmp_path / "canary").exists()


def test_case_7_what_was_allowed_is_not_what_came_after_it(served, machine, operator):
    machine("alice", served.alice)
    hub.push(operator, "alice/moves", release="1.0.0")
    review("alice/moves").grant()
    assert review("alice/moves@1.0.0").is_granted
    code = operator / "mine_operator.py"
    code.write_text(code.read_text().replace("255", "254"))
    hub.push(operator, "alice/moves")
    found = review("alice/moves@main")
    assert not found.is_granted
    changed = [line for line in found.difference() if line.startswith(("+ ", "- "))]
    assert len(changed) == 2
    assert "254" in changed[1]
    assert review("alice/moves@1.0.0").is_granted


def test_cases_5_and_14_code_of_a_hub_does_not_run_with_or_without_a_grant(served, machine, operator, tmp_path):
    machine("alice", served.alice)
    hub.push(operator, "alice/runs", release="1.0.0")
    with pytest.raises(TrustError, match=r"which nobody here allowed to run: 'junco hub trust alice/runs@1\.0\.0'"):
        ops["alice/runs@1.0.0"]
    review("alice/runs@1.0.0").grant()
    with pytest.raises(TrustError, match="operators of installed packages"):
        ops["alice/runs@1.0.0"]
    with pytest.raises(TrustError):
        pipeline("alice/runs@1.0.0")
    assert not (tmp_path / "canary").exists()


def test_data_has_nothing_to_allow(served, machine, tmp_path):
    machine("alice", served.alice)
    hub.push(begin("pipeline", "plain", tmp_path / "plain"), "alice/plain")
    assert "holds no code" in run("hub", "trust", "alice/plain")
    with pytest.raises(ContractError, match="nothing has to be allowed"):
        review("alice/plain").grant()
    with pytest.raises(ContractError, match="is a pipeline, and a tuned-operator is wanted: alice/plain is opened by"):
        ops["alice/plain"]
