"""Real hubs on a free port of this machine, and their users."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from junco.hub.server.access import SCOPES
from junco.hub.server.accounts import passwords, people, tokens
from junco.hub.server.hub import Limits, open_hub
from junco.hub.server.serve import listen, server_of


@dataclass
class Person:
    """A user, with a token that may do all."""

    name: str
    password: str
    token: str = field(repr=False)

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}


class RunningHub:
    """A hub that answers at `url`."""

    def __init__(self, hub, url):
        self.hub, self.url = hub, url
        self.admin = self.user("hubadmin", admin=True)
        self.client = httpx2.Client(base_url=url, timeout=60)

    def user(self, name, *, admin=False, scopes=SCOPES):
        """Make a user, without the wait for a password's hash."""
        passwords.hashed, kept = (_hash), passwords.hashed
        try:
            with self.hub.database.writing() as session:
                there = people.namespace_of(session, name)  # of a store that was served before
                made = there or people.make_user(session, name, f"password of {name}", admin=admin)
                text, _ = tokens.make_token(session, made.id, "test", scopes)
        finally:
            passwords.hashed = kept
        return Person(name, f"password of {name}", text)

    def token(self, person, scopes=SCOPES, days=90, **restricted):
        """Another token of somebody's."""
        body = {"name": "another", "scopes": list(scopes), "days": days, **restricted}
        return self.ask("POST", "/me/tokens", person, json=body, status=201)["token"]

    def ask(self, method, path, who=None, *, status=200, headers=None, **more):
        """The JSON of an answer of the native API, whose status is as expected."""
        answer = self.raw(method, f"/junco/v1{path}", who, headers=headers, **more)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer

    def raw(self, method, path, who=None, headers=None, **more):
        """The answer."""
        given = {"Authorization": f"Bearer {who}"} if isinstance(who, str) else who.headers if who else {}
        return self.client.request(method, path, headers={**given, **(headers or {})}, **more)

    def repository(self, who, name, *, private=False):
        return self.ask("POST", "/repositories", who, json={"name": name, "private": private}, status=201)

    def send(self, who, name, data):
        """The sha256 of bytes that are sent to a repository."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.ask("PUT", f"/repositories/{name}/blobs/{sha256}", who, content=data, status=201)
        return sha256

    def push(self, who, name, files, *, parent="any", status=201, message="a change", **more):
        """Commit files by their paths: what is answered."""
        add = [{"path": path, "sha256": self.send(who, name, data), "size": len(data)} for path, data in files.items()]
        body = {"parent": parent, "message": message, "add": add, **more}
        return self.ask("POST", f"/repositories/{name}/commits/main", who, json=body, status=status)


REPORT = {
    "data": {"name": "flowers", "fingerprint": "f" * 64},
    "main": "map",
    "metrics": {
        "map": {"mean": 0.8, "low": 0.75, "high": 0.85, "num_items": 100},
        "recall@1": {"mean": 0.9, "low": 0.85, "high": 0.95, "num_items": 100},
    },
    "items_per_s": 120.5,
    "dim": 512,
    "model_bytes": 20_000_000,
    "machine": "x86_64 Some Processor ×2",
    "measured": "2026-11-29T10:00:00Z",
    "junco": "0.1.0",
}
"""What was measured, as a hub takes it."""


def _hash(text, _kept={}):  # noqa: B006 - one hash for each password of a run
    if text not in _kept:
        from argon2 import PasswordHasher

        _kept[text] = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(text)
    return _kept[text]


@contextlib.contextmanager
def running_hub(store, *, limits=None, tls=None, **more):
    """A hub in a folder, answering at an address."""
    hub = open_hub(Path(store), limits=limits or Limits(logins=1000, wrong_tokens=100_000), **more)
    taken, server = listen("127.0.0.1", 0), server_of(hub, tls=tls)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    running = RunningHub(hub, f"{'https' if tls else 'http'}://127.0.0.1:{taken.getsockname()[1]}")
    try:
        yield running
    finally:
        running.client.close()
        server.should_exit = True
        thread.join(20)
        taken.close()
        hub.close()
