"""A hub that means harm: what it sends is refused, nothing is written elsewhere, and no token leaves for others."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from junco import hub
from junco.errors import IntegrityError, JuncoError, TrustError, UnavailableError
from junco.hub.artefact.tree import File, digest_of
from junco.hub.client import connection
from junco.hub.client.pulling import pulled
from junco.hub.client.tokens import Token, keep_token, token_for

CANARY = "jnc_canaryCanaryCanary"
GOOD = {"README.md": b"---\nlicense: mit\n---\n# x\n", "data.txt": b"0123456789" * 1000}


class Hostile:
    """Answers as a hub does, with what a test puts in the place of the truth."""

    def __init__(self):
        self.files = dict(GOOD)
        self.tree = None
        self.blob = lambda data: (200, {}, data)
        self.seen = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.seen.append((self.path, dict(self.headers)))
                status, headers, body = outer.answer(self.path, self.headers)
                self.send_response(status)
                for key, value in {"Content-Length": str(len(body)), **headers}.items():
                    if value is not None:
                        self.send_header(key, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, headers):
        if "/blobs/" in path:
            sha256 = path.rpartition("/")[2]
            data = next((each for each in self.files.values() if hashlib.sha256(each).hexdigest() == sha256), b"")
            return self.blob(data) if not headers.get("Range") else self.blob_from(data, headers["Range"])
        told = self.told()
        if callable(self.tree):
            told = self.tree(told)
            if isinstance(told, tuple):
                return told
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def blob_from(self, data, asked):
        return 206, {}, data[int(asked.removeprefix("bytes=").rstrip("-")) :]

    def told(self):
        listed = [
            {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "unsafe": False}
            for path, data in self.files.items()
        ]
        return with_digest({"repository": "eve/x", "commit": "a" * 40, "release": "v1.0.0", "files": listed})


def with_digest(told):
    files = [File(each["path"], each["size"], each["sha256"]) for each in told["files"]]
    return {**told, "digest": digest_of(files)}


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    made = Hostile()
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JUNCO_HUB", made.url)
    for variable in ("JUNCO_TOKEN", "JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(connection.time, "sleep", lambda seconds: None)
    keep_token(made.url, Token(CANARY, "eve"))
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_the_good_hub_that_it_plays_is_pulled_from(hostile):
    folder = hub.pull("eve/x@1.0.0")
    assert (folder / "data.txt").read_bytes() == GOOD["data.txt"]
    assert oct(folder.parent.stat().st_mode)[-3:] == "700"


def test_case_3_dangerous_files_come_only_when_they_are_asked_for(hostile, monkeypatch):
    import pickle

    hostile.files["model.bin"] = pickle.dumps({"a": list(range(400))})
    monkeypatch.setenv("JUNCO_ALLOW_UNSAFE_FILES", "1")
    with pytest.raises(TrustError, match=r"run code in careless hands: model\.bin\. --allow-unsafe-files"):
        hub.pull("eve/x@1.0.0")
    assert (hub.pull("eve/x@1.0.0", allow_unsafe_files=True) / "model.bin").is_file()
    with pytest.raises(TrustError, match="careless hands"):  # also once it lies there
        hub.pull("eve/x@1.0.0")


def test_case_8_a_history_that_was_replaced_is_told_and_never_taken(hostile, tmp_path):
    hub.lock(["eve/x@1.0.0"])
    gone = {"error": {"code": "no-revision", "message": "there is none", "details": {}}}
    hostile.tree = lambda told: (404, {}, json.dumps(gone).encode())
    _forget_all(tmp_path)
    with pytest.raises(IntegrityError, match="its history was replaced"):
        hub.pull("eve/x@1.0.0")


def test_case_8_the_locked_commit_with_other_content_is_refused(hostile, tmp_path):
    hub.lock(["eve/x@1.0.0"])
    _forget_all(tmp_path)
    hostile.files["data.txt"] = b"other"
    with pytest.raises(IntegrityError, match=r"junco\.lock pins"):
        hub.pull("eve/x@1.0.0")


def test_case_9_a_file_of_the_same_size_that_is_another_is_thrown_away(hostile, tmp_path):
    hostile.blob = lambda data: (200, {}, bytes(len(data)))
    with pytest.raises(IntegrityError, match="it is thrown away"):
        hub.pull("eve/x@1.0.0")
    home = tmp_path / "home" / "hub"
    assert [path for path in (home / "incoming").iterdir() if path.suffix == ".part"] == []
    assert list((home / "folders").iterdir()) == []
    hostile.blob = lambda data: (200, {}, data)
    assert hub.pull("eve/x@1.0.0").is_dir()


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/x",
        "C:\\x",
        "C:/x",
        "a/../../b",
        "a\0b",
        "dot.",
        "space ",
        "n" * 300,
        "aux.txt",
        "a//b",
        ".git/config",
        "",
    ],
)
def test_case_10_paths_that_lead_elsewhere_are_refused(hostile, tmp_path, path):
    hostile.tree = lambda told: with_digest({**told, "files": [*told["files"], {**told["files"][0], "path": path}]})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(IntegrityError, match="is refused: the path"):
        hub.pull("eve/x@1.0.0")
    assert [p for p in sorted(tmp_path.rglob("*")) if p not in before and "hub" not in p.parts] == []


def test_case_10_names_that_differ_by_case_alone_are_refused(hostile):
    hostile.files |= {"a.txt": b"1", "A.txt": b"2"}
    with pytest.raises(IntegrityError, match="differs from"):
        hub.pull("eve/x@1.0.0")


def test_case_11_a_cache_that_others_may_write_in_is_refused(hostile, tmp_path):
    hub.pull("eve/x@1.0.0")
    (tmp_path / "home" / "hub").chmod(0o777)
    with pytest.raises(IntegrityError, match="open to other users"):
        hub.pull("eve/x@1.0.0")


def test_case_11_a_link_in_the_place_of_the_cache_is_refused(hostile, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    hub.pull("eve/x@1.0.0")
    (tmp_path / "home" / "hub" / "folders").rename(tmp_path / "home" / "hub" / "old")
    (tmp_path / "home" / "hub" / "folders").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IntegrityError, match="a link to one"):
        hub.pull("eve/x@1.0.0")


def test_case_11_a_link_that_was_planted_where_a_file_comes_in_is_not_followed(hostile, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    hub.pull("eve/x@1.0.0")
    hostile.files["new.txt"] = b"new" * 99
    sha256 = hashlib.sha256(hostile.files["new.txt"]).hexdigest()
    (tmp_path / "home" / "hub" / "incoming" / f"{sha256}.part").symlink_to(victim)
    with pytest.raises(JuncoError):
        hub.pull("eve/x")
    assert victim.read_bytes() == b"precious"


def test_case_11_what_was_changed_in_the_cache_is_fetched_anew(hostile):
    folder = hub.pull("eve/x@1.0.0")
    (folder / "data.txt").chmod(0o600)
    (folder / "data.txt").write_bytes(b"poison" * 1666 + b"1234")
    assert (hub.pull("eve/x@1.0.0") / "data.txt").read_bytes() == GOOD["data.txt"]
    folder = hub.pull("eve/x@1.0.0")
    (folder / "more.py").write_text("planted")
    assert not (hub.pull("eve/x@1.0.0") / "more.py").exists()


def test_case_11_two_that_pull_the_same_at_once_get_the_same(hostile):
    got = []
    threads = [threading.Thread(target=lambda: got.append(hub.pull("eve/x@1.0.0"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 4
    assert len(set(got)) == 1


@pytest.mark.parametrize(
    "where",
    ["http://169.254.169.254/latest", "file:///etc/passwd", "http://localhost:1/x", "//evil.example/x", "/other"],
)
def test_case_12_redirections_are_not_followed(hostile, where):
    hostile.tree = lambda told: (302, {"Location": where}, b"")
    with pytest.raises(IntegrityError, match="a hub answers itself"):
        hub.pull("eve/x@1.0.0")
    assert len(hostile.seen) == 1


def test_case_13_a_token_goes_to_its_own_hub_alone(hostile, monkeypatch):
    other = Hostile()
    monkeypatch.setenv("JUNCO_TOKEN", "jnc_ofTheEnvironment")
    hub.pull("eve/x@1.0.0", hub=other.url)
    assert all("Authorization" not in headers for _, headers in other.seen)
    assert token_for(hostile.url).text == "jnc_ofTheEnvironment"
    other.server.shutdown()
    other.server.server_close()


def test_case_13_a_token_is_in_no_message_address_or_file_but_its_own(hostile, tmp_path, capfd):
    hostile.tree = lambda told: (500, {}, b"oops")
    with pytest.raises(UnavailableError) as caught:
        hub.pull("eve/x")
    hostile.tree = None
    hub.lock(["eve/x@1.0.0"])
    shown = repr(caught.value) + str(caught.value) + repr(token_for(hostile.url)) + "".join(capfd.readouterr())
    assert CANARY not in shown
    assert all(CANARY not in path for path, _ in hostile.seen)
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert [path.name for path in holding] == ["tokens.json"]
    assert oct(holding[0].stat().st_mode)[-3:] == "600"


def test_case_13_tokens_that_others_can_read_are_not_used(hostile, tmp_path):
    (tmp_path / "home" / "hub" / "tokens.json").chmod(0o644)
    with pytest.raises(IntegrityError, match="open to other users"):
        hub.pull("eve/x@1.0.0")


def test_case_22_what_is_packed_is_not_unpacked(hostile):
    import gzip

    hostile.blob = lambda data: (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(10**6)))
    with pytest.raises(IntegrityError, match="it is not unpacked"):
        hub.pull("eve/x@1.0.0")


def test_case_22_a_body_without_an_end_is_cut_off(hostile):
    hostile.blob = lambda data: (200, {"Content-Length": None}, data + bytes(5_000_000))
    with pytest.raises(IntegrityError, match="more than the"):
        hub.pull("eve/x@1.0.0")


def test_case_22_an_answer_that_is_too_long_is_cut_off(hostile, monkeypatch):
    monkeypatch.setattr(connection, "MOST_ANSWER_BYTES", 1000)
    hostile.tree = lambda told: {**told, "more": "x" * 2000}
    with pytest.raises(IntegrityError, match="more than the 1,000 bytes"):
        hub.pull("eve/x@1.0.0")


def test_case_22_a_file_that_breaks_off_goes_on_where_it_was(hostile):
    data = GOOD["data.txt"]
    ranges = []
    hostile.blob = lambda data: (200, {"Content-Length": str(len(data))}, data[:4000])
    plain = hostile.blob_from
    hostile.blob_from = lambda data, asked: (ranges.append(asked), plain(data, asked))[1]
    hostile.files = {"data.txt": data}
    assert (hub.pull("eve/x@1.0.0") / "data.txt").read_bytes() == data
    assert ranges == ["bytes=4000-"]


def test_case_22_who_sends_slowly_is_given_up(hostile, monkeypatch):
    monkeypatch.setattr("junco.hub.client.download.MOST_ANSWER_S", -1000.0)
    with pytest.raises(UnavailableError, match="too slowly"):
        hub.pull("eve/x@1.0.0")


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "0" * 64},
        {"commit": "main"},
        {"commit": None},
        {"repository": "bob/y"},
        {"files": "no"},
        {"files": [{}]},
    ],
)
def test_what_a_hub_says_of_a_commit_is_checked(hostile, change):
    hostile.tree = lambda told: {**told, **change}
    with pytest.raises(IntegrityError):
        hub.pull("eve/x@1.0.0")


@pytest.mark.parametrize("size", [-1, 1.5, 10**20, "9", True])
def test_sizes_that_are_none_are_refused(hostile, size):
    def lie(told):
        told["files"][0]["size"] = size
        return told

    hostile.tree = lie
    with pytest.raises(IntegrityError):
        hub.pull("eve/x@1.0.0")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"no", b'{"items": 3}', b'{"items": [3]}'])
def test_what_is_no_answer_of_a_hub_is_a_typed_error(hostile, body):
    hostile.tree = lambda told: (200, {}, body)
    for ask in (hub.whoami, lambda: hub.show("eve/x"), lambda: hub.pull("eve/x")):
        with pytest.raises(JuncoError, match="hub"):
            ask()
    if b"items" in body:
        assert hub.search("x") == []
    else:
        with pytest.raises(UnavailableError, match="is it"):
            hub.search("x")


def test_case_50_offline_no_socket_is_opened(hostile, monkeypatch):
    folder = hub.pull("eve/x@1.0.0")
    newest = hub.pull("eve/x")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")

    def refuse(*args, **more):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert hub.pull("eve/x@1.0.0") == folder
    assert hub.pull("eve/x") == newest
    assert pulled("eve/x@" + "a" * 40).folder == folder
    with pytest.raises(UnavailableError, match="JUNCO_OFFLINE"):
        hub.pull("eve/other")
    with pytest.raises(UnavailableError, match="JUNCO_OFFLINE"):
        hub.search("x")


def _forget_all(tmp_path):
    import shutil

    for name in ("known", "folders", "blobs"):
        shutil.rmtree(tmp_path / "home" / "hub" / name, ignore_errors=True)


def test_a_release_that_is_here_is_not_asked_for_again(hostile):
    hub.pull("eve/x@1.0.0")
    asked = len(hostile.seen)
    started = time.monotonic()
    hub.pull("eve/x@1.0.0")
    assert len(hostile.seen) == asked
    assert time.monotonic() - started < 5
    assert list(Path().iterdir()) == []
