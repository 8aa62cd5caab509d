"""Every kind of TIFF, written by hand from known values, against these values and a second decoder."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image, ImageOps

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError

HEIGHT, WIDTH = 6, 13
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
PLAIN, DEFLATE, PACKBITS = 1, 8, 32773
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
UNKNOWN, PREMULTIPLIED, STRAIGHT = 0, 1, 2
LOST = 2
"""By how much a level may be off: of 16 bits of colour and alpha Pillow keeps the high 8."""


def tiff(
    parts: list[bytes], tags: Mapping[int, tuple[str, list[int]]], order: str = "<", *, tiled: bool = False
) -> bytes:
    """A file of parts (strips or tiles) and tags: number → (type of struct, values)."""
    starts = [8 + sum(len(part) + len(part) % 2 for part in parts[:number]) for number in range(len(parts))]
    places, counts = (324, 325) if tiled else (273, 279)
    tags = {**tags, places: ("I", starts), counts: ("I", [len(part) for part in parts])}
    body = b"".join(part + bytes(len(part) % 2) for part in parts)
    directory = 8 + len(body)
    long_values, entries = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        content = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(content) > 4:
            place = directory + 6 + 12 * len(tags) + len(long_values)
            long_values += content + bytes(len(content) % 2)
            content = struct.pack(order + "I", place)
        entries += struct.pack(order + "HHI", tag, {"B": 1, "H": 3, "I": 4}[kind], len(values)) + content.ljust(
            4, b"\0"
        )
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", directory)
    return start + body + struct.pack(order + "H", len(tags)) + entries + bytes(4) + long_values


def rows_of(levels: np.ndarray, depth: int, order: str, sample: int) -> list[bytes]:
    flat = levels.reshape(len(levels), -1)
    if depth >= 8 and depth != 12:
        return [row.astype(f"{order}{'?uif'[sample]}{depth // 8}").tobytes() for row in flat]
    bits = (flat[:, :, np.newaxis] >> np.arange(depth)[::-1]) & 1
    return [np.packbits(row).tobytes() for row in bits]


def packed(rows: list[bytes], compression: int) -> bytes:
    if compression == DEFLATE:
        return zlib.compress(b"".join(rows))
    if compression == PLAIN:
        return b"".join(rows)
    return b"".join(
        bytes([len(row[at : at + 128]) - 1]) + row[at : at + 128] for row in rows for at in range(0, len(row), 128)
    )


def written(
    levels: np.ndarray,
    depth: int,
    photometric: int,
    *,
    how: tuple[str, int] = ("<", PLAIN),
    planes: bool = False,
    sample: int = UNSIGNED,
    extra: tuple[int, ...] = (),
    **more: tuple[str, list[int]],
) -> bytes:
    """Levels (h, w, channels) in strips of four rows; ``more`` are tags by ``t`` and number."""
    order, compression = how
    channels = levels.shape[2]
    parts = [
        packed(rows_of(plane[top : top + 4], depth, order, sample), compression)
        for plane in (np.split(levels, channels, axis=2) if planes else [levels])
        for top in range(0, len(levels), 4)
    ]
    tags = {
        256: ("I", [levels.shape[1]]),
        257: ("I", [levels.shape[0]]),
        258: ("H", [depth] * channels),
        259: ("H", [compression]),
        262: ("H", [photometric]),
        277: ("H", [channels]),
        278: ("I", [4]),
        284: ("H", [1 + planes]),
        339: ("H", [sample] * channels),
        **({338: ("H", list(extra))} if extra else {}),
        **{int(name[1:]): value for name, value in more.items()},
    }
    return tiff(parts, tags, order)


HOW = [(order, compression) for order in "<>" for compression in (PLAIN, DEFLATE, PACKBITS)]


def agrees(content: bytes, expected: np.ndarray, second_decoder, *, lost: int = 0) -> None:
    """The picture is as expected, and as another decoder reads it where there is one for its kind."""
    np.testing.assert_allclose(PilDecode()(content), np.rint(expected), atol=lost)
    if second_decoder is not None:
        np.testing.assert_allclose(second_decoder(content), np.rint(expected), atol=lost + 1)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 12, 16])
def test_grey_of_every_depth_is_neither_inverted_nor_dark(depth, photometric, how, second_decoder):
    levels = np.random.default_rng(depth).integers(0, 2**depth, (HEIGHT, WIDTH, 1))
    grey = levels / (2**depth - 1)
    expected = np.repeat(grey if photometric == BLACK_IS_ZERO else 1 - grey, 3, axis=2) * 255
    content = written(levels, depth, photometric, how=how)
    if depth == 12 and how[0] == ">":
        with pytest.raises(InputError, match="begins as TIFF does"):
            PilDecode()(content)
    else:
        agrees(content, expected, None if depth == 12 else second_decoder)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
def test_floats_from_0_to_1_are_grey(photometric, how):
    grey = np.random.default_rng(3).random((HEIGHT, WIDTH, 1)).astype(np.float32)
    expected = np.repeat(grey if photometric == BLACK_IS_ZERO else 1 - grey, 3, axis=2) * 255.0
    agrees(written(grey, 32, photometric, how=how, sample=FLOAT), expected, None, lost=1)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize(("depth", "sample"), [(16, SIGNED), (32, SIGNED), (32, UNSIGNED)])
def test_wide_integers_with_levels_of_8_bits_are_these_levels_and_others_are_refused(depth, sample, how):
    levels = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) * 3
    if (depth, sample, how[0]) == (32, UNSIGNED, ">"):
        with pytest.raises(InputError, match="begins as TIFF does"):
            PilDecode()(written(levels, depth, BLACK_IS_ZERO, how=how, sample=sample))
        return
    agrees(written(levels, depth, BLACK_IS_ZERO, how=how, sample=sample), np.repeat(levels, 3, axis=2), None)
    for beyond in (256, 30_000, -1 if sample == SIGNED else 2**31 - 1):
        levels[2, 3] = beyond
        with pytest.raises(InputError, match=r"32 bits outside 0\.\.255 have no agreed scale; save it"):
            PilDecode()(written(levels, depth, BLACK_IS_ZERO, how=how, sample=sample))


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("extra", [(), (UNKNOWN,), (PREMULTIPLIED,), (STRAIGHT,)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("depth", [8, 16])
def test_colours_and_a_fourth_channel_are_what_the_file_says_they_are(
    depth, channels, extra, planes, how, second_decoder
):
    levels = np.random.default_rng(7).integers(0, 2**depth, (HEIGHT, WIDTH, channels + len(extra)))
    levels[0, 0, -1] = 0
    colours, alpha = levels[:, :, :channels], levels[:, :, -1:]
    if extra == (PREMULTIPLIED,):
        np.minimum(colours, alpha, out=colours)
    most = 2**depth - 1
    expected = {
        STRAIGHT: (colours * (alpha / most) + (most - alpha)) / most * 255,
        PREMULTIPLIED: (colours + (most - alpha)) / most * 255,
    }.get(extra[0] if extra else UNKNOWN, colours / most * 255)
    content = written(levels, depth, RGB if channels == 3 else BLACK_IS_ZERO, how=how, planes=planes, extra=extra)
    try:
        found = PilDecode()(content)
    except InputError as error:
        assert "TIFF" in str(error)  # noqa: PT017 - which of them Pillow does not read differs from version to version
        assert channels == 1 or (planes and extra), "plain colours have to be read"
        return
    np.testing.assert_allclose(found, np.broadcast_to(np.rint(expected), found.shape), atol=LOST)
    if extra != (UNKNOWN,):  # libvips takes it for alpha
        np.testing.assert_allclose(second_decoder(content), np.broadcast_to(np.rint(expected), found.shape), atol=LOST)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_of_16_bits_is_looked_up(depth, how, second_decoder):
    rng = np.random.default_rng(depth)
    palette, levels = rng.integers(0, 65536, (2**depth, 3)), rng.integers(0, 2**depth, (HEIGHT, WIDTH, 1))
    content = written(levels, depth, PALETTE, how=how, t320=("H", palette.T.reshape(-1).tolist()))
    agrees(content, palette[levels[:, :, 0]] / 257, second_decoder if depth == 8 else None, lost=1)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("depth", [8, 16])
def test_inks_are_taken_off_white(depth, planes, how):
    levels = np.random.default_rng(7).integers(0, 2**depth, (HEIGHT, WIDTH, 4))
    inks = levels / (2**depth - 1)
    content = written(levels, depth, CMYK, how=how, planes=planes)
    if planes and depth == 16 and how[1] == PLAIN:
        with pytest.raises(InputError, match=r"16 bits in planes.*save it as RGB"):
            PilDecode()(content)
    else:
        agrees(content, (1 - inks[:, :, :3]) * (1 - inks[:, :, 3:]) * 255, None, lost=LOST)


@pytest.mark.parametrize("compression", [PLAIN, DEFLATE])
def test_luma_and_chroma_become_colours(compression, second_decoder):
    colours = Image.effect_noise((WIDTH, HEIGHT), 60).convert("RGB").resize((WIDTH, HEIGHT))
    levels = np.asarray(colours.convert("YCbCr")).astype(int)
    whole = written(levels, 8, YCBCR, how=("<", compression), t530=("H", [1, 1]))
    agrees(whole, np.asarray(colours), None, lost=LOST)


def test_subsampled_chroma_that_is_not_packed_is_refused_and_not_misread():
    block = np.zeros((HEIGHT, 24, 3), int)
    with pytest.raises(InputError, match=r"subsampled.*save it as RGB"):
        PilDecode()(written(block, 8, YCBCR, t530=("H", [2, 2])))
    with pytest.raises(InputError, match=r"subsampled.*save it as RGB"):
        PilDecode()(written(block, 8, YCBCR))  # 2 and 2 is what a file means that says nothing


@pytest.mark.parametrize("compression", [PLAIN, DEFLATE])
def test_lab_becomes_the_colours_that_it_stands_for(compression):
    """The corners of sRGB and its grey by the CIE's formulas; what is not near a corner's edge is met within 12."""
    lab = [(53.2, 80.1, 67.2), (87.7, -86.2, 83.2), (32.3, 79.2, -107.9), (100, 0, 0), (0, 0, 0), (53.6, 0, 0)]
    levels = np.array([[[round(light * 2.55), round(a) % 256, round(b) % 256] for light, a, b in lab]])
    colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [128, 128, 128]]
    found = PilDecode()(written(levels, 8, LAB, how=("<", compression)))[0].astype(int)
    assert np.abs(found[[0, 1, 3, 4, 5]] - np.array(colours)[[0, 1, 3, 4, 5]]).max() <= 12
    assert found[2].argmax() == 2


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [PLAIN, DEFLATE])
@pytest.mark.parametrize("depth", [8, 16])
def test_tiles_are_put_where_they_belong(depth, compression, order, second_decoder):
    levels = np.random.default_rng(1).integers(0, 2**depth, (40, 50, 3))
    padded = np.pad(levels, ((0, 8), (0, 14), (0, 0)))
    tiles = [padded[y : y + 16, x : x + 16] for y in range(0, 48, 16) for x in range(0, 64, 16)]
    parts = [packed(rows_of(tile, depth, order, UNSIGNED), compression) for tile in tiles]
    tags = {
        256: ("I", [50]),
        257: ("I", [40]),
        258: ("H", [depth] * 3),
        259: ("H", [compression]),
        262: ("H", [RGB]),
        277: ("H", [3]),
        322: ("I", [16]),
        323: ("I", [16]),
    }
    agrees(tiff(parts, tags, order, tiled=True), levels / (2**depth - 1) * 255, second_decoder, lost=1)


@pytest.mark.parametrize("compression", [PLAIN, DEFLATE])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("depth", [8, 16])
def test_a_tiff_is_turned_once(depth, orientation, compression):
    levels = np.random.default_rng(1).integers(0, 2**depth, (HEIGHT, WIDTH, 1))
    content = written(levels, depth, BLACK_IS_ZERO, how=("<", compression), t274=("H", [orientation]))
    grey = Image.fromarray(np.rint(levels[:, :, 0] * 255 / (2**depth - 1)).astype(np.uint8))
    grey.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(PilDecode()(content)[:, :, 0], np.asarray(ImageOps.exif_transpose(grey)))


WRITERS = [
    *[(mode, {"compression": name}) for mode in ("L", "RGB", "RGBA", "CMYK") for name in (None, "tiff_lzw", "lzma")],
    *[(mode, {"compression": "tiff_lzw", "tiffinfo": {317: 2}}) for mode in ("L", "RGB", "RGBA")],
    *[(mode, {"compression": name}) for mode in ("1",) for name in ("group3", "group4", "tiff_ccitt")],
    *[("I;16", {"compression": name}) for name in (None, "tiff_lzw")],
]


@pytest.mark.parametrize(("mode", "options"), WRITERS, ids=str)
def test_what_is_packed_without_loss_is_unpacked(mode, options, second_decoder):
    rng = np.random.default_rng(2)
    if mode == "I;16":
        levels = rng.integers(0, 65536, (40, 53), dtype=np.uint16)
        stored, expected = Image.fromarray(levels), np.repeat(levels[:, :, np.newaxis] / 257, 3, axis=2)
    else:
        stored = Image.fromarray(rng.integers(0, 256, (40, 53, 4), dtype=np.uint8)).convert(mode)
        white = Image.new("RGBA", stored.size, "white")
        expected = np.asarray(Image.alpha_composite(white, stored.convert("RGBA")).convert("RGB"))
    file = io.BytesIO()
    stored.save(file, "TIFF", **options)
    agrees(
        file.getvalue(),
        expected,
        None if mode == "CMYK" or options["compression"] == "lzma" else second_decoder,
        lost=1,
    )


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_in_a_tiff_has_its_colours(mode, photo, second_decoder):
    file = io.BytesIO()
    Image.fromarray(photo).convert(mode).save(file, "TIFF", compression="jpeg", quality=90)
    np.testing.assert_allclose(PilDecode()(file.getvalue()).astype(int), second_decoder(file.getvalue()), atol=3)


@pytest.mark.parametrize(
    "options",
    [
        {"bigtiff": True},
        {"tile": True, "pyramid": True, "tile_width": 16, "tile_height": 16, "compression": "deflate"},
        {"compression": "lzw", "predictor": "horizontal"},
        {"compression": "jpeg", "tile": True, "Q": 95},
        {"premultiply": True},
        {"miniswhite": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
def test_what_another_program_wrote_is_read_as_it_reads_it(depth, channels, options, photo, second_decoder):
    import pyvips

    pixels = np.dstack([photo, photo[::-1, :, 0]])[:90, :120, :channels].astype(f"u{depth // 8}") * (
        257 if depth == 16 else 1
    )
    kind = {(1, 8): "b-w", (1, 16): "grey16", (3, 8): "srgb", (3, 16): "rgb16"}[min(channels, 3), depth]
    content = pyvips.Image.new_from_array(pixels).copy(interpretation=kind).write_to_buffer(".tif", **options)
    lossy = options.get("compression") == "jpeg"
    np.testing.assert_allclose(PilDecode()(content).astype(int), second_decoder(content), atol=4 if lossy else LOST)


def test_of_several_pages_the_first_is_the_picture():
    pages = [Image.new("RGB", (9, 7), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    assert (PilDecode()(file.getvalue()) == [255, 0, 0]).all()


@pytest.mark.parametrize(
    "tags",
    [{"t50706": ("B", [1, 4, 0, 0])}, {"t254": ("I", [1]), "t330": ("I", [8])}],
    ids=["DNG", "preview with the picture elsewhere"],
)
def test_a_cameras_raw_file_is_refused_and_its_preview_not_taken_for_it(tags):
    with pytest.raises(InputError, match=r"raw file.*develop it first"):
        PilDecode()(written(np.full((HEIGHT, WIDTH, 3), 9), 8, RGB, **tags))


def test_signed_levels_of_8_bits_are_refused_and_not_taken_for_unsigned_ones():
    with pytest.raises(InputError, match=r"signed levels of 8 bits.*save it as"):
        PilDecode()(written(np.full((HEIGHT, WIDTH, 1), -5), 8, BLACK_IS_ZERO, sample=SIGNED))


def test_a_tiff_of_another_kind_is_refused_as_one():
    for depth, sample in ((16, FLOAT), (64, FLOAT), (64, UNSIGNED)):
        with pytest.raises(InputError, match=r"begins as TIFF does, but.*save it as a PNG"):
            PilDecode()(written(np.zeros((HEIGHT, WIDTH, 1)), depth, BLACK_IS_ZERO, sample=sample))


def test_a_tiff_that_ends_early_is_refused_wherever_it_ends():
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3))
    for compression in (PLAIN, DEFLATE, PACKBITS):
        content = written(noise, 8, RGB, how=("<", compression))
        for kept in range(4, len(content) - 200, 997):
            with pytest.raises(InputError, match=r"TIFF|no(t a)? picture"):
                PilDecode()(content[:kept])
