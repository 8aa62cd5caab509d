"""What a file can cost: sizes that it promises, scans, wrapped pictures; and what decoding leaves behind: nothing."""

from __future__ import annotations

import io
import struct
import threading
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from junco.builtin.image_decode.pil import PilDecode
from junco.builtin.pil import jpeg
from junco.errors import InputError


@pytest.fixture(scope="module")
def smooth() -> Image.Image:
    small = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(small).resize((120, 90))


def file_of(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def segments(content: bytes) -> list[bytes]:
    """A JPEG cut before each of its scans and before its end."""
    cuts = [at for at in range(len(content) - 1) if content[at : at + 2] in {b"\xff\xda", b"\xff\xd9"}]
    return [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]


@pytest.fixture
def progressive(smooth: Image.Image) -> bytes:
    return file_of(smooth, "JPEG", progressive=True)


@pytest.mark.parametrize("least_side", [None, 10])
@pytest.mark.parametrize("door", [bytes, io.BytesIO, lambda content: Image.open(io.BytesIO(content))])
def test_a_jpeg_of_thousands_of_scans_is_refused_at_once(progressive, door, least_side):
    head, *scans, end = segments(progressive)
    bomb = head + scans[0] + scans[-1] * 100_000 + end
    started = time.perf_counter()
    with pytest.raises(InputError, match="a JPEG of more than 100 scans"):
        PilDecode(least_side=least_side)(door(bomb))
    assert time.perf_counter() - started < 5


def test_scans_are_counted_in_a_jpeg_of_one_colour_a_scan_too():
    """Sequential JPEGs may go over their pixels several times as well: a scan for each of three colours, any often."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB9B", 17, 8, 64, 64, 3, 1, 17, 0, 2, 17, 0, 3, 17, 0)
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 63, 0) + b"\x12\xff\x00\x34"
    with pytest.raises(InputError, match="more than 100 scans"):
        PilDecode()(b"\xff\xd8" + frame + scan * 101 + b"\xff\xd9")


@pytest.mark.parametrize("extra", [0, 1])
def test_as_many_scans_as_are_allowed_are_read(progressive, smooth, extra, monkeypatch):
    monkeypatch.setattr(jpeg, "MAX_SCANS", len(segments(progressive)) - 2 - extra)
    if extra:
        with pytest.raises(InputError, match="scans"):
            PilDecode()(progressive)
    else:
        assert np.abs(PilDecode()(progressive).astype(int) - np.asarray(smooth)).mean() < 5


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"progressive": True, "restart_marker_rows": 1}]
)
def test_scans_of_what_lies_beside_a_jpeg_are_not_its_own(smooth, options, monkeypatch):
    """A preview within the EXIF block, words that look like scans, further pictures behind, restarts within a scan."""
    own = len(segments(file_of(smooth, "JPEG", **options))) - 2
    preview = file_of(smooth.resize((16, 12)), "JPEG", progressive=True)
    content = file_of(smooth, "JPEG", exif=b"Exif\0\0" + preview, comment=b"\xff\xda" * 500, **options)
    monkeypatch.setattr(jpeg, "MAX_SCANS", own)
    assert PilDecode()(content + preview * 9).shape == (90, 120, 3)


def test_a_jpeg_of_a_million_segments_is_refused_at_once(progressive):
    started = time.perf_counter()
    with pytest.raises(InputError, match="segments"):
        PilDecode()(progressive[:2] + b"\xff\xfe\0\2" * 300_000 + progressive[2:])
    assert time.perf_counter() - started < 5


SIZES = {
    "BMP": (18, "<ii"),
    "GIF": (6, "<HH"),
    "JPEG": (163, ">HH"),
    "PNG": (16, ">II"),
    "QOI": (4, ">II"),
    "SGI": (6, ">HH"),
    "TGA": (12, "<HH"),
}
"""Where a file of that kind, as Pillow writes it, says its size, and how."""


def promising(kind: str, side: int) -> bytes:
    """A small file whose header promises a picture of that side."""
    content = bytearray(file_of(Image.new("P" if kind == "GIF" else "RGB", (16, 16)), kind))
    place, form = SIZES[kind]
    assert struct.unpack_from(form, content, place) == (16, 16)
    struct.pack_into(form, content, place, side, side)
    if kind == "PNG":
        struct.pack_into(">I", content, 29, zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize("side", [1000, 20_000, 60_000])
@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "QOI", "SGI", "TGA"])
def test_a_size_beyond_the_limit_is_refused_before_there_is_room_for_it(kind, side):
    content = promising(kind, side)
    with pytest.raises(InputError, match=r"max_pixels=250,000|exceeds limit"):
        PilDecode(max_pixels=250_000)(content)


@pytest.mark.parametrize("wrapped", ["ICO", "ICNS"])
def test_an_icon_that_wraps_a_larger_picture_than_it_says_is_refused(wrapped):
    inner = file_of(Image.new("RGB", (900, 900)), "PNG")
    if wrapped == "ICNS":
        content = b"icns" + struct.pack(">I", len(inner) + 16) + b"icp4" + struct.pack(">I", len(inner) + 8) + inner
    else:
        content = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow's word for it
        with pytest.raises(InputError, match=r"900×900 pixels are more than max_pixels|not one of the allowed sizes"):
            PilDecode(max_pixels=250_000)(content)


def test_a_texture_that_wraps_a_jpeg_is_refused(progressive):
    head = struct.pack("<4sIIIIII", b"BLP1", 0, 0, 120, 90, 5, 0)
    offsets = struct.pack("<32I", 160, *[0] * 15, len(progressive), *[0] * 15)
    with pytest.raises(InputError, match="BLP"):
        PilDecode()(head + offsets + struct.pack("<I", 0) + progressive)


def test_a_wrapper_does_not_bring_postscript_to_its_interpreter():
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
    records = [
        (3, 60, b"\1\0"),
        (3, 20, struct.pack(">H", 9)),
        (3, 30, struct.pack(">H", 9)),
        (3, 120, b"\1"),
        (8, 10, script),
    ]
    content = b"".join(b"\x1c" + struct.pack(">BBH", group, kind, len(value)) + value for group, kind, value in records)
    with pytest.raises(InputError, match="not a picture"):
        PilDecode()(content)


@pytest.mark.parametrize("compression", [None, "group4"])
def test_a_tiff_that_pillow_warns_of_or_refuses_is_decoded_up_to_our_own_limit(
    compression, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # more than twice that many it refuses
    Image.new("1", (200, 90), 1).save(tmp_path / "large.tif", compression=compression)
    assert (PilDecode(max_pixels=18_000)(tmp_path / "large.tif") == 255).all()
    with pytest.raises(InputError, match="200×90 pixels are more than max_pixels"):
        PilDecode(max_pixels=17_999)(tmp_path / "large.tif")


KINDS = {
    "AVIF": ("RGB", {}),
    "BMP": ("RGB", {}),
    "DDS": ("RGBA", {}),
    "GIF": ("P", {}),
    "ICO": ("RGBA", {}),
    "JPEG": ("RGB", {}),
    "JPEG2000": ("RGBA", {}),
    "MSP": ("1", {}),
    "PCX": ("RGB", {}),
    "PNG": ("RGBA", {}),
    "PPM": ("RGB", {}),
    "QOI": ("RGBA", {}),
    "SGI": ("RGBA", {"rle": True}),
    "TGA": ("RGBA", {"compression": "tga_rle"}),
    "TIFF": ("RGB", {"compression": "tiff_lzw"}),
    "WEBP": ("RGBA", {}),
    "XBM": ("1", {}),
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 80, 4), np.uint8))
    pictures = {mode: (noise.convert("RGB") if mode == "P" else noise).convert(mode) for mode, _ in KINDS.values()}
    return {kind: file_of(pictures[mode], kind, **options) for kind, (mode, options) in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_ends_early_is_refused_or_whole_but_never_half_a_picture(kind, files):
    content = files[kind]
    whole = PilDecode()(content)
    for kept in [len(content) * part // 20 for part in range(1, 20)] + [len(content) - 1]:
        try:
            found = PilDecode()(content[:kept])
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 - one that is whole raises nothing
        else:
            np.testing.assert_array_equal(found, whole)


def state() -> tuple[object, ...]:
    """What Pillow and Python keep for the whole process."""
    return (
        (ImageFile.LOAD_TRUNCATED_IMAGES, ImageFile.MAXBLOCK, Image.MAX_IMAGE_PIXELS, list(warnings.filters)),
        dict(Image.OPEN),
    )


def test_many_threads_decode_at_once_and_leave_nothing_behind(files):
    expected = {kind: PilDecode()(content) for kind, content in files.items()}
    before, barrier = state(), threading.Barrier(8)

    def all_of_them(first: int) -> None:
        barrier.wait()
        kinds = list(files)
        for kind in kinds[first:] + kinds[:first]:
            np.testing.assert_array_equal(PilDecode()(files[kind]), expected[kind])
            with pytest.raises(InputError):
                PilDecode()(files[kind][:3])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(all_of_them, range(0, 16, 2)))
    assert state() == before


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "I;16", "F", "CMYK", "1"])
def test_a_large_picture_is_converted_in_pieces_to_the_same_pixels(mode):
    rng = np.random.default_rng(2)
    if mode in {"I;16", "F"}:
        levels = rng.integers(0, 65536, (1100, 700))
        picture = Image.fromarray((levels / 65535).astype(np.float32) if mode == "F" else levels.astype(np.uint16))
    else:
        noise = Image.fromarray(rng.integers(0, 256, (1100, 700, 4), np.uint8))
        picture = noise.convert("RGB").convert(mode) if mode == "P" else noise.convert(mode)
    whole = PilDecode()(picture)
    for top in (0, 740, 1090):
        np.testing.assert_array_equal(whole[top : top + 10], PilDecode()(picture.crop((0, top, 700, top + 10))))
