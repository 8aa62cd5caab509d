"""Case 40 and 41: a hub that is mirrored lies, breaks off, leads elsewhere, is silent, or sends without end."""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest
from other_hubs import git_id, mirroring, running_other, send, send_file, send_json, serving, serving_hub, sha

from junco.hub.server.hub import Limits
from junco.hub.server.mirror import fetching, upstream
from junco.hub.server.mirror import mirror as mirror_module

BIG = os.urandom(12_000_000)
MIDDLE = os.urandom(1_000_000)
FILES = {"config.json": b"{}", "big.bin": BIG, "middle.bin": MIDDLE}
OK = (200, 206)


def get(hub, path, **headers):
    return hub.raw("GET", path, headers=headers)


def nothing_half(hub):
    """No file waits among what comes in, and every row has its bytes."""
    from junco.hub.server.blobs.check import check

    assert [path.name for path in hub.hub.incoming.iterdir() if not path.name.endswith(".part")] == []
    assert list(check(hub.hub)) == []


def test_case_40_changed_bytes_of_a_small_file_are_refused_and_nothing_is_kept(mirror, other):
    commit = other.put("acme/small", FILES)
    other.spoilt[f"/acme/small/resolve/{commit}/config.json"] = lambda h: send_file(h, b"[]")
    answer = get(mirror, "/acme/small/resolve/main/config.json")
    assert (answer.status_code, "other bytes" in answer.json()["error"]) == (502, True)
    mirror.ask("GET", "/repositories/acme/small", status=502)
    assert mirror.ask("GET", "/repositories?q=small")["items"] == []
    nothing_half(mirror)
    other.spoilt.clear()
    assert get(mirror, "/acme/small/resolve/main/config.json").content == b"{}"


def test_case_40_changed_bytes_of_a_large_file_never_come_whole(mirror, other):
    import httpx2

    commit = other.put("acme/small", FILES)
    for path, data in (("big.bin", BIG), ("middle.bin", MIDDLE)):
        changed = bytes([data[0] ^ 1]) + data[1:]
        other.spoilt[f"/acme/small/resolve/{commit}/{path}"] = lambda h, changed=changed: send_file(h, changed)
    answer = get(mirror, "/acme/small/resolve/main/middle.bin")
    assert (answer.status_code, "nothing of them is kept" in answer.json()["error"]) == (502, True)
    came = []
    with pytest.raises(httpx2.HTTPError):
        _read(mirror, "/acme/small/resolve/main/big.bin", came)
    assert sum(came) < len(BIG)
    nothing_half(mirror)
    assert list(mirror.hub.incoming.iterdir()) == []
    other.spoilt.clear()
    assert get(mirror, "/acme/small/resolve/main/big.bin").content == BIG


def _read(hub, path, came):
    with hub.client.stream("GET", path) as stream:
        stream.raise_for_status()
        for piece in stream.iter_raw():
            came.append(len(piece))


def test_case_40_a_commit_that_is_kept_is_never_another(mirror, other):
    commit = other.put("acme/small", {"config.json": b"{}"})
    assert get(mirror, f"/acme/small/resolve/{commit}/config.json").content == b"{}"
    other.put("acme/small", {"config.json": b"evil"}, commit=commit)
    assert get(mirror, "/acme/small/resolve/main/config.json").content == b"{}"
    asked = json.dumps({"id": "acme/small", "sha": "2" * 40}).encode()
    other.spoilt["/api/models/acme/small/revision/" + "1" * 40] = lambda h: send(h, 200, asked)
    assert get(mirror, f"/acme/small/resolve/{'1' * 40}/config.json").status_code == 502


@pytest.mark.parametrize("status", [500, 503, 429, 418])
def test_case_40_an_error_of_the_other_hub_is_said_to_be_its(mirror, other, status):
    other.spoilt["/api"] = lambda h: send(h, status, b"<html>oops</html>", {"X-Xet-Hash": "x"})
    answer = get(mirror, "/acme/small/resolve/main/config.json")
    assert answer.status_code == 502
    assert answer.headers["Retry-After"] == "15"
    assert "the hub that is mirrored" in answer.json()["error"]
    assert "X-Xet-Hash" not in answer.headers


def test_case_40_a_silent_hub_is_waited_for_a_while_and_then_not_asked(tmp_path, other, monkeypatch):
    monkeypatch.setattr(upstream, "SILENT_S", 0.3)
    other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url, away_s=60.0)) as hub:
        assert get(hub, "/acme/small/resolve/main/config.json").content == b"{}"
        ended = threading.Event()
        other.spoilt["/"] = lambda h: ended.wait(20)
        answer = get(hub, "/acme/other/resolve/main/config.json")
        assert (answer.status_code, "silent for too long" in answer.json()["error"]) == (504, True)
        asked = sum(other.asked.values())
        answer = get(hub, "/acme/small/resolve/main/config.json")
        assert (answer.content, answer.headers["X-Junco-Mirror"]) == (b"{}", "stale; upstream-silent")
        assert get(hub, "/acme/third/resolve/main/config.json").status_code == 504
        assert sum(other.asked.values()) == asked
        ended.set()


def test_case_40_nobody_who_waits_for_the_other_hub_keeps_others_waiting(tmp_path, other):
    ended = threading.Event()
    other.spoilt["/"] = lambda h: (ended.wait(30), stop(h))
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        threads = [
            threading.Thread(target=get, args=(hub, f"/acme/r{number}/resolve/main/config.json"))
            for number in range(60)
        ]
        for thread in threads:
            thread.start()
        while sum(other.asked.values()) < 5:
            time.sleep(0.01)
        began = time.monotonic()
        assert get(hub, "/health").status_code == 200
        assert hub.ask("GET", "/repositories")["total"] == 0
        assert time.monotonic() - began < 10
        ended.set()
        for thread in threads:
            thread.join(30)


def test_case_40_a_file_that_breaks_off_is_gone_on_with(mirror, other):
    commit = other.put("acme/small", FILES)
    path = f"/acme/small/resolve/{commit}/middle.bin"
    other.spoilt[path] = lambda h: (send(h, 200, MIDDLE[:400_000], {"Connection": "close"}, len(MIDDLE)), stop(h))
    answer = get(mirror, "/acme/small/resolve/main/middle.bin")
    assert answer.status_code in {502, 504}, answer.text
    other.spoilt.clear()
    assert get(mirror, "/acme/small/resolve/main/middle.bin").content == MIDDLE
    ranges = [headers["Range"] for asked, headers in other.headers if asked == path and "Range" in headers]
    assert len(ranges) == 1
    assert 0 < int(ranges[0][6:-1]) <= 400_000
    nothing_half(mirror)


def stop(handler):
    handler.close_connection = True
    handler.wfile.flush()


def test_case_40_a_hub_that_was_killed_in_the_middle_has_nothing_half(tmp_path, other):
    """What is on the disk when the process ends at once: as it is copied here, in the middle of a fetch."""
    import shutil

    commit = other.put("acme/small", FILES)
    go_on, begun = threading.Event(), threading.Event()

    def half(handler):
        send(handler, 200, BIG[:6_000_000], {}, len(BIG))
        begun.set()
        go_on.wait(30)
        handler.wfile.write(BIG[6_000_000:])

    path = f"/acme/small/resolve/{commit}/big.bin"
    other.spoilt[path] = half
    with (
        serving_hub(tmp_path / "first", mirroring=mirroring(other.url)) as hub,
        hub.client.stream("GET", path) as stream,
    ):
        pieces = stream.iter_raw()
        next(pieces)
        begun.wait(30)
        with hub.hub.database.writing():
            shutil.copytree(tmp_path / "first", tmp_path / "second")
        go_on.set()
        for _ in pieces:
            pass
    other.spoilt.clear()
    with serving_hub(tmp_path / "second", mirroring=mirroring(other.url)) as hub:
        nothing_half(hub)
        assert get(hub, path).content == BIG
        assert [headers.get("Range") is not None for asked, headers in other.headers if asked == path][-1]


LIES = {
    "no JSON": lambda h: send(h, 200, b"<html>"),
    "a deep JSON": lambda h: send(h, 200, b"[" * 200_000),
    "no commit": lambda h: send_json(h, {"id": "acme/small", "sha": "main"}),
    "another repository": lambda h: send_json(h, {"id": "evil/small", "sha": "1" * 40}),
    "a list": lambda h: send_json(h, [1]),
    "too much": lambda h: send(h, 200, b'"' + b"x" * (33 << 20) + b'"'),
    "packed": lambda h: send(h, 200, b"\x1f\x8b\x08", {"Content-Encoding": "gzip"}),
    "elsewhere": lambda h: send(h, 307, b"", {"Location": "/api/models/evil/small/revision/main"}),
    "nothing": stop,
    "rubbish": lambda h: (h.wfile.write(b"\0\1\2 no HTTP\r\n\r\n"), stop(h)),
}


@pytest.mark.parametrize("lie", LIES)
def test_case_40_what_is_no_answer_is_none(mirror, other, lie):
    other.spoilt["/api/models/acme/small/revision"] = LIES[lie]
    answer = get(mirror, "/acme/small/resolve/main/config.json")
    assert answer.status_code == 502, answer.text
    assert answer.headers.get("Location") is None


def entry(**more):
    return {"type": "file", "path": "a.txt", "size": 1, "oid": git_id(b"a"), **more}


TREES = {
    "a path that leads out": [entry(path="../../etc/passwd")],
    "an absolute path": [entry(path="/etc/passwd")],
    "a device": [entry(path="con.txt")],
    "two of one name": [entry(), entry()],
    "two that differ by case": [entry(), entry(path="A.txt")],
    "no size": [entry(size=None)],
    "a size below zero": [entry(size=-1)],
    "no digest": [entry(oid="x")],
    "a digest that is none": [entry(path="a.bin", lfs={"oid": "zz", "size": 1})],
    "a large file without a sha256": [entry(size=20_000_000)],
    "a file of a petabyte": [entry(path="a.bin", lfs={"oid": "0" * 64, "size": 10**15})],
    "files without end": [entry(path=f"{n}.txt", size=0) for n in range(150)],
    "what is no entry": ["a.txt", None],
    "no list": {"a": 1},
}


@pytest.mark.parametrize("told", TREES)
def test_case_40_a_tree_that_cannot_be_is_refused_as_a_whole(tmp_path, other, told):
    commit = other.put("acme/small", FILES)
    other.spoilt[f"/api/models/acme/small/tree/{commit}"] = lambda h: send_json(h, TREES[told])
    limits = Limits(logins=1000, commit_files=100)
    with serving_hub(tmp_path, mirroring=mirroring(other.url), limits=limits) as hub:
        answer = get(hub, "/acme/small/resolve/main/config.json")
        assert answer.status_code == 502, answer.text
        assert hub.ask("GET", "/repositories")["total"] == 0


def test_case_40_a_list_that_goes_on_is_read_to_its_end_and_no_further(mirror, other):
    commit = other.put("acme/small", FILES)
    tree = f"/api/models/acme/small/tree/{commit}"

    def paged(handler):
        if "page=2" in handler.path:
            return send_json(handler, [other.entry("config.json", b"{}")])
        return send_json(handler, [other.entry("middle.bin", MIDDLE)], {"Link": f'<{tree}?page=2>; rel="next"'})

    other.spoilt[tree] = paged
    assert get(mirror, "/acme/small/resolve/main/config.json").content == b"{}"
    assert get(mirror, "/acme/small/resolve/main/middle.bin").content == MIDDLE
    other.put("acme/endless", FILES, commit="2" * 40)
    endless = f"/api/models/acme/endless/tree/{'2' * 40}"
    other.spoilt[endless] = lambda h: send_json(h, [], {"Link": f'<{endless}>; rel="next"'})
    assert "does not end" in get(mirror, "/acme/endless/resolve/main/config.json").json()["error"]
    other.spoilt[endless] = lambda h: send_json(h, [], {"Link": '<http://evil.example/x>; rel="next"'})
    assert "elsewhere" in get(mirror, "/acme/endless/resolve/main/config.json").json()["error"]


def test_case_2_tensors_that_are_none_are_not_given_on(mirror, other):
    bad = b"\x80\x04\x95" + b"cposix\nsystem\n" + bytes(5_000)
    other.put("acme/small", {**FILES, "model.safetensors": bad})
    answer = get(mirror, "/acme/small/resolve/main/model.safetensors")
    assert (answer.status_code, "no file of safetensors" in answer.json()["error"]) == (502, True)
    assert sha(bad) not in {path.name.partition("-")[0] for path in mirror.hub.store.glob("blobs/*/*/*")}


def test_case_39_a_token_of_a_junco_hub_in_what_is_mirrored_is_not_given_on(mirror, other):
    leaked = mirror.user("leaky").token
    other.put("acme/small", {"config.json": leaked.encode()})
    answer = get(mirror, "/acme/small/resolve/main/config.json")
    assert answer.status_code == 502
    assert leaked not in answer.text
    mirror.ask("GET", "/me", leaked, status=401)


REDIRECTS = [
    "http://169.254.169.254/latest", "http://localhost:1/x", "http://[::1]/x", "http://10.0.0.1/x", "http://0/x",
    "http://2130706433/x", "http://[::ffff:127.0.0.1]/x", "file:///etc/passwd", "ftp://example.com/x",
    "http://user@203.0.113.9/x", "http://203.0.113.9:6379/x", "gopher://x", "http://good\\@evil/x", "//", "http://",
    "http://metadata.google.internal/x", "http://192.168.1.1/x", "http://[fe80::1]/x",
]  # fmt: skip


@pytest.mark.parametrize("where", REDIRECTS)
def test_case_41_a_file_s_redirection_leads_to_nothing_that_only_this_machine_sees(mirror, other, where):
    commit = other.put("acme/small", FILES)
    other.spoilt[f"/acme/small/resolve/{commit}/middle.bin"] = lambda h: send(h, 302, b"", {"Location": where})
    answer = get(mirror, "/acme/small/resolve/main/middle.bin")
    assert answer.status_code == 502, answer.text
    assert answer.headers.get("Location") is None


def test_case_41_a_redirection_to_another_port_of_this_machine_is_refused_and_not_asked(mirror, other):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            send(self, 200, MIDDLE)

        def log_message(self, *_):
            pass

    commit = other.put("acme/small", FILES)
    with serving(Handler) as inner:
        other.spoilt[f"/acme/small/resolve/{commit}/middle.bin"] = lambda h: send(
            h, 302, b"", {"Location": f"{inner}/secret"}
        )
        answer = get(mirror, "/acme/small/resolve/main/middle.bin")
    assert (answer.status_code, asked) == (502, [])
    assert "this machine's own" in answer.json()["error"]


def test_case_12_a_cdn_is_followed_here_without_the_token_and_never_by_the_client(tmp_path, other, monkeypatch):
    """The other machine is played: its address is believed to be a public one, as its name would be."""
    got = []

    class Cdn(BaseHTTPRequestHandler):
        def do_GET(self):
            got.append(dict(self.headers))
            send_file(self, MIDDLE)

        def log_message(self, *_):
            pass

    commit = other.put("acme/small", FILES)
    with serving(Cdn) as cdn, monkeypatch.context() as patch:
        patch.setattr("junco.places.reach.is_public", lambda _: True)
        named = cdn.replace("127.0.0.1", "localhost")
        other.spoilt[f"/acme/small/resolve/{commit}/middle.bin"] = lambda h: send(
            h, 302, b"", {"Location": f"{named}/signed?x=1"}
        )
        with serving_hub(tmp_path, mirroring=mirroring(other.url, token="hf_operator_canary")) as hub:
            answer = get(hub, "/acme/small/resolve/main/middle.bin", Authorization=f"Bearer {hub.admin.token}")
    assert answer.content == MIDDLE
    assert "Location" not in answer.headers
    assert [headers["Host"] for headers in got] == [named.removeprefix("http://")]
    assert "Authorization" not in got[0]
    own = [headers.get("Authorization") for path, headers in other.headers]
    assert set(own) == {"Bearer hf_operator_canary"}


@pytest.mark.parametrize(("named", "status"), [(["localhost"], 200), (["cdn.example", "127.0.0.1"], 502)])
def test_case_12_by_tls_the_address_that_was_checked_has_to_show_the_name_s_certificate(
    tmp_path, monkeypatch, named, status
):
    """The other hub, and to where it leads, speak TLS by an authority of the company's own."""
    from networks_of_companies import Authority

    (tmp_path / "keys").mkdir()
    company = Authority(tmp_path / "keys")
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    monkeypatch.setattr("junco.places.reach.is_public", lambda _: True)

    class Cdn(BaseHTTPRequestHandler):
        def do_GET(self):
            send_file(self, MIDDLE)

        def log_message(self, *_):
            pass

    with running_other(company.certificate("127.0.0.1")) as other, serving(Cdn, company.certificate(*named)) as cdn:
        commit = other.put("acme/small", FILES)
        where = cdn.replace("127.0.0.1", "localhost")
        other.spoilt[f"/acme/small/resolve/{commit}/middle.bin"] = lambda h: send(h, 302, b"", {"Location": where})
        with serving_hub(tmp_path / "store", mirroring=mirroring(other.url, token="hf_operator")) as hub:
            answer = get(hub, "/acme/small/resolve/main/middle.bin")
            assert answer.status_code == status, answer.text
            plain = where.replace("https:", "http:")
            other.spoilt[f"/acme/small/resolve/{commit}/big.bin"] = lambda h: send(h, 302, b"", {"Location": plain})
            assert "from https to http" in get(hub, "/acme/small/resolve/main/big.bin").json()["error"]


def test_case_41_a_redirection_without_end_ends(mirror, other):
    commit = other.put("acme/small", FILES)
    path = f"/acme/small/resolve/{commit}/middle.bin"
    other.spoilt[path] = lambda h: send(h, 302, b"", {"Location": path})
    assert "on and on" in get(mirror, path).json()["error"]


def test_only_what_is_allowed_is_asked_for(mirror, other):
    for name in ("evil/small", "acme2/small", "acme/..%2f..%2fapi", "acme%2fsmall/x"):
        assert get(mirror, f"/{name}/resolve/main/config.json").status_code in {401, 404}
    assert get(mirror, "/api/models/evil/small").status_code == 401
    assert sum(other.asked.values()) == 0


def test_what_is_gated_needs_a_token_and_its_whole_name(tmp_path, other, caplog):
    other.put("acme/gated", FILES)
    other.put("acme/private", FILES)
    other.gated, other.private = {"acme/gated"}, {"acme/private"}
    for number, (options, status) in enumerate((
        (mirroring(other.url), 403),
        (mirroring(other.url, token="hf_operator_canary"), 403),
        (mirroring(other.url, "acme/gated", "acme/private"), 403),
        (mirroring(other.url, "acme/gated", "acme/private", token="hf_operator_canary"), 200),
    )):  # fmt: skip
        with serving_hub(tmp_path / str(number), mirroring=options) as hub:
            alice = hub.user("alice")
            for name in ("gated", "private"):
                answer = hub.raw("GET", f"/acme/{name}/resolve/main/config.json", alice)
                assert answer.status_code == status
                assert answer.headers.get("X-Error-Code") == ("GatedRepo" if status == 403 else None)
                assert "hf_operator_canary" not in answer.text + str(dict(answer.headers)) + repr(options)
    assert "hf_operator_canary" not in caplog.text


def test_what_is_gated_is_read_by_users_and_by_nobody_else(tmp_path, other):
    commit = other.put("acme/gated", FILES)
    other.gated = {"acme/gated"}
    path = f"/acme/gated/resolve/{commit}/middle.bin"
    with serving_hub(tmp_path, mirroring=mirroring(other.url, "acme/gated", token="hf_x")) as hub:
        alice, bob = hub.user("alice"), hub.user("bob")
        for _ in range(2):  # first it is brought, then it is here
            assert get(hub, path).status_code == 401
            assert hub.raw("GET", path, alice).content == MIDDLE
        assert get(hub, "/acme/gated").status_code in {401, 404}
        assert hub.ask("GET", "/repositories?q=gated")["items"] == []
        assert [each["private"] for each in hub.ask("GET", "/repositories?q=gated", bob)["items"]] == [True]
        for names, wanted in ((None, "error"), (bob, "commit")):
            body = {"names": ["acme/gated@main"]}
            assert wanted in hub.ask("POST", "/resolve", names, json=body)["resolved"][0]
        hub.ask("PATCH", "/repositories/acme/gated", alice, json={"private": False}, status=403)


def test_what_becomes_gated_is_hidden_and_stays_so_until_an_admin_shows_it(tmp_path, other):
    other.put("acme/small", FILES)
    path = "/acme/small/resolve/main/config.json"
    with serving_hub(tmp_path, mirroring=mirroring(other.url, "acme/small", token="hf_x")) as hub:
        alice = hub.user("alice")
        assert get(hub, path).status_code == 200
        other.gated = {"acme/small"}
        assert get(hub, path).status_code == 401
        other.gated = set()
        assert get(hub, path).status_code == 401
        assert hub.raw("GET", path, alice).status_code == 200
        hub.ask("PATCH", "/repositories/acme/small", hub.admin, json={"private": False})
        assert get(hub, path).status_code == 200


def test_a_token_that_is_not_taken_is_said_to_be_so(tmp_path, other):
    other.spoilt["/api"] = lambda h: send(h, 401, b"{}")
    with serving_hub(tmp_path, mirroring=mirroring(other.url, token="hf_bad")) as hub:
        answer = get(hub, "/acme/small/resolve/main/config.json")
    assert (answer.status_code, "operator's token" in answer.json()["error"]) == (502, True)


def test_a_disk_that_is_full_is_said_to_be(mirror, other, monkeypatch):
    import errno

    other.put("acme/small", FILES)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "keep", full)
    answer = get(mirror, "/acme/small/resolve/main/middle.bin")
    assert (answer.status_code, "No space left" in answer.json()["error"]) == (503, True)


def test_what_was_refused_is_refused_again_and_not_said_to_be_missing(tmp_path, other):
    commit = other.put("acme/small", FILES)
    other.put("acme/gated", FILES)
    other.gated = {"acme/gated"}
    other.spoilt[f"/acme/small/resolve/{commit}/config.json"] = lambda h: send_file(h, b"[]")
    with serving_hub(tmp_path, mirroring=mirroring(other.url, fresh_s=60.0)) as hub:
        for name, status in (("small", 502), ("gated", 403), ("nothing", 401)):
            answers = [get(hub, f"/acme/{name}/resolve/main/config.json") for _ in range(3)]
            assert [answer.status_code for answer in answers] == [status] * 3
        assert other.asked["/api/models/acme/small/revision/main"] == 1


def test_a_repository_is_not_missing_because_too_many_asked_at_once(tmp_path, other, monkeypatch):
    monkeypatch.setattr(mirror_module, "MOST_WAITING", 1)
    ended = threading.Event()
    other.put("acme/small", FILES)
    other.spoilt["/api/models/acme/slow"] = lambda h: (ended.wait(30), send_json(h, {}))
    with serving_hub(tmp_path, mirroring=mirroring(other.url, fresh_s=60.0)) as hub:
        slow = threading.Thread(target=get, args=(hub, "/acme/slow/resolve/main/config.json"))
        slow.start()
        while not other.asked:
            time.sleep(0.01)
        assert get(hub, "/acme/small/resolve/main/config.json").status_code == 503
        ended.set()
        slow.join(30)
        assert get(hub, "/acme/small/resolve/main/config.json").content == b"{}"


def test_a_size_that_another_hub_made_up_keeps_nobody_from_pushing(tmp_path, other):
    commit = other.put("acme/small", {"big.bin": MIDDLE})
    entry = {"type": "file", "path": "big.bin", "oid": "1" * 40, "size": 5, "lfs": {"oid": sha(MIDDLE), "size": 5}}
    other.spoilt[f"/api/models/acme/small/tree/{commit}"] = lambda h: send_json(h, [entry])
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        assert get(hub, "/api/models/acme/small").json()["sha"] == commit
        alice = hub.user("alice")
        hub.repository(alice, "alice/own")
        hub.push(alice, "alice/own", {"mine.bin": MIDDLE}, parent=None)
        assert hub.raw("GET", "/alice/own/resolve/main/mine.bin", alice).content == MIDDLE


def test_a_large_signature_that_is_not_here_yet_is_none(tmp_path, other):
    commit = other.put("acme/small", {"model.sig": MIDDLE})
    large = {"oid": sha(MIDDLE), "size": len(MIDDLE)}
    entry = {"type": "file", "path": "model.sig", "oid": "1" * 40, "size": len(MIDDLE), "lfs": large}
    other.spoilt[f"/api/models/acme/small/tree/{commit}"] = lambda h: send_json(h, [entry])
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        assert get(hub, "/acme/small/resolve/main/model.sig").content == MIDDLE


def test_pages_fetch_what_is_mirrored_too(mirror, other):
    other.put("acme/small", FILES)
    assert get(mirror, "/acme/small/download/main/middle.bin").content == MIDDLE


def test_another_hub_that_names_a_digest_gets_nobody_s_private_file(tmp_path, other):
    secret = b"README of alice alone\n" + MIDDLE
    large = {"oid": sha(secret), "size": len(secret)}
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/own", private=True)
        hub.push(alice, "alice/own", {"mine.bin": secret}, parent=None)
        commit = other.put("acme/spy", {"mine.bin": b"what the other hub has in its place"})
        entry = {"type": "file", "path": "mine.bin", "oid": "1" * 40, "size": len(secret), "lfs": large}
        other.spoilt[f"/api/models/acme/spy/tree/{commit}"] = lambda h: send_json(h, [entry])
        for path in (
            "/acme/spy/resolve/main/mine.bin",
            "/acme/spy/download/main/mine.bin",
            f"/junco/v1/repositories/acme/spy/blobs/{sha(secret)}",
        ):
            answer = get(hub, path)
            assert (answer.status_code, b"alice alone" in answer.content) == (502, False)
        assert "alice alone" not in get(hub, "/acme/spy/blob/main/mine.bin").text
        assert hub.raw("GET", "/alice/own/resolve/main/mine.bin", alice).content == secret
