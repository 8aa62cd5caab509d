"""A push, a pull and all between, by the native protocol."""

from __future__ import annotations

import hashlib
import os

import pytest

CARD = b"---\nlicense: apache-2.0\ntags: [junco:operator, 'family:image-embedding']\n---\n# Flowers\n\nFinds flowers.\n"


@pytest.fixture(scope="module")
def flowers(hub, alice):
    """A repository with a commit and a release."""
    hub.repository(alice, "alice/flowers")
    weights = os.urandom(3_000_000)
    files = {"README.md": CARD, "weights.bin": weights, "a/b.txt": b"b"}
    done = hub.push(alice, "alice/flowers", files, parent=None, release="v1.0.0")
    return done, files


def test_a_hub_says_what_it_is(hub):
    assert hub.ask("GET", "/")["hub"]["api"] == 1


def test_a_login_gives_a_token_that_says_who_one_is(hub, alice):
    body = {"user": "alice", "password": alice.password, "token": {"name": "laptop"}}
    token = hub.ask("POST", "/login", json=body, status=201)["token"]
    me = hub.ask("GET", "/me", token)
    assert (me["user"], me["token"]["scopes"]) == ("alice", ["repo:read", "repo:write"])
    hub.ask("DELETE", "/me/token", token, status=204)
    assert hub.ask("GET", "/me", token, status=401)["error"]["code"] == "unauthenticated"


def test_what_is_pushed_can_be_pulled_by_anybody(hub, flowers):
    done, files = flowers
    tree = hub.ask("GET", "/repositories/alice/flowers/tree/v1.0.0")
    assert tree["commit"] == done["commit"]
    assert tree["release"] == "v1.0.0"
    assert [file["path"] for file in tree["files"]] == sorted(files)
    for file in tree["files"]:
        data = hub.ask("GET", f"/repositories/alice/flowers/blobs/{file['sha256']}").content
        assert data == files[file["path"]]


def test_the_trees_digest_is_that_of_its_lines(hub, flowers):
    tree = hub.ask("GET", "/repositories/alice/flowers/tree/main")
    lines = [f"{file['sha256']} {file['size']} {file['path']}\n" for file in tree["files"]]
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == tree["digest"] == flowers[0]["digest"]


def test_a_part_of_a_file_is_served(hub, flowers):
    data = flowers[1]["weights.bin"]
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"/junco/v1/repositories/alice/flowers/blobs/{sha256}"
    for said, part in (("bytes=5-9", data[5:10]), ("bytes=2999990-", data[-10:]), ("bytes=-7", data[-7:])):
        answer = hub.raw("GET", path, headers={"Range": said})
        assert (answer.status_code, answer.content) == (206, part)
    assert hub.raw("GET", path, headers={"Range": "bytes=3000000-"}).status_code == 416


def test_the_card_is_what_a_repository_is_found_by(hub, flowers):
    shown = hub.ask("GET", "/repositories/alice/flowers")
    assert (shown["kind"], shown["family"], shown["licence"]) == ("operator", "image-embedding", "apache-2.0")
    assert (shown["title"], shown["summary"], shown["latest"]) == ("Flowers", "Finds flowers.", "v1.0.0")
    found = hub.ask("GET", "/repositories?q=flow&family=image-embedding&facets=true")
    assert [each["name"] for each in found["items"]] == ["alice/flowers"]
    assert found["facets"]["kind"] == [{"value": "operator", "count": 1}]


def test_an_upload_that_broke_off_goes_on(hub, alice, flowers):
    data = os.urandom(500_000)
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"/repositories/alice/flowers/blobs/{sha256}"
    headers = {"Upload-Size": "500000"}
    assert hub.ask("PUT", path, alice, content=data[:200_000], headers=headers, status=202) == {"offset": 200_000}
    asked = hub.ask(
        "POST", "/repositories/alice/flowers/missing", alice, json={"files": [{"sha256": sha256, "size": 1}]}
    )
    assert asked == {"missing": [{"sha256": sha256, "offset": 200_000}]}
    wrong = hub.ask("PUT", path, alice, content=data, headers={"Upload-Offset": "1"}, status=416)
    assert wrong["error"]["details"] == {"offset": 200_000}
    headers = {"Upload-Offset": "200000", "Upload-Size": "500000"}
    hub.ask("PUT", path, alice, content=data[200_000:], headers=headers, status=201)
    asked = hub.ask(
        "POST", "/repositories/alice/flowers/missing", alice, json={"files": [{"sha256": sha256, "size": 1}]}
    )
    assert asked == {"missing": []}


def test_a_commit_removes_replaces_and_shows_what_it_changed(hub, alice):
    hub.repository(alice, "alice/changing")
    one = hub.push(alice, "alice/changing", {"a.txt": b"1", "b/c.txt": b"2", "b/d.txt": b"3"}, parent=None)
    two = hub.push(alice, "alice/changing", {"a.txt": b"4", "e.txt": b"5"}, parent=one["commit"], remove=["b/"])
    shown = hub.ask("GET", f"/repositories/alice/changing/diff/{one['commit']}...{two['commit']}")
    assert [file["path"] for file in shown["added"]] == ["e.txt"]
    assert [file["path"] for file in shown["removed"]] == ["b/c.txt", "b/d.txt"]
    assert [file["path"] for file in shown["changed"]] == ["a.txt"]
    history = hub.ask("GET", "/repositories/alice/changing/commits/main?limit=1")
    assert [each["commit"] for each in history["items"]] == [two["commit"]]
    rest = hub.ask("GET", f"/repositories/alice/changing/commits/main?after={history['next']}")
    assert [each["commit"] for each in rest["items"]] == [one["commit"]]
    same = hub.push(alice, "alice/changing", {"a.txt": b"4", "e.txt": b"5"}, status=200, replace=True)
    assert (same["unchanged"], same["commit"]) == (True, two["commit"])


def test_a_release_is_made_once_and_stays(hub, alice, flowers):
    oid = flowers[0]["commit"]
    later = hub.push(alice, "alice/flowers", {"c.txt": b"c"})
    refs = hub.ask("GET", "/repositories/alice/flowers/refs")
    assert refs["releases"]["v1.0.0"]["commit"] == oid
    again = {"release": "v1.0.0", "revision": "main"}
    wrong = hub.ask("POST", "/repositories/alice/flowers/releases", alice, json=again, status=409)
    assert wrong["error"]["details"] == {"commit": oid}
    hub.ask("POST", "/repositories/alice/flowers/releases", alice, json={**again, "revision": oid}, status=200)
    hub.ask("POST", "/repositories/alice/flowers/releases", alice, json={"release": "v1.10.0"}, status=201)
    hub.ask("POST", "/repositories/alice/flowers/releases", alice, json={"release": "v1.9.0"}, status=201)
    hub.ask("POST", "/repositories/alice/flowers/releases", alice, json={"release": "v2.0.0-rc.1"}, status=201)
    shown = hub.ask("GET", "/repositories/alice/flowers")
    assert shown["releases"] == ["v2.0.0-rc.1", "v1.10.0", "v1.9.0", "v1.0.0"]
    assert (shown["latest"], shown["head"]) == ("v1.10.0", later["commit"])
    asked = ["alice/flowers@1.0.0", "alice/flowers", "alice/flowers@v7.0.0", "alice/none", f"alice/flowers@{oid}"]
    resolved = hub.ask("POST", "/resolve", json={"names": asked})["resolved"]
    assert [each.get("commit") for each in resolved] == [oid, later["commit"], None, None, oid]
    assert [each["error"]["code"] for each in resolved if "error" in each] == ["no-revision", "no-repository"]


def test_the_same_commit_sent_twice_is_one(hub, alice):
    hub.repository(alice, "alice/twice")
    one = hub.push(alice, "alice/twice", {"a": b"1"}, parent=None)
    again = hub.push(alice, "alice/twice", {"a": b"1"}, parent=None, status=200)
    assert again["commit"] == one["commit"]
    stale = hub.push(alice, "alice/twice", {"a": b"2"}, parent=None, status=412)
    assert stale["error"]["details"] == {"head": one["commit"]}


def test_small_files_come_within_a_commit(hub, alice):
    hub.repository(alice, "alice/inline")
    body = {"parent": None, "message": "m", "add": [{"path": "a.txt", "content": "aGVsbG8="}]}
    hub.ask("POST", "/repositories/alice/inline/commits/main", alice, json=body, status=201)
    tree = hub.ask("GET", "/repositories/alice/inline/tree/main")
    assert [(file["path"], file["size"], file["format"]) for file in tree["files"]] == [("a.txt", 5, "text")]
