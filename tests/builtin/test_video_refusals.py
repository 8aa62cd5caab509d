"""What is no video, or a broken, endless or hostile one: an error that names it, and nothing else is opened."""

from __future__ import annotations

import io
import itertools
import logging
import math
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from junco import ops, pipe
from junco.errors import InputError, MissingExtraError, ParameterError
from junco.operator import registry
from junco.types import Segment, Shot
from media import wheel_file
from servers import Answer, serving
from videos import GOP, KINDS, number_of, numbered, pattern

MEMBERS = ["keyframes", "frames", "scenes"]
SECRET = b"#EXTM3U\nsecret of the house\n"


def stream(source, member="frames", **options):
    return registry.load(f"video-decode.{member}")(**options)(source)


def all_before_error(frames):
    """The frames before the error, if there is one, and what it says."""
    got = []
    try:
        got.extend(frames)
    except InputError as error:
        return got, str(error)
    return got, None


def until_error(frames):
    got, said = all_before_error(frames)
    assert said is not None
    return got, said


@pytest.fixture(scope="module")
def mp4(tmp_path_factory):
    return numbered(tmp_path_factory.mktemp("videos") / "a.mp4", 60, muxing={"movflags": "faststart"})


def picture_file(kind):
    file = io.BytesIO()
    Image.fromarray(pattern(5)).save(file, kind)
    return file.getvalue()


def sound():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        track = made.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16000, 0, Fraction(1, 16000)
        made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9'/></svg>", id="svg"),
        pytest.param(b"Once upon a time there was a text. " * 50, id="text"),
        pytest.param(b"\x00" * 5000, id="zeros"),
        pytest.param(bytes(range(256)) * 40, id="bytes"),
        pytest.param(picture_file("PNG"), id="png"),
        pytest.param(picture_file("JPEG"), id="jpeg"),
        pytest.param(sound(), id="sound"),
    ],
)
def test_what_is_no_video_is_refused_with_its_name(content, member, tmp_path):
    path = tmp_path / "some.mp4"
    path.write_bytes(content)
    for source, name in ((path, "some.mp4"), (content, "bytes")):
        got, said = until_error(stream(source, member))
        assert got == []
        assert name in said


@pytest.mark.parametrize("member", MEMBERS)
def test_sources_that_are_not_there_or_empty_are_refused(member, tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    for source, word in (("none.mp4", "no such file"), (tmp_path / "empty.mp4", "empty"), (tmp_path, "directory")):
        assert word in until_error(stream(source, member))[1]
    for source in (None, 7, ""):
        with pytest.raises(InputError):
            list(stream(source, member))


def test_the_ending_of_a_name_is_never_asked(mp4, tmp_path):
    for ending in ("m3u8", "jpg", "txt", "ffconcat", "mkv"):
        path = tmp_path / f"video-%03d.{ending}"
        path.write_bytes(mp4.read_bytes())
        assert [number_of(frame) for frame in stream(path)] == list(range(60))


HOSTILE = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "hls of parts": "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:{target}|{target}\n#EXT-X-ENDLIST\n",
    "subfile": "#EXTM3U\n#EXTINF:10.0,\nsubfile,,start,0,end,9,,:{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\nduration 5\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
    'mimeType="video/mp4"><Representation id="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period>'
    "</MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\na=control:{target}\n",
    "svg with a picture": '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{target}"/></svg>',
    "smil": '<smil><body><video src="{target}"/></body></smil>',
    "rtsp": "RTSP/1.0 302 Found\r\nLocation: {target}\r\n\r\n",
    "lavfi": "movie={target}",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("ending", ["m3u8", "mp4", "ffconcat", "mpd", "sdp", "avi"])
def test_a_playlist_opens_no_other_file_and_no_address(kind, ending, tmp_path):
    (tmp_path / "secret.mp4").write_bytes(numbered(io.BytesIO(), 3, container="mp4").getvalue())
    with serving({"/v.mp4": Answer(SECRET)}) as (address, asked):
        for target in (f"{address}/v.mp4", tmp_path / "secret.mp4", f"file://{tmp_path}/secret.mp4", "secret.mp4"):
            path = tmp_path / f"list.{ending}"
            path.write_text(HOSTILE[kind].format(target=target))
            for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
                got, said = until_error(stream(source))
                assert got == []
                assert "secret of" not in said
        assert asked == []


@pytest.mark.parametrize(
    "name",
    ["concat:a.mp4|b.mp4", "subfile,,start,0,end,0,,:a.mp4", "rtsp://127.0.0.1/x", "lavfi:testsrc", "pipe:0", "%d.mp4",
     "crypto:a.mp4", "data:video/mp4;base64,AAAA", "/dev/video0", "http://127.0.0.1:9/x.mp4"],
)  # fmt: skip
def test_a_name_is_that_of_a_file_and_nothing_else(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbered(tmp_path / "a.mp4", 3)
    assert until_error(stream(name))[0] == []


def test_a_gif_of_a_hundred_thousand_frames_comes_frame_by_frame_or_is_refused():
    file = io.BytesIO()
    Image.new("P", (16, 16)).save(file, "GIF", save_all=True, append_images=[Image.new("P", (16, 16), 1)], duration=40)
    head, mark, frame = file.getvalue()[:-1].partition(b"\x21\xf9\x04")
    gif = head + 100_000 * (mark + frame.partition(mark)[0]) + b";"
    assert [shown.index for shown in itertools.islice(stream(gif), 3)] == [0, 1, 2]
    got, said = until_error(stream(gif, max_frames=1_000))
    assert len(got) <= 1_000
    assert "max_frames=1,000" in said


def test_a_mov_that_refers_to_another_file_does_not_open_it(tmp_path):
    """The pictures of a QuickTime film may lie in another file, by a data reference."""
    numbered(tmp_path / "other.mov", 12, "mov")
    content = bytearray((tmp_path / "other.mov").read_bytes())
    at = content.find(b"url \x00\x00\x00\x01")
    assert at > 0
    content[at : at + 8] = b"alis\x00\x00\x00\x00"
    (tmp_path / "refers.mov").write_bytes(content)
    got, _ = all_before_error(stream(tmp_path / "refers.mov"))
    assert len(got) <= 12


@pytest.mark.parametrize("member", ["keyframes", "frames"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.02, 0.35, 0.7, 0.97])
def test_a_truncated_video_gives_the_frames_that_are_there(kind, part, member, tmp_path):
    path = numbered(tmp_path / f"whole.{kind}", 60, kind)
    whole = {frame.index: frame.image for frame in stream(path, member)}
    (tmp_path / f"cut.{kind}").write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    got, said = all_before_error(stream(tmp_path / f"cut.{kind}", member))
    assert len(got) < len(whole) or said or part > 0.9
    for frame in got[:-1]:  # the last one of a container without sizes may be decoded in part
        np.testing.assert_array_equal(frame.image, whole[frame.index])
    if said is not None:
        assert f"cut.{kind}" in said


@pytest.mark.parametrize("member", ["keyframes", "frames"])
def test_a_truncated_mp4_is_told_with_its_time_and_frame(mp4, member, tmp_path):
    (tmp_path / "cut.mp4").write_bytes(mp4.read_bytes()[: mp4.stat().st_size * 7 // 10])
    got, said = until_error(stream(tmp_path / "cut.mp4", member))
    assert len(got) > 1
    assert f"after {got[-1].time_s:.2f} s (frame {got[-1].index})" in said
    kept = list(stream(tmp_path / "cut.mp4", member, on_corrupt="skip"))
    assert [frame.index for frame in kept] == [frame.index for frame in got]


def damaged(content: bytes, packet_number: int) -> bytes:
    """An mp4 in which one packet is full of noise."""
    with av.open(io.BytesIO(content)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    hurt, rng = bytearray(content), np.random.default_rng(0)
    start = packets[packet_number].pos + 5  # behind the packet's length and kind
    size = packets[packet_number].size - 5
    hurt[start : start + size] = rng.integers(0, 256, size, np.uint8).tobytes()
    return bytes(hurt)


@pytest.mark.parametrize("packet_number", [20, 23, 31])
def test_a_corrupt_packet_in_the_middle_ends_the_rows_or_is_left_out_as_asked(mp4, packet_number, caplog):
    content = damaged(mp4.read_bytes(), packet_number)
    whole = {frame.index: frame.image for frame in stream(mp4)}
    got, said = until_error(stream(content))
    assert len(got) <= packet_number
    assert "broken" in said
    with caplog.at_level(logging.WARNING, "junco"):
        kept = list(stream(content, on_corrupt="skip"))
    assert [frame.index for frame in kept][-20:] == list(range(40, 60))
    assert len(kept) >= 60 - 2 * GOP
    for frame in [*got, *kept]:
        assert number_of(frame) == frame.index
        np.testing.assert_array_equal(frame.image, whole[frame.index])
    assert "left out" in caplog.text


def test_what_comes_before_the_first_key_frame_is_told(mp4, caplog):
    content = damaged(mp4.read_bytes(), 0)
    with caplog.at_level(logging.WARNING, "junco"):
        assert [number_of(frame) for frame in stream(content)] == list(range(10, 60))
    assert "begins with 10 frames that need others before them" in caplog.text


def test_a_pipeline_counts_the_videos_of_which_something_was_left_out(mp4, tmp_path):
    (tmp_path / "hurt.mp4").write_bytes(damaged(mp4.read_bytes(), 20))
    decode = ops.video_decode.frames(on_corrupt="skip")
    p = pipe.input("path").flat_map("path", "frame", decode, name="decode").output("frame.index")
    p.batch([mp4, tmp_path / "hurt.mp4", mp4, tmp_path / "hurt.mp4"])
    assert {each.name: each.num_cut for each in p.stats().stages}["decode"] == 2


def test_a_video_without_a_key_frame_says_so(tmp_path):
    path = numbered(tmp_path / "a.ts", 60, "ts")
    file = io.BytesIO()
    with av.open(str(path)) as container, av.open(file, "w", format="matroska") as made:
        track = made.add_stream_from_template(container.streams.video[0])
        for packet in [p for p in container.demux(video=0) if p.size and not p.is_keyframe][:6]:
            packet.stream = track
            made.mux(packet)
    for member in MEMBERS:
        assert "no key frame" in until_error(stream(file.getvalue(), member))[1]


def test_limits_refuse_before_anything_is_decoded(mp4):
    for options, word in (
        ({"max_pixels": 64 * 48 - 1}, "max_pixels"),
        ({"max_frames": 59}, "max_frames"),
        ({"max_duration_s": 2.0}, "max_duration_s"),
    ):
        for member in MEMBERS:
            got, said = until_error(stream(mp4, member, **options))
            assert got == []
            assert word in said
    assert len(list(stream(mp4, max_pixels=64 * 48, max_frames=60, max_duration_s=2.5))) == 60


def test_a_video_that_does_not_say_its_length_is_ended_at_the_limit(tmp_path):
    path = numbered(tmp_path / "bare.h264", 60, container="h264")
    got, said = until_error(stream(path, max_frames=40))
    assert len(got) == 40
    assert "max_frames" in said


def test_pixels_that_are_made_square_count_too(tmp_path):
    def stretched(track):
        track.codec_context.sample_aspect_ratio = Fraction(4, 1)

    path = numbered(tmp_path / "wide.mp4", 3, change=stretched)
    assert "256×48" in until_error(stream(path, max_pixels=10_000))[1]


def test_options_that_do_not_fit_are_refused():
    for options in ({"start_s": 3.0, "end_s": 2.0}, {"every": 2, "per_second": 1.0}, {"every": 0}, {"start_s": -1.0}):
        with pytest.raises(ParameterError):
            ops.video_decode.frames(**options).create()
    for far in (math.inf, 1e300):
        with pytest.raises(ParameterError, match="start_s"):
            ops.video_decode.frames(start_s=far).create()


@pytest.mark.parametrize("piece", [Shot(math.nan, 1.0), Shot(1e300, 1e301), Segment(0.0, math.nan), Shot(-math.inf, 1)])
def test_a_piece_of_no_time_is_refused(piece, mp4):
    with pytest.raises(InputError, match="are no seconds of a video"):
        list(registry.load("video-decode.frames")().stream(mp4, piece))


def test_ffmpeg_says_nothing_on_the_terminal(mp4, tmp_path):
    (tmp_path / "hurt.mp4").write_bytes(damaged(mp4.read_bytes(), 20))
    script = (
        "import sys, junco.operator.registry as r\n"
        "for member in ('frames', 'keyframes'):\n"
        "    list(r.load(f'video-decode.{member}')(on_corrupt='skip')(sys.argv[1]))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "hurt.mp4")], capture_output=True, text=True, check=True
    )
    assert "h264" not in ran.stderr
    assert all("left out" in line for line in ran.stderr.splitlines())
    assert ran.stdout == ""


@pytest.mark.parametrize("member", MEMBERS)
def test_pyav_that_is_not_there_is_named_with_what_to_install(member, monkeypatch):
    operator = registry.load(f"video-decode.{member}")()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'junco\[video\]'"):
        operator.ensure_open()


def test_a_video_that_is_given_up_is_closed(mp4):
    frames = stream(mp4)
    assert next(frames).index == 0
    open_files = set(open_paths())
    assert str(mp4) in open_files
    frames.close()
    assert str(mp4) not in set(open_paths())


def open_paths():
    import psutil

    return [file.path for file in psutil.Process().open_files()]


def test_a_real_video_cut_in_its_middle(tmp_path):
    content = wheel_file("bikes.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    got, said = all_before_error(stream(tmp_path / "cut.mp4"))
    assert said is not None
    assert all(frame.index == number for number, frame in enumerate(got))


@pytest.mark.parametrize("kind", ["ts", "mpg"])
@pytest.mark.parametrize(("member", "options"), [("frames", {}), ("frames", {"start_s": 1.0}), ("keyframes", {})])
def test_videos_put_one_after_the_other_are_read_up_to_where_times_begin_anew(kind, member, options, tmp_path):
    whole = numbered(tmp_path / f"a.{kind}", 50, kind)
    path = tmp_path / f"b.{kind}"
    path.write_bytes(whole.read_bytes() * 2)
    frames, error = until_error(stream(path, member, **options))
    assert [number_of(frame) for frame in frames] == [frame.index for frame in frames]
    assert all(one.time_s < other.time_s for one, other in itertools.pairwise(frames))
    assert frames[-1].index < 50
    assert f"b.{kind}': broken after {frames[-1].time_s:.2f} s (frame {frames[-1].index}): " in error
    assert list(stream(path, member, end_s=1.0))[-1].time_s < 1.0


def test_a_time_that_goes_back_is_never_given(tmp_path):
    path = tmp_path / "back.mov"
    with av.open(str(numbered(tmp_path / "a.avi", 30, "avi"))) as source, av.open(str(path), "w") as target:
        made = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts = packet.dts + (5 if packet.dts == 12 else 0)
                packet.stream = made
                target.mux(packet)
    frames, error = until_error(stream(path))
    assert [number_of(frame) for frame in frames] == list(range(13))
    assert "broken after 0.68 s (frame 16): the time of the next frame, 0.52 s, is before that" in error
    times = [frame.time_s for frame in stream(path, on_corrupt="skip")]
    assert times == sorted(times)
    assert len(times) == 13 + 13
