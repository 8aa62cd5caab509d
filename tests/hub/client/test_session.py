"""Logging in, and what may be done then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from junco import hub
from junco.cli.main import app
from junco.errors import ContractError, InputError, IntegrityError, NoHubError, ParameterError, UnavailableError
from junco.hub.artefact.beginnings import begin
from junco.hub.client.address import hub_address
from junco.hub.client.faults import HubError
from junco.hub.client.tokens import Token, keep_token, token_for


@pytest.fixture
def served(request):
    return request.getfixturevalue("hub")


@pytest.fixture
def flow(tmp_path):
    return begin("pipeline", "flowers", tmp_path / "flowers")


def run(*args, given=None, code=0):
    done = CliRunner().invoke(app, list(args), input=given)
    assert done.exit_code == code, (done.output, done.stderr)
    return done.output


def test_from_login_to_logout(served, machine):
    machine("new")
    said = run("hub", "login", served.url, "--user", "alice", "--password-stdin", given="password of alice\n")
    assert said.startswith(f"alice at {served.url}, until ")
    assert json.loads(run("hub", "whoami", "--json"))["user"] == "alice"
    token = token_for(served.url).text
    assert token not in said
    run("hub", "logout")
    assert token_for(served.url) is None
    assert served.raw("GET", "/junco/v1/me", token).status_code == 401


def test_a_wrong_password_keeps_nothing(served, machine):
    machine("new")
    run("hub", "login", served.url, "--user", "alice", "--password-stdin", given="wrong\n", code=2)
    assert token_for(served.url) is None


def test_the_hub_of_the_last_login_is_meant(served, machine, monkeypatch):
    machine("new")
    monkeypatch.delenv("JUNCO_HUB")
    with pytest.raises(NoHubError, match="junco hub login"):
        hub.whoami()
    hub.login(served.url, token=served.alice.token)
    assert hub.whoami().user == "alice"


@pytest.mark.parametrize(
    "text",
    ["hub.example", "ftp://x", "https://a:b@x", "http://", "https://x?y", "https://x#y", "file:///x", "https://x:y"],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ParameterError):
        hub_address(text)


@pytest.mark.parametrize("text", ["HTTPS://Hub.Example:443/", "https://hub.example", "https://hub.example/"])
def test_an_address_has_one_spelling(text):
    assert hub_address(text) == "https://hub.example"


def test_commands_from_push_to_delete(served, machine, flow):
    machine("alice", served.alice)
    said = run("hub", "push", str(flow), "alice/commands", "--release", "1.0.0")
    assert said.startswith("alice/commands@1.0.0: commit ")
    assert said.splitlines()[1] == f"{served.url}/alice/commands"
    assert "alice/commands" in run("hub", "search", "commands", "--kind", "pipeline")
    assert "pipeline.yaml" in run("hub", "show", "alice/commands@1.0.0")
    (flow / "notes.txt").write_text("more")
    run("hub", "push", str(flow), "alice/commands", "--release", "1.1.0", "-m", "notes")
    page = f"{served.url}/alice/commands/compare/v1.0.0...v1.1.0"
    assert run("hub", "diff", "alice/commands@1.0.0", "1.1.0", "--names").splitlines() == ["+ notes.txt", page]
    assert run("hub", "diff", "alice/commands@1.0.0", "1.1.0").splitlines()[-2:] == ["+more", page]
    assert served.raw("GET", page.removeprefix(served.url)).status_code == 200
    folder = run("hub", "pull", "alice/commands").strip()
    assert sorted(p.name for p in Path(folder).iterdir()) == [
        "README.md",
        "notes.txt",
        "pipeline.yaml",
    ]
    run("hub", "delete", "alice/commands", given="alice/other\n", code=2)
    run("hub", "delete", "alice/commands", "--yes")
    assert run("hub", "search", "commands").strip() == "nothing holds 'commands'"
    with pytest.raises(HubError):
        hub.push(flow, "alice/commands")  # its name is taken for ever


def test_case_8_what_was_deleted_is_not_made_again_by_anybody(served, machine, flow):
    machine("alice", served.alice)
    hub.push(flow, "alice/gone", release="1.0.0")
    hub.delete("alice/gone")
    machine("bob", served.bob)
    with pytest.raises(UnavailableError):
        hub.push(flow, "alice/gone")
    with pytest.raises(UnavailableError):
        hub.pull("alice/gone@1.0.0")


def test_a_release_is_never_moved(served, machine, flow):
    machine("alice", served.alice)
    hub.push(flow, "alice/fixed", release="1.0.0")
    (flow / "notes.txt").write_text("more")
    with pytest.raises(HubError, match=r"v1\.0\.0"):
        hub.push(flow, "alice/fixed", release="1.0.0")
    assert hub.show("alice/fixed")["revision"]["release"] == "v1.0.0"


def test_a_private_repository_is_as_if_it_were_not_there(served, machine, flow):
    machine("alice", served.alice)
    hub.push(flow, "alice/zzqqxx", private=True)
    assert hub.pull("alice/zzqqxx").is_dir()
    with pytest.raises(HubError, match="Did you mean 'alice/zzqqxx'"):
        hub.pull("alice/zzqqx")
    machine("bob", served.bob)
    with pytest.raises(HubError) as private:
        hub.pull("alice/zzqqxx")
    with pytest.raises(HubError) as missing:
        hub.pull("alice/zzqqxy")
    assert str(private.value).replace("zzqqxx", "zzqqxy") == str(missing.value)


def test_a_folder_with_problems_is_not_pushed(served, machine, flow):
    machine("alice", served.alice)
    (flow / "README.md").unlink()
    with pytest.raises(ContractError, match=r"README\.md: it is missing"):
        hub.push(flow, "alice/bad")
    with pytest.raises(InputError, match="licence"):
        hub.push(flow, "alice/bad", licence="unknown")
    hub.push(flow, "alice/bad", licence="apache-2.0")


def test_a_licence_goes_into_the_head_of_a_card_that_says_none(served, machine, flow):
    machine("alice", served.alice)
    for name in ("README.md", "pipeline.yaml"):
        text = (flow / name).read_text().replace("license: apache-2.0\n", "")
        (flow / name).write_text(f"{text}\nTODO: more\n" if name == "README.md" else text)
    with pytest.raises(ContractError, match="its head lacks 'license:'"):
        hub.push(flow, "alice/unsaid")
    pushed = hub.push(flow, "alice/unsaid", licence="mit")
    assert any("it still says 'TODO'" in each for each in pushed.warnings)
    assert hub.show("alice/unsaid")["licence"] == "mit"
    body = (flow / "README.md").read_text().partition("# ")[2]
    assert (hub.pull("alice/unsaid") / "README.md").read_text().partition("# ")[2] == body


def test_a_licence_that_is_not_the_cards_is_not_passed_over(served, machine, flow):
    machine("alice", served.alice)
    with pytest.raises(ContractError, match=r"it says the licence 'apache-2\.0', and not 'mit'"):
        hub.push(flow, "alice/licensed", licence="mit")


def test_a_hub_that_is_gone_leaves_what_is_known_usable(served, machine, flow, monkeypatch):
    from junco.hub.client import connection

    machine("alice", served.alice)
    hub.push(flow, "alice/kept")
    folder = hub.pull("alice/kept")
    monkeypatch.setattr(connection.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(connection.Connection, "answered", _no_line)
    with pytest.raises(UnavailableError, match="JUNCO_OFFLINE=1 takes it"):
        hub.pull("alice/kept")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert hub.pull("alice/kept") == folder


def _no_line(*args, **more):
    from junco.hub.client.connection import BrokenLineError

    raise BrokenLineError("http://hub cannot be reached")


def test_a_lock_pins_and_frozen_takes_nothing_else(served, machine, flow):
    machine("alice", served.alice)
    hub.push(flow, "alice/moving")
    with pytest.raises(IntegrityError, match="is not pinned"):
        hub.pull("alice/moving", frozen=True)
    hub.lock(["alice/moving"])
    first = hub.pull("alice/moving", frozen=True)
    (flow / "notes.txt").write_text("more")
    hub.push(flow, "alice/moving")
    assert hub.pull("alice/moving") == first
    assert run("hub", "lock", "--frozen").startswith("alice/moving: pipeline, commit ")
    hub.lock()
    assert hub.pull("alice/moving") != first


def test_what_was_sent_before_is_not_sent_again_after_a_broken_line(served, machine, flow, monkeypatch):
    import httpx2

    from junco.hub.client import pushing

    machine("alice", served.alice)
    (flow / "big.txt").write_text("0123456789" * 400_000)
    broken = []
    plain = pushing._pieces

    def breaking(source, file, done, told):
        for number, piece in enumerate(plain(source, file, done, told)):
            if file.path == "big.txt" and number == 2 and not broken:
                broken.append(done)
                raise httpx2.WriteError("the line broke")
            yield piece

    monkeypatch.setattr(pushing, "_pieces", breaking)
    made = hub.push(flow, "alice/broken")
    assert broken == [0]
    assert 0 < made.sent_bytes < 4_000_000
    assert (hub.pull("alice/broken") / "big.txt").stat().st_size == 4_000_000


def test_a_name_that_is_not_there_is_told_with_near_ones_and_a_version_with_the_releases(served, machine, flow):
    machine("alice", served.alice)
    hub.push(flow, "alice/sunflowers", release="1.0.0")
    for wrong in ("alice/sunflwers", "alcie/sunflowers"):
        with pytest.raises(HubError, match=f"^{wrong}@1.0.0: .*Did you mean 'alice/sunflowers'"):
            hub.pull(f"{wrong}@1.0.0")
        with pytest.raises(HubError, match="Did you mean 'alice/sunflowers'"):
            hub.show(wrong)
    for look in (hub.pull, hub.show):
        with pytest.raises(HubError, match=r"^alice/sunflowers@1\.2\.0: .*; its releases: 1\.0\.0$"):
            look("alice/sunflowers@1.2.0")


def test_who_may_not_write_where_is_said_and_a_token_that_is_unknown_once(served, machine, flow):
    machine("alice", served.alice)
    hub.push(flow, "alice/hers")
    machine("bob", served.bob)
    with pytest.raises(HubError, match="bob may not write to alice/hers"):
        hub.push(flow, "alice/hers")
    with pytest.raises(HubError, match="bob may not delete alice/hers"):
        hub.delete("alice/hers")
    keep_token(served.url, Token("jnc_unknown"))
    with pytest.raises(HubError) as unknown:
        hub.whoami()
    assert str(unknown.value).count("junco hub login") == 1


def test_a_lock_lets_go_of_names_and_says_what_moves_and_what_stays(served, machine, flow, capsys):
    machine("alice", served.alice)
    hub.push(flow, "alice/pins", release="1.0.0")
    run("hub", "lock", "alice/pins", "alice/pins@1.0.0")
    (flow / "notes.txt").write_text("more")
    hub.push(flow, "alice/pins", release="1.1.0")
    capsys.readouterr()
    first, second = hub.pull("alice/pins"), hub.pull("alice/pins")
    assert first == second == hub.pull("alice/pins@1.0.0")
    assert capsys.readouterr().err == f"alice/pins is pinned by {Path.cwd() / 'junco.lock'}: 1.0.0\n"
    said = run("hub", "lock", "alice/pins")
    assert "alice/pins: was 1.0.0, and is 1.1.0 from now on" in said
    assert "alice/pins@1.0.0 stays pinned, to 1.0.0: 'junco hub lock --drop alice/pins@1.0.0' lets go of it" in said
    run("hub", "lock", "--drop", "alice/pins@1.0.0")
    assert [*json.loads(Path("junco.lock").read_text())["artefacts"]] == ["alice/pins"]
    assert "Did you mean 'alice/pins'" in run("hub", "lock", "--drop", "alice/pns", code=2)
    with pytest.raises(IntegrityError, match=r"is not pinned in .*junco\.lock, which pins alice/pins$"):
        hub.pull("alice/pins@1.0.0", frozen=True)


def test_offline_what_lies_here_is_shown_and_compared(served, machine, flow, monkeypatch):
    machine("alice", served.alice)
    hub.push(flow, "alice/here", release="1.0.0")
    (flow / "notes.txt").write_text("more")
    hub.push(flow, "alice/here", release="1.1.0")
    for version in ("1.0.0", "1.1.0"):
        hub.pull(f"alice/here@{version}")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert "pipeline.yaml" in run("hub", "show", "alice/here@1.0.0")
    assert "+more" in run("hub", "diff", "alice/here@1.0.0", "1.1.0")
    with pytest.raises(UnavailableError, match="is not on this machine"):
        hub.show("alice/here@2.0.0")


def test_a_file_of_the_cache_that_was_changed_is_put_right_with_a_word(served, machine, flow, capsys):
    machine("alice", served.alice)
    hub.push(flow, "alice/changed", release="1.0.0")
    card = hub.pull("alice/changed@1.0.0") / "README.md"
    good = card.read_bytes()
    card.chmod(0o600)
    card.write_bytes(b"other")
    capsys.readouterr()
    assert (hub.pull("alice/changed@1.0.0") / "README.md").read_bytes() == good
    assert capsys.readouterr().err.startswith("warning: alice/changed: ")


def test_the_hubs_commands_are_listed_in_whole_sentences_and_a_new_folder_says_what_is_next(tmp_path):
    assert "..." not in run("hub", "--help").partition("Commands:")[2]
    folder = tmp_path / "next"
    assert f"next: junco check {folder}; junco hub push {folder} " in run(
        "new", "pipeline", "next", "--to", str(folder)
    )
