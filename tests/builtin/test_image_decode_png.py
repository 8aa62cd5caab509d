"""Every kind of PNG, written by hand from known values, against these, a second decoder, and what lies beside."""

from __future__ import annotations

import io
import itertools
import struct
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError

HEIGHT, WIDTH = 11, 13
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
KINDS = [(kind, depth, woven) for kind, depths in DEPTHS.items() for depth in depths for woven in (False, True)]
LOST = 2
"""By how much a level may be off: of 16 bits Pillow keeps the high 8, of colour and of alpha."""


def chunk(kind: bytes, content: bytes, *, damaged: bool = False) -> bytes:
    checksum = zlib.crc32(kind + content) ^ damaged
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def packed_rows(levels: np.ndarray, depth: int) -> bytes:
    """Rows of levels (h, w, channels), each after a byte that says it is not filtered."""
    flat = levels.reshape(len(levels), -1)
    if depth == 16:
        return b"".join(b"\0" + row.astype(">u2").tobytes() for row in flat)
    bits = (flat[:, :, np.newaxis] >> np.arange(depth)[::-1]) & 1
    return b"".join(b"\0" + np.packbits(row).tobytes() for row in bits)


def png(
    levels: np.ndarray, kind: int, depth: int, *, woven: bool = False, before: bytes = b"", after: bytes = b""
) -> bytes:
    height, width, _ = levels.shape
    parts = [levels[y::dy, x::dx] for y, x, dy, dx in PASSES] if woven else [levels]
    data = zlib.compress(b"".join(packed_rows(part, depth) for part in parts if part.size))
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, woven)
    chunks = (chunk(b"IHDR", header), before, chunk(b"IDAT", data), after, chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Fractions (h, w, 1 or 3) and (h, w, 1) → levels 0..255 (h, w, 3)."""
    return np.rint(255 * np.broadcast_to(1 + (colours - 1) * alpha, (*alpha.shape[:2], 3)))


def keys(levels: np.ndarray, kind: int, depth: int) -> Iterator[tuple[bytes, np.ndarray]]:
    """Contents of tRNS and the alpha (h, w, 1) that each means; two colours differ in their last bit alone."""
    if kind == 3:
        for alphas in ([0], [255, 0], [7, 130, 0][: 2**depth]):
            yield bytes(alphas), np.array(alphas + [255] * (2**depth - len(alphas)))[levels] / 255
    if kind in {0, 2}:
        levels[0, 1], levels[0, 2] = levels[0, 0], levels[0, 0] ^ 1
        for place in ((0, 0), (5, 3)):
            key = levels[place]
            yield struct.pack(f">{len(key)}H", *key), ~(levels == key).all(2, keepdims=True)


@pytest.mark.parametrize(("kind", "depth", "woven"), KINDS)
def test_every_kind_of_png_gives_the_levels_in_it(kind, depth, woven, second_decoder):
    rng = np.random.default_rng(depth + kind)
    levels = rng.integers(0, 2**depth, (HEIGHT, WIDTH, CHANNELS[kind]))
    palette = rng.integers(0, 256, (2**depth, 3)) if kind == 3 else None
    before = chunk(b"PLTE", palette.astype(np.uint8).tobytes()) if kind == 3 else b""
    opaque = np.ones((HEIGHT, WIDTH, 1))
    for key, alpha in [(b"", opaque), *keys(levels, kind, depth)]:
        fractions = palette[levels[:, :, 0]] / 255 if kind == 3 else levels / (2**depth - 1)
        if kind in {4, 6}:
            fractions, alpha = fractions[:, :, :-1], fractions[:, :, -1:]
        content = png(levels, kind, depth, woven=woven, before=before + (chunk(b"tRNS", key) if key else b""))
        lost = LOST if depth == 16 else 0
        found = PilDecode()(content)
        np.testing.assert_allclose(found, over_white(fractions, alpha), atol=lost)
        np.testing.assert_allclose(found, second_decoder(content), atol=lost + 1)


def picture(**chunks: bytes) -> bytes:
    return png(GREYS, 0, 8, **chunks)


GREYS = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1)
BOMB = zlib.compress(bytes(50_000_000), 9)
BESIDE = {
    "tEXt": b"Title\0words",
    "zTXt": b"Title\0\0" + BOMB,
    "iTXt": b"Title\0\1\0en\0\0" + BOMB,
    "iCCP": b"profile\0\0" + BOMB,
    "iCCP-cut": b"profile\0\0" + BOMB[:50],
    "pHYs": bytes(9),
    "pHYs-short": b"\0",
    "gAMA": struct.pack(">I", 100_000),
    "gAMA-short": b"\0",
    "cHRM": bytes(32),
    "sRGB": b"\0",
    "cICP": b"\x09\x10\0\1",
    "sPLT": b"palette\0\x08" + bytes(6),
    "tIME": bytes(7),
    "acTL": struct.pack(">II", 1000, 0),
    "fcTL": struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 0, 0, 1, 1, 0, 0),
    "prVt": bytes(1000),
}


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("beside", BESIDE)
def test_what_lies_beside_the_pixels_neither_hides_nor_changes_them(beside, place, damaged):
    written = chunk(beside[:4].encode(), BESIDE[beside], damaged=damaged)
    tracemalloc.start()
    try:
        found = PilDecode()(picture(**{place: written}))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(found, np.repeat(GREYS, 3, axis=2))


def test_a_thousand_texts_hide_nothing():
    texts = chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(900_000))) * 1000
    np.testing.assert_array_equal(PilDecode()(picture(before=texts))[:, :, 0], GREYS[:, :, 0])


@pytest.mark.parametrize(
    "damaged",
    [
        lambda: picture(before=chunk(b"tRNS", b"\0\0", damaged=True)),
        lambda: picture().replace(zlib.crc32(b"IEND").to_bytes(4, "big"), b"\0\0\0\0"),
        lambda: picture()[:29] + bytes(4) + picture()[33:],
        lambda: picture()[:-16] + bytes(4) + picture()[-12:],
    ],
    ids=["tRNS", "IEND", "IHDR", "IDAT"],
)
def test_a_wrong_checksum_of_what_the_pixels_come_of_is_refused_by_name(damaged, request):
    with pytest.raises(InputError, match=f"broken PNG file: wrong checksum in {request.node.callspec.id}"):
        PilDecode()(damaged())


def test_a_flipped_bit_in_stored_pixels_is_refused():
    """Levels that do not get smaller are stored as they are: without the checksum nothing would notice."""
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 1))
    content = bytearray(png(noise, 0, 8))
    content[len(content) // 2] ^= 4
    with pytest.raises(InputError, match="checksum in IDAT"):
        PilDecode()(bytes(content))


def test_a_png_for_one_makers_devices_is_refused_by_name():
    with pytest.raises(InputError, match="CgBI"):
        PilDecode()(picture(before=chunk(b"CgBI", bytes(4))))


def test_a_png_of_a_million_chunks_is_refused():
    with pytest.raises(InputError, match="chunks"):
        PilDecode()(picture(before=chunk(b"prVt", b"") * 300_000))


def turned(content: bytes) -> np.ndarray:
    return np.rot90(PilDecode()(content)[:, :, 0])


def exif(orientation: int) -> bytes:
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
RAW_PROFILE = f"\nexif\n{len(exif(6)) + 6:>8}\n{(b'Exif' + bytes(2) + exif(6)).hex()}\n".encode()


@pytest.mark.parametrize(
    "saying",
    [
        chunk(b"eXIf", exif(6)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)),
        chunk(b"tEXt", b"Raw profile type exif\0" + RAW_PROFILE),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(RAW_PROFILE)),
    ],
    ids=["eXIf", "XMP", "packed XMP", "profile", "packed profile"],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_which_way_up_a_png_is_is_read_wherever_it_says_so(saying, place):
    np.testing.assert_array_equal(turned(picture(**{place: saying})), GREYS[:, :, 0])


def test_words_that_are_too_long_do_not_turn_a_png():
    bomb = chunk(b"zTXt", b"Raw profile type exif\0\0" + BOMB)
    np.testing.assert_array_equal(PilDecode()(picture(before=bomb))[:, :, 0], GREYS[:, :, 0])


def split(content: bytes) -> Iterable[bytes]:
    """The data in chunks of a few bytes, some of them empty, with texts around them."""
    start = content.index(b"IDAT") + 4
    length = int.from_bytes(content[start - 8 : start - 4], "big")
    pieces = [content[at : at + 7] for at in range(start, start + length, 7)]
    pieces[-1] = pieces[-1][: length - 7 * (len(pieces) - 1)]
    yield content[: start - 8] + chunk(b"tEXt", b"Title\0words")
    yield from (chunk(b"IDAT", piece) for piece in itertools.chain.from_iterable((piece, b"") for piece in pieces))
    yield chunk(b"tEXt", b"Title\0words") + content[start + length + 4 :]


def test_data_in_many_chunks_is_put_together(tmp_path: Path):
    content = b"".join(split(picture()))
    (tmp_path / "split.png").write_bytes(content)
    for source in (content, tmp_path / "split.png", io.BytesIO(content), Image.open(io.BytesIO(content))):
        np.testing.assert_array_equal(PilDecode()(source)[:, :, 0], GREYS[:, :, 0])


def test_a_png_that_ends_early_is_refused_wherever_it_ends():
    content = png(np.random.default_rng(3).integers(0, 256, (64, 64, 3)), 2, 8, before=chunk(b"tEXt", b"Title\0words"))
    for kept in range(1, content.index(b"IDAT") + 9000, 501):
        with pytest.raises(InputError, match=r"PNG|no(t a)? picture"):
            PilDecode()(content[:kept])


def test_a_png_without_its_end_chunk_is_whole():
    np.testing.assert_array_equal(PilDecode()(picture()[:-12])[:, :, 0], GREYS[:, :, 0])
