"""Large file objects are read where they lie, and stay where they stood."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from junco.errors import InputError
from junco.places.source import Limits, opened

BODY = bytes(range(256)) * 4_000


def read(source, max_bytes=10):
    with opened(source, what="video", limits=Limits(max_bytes=max_bytes), in_place=True) as (file, _):
        return file.read()


def test_what_is_left_of_a_file_object_is_read_beyond_max_bytes_and_it_stays_where_it_stood(tmp_path):
    (tmp_path / "x").write_bytes(BODY)
    with (tmp_path / "x").open("rb") as on_disk:
        for given in (on_disk, io.BytesIO(BODY)):
            given.seek(77)
            assert read(given) == read(given) == BODY[77:]
            assert given.tell() == 77


def test_places_count_from_where_it_stood():
    given = io.BytesIO(BODY)
    given.seek(100)
    with opened(given, in_place=True) as (file, _):
        assert (file.seek(-5, 2), file.read()) == (len(BODY) - 105, BODY[-5:])
        assert (file.seek(3), file.read(2), file.seek(4, 1), file.read(1)) == (3, BODY[103:105], 9, BODY[109:110])
        assert (file.seek(10**7), file.read()) == (10**7, b"")


def test_several_read_one_at_the_same_time():
    given = io.BytesIO(BODY)
    with ExitStack() as stack:
        files = [stack.enter_context(opened(given, in_place=True))[0] for _ in range(4)]

        def pieces(file):
            return b"".join(iter(lambda: file.read(1_001), b""))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(pieces, files)) == [BODY] * 4


class Pipe:
    name = "tap"

    def __init__(self, content):
        self.left = io.BytesIO(content)

    def read(self, size):
        return self.left.read(min(size, 7_000))


def test_what_cannot_be_sought_in_is_copied_up_to_max_bytes():
    assert read(Pipe(BODY), len(BODY)) == BODY
    with pytest.raises(InputError, match="'tap': more than max_bytes=100,000"):
        read(Pipe(BODY), 100_000)


def test_text_emptiness_and_closed_files_are_refused():
    text = Pipe(b"")
    text.left = io.StringIO("text")
    for given in (io.StringIO("text"), text):
        with pytest.raises(InputError, match="binary mode"):
            read(given)
    for given in (io.BytesIO(), Pipe(b"")):
        with pytest.raises(InputError, match="empty, no video in it"):
            read(given)
    closed = io.BytesIO(BODY)
    closed.close()
    with pytest.raises(InputError, match="cannot be read"):
        read(closed)


def test_a_file_object_that_is_closed_while_it_is_read_is_the_inputs_fault():
    given = io.BytesIO(BODY)
    with opened(given, in_place=True) as (file, _):
        given.close()
        with pytest.raises(InputError, match=r"BytesIO.*cannot be read"):
            file.read()
