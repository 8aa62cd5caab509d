"""``junco hub serve --mirror`` and ``junco hub mirror``, as people type them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx2
import pytest
from other_hubs import mirroring, send_file, serving_hub

from junco.errors import InputError
from junco.hub.server.mirror.options import bytes_of, mirroring_of

FILES = {"config.json": b"{}", "a.bin": os.urandom(300_000), "b.bin": os.urandom(300_000)}


def junco(*words, home, hub=None, given=None, status=0, **more):
    """What a command wrote to stdout and to stderr."""
    environment = {**os.environ, "JUNCO_HOME": str(home), **({"JUNCO_HUB": hub} if hub else {}), **more}
    done = subprocess.run(
        [sys.executable, "-m", "junco", "hub", *map(str, words)],
        input=given, check=False, capture_output=True, text=True, timeout=120, env=environment,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def test_an_admin_fetches_ahead_and_lists(tmp_path, other):
    commit = other.put("acme/small", FILES)
    with serving_hub(tmp_path / "store", mirroring=mirroring(other.url)) as hub:
        home = tmp_path / "home"
        junco("login", hub.url, "--user", "hubadmin", "--password-stdin", "--admin", home=home,
              given="password of hubadmin\n")  # fmt: skip
        shown, _ = junco("mirror", "acme/small", "--only", "*.json", "--only", "a.*", home=home)
        assert shown.startswith(f"acme/small: commit {commit[:12]}, 2 files")
        assert other.asked[f"/acme/small/resolve/{commit}/b.bin"] == 0
        listed = json.loads(junco("mirror", "--json", home=home)[0])
        assert [(row["name"], row["bytes"], row["here"]) for row in listed["items"]] == [
            ("acme/small", 600_002, 300_002)
        ]
        junco("mirror", f"acme/small@{commit}", home=home)
        assert "585.9 KiB  585.9 KiB" in junco("mirror", home=home)[0]
        assert "may be mirrored" in junco("mirror", home=home)[1]
        assert "not allowed to be mirrored" in junco("mirror", "evil/small", home=home, status=2)[1]
        other.spoilt[f"/acme/broken/resolve/{'3' * 40}/a.bin"] = lambda h: send_file(h, bytes(300_000))
        other.put("acme/broken", FILES, commit="3" * 40)
        other.put("acme/other", {"c.bin": os.urandom(1000)}, commit="4" * 40)
        other.spoilt[f"/acme/other/resolve/{'4' * 40}/c.bin"] = lambda h: send_file(h, bytes(1000))
        assert "other bytes than were promised" in junco("mirror", "acme/other", home=home, status=2)[1]
        alice = hub.user("alice")
        junco("login", hub.url, "--token-stdin", home=tmp_path / "alice", given=alice.token + "\n")
        events = hub.ask("GET", "/admin/audit", hub.admin)["items"]
        assert {"mirror.fetch", "mirror.commit"} <= {event["action"] for event in events}


def test_who_runs_no_mirror_is_told_so(tmp_path):
    with serving_hub(tmp_path) as hub:
        hub.ask("POST", "/admin/mirror", hub.admin, json={"name": "a/b"}, status=400)
        assert hub.ask("GET", "/admin/mirror", hub.admin)["items"] == []


def test_serve_mirrors_with_a_token_that_is_in_no_line_it_writes(tmp_path, other):
    other.put("acme/small", FILES)
    secret = tmp_path / "token"
    secret.write_text("hf_canary_of_the_operator\n")
    command = [sys.executable, "-m", "junco", "hub", "serve", str(tmp_path / "store"), "--port", "0"]
    more = [
        "--mirror",
        other.url,
        "--mirror-allow",
        "acme/*",
        "--mirror-allow",
        "acme/gated",
        "--mirror-size",
        "1GB",
        "--mirror-token-file",
        secret,
    ]
    process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    assert httpx2.get(f"{address}/acme/small/resolve/main/a.bin").content == FILES["a.bin"]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert f"acme/*, acme/gated of {other.url} can be read here" in said
    assert "what is gated or private there of acme/gated is read with your token, and every user of this hub" in said
    assert "canary" not in said
    assert {headers.get("Authorization") for _, headers in other.headers} == {"Bearer hf_canary_of_the_operator"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((None, ("acme/*",)), "there is no --mirror"),
        (("https://hub.example", ()), "--mirror-allow 'sentence-transformers/\\*'"),
        (("https://hub.example", ("*",)), "NAMESPACE/NAME is meant"),
        (("https://hub.example", ("*/*",)), "NAMESPACE/NAME is meant"),
        (("https://hub.example", ("acme/../x",)), "NAMESPACE/NAME is meant"),
        (("ftp://hub.example", ("acme/*",)), "is the address of a hub"),
        (("https://user:secret@hub.example", ("acme/*",)), "is the address of a hub"),
        (("http://hub.example", ("acme/*",), "hf_x"), "in the clear"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        mirroring_of(*options)


def test_sizes_are_read_as_people_write_them():
    assert [bytes_of(text) for text in ("200GB", "1.5 gib", "10mb")] == [200 * 10**9, 3 << 29, 10**7]
    for text in ("", "x", "10", "-1GB", "0MB", "1e9GB"):
        with pytest.raises(InputError, match="no size"):
            bytes_of(text)
