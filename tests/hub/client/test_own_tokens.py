"""Tokens for other programs: made, listed without what is secret, restricted, taken back."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from junco import hub
from junco.cli.main import app
from junco.errors import ParameterError
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


def test_the_token_of_the_environment_goes_before_that_of_a_login_also_where_no_hub_is_named(
    served, machine, monkeypatch, tmp_path
):
    machine("alice", served.alice)
    folder = begin("pipeline", "flowers", tmp_path / "flowers")
    hub.push(folder, "alice/tokens-weak")
    monkeypatch.setenv("JUNCO_TOKEN", run("hub", "token", "only reads"))
    monkeypatch.delenv("JUNCO_HUB")  # where one logged in last is meant
    assert hub.whoami().scopes == ("repo:read",)
    (folder / "notes.txt").write_text("more")
    with pytest.raises(HubError, match="repo:write"):
        hub.push(folder, "alice/tokens-weak")
    with pytest.raises(ParameterError, match=r"nothing says that it is for https://other\.example: set JUNCO_HUB"):
        hub.whoami("https://other.example")


def test_a_login_keeps_and_a_logout_revokes_its_own_token_and_not_that_of_the_environment(served, machine, monkeypatch):
    machine("alice", served.alice)
    weak = run("hub", "token", "stays")
    machine("new")
    monkeypatch.setenv("JUNCO_TOKEN", weak)
    assert "repo:write" in hub.login(served.url, "alice", "password of alice").scopes
    hub.logout()
    assert hub.whoami().scopes == ("repo:read",)
