"""``audio-decode.av``: samples, times, chunks, limits and refusals, on sounds that are made here."""

from __future__ import annotations

import io
import tracemalloc
import wave
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from junco import ops, pipe
from junco.errors import InputError, OperatorError, ParameterError
from junco.operator import registry
from media import debian
from sounds import coded, tone, wav

RATE = 44_100


def chirp(seconds: float, rate_hz: int, channels: int = 2) -> np.ndarray:
    """A tone that rises, so that it fits itself in one place only."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.stack([0.3 * np.sin(2 * np.pi * (200 * t + 600 * t**2))] * channels)


def decode(source, **options):
    return registry.load("audio-decode.av")(**options)(source)


def chunks_of(source, **options):
    return pipe.input("path").flat_map("path", "clip", ops.audio_decode.av(**options)).output("clip")(source)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_samples_of_whole_numbers_are_those_in_the_file(bits):
    content = wav(tone(0.2, RATE, 2), RATE, bits)
    clip = decode(content, sample_rate_hz=None, mono=False)
    with wave.open(io.BytesIO(content)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 2, bits // 8)
    if bits == 8:
        expected = (raw[..., 0].astype(int) - 128) / 128
    else:
        padded = np.pad(raw, ((0, 0), (0, 0), (4 - bits // 8, 0)))
        expected = np.ascontiguousarray(padded).view("<i4")[..., 0] / 2.0**31
    assert (clip.samples.dtype, clip.sample_rate_hz, clip.start_s) == (np.float32, RATE, 0.0)
    assert np.array_equal(clip.samples, expected.T.astype(np.float32))


def test_floats_stay_as_they_are_beyond_one_too():
    samples = tone(0.1, RATE) * 5
    assert np.array_equal(decode(wav(samples, RATE, is_float=True), sample_rate_hz=None).samples, samples.astype("f4"))


def test_mono_is_the_mean_of_all_channels_of_surround_sound_too():
    samples = tone(0.2, 48_000, 6)
    content = wav(samples, 48_000, is_float=True)
    mono = decode(content, sample_rate_hz=None).samples
    assert decode(content, sample_rate_hz=None, mono=False).samples.shape == samples.shape
    assert np.abs(mono[0] - samples.mean(axis=0)).max() < 1e-7


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_resampled_sound_is_what_it_would_be_at_that_rate(rate):
    rng = np.random.default_rng(0)
    hz, phase = rng.uniform(50, min(rate, 16_000) * 0.42, 8), rng.uniform(0, 6, 8)

    def sound(at_hz, count):
        t = np.arange(count) / at_hz
        return sum(0.1 * np.sin(2 * np.pi * f * t + p) for f, p in zip(hz, phase, strict=True))

    count = rate + 123
    clip = decode(wav(sound(rate, count)[None], rate, is_float=True))
    exact = sound(16_000, -(-count * 16_000 // rate))
    assert clip.samples.shape == (1, len(exact))
    assert np.abs(clip.samples[0] - exact)[200:-200].max() < 2e-5  # at its ends a sum of tones is cut off


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "aac"),
        ("mov", "pcm_s24le"),
        ("mp3", "libmp3lame"),
        ("ogg", "libopus"),
        ("matroska", "aac"),
        ("flac", "flac"),
    ],
)
def test_times_are_those_of_the_original_without_the_delay_of_the_encoder(container, codec):
    rate = 48_000 if codec == "libopus" else RATE
    original = chirp(1.0, rate)
    clip = decode(coded(original, rate, container, codec, "stereo"), sample_rate_hz=None)
    at = round(clip.start_s * rate)
    part = clip.samples[0, 20_000:24_000]
    errors = [np.abs(part - original[0, 20_000 + at + shift : 24_000 + at + shift]).mean() for shift in range(-60, 61)]
    assert int(np.argmin(errors)) == 60


def test_the_sound_of_a_video_begins_when_it_does():
    content = coded(tone(1, RATE), RATE, "mov", "pcm_s16le", video=True, late_s=0.5)
    clip = decode(content)
    assert clip.start_s == pytest.approx(0.5, abs=1 / RATE)
    assert clip.samples.shape == (1, 16_000)


@pytest.mark.parametrize("container", ["mpegts", "matroska", "mp4"])
def test_times_count_from_the_first_picture_of_a_video(container):
    content = coded(tone(2, RATE), RATE, container, "aac", video=True, late_s=0.5)
    with av.open(io.BytesIO(content)) as file:
        first = {stream.type: float(stream.start_time * stream.time_base) for stream in file.streams}
    clip = decode(content, sample_rate_hz=None)
    assert clip.start_s == pytest.approx(first["audio"] - first["video"], abs=0.025)  # MPEG-TS keeps the delay
    assert clip.start_s > 0.4


def test_of_several_pictures_those_that_are_decoded_tell_when_time_begins():
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as made:
        streams = [
            (made.add_stream("mpeg4", rate=10, width=16 * n, height=16 * n, pix_fmt="yuv420p"), n) for n in (2, 8)
        ]
        streams[1][0].disposition = Disposition.default
        sound = made.add_stream("pcm_s16le", rate=8_000, layout="mono")
        for stream, n in streams:  # the small pictures begin at 0.2 s, the large ones at 0.8 s
            picture = av.VideoFrame.from_ndarray(np.full((16 * n, 16 * n, 3), n, np.uint8), format="rgb24")
            picture.pts, picture.time_base = n, Fraction(1, 10)
            made.mux([*stream.encode(picture), *stream.encode(None)])
        samples = av.AudioFrame.from_ndarray(np.ones((1, 8_000), np.int16), format="s16", layout="mono")
        samples.sample_rate, samples.pts = 8_000, 8_000
        made.mux([*sound.encode(samples), *sound.encode(None)])
    frame = next(registry.load("video-decode.frames")()(file.getvalue()))
    assert (frame.image.shape, frame.time_s) == ((128, 128, 3), 0)
    assert decode(file.getvalue()).start_s == pytest.approx(0.2)


def test_a_mistaken_extension_does_not_matter(tmp_path):
    path = tmp_path / "sound.mp3"
    path.write_bytes(wav(tone(0.1, RATE), RATE))
    assert decode(path).samples.shape == (1, 1600)


def test_chunks_are_parts_of_the_whole_with_their_times():
    content = wav(tone(5.3, RATE, 2), RATE)
    whole = decode(content).samples
    found = chunks_of(content, chunk_s=2, overlap_s=0.5)
    assert [clip.start_s for clip in found] == [0.0, 1.5, 3.0, 4.5]
    assert [clip.samples.shape[1] for clip in found] == [32_000, 32_000, 32_000, 12_800]
    for clip in found:
        at = round(clip.start_s * 16_000)
        assert np.array_equal(clip.samples, whole[:, at : at + clip.samples.shape[1]])


@pytest.mark.parametrize(("seconds", "count"), [(1.5, 1), (2.0, 1), (3.4, 2), (3.5, 2), (3.6, 3)])
def test_what_the_chunk_before_holds_as_a_whole_is_no_chunk(seconds, count):
    assert len(chunks_of(wav(tone(seconds, 16_000), 16_000), chunk_s=2, overlap_s=0.5)) == count


def test_a_part_is_cut_to_the_sample():
    content = wav(tone(4, RATE), RATE)
    whole = decode(content).samples
    part = decode(content, start_s=1.25, end_s=3.0)
    assert part.start_s == 1.25
    assert np.array_equal(part.samples, whole[:, 20_000:48_000])
    chunks = chunks_of(content, start_s=1.25, end_s=3.0, chunk_s=1)
    assert [(clip.start_s, clip.samples.shape[1]) for clip in chunks] == [(1.25, 16_000), (2.25, 12_000)]


@pytest.mark.parametrize("late", [0, 1, 700, 12_000, 35_001])
def test_chunks_lie_on_the_grid_from_start_s_on_whenever_the_sound_begins(late):
    samples = np.round(tone(3, RATE) * 32767).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as made:
        sound = made.add_stream("pcm_s16le", rate=RATE, layout="mono")
        sound.time_base = Fraction(1, RATE)
        pictures = made.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        for i in range(100):
            made.mux(pictures.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), i, np.uint8), format="rgb24")))
        made.mux(pictures.encode(None))
        piece = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        piece.sample_rate, piece.pts, piece.time_base = RATE, late, Fraction(1, RATE)
        made.mux(sound.encode(piece))
        made.mux(sound.encode(None))
    whole = decode(file.getvalue(), sample_rate_hz=None, start_s=0.0)
    first_s = whole.start_s  # as Matroska keeps it, in milliseconds
    for options in ({"chunk_s": 1}, {"chunk_s": 1.5, "overlap_s": 0.5}):
        clips = chunks_of(file.getvalue(), start_s=0, sample_rate_hz=None, **options)
        grid = int(first_s) + np.arange(len(clips))
        assert [clip.start_s for clip in clips] == [pytest.approx(first_s, abs=1 / RATE), *grid[1:]]
        for clip in clips:
            start = int(np.ceil((clip.start_s - first_s) * RATE - 1e-6))
            assert np.array_equal(clip.samples, whole.samples[:, start : start + clip.samples.shape[1]])
        assert clips[-1].start_s + clips[-1].samples.shape[1] / RATE == pytest.approx(first_s + 3, abs=1 / RATE)
        ends = [clip.start_s + clip.samples.shape[1] / RATE for clip in clips[:-1]]
        assert ends == pytest.approx(grid[:-1] + options["chunk_s"], abs=1 / RATE)


def test_silence_is_sound():
    assert not decode(wav(np.zeros((1, RATE)), RATE)).samples.any()


def test_a_wav_that_a_pipe_wrote_without_its_size_is_whole():
    for claims in (0, 0xFFFFFFFF - 36):
        assert decode(wav(tone(1, 16_000), 16_000, claims=claims)).samples.shape == (1, 16_000)


BROKEN = {
    "zero samples": (wav(tone(0, RATE), RATE), "no samples in its sound"),
    "not a number": (wav(np.where(np.arange(RATE) == 9000, np.nan, 0.1)[None], RATE, is_float=True), "is no number"),
    "infinite": (wav(np.where(np.arange(RATE) == 9000, np.inf, 0.1)[None], RATE, is_float=True), "or more than"),
    "too loud": (
        wav(np.full((2, RATE), 3e38), RATE, is_float=True),
        "a sample is no number, or more than 1,000,000,000",
    ),
    "truncated": (wav(tone(4, RATE), RATE)[:200_001], "truncated or broken at"),
    "claims ten hours": (wav(tone(1, 16_000), 16_000, claims=16_000 * 2 * 36_000), "truncated or broken at 0.960 s"),
    "a text": (b"no sound at all " * 99, "no sound that can be read"),
    "a rate of none": (wav(tone(0.1, RATE), 3_000_000_000 // 8, 8), "no sound's rate"),
    "a truncated mp4": (coded(tone(1, RATE), RATE, "mp4", "aac")[:5000], "no sound that can be read"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("take", [decode, chunks_of])
def test_what_is_broken_is_refused_with_its_name(kind, take, tmp_path):
    content, said = BROKEN[kind]
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises((InputError, OperatorError), match=r"broken\.wav") as caught:
        take(path)
    assert said in str(caught.value)
    assert isinstance(caught.value.__cause__ if take is chunks_of else caught.value, InputError)


def test_a_video_without_sound_is_refused():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        stream = made.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        made.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        made.mux(stream.encode(None))
    with pytest.raises(InputError, match="no sound in it, only video"):
        decode(file.getvalue())


def damaged(container: str, codec: str) -> bytes:
    """Ten seconds, of which some bytes in the middle are noise."""
    content = bytearray(coded(tone(10, RATE, 2), RATE, container, codec, "stereo"))
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8).tobytes()
    return bytes(content)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("mpegts", "aac"), ("flac", "flac")])
def test_a_broken_packet_is_an_error_after_the_chunks_before_it(container, codec):
    content = damaged(container, codec)
    with pytest.raises(InputError, match="broken"):
        decode(content)
    rejects = []
    made = pipe.input("path").flat_map("path", "clip", ops.audio_decode.av(chunk_s=1)).output("clip")
    rows = [row for _, row in made.rows([content], on_error="skip", rejects=rejects.append)]
    assert [clip.start_s for clip in rows] == [float(second) for second in range(len(rows))]
    assert 3 <= len(rows) <= 5
    assert len(rejects) == 1


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("mpegts", "aac"), ("flac", "flac")])
def test_a_broken_packet_may_be_skipped_and_all_after_it_keeps_its_time(container, codec):
    good = decode(coded(tone(10, RATE, 2), RATE, container, codec, "stereo")).samples
    clip = decode(damaged(container, codec), on_corrupt="skip")
    assert clip.samples.shape[1] == pytest.approx(good.shape[1], abs=160)
    assert np.abs(clip.samples[:, 100_000:150_000] - good[:, 100_000:150_000]).max() < 1e-3


def test_no_undamaged_vorbis_is_refused_and_its_samples_are_those_of_pyav(loaded):
    """FFmpeg's time stamps of Vorbis are wrong where long packets and short ones meet."""
    operator = loaded("audio-decode.av", sample_rate_hz=None, mono=False)
    paths = sorted(debian("sound-theme-freedesktop").glob("*.oga"))
    assert len(paths) > 20
    for path in paths:
        with av.open(str(path)) as file:
            plain = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
        assert np.array_equal(operator(path).samples, plain)


def without_a_page(content: bytes) -> bytes:
    """Ogg of which the middle page is lost."""
    pages = content.split(b"OggS")[1:]
    return b"".join(b"OggS" + page for at, page in enumerate(pages) if at != len(pages) // 2)


def test_a_page_of_vorbis_that_is_lost_is_an_error_or_as_long_a_silence(loaded):
    path = debian("sound-theme-freedesktop") / "phone-incoming-call.oga"
    content = without_a_page(path.read_bytes())
    with pytest.raises(InputError, match=r"broken: 0\.\d+ s are missing"):
        decode(content)
    whole, part = decode(path).samples, decode(content, on_corrupt="skip").samples
    assert part.shape == whole.shape
    assert np.abs(part - whole)[:, -8_000:].max() < 1e-6
    assert (part == 0).sum() > (whole == 0).sum() + 1_600


def test_a_sound_that_is_too_long_to_be_whole_may_be_had_in_chunks():
    content = wav(tone(3, RATE), RATE)
    with pytest.raises(InputError, match=r"more than max_duration_s=2: take it in chunks, by flat_map"):
        decode(content, max_duration_s=2)
    assert decode(content, max_duration_s=2, end_s=1.5).samples.shape == (1, 24_000)
    assert len(chunks_of(content, max_duration_s=2, chunk_s=1)) == 3


def test_chunks_take_the_memory_of_a_chunk(tmp_path):
    def most_bytes(seconds):
        path = tmp_path / f"{seconds}.wav"
        path.write_bytes(wav(np.zeros((1, seconds * 8000)), 8000, 8))
        operator = registry.load("audio-decode.av")(chunk_s=5)
        operator.ensure_open()
        tracemalloc.start()
        count = sum(1 for _ in operator.stream(path))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == seconds // 5
        return most

    assert most_bytes(240) < 1.3 * most_bytes(30)


def test_an_open_file_of_three_gigabytes_is_not_copied(tmp_path):
    path = tmp_path / "long.wav"
    size = 3 * 10**9
    path.write_bytes(wav(tone(1, 8_000), 8_000, claims=size))
    with path.open("r+b") as file:
        file.truncate(size + 44)  # zeros that take no place on the disk
    operator = registry.load("audio-decode.av")(chunk_s=1, end_s=3)
    with path.open("rb") as file:
        tracemalloc.start()
        clips = list(operator.stream(file))
        most_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert file.tell() == 0
    assert [clip.start_s for clip in clips] == [0, 1, 2]
    assert most_bytes < 10_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '{path}'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{path}</BaseURL></MPD>",
        b"[playlist]\nFile1={path}\nNumberOfEntries=1\n",
    ],
    ids=["m3u8", "ffconcat", "sdp", "dash", "pls"],
)
def test_a_playlist_opens_nothing(content, tmp_path):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(tone(0.5, RATE), RATE))
    given = content.replace(b"{path}", str(secret).encode()).replace(b"{port}", b"50004")
    path = tmp_path / "list.wav"
    path.write_bytes(given)
    for source in (given, path):
        with pytest.raises(InputError, match=r"no sound that can be read|only files that hold the media themselves"):
            decode(source)


@pytest.mark.parametrize(
    "options",
    [
        {"chunk_s": 1, "overlap_s": 1},
        {"start_s": 3, "end_s": 2},
        {"chunk_s": 0},
        {"sample_rate_hz": 10},
        {"on_corrupt": "?"},
        {"sample_rate_hz": 10**9},
        {"chunk_s": 1e18},
        {"chunk_s": np.inf},
        {"start_s": np.inf},
        {"end_s": 1e300},
    ],
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(ParameterError, match=r"overlap_s|start_s|end_s|chunk_s|sample_rate_hz|on_corrupt"):
        registry.load("audio-decode.av")(**options)


def test_a_start_after_the_end_of_the_sound_is_said():
    with pytest.raises(InputError, match=r"no samples from start_s=9.0 on"):
        decode(wav(tone(1, RATE), RATE), start_s=9)


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "aac"),
        ("mpegts", "aac"),
        ("matroska", "aac"),
        ("flac", "flac"),
        ("mp3", "libmp3lame"),
        ("w64", "pcm_s16le"),
    ],
)
def test_whatever_is_damaged_gives_finite_samples_or_an_input_error(container, codec):
    good = coded(tone(0.5, RATE, 2), RATE, container, codec, "stereo")
    rng = np.random.default_rng(5)
    operators = [registry.load("audio-decode.av")(on_corrupt=word) for word in ("raise", "skip")]
    refused = 0
    for _ in range(40):
        content = bytearray(good)
        for at in rng.integers(0, rng.choice([600, len(good)]), rng.integers(1, 30)):
            content[at] = rng.integers(0, 256)
        for operator in operators:
            try:
                clip = operator(bytes(content))
            except InputError:
                refused += 1
            else:
                assert np.isfinite(clip.samples).all()
                assert clip.samples.shape[0] == 1
                assert clip.samples.size
    assert 0 < refused < 80


@pytest.mark.parametrize("rates", [(16_000, 32_000), (44_100, 22_050)])
def test_a_rate_that_changes_on_the_way_is_refused(rates):
    joined = b"".join(coded(tone(1, rate), rate, "adts", "aac") for rate in rates)
    with pytest.raises(InputError, match=f"sample rate changes from {rates[0]} to {rates[1]} Hz"):
        decode(joined)


@pytest.mark.parametrize(("container", "codec"), [("ogg", "flac"), ("mpegts", "mp2"), ("mpeg", "mp2")])
def test_sounds_put_one_after_the_other_are_never_half_of_them(container, codec):
    one = coded(tone(3, 48_000), 48_000, container, codec)
    with pytest.raises(InputError, match=r"time stamps begin anew at \d\.\d{3} s"):
        decode(one * 2)
    both, single = decode(one * 2, on_corrupt="skip"), decode(one, on_corrupt="skip")
    assert both.samples.shape[1] == pytest.approx(2 * single.samples.shape[1], abs=2)


@pytest.mark.parametrize("container", ["mov", "matroska"])
def test_pictures_may_begin_long_after_the_sound(container):
    file = io.BytesIO()
    with av.open(file, "w", format=container) as made:
        sound = made.add_stream("pcm_s16le", rate=16_000, layout="mono")
        pictures = made.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        samples = np.round(tone(5, 16_000) * 32767).astype(np.int16)
        for i in range(50):
            piece = av.AudioFrame.from_ndarray(samples[:, i * 1600 : (i + 1) * 1600], format="s16", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = 16_000, i * 1600, Fraction(1, 16_000)
            made.mux(sound.encode(piece))
        for i in range(50):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i, np.uint8), format="rgb24")
            picture.pts = 75 + i
            made.mux(pictures.encode(picture))
        made.mux(pictures.encode(None))
    whole = decode(file.getvalue())
    assert (whole.start_s, whole.samples.shape[1]) == (-3.0, 80_000)
    early = decode(file.getvalue(), start_s=-2.0, end_s=-1.0)
    assert (early.start_s, early.samples.shape[1]) == (-2.0, 16_000)
    clip = decode(file.getvalue(), start_s=0.0)
    assert (clip.start_s, clip.samples.shape[1]) == (0.0, 32_000)
    np.testing.assert_allclose(clip.samples[0], samples[0, 48_000:] / 32768, atol=1e-6)
    frames = list(registry.load("video-decode.frames")()(file.getvalue()))
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(50) / 25)


def test_many_gaps_do_not_become_days_of_silence():
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as made:
        stream = made.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number in range(4):
            piece = av.AudioFrame.from_ndarray(np.zeros((1, 160), np.int16), format="s16", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = 16_000, number * 1_500 * 16_000, Fraction(1, 16_000)
            made.mux(stream.encode(piece))
    clips = registry.load("audio-decode.av")(sample_rate_hz=1_000, chunk_s=1_000)
    with pytest.raises(InputError, match="leave out 4,500 s in all"):
        list(clips.stream(file.getvalue()))


def test_a_header_that_claims_too_much_is_no_length_of_what_may_be_skipped():
    content = bytearray(coded(tone(2, 16_000), 16_000, "flac", "flac"))
    told = int.from_bytes(content[18:26], "big") >> 36 << 36
    content[18:26] = (told | 36_000 * 16_000).to_bytes(8, "big")
    with pytest.raises(InputError, match="36,000 s of sound"):
        decode(bytes(content))
    assert decode(bytes(content), on_corrupt="skip").samples.shape == (1, 32_000)
