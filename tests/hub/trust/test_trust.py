"""Code of a hub: shown, allowed commit by commit, and never run unasked."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from junco import hub, ops
from junco.cli.main import app
from junco.errors import ContractError
from junco.hub.artefact.beginnings import begin
from junco.hub.trust.grants import grants
from junco.hub.trust.review import review


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
    assert "nobody is here to ask: --yes allows it" in run("hub", "trust", "alice/mine@1.0.0", given="", code=2)
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


def test_code_is_shown_as_python_reads_it_and_nothing_in_it_moves_what_is_shown(served, machine, operator):
    machine("alice", served.alice)
    code = operator / "mine_operator.py"
    code.write_text(f"{code.read_text()}\n# a comment\u2028assert is_safe()  # \u202emoc.evil\u200b\n")
    hub.push(operator, "alice/hides", release="1.0.0")
    machine("bob", served.bob)
    shown = run("hub", "trust", "alice/hides@1.0.0", given="n\n", code=2)
    assert r"+# a comment\u2028assert is_safe()  # \u202emoc.evil\u200b" in shown


def test_data_has_nothing_to_allow(served, machine, tmp_path):
    machine("alice", served.alice)
    hub.push(begin("pipeline", "plain", tmp_path / "plain"), "alice/plain")
    assert "holds no code" in run("hub", "trust", "alice/plain")
    with pytest.raises(ContractError, match="nothing has to be allowed"):
        review("alice/plain").grant()
    with pytest.raises(ContractError, match="is a pipeline, and an operator is wanted: alice/plain is opened by"):
        ops["alice/plain"]
