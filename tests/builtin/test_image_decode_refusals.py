"""What cannot be decoded is refused with an error that names it."""

from __future__ import annotations

import http.server
import io
import os
import struct
import threading
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError, ParameterError, UnavailableError
from junco.wording import placeless


def jpeg(width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def refused(source: object, *says: str, **params: object) -> None:
    with pytest.raises(InputError) as caught:
        PilDecode(**params)(source)
    for text in says:
        assert text in str(caught.value)


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    refused(tmp_path / "none.jpg", "none.jpg", "no such file")
    refused((tmp_path / "none.jpg").as_uri(), "none.jpg", "no such file")


def test_a_directory_is_refused_with_its_name(tmp_path):
    refused(str(tmp_path), str(tmp_path), "a directory")


def test_an_empty_file_is_refused_with_its_name(tmp_path):
    (tmp_path / "empty.jpg").touch()
    refused(tmp_path / "empty.jpg", "empty.jpg", "empty file")


def test_a_truncated_jpeg_is_refused_with_its_name(tmp_path):
    content = jpeg()
    for kept in (3, 30, 300, len(content) // 2, len(content) - 40):
        (tmp_path / "cut.jpg").write_bytes(content[:kept])
        refused(tmp_path / "cut.jpg", "cut.jpg")


@pytest.mark.parametrize("content", [b"(\0", b"(\0\0\0\0\0\0", b"BM", b"\x89", b"II*\0", b"hi\n"], ids=str)
def test_a_file_of_a_few_bytes_is_no_picture_that_is_known(tmp_path, content):
    (tmp_path / "few.png").write_bytes(content)
    ends = f"no picture that is known: it ends after {len(content)} byte"
    refused(tmp_path / "few.png", "few.png", ends)
    refused(content, ends)
    refused({"bytes": content, "path": None}, ends)


@pytest.mark.parametrize(
    "content", [b"(\0\0\0\0\0\0\0\0", b"BM" + b"\0" * 10, b"\x0a\x05\x01\x08" + b"\0" * 8], ids=str
)
def test_a_header_that_is_cut_off_is_said_in_words(content):
    with pytest.raises(InputError) as caught:
        PilDecode()(content)
    assert "unpack" not in str(caught.value)
    assert "index" not in str(caught.value)


def test_the_smallest_picture_is_read():
    np.testing.assert_array_equal(PilDecode()(b"P4 1 1\n\0"), [[[255] * 3]])


def test_a_link_to_what_is_not_there_is_called_so(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    for source in (tmp_path / "link.png", (tmp_path / "link.png").as_uri()):
        refused(source, "link.png", "a link to", "gone.png', which is not there")
    (tmp_path / "second.png").symlink_to("link.png")
    refused(tmp_path / "second.png", "a link to 'link.png', which is not there")


def test_a_text_named_jpg_is_refused_with_its_name(tmp_path):
    (tmp_path / "text.jpg").write_text("this is no picture, whatever its name says")
    refused(tmp_path / "text.jpg", "text.jpg", "not a picture")


def test_a_fifo_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    refused(tmp_path / "pipe.jpg", "pipe.jpg", "not a regular file")


def test_a_header_of_20000_by_20000_is_refused_before_decoding(tmp_path):
    (tmp_path / "vast.png").write_bytes(png_header(20_000, 20_000))
    refused(tmp_path / "vast.png", "vast.png", "20000×20000", "max_pixels")


def test_the_limit_also_holds_for_an_opened_pil_image():
    refused(Image.new("L", (30, 20)), "30×20", max_pixels=599)
    assert PilDecode(max_pixels=600)(Image.new("L", (30, 20))).shape == (20, 30, 3)


def test_a_size_that_pillow_warns_of_is_decoded_without_a_warning(tmp_path):
    Image.new("1", (10_000, 9_000)).save(
        tmp_path / "large.png"
    )  # above Image.MAX_IMAGE_PIXELS; warnings are errors here
    assert PilDecode()(tmp_path / "large.png").shape == (9_000, 10_000, 3)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(size):
    refused(Image.new("RGB", size), "no pixels")
    refused(np.zeros((*size, 3), np.uint8), "no pixels")
    refused(png_header(*size))


@pytest.mark.parametrize("source", [None, 3, 2.5, object(), ["a.jpg"], {"path": "a.jpg"}])
def test_what_is_no_source_is_refused(source):
    refused(source, "expected a picture", placeless(repr(source))[:20])


@pytest.mark.parametrize("source", [b"", bytearray(), io.BytesIO()])
def test_no_bytes_are_refused(source):
    refused(source, "empty")


def test_bytes_of_no_picture_are_refused_with_their_number():
    refused(b"no picture at all", "bytes of 17 bytes")


def test_a_file_opened_as_text_is_refused_with_the_cure():
    refused(io.StringIO("text"), "binary mode")


def test_a_closed_file_is_refused(tmp_path):
    file = (tmp_path / "closed.jpg").open("wb")
    file.close()
    refused(file, "closed.jpg", "cannot be read")


def test_a_name_with_a_null_character_is_refused():
    refused("a\0b.jpg", "cannot be read")


def test_postscript_is_not_run():
    refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not a picture")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3, 4, 5), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int64),
        np.full((4, 4, 3), 255.0),
        np.full((4, 4, 3), np.nan),
        np.full((4, 4), -0.5),
        np.full((4, 4), "x"),
    ],
    ids=str,
)
def test_arrays_that_are_no_pictures_are_refused(array):
    refused(array)


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, None])
def test_a_limit_that_cannot_be_is_refused(limit):
    with pytest.raises(ParameterError, match="max_pixels"):
        PilDecode(max_pixels=limit)


def test_a_permission_that_is_a_text_is_refused():
    with pytest.raises(ParameterError, match="allow_urls='no' must be True or False"):
        PilDecode(allow_urls="no")


def test_an_empty_path_is_called_so():
    refused("", "an empty path")


WEB = {"allow_urls": True, "allow_private": True}


@pytest.fixture
def site(monkeypatch) -> Iterator[str]:
    """A web server on this machine: /cat.jpg is a picture, /away leads to a file, all else is not there."""
    content = jpeg()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status = {"/cat.jpg": 200, "/away": 302}.get(self.path, 404)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            if status == 200:
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    for name in ("http_proxy", "HTTP_PROXY", "JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_is_refused_unless_urls_are_allowed(site):
    refused(f"{site}/cat.jpg", "cat.jpg", "allow_urls=True")
    refused(f"{site}/cat.jpg", "cat.jpg", "no public address", "allow_private", allow_urls=True)
    assert PilDecode(**WEB)(f"{site}/cat.jpg").shape == (48, 64, 3)


def test_an_address_that_fails_is_refused_with_the_answer(site):
    refused(f"{site}/none.jpg", "none.jpg", "404", **WEB)
    refused("http://127.0.0.1:1/cat.jpg", "could not be fetched", **WEB)


def test_an_address_does_not_lead_to_files(site):
    refused(f"{site}/away", "/away", "edirection to", **WEB)


def test_an_answer_that_is_too_long_is_refused(site):
    refused(f"{site}/cat.jpg", "more than max_bytes=100", max_bytes=100, **WEB)


def test_no_address_is_fetched_while_offline(site, monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="JUNCO_OFFLINE"):
        PilDecode(allow_urls=True)(f"{site}/cat.jpg")


def test_a_jpeg_that_is_mostly_filling_is_read_at_once():
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(file, "JPEG")
    data = file.getvalue()
    filled = data[:2] + b"\xff" * 2_000_000 + data[2:]  # for hours, where the time is the square of it
    assert PilDecode()(filled).shape == (8, 8, 3)
