"""Every frame of a video with the right number and time: each frame of the videos drawn here carries its number."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from junco import ops, pipe
from junco.operator import registry
from junco.types import Segment
from media import wheel_file
from videos import GOP, KINDS, number_of, numbered, pattern, write

NUM_FRAMES = 60


def decoded(member, source, **options):
    return list(registry.load(f"video-decode.{member}")(**options)(source))


@pytest.fixture(scope="module", params=KINDS)
def video(request, tmp_path_factory):
    return numbered(tmp_path_factory.mktemp("videos") / f"numbered.{request.param}", NUM_FRAMES, request.param)


def told(frames):
    """Of frames: the numbers that they carry, once they were found to be those that are said of them."""
    numbers = [number_of(frame) for frame in frames]
    assert numbers == [frame.index for frame in frames]
    np.testing.assert_allclose([frame.time_s for frame in frames], np.array(numbers) / 25, atol=0.041)
    gaps = np.diff([frame.time_s for frame in frames])
    assert (gaps > 0).all()
    return numbers


def test_all_frames_come_in_order(video):
    frames = decoded("frames", video)
    assert told(frames) == list(range(NUM_FRAMES))
    assert frames[0].is_key


def test_key_frames_are_the_same_as_among_all_frames(video):
    frames, keys = decoded("frames", video), decoded("keyframes", video)
    assert len(told(keys)) >= NUM_FRAMES // GOP
    assert all(key.is_key for key in keys)
    for key in keys:
        assert frames[key.index].time_s == key.time_s
        np.testing.assert_array_equal(frames[key.index].image, key.image)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.5, 1.3), (1.0, None), (2.2, None), (0.0, 0.3), (1.19, 1.21)])
def test_a_range_of_time_holds_the_frames_that_the_whole_has_there(video, start_s, end_s):
    for member in ("frames", "keyframes"):
        whole, part = (decoded(member, video, **r) for r in ({}, {"start_s": start_s, "end_s": end_s}))
        expected = [frame for frame in whole if start_s <= frame.time_s < (end_s or 99)]
        assert told(part) == [frame.index for frame in expected]
        assert [frame.time_s for frame in part] == [frame.time_s for frame in expected]
        for one, other in zip(part, expected, strict=True):
            np.testing.assert_array_equal(one.image, other.image)


def test_a_range_after_the_end_is_empty(video):
    assert decoded("frames", video, start_s=50.0) == []


@pytest.mark.parametrize("member", ["frames", "keyframes", "scenes"])
def test_a_video_without_a_frame_in_the_range_is_noted_as_empty_with_the_range(member, tmp_path):
    path = numbered(tmp_path / "short.mp4", 20)
    frames = pipe.input("source").flat_map("source", "frame", ops[f"video-decode.{member}"](start_s=50.0))
    with frames.output("frame") as p:
        assert p(path) == []
        (told,) = p.stats().notes
        assert told.startswith("'video-decode': 1 input empty (")
        assert "short.mp4" in told
        assert told.endswith("; no such frame of it is shown from start_s on and before end_s)")


def test_every_seventh_frame(video):
    assert told(decoded("frames", video, every=7)) == list(range(0, NUM_FRAMES, 7))
    assert told(decoded("frames", video, every=7, start_s=1.0)) == [
        n for n in told(decoded("frames", video, start_s=1.0)) if n % 7 == 0
    ]


def test_frames_at_the_ticks_of_a_clock(video):
    frames = decoded("frames", video)
    assert [f.time_s for f in decoded("frames", video, per_second=4)] == [
        next(f.time_s for f in frames if f.time_s >= tick / 4 - 1e-6)
        for tick in range(11)
        if tick / 4 <= frames[-1].time_s
    ]
    assert told(decoded("frames", video, per_second=25)) == list(range(NUM_FRAMES))
    assert told(decoded("frames", video, per_second=100)) == list(range(NUM_FRAMES))


def test_a_source_may_be_bytes_or_a_file(video):
    expected = told(decoded("keyframes", video))
    assert told(decoded("keyframes", video.read_bytes())) == expected
    assert told(decoded("keyframes", io.BytesIO(video.read_bytes()))) == expected
    assert told(decoded("keyframes", {"bytes": video.read_bytes(), "path": None})) == expected


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm"])
def test_a_variable_frame_rate(kind, tmp_path):
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.integers(1, 90, NUM_FRAMES)).tolist()
    path = numbered(tmp_path / f"vfr.{kind}", NUM_FRAMES, kind, times=times, rate=1000)
    frames = decoded("frames", path)
    assert [number_of(frame) for frame in frames] == [frame.index for frame in frames] == list(range(NUM_FRAMES))
    expected = (np.array(times) - times[0] * (kind != "mp4")) / 1000  # an mp4 says how late its first frame is shown
    start = frames[0].time_s - expected[0]
    np.testing.assert_allclose([f.time_s for f in frames], expected + start, atol=0.0011)
    part = decoded("frames", path, start_s=1.0, end_s=2.0)
    assert [(f.index, f.time_s) for f in part] == [(f.index, f.time_s) for f in frames if 1 <= f.time_s < 2]
    assert [number_of(f) for f in part] == [f.index for f in part]
    for key in decoded("keyframes", path):
        assert number_of(key) == key.index


def test_a_bare_stream_has_its_frames_at_its_rate(tmp_path):
    path = numbered(tmp_path / "bare.h264", NUM_FRAMES, "mp4", container="h264")
    frames = decoded("frames", path)
    assert [number_of(frame) for frame in frames] == [frame.index for frame in frames] == list(range(NUM_FRAMES))
    assert (np.diff([frame.time_s for frame in frames]) > 0).all()


X265 = {"x265-params": "keyint=12:min-keyint=12:scenecut=0:bframes=4:open-gop=1:log-level=none", "preset": "ultrafast"}
BIDIRECTIONAL = {"g": "12", "bf": "2", "qmin": "2", "qmax": "2"}
UNTIMED = {
    "h264.avi": ("libx264", KINDS["mp4"][1]),
    "open.avi": ("libx264", KINDS["mkv"][1]),
    "h264.asf": ("libx264", KINDS["mp4"][1]),
    "mpeg4.avi": ("mpeg4", BIDIRECTIONAL),
    "bare.m2v": ("mpeg2video", BIDIRECTIONAL),
    "bare.h264": ("libx264", KINDS["mp4"][1]),
    "bare.hevc": ("libx265", X265),
}


@pytest.mark.parametrize("name", UNTIMED)
def test_where_no_times_of_showing_are_kept_the_decoder_tells_the_order(name, tmp_path):
    codec, options = UNTIMED[name]
    path = write(tmp_path / name, [pattern(number) for number in range(NUM_FRAMES)], codec, options=options)

    def told_exactly(member, **options):
        frames = decoded(member, path, **options)
        assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in told(frames)], abs=0.001)
        return told(frames)

    assert told_exactly("frames") == list(range(NUM_FRAMES))
    assert told_exactly("frames", start_s=1.0, end_s=1.5) == list(range(25, 38))
    assert told_exactly("frames", per_second=5) == list(range(0, NUM_FRAMES, 5))
    keys = [frame.index for frame in decoded("frames", path) if frame.is_key]
    assert len(keys) > 4
    assert told_exactly("keyframes") == keys
    assert told_exactly("keyframes", start_s=1.0) == [number for number in keys if number >= 25]


def test_frames_that_are_only_decoded_are_not_counted(tmp_path):
    options = {"g": "20", "auto-alt-ref": "1", "lag-in-frames": "16", "arnr-maxframes": "5", "deadline": "good"}
    rng = np.random.default_rng(1)
    grain = [np.clip(pattern(n) + rng.integers(-16, 16, (48, 64, 1)), 0, 255).astype(np.uint8) for n in range(60)]
    path = write(tmp_path / "hidden.webm", grain, "libvpx", options=options)
    assert [number_of(f) for f in decoded("frames", path)] == [f.index for f in decoded("frames", path)]
    assert [number_of(f) for f in decoded("keyframes", path)] == [f.index for f in decoded("keyframes", path)]


def test_a_gif_and_a_video_of_one_frame(tmp_path):
    gif = write(tmp_path / "a.gif", [pattern(n) for n in range(12)], "gif", pixel_format="rgb8")
    assert [number_of(f) for f in decoded("frames", gif)] == [f.index for f in decoded("frames", gif)] == [*range(12)]
    one = numbered(tmp_path / "one.mp4", 1)
    assert [(f.index, f.time_s, f.is_key, number_of(f)) for f in decoded("keyframes", one)] == [(0, 0.0, True, 0)]


def test_frames_keep_their_numbers_through_batches_filters_and_windows(video):
    videos = pipe.input("path").flat_map("path", "frame", ops.video_decode.frames(), name="decode")
    seen = (
        videos.filter("frame", "frame", "frame", lambda frame: frame.index % 3 == 1)
        .map("frame", "number", number_of)
        .output("frame.index", "number")
    )
    expected = [n for n in range(NUM_FRAMES) if n % 3 == 1]
    for rows in seen.batch([video] * 4):
        assert [tuple(row) for row in rows] == [(n, n) for n in expected]
    windows = videos.time_window(
        "frame", ("first", "last"), "frame.time_s", 0.4, 0.4, lambda frames: (frames[0].index, number_of(frames[-1]))
    ).output("first", "last")
    spans = [tuple(row) for row in windows(video)]
    assert [first for first, _ in spans[1:]] == [last + 1 for _, last in spans[:-1]]
    assert spans[-1][1] == NUM_FRAMES - 1


def test_several_threads_decode_several_videos(video):
    p = pipe.input("path").flat_map("path", "frame", ops.video_decode.keyframes()).output("frame")
    expected = told(decoded("keyframes", video))
    for frames in p.stream([video] * 8):
        assert told(frames) == expected


def test_scenes_give_the_middle_of_each_shot(tmp_path):
    colours = [(200, 30, 30), (20, 180, 40), (240, 240, 240), (30, 60, 200)]
    lengths = [40, 25, 3, 60]
    pictures = [
        np.full((48, 64, 3), c, np.uint8) for c, length in zip(colours, lengths, strict=True) for _ in range(length)
    ]
    for number, picture in enumerate(pictures):
        picture[:6, :6] = number
    path = write(tmp_path / "shots.mp4", pictures, "libx264", options={"g": "250", "qp": "4"})
    frames = decoded("scenes", path, least_s=0.0)
    starts = np.cumsum([0, *lengths])
    assert len(frames) == 4
    for frame, start, length in zip(frames, starts, lengths, strict=False):
        assert abs(frame.index - (start + (length - 1) / 2)) <= length / 16 + 0.5
        assert frame.time_s == pytest.approx(frame.index / 25)
    three = decoded("scenes", path, per_shot=3, least_s=0.0)
    assert [f.index for f in three if f.index >= 68][1] == pytest.approx(68 + 29.5, abs=2)
    assert [f.index for f in three if 65 <= f.index < 68] == [65, 66, 67]
    assert [f.index for f in three] == sorted({f.index for f in three})


def test_a_real_video_gives_the_frames_that_pyav_gives():
    import av

    path = wheel_file("bikes.mp4")
    frames = decoded("frames", path)
    with av.open(str(path)) as container:
        expected = list(container.decode(video=0))
    assert [f.time_s for f in frames] == [f.time for f in expected]
    assert [f.is_key for f in frames] == [f.key_frame for f in expected]
    for frame, other in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.image, other.to_ndarray(format="rgb24"))
    assert [f.index for f in decoded("keyframes", path)] == [f.index for f in frames if f.is_key]


def test_a_real_video_of_many_shots():
    path = wheel_file("shots.mp4")
    keys = decoded("keyframes", path)
    assert len(keys) == 100
    assert all(key.index == round(key.time_s * 25) for key in keys)
    assert 90 <= len(decoded("scenes", path, end_s=200.0)) <= 150


def test_steps_that_read_one_open_file_at_the_same_time_do_not_disturb_each_other(tmp_path):
    path = numbered(tmp_path / "a.mkv", 60, "mkv")
    decode = registry.load("video-decode.frames")()
    with path.open("rb") as file:
        both = list(zip(decode(file), decode(file), strict=True))
        assert file.tell() == 0
    assert [(number_of(one.image), number_of(other.image)) for one, other in both] == [(n, n) for n in range(60)]


def cut_to(path, first, last, to):
    """Frames of a video as they are, from the key frame before the first; what is before that has times below 0."""
    with av.open(str(path)) as source, av.open(str(to), "w") as target:
        made = target.add_stream_from_template(source.streams.video[0])
        ticks = round(0.04 / source.streams.video[0].time_base)
        for packet in source.demux(video=0):
            if packet.dts is not None and first // GOP * GOP <= packet.pts // ticks <= last:
                packet.pts -= first * ticks
                packet.dts -= first * ticks
                packet.stream = made
                target.mux(packet)
    return to


def test_a_video_cut_without_being_coded_anew(tmp_path):
    whole = numbered(tmp_path / "a.mp4", 60)
    short = cut_to(whole, 14, 19, tmp_path / "short.mp4")
    assert [(number_of(f), f.index) for f in decoded("frames", short)] == [(14 + n, n) for n in range(6)]
    assert [(number_of(f), f.index, f.time_s, f.is_key) for f in decoded("keyframes", short)] == [(14, 0, 0.0, False)]
    assert decoded("keyframes", short, start_s=0.1) == []
    longer = cut_to(whole, 14, 59, tmp_path / "longer.mp4")
    assert [(number_of(f), f.index) for f in decoded("keyframes", longer)] == [(20, 6), (30, 16), (40, 26), (50, 36)]
    part = decoded("frames", longer, start_s=1.0)
    assert [(number_of(f), f.index) for f in part] == [(14 + n, n) for n in range(25, 46)]


class Pipe(io.RawIOBase):
    """What can be read once."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._content.readinto(buffer)


def test_a_piece_without_a_key_frame_has_its_first_frame_though_the_source_can_be_read_but_once(video):
    piece = Segment(0.5, 0.7)  # between the key frames 10 and 20, so that both readings begin late
    keyframes = registry.load("video-decode.keyframes")()
    for source in (video, io.BufferedReader(Pipe(video.read_bytes()))):
        (frame,) = keyframes.stream(source, piece)
        assert number_of(frame) == frame.index in (12, 13)
        assert not frame.is_key


@pytest.mark.parametrize("offset", [-1000, 10**6, 2**31])
@pytest.mark.parametrize("kind", ["ts", "mkv"])
def test_numbers_hold_wherever_time_stamps_begin(kind, offset, tmp_path):
    path = tmp_path / f"a.{kind}"
    codec, options = KINDS["ts"]
    times = [offset + number for number in range(40)]
    keep = {"avoid_negative_ts": "disabled"}
    write(path, [pattern(number) for number in range(40)], codec, options=options, times=times, muxing=keep)
    assert told(decoded("frames", path)) == list(range(40))
    assert told(decoded("frames", path, start_s=0.5)) == list(range(13, 40))


def test_an_avi_with_empty_frames_is_whole_and_its_times_leave_them_out(tmp_path):
    times = [number if number < 20 else number + 15 for number in range(40)]
    path = numbered(tmp_path / "a.avi", 40, "avi", times=times)
    frames = decoded("frames", path)
    assert [number_of(frame) for frame in frames] == [frame.index for frame in frames] == list(range(40))
    assert [frame.time_s for frame in frames] == pytest.approx([time / 25 for time in times])
    assert [number_of(f) for f in decoded("frames", path, start_s=1.5)] == list(range(23, 40))
