"""How much of another hub is kept: what was asked for longest ago goes, and never what somebody here has."""

from __future__ import annotations

import os
import threading

from other_hubs import mirroring, send, serving_hub, sha
from sqlalchemy import update

from junco.hub.server.mirror.room import kept_bytes
from junco.hub.server.tables.mirror import Fetched

FILES = {f"{letter}.bin": os.urandom(1_000_000) for letter in "abcd"} | {"config.json": b"{}"}


def get(hub, path):
    return hub.raw("GET", f"/acme/small/resolve/main/{path}")


def asked_at(hub, **times):
    with hub.hub.database.writing() as session:
        for letter, at in times.items():
            session.execute(update(Fetched).where(Fetched.sha256 == sha(FILES[f"{letter}.bin"])).values(used=at))


def here(hub):
    return sorted(name for name, data in FILES.items() if list(hub.hub.store.glob(f"blobs/*/*/{sha(data)}-*")))


def test_what_was_asked_for_longest_ago_goes_and_comes_again(tmp_path, other):
    other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url, most_bytes=2_500_000)) as hub:
        for letter in "ab":
            assert get(hub, f"{letter}.bin").content == FILES[f"{letter}.bin"]
        asked_at(hub, a=100, b=50)
        assert get(hub, "a.bin").status_code == 200  # which makes it the younger one
        assert get(hub, "c.bin").content == FILES["c.bin"]
        assert here(hub) == ["a.bin", "c.bin", "config.json"]
        assert get(hub, "b.bin").content == FILES["b.bin"]
        assert kept_bytes(hub.hub) == 2_000_000
        assert get(hub, "config.json").content == b"{}"
        assert hub.raw("HEAD", "/acme/small/resolve/main/a.bin").headers["Content-Length"] == "1000000"


def test_what_somebody_here_has_pushed_stays(tmp_path, other):
    other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url, most_bytes=1_500_000)) as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/own")
        assert get(hub, "a.bin").status_code == 200
        hub.push(alice, "alice/own", {"mine.bin": FILES["a.bin"]}, parent=None)
        asked_at(hub, a=1)
        assert kept_bytes(hub.hub) == 0
        for letter in "bcd":
            assert get(hub, f"{letter}.bin").content == FILES[f"{letter}.bin"]
        assert here(hub) == ["a.bin", "config.json", "d.bin"]
        answer = hub.raw("GET", "/alice/own/resolve/main/mine.bin", alice)
        assert answer.content == FILES["a.bin"]


def test_knowing_the_digest_of_what_is_mirrored_gives_nobody_the_file(tmp_path, other):
    other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/own")
        get(hub, "a.bin")
        for letter in "ab":  # one that is here, one that is only known
            body = {"parent": None, "add": [{"path": "x", "sha256": sha(FILES[f"{letter}.bin"]), "size": 1_000_000}]}
            hub.ask("POST", "/repositories/alice/own/commits/main", alice, json=body, status=400)
        missing = {"files": [{"sha256": sha(FILES["b.bin"]), "size": 1_000_000}]}
        assert len(hub.ask("POST", "/repositories/alice/own/missing", alice, json=missing)["missing"]) == 1
        hub.push(alice, "alice/own", {"x.bin": FILES["b.bin"]}, parent=None)  # sent before the mirror has it
        assert get(hub, "b.bin").content == FILES["b.bin"]
        assert hub.raw("GET", "/alice/own/resolve/main/x.bin").content == FILES["b.bin"]


def test_a_file_that_never_fits_is_refused_before_a_byte_of_it_comes(tmp_path, other):
    commit = other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url, most_bytes=900_000)) as hub:
        assert get(hub, "a.bin").status_code == 413
        assert get(hub, "config.json").content == b"{}"
    assert other.asked[f"/acme/small/resolve/{commit}/a.bin"] == 0


def test_what_is_on_its_way_has_its_room(tmp_path, other):
    commit = other.put("acme/small", FILES)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(handler):
        send(handler, 200, FILES["a.bin"][:500_000], {}, 1_000_000)
        begun.set()
        go_on.wait(20)
        handler.wfile.write(FILES["a.bin"][500_000:])

    other.spoilt[f"/acme/small/resolve/{commit}/a.bin"] = slowly
    with serving_hub(tmp_path, mirroring=mirroring(other.url, most_bytes=1_500_000)) as hub:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(get(hub, "a.bin")))
        thread.start()
        begun.wait(20)
        answer = get(hub, "b.bin")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        go_on.set()
        thread.join(20)
        assert answers[0].content == FILES["a.bin"]
        assert get(hub, "b.bin").content == FILES["b.bin"]


def test_names_that_are_ended_take_their_bytes_with_them(tmp_path, other):
    from junco.hub.server.blobs.collect import collect

    other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        get(hub, "a.bin")
        hub.ask("DELETE", "/admin/repositories/acme/small", hub.admin, status=204)
        collect(hub.hub, -1, -1)
        assert here(hub) == []
