"""Case 30: what is sent by Xet, well and badly made by hand."""

from __future__ import annotations

import hashlib
import os
import struct

import lz4.frame
import pytest
from sqlalchemy import delete, func, select

from junco.hub.server.blobs.collect import collect
from junco.hub.server.tables.files import Blob
from junco.hub.server.tables.use import XetRange, XetXorb

END = b"\xff" * 32 + bytes(16)


def swapped(text):
    """A hash's bytes, from its name in addresses."""
    raw = bytes.fromhex(text)
    return b"".join(raw[i : i + 8][::-1] for i in range(0, 32, 8))


def chunk(data, scheme=0, packed=None, size=None):
    body = packed if packed is not None else lz4.frame.compress(data) if scheme else data
    size = len(data) if size is None else size
    return bytes([0]) + len(body).to_bytes(3, "little") + bytes([scheme]) + size.to_bytes(3, "little") + body


def grouped(data):
    return b"".join(data[i::4] for i in range(4))


def shard(sha256, terms, *, metadata=True):
    """Of one file: terms are name of a xorb, first, last, bytes."""
    flags = 1 << 30 if metadata else 0
    out = b"HFRepoMetaData".ljust(32, b"\0") + struct.pack("<QQ", 2, 0)
    out += bytes(32) + struct.pack("<IIQ", flags, len(terms), 0)
    for xorb, first, last, size in terms:
        out += swapped(xorb) + struct.pack("<IIII", 0, size, first, last)
    return out + (swapped(sha256) + bytes(16) if metadata else b"") + END + END


@pytest.fixture
def sender(hub, alice):
    """Sends to a scope of alice's."""
    return Sender(hub, alice, "alice/by-hand")


class Sender:
    def __init__(self, hub, who, name):
        if hub.raw("GET", f"/junco/v1/repositories/{name}", who).status_code == 404:
            hub.repository(who, name)
        self.hub, self.token = hub, hub.raw("GET", f"/api/models/{name}/xet-write-token/main", who).json()
        self.base = self.token["casUrl"].removeprefix(hub.url)

    def post(self, path, body, token=None):
        headers = {"Authorization": f"Bearer {token or self.token['accessToken']}"}
        return self.hub.client.post(self.base + path, content=body, headers=headers)

    def xorb(self, *chunks, name=None, status=200):
        name = name or os.urandom(32).hex()
        answer = self.post(f"/v1/xorbs/default/{name}", b"".join(chunks))
        assert answer.status_code == status, answer.text
        return name

    def shard(self, data, terms, status=200, **more):
        sha256 = data if isinstance(data, str) else hashlib.sha256(data).hexdigest()
        answer = self.post("/v1/shards", shard(sha256, terms, **more))
        assert answer.status_code == status, answer.text


def commit(hub, who, name, data):
    sha256 = hashlib.sha256(data).hexdigest()
    body = {"parent": "any", "add": [{"path": f"{sha256[:8]}.bin", "sha256": sha256}]}
    hub.ask("POST", f"/repositories/{name}/commits/main", who, json=body, status=201)
    assert hub.ask("GET", f"/repositories/{name}/blobs/{sha256}").content == data


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 1000, 131_072])
def test_chunks_of_each_kind_make_a_file(hub, alice, sender, size):
    parts = [os.urandom(size // 2 + 1) * 2 for _ in range(3)]
    parts = [part[:size] for part in parts]
    chunks = [chunk(parts[0]), chunk(parts[1], 1), chunk(grouped(parts[2]), 2)]
    xorb = sender.xorb(*chunks)
    data = b"".join([*parts, parts[1]])
    sender.shard(data, [(xorb, 0, 3, 3 * size), (xorb, 1, 2, size)])
    commit(hub, alice, "alice/by-hand", data)


def test_a_pack_that_is_gone_is_read_from_the_files_made_of_it(hub, alice, sender):
    parts = [os.urandom(5000) for _ in range(4)]
    xorb = sender.xorb(*(chunk(part, 1) for part in parts))
    data = b"".join(parts)
    sender.shard(data, [(xorb, 0, 4, 20_000)])
    commit(hub, alice, "alice/by-hand", data)
    with hub.hub.database.writing() as session:
        session.execute(delete(XetXorb))
    collect(hub.hub, grace_s=-1)
    changed = parts[3] + parts[1] + parts[2]
    sender.shard(changed, [(xorb, 3, 4, 5000), (xorb, 1, 3, 10_000)])
    commit(hub, alice, "alice/by-hand", changed)
    sender.shard(b"", [(xorb, 3, 5, 10_000)], status=400)


def test_when_its_files_go_a_scope_ends_and_clients_begin_anew(hub, alice, sender):
    data = os.urandom(3000)
    xorb = sender.xorb(chunk(data))
    sender.shard(data, [(xorb, 0, 1, 3000)])
    collect(hub.hub, grace_s=-1)
    assert sender.post("/v1/shards", b"").status_code == 403
    again = Sender(hub, alice, "alice/by-hand")
    assert again.base != sender.base
    again.shard(data, [(xorb, 0, 1, 3000)], status=400)


BAD_XORBS = {
    "nothing": b"",
    "a wrong version": b"\x07" + bytes(20),
    "a length beyond its end": chunk(b"abc")[:-1],
    "a way of packing that is not known": chunk(b"abc", 0)[:4] + b"\x09" + chunk(b"abc", 0)[5:],
    "a chunk that says it is too large": chunk(b"abc", size=131_073),
    "half a head": chunk(b"abc") + b"\0\0\0",
}


@pytest.mark.parametrize("name", BAD_XORBS)
def test_case_30_a_pack_that_is_none_is_refused(sender, name):
    sender.xorb(BAD_XORBS[name], status=400)


def test_case_30_a_pack_has_a_limit(sender):
    answer = sender.post(f"/v1/xorbs/default/{'a' * 64}", bytes((64 << 20) + 1))
    assert answer.status_code == 413
    for name in ("a" * 63, "A" * 64, "..%2f" + "a" * 59):
        assert sender.post(f"/v1/xorbs/default/{name}", chunk(b"a")).status_code in {400, 404}


def blobs(hub):
    with hub.hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Blob)), session.scalar(
            select(func.count()).select_from(XetRange)
        )


def test_case_30_a_shard_that_lies_makes_no_file(hub, sender):
    data = os.urandom(1000)
    good = sender.xorb(chunk(data), chunk(data))
    bomb = sender.xorb(chunk(b"", 1, packed=lz4.frame.compress(bytes(100_000_000))[:200_000], size=1000))
    broken = sender.xorb(chunk(b"", 1, packed=b"\x04\x22\x4d\x18nonsense", size=10))
    short = sender.xorb(chunk(data, 1, size=999))
    before = blobs(hub)
    for terms in (
        [(good, 0, 3, 3000)],
        [(good, 2, 3, 1000)],
        [(good, 1, 1, 0)],
        [(good, 2, 1, 0)],
        [(good, 0, 1, 999)],
        [(good, 0, 1 << 31, 1000)],
        [(bomb, 0, 1, 1000)],
        [(broken, 0, 1, 10)],
        [(short, 0, 1, 999)],
        [("b" * 64, 0, 1, 1000)],
    ):
        sender.shard(data, terms, status=400)
    sender.shard("c" * 64, [(good, 0, 1, 1000)], status=400)
    sender.shard(data, [(good, 0, 1, 1000)], status=400, metadata=False)
    for body in (b"", bytes(48), b"x" * 1000, shard("c" * 64, [(good, 0, 1, 1000)])[:100]):
        assert sender.post("/v1/shards", body).status_code == 400
    assert blobs(hub) == before
    assert [*hub.hub.incoming.glob("*.incoming")] == []


def test_case_30_packs_of_others_are_not_there(hub, alice, bob, sender):
    data = os.urandom(1000)
    xorb = sender.xorb(chunk(data))
    other = Sender(hub, bob, "bob/by-hand")
    other.shard(data, [(xorb, 0, 1, 1000)], status=400)
    sender.shard(data, [(xorb, 0, 1, 1000)])
    other.shard(data, [(xorb, 0, 1, 1000)], status=400)
    assert sender.post("/v1/shards", b"", token=other.token["accessToken"]).status_code == 403
    assert other.base != sender.base


def test_case_30_a_token_is_good_for_a_while_and_while_its_owner_may_write(hub, alice, sender, monkeypatch):
    from junco.hub.server import signing

    real = signing.now
    monkeypatch.setattr(signing, "now", lambda: real() + 901)
    assert sender.post("/v1/shards", b"").status_code == 403
    monkeypatch.undo()
    token = hub.token(alice)
    narrow = hub.raw("GET", "/api/models/alice/by-hand/xet-write-token/main", token).json()["accessToken"]
    assert sender.post("/v1/shards", b"", token=narrow).status_code == 400
    hub.ask("DELETE", "/me/token", token, status=204)
    assert sender.post("/v1/shards", b"", token=narrow).status_code == 401
    for wrong in ("x", alice.token, sender.token["accessToken"][:-2] + "xx"):
        assert sender.post("/v1/shards", b"", token=wrong).status_code == 403
    assert hub.client.post(f"{sender.base}/v1/shards", content=b"").status_code == 401


def test_what_the_hub_does_not_do_is_not_there(hub, sender):
    for path in ("/v2/shards", f"/v1/xorb-grants/default/{'a' * 64}"):
        assert sender.post(path, b"").status_code == 404
    assert hub.client.get(f"{sender.base}/v1/chunks/default/{'a' * 64}").status_code == 404
    assert hub.client.get(f"{sender.base}/v1/reconstructions/{'a' * 64}").status_code == 404
    headers = hub.raw("HEAD", "/alice/by-hand/resolve/main/none").headers
    assert not [name for name in headers if name.lower().startswith("x-xet")]
