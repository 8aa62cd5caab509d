"""Every way a picture can be given and every way its colours can be stored: real files, made by Pillow."""

from __future__ import annotations

import io
import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError
from junco.types import VideoFrame


@pytest.fixture
def pixels():
    """A small picture without symmetry: red at top left, green at top right, blue below."""
    image = np.zeros((16, 24, 3), np.uint8)
    image[:8, :12, 0], image[:8, 12:, 1], image[8:, :, 2] = 255, 255, 255
    return image


@pytest.fixture
def png(pixels, tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    return path


def png16(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, written by hand: Pillow writes none in colour."""
    height, width, channels = values.shape
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "given",
    [
        lambda path: path,
        str,
        lambda path: path.as_uri(),
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: memoryview(path.read_bytes()),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: Image.open(io.BytesIO(path.read_bytes())),
        lambda path: np.asarray(Image.open(io.BytesIO(path.read_bytes()))),
        lambda path: VideoFrame(np.asarray(Image.open(io.BytesIO(path.read_bytes()))), 0.0, 0),
    ],
    ids=["Path", "str", "file-url", "bytes", "bytearray", "memoryview", "file", "PIL", "array", "frame"],
)
def test_every_source_gives_the_same_pixels(given, png, pixels):
    decoded = PilDecode()(given(png))
    np.testing.assert_array_equal(decoded, pixels)
    assert decoded.flags.c_contiguous
    assert decoded.dtype == np.uint8


def test_a_name_with_spaces_and_umlauts_is_found_by_path_and_by_url(pixels, tmp_path):
    path = tmp_path / "schöne Aussicht 100%.png"
    Image.fromarray(pixels).save(path)
    np.testing.assert_array_equal(PilDecode()(str(path)), pixels)
    np.testing.assert_array_equal(PilDecode()(path.as_uri()), pixels)


def test_a_file_object_stays_open_and_where_it_was(png):
    with png.open("rb") as file:
        first = PilDecode()(file)
        assert file.tell() == 0
        np.testing.assert_array_equal(PilDecode()(file), first)


def test_a_stream_that_cannot_seek_is_read(png, pixels):
    class Stream(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation("seek")

        tell = seek

    np.testing.assert_array_equal(PilDecode()(Stream(png.read_bytes())), pixels)


def test_bytes_that_are_not_next_to_each_other_are_read(png, pixels):
    spread = memoryview(bytes(byte for each in png.read_bytes() for byte in (each, 0)))[::2]
    np.testing.assert_array_equal(PilDecode()(spread), pixels)


def test_an_array_that_is_pixels_already_is_not_copied(pixels):
    assert PilDecode()(pixels) is pixels


def test_decoded_pixels_can_be_written_to(png):
    PilDecode()(png)[0, 0] = 7


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(orientation, pixels, tmp_path):
    turned_back = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    stored = Image.fromarray(np.ascontiguousarray(turned_back[orientation](pixels)))
    exif = stored.getexif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=100, subsampling=0)
    decoded = PilDecode()(tmp_path / "turned.jpg")
    assert decoded.shape == pixels.shape
    np.testing.assert_allclose(decoded.astype(int), pixels, atol=8)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_broken_exif_block_does_not_hide_the_picture(pixels, tmp_path):
    Image.fromarray(pixels).save(tmp_path / "bad.jpg", exif=b"Exif\0\0MM\0*\0\0\xff\xff\xff\xff junk", quality=95)
    assert PilDecode()(tmp_path / "bad.jpg").shape == pixels.shape


def test_grey_becomes_three_equal_channels(pixels, tmp_path):
    grey = Image.fromarray(pixels).convert("L")
    grey.save(tmp_path / "grey.jpg", quality=100)
    decoded = PilDecode()(tmp_path / "grey.jpg")
    assert decoded.shape == pixels.shape
    np.testing.assert_array_equal(decoded[..., 0], decoded[..., 2])
    np.testing.assert_allclose(decoded[..., 0].astype(int), np.asarray(grey), atol=8)


def test_one_bit_becomes_black_and_white(tmp_path):
    bits = np.eye(9, dtype=bool)
    Image.fromarray(bits).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(PilDecode()(tmp_path / "bits.png")[..., 1], bits * 255)


def test_a_palette_is_looked_up(pixels, tmp_path):
    Image.fromarray(pixels).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    np.testing.assert_array_equal(PilDecode()(tmp_path / "palette.png"), pixels)


def test_a_cmyk_jpeg_gets_its_colours(pixels, tmp_path):
    Image.fromarray(pixels).convert("CMYK").save(tmp_path / "print.jpg", quality=100, subsampling=0)
    with Image.open(tmp_path / "print.jpg") as stored:
        assert stored.mode == "CMYK"
    decoded = PilDecode()(tmp_path / "print.jpg")
    np.testing.assert_allclose(decoded[2:6, 2:10].reshape(-1, 3).mean(0), [255, 0, 0], atol=6)
    np.testing.assert_allclose(decoded[10:, 2:].reshape(-1, 3).mean(0), [0, 0, 255], atol=6)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_is_laid_over_white(mode, tmp_path):
    image = Image.new("RGBA", (3, 1))
    image.putdata([(0, 0, 0, 0), (0, 0, 0, 128), (0, 0, 0, 255)])
    suffix = "tif" if mode == "PA" else "png"
    image.convert(mode if mode != "PA" else "LA").save(tmp_path / f"alpha.{suffix}")
    np.testing.assert_array_equal(PilDecode()(tmp_path / f"alpha.{suffix}")[0, :, 0], [255, 127, 0])


def test_the_transparent_colour_of_a_palette_is_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([9, 9, 9, 200, 0, 0])
    image.putdata([0, 1])
    image.save(tmp_path / "key.gif", transparency=0)
    assert PilDecode()(tmp_path / "key.gif").tolist() == [[[255, 255, 255], [200, 0, 0]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled_and_not_cut_off(channels):
    ramp = np.linspace(0, 65535, 64).round().astype(np.uint16)
    decoded = PilDecode()(png16(np.repeat(ramp[None, :, None], channels, axis=2)))
    np.testing.assert_allclose(decoded[0, :, 0], ramp / 257, atol=1)
    assert (decoded[0, 0, 0], decoded[0, -1, 0]) == (0, 255)


def test_sixteen_bits_with_alpha_are_laid_over_white():
    decoded = PilDecode()(png16(np.array([[[0, 0, 0, 0], [0, 0, 0, 65535]]], np.uint16)))
    assert decoded[0, :, 0].tolist() == [255, 0]


def test_an_animation_gives_its_first_frame(pixels, tmp_path):
    frames = [Image.fromarray(pixels), Image.fromarray(255 - pixels), Image.fromarray(pixels // 2)]
    for name in ("moving.gif", "moving.png", "moving.webp", "pages.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=50, lossless=True)
        np.testing.assert_array_equal(PilDecode()(tmp_path / name), pixels)


def test_the_content_of_a_file_says_its_format_and_not_its_name(pixels, tmp_path):
    Image.fromarray(pixels).save(tmp_path / "named.jpg", "PNG")
    np.testing.assert_array_equal(PilDecode()(tmp_path / "named.jpg"), pixels)


def test_a_pil_image_gives_the_frame_that_it_stands_at_and_stays_there(pixels, tmp_path):
    frames = [Image.fromarray(pixels), Image.fromarray(255 - pixels)]
    frames[0].save(tmp_path / "moving.png", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "moving.png") as picture:
        picture.seek(1)
        np.testing.assert_array_equal(PilDecode()(picture), 255 - pixels)
        assert picture.tell() == 1


def test_a_pil_image_of_mode_i_holds_levels_of_8_bits_or_is_refused():
    grey = Image.fromarray(np.arange(0, 256, 5, dtype=np.uint8)[np.newaxis])
    np.testing.assert_array_equal(PilDecode()(grey.convert("I"))[0, :, 0], np.asarray(grey)[0])
    with pytest.raises(
        InputError, match=r"outside 0\.\.255 have no agreed scale; save it with 8 bits, or as 16-bit grey"
    ):
        PilDecode()(grey.convert("I").point(lambda level: level * 2))


@pytest.mark.parametrize("loaded", [False, True])
def test_what_a_files_header_says_counts_for_a_pil_image_too(loaded):
    levels = np.array([[[0], [700], [65535]]], np.uint16)
    file = io.BytesIO()
    Image.fromarray(levels[:, :, 0]).save(file, "TIFF", tiffinfo={262: 0})
    tga = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 1, 1, 32, 0x20) + b"\1\2\3\0"
    for content, expected in ((file.getvalue(), [255, 252, 0]), (tga, [3]), (png16(levels), [0, 3, 255])):
        with Image.open(io.BytesIO(content)) as picture:
            if loaded:
                picture.load()
            assert PilDecode()(picture)[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 200]], np.uint8), [0, 200]),
        (np.array([[[0], [200]]], np.uint8), [0, 200]),
        (np.array([[0, 65535]], np.uint16), [0, 255]),
        (np.array([[0, 65535]], ">u2"), [0, 255]),
        (np.array([[0.0, 1.0]], np.float32), [0, 255]),
        (np.array([[0.5, 1.00001]], np.float64), [128, 255]),
        (np.array([[False, True]]), [0, 255]),
        (np.array([[[9, 9, 9, 0], [9, 9, 9, 255]]], np.uint8), [255, 9]),
        (np.array([[[0, 0, 0, 0.0], [0.2, 0.2, 0.2, 1.0]]], np.float32), [255, 51]),
    ],
)
def test_arrays_of_every_agreed_type_become_pixels(array, expected):
    decoded = PilDecode()(array)
    assert decoded.shape == (1, 2, 3)
    assert decoded.dtype == np.uint8
    assert decoded[0, :, 1].tolist() == expected


def test_a_view_is_made_contiguous(pixels):
    decoded = PilDecode()(pixels[:, ::-1])
    assert decoded.flags.c_contiguous
    np.testing.assert_array_equal(decoded, pixels[:, ::-1])


def jpegs():
    """Ordinary JPEGs, and such as only Pillow reads, at sizes that fill no whole blocks."""
    rng = np.random.default_rng(1)
    for width, height in ((400, 300), (333, 217), (17, 9), (1, 1)):
        small = Image.fromarray(rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8))
        smooth = small.resize((width, height))
        for mode in ("RGB", "L", "CMYK"):
            for options in ({}, {"subsampling": 0, "quality": 95}, {"progressive": True}, {"restart_marker_rows": 1}):
                for orientation in range(1, 9):
                    exif, file = Image.Exif(), io.BytesIO()
                    exif[0x0112] = orientation
                    smooth.convert(mode).save(file, "JPEG", exif=exif, **options)
                    yield file


@pytest.mark.parametrize("least_side", [None, 30, 100])
def test_jpegs_are_decoded_to_the_very_pixels_that_pillow_gives(least_side):
    decode = PilDecode(least_side=least_side)
    for file in jpegs():
        picture = Image.open(file)
        scale = max((s for s in (1, 2, 4, 8) if least_side and min(picture.size) >= s * least_side), default=1)
        picture.draft(None, (picture.width // scale, picture.height // scale))
        found = decode(file.getvalue())
        np.testing.assert_array_equal(found, np.array(ImageOps.exif_transpose(picture).convert("RGB")))
        assert found.flags.c_contiguous
        assert found.flags.writeable


def test_of_several_jpegs_in_a_phones_file_the_first_is_the_picture(pixels, tmp_path):
    photo, preview = Image.fromarray(pixels), Image.fromarray(pixels[::-1])
    photo.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[preview], quality=90)
    photo.save(tmp_path / "plain.jpg", quality=90)
    with Image.open(tmp_path / "phone.jpg") as picture:
        assert picture.format == "MPO"
    np.testing.assert_array_equal(PilDecode()(tmp_path / "phone.jpg"), PilDecode()(tmp_path / "plain.jpg"))


def test_without_its_fast_decoder_jpegs_are_the_same(monkeypatch):
    files = [file.getvalue() for file in list(jpegs())[::7]]
    expected = PilDecode(least_side=50).batch(files)
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    for found, pixels in zip(PilDecode(least_side=50).batch(files), expected, strict=True):
        np.testing.assert_array_equal(found, pixels)


def test_a_jpeg_with_more_behind_it_than_a_picture_can_hold_is_not_read_whole(pixels, tmp_path):
    path = tmp_path / "long.jpg"
    Image.fromarray(pixels).save(path)
    expected = PilDecode()(path)
    with path.open("r+b") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(PilDecode()(path), expected)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
