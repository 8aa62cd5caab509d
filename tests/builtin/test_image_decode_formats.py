"""Files of every format but PNG and TIFF, written by hand from known values, against these values."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError

HEIGHT, WIDTH = 6, 13
RNG = np.random.default_rng(4)
RGB = RNG.integers(0, 256, (HEIGHT, WIDTH, 3))
ALPHA = RNG.integers(0, 256, (HEIGHT, WIDTH, 1))
GREY = RGB[:, :, :1]
BITS = RNG.integers(0, 2, (HEIGHT, WIDTH))
PALETTE = RNG.integers(0, 256, (256, 3))
INDICES = RNG.integers(0, 256, (HEIGHT, WIDTH))
BGR, RGBA, BGRA = RGB[:, :, ::-1], np.dstack([RGB, ALPHA]), np.dstack([RGB[:, :, ::-1], ALPHA])
FIVE_BITS = RNG.integers(0, 32, (HEIGHT, WIDTH, 3))
IN_16_BITS = FIVE_BITS[:, :, 0] << 10 | FIVE_BITS[:, :, 1] << 5 | FIVE_BITS[:, :, 2]


def over_white(levels: np.ndarray, most: int = 255) -> np.ndarray:
    """Levels (h, w, 1 to 4) of which the second or fourth is alpha → 0..255 (h, w, 3)."""
    fractions = levels / most
    if levels.shape[2] in {2, 4}:
        fractions = 1 + (fractions[:, :, :-1] - 1) * fractions[:, :, -1:]
    return np.rint(255 * np.broadcast_to(fractions, (*levels.shape[:2], 3)))


def shows(content: bytes, expected: np.ndarray, lost: int = 1) -> None:
    np.testing.assert_allclose(PilDecode()(content), np.broadcast_to(expected, (*expected.shape[:2], 3)), atol=lost)


def refused(content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        PilDecode()(content)


def data(levels: np.ndarray, kind: str = "u1") -> bytes:
    return levels.astype(kind).tobytes()


def packed(row: np.ndarray, depth: int) -> bytes:
    return np.packbits((row.reshape(-1, 1) >> np.arange(depth)[::-1]) & 1).tobytes()


def filled(row: bytes, to: int = 4) -> bytes:
    return row + bytes(-len(row) % to)


# BMP


def bmp(
    rows: list[bytes],
    depth: int,
    *,
    how: int = 0,
    palette: bytes = b"",
    masks: bytes = b"",
    header: int = 40,
    top: bool = False,
) -> bytes:
    body = b"".join(rows if top else rows[::-1])
    if header == 12:
        head = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, depth)
    else:
        height = -HEIGHT if top else HEIGHT
        head = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, depth, how, len(body), 0, 0, len(palette) // 4, 0)
        head += masks if header == 40 else masks.ljust(header - 40, b"\0")
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + palette + body


def colour_table(palette: np.ndarray, *, fourth: bool = True) -> bytes:
    return b"".join(bytes(colour[::-1]) + bytes(fourth) for colour in palette.tolist())


@pytest.mark.parametrize(("header", "top"), [(12, False), (40, False), (40, True), (124, False), (124, True)])
@pytest.mark.parametrize("depth", [1, 4, 8])
def test_a_bmp_looks_its_colours_up(depth, header, top):
    indices = INDICES % 2**depth
    rows = [filled(packed(row, depth)) for row in indices]
    table = colour_table(PALETTE[: 2**depth], fourth=header != 12)
    shows(bmp(rows, depth, palette=table, header=header, top=top), PALETTE[indices], 0)


@pytest.mark.parametrize("header", [12, 40, 52, 56, 108, 124])
def test_a_bmp_holds_colours_in_three_bytes_or_in_four(header):
    shows(bmp([filled(data(row)) for row in BGR], 24, header=header), RGB, 0)
    if header > 12:
        for fourth in (ALPHA, ALPHA * 0):
            shows(bmp([data(row) for row in np.dstack([BGR, fourth])], 32, header=header), RGB, 0)


RED_FIRST, BLUE_FIRST = (0xFF, 0xFF00, 0xFF0000), (0xFF0000, 0xFF00, 0xFF)


@pytest.mark.parametrize("header", [56, 108, 124])
@pytest.mark.parametrize(("pixels", "masks"), [(BGRA, BLUE_FIRST), (RGBA, RED_FIRST)], ids=["BGRA", "RGBA"])
def test_a_bmp_has_alpha_where_it_has_a_mask_for_it(pixels, masks, header):
    rows = [data(row) for row in pixels]
    shows(bmp(rows, 32, how=3, header=header, masks=struct.pack("<4I", *masks, 0xFF000000)), over_white(RGBA))
    if pixels is BGRA:
        shows(bmp(rows, 32, how=3, header=header, masks=struct.pack("<4I", *masks, 0)), RGB, 0)


def test_a_bmp_of_16_bits_has_5_or_6_for_a_colour():
    rows = [filled(data(row, "<u2")) for row in IN_16_BITS]
    shows(bmp(rows, 16), over_white(FIVE_BITS, 31))
    green = RNG.integers(0, 64, (HEIGHT, WIDTH))
    levels = FIVE_BITS[:, :, 0] << 11 | green << 5 | FIVE_BITS[:, :, 2]
    expected = np.dstack([FIVE_BITS[:, :, 0] / 31, green / 63, FIVE_BITS[:, :, 2] / 31]) * 255
    rows = [filled(data(row, "<u2")) for row in levels]
    shows(bmp(rows, 16, how=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)), np.rint(expected))
    refused(bmp(rows, 16, how=3, header=108, masks=struct.pack("<IIII", 0xF00, 0xF0, 0xF, 0xF000)), "BMP.*layout")


@pytest.mark.parametrize("depth", [4, 8])
def test_a_bmp_of_runs_is_unpacked(depth):
    indices = np.repeat(INDICES[:, :4] % 2**depth, 4, axis=1)[:, :WIDTH]
    table = colour_table(PALETTE[: 2**depth])
    level = {4: 17, 8: 1}[depth]
    runs = [
        b"".join(bytes([len(row[at : at + 4]), row[at] * level]) for at in range(0, WIDTH, 4)) + b"\0\0"
        for row in indices
    ]
    shows(bmp([b"\0\1", *runs], depth, how={8: 1, 4: 2}[depth], palette=table), PALETTE[indices], 0)


# TGA


def tga(
    kind: int, depth: int, body: bytes, descriptor: int, palette: bytes = b"", palette_depth: int = 0, start: int = 0
) -> bytes:
    entries = len(palette) * 8 // palette_depth if palette else 0
    sizes = (start, entries, palette_depth, 0, 0, WIDTH, HEIGHT, depth, descriptor)
    return struct.pack("<BBBHHBHHHHBB", 0, bool(palette), kind, *sizes) + palette + body


def tga_data(levels: np.ndarray, kind: int, corner: int) -> bytes:
    """Pixels (h, w, bytes) from the corner where the file begins, plain or (kinds from 8 on) in packets of a row."""
    levels = levels if corner & 0x20 else levels[::-1]
    levels = levels[:, ::-1] if corner & 0x10 else levels
    return data(levels) if kind < 8 else b"".join(bytes([WIDTH - 1]) + data(row) for row in levels)


@pytest.mark.parametrize("corner", [0, 0x10, 0x20, 0x30])
@pytest.mark.parametrize("runs", [0, 8])
def test_a_tga_of_every_kind_shows_its_colours(runs, corner):
    def body(levels: np.ndarray) -> bytes:
        return tga_data(levels, runs, corner)

    shows(tga(2 + runs, 24, body(BGR), corner), RGB, 0)
    shows(tga(2 + runs, 32, body(BGRA), corner | 8), over_white(RGBA))
    shows(tga(3 + runs, 8, body(GREY), corner), GREY, 0)
    shows(tga(3 + runs, 16, body(np.dstack([GREY, ALPHA])), corner | 8), over_white(np.dstack([GREY, ALPHA])))
    table, indices = PALETTE[:20], INDICES[:, :, np.newaxis] % 20
    for start in (0, 5):
        shows(
            tga(1 + runs, 8, body(indices + start), corner, data(table[:, ::-1]), 24, start), table[indices[:, :, 0]], 0
        )
    with_alpha = np.dstack([table[indices[:, :, 0]], (indices * 12)])
    entries = np.hstack([table[:, ::-1], np.arange(20)[:, np.newaxis] * 12])
    shows(tga(1 + runs, 8, body(indices), corner | 8, data(entries), 32), over_white(with_alpha))


@pytest.mark.parametrize("fourth", [ALPHA, ALPHA * 0], ids=["anything", "zero"])
@pytest.mark.parametrize("runs", [0, 8])
def test_a_tga_without_alpha_bits_has_no_alpha(runs, fourth):
    shows(tga(2 + runs, 32, tga_data(np.dstack([BGR, fourth]), runs, 0x20), 0x20), RGB, 0)
    shows(tga(3 + runs, 16, tga_data(np.dstack([GREY, fourth]), runs, 0x20), 0x20), GREY, 0)
    table = np.hstack([PALETTE[:, ::-1], np.resize(fourth, (256, 1))])
    shows(tga(1 + runs, 8, tga_data(INDICES[:, :, np.newaxis], runs, 0x20), 0x20, data(table), 32), PALETTE[INDICES], 0)


@pytest.mark.parametrize("attribute_bits", [0, 1])
@pytest.mark.parametrize("top_bit", [0, 0x8000])
def test_the_top_bit_of_a_tga_of_16_bits_hides_nothing(top_bit, attribute_bits):
    levels = IN_16_BITS | top_bit
    pixels = np.dstack([levels & 255, levels >> 8])
    shows(tga(2, 16, tga_data(pixels, 0, 0x20), 0x20 | attribute_bits), over_white(FIVE_BITS, 31))


@pytest.mark.parametrize("attributes", range(5))
def test_what_a_tgas_last_part_says_of_its_alpha_counts(attributes):
    body = data(BGRA)
    last = struct.pack("<H", 495).ljust(494, b"\0") + bytes([attributes])
    footer = struct.pack("<II", 18 + len(body), 0) + b"TRUEVISION-XFILE.\0"
    expected = {3: over_white(RGBA), 4: np.minimum(RGB + 255 - ALPHA, 255)}.get(attributes, RGB)
    shows(tga(2, 32, body, 0x28) + last + footer, expected)


# PBM, PGM, PPM, PFM


@pytest.mark.parametrize("most", [1, 5, 100, 255, 256, 1000, 4095, 65535])
def test_white_is_the_level_that_a_ppm_says(most):
    sizes = f"{WIDTH} {HEIGHT}\n{most}\n".encode()
    for kinds, channels in (("P2 P5", 1), ("P3 P6", 3)):
        levels = np.random.default_rng(most).integers(0, most + 1, (HEIGHT, WIDTH, channels))
        plain, binary = (kind.encode() + b"\n# words\n" + sizes for kind in kinds.split())
        shows(plain + " ".join(map(str, levels.ravel())).encode(), over_white(levels, most))
        shows(binary + data(levels, ">u2" if most > 255 else "u1"), over_white(levels, most))


def test_a_dark_pgm_of_16_bits_stays_dark():
    levels = GREY // 2
    shows(f"P5 {WIDTH} {HEIGHT} 65535\n".encode() + data(levels, ">u2"), np.rint(levels / 257))


def test_a_set_bit_of_a_pbm_is_black():
    sizes = f" {WIDTH} {HEIGHT}\n".encode()
    expected = 255 * (1 - BITS)[:, :, np.newaxis]
    shows(b"P4" + sizes + b"".join(packed(row, 1) for row in BITS), expected, 0)
    shows(b"P1" + sizes + " ".join(map(str, BITS.ravel())).encode(), expected, 0)


@pytest.mark.parametrize(("order", "scale"), [("<", "-1.0"), (">", "1.0")])
def test_a_pfm_goes_from_the_bottom_up_in_either_order_of_bytes(order, scale):
    levels = np.random.default_rng(1).random((HEIGHT, WIDTH, 1))
    shows(f"Pf\n{WIDTH} {HEIGHT}\n{scale}\n".encode() + data(levels[::-1], order + "f4"), np.rint(levels * 255))
    refused(f"PF\n{WIDTH} {HEIGHT}\n{scale}\n".encode(), "a colour PFM picture.*make a")
    refused(b"P7\nWIDTH 13\n", "a PAM picture.*make a PNG")


# GIF


def gif_codes(indices: np.ndarray) -> bytes:
    """LZW without compressing: codes of 9 bits, and a fresh start before they would get longer."""
    codes = [code for at in range(0, len(indices), 120) for code in (256, *indices[at : at + 120])] + [257]
    bits = "".join(f"{code:09b}"[::-1] for code in codes)
    body = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    return (
        b"\x08"
        + b"".join(bytes([len(body[at : at + 255])]) + body[at : at + 255] for at in range(0, len(body), 255))
        + b"\0"
    )


def gif(
    *,
    screen: tuple[int, int] = (WIDTH, HEIGHT),
    at: tuple[int, int] = (0, 0),
    key: int | None = None,
    background: int = 0,
    own_palette: bool = False,
    woven: bool = False,
) -> bytes:
    table = data(PALETTE)
    start = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x70 if own_palette else 0xF7, background, 0)
    control = b"" if key is None else b"\x21\xf9\x04\x01\0\0" + bytes([key]) + b"\0"
    frame = b"," + struct.pack("<HHHHB", *at, WIDTH, HEIGHT, 0x87 * own_palette | 0x40 * woven)
    rows = np.concatenate([INDICES[0::8], INDICES[4::8], INDICES[2::4], INDICES[1::2]]) if woven else INDICES
    tables = (b"", table) if own_palette else (table, b"")
    return start + tables[0] + control + frame + tables[1] + gif_codes(rows.ravel()) + b";"


@pytest.mark.parametrize("own_palette", [False, True])
@pytest.mark.parametrize("woven", [False, True])
@pytest.mark.parametrize("key", [None, int(INDICES[2, 3])])
def test_a_gif_shows_its_first_frame(key, woven, own_palette, second_decoder):
    expected = PALETTE[INDICES]
    expected[key == INDICES] = 255
    content = gif(key=key, woven=woven, own_palette=own_palette)
    shows(content, expected, 0)
    np.testing.assert_array_equal(second_decoder(content), expected)


@pytest.mark.parametrize("background", [0, 9])
def test_what_a_gifs_first_frame_leaves_bare_has_the_backgrounds_colour(background):
    expected = np.empty((10, 20, 3))
    expected[:] = PALETTE[background]
    expected[2 : 2 + HEIGHT, 3 : 3 + WIDTH] = PALETTE[INDICES]
    shows(gif(screen=(20, 10), at=(3, 2), background=background), expected, 0)


def test_what_a_gif_with_transparency_leaves_bare_is_transparent(second_decoder):
    key = int(INDICES[2, 3])
    expected = np.full((10, 20, 3), 255)
    expected[2 : 2 + HEIGHT, 3 : 3 + WIDTH] = np.where(INDICES[:, :, np.newaxis] == key, 255, PALETTE[INDICES])
    content = gif(screen=(20, 10), at=(3, 2), key=key)
    shows(content, expected, 0)
    np.testing.assert_array_equal(second_decoder(content), expected)


# Icons and cursors


def icon(*pictures: tuple[int, int, bytes], kind: int = 1) -> bytes:
    """Pictures: side, bits a pixel, content."""
    start, head = 6 + 16 * len(pictures), struct.pack("<HHH", 0, kind, len(pictures))
    for side, depth, content in pictures:
        head += struct.pack("<BBBBHHII", side, side, 0, 0, kind == 1, depth * (kind == 1), len(content), start)
        start += len(content)
    return head + b"".join(content for _, _, content in pictures)


SIDE = 16
ICON = RNG.integers(0, 256, (SIDE, SIDE, 4))
MASK = RNG.integers(0, 2, (SIDE, SIDE))


def icon_picture(rows: list[bytes], depth: int, mask: np.ndarray, palette: bytes = b"") -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, depth, 0, 0, 0, 0, 0, 0)
    return head + palette + b"".join(rows[::-1]) + b"".join(filled(packed(row, 1)) for row in mask[::-1])


def in_four_bytes(pixels: np.ndarray) -> list[bytes]:
    return [data(row) for row in pixels[:, :, [2, 1, 0, 3]]]


@pytest.mark.parametrize("depth", [1, 4, 8, 24])
def test_an_icons_mask_is_transparent(depth):
    indices = RNG.integers(0, 2 ** min(depth, 8), (SIDE, SIDE))
    colours = ICON[:, :, :3] if depth == 24 else PALETTE[indices]
    rows = [
        filled(data(row[:, ::-1]) if depth == 24 else packed(at, depth))
        for row, at in zip(colours, indices, strict=True)
    ]
    content = icon_picture(rows, depth, MASK, b"" if depth == 24 else colour_table(PALETTE[: 2**depth]))
    shows(icon((SIDE, depth, content)), np.where(MASK[:, :, np.newaxis], 255, colours), 0)
    refused(icon((SIDE, depth, content), kind=2), "a cursor with a mask.*save it as")


@pytest.mark.parametrize("kind", [1, 2])
def test_an_icon_of_32_bits_has_alpha(kind):
    shows(icon((SIDE, 32, icon_picture(in_four_bytes(ICON), 32, MASK)), kind=kind), over_white(ICON))


def test_an_icon_whose_alpha_is_zero_everywhere_has_none():
    pixels = ICON.copy()
    pixels[:, :, 3] = 0
    shows(icon((SIDE, 32, icon_picture(in_four_bytes(pixels), 32, MASK * 0))), ICON[:, :, :3], 0)


def file_of(pixels: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels.astype(np.uint8).squeeze())
    picture.save(file, kind, **options)
    return file.getvalue()


def test_of_an_icons_pictures_the_largest_is_taken():
    large = RNG.integers(0, 256, (32, 32, 4))
    small = icon_picture(in_four_bytes(ICON), 32, MASK)
    shows(icon((SIDE, 32, small), (32, 32, file_of(large, "PNG"))), over_white(large))


def apple_icon(*blocks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack(">I", len(content) + 8) + content for kind, content in blocks)
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def test_an_apple_icon_is_a_png_a_jpeg_2000_or_runs_with_a_mask():
    shows(apple_icon((b"icp4", file_of(ICON, "PNG"))), over_white(ICON))
    shows(apple_icon((b"icp4", file_of(ICON, "JPEG2000", irreversible=False))), over_white(ICON))
    halves = (data(ICON[:, :, band]) for band in range(3))
    runs = b"".join(b"\x7f" + half[:128] + b"\x7f" + half[128:] for half in halves)
    shows(apple_icon((b"is32", runs), (b"s8mk", data(ICON[:, :, 3]))), over_white(ICON))
    shows(apple_icon((b"is32", runs)), ICON[:, :, :3], 0)


# DDS


def dds(depth: int, flags: int, masks: tuple[int, int, int, int], body: bytes, code: bytes = bytes(4)) -> bytes:
    head = b"DDS " + struct.pack("<7I44x", 124, 0x1007, HEIGHT, WIDTH, 0, 0, 0)
    return (
        head + struct.pack("<II4sI4I", 32, flags, code, depth, *masks) + struct.pack("<5I", 0x1000, 0, 0, 0, 0) + body
    )


def test_a_dds_that_is_not_packed_says_where_its_colours_are():
    opaque, transparent = (*BLUE_FIRST, 0), (*BLUE_FIRST, 0xFF000000)
    shows(dds(24, 0x40, opaque, data(BGR)), RGB, 0)
    shows(dds(32, 0x40, opaque, data(BGRA)), RGB, 0)
    shows(dds(32, 0x41, transparent, data(BGRA)), over_white(RGBA))
    shows(dds(32, 0x41, (*RED_FIRST, 0xFF000000), data(RGBA)), over_white(RGBA))
    shows(dds(8, 0x20000, (0xFF, 0, 0, 0), data(GREY)), GREY, 0)
    shows(dds(16, 0x20001, (0xFF, 0, 0, 0xFF00), data(np.dstack([GREY, ALPHA]))), over_white(np.dstack([GREY, ALPHA])))


@pytest.mark.parametrize("code", [b"DXT1", b"DXT3", b"DXT5"])
def test_a_dds_of_blocks_has_their_colours(code):
    """Blocks of one colour, in 5, 6 and 5 bits, with alpha of one level."""
    blocks = RNG.integers(0, 32, (2, 4, 3))
    in_16_bits = blocks[:, :, 0] << 11 | blocks[:, :, 1] << 6 | blocks[:, :, 2]
    alpha = {b"DXT1": b"", b"DXT3": b"\x88" * 8, b"DXT5": b"\x88\x88" + bytes(6)}[code]
    body = b"".join(
        alpha + struct.pack("<HHI", level, 0 if code != b"DXT1" else max(level - 1, 0), 0)
        for level in in_16_bits.ravel()
    )
    colours = np.rint(np.dstack([blocks[:, :, 0] / 31, blocks[:, :, 1] * 2 / 63, blocks[:, :, 2] / 31]) * 255)
    opacity = 255 if code == b"DXT1" else 0x88
    expected = over_white(np.dstack([colours, np.full((2, 4), opacity)]))
    shows(dds(0, 4, (0, 0, 0, 0), body, code), np.kron(expected, np.ones((4, 4, 1)))[:HEIGHT, :WIDTH], 2)


# SGI, Sun, PCX, PSD, FITS, XPM, QOI, FLI


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [1, 2])
def test_an_sgi_picture_goes_from_the_bottom_up_plane_by_plane(size, channels):
    most = 256**size - 1
    levels = np.random.default_rng(size).integers(0, most + 1, (HEIGHT, WIDTH, channels))
    head = struct.pack(">HBBHHHHIII", 474, 0, size, 2 + (channels > 1), WIDTH, HEIGHT, channels, 0, 255, 0)
    planes = b"".join(data(levels[::-1, :, band], f">u{size}") for band in range(channels))
    shows(head.ljust(512, b"\0") + planes, over_white(levels, most), 2)


def sun(depth: int, rows: list[bytes], kind: int = 1, palette: bytes = b"") -> bytes:
    body = b"".join(filled(row, 2) for row in rows)
    head = struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, depth, len(body), kind, bool(palette), len(palette))
    return head + palette + body


def test_a_sun_raster_has_its_empty_byte_first():
    shows(sun(1, [packed(row, 1) for row in BITS]), 255 * (1 - BITS)[:, :, np.newaxis], 0)
    shows(sun(8, [data(row) for row in GREY]), GREY, 0)
    shows(sun(8, [data(row) for row in INDICES], palette=data(PALETTE.T)), PALETTE[INDICES], 0)
    for kind, colours in ((1, BGR), (3, RGB)):
        shows(sun(24, [data(row) for row in colours], kind), RGB, 0)
        shows(sun(32, [data(row) for row in np.dstack([ALPHA, colours])], kind), RGB, 0)


def pcx(depth: int, planes: list[list[bytes]], few_colours: bytes = bytes(48), last: bytes = b"") -> bytes:
    length = len(planes[0][0])
    head = struct.pack("<BBBBHHHHHH", 10, 5, 1, depth, 0, 0, WIDTH - 1, HEIGHT - 1, 72, 72) + few_colours
    body = b"".join(
        b"".join(bytes([0xC1, byte]) if byte >= 0xC0 else bytes([byte]) for byte in b"".join(row)) for row in planes
    )
    return head + struct.pack("<BBHH", 0, len(planes[0]), length, 1).ljust(64, b"\0") + body + last


def test_a_pcx_has_planes_or_a_palette():
    shows(pcx(8, [[filled(data(row[:, band]), 2) for band in range(3)] for row in RGB]), RGB, 0)
    last = b"\x0c" + data(PALETTE)
    shows(pcx(8, [[filled(data(row), 2)] for row in INDICES], last=last), PALETTE[INDICES], 0)
    shows(pcx(1, [[packed(row, 1)] for row in BITS]), 255 * BITS[:, :, np.newaxis], 0)
    indices = INDICES % 16
    planes = [[packed((row >> bit) & 1, 1) for bit in range(4)] for row in indices]
    shows(pcx(1, planes, data(PALETTE[:16])), PALETTE[indices], 0)


def psd(depth: int, mode: int, planes: list[np.ndarray], palette: bytes = b"") -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, len(planes), HEIGHT, WIDTH, depth, mode)
    rows = b"".join(packed(row, 1) if depth == 1 else data(row, f">u{depth // 8}") for plane in planes for row in plane)
    return head + struct.pack(">I", len(palette)) + palette + struct.pack(">IIH", 0, 0, 0) + rows


def bands(levels: np.ndarray) -> list[np.ndarray]:
    return [levels[:, :, band] for band in range(levels.shape[2])]


def test_a_psd_shows_its_merged_picture():
    shows(psd(8, 1, bands(GREY)), GREY, 0)
    shows(psd(8, 3, bands(RGB)), RGB, 0)
    shows(psd(8, 2, [INDICES], data(PALETTE.T)), PALETTE[INDICES], 0)
    shows(psd(8, 4, bands(RGBA)), np.rint(RGB / 255 * ALPHA))
    refused(psd(16, 3, bands(RGB * 257)), "begins as PSD does")


def test_a_psds_merged_picture_lies_over_white_already():
    shows(psd(8, 3, bands(RGBA)), RGB, 0)


def test_a_set_bit_of_a_psd_is_black():
    shows(psd(1, 0, [BITS]), 255 * (1 - BITS)[:, :, np.newaxis], 0)


def fits(bits: int, body: bytes) -> bytes:
    cards = (("SIMPLE", "T"), ("BITPIX", bits), ("NAXIS", 2), ("NAXIS1", WIDTH), ("NAXIS2", HEIGHT))
    head = "".join(f"{name:<8}= {value:>20}".ljust(80) for name, value in cards) + "END".ljust(80)
    return head.encode().ljust(2880) + body.ljust(2880, b"\0")


def test_a_fits_picture_goes_from_the_bottom_up_and_wide_levels_have_no_scale():
    shows(fits(8, data(GREY[::-1])), GREY, 0)
    shows(fits(-32, data(GREY[::-1] / 255, ">f4")), GREY, 1)
    refused(fits(16, data(GREY[::-1], ">i2")), "16 bits have no agreed scale")
    refused(fits(32, data(GREY[::-1], ">i4")), "32 bits have no agreed scale")


def test_an_xpm_looks_its_colours_up_by_letters():
    rows = ",\n".join(f'"{"".join("ab"[bit] for bit in row)}"' for row in BITS)
    content = f'/* XPM */\nstatic char *x[] = {{\n"{WIDTH} {HEIGHT} 2 1",\n"a c #ff8000",\n"b c None",\n{rows}\n}};\n'
    shows(content.encode(), np.where(BITS[:, :, np.newaxis], 255, [255, 128, 0]), 0)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_qoi_is_unpacked(channels):
    codes = b"".join(
        b"\xff" + data(pixel) if channels == 4 else b"\xfe" + data(pixel)
        for pixel in RGBA[:, :, :channels].reshape(-1, channels)
    )
    content = b"qoif" + struct.pack(">IIBB", WIDTH, HEIGHT, channels, 0) + codes + bytes(7) + b"\1"
    shows(content, over_white(RGBA[:, :, :channels]))


# What Pillow writes without loss


LOSSLESS = {
    "BMP": ("1", "L", "P", "RGB"),
    "DDS": ("L", "LA", "RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA", "I;16"),
    "MSP": ("1",),
    "PCX": ("1", "L", "P", "RGB"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "PPM": ("1", "L", "RGB", "I;16"),
    "QOI": ("RGB", "RGBA"),
    "SGI": ("L", "RGB", "RGBA"),
    "TGA": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"),
    "WEBP": ("RGB", "RGBA"),
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in LOSSLESS.items() for mode in modes])
def test_what_pillow_writes_without_loss_comes_back(kind, mode):
    if mode == "I;16":
        stored, expected = Image.fromarray((GREY[:, :, 0] * 257).astype(np.uint16)), GREY
    else:
        stored = Image.fromarray((RGB if mode == "P" else RGBA).astype(np.uint8)).convert(mode)
        expected = over_white(np.asarray(stored.convert("RGBA")))
    options = {"WEBP": {"lossless": True, "exact": True}, "JPEG2000": {"irreversible": False}}.get(kind, {})
    shows(file_of(stored, kind, **options), expected)
