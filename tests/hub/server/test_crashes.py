"""A hub in a process of its own is killed, and comes back: what was answered is there, and nothing is half there."""

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
from hubs import running_hub

from junco.hub.server.blobs.collect import collect
from junco.hub.server.hub import open_hub

CODE = """
import importlib, os, signal, sys
from pathlib import Path
import httptools, uvicorn
from junco.hub.server import app
from junco.hub.server import serve
from junco.hub.server.hub import open_hub

def die_at(point):
    where, name = point.rsplit(":", 1)
    name, _, when = name.partition("@")
    owner, _, attribute = name.rpartition(".")
    module = importlib.import_module(where)
    holder = getattr(module, owner) if owner else module
    real = getattr(holder, attribute)
    def dying(*args, **named):
        if when == "after":
            real(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(holder, attribute, dying)

for line in sys.stdin:
    store, point = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        if point != "none":
            die_at(point)
        said = lambda address: print(os.getpid(), address, flush=True)
        serve.serve(open_hub(Path(store)), "127.0.0.1", 0, said)
        os._exit(0)
    print("ended", os.waitpid(child, 0)[1], flush=True)
"""


class Served:
    """A hub in a process of its own.

    Args:
        process: that has all modules, and forks one for each hub.
        store: the folder.
        point: where it kills itself.
    """

    def __init__(self, process, store, point):
        self._process = process
        process.stdin.write(f"{store}\t{point}\n")
        process.stdin.flush()
        number, self.url = process.stdout.readline().split()
        self.number = int(number)

    def end(self, number=signal.SIGKILL):
        """Send it a signal."""
        os.kill(self.number, number)

    def ended(self):
        """How it ended: the status that ``waitpid`` gives."""
        return int(self._process.stdout.readline().split()[1])


@pytest.fixture(scope="module")
def serving():
    """Starts hubs, one at a time, without the wait for imports."""
    command = [sys.executable, "-c", CODE]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    yield lambda store, point="none": Served(process, store, point)
    process.stdin.close()
    process.wait(20)
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


@pytest.mark.parametrize("point", POINTS)
def test_case_42_a_server_that_is_killed_within_a_push_loses_nothing(serving, store, point):
    folder, token, first = store
    data = os.urandom(300_000)
    served = serving(folder, point)
    with pytest.raises(httpx2.HTTPError):
        push(served.url, token, data, first)
    assert served.ended() == signal.SIGKILL
    served = serving(folder)
    seen = pull(served.url)
    assert seen["a.bin"] in {b"first", data}
    if seen["a.bin"] == b"first":
        push(served.url, token, data, first)
    assert pull(served.url) == {"a.bin": data}
    assert pull(served.url, first) == {"a.bin": b"first"}
    served.end()
    served.ended()
    hub = open_hub(folder)
    collect(hub, grace_s=-1, unnamed_s=-1)
    hub.database.close()
    kept = [path.stat().st_size for path in (folder / "blobs").rglob("*") if path.is_file()]
    assert sorted(kept) == [5, 300_000]


def test_case_42_a_server_that_is_killed_at_any_time_keeps_each_push_that_it_confirmed(serving, store):
    folder, token, _ = store
    confirmed = {}
    for round_ in range(3):
        served = serving(folder)
        head = httpx2.get(f"{served.url}/junco/v1/repositories/alice/op").json()["head"]
        threading.Timer(0.3 + 0.2 * round_, served.end).start()
        with contextlib.suppress(httpx2.HTTPError):
            while True:
                data, path = os.urandom(50_000), f"{len(confirmed)}-{round_}"
                head = push(served.url, token, data, head, path)
                confirmed[path] = data
        served.ended()
    served = serving(folder)
    seen = pull(served.url)
    served.end()
    served.ended()
    assert confirmed.items() <= seen.items()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_ends_in_order_when_it_is_told_to(serving, tmp_path, number):
    served = serving(tmp_path)
    assert httpx2.get(f"{served.url}/health").json() == {"status": "ok"}
    served.end(number)
    assert served.ended() == 0


def test_a_download_that_is_under_way_is_ended_first(serving, tmp_path):
    with running_hub(tmp_path) as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/op")
        data = os.urandom(8_000_000)
        hub.push(alice, "alice/op", {"a.bin": data}, parent=None)
    served = serving(tmp_path)
    path = f"{served.url}/junco/v1/repositories/alice/op/blobs/{hashlib.sha256(data).hexdigest()}"
    with httpx2.stream("GET", path) as answer:
        pieces = answer.iter_bytes(100_000)
        got = next(pieces)
        served.end(signal.SIGTERM)
        time.sleep(0.2)
        assert got + b"".join(pieces) == data
    served.ended()
