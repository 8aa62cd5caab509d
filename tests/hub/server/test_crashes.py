"""A hub in a process of its own that is killed, and comes back: what was answered is there, and nothing is half there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time

import httpx2
import pytest

from junco.hub.server.blobs.collect import collect
from junco.hub.server.hub import open_hub

CODE = """
import sys
from pathlib import Path
from junco.hub.server import serve as s
from junco.hub.server.hub import open_hub
point = sys.argv[2]
if point != "none":
    import importlib, os
    where, name = point.rsplit(":", 1)
    name, _, when = name.partition("@")
    module = importlib.import_module(where)
    owner, _, attribute = name.rpartition(".")
    holder = getattr(module, owner) if owner else module
    real = getattr(holder, attribute)
    def dying(*args, **named):
        if when == "after":
            real(*args, **named)
        os.kill(os.getpid(), 9)
    setattr(holder, attribute, dying)
hub = open_hub(Path(sys.argv[1]))
s.serve(hub, "127.0.0.1", 0, lambda address: print(address, flush=True))
"""


@contextlib.contextmanager
def served(store, point="none"):
    """The address of a hub in a process of its own, which kills itself where ``point`` says."""
    command = [sys.executable, "-c", CODE, str(store), point]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def push(url, token, data, parent, path="a.bin"):
    """A push by the native protocol, in its three steps; its commit."""
    sha256 = hashlib.sha256(data).hexdigest()
    headers = {"Authorization": f"Bearer {token}"}
    base = f"{url}/junco/v1/repositories/alice/op"
    with httpx2.Client(headers=headers, timeout=30) as client:
        body = {"files": [{"sha256": sha256, "size": len(data)}]}
        for each in client.post(f"{base}/missing", json=body).raise_for_status().json()["missing"]:
            begin = each["offset"]
            said = {"Upload-Offset": str(begin), "Upload-Size": str(len(data))}
            client.put(f"{base}/blobs/{sha256}", content=data[begin:], headers=said).raise_for_status()
        add = [{"path": path, "sha256": sha256, "size": len(data)}]
        body = {"parent": parent, "message": "m", "add": add}
        return client.post(f"{base}/commits/main", json=body).raise_for_status().json()["commit"]


def pull(url, revision="main"):
    """All files of a revision by their paths, each checked."""
    base = f"{url}/junco/v1/repositories/alice/op"
    files = {}
    for file in httpx2.get(f"{base}/tree/{revision}").raise_for_status().json()["files"]:
        data = httpx2.get(f"{base}/blobs/{file['sha256']}").raise_for_status().content
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        files[file["path"]] = data
    return files


@pytest.fixture
def store(tmp_path):
    """The folder of a hub with alice, a repository and a commit; her token, and the commit."""
    from hubs import running_hub

    with running_hub(tmp_path / "store") as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/op")
        oid = hub.push(alice, "alice/op", {"a.bin": b"first"}, parent=None)["commit"]
    return tmp_path / "store", alice.token, oid


POINTS = [
    "junco.hub.server.blobs.uploads:append",
    "junco.hub.server.blobs.uploads:append@after",
    "junco.hub.server.blobs.uploads:_finish",
    "junco.hub.server.blobs.uploads:keep",
    "junco.hub.server.blobs.keep:look_at",
    "junco.hub.server.blobs.places:Folder.put",
    "junco.hub.server.blobs.places:Folder.put@after",
    "junco.hub.server.blobs.keep:insert_new",
    "junco.hub.server.blobs.keep:insert_new@after",
    "junco.hub.server.blobs.keep:_noted@after",
    "junco.hub.server.blobs.uploads:keep@after",
    "junco.hub.server.native.pushing:make_commit",
    "junco.hub.server.repos.commits:_tree",
    "junco.hub.server.repos.commits:_tree@after",
    "junco.hub.server.repos.commits:_add@after",
    "junco.hub.server.repos.commits:move_branch",
    "junco.hub.server.repos.commits:move_branch@after",
    "junco.hub.server.repos.commits:refresh_card@after",
    "junco.hub.server.repos.commits:_result@after",
    "junco.hub.server.native.pushing:make_commit@after",
]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_case_42_a_server_that_is_killed_within_a_push_loses_nothing(store, point):
    folder, token, first = store
    data = os.urandom(300_000)
    with served(folder, point) as (url, process):
        with pytest.raises(httpx2.HTTPError):
            push(url, token, data, first)
        assert process.wait(20) == -signal.SIGKILL
    with served(folder) as (url, _):
        seen = pull(url)
        assert seen["a.bin"] in {b"first", data}
        if seen["a.bin"] == b"first":
            push(url, token, data, first)
        assert pull(url) == {"a.bin": data}
        assert pull(url, first) == {"a.bin": b"first"}
    hub = open_hub(folder)
    assert collect(hub, grace_s=0).bytes == 0 or "append" in point
    kept = [path.stat().st_size for path in (folder / "blobs").rglob("*") if path.is_file()]
    assert sorted(kept) == [5, 300_000]
    hub.database.close()


@pytest.mark.slow
def test_case_42_a_server_that_is_killed_at_any_time_keeps_each_push_that_it_confirmed(store):
    folder, token, parent = store
    confirmed = {}
    for round_ in range(3):
        with served(folder) as (url, process):
            threading.Timer(0.15 + 0.2 * round_, process.kill).start()
            head = httpx2.get(f"{url}/junco/v1/repositories/alice/op").json()["head"]
            with contextlib.suppress(httpx2.HTTPError):
                while True:
                    data, path = os.urandom(50_000), f"{len(confirmed)}-{round_}"
                    head = push(url, token, data, head, path)
                    confirmed[path] = data
            process.wait(20)
    with served(folder) as (url, _):
        seen = pull(url)
    assert confirmed.items() <= seen.items()


def test_a_hub_ends_in_order_when_it_is_told_to(tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT):
        with served(tmp_path) as (url, process):
            assert httpx2.get(f"{url}/health").json() == {"status": "ok"}
            process.send_signal(number)
            assert process.wait(10) in {0, -number}


def test_a_download_that_is_under_way_is_ended_first(tmp_path):
    from hubs import running_hub

    with running_hub(tmp_path) as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/op")
        data = os.urandom(8_000_000)
        hub.push(alice, "alice/op", {"a.bin": data}, parent=None)
    with served(tmp_path) as (url, process):
        path = f"{url}/junco/v1/repositories/alice/op/blobs/{hashlib.sha256(data).hexdigest()}"
        with httpx2.stream("GET", path) as answer:
            pieces = answer.iter_bytes(100_000)
            got = next(pieces)
            process.terminate()
            time.sleep(0.2)
            assert got + b"".join(pieces) == data
        process.wait(10)
