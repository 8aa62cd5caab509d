"""What bad requests get: the server's cases, each by its number."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import pickle
import socket
import struct
import time

import numpy as np
import pytest
from hubs import running_hub
from safetensors.numpy import save

from junco.hub.content.token_text import new_token
from junco.hub.server.hub import Limits

OPEN = "/repositories/alice/open"


@pytest.fixture(scope="module", autouse=True)
def _open(hub, alice):
    hub.repository(alice, "alice/open")
    hub.push(alice, "alice/open", {"README.md": b"# Open\n"}, parent=None)


def commit(hub, who, add, status, **more):
    return hub.ask("POST", f"{OPEN}/commits/main", who, json={"parent": "any", "add": add, **more}, status=status)


def inline(path, data=b"x"):
    return {"path": path, "content": base64.b64encode(data).decode()}


@pytest.mark.parametrize("paths", [
    ["../x"], ["/etc/x"], [".git/config"], ["a//b"], ["a", "a/b"], ["A", "a"], ["c:\\x"], ["a\0b"], ["x."], ["nul.txt"],
    ["README.md/x"], ["readme.MD"], ["a" * 300], ["é", "e\u0301"],
], ids=repr)  # fmt: skip
def test_case_28_a_tree_with_bad_paths_is_refused_whole(hub, alice, paths):
    before = hub.ask("GET", f"{OPEN}/tree/main")
    done = commit(hub, alice, [inline(path) for path in ["good.txt", *paths]], 400)
    assert done["error"]["code"] == "refused-tree"
    assert all(each["problem"] for each in done["error"]["details"]["problems"])
    assert hub.ask("GET", f"{OPEN}/tree/main") == before


def test_case_28_hugging_faces_commit_with_bad_paths_is_refused(hub, alice):
    for path in ("../x", ".git/config", "a//b", "\ud800", 7, None):
        line = {"key": "file", "value": {"path": path, "content": "eA==", "encoding": "base64"}}
        body = json.dumps({"key": "header", "value": {"summary": "s"}}) + "\n" + json.dumps(line)
        answer = hub.raw("POST", "/api/models/alice/open/commit/main", alice, content=body.encode())
        assert answer.status_code == 400, answer.text
    for body in (b"\xff\xfe", b"[]", b"{", b'{"key": 1}', b"[" * 100_000, b'{"key":"copyFile","value":{"path":"a"}}'):
        assert hub.raw("POST", "/api/models/alice/open/commit/main", alice, content=body).status_code == 400


def test_case_28_too_many_files_or_bytes_are_refused(tmp_path):
    limits = Limits(commit_files=5, file_bytes=1000, commit_bytes=2000, regular_bytes=300)
    with running_hub(tmp_path, limits=limits) as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/open")
        assert commit(hub, alice, [inline(str(n)) for n in range(6)], 413)["error"]["code"] == "too-large"
        files = {str(n): bytes([n]) * 900 for n in range(3)}
        hub.push(alice, "alice/open", files, status=413)
        sha256 = hashlib.sha256(bytes(1001)).hexdigest()
        hub.ask("PUT", f"{OPEN}/blobs/{sha256}", alice, content=bytes(1001), status=413)
        hub.ask("POST", f"{OPEN}/missing", alice, json={"files": [{"sha256": sha256, "size": 1001}]}, status=413)
        line = json.dumps({"key": "file", "value": {"path": "a", "content": "A" * 20_000, "encoding": "base64"}})
        answer = hub.raw("POST", "/api/models/alice/open/commit/main", alice, content=line.encode())
        assert answer.status_code == 413
        assert hub.ask("GET", "/repositories/alice/open")["head"] is None
        assert [*hub.hub.incoming.iterdir()] == []


def test_case_1_and_2_tensors_that_are_none_are_refused(hub, alice):
    bad = {
        "terabyte.safetensors": struct.pack("<Q", 1 << 40) + b'{"a":1}',
        "pickle.safetensors": pickle.dumps({"a": 1}),
        "zip.safetensors": b"PK\x03\x04" + bytes(40),
        "7z.SafeTensors": b"7z\xbc\xaf\x27\x1c" + bytes(40),
        "text.safetensors": b"hello",
    }
    for path, data in bad.items():
        done = hub.push(alice, "alice/open", {path: data}, status=400)
        assert done["error"]["details"]["problems"][0]["path"] == path
    hub.push(alice, "alice/open", {"good.safetensors": save({"a": np.zeros(3)})})


def test_case_4_a_pickle_marks_its_repository_whatever_its_name(hub, alice):
    hub.repository(alice, "alice/unsafe")
    done = hub.push(alice, "alice/unsafe", {"innocent.txt": pickle.dumps(np.float64), "a.txt": b"a"}, parent=None)
    assert done["unsafe"] == ["innocent.txt"]
    assert hub.ask("GET", "/repositories/alice/unsafe")["unsafe"] == ["innocent.txt"]
    assert [each["name"] for each in hub.ask("GET", "/repositories?unsafe=true")["items"]] == ["alice/unsafe"]
    assert "unsafe-files" in hub.raw("HEAD", "/alice/unsafe/resolve/main/a.txt").headers["X-HF-Warning"]
    done = hub.push(alice, "alice/unsafe", {}, remove=["innocent.txt"])
    assert done["unsafe"] == []


def test_case_8_a_deleted_name_stays_taken(hub, alice, bob):
    hub.repository(alice, "alice/gone")
    oid = hub.push(alice, "alice/gone", {"a": b"1"}, parent=None)["commit"]
    hub.ask("DELETE", "/repositories/alice/gone", alice, status=204)
    assert hub.raw("GET", f"/junco/v1/repositories/alice/gone/tree/{oid}").status_code == 404
    for name in ("alice/gone", "alice/Gone", "alice/g0ne"):
        assert hub.ask("POST", "/repositories", alice, json={"name": name}, status=409)["error"]["code"] == "taken"
    answer = hub.raw("POST", "/api/repos/create", alice, json={"name": "gone"})
    assert answer.status_code == 409
    assert "url" not in answer.json()


def test_case_22_a_body_that_lies_is_refused(hub, alice):
    sha256 = "1" * 64
    path = f"{OPEN}/blobs/{sha256}"
    hub.ask("PUT", path, alice, content=b"x", headers={"Content-Encoding": "gzip"}, status=415)
    host, port = hub.url.removeprefix("http://").split(":")
    for head, statuses in (
        (b"Content-Length: 99999999999999\r\n", {413}),
        (b"Content-Length: x\r\n", {400}),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", {400}),
    ):
        with socket.create_connection((host, int(port))) as line:
            said = b"PUT /junco/v1%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n" % (
                path.encode(), alice.token.encode()
            )  # fmt: skip
            line.sendall(said + head + b"\r\n")
            assert int(line.recv(1000).split()[1]) in statuses


def test_case_22_who_sends_nothing_is_let_go(hub, alice, monkeypatch):
    from junco.hub.server import front
    from junco.hub.server.blobs import receive

    monkeypatch.setattr(receive, "IDLE_S", 0.3)
    monkeypatch.setattr(front, "IDLE_S", 0.3)
    host, port = hub.url.removeprefix("http://").split(":")
    for method, path in (("PUT", f"/junco/v1{OPEN}/blobs/{'1' * 64}"), ("POST", "/junco/v1/login")):
        line = http.client.HTTPConnection(host, int(port), timeout=10)
        line.putrequest(method, path)
        for name, value in {**alice.headers, "Content-Length": "1000"}.items():
            line.putheader(name, value)
        line.endheaders(b"{")
        began = time.monotonic()
        assert line.getresponse().status in {400, 408}
        assert time.monotonic() - began < 5
        line.close()


def test_case_22_a_head_without_an_end_is_let_go(hub, monkeypatch):
    from junco.hub.server import connections

    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    host, port = hub.url.removeprefix("http://").split(":")
    whole = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    for said in (b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n", whole + b"GET /he"):
        with socket.create_connection((host, int(port)), timeout=10) as line:
            began = time.monotonic()
            line.sendall(said)
            got = b""
            while piece := line.recv(10_000):
                got += piece
            assert time.monotonic() - began < 8
            assert (b"200 OK" in got) == said.startswith(whole)
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        with pytest.raises(OSError, match=r"reset|pipe|abort"):  # noqa: PT012
            for _ in range(10_000):
                line.sendall(b"X-Endless: " + b"x" * 2000 + b"\r\n")


def test_case_27_deep_and_endless_json_is_refused(hub, alice):
    headers = {"Content-Type": "application/json"}
    for body in (
        b"[" * 10_000,
        b'{"name":' * 10_000,
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b'{"name":"' + b"a" * 5000 + b'"}',
    ):
        answer = hub.raw("POST", "/junco/v1/repositories", alice, content=body, headers=headers)
        assert answer.status_code in {400, 422}, answer.text
    big = hub.raw("POST", "/junco/v1/repositories", alice, content=b" " * (17 << 20), headers=headers)
    assert big.status_code in {400, 413}


def _batch(hub, who, data, name="alice/open"):
    sha256 = hashlib.sha256(data).hexdigest()
    body = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": sha256, "size": len(data)}]}
    answer = hub.raw("POST", f"/{name}.git/info/lfs/objects/batch", who, json=body)
    assert answer.status_code == 200, answer.text
    href = answer.json()["objects"][0]["actions"]["upload"]["href"]
    return sha256, href.removeprefix(hub.url)


def test_case_29_a_large_file_is_what_its_address_was_signed_for(hub, alice, bob, monkeypatch):
    data = b"large" * 1000
    sha256, address = _batch(hub, alice, data)
    assert hub.raw("PUT", address, content=b"other" * 1000).status_code == 400
    assert hub.raw("PUT", address, content=data + b"!").status_code == 413
    assert hub.raw("PUT", address, content=data[:-1]).status_code == 400
    assert hub.raw("PUT", address[:-3] + "xyz", content=data).status_code == 403
    assert hub.raw("PUT", address.replace(sha256, "2" * 64), content=data).status_code == 403
    assert hub.raw("PUT", f"/_lfs/{sha256}", content=data).status_code == 403
    from junco.hub.server import signing

    real = signing.now
    monkeypatch.setattr(signing, "now", lambda: real() + 86_401)
    assert hub.raw("PUT", address, content=data).status_code == 403
    monkeypatch.undo()
    assert [*hub.hub.incoming.glob("*.incoming")] == []
    assert hub.raw("PUT", address, content=data).status_code == 200


def test_case_29_a_digest_that_one_knows_is_no_file_that_one_has(hub, alice, bob):
    secret = b"a secret of alice's" * 100
    hub.repository(alice, "alice/private", private=True)
    hub.push(alice, "alice/private", {"secret.txt": secret}, parent=None)
    hub.repository(bob, "bob/thief")
    sha256 = hashlib.sha256(secret).hexdigest()
    body = {"parent": None, "add": [{"path": "stolen.txt", "sha256": sha256}]}
    done = hub.ask("POST", "/repositories/bob/thief/commits/main", bob, json=body, status=400)
    assert done["error"]["details"] == {"missing": [sha256]}
    line = json.dumps(
        {"key": "lfsFile", "value": {"path": "stolen.txt", "algo": "sha256", "oid": sha256, "size": 1900}}
    )
    assert hub.raw("POST", "/api/models/bob/thief/commit/main", bob, content=line.encode()).status_code == 400
    asked = {"files": [{"sha256": sha256, "size": len(secret)}]}
    assert hub.ask("POST", "/repositories/bob/thief/missing", bob, json=asked)["missing"] != []
    _batch(hub, bob, secret, "bob/thief")  # is told where to send it, as if nobody had it
    assert hub.raw("GET", f"/junco/v1/repositories/bob/thief/blobs/{sha256}", bob).status_code == 404
    assert hub.raw("GET", f"/junco/v1{OPEN}/blobs/{sha256}", alice).status_code == 404


@pytest.mark.parametrize(
    "name", ["page.html", "picture.svg", "code.js", "paper.pdf", "data.xml", "图.html", 'a"b.html'[:1] + ".html"]
)
def test_case_34_a_file_is_never_a_page(hub, alice, name):
    hub.push(alice, "alice/open", {name: b"<script>alert(1)</script>"})
    sha256 = hashlib.sha256(b"<script>alert(1)</script>").hexdigest()
    for path in (f"/alice/open/resolve/main/{name}", f"/junco/v1{OPEN}/blobs/{sha256}"):
        headers = hub.raw("GET", path).headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith("attachment")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", [
    "{{7*7}}", "<b>", "a\r\nX-Evil: 1", "a\u202eb", "аlice", "..", ".git", "a--b", "-a", "a.git", "", "a b",
    "a/b/c", "x" * 97,
], ids=repr)  # fmt: skip
def test_case_35_a_name_is_plain(hub, alice, name):
    done = hub.raw("POST", "/junco/v1/repositories", alice, json={"name": f"alice/{name}"})
    assert done.status_code == 422
    assert "X-Evil" not in done.headers
    assert (
        hub.raw("POST", "/junco/v1/users", hub.admin, json={"user": name, "password": "a long password"}).status_code
        == 422
    )


def test_case_35_a_look_alike_is_refused(hub, alice):
    for name in ("Alice", "al1ce", "aIice", "ALICE"):
        body = {"user": name, "password": "a long password"}
        done = hub.ask("POST", "/users", hub.admin, json=body, status=409)
        assert done["error"]["details"] == {"with": "alice"}
    for name in ("Open", "0pen"):
        hub.ask("POST", "/repositories", alice, json={"name": f"alice/{name}"}, status=409)
    assert hub.raw("GET", "/junco/v1/repositories/alice/0pen").status_code == 404
    assert hub.ask("GET", "/repositories/ALICE/OPEN")["name"] == "alice/open"


def test_case_35_no_header_is_split(hub, alice):
    for path in ("/alice/open/resolve/main/a%0d%0aX-Evil:1", "/junco/v1/repositories/alice/open/tree/a%0d%0aX-Evil:1"):
        answer = hub.raw("GET", path)
        assert answer.status_code == 404
        assert "X-Evil" not in answer.headers


def test_case_36_a_host_that_is_not_ours_is_refused(hub):
    for host in ("evil.example", "127.0.0.1.evil.example", "[::2]", "evil.example:80", "localhost.evil"):
        assert hub.raw("GET", "/junco/v1/", headers={"Host": host}).status_code == 421
    assert hub.raw("GET", "/junco/v1/", headers={"Host": "localhost:1"}).status_code == 200


def test_case_36_a_cookie_opens_nothing_of_the_api_and_no_other_site_uses_it(hub, alice):
    body = {"user": "alice", "password": alice.password}
    entered = hub.raw("POST", "/junco/v1/session", json=body)
    cookie = entered.headers["Set-Cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    mine = {"Cookie": cookie.split(";")[0]}
    hub.client.cookies.clear()
    assert hub.raw("GET", "/junco/v1/me", headers=mine).status_code == 401
    word = hub.ask("GET", "/session", headers=mine)["form_token"]
    for evil in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = hub.raw(method, "/junco/v1/session", headers={**mine, **evil}, json={"form_token": word})
            assert answer.status_code == 403
    assert hub.raw("DELETE", "/junco/v1/session", headers=mine, json={"form_token": "guess"}).status_code == 403
    again = hub.raw("POST", "/junco/v1/session", json=body, headers=mine).headers["Set-Cookie"].split(";")[0]
    hub.client.cookies.clear()
    assert again != mine["Cookie"]
    assert hub.ask("GET", "/session", headers=mine)["user"] is None  # the one before is no more
    mine = {"Cookie": again}
    word = hub.ask("GET", "/session", headers=mine)["form_token"]
    hub.ask("DELETE", "/session", headers={**mine, "Origin": hub.url}, json={"form_token": word}, status=204)
    assert hub.ask("GET", "/session", headers=mine)["user"] is None
    hub.client.cookies.clear()


def test_every_answer_has_the_headers_that_keep_browsers_safe(hub):
    for path in ("/health", "/junco/v1/", "/api/models", "/none", "/alice/open/resolve/main/README.md"):
        headers = hub.raw("GET", path).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert (
            "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            or "sandbox" in headers["Content-Security-Policy"]
        )
        assert headers["X-Request-Id"]
        assert "server" not in headers


@pytest.mark.parametrize(
    "text", ["%", "_", '"', "' OR 1=1 --", "a AND b", "NEAR(a b)", "*", "\\", "a\0b", "x" * 200, "(", "-a"]
)
def test_case_37_what_is_searched_for_is_taken_literally(hub, text):
    for path in ("/junco/v1/repositories", "/api/models"):
        for name in ("q", "search", "namespace", "author", "family", "filter", "licence"):
            answer = hub.raw("GET", path, params={name: text})
            assert answer.status_code in {200, 422} or (answer.status_code == 400 and "\0" in text), answer.text
    found = hub.raw("GET", "/junco/v1/repositories", params={"q": text.replace("\0", "")}).json()
    assert found["items"] == []


def test_case_37_the_order_is_one_of_a_list(hub):
    for sort in ("name; DROP TABLE users", "password", "heat", ""):
        hub.ask("GET", "/repositories", params={"sort": sort}, status=400)
        assert hub.raw("GET", "/api/models", params={"sort": sort}).status_code == 400
    for after in ("x", "W10", "eyJhIjoxfQ", "%00"):
        hub.ask("GET", "/repositories", params={"after": after}, status=400)


def test_case_38_passwords_are_guessed_a_few_times_alone(tmp_path):
    with running_hub(tmp_path, limits=Limits(logins=3)) as hub:
        hub.user("alice")
        body = {"user": "alice", "password": "wrong"}
        statuses = [hub.raw("POST", "/junco/v1/login", json=body) for _ in range(4)]
        assert [answer.status_code for answer in statuses] == [401, 401, 401, 429]
        headers = statuses[-1].headers
        assert int(headers["Retry-After"]) > 0
        assert headers["RateLimit"].startswith('"login";r=0;t=')
        assert headers["RateLimit-Policy"] == '"fixed window";"login";q=3;w=60'


def test_case_38_requests_and_new_repositories_have_a_limit(tmp_path):
    with running_hub(tmp_path, limits=Limits(requests=20, made=2)) as hub:
        alice = hub.user("alice")
        answers = [hub.raw("POST", "/junco/v1/repositories", alice, json={"name": f"alice/r{n}"}) for n in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        statuses = [hub.raw("GET", "/junco/v1/").status_code for _ in range(21)]
        assert statuses == [200] * 20 + [429]


def test_case_38_one_client_counts_once_a_day(hub, alice, bob):
    hub.repository(alice, "alice/popular")
    hub.push(alice, "alice/popular", {"a.txt": b"a"}, parent=None)
    counted = {"X-HF-Download-Counter": "1"}
    for _ in range(30):
        hub.raw("GET", "/alice/popular/resolve/main/a.txt", headers=counted)
        hub.raw("HEAD", "/alice/popular/resolve/main/a.txt", headers=counted)
        hub.raw("GET", "/alice/popular/resolve/main/a.txt")
        hub.ask("GET", "/repositories/alice/popular/tree/main", headers={"X-Junco-Download": "1"})
    shown = hub.ask("GET", "/repositories/alice/popular")
    assert shown["downloads"] == 1
    assert shown["trending"] == pytest.approx(1, abs=0.01)
    hub.ask("GET", "/repositories/alice/popular/tree/main", bob, headers={"X-Junco-Download": "1"})
    for _ in range(3):
        hub.ask("PUT", "/repositories/alice/popular/like", bob, status=204)
    shown = hub.ask("GET", "/repositories/alice/popular", bob)
    assert (shown["downloads"], shown["likes"], shown["liked"]) == (2, 1, True)
    days = hub.ask("GET", "/repositories/alice/popular/trends?days=7")["days"]
    assert (len(days), days[-1]["downloads"], days[-1]["likes"]) == (7, 2, 1)
    hub.ask("DELETE", "/repositories/alice/popular/like", bob, status=204)
    assert hub.ask("GET", "/repositories/alice/popular")["trending"] < 2


def test_case_39_a_token_in_a_file_is_refused_and_revoked(hub, alice):
    leaked = hub.token(alice)
    data = f"token = '{leaked}'".encode()
    done = hub.ask("PUT", f"{OPEN}/blobs/{hashlib.sha256(data).hexdigest()}", alice, content=data, status=400)
    assert done["error"]["code"] == "secret"
    assert leaked not in json.dumps(done)
    assert hub.raw("GET", "/junco/v1/me", leaked).status_code == 401
    line = json.dumps({"key": "file", "value": {"path": "a.txt", "content": base64.b64encode(data).decode()}})
    assert hub.raw("POST", "/api/models/alice/open/commit/main", alice, content=line.encode()).status_code == 400
    commit(hub, alice, [inline("strange.txt", new_token().encode())], 400)  # of some other hub


def test_case_39_other_secrets_are_warned_of(hub, alice):
    hub.repository(alice, "alice/leaky")
    done = hub.push(alice, "alice/leaky", {"a.env": b"KEY=AKIAABCDEFGHIJKLMNOP"}, parent=None)
    assert done["warnings"] == ["a.env holds a key of AWS"]
    assert hub.ask("GET", "/repositories/alice/leaky")["warnings"] == done["warnings"]


def test_case_43_what_is_done_is_noted_without_a_secret(hub, alice, bob):
    hub.repository(alice, "alice/noted")
    hub.push(alice, "alice/noted", {"a": b"1"}, parent=None, release="v1.0.0")
    token = hub.token(alice)
    hub.ask("PATCH", "/repositories/alice/noted", alice, json={"private": True})
    hub.ask("DELETE", "/repositories/alice/noted", alice, status=204)
    log = hub.ask("GET", "/admin/audit?limit=1000", hub.admin)["items"]
    mine = [each["action"] for each in log if each["target"] == "alice/noted"]
    assert mine == ["repository.end", "repository.set", "commit", "tag.make", "repository.make"]
    assert all(
        each["actor"] == "alice" and each["address"] == "127.0.0.1" for each in log if each["target"] == "alice/noted"
    )
    text = json.dumps(log)
    assert token not in text
    assert alice.password not in text
    assert alice.token not in text


def test_tokens_of_others_hubs_are_refused_and_not_kept(hub, caplog):
    for text in ("hf_" + "a" * 34, "Basic abc", "jnc_short", "x"):
        assert hub.raw("GET", "/api/whoami-v2", text).status_code == 401
        assert hub.raw("GET", "/alice/open/resolve/main/README.md", text).status_code == 401
    assert "hf_" not in caplog.text


def test_metrics_and_health_answer(hub):
    assert hub.raw("GET", "/health").json() == {"status": "ok"}
    text = hub.raw("GET", "/metrics").text
    assert "junco_hub_requests_total" in text
    assert 'junco_hub_things{kind="repositories"}' in text
    assert "alice" not in text
