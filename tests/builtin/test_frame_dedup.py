"""frame-dedup: which frames repeat the last one that was kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from junco import cache, ops, pipe
from junco.builtin.frame_dedup.dhash import dhash, means_of_places
from junco.errors import InputError, ParameterError
from junco.graph.devices import on_device
from junco.types import VideoFrame

MODEL = {"model": "image-embedding.timm", "params": {"model": "test_resnet", "pretrained": False}}


def pictures(count, seed=0):
    """Pictures that differ, smooth as photos are: uint8 (90, 160, 3)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (count, 9, 16, 3), np.uint8)
    return [np.asarray(Image.fromarray(each).resize((160, 90), Image.Resampling.BICUBIC)) for each in small]


def film(numbers, grain=3, seed=0):
    """Frames that show the pictures of those numbers, each with grain of its own."""
    rng, shown = np.random.default_rng(seed), pictures(max(numbers, default=0) + 1)
    for index, number in enumerate(numbers):
        pixels = shown[number] + rng.integers(-grain, grain + 1, shown[number].shape)
        yield VideoFrame(pixels.clip(0, 255).astype(np.uint8), index / 25, index)


def kept(operator):
    return (
        pipe.input("numbers")
        .flat_map("numbers", "frame", film)
        .filter("frame", "frame", "frame", operator, name="dedup")
        .output("frame.index")
    )


@pytest.mark.parametrize(
    "operator",
    [ops.frame_dedup.dhash(), ops.frame_dedup.embedding(**MODEL, similarity=0.999)],
    ids=["dhash", "embedding"],
)
def test_the_first_of_each_run_is_kept_and_the_rest_are_counted(operator):
    with kept(operator) as dedup:
        assert dedup([0, 0, 0, 1, 1, 0, 2, 2]) == [0, 3, 5, 6]
        assert dedup.batch([[0, 0], [0, 0, 1], []]) == [[0], [0, 2], []]
        stage = next(stage for stage in dedup.stats().stages if stage.name == "dedup")
        assert (stage.num_rows, stage.num_repeated) == (13, 6)
        assert "6 inputs repeated" in str(dedup.stats())


def test_pictures_are_taken_as_frames_are():
    pair = pipe.input("pair").flat_map("pair", "image", lambda pair: pair)
    unlike = pair.filter("image", "image", "image", ops.frame_dedup.dhash()).output("image")
    cat, dog = pictures(2)
    small = np.asarray(Image.fromarray(cat).resize((80, 45)))
    assert [len(found) for found in unlike.batch([(cat, small), (cat, dog)])] == [1, 2]


def test_a_report_tells_how_many_frames_repeat_others(tmp_path):
    with kept(ops.frame_dedup.dhash()) as dedup:
        report = dedup.run([[0, 0, 1], [1, 1, 1]], tmp_path / "kept.parquet")
    assert report.num_repeated == report.to_dict()["num_repeated"] == 3


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(1, 7), min_size=1), st.sampled_from([0, 6, 20]))
def test_what_is_kept_does_not_depend_on_batches(numbers, sizes, distance):
    operator, frames = ops.frame_dedup.dhash(distance=distance).create(), list(film(numbers, grain=20))
    expected, state = operator.batch(frames, state=operator.state()), operator.state()
    found, start = [], 0
    while start < len(frames):
        size = sizes[start % len(sizes)]
        found += operator.batch(frames[start : start + size], state=state)
        start += size
    assert found == expected


def test_slow_change_is_new_once_it_is_far_from_the_kept_frame():
    one, other = (picture.astype(float) for picture in pictures(2))
    fade = [np.uint8(one * (1 - share) + other * share) for share in np.linspace(0, 1, 40)]
    operator = ops.frame_dedup.dhash().create()
    new = operator.batch([VideoFrame(each, i / 25, i) for i, each in enumerate(fade)], state=operator.state())
    assert new[0]
    assert 2 <= sum(new) <= 10
    assert max((dhash(a) ^ dhash(b)).bit_count() for a, b in pairwise(fade)) <= 6


@pytest.mark.parametrize("size", [(80, 45), (320, 180), (1280, 720), (161, 91)])
def test_a_copy_of_another_size_has_a_hash_within_the_distance(size):
    for picture in pictures(10):
        other = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
        assert (dhash(picture) ^ dhash(other)).bit_count() <= 5


def test_different_pictures_have_hashes_far_apart():
    hashes = [dhash(picture) for picture in pictures(20)]
    assert min((a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]) > 12


def test_the_hash_is_that_of_area_means_in_pillow():
    for picture in (each[:88, :153] for each in pictures(10)):
        small = np.asarray(Image.fromarray(picture).convert("L").resize((9, 8), Image.Resampling.BOX), int)
        expected = int("".join("01"[bit] for bit in (small[:, 1:] > small[:, :-1]).ravel().astype(int)), 2)
        assert (dhash(picture) ^ expected).bit_count() <= 1  # Pillow rounds


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 100, 3), (7, 8, 3), (5, 3, 3)])
def test_the_smallest_pictures_have_a_hash(shape):
    assert 0 <= dhash(np.random.default_rng(0).integers(0, 256, shape, np.uint8)) < 2**64


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match=r"'frame-dedup\.dhash' takes pixels"):
        ops.frame_dedup.dhash()("a")


def test_a_model_of_bits_and_an_unknown_one_are_refused():
    with pytest.raises(ParameterError, match="bits have no cosine"):
        ops.frame_dedup.embedding(params={"precision": "ubinary"}).create()
    with pytest.raises(ParameterError, match="similarity=2"):
        ops.frame_dedup.embedding(similarity=2).create()


def test_a_model_that_makes_no_vectors_of_pictures_is_refused():
    with pytest.raises(ParameterError, match=r"model='image-decode\.pil' is no operator of the family image-embedding"):
        ops.frame_dedup.embedding(model="image-decode.pil").create()


def scene(spots):
    """Frames of a fixed camera with grain, in some of which a spot of a hundredth of the picture has a colour."""
    for frame, spot in zip(film([0] * len(spots), seed=1), spots, strict=True):
        pixels = frame.image.copy()
        if spot is not None:
            pixels[40:50, 60:76] = spot
        yield VideoFrame(pixels, frame.time_s, frame.index)


def test_what_comes_into_the_picture_of_a_fixed_camera_is_new_where_places_matter():
    grey, red, none = (90, 90, 90), (200, 40, 40), None
    spots = [none, none, grey, grey, none, red, none]
    start = pipe.input("spots").flat_map("spots", "frame", scene)
    for local_change, found in ((12, [0, 2, 4, 5, 6]), (None, [0]), (255, [0])):
        dedup = ops.frame_dedup.dhash(local_change=local_change)
        with start.filter("frame", "frame", "frame", dedup).output("frame.index") as p:
            assert p(spots) == found


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (500, 2, 3), (33, 31, 3)])
def test_the_means_of_places_are_those_of_the_picture(shape):
    image = np.full(shape, (10, 20, 30), np.uint8)
    np.testing.assert_allclose(
        means_of_places(image), np.broadcast_to([[[10]], [[20]], [[30]]], (3, 32, 32)), rtol=1e-5
    )


def test_the_pipelines_device_is_that_of_the_operator_that_makes_the_vectors():
    step = pipe.input("frame").filter("frame", "frame", on="frame", fn=ops.frame_dedup.embedding(**MODEL))
    flow = on_device(step.output("frame").graph, "cpu")
    assert flow.nodes[0].spec.create().embedding.spec.params["device"] == "cpu"
    own = {**MODEL, "params": {**MODEL["params"], "device": "cpu"}}
    assert ops.frame_dedup.embedding(**own, device="cuda").create().embedding.spec.params["device"] == "cpu"


def test_the_model_that_makes_the_vectors_is_loaded_once_whoever_else_uses_it():
    model = ops.image_embedding.timm(**MODEL["params"])
    frames = (
        pipe.input("numbers")
        .flat_map("numbers", "frame", film)
        .filter("frame", "frame", "frame", ops.frame_dedup.embedding(**MODEL, similarity=0.999), name="dedup")
        .map("frame", "vector", model, name="embed")
        .output("vector")
    )
    before = len(cache)
    with frames:
        assert len(frames([0, 0, 1])) == 2
        (shared,) = (resident for resident in cache if resident.spec == model)
        assert shared.num_holders == 2
    assert len(cache) == before
