"""``junco hub serve``, ``user add``, ``collect`` and ``backup``, as people type them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx2
import psutil
import pytest
from hubs import running_hub

from junco.hub.server.backup import back_up


def junco(*words, given=None, status=0):
    """What a command wrote to stdout and to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "junco", "hub", *map(str, words)],
        input=given,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def start(store, *more):
    """A hub that serves: the process, its address, and what it says first on stderr."""
    command = [sys.executable, "-m", "junco", "hub", "serve", str(store), "--port", "0", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def end(process, number=signal.SIGINT):
    """What it wrote until its end."""
    process.send_signal(number)
    rest = process.communicate(timeout=20)
    assert process.returncode == 0
    return rest


def test_one_command_makes_a_hub_and_its_admin_once(tmp_path):
    process, address = start(tmp_path / "store")
    assert address.startswith("http://127.0.0.1:")
    memory = psutil.Process(process.pid).memory_info().rss
    used = sum(psutil.Process(process.pid).cpu_times()[:2])
    name, password = re.search(r"admin is (\S+), with the password (\S+) ", end(process)[1]).groups()
    assert memory < 200e6
    assert used < 6  # seconds of a core; two of them on a machine of today
    process, address = start(tmp_path / "store")
    body = {"user": name, "password": password, "token": {"name": "t", "scopes": ["server:admin"]}}
    token = httpx2.post(f"{address}/junco/v1/login", json=body).raise_for_status().json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{address}/junco/v1/me", headers=headers).json()["admin"]
    rest = end(process, signal.SIGTERM)[1]
    assert "password" not in rest
    assert rest.endswith("ended\n")
    assert {oct(path.stat().st_mode & 0o077) for path in (tmp_path / "store", tmp_path / "store/incoming")} == {"0o0"}


def test_users_are_added_while_the_hub_runs(tmp_path):
    process, address = start(tmp_path)
    shown, _ = junco("user", "add", "alice", "--store", tmp_path)
    junco("user", "add", "bob", "--store", tmp_path, "--password-stdin", given="a password of bob's\n")
    for name, password in (("alice", shown.strip()), ("bob", "a password of bob's")):
        assert httpx2.post(f"{address}/junco/v1/login", json={"user": name, "password": password}).status_code == 201
    assert "taken" in junco("user", "add", "Alice", "--store", tmp_path, status=2)[1]
    end(process)
    assert "no hub" in junco("user", "add", "carol", "--store", tmp_path / "none", status=2)[1]


def test_who_forgot_a_password_gets_another_and_who_left_is_shut_out(tmp_path):
    with running_hub(tmp_path) as hub, httpx2.Client(base_url=hub.url, headers={"Origin": hub.url}) as browser:
        alice = hub.user("alice")
        fields = {"user": "alice", "password": alice.password, "back": "/", "form_token": ""}
        assert browser.post("/login", data=fields).status_code == 303
        assert browser.get("/tokens").status_code == 200

        def enters(password):
            body = {"user": "alice", "password": password}
            return httpx2.post(f"{hub.url}/junco/v1/login", json=body)

        assert enters(alice.password).status_code == 201
        new = junco("user", "password", "Alice", "--store", tmp_path)[0].strip()
        answer = enters(alice.password)
        assert (answer.status_code, "an admin of the hub can set a new one" in answer.text) == (401, True)
        assert enters(new).status_code == 201
        assert browser.get("/tokens").status_code == 401
        assert hub.ask("GET", "/me", alice)["user"] == "alice"  # tokens stay good
        junco("user", "password", "alice", "--store", tmp_path, "--password-stdin", given="chosen by herself\n")
        assert enters("chosen by herself").status_code == 201
        for given, why in (("short\n", "10 to 256"), ("\n", "no password")):
            told = junco("user", "password", "alice", "--store", tmp_path, "--password-stdin", given=given, status=2)
            assert why in told[1]
        assert "no user" in junco("user", "password", "nobody", "--store", tmp_path, status=2)[1]
        junco("user", "disable", "alice", "--store", tmp_path)
        assert enters("chosen by herself").status_code == 401
        hub.ask("GET", "/me", alice, status=401)
        found = {row["user"]: row for row in json.loads(junco("user", "list", "--store", tmp_path, "--json")[0])}
        assert (found["alice"]["disabled"], found["hubadmin"]["admin"]) == (True, True)
        assert "disabled" in junco("user", "list", "--store", tmp_path)[0]
        junco("user", "enable", "alice", "--store", tmp_path)
        assert enters("chosen by herself").status_code == 201
        hub.ask("GET", "/me", alice, status=401)  # what was ended stays so


def test_a_port_that_is_taken_is_said(tmp_path):
    process, address = start(tmp_path / "a")
    port = address.rpartition(":")[2]
    assert "port 0 takes one" in junco("serve", tmp_path / "b", "--port", port, status=2)[1]
    end(process)


def test_a_backup_is_a_hub_of_its_moment(tmp_path):
    with running_hub(tmp_path / "store") as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/op")
        data = os.urandom(5000)
        hub.push(alice, "alice/op", {"a.bin": data}, parent=None, release="v1.0.0")
        assert back_up(tmp_path / "store", tmp_path / "copy") == 1
        hub.push(alice, "alice/op", {"b.bin": b"later"})
        hub.ask("DELETE", "/repositories/alice/op", alice, status=204)
    assert "holds something" in junco("backup", tmp_path / "copy", "--store", tmp_path / "store", status=2)[1]
    process, address = start(tmp_path / "copy")
    tree = httpx2.get(f"{address}/junco/v1/repositories/alice/op/tree/v1.0.0").json()
    sha256 = tree["files"][0]["sha256"]
    assert httpx2.get(f"{address}/junco/v1/repositories/alice/op/blobs/{sha256}").content == data
    end(process)
    assert junco("collect", "--store", tmp_path / "copy")[0] == "0 files, 0 bytes\n"
    junco("check", "--store", tmp_path / "copy")
    next((tmp_path / "copy" / "blobs").glob(f"*/*/{sha256}-*")).unlink()
    assert junco("check", "--store", tmp_path / "copy", status=1)[0] == f"{sha256}  alice/op: a.bin\n"


def test_who_asks_is_who_a_proxy_says_where_it_is_named(tmp_path):
    for more, scheme in ((["--proxy", "127.0.0.1"], "https"), ([], "http")):
        process, address = start(tmp_path, *more)
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        body = {"user": "nobody", "password": "x"}
        answer = httpx2.get(f"{address}/metrics", headers=headers)
        assert answer.status_code == (401 if scheme == "https" else 200)
        assert httpx2.post(f"{address}/junco/v1/session", json=body, headers=headers).status_code == 401
        end(process)


@pytest.mark.parametrize("host", ["0.0.0.0"])
def test_a_hub_that_others_reach_says_what_it_needs(tmp_path, host):
    process, address = start(tmp_path, "--host", host, "--allow-host", "hub.example")
    port = address.rpartition(":")[2]
    for name, status in (("hub.example", 200), ("evil.example", 421)):
        assert httpx2.get(f"http://127.0.0.1:{port}/health", headers={"Host": name}).status_code == status
    time.sleep(0.05)
    assert "without TLS" in end(process)[1]
