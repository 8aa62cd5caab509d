"""Where a source lies: paths, addresses, bytes, files; each in one way, with limits."""

from __future__ import annotations

import io
import itertools
import re
import sys

import pytest

from junco.errors import InputError, MissingExtraError, UnavailableError
from junco.places import fetching
from junco.places.source import Limits, opened
from servers import Answer, online, serving

BODY = b"some bytes " * 100
URLS, ANYWHERE = Limits(allow_urls=True), Limits(allow_urls=True, allow_private=True)


@pytest.fixture(autouse=True)
def with_network(monkeypatch):
    online(monkeypatch)


def read(source, **more):
    with opened(source, **more) as (file, _):
        assert file.tell() == 0
        content = file.read()
        file.seek(3)
        assert file.read(2) == content[3:5]
        return content


def refusal(source, limits=URLS):
    with pytest.raises(InputError) as caught, opened(source, what="video", limits=limits):
        pytest.fail("opened")
    return str(caught.value)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a b.bin").write_bytes(BODY)
    return tmp_path / "a b.bin"


def test_a_path_an_address_of_a_file_bytes_and_files_are_read_alike(path):
    with path.open("rb") as file:
        for source in (path, str(path), path.as_uri(), BODY, bytearray(BODY), memoryview(BODY), file, io.BytesIO(BODY)):
            assert read(source) == BODY
        assert file.tell() == 0
    for cell in ({"bytes": BODY, "path": "x"}, {"bytes": None, "path": str(path)}):
        assert read(cell) == BODY


def test_the_rest_of_an_open_file_is_read_and_the_file_put_back():
    file = io.BytesIO(BODY)
    file.seek(5)
    assert read(file) == BODY[5:]
    assert file.tell() == 5


def test_a_file_that_gives_little_at_a_time_is_read_whole():
    class Pipe:
        def __init__(self):
            self.left = io.BytesIO(BODY)

        def read(self, size):
            return self.left.read(min(size, 7))

    assert read(Pipe()) == BODY


def test_a_file_object_without_an_end_is_left_at_the_limit():
    class Endless:
        name = "tap"

        def read(self, size):
            return bytes(size)

    assert refusal(Endless(), Limits(max_bytes=1000)).startswith("'tap': more than max_bytes=1,000")


def test_a_file_on_another_machine_is_none():
    assert "another machine" in refusal("file://elsewhere/etc/passwd")


@pytest.mark.parametrize("url", ["http://host/a", "https://host/a", "s3://bucket/a", "memory://a"])
def test_no_address_is_opened_unless_that_is_allowed(url):
    assert "allow_urls=True" in refusal(url, Limits())


def test_an_address_of_the_web_is_read_where_that_is_allowed():
    with serving({"/x": Answer(BODY), "/none": Answer(b"")}) as (site, _):
        assert read(f"{site}/x", limits=ANYWHERE) == BODY
        assert "no public address" in refusal(f"{site}/x")
        assert "empty, no video in it" in refusal(f"{site}/none", ANYWHERE)


def test_a_body_without_an_end_is_left_at_the_limit_and_takes_no_memory(monkeypatch):
    monkeypatch.setattr(fetching, "IN_MEMORY_BYTES", 1000)
    endless = Answer(itertools.repeat(bytes(1000)), length=None)
    with serving({"/x": endless}) as (site, _):
        assert "more than max_bytes=50,000" in refusal(f"{site}/x", Limits(True, True, 50_000))


def test_an_address_of_a_store_is_read_by_fsspec_up_to_the_limit():
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe({"/box/a.bin": BODY, "/box/none": b""})
    assert read("memory://box/a.bin", limits=URLS) == BODY
    assert "more than max_bytes=10" in refusal("memory://box/a.bin", Limits(True, False, 10))
    assert "no such file" in refusal("memory://box/b.bin")
    assert "empty, no video" in refusal("memory://box/none")
    assert refusal("memory://box").startswith("'memory://box': ")


@pytest.mark.parametrize("in_memory_bytes", [10, 10**6])
def test_what_is_fetched_is_the_same_in_memory_and_in_a_temporary_file(in_memory_bytes, monkeypatch):
    monkeypatch.setattr(fetching, "IN_MEMORY_BYTES", in_memory_bytes)
    with serving({"/x": Answer(BODY)}) as (site, _), opened(f"{site}/x", limits=ANYWHERE) as (file, name):
        assert (file.seekable(), name) == (True, repr(f"{site}/x"))
        file.seek(-5, 2)
        assert file.read() == BODY[-5:]
    assert file.closed


@pytest.mark.parametrize(
    "url",
    [
        *("local:///etc/passwd", "simplecache::file:///etc/passwd", "filecache::http://127.0.0.1/x", "git://./x"),
        *("reference://::/etc/passwd", "zip://a::http://127.0.0.1/x", "dask://x", "dir://x::file:///etc", "data://x"),
    ],
)
def test_ways_of_fsspec_that_lead_around_the_rules_are_not_taken(url):
    assert "cannot be read here" in refusal(url, ANYWHERE)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "sftp://host/x", "smb://host/x", "webhdfs://host/x", "what://x"])
def test_protocols_that_name_a_host_are_opened_only_where_private_places_are(url):
    assert "allow_private=True" in refusal(url)


@pytest.mark.parametrize(("url", "meant"), [("htp://host/x", "http://"), ("htps://host/x", "https://")])
def test_a_slip_in_a_protocol_is_taken_for_one(url, meant):
    assert f"did you mean {meant}?" in refusal(url)
    assert "did you mean" not in refusal("what://x")


def test_a_package_of_a_store_that_is_missing_is_told_beside_the_extra(monkeypatch):
    fsspec = pytest.importorskip("fsspec")

    def lacking(url):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", lacking)
    assert re.search(r"Install s3fs.*junco\[urls\]", refusal("s3://bucket/a"))


def test_a_store_whose_package_is_missing_is_refused_in_a_line():
    pytest.importorskip("fsspec")
    reason = refusal("nosuchstore://x", ANYWHERE)
    assert "\n" not in reason
    assert "nosuchstore" in reason


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"junco\[urls\]"), opened("s3://bucket/a", limits=URLS):
        pytest.fail("opened")


@pytest.mark.parametrize("url", ["https://host/a", "s3://bucket/a"])
def test_nothing_is_asked_of_a_store_while_offline(url, monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="JUNCO_OFFLINE"), opened(url, limits=URLS):
        pytest.fail("opened")


def test_a_password_of_an_address_is_in_no_message():
    assert "hunter2" not in refusal("http://me:hunter2@127.0.0.1:9/x")
    assert "hunter2" not in refusal("ftp://me:hunter2@127.0.0.1:9/x")
