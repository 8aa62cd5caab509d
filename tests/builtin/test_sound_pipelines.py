"""Pipelines from sound, and from a video's pictures and sound, to vectors."""

from __future__ import annotations

import wave

import av
import numpy as np
import pytest

import media
from junco import ops, pipeline
from junco.errors import InputError, OperatorError
from junco.neural.sound import golden_clips
from junco.types import AudioClip

RATE = 16000
PLAIN = {"runtime": "torch"}


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def write_video(path, levels, samples, fps=4):
    """Grey pictures, a level each, with 16-bit sound."""
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("ffv1", rate=fps, width=64, height=48, pix_fmt="bgr0")
        sound = file.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for level in levels:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), "rgb24")
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = RATE
        file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return path


@pytest.fixture(scope="module")
def embed():
    with pipeline("audio-embedding") as made:
        yield made


@pytest.fixture(scope="module")
def watch():
    """The pipeline with networks that are neither converted nor measured first."""
    image = ops.image_embedding.efficientnet_lite("lite0", **PLAIN)
    sound = ops.audio_embedding.yamnet(**PLAIN)
    with pipeline("video-audio-embedding").replace("embed", image).replace("embed-sound", sound) as made:
        yield made


@pytest.fixture(scope="module")
def long_sound():
    """Seventeen seconds of all kinds."""
    rng = np.random.default_rng(1)
    parts = [clip.samples[0] for clip in golden_clips(RATE)[:4]]
    return np.concatenate([*parts, 0.1 * rng.normal(size=7 * RATE)]).clip(-1, 1).astype(np.float32)


def test_a_sound_of_any_length_has_the_vector_that_it_has_when_it_is_whole(
    embed, loaded, long_sound, tmp_path, assert_agree
):
    for seconds in (0.2, 0.975, 1.0, 16.9):
        path = write_wav(tmp_path / f"{seconds}.wav", long_sound[: round(seconds * RATE)])
        whole = loaded("audio-embedding.yamnet")(loaded("audio-decode.av")(path))
        assert_agree(embed(path), whole, least=0.99999)
        np.testing.assert_allclose(embed(path), whole, atol=2e-4)
    assert embed.plan.space == loaded("audio-embedding.yamnet").space()
    assert embed.plan.space != loaded("audio-embedding.yamnet", pool="max").space()


def test_a_model_of_another_name_takes_its_place(tmp_path, long_sound):
    import audio_models

    folder = audio_models.save("whisper", tmp_path / "model")
    path = write_wav(tmp_path / "sound.wav", long_sound[: 3 * RATE])
    model = ops.audio_embedding.transformers(model=str(folder), runtime="torch")
    with pipeline("audio-embedding-transformers").replace("embed", model) as other:
        assert other(path).shape == (16,)
    with pipeline("audio-embedding").replace("embed", model) as other:
        assert other(path).shape == (16,)


def test_sounds_of_one_kind_lie_close(embed):
    folder = media.debian("sonic-pi-samples")
    names = ["drum_snare_hard", "drum_snare_soft", "drum_tom_mid_hard", "ambi_choir", "ambi_drone", "misc_crow"]
    vectors = embed.batch([folder / f"{name}.flac" for name in names])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = unit @ unit.T
    assert likeness[0, 1] > 0.8
    assert likeness[0, 2] > likeness[0, 3:].max()


def test_a_file_without_sound_is_refused_with_its_name(embed, tmp_path):
    path = tmp_path / "text.wav"
    path.write_text("no sound at all")
    with pytest.raises(OperatorError, match=r"text\.wav") as caught:
        embed(path)
    assert isinstance(caught.value.__cause__, InputError)


def test_each_window_has_the_pictures_and_the_sound_of_its_seconds(watch, loaded, tmp_path, long_sound, assert_agree):
    levels = [20] * 20 + [120] * 20 + [220] * 12  # 13 s at 4 frames a second
    path = write_video(tmp_path / "grey.mkv", levels, long_sound[: 12 * RATE])
    rows = watch(path)
    assert [(row.window.start_s, row.window.end_s) for row in rows] == [(0, 5), (5, 10), (10, 15)]
    image, sound = loaded("image-embedding.efficientnet-lite", **PLAIN), loaded("audio-embedding.yamnet", **PLAIN)
    samples = loaded("audio-decode.av")(path).samples
    for row, level in zip(rows, (20, 120, 220), strict=True):
        start, end = (round(at_s * RATE) for at_s in (row.window.start_s, row.window.end_s))
        assert_agree(row.image_vector, image(np.full((48, 64, 3), level, np.uint8)), least=0.995)
        assert_agree(row.audio_vector, sound(AudioClip(samples[:, start:end], RATE)))


def test_the_last_window_has_what_little_sound_is_in_it(watch, loaded, tmp_path, long_sound, assert_agree):
    path = write_video(tmp_path / "short.mkv", [99] * 21, long_sound[: round(5.28 * RATE)])
    *_, last = watch(path)
    assert (last.window.start_s, last.window.end_s) == (5, 10)
    sound = loaded("audio-embedding.yamnet", **PLAIN)
    assert_agree(last.audio_vector, sound(AudioClip(loaded("audio-decode.av")(path).samples[:, 5 * RATE :], RATE)))


def test_where_the_sound_has_ended_there_is_none(watch, tmp_path, long_sound):
    path = write_video(tmp_path / "grey.mkv", [99] * 32, long_sound[: 4 * RATE])
    rows = watch(path)
    assert [(row.image_vector is None, row.audio_vector is None) for row in rows] == [(False, False), (False, True)]


def test_a_video_without_sound_is_refused_with_its_name(watch):
    with pytest.raises(OperatorError, match=r"bikes\.mp4.*no sound in it"):
        watch(media.wheel_file("bikes.mp4"))
