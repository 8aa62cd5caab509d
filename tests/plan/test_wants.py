"""A maker makes no more than the steps after it want, if all of them say what that is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from junco import Operator, ops, pipe
from junco.graph.nodes import Graph
from junco.operator.spec import OperatorSpec
from junco.types import Image as Pixels


class Small(Operator, family="image-embedding", name="scale-test"):
    """Takes any picture; says how much of it is enough."""

    def __init__(self, side: int | None = None):
        self.side = side

    def wants(self):
        return {} if self.side is None else {"least_side": self.side}

    def batch(self, images: list[Pixels]):
        return [np.array(image.shape[:2], np.float32) for image in images]


def embed(side):
    return ops.image_embedding.scale_test(side)


def decoder(made) -> OperatorSpec:
    return made.plan.graph.node("decode").fn


def embedding(*sides, decode=None, outputs=()):
    p = pipe.input("path").map("path", "image", decode or ops.image_decode.pil(), name="decode")
    for i, side in enumerate(sides):
        p = p.map("image", f"v{i}", embed(side) if side != "lambda" else lambda image: image.shape)
    return p.output(*(f"v{i}" for i in range(len(sides))), *outputs)


def photo(width, height) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "JPEG")
    return file.getvalue()


def test_the_plan_says_what_it_does_and_the_graph_stays_as_it_was():
    p = embedding(100)
    assert "decode: map image-decode.pil (least_side=100)" in str(p.plan)
    assert decoder(p).params == {"least_side": 100}
    assert "least_side" not in p.to_yaml()
    assert isinstance(p.graph, Graph)
    assert p.graph.node("decode").fn.params == {}


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 1200), (200, 150)), ((800, 1000), (100, 125)), ((799, 1000), (200, 250)), ((199, 300), (199, 300))],
)
def test_a_jpeg_comes_at_the_smallest_scale_that_is_enough(size, expected):
    assert tuple(embedding(100)(photo(*size))[::-1]) == expected


def test_the_most_demanding_reader_decides():
    assert decoder(embedding(100, 300, 200)).params == {"least_side": 300}


@pytest.mark.parametrize("sides", [(None,), (100, None), (100, "lambda")], ids=repr)
def test_nothing_is_left_out_where_one_reader_needs_all_or_does_not_say(sides):
    assert decoder(embedding(*sides)).params == {}


def test_pictures_that_are_results_are_whole():
    assert decoder(embedding(100, outputs=("image",))).params == {}


def test_what_the_user_asks_of_the_decoder_stays():
    assert decoder(embedding(100, decode=ops.image_decode.pil(least_side=400))).params == {"least_side": 400}


def test_exact_pictures_are_decoded_in_full_and_others_only_if_the_vectors_stay():
    for params in ({"exact": True, "least_cosine": 0.9}, {"pretrained": False}, {}):
        p = pipe.input("path").map("path", "image", ops.image_decode.pil(), name="decode")
        p = p.map("image", "vector", ops.image_embedding.efficientnet_lite(**params)).output("vector")
        assert decoder(p).params == {}


def test_who_accepts_less_agreement_gets_smaller_pictures_and_another_space():
    p = pipe.input("path").map("path", "image", ops.image_decode.pil(), name="decode")
    near = p.map("image", "vector", ops.image_embedding.efficientnet_lite(least_cosine=0.9)).output("vector")
    usual = p.map("image", "vector", ops.image_embedding.efficientnet_lite()).output("vector")
    assert decoder(near).params["least_side"] >= 256
    assert near.space != usual.space
    picture = io.BytesIO()
    y, x = np.mgrid[0:900, 0:1200]
    waves = np.stack([np.sin(x / 31 + y / 17), np.sin(x / 97), np.sin(y / 53)], axis=2) * 90 + 128
    Image.fromarray(waves.astype(np.uint8)).save(picture, "JPEG", quality=90)
    one, other = near(picture.getvalue()), usual(picture.getvalue())
    assert 0.9 < one @ other / np.linalg.norm(one) / np.linalg.norm(other) < 1


# ---- any maker, any parameter


class Sound(Operator, family="wants-test", name="decode"):
    def __init__(self, sample_rate_hz: int | None = None, channels: int | None = None):
        self.made = sample_rate_hz, channels

    def batch(self, paths: list[str]):
        return [self.made for _ in paths]


class Listen(Operator, family="wants-test", name="listen"):
    def __init__(self, rate: int = 0, channels: int = 0, more: int = 0):
        self.said = {"sample_rate_hz": rate, "channels": channels, "frames_per_s": more}

    def wants(self):
        return {name: value for name, value in self.said.items() if value}

    def batch(self, clips):
        return [str(clip) for clip in clips]


def listening(*readers, decode=None):
    p = pipe.input("path").map("path", "clip", decode or ops.wants_test.decode(), name="decode")
    for i, reader in enumerate(readers):
        p = p.map("clip", f"v{i}", reader)
    return p.output(*(f"v{i}" for i in range(len(readers))))


def test_each_parameter_that_all_readers_name_is_the_largest_of_what_they_want():
    listen = ops.wants_test.listen
    assert decoder(listening(listen(16000, 1), listen(44100))).params == {"sample_rate_hz": 44100}
    assert decoder(listening(listen(8000, 2, 30))).params == {"sample_rate_hz": 8000, "channels": 2}
    assert decoder(listening(listen(8000), listen(0, 2))).params == {}
    given = ops.wants_test.decode(channels=6)
    assert decoder(listening(listen(8000, 2), decode=given)).params == {"sample_rate_hz": 8000, "channels": 6}


def test_what_only_looks_at_other_columns_and_filters_by_them_says_nothing():
    p = pipe.input("path", "n").map("path", "clip", ops.wants_test.decode(), name="decode")
    p = p.filter("clip", "kept", "n", bool).map("kept", "v", ops.wants_test.listen(8000)).output("v")
    assert decoder(p).params == {"sample_rate_hz": 8000}


def test_wants_go_through_pipelines_within_on_either_side():
    listen = pipe.input("c").map("c", "w", ops.wants_test.listen(8000)).output("w")
    again = pipe.input("c").map("c", "w", ops.wants_test.listen(8000)).output("w")
    grouped = pipe.input("c").map("c", "w", ops.wants_test.listen(9000)).window_all("w", "l", list).output("l")
    assert decoder(listening(listen, again)).params == {"sample_rate_hz": 8000}
    assert decoder(listening(listen, grouped)).params == {"sample_rate_hz": 9000}
    made = pipe.input("p").map("p", "c", ops.wants_test.decode(), name="decode").output("c")
    p = pipe.input("p").map("p", "c", made, name="made").map("c", "v", ops.wants_test.listen(8000)).output("v")
    assert p.plan.graph.node("made/decode").fn.params == {"sample_rate_hz": 8000}
    out = pipe.input("c").map("c", "w", ops.wants_test.listen(8000)).output("c", "w")
    p = pipe.input("p").map("p", "c", ops.wants_test.decode(), name="decode").map("c", ("d", "w"), out).output("w", "d")
    assert decoder(p).params == {}


def test_a_callers_own_operator_says_what_it_wants_too():
    assert decoder(listening(Listen(8000))).params == {"sample_rate_hz": 8000}
