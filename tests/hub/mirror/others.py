"""A hub that speaks as much of Hugging Face's protocol as a mirror asks for, and lies where it is told to."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import ssl
import tempfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hubs_of_the_server import running_hub

from junco.hub.server.mirror.options import Mirroring


def mirroring(url, *allowed, **more):
    return Mirroring(url, allowed or ("acme/*",), **{"fresh_s": 0.0, "away_s": 0.0, **more})


_made = []


@contextlib.contextmanager
def serving_hub(store, **more):
    """A hub in a folder; a new one begins as a copy of one that was made once, which is quicker than making it."""
    if not store.exists() or not any(store.iterdir()):
        if not _made:
            _made.append(Path(tempfile.mkdtemp(prefix="junco-hub-")))
            with running_hub(_made[0]):
                pass
        shutil.copytree(_made[0], store, dirs_exist_ok=True)
    with running_hub(store, **more) as running:
        yield running


def git_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Other:
    """What it holds, how often it was asked, and what is answered otherwise.

    `spoilt` maps the beginning of a path to a function of the handler, which answers instead.
    """

    def __init__(self):
        self.repos = {}
        self.asked = Counter()
        self.headers = []
        self.spoilt = {}
        self.private, self.gated = set(), set()

    def put(self, name, files, commit=None, branch="main"):
        """A commit of files; those whose path ends with .bin or .safetensors are large."""
        commit = commit or hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        repo = self.repos.setdefault(name, {"commits": {}, "branches": {}, "tags": {}})
        repo["commits"][commit] = dict(files)
        repo["branches" if not branch.startswith("v") else "tags"][branch] = commit
        return commit

    def entry(self, path, data):
        shown = {"type": "file", "path": path, "size": len(data), "xetHash": "0" * 64}
        if path.endswith((".bin", ".safetensors")):
            return {**shown, "oid": "1" * 40, "lfs": {"oid": sha(data), "size": len(data), "pointerSize": 130}}
        return {**shown, "oid": git_id(data)}

    def answer(self, handler):
        path = unquote(urlsplit(handler.path).path)
        self.asked[path] += 1
        self.headers.append((path, dict(handler.headers)))
        for beginning, spoil in self.spoilt.items():
            if path.startswith(beginning):
                return spoil(handler)
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            return self._api(handler, "/".join(parts[2:4]), parts[4:])
        if len(parts) > 4 and parts[2] == "resolve":
            return self._file(handler, "/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        return send(handler, 404, b"{}")

    def _api(self, handler, name, rest):
        repo = self.repos.get(name)
        if repo is None:
            return send(handler, 401, b"{}", {"X-Error-Code": "RepoNotFound"})
        if rest == ["refs"]:
            rows = {
                kind: [{"name": n, "ref": n, "targetCommit": c} for n, c in repo[kind].items()]
                for kind in ("branches", "tags")
            }
            return send_json(handler, rows)
        commit = {**repo["branches"], **repo["tags"]}.get(rest[1], rest[1])
        if commit not in repo["commits"]:
            return send(handler, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        if rest[0] == "revision":
            more = {"private": name in self.private, "gated": "manual" if name in self.gated else False}
            return send_json(handler, {"id": name, "sha": commit, **more})
        return send_json(handler, [self.entry(path, data) for path, data in repo["commits"][commit].items()])

    def _file(self, handler, name, revision, path):
        data = self.repos[name]["commits"].get(revision, {}).get(path)
        if data is None:
            return send(handler, 404, b"", {"X-Error-Code": "EntryNotFound"})
        return send_file(handler, data)


def send_file(handler, data):
    begin = int(handler.headers.get("Range", "bytes=0-")[6:].split("-")[0])
    xet = {"X-Xet-Hash": "0" * 64, "X-Repo-Commit": "0" * 40}
    return send(handler, 206 if begin else 200, data[begin:], xet)


def send_json(handler, told, headers=None):
    send(handler, 200, json.dumps(told).encode(), {"Content-Type": "application/json", **(headers or {})})


def send(handler, status, data, headers=None, length=None):
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(data) if length is None else length), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data)


@contextlib.contextmanager
def running_other(tls=None):
    other = Other()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                other.answer(self)

        def log_message(self, *_):
            pass

    with serving(Handler, tls) as url:
        other.url = url
        yield other


@contextlib.contextmanager
def serving(handler, tls=None):
    """A server on a free port; with the files of a certificate and its key by TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
