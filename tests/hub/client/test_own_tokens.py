"""Tokens for other programs: made, listed without what is secret, restricted, taken back."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from junco import hub
from junco.cli.main import app
from junco.hub.artefact.beginnings import begin
from junco.hub.client.faults import HubError


def run(*args, code=0):
    done = CliRunner().invoke(app, list(args))
    assert done.exit_code == code, (done.output, done.stderr)
    return done.output.strip()


@pytest.fixture
def served(request):
    return request.getfixturevalue("hub")


def test_a_token_is_shown_once_and_restricted_to_what_was_said(served, machine, monkeypatch, tmp_path):
    machine("alice", served.alice)
    hub.push(begin("pipeline", "flowers", tmp_path / "flowers"), "alice/tokens-flowers", private=True)
    hub.push(begin("pipeline", "trees", tmp_path / "trees"), "alice/tokens-trees", private=True)
    made = run("hub", "token", "nightly build", "--only", "alice/tokens-flowers")
    assert made.startswith("jnc_")
    listed = json.loads(run("hub", "token", "--json"))
    mine = next(each for each in listed if each["name"] == "nightly build")
    assert made not in json.dumps(listed)
    assert mine["scopes"] == ["repo:read"]
    assert "nightly build" in run("hub", "token")

    machine("builder")
    monkeypatch.setenv("JUNCO_TOKEN", made)
    assert hub.pull("alice/tokens-flowers").is_dir()
    with pytest.raises(HubError):
        hub.pull("alice/tokens-trees")
    with pytest.raises(HubError):
        hub.push(tmp_path / "flowers", "alice/tokens-flowers")

    machine("alice", served.alice)
    run("hub", "token", "--revoke", str(mine["id"]))
    assert "taken back" in run("hub", "token")
