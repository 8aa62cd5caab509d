"""Photos as phones, browsers and presses make them: JPEG, WebP, AVIF and HEIC; and words for what is no picture."""

from __future__ import annotations

import base64
import io
import sys

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError


def file_of(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, kind, **options)
    return file.getvalue()


def refused(content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        PilDecode()(content)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "MPO"])
def test_a_photo_is_upright_whatever_holds_it(kind, orientation, photo, second_decoder):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"AVIF": {"quality": 95, "subsampling": "4:4:4"}, "WEBP": {"lossless": True}}.get(kind, {"quality": 95})
    content = file_of(photo[:64, :90], kind, exif=exif, **options)
    difference = np.abs(PilDecode()(content).astype(int) - second_decoder(content))
    assert difference.mean() < 1.5
    assert difference.max() < 24


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_of_every_kind_has_its_colours(mode, progressive, subsampling, photo, second_decoder):
    stored = Image.fromarray(photo).convert(mode)
    content = file_of(stored, "JPEG", quality=95, progressive=progressive, subsampling=subsampling)
    found = PilDecode()(content).astype(int)
    assert np.abs(found - np.asarray(stored.convert("RGB"))).mean() < 9
    if mode != "CMYK":  # which libvips converts by the profile of a press
        assert np.abs(found - second_decoder(content)).max() <= 3


def test_a_jpeg_that_holds_rgb_or_turned_inks_has_its_colours(photo):
    """By Adobe's marker: its last byte says what the channels are."""
    plain = file_of(photo, "JPEG", quality=97, subsampling="4:4:4", keep_rgb=True)
    np.testing.assert_allclose(PilDecode()(plain).mean((0, 1)), photo.mean((0, 1)), atol=1.5)
    luma = np.asarray(Image.fromarray(255 - photo).convert("YCbCr"))
    inks = Image.fromarray(255 - np.dstack([luma, np.full(photo.shape[:2], 255, np.uint8)]), "CMYK")
    content = file_of(inks, "JPEG", quality=97, subsampling="4:4:4")
    at = content.index(b"Adobe") + 11
    assert content[at] == 0
    found = PilDecode()(content[:at] + b"\2" + content[at + 1 :]).astype(int)
    np.testing.assert_allclose(found.mean((0, 1)), photo.mean((0, 1)), atol=2)


@pytest.mark.parametrize("lossless", [False, True])
def test_an_animated_webp_whose_first_frame_is_clear_shows_white(lossless):
    frames = [Image.new("RGBA", (9, 7), (200, 0, 0, 0)), Image.new("RGBA", (9, 7), "blue")]
    content = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=lossless)
    assert (PilDecode()(content) == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_an_avif_has_its_colours(mode, photo, second_decoder):
    pixels = np.dstack([photo, photo[::-1, :, 0]])[:64, :90]
    content = file_of(Image.fromarray(pixels).convert(mode), "AVIF", quality=95, subsampling="4:4:4")
    assert np.abs(PilDecode()(content).astype(int) - second_decoder(content)).max() <= 4


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


DEEP_JPEG_2000 = base64.b64decode(
    "/0//UQAvAAAAAAACAAAAAgAAAAAAAAAAAAAAAgAAAAIAAAAAAAAAAAADCwEBCwEBCwEB/1IADAAAAAEBAAQEAAH/XAAEQGD/ZAAlAAFDcmVhdGVk"
    "IGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAAaAAH/k9/gHAdmdwk4HdiAgP/Z"
)
"""Three white pixels and a black one in RGB of 12 bits a channel, by OpenJPEG; Pillow shows black ones alone."""


@pytest.mark.parametrize("boxed", [False, True])
def test_a_jpeg_2000_of_more_than_8_bits_a_channel_is_refused_and_its_white_not_taken_for_black(boxed):
    boxes = base64.b64decode(
        "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAAAgAAAAIAAwsHAAAAAAAPY29scgEAAAAAABAAAACS"
    )
    refused((boxes + b"jp2c" if boxed else b"") + DEEP_JPEG_2000, "JPEG 2000 picture of 12 bits.*save it with 8")


@pytest.mark.parametrize("boxed", [False, True])
def test_grey_of_16_bits_and_colours_of_8_are_read_from_a_jpeg_2000(boxed, photo):
    levels = np.linspace(0, 65535, 64 * 48).reshape(48, 64)
    grey = file_of(levels.astype(np.uint16), "JPEG2000", irreversible=False, no_jp2=not boxed)
    np.testing.assert_allclose(PilDecode()(grey)[:, :, 1], levels / 257, atol=1)
    colours = file_of(photo, "JPEG2000", irreversible=False, no_jp2=not boxed)
    np.testing.assert_array_equal(PilDecode()(colours), photo)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_a_heic_picture_is_named_with_what_reads_it(brand, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "phone.heic").write_bytes(HEIC.replace(b"ftypheic", b"ftyp" + brand) + bytes(200))
    for source in (tmp_path / "phone.heic", (tmp_path / "phone.heic").read_bytes()):
        with pytest.raises(InputError, match=r"a HEIC .*picture.*pip install pillow-heif") as caught:
            PilDecode()(source)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_heic_picture_is_read_where_pillow_heif_is_there(mode, orientation, photo):
    turn = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    upright = Image.fromarray(np.dstack([photo, photo[::-1, :, 0]])[:64, :90]).convert(mode)
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(np.asarray(upright), turn)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    written = pillow_heif.from_pillow(stored)
    file = io.BytesIO()
    written.save(file, quality=95, chroma=444, exif=exif.tobytes())
    before = dict(Image.OPEN)
    found = PilDecode()(file.getvalue())
    assert before == dict(Image.OPEN), "what other code of the process reads is not changed"
    white = Image.new("RGBA", upright.size, "white")
    expected = np.asarray(Image.alpha_composite(white, upright.convert("RGBA")).convert("RGB")).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 3


def test_a_broken_heic_picture_is_refused_by_name():
    refused(HEIC + bytes(200), "HEIC")


def test_an_avif_that_this_pillow_does_not_read_is_named_with_what_does(monkeypatch):
    content = file_of(Image.new("RGB", (8, 8)), "AVIF")
    monkeypatch.setattr("PIL.features.check", lambda feature: False)
    refused(content, "an AVIF picture.*pip install --upgrade pillow")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\xff\x0a\xfa\x7f", "a JPEG XL picture"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"II\xbc\1 ", "a JPEG XR picture"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's raw file"),
        (b"II*\0\x10\0\0\0CR\2\0", "a camera's raw file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript program"),
    ],
)
def test_what_people_take_for_a_picture_is_named_with_the_cure(content, words):
    refused(content + bytes(100), words + ".*first")
