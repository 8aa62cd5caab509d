"""A frame's pixels: those of PyAV, in the colours that its tags name, square, upright, over white, small as asked."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from junco import ops, pipe
from junco.operator import registry
from videos import number_of, numbered, pattern, write

SIZES = [(64, 48), (65, 49), (31, 47), (6, 4), (1280, 722)]
BT601, BT709, BT2020 = 5, 1, 9
LIMITED, FULL = 1, 2
PQ, HLG = 16, 18


def frames_of(source, member="frames", **options):
    return list(registry.load(f"video-decode.{member}")(**options)(source))


def photo(width, height):
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / p + y / q) * 90 + 128 for p, q in ((9, 21), (17, 8), (30, 12))]
    return np.stack(waves, axis=2).astype(np.uint8)


def bars(width=64, height=48):
    """Red, green, blue and grey side by side."""
    picture = np.empty((height, width, 3), np.uint8)
    for at, colour in enumerate([(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128)]):
        picture[:, at * width // 4 : (at + 1) * width // 4] = colour
    return picture


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv422p"])
def test_plain_frames_are_those_of_pyav_level_by_level(size, pixel_format, tmp_path):
    def tagged(stream):
        stream.codec_context.colorspace = BT709 if size[1] >= 720 else BT601

    path = write(tmp_path / "a.mkv", [photo(*size)] * 3, "ffv1", pixel_format=pixel_format, change=tagged)
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for frame, other in zip(frames_of(path), expected, strict=True):
        assert frame.image.flags.c_contiguous
        assert frame.image.flags.owndata or frame.image.base is not None
        np.testing.assert_array_equal(frame.image, other)


@pytest.mark.parametrize("space", [BT601, BT709])
@pytest.mark.parametrize("levels", [LIMITED, FULL])
def test_colours_are_read_as_they_are_tagged(space, levels, tmp_path):
    def coded(picture):
        """By the formulas of the standards (BT.601, BT.709)."""
        red, blue = (0.299, 0.114) if space == BT601 else (0.2126, 0.0722)
        r, g, b = (picture[..., c] / 255 for c in range(3))
        luma = red * r + (1 - red - blue) * g + blue * b
        chroma = (b - luma) / (2 - 2 * blue), (r - luma) / (2 - 2 * red)
        if levels == FULL:
            planes = [luma * 255, *(c * 255 + 128 for c in chroma)]
        else:
            planes = [luma * 219 + 16, *(c * 224 + 128 for c in chroma)]
        return np.stack(planes).round().clip(0, 255).astype(np.uint8)

    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as made:
        stream = made.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        stream.codec_context.colorspace, stream.codec_context.color_range = space, levels
        frame = av.VideoFrame.from_ndarray(coded(bars()), format="yuv444p")
        frame.pts, frame.colorspace, frame.color_range = 0, space, levels
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    (found,) = frames_of(file.getvalue())
    assert np.abs(found.image.astype(int) - bars()).max() <= 3


def test_hd_without_tags_is_bt709_and_sd_is_bt601(tmp_path):
    def coded_as(space):
        def convert(frame):
            frame.colorspace = 2  # unspecified

        picture = bars(64, 720 if space == BT709 else 480)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv444p", dst_colorspace=space, dst_color_range=LIMITED
        )
        frame.colorspace, frame.pts = 2, 0
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as made:
            stream = made.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv444p"
            made.mux(stream.encode(frame))
            made.mux(stream.encode(None))
        return frames_of(file.getvalue())[0].image.astype(int), picture

    for space in (BT601, BT709):
        found, picture = coded_as(space)
        assert np.abs(found - picture).max() <= 3


@pytest.mark.parametrize("degrees", [90, 180, -90])
@pytest.mark.parametrize("mirrored", [(False, False), (True, False), (False, True)])
def test_a_video_that_was_filmed_on_its_side_is_turned_upright(degrees, mirrored, tmp_path):
    def laid(stream):
        stream.set_display_rotation(degrees, *mirrored)

    path = write(tmp_path / "a.mp4", [bars()] * 3, "libx264", options={"qp": "1"}, change=laid)
    plain = frames_of(write(tmp_path / "b.mp4", [bars()] * 3, "libx264", options={"qp": "1"}))
    turned = np.rot90(plain[0].image, degrees // 90)  # first turned, then mirrored, as ISO 14496-12 has its matrices
    upright = turned[:: -1 if mirrored[1] else 1, :: -1 if mirrored[0] else 1]
    np.testing.assert_array_equal(frames_of(path)[0].image, upright)
    assert frames_of(path)[0].image.flags.c_contiguous


@pytest.mark.parametrize(("aspect", "width"), [(Fraction(4, 3), 85), (Fraction(1, 2), 32), (Fraction(1), 64)])
def test_pixels_that_are_not_square_become_so_by_the_width(aspect, width, tmp_path):
    def stretched(stream):
        stream.codec_context.sample_aspect_ratio = aspect

    path = numbered(tmp_path / "a.mp4", 12, change=stretched)
    frames = frames_of(path)
    assert frames[0].image.shape == (48, width, 3)
    assert [number_of(frame) for frame in frames] == list(range(12))


def test_a_turned_video_with_pixels_that_are_not_square(tmp_path):
    def laid(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(90)

    path = numbered(tmp_path / "a.mp4", 12, change=laid)
    frames = frames_of(path)
    assert frames[0].image.shape == (85, 48, 3)
    assert [number_of(np.rot90(frame.image, -1)) for frame in frames] == list(range(12))
    assert frames_of(path, least_side=24)[0].image.shape == (42, 24, 3)


def test_transparent_pixels_are_laid_over_white(tmp_path):
    picture = np.zeros((48, 64, 4), np.uint8)
    picture[..., 0], picture[..., 3] = 255, np.linspace(0, 255, 64)
    path = write(tmp_path / "a.mov", [picture] * 2, "png", pixel_format="rgba")
    found = frames_of(path)[0].image
    expected = 255 - np.linspace(0, 255, 64).astype(np.uint8)
    assert (found[..., 0] == 255).all()
    assert np.abs(found[0, :, 1].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_high_dynamic_range_is_brought_to_the_usual_one(transfer, tmp_path):
    ramp = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None], 48, 0).repeat(3, 2)

    def tagged(stream):
        context = stream.codec_context
        context.colorspace, context.color_trc, context.color_primaries = BT2020, transfer, BT2020
        context.color_range = LIMITED

    def tagged_frame(frame):
        frame.colorspace, frame.color_trc, frame.color_primaries = BT2020, transfer, BT2020

    path = write(
        tmp_path / "hdr.mkv", [ramp], "ffv1", pixel_format="yuv444p10le", change=tagged, change_frame=tagged_frame
    )
    levels = frames_of(path)[0].image[10, :, 1].astype(int)
    assert (np.diff(levels) >= 0).all()
    assert levels[0] <= 2
    assert levels[-1] == 255
    linear = np.linspace(0, 255, 64)
    assert np.abs(levels - linear).max() > 15  # it is mapped, not taken as it is


def test_frames_are_made_smaller_where_less_is_enough(tmp_path):
    path = write(tmp_path / "a.mkv", [photo(640, 360)] * 2, "ffv1", pixel_format="yuv420p")
    full, small = (frames_of(path, least_side=side)[0].image for side in (None, 90))
    assert full.shape == (360, 640, 3)
    assert small.shape == (90, 160, 3)
    areas = full.reshape(90, 4, 160, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - areas).mean() < 2.5
    assert frames_of(path, least_side=400)[0].image.shape == (360, 640, 3)


def test_a_plan_asks_for_smaller_frames_as_for_smaller_photos(tmp_path):
    class Small(registry.load("image-embedding.efficientnet-lite"), family="image-embedding", name="small-frames"):
        def wants(self):
            return {"least_side": 24}

    p = (
        pipe.input("path")
        .flat_map("path", "frame", ops.video_decode.keyframes(), name="decode")
        .map("frame", "vector", ops.image_embedding.small_frames(pretrained=False))
        .output("vector")
    )
    assert "least_side=24" in str(p.plan)
    shapes = pipe.input("path").flat_map("path", "frame", ops.video_decode.keyframes()).output("frame")
    assert "least_side" not in str(shapes.plan)
    assert shapes(numbered(tmp_path / "a.mp4", 12))[0].image.shape == pattern(0).shape
