"""What an operator takes is made of items as the pipelines of its family make it."""

from __future__ import annotations

import numpy as np
import pytest

from junco import Operator, Pipeline, ops, pipe
from junco.tuning.decoding import decoding_of, family_inputs, identity_of_loader, numbers_of, way_of_values
from junco.types import AudioClip, Image, Vector


def steps(made):
    return [(node.verb, node.fn.name) for node in made.graph.nodes]


@pytest.mark.parametrize(
    ("spec", "expected", "outputs"),
    [
        (ops.image_embedding.efficientnet_lite(), [("map", "image-decode.pil")], ("image",)),
        (ops.speaker_embedding.ge2e(), [("map", "audio-decode.av")], ("clip",)),
        (
            ops.face_embedding.sface(),
            [("map", "image-decode.pil"), ("flat_map", "face-detection.yunet")],
            ("image", "face"),
        ),
    ],
)
def test_it_is_what_its_familys_pipeline_does_before_it(spec, expected, outputs):
    made = decoding_of(spec)
    assert (steps(made), made.graph.outputs) == (expected, outputs)


def test_a_sound_that_may_come_whole_comes_whole():
    assert steps(decoding_of(ops.audio_embedding.yamnet())) == [("map", "audio-decode.av")]


def test_texts_need_no_decoding():
    assert decoding_of(ops.text_embedding.minilm()) is None
    assert family_inputs(ops.text_embedding.minilm()) == ("text",)


class Mean(Operator, name="decoding-test.mean"):
    """Of a picture, in no family."""

    def batch(self, images: list[Image]) -> list[Vector]:
        return [np.asarray(image, np.float32).mean(axis=(0, 1)) for image in images]


class Heard(Operator, name="decoding-test.heard"):
    """Of a sound, in no family."""

    def batch(self, clips: list[AudioClip]) -> list[Vector]:
        return [np.asarray(clip.samples, np.float32).mean(axis=1) for clip in clips]


def test_an_operator_of_no_family_gets_what_makes_such_a_value():
    assert steps(decoding_of(Mean())) == [("map", "image-decode.pil")]
    assert steps(decoding_of(Heard())) == [("map", "audio-decode.av")]


def test_an_operator_gives_its_own_numbers_without_their_finish():
    spec = ops.image_embedding.efficientnet_lite(normalize=True, truncate_dim=64, precision="int8", model="lite1")
    params = numbers_of(spec).params
    assert (params["normalize"], params["truncate_dim"], params["precision"]) == (False, None, "float32")
    assert params["model"] == "lite1"
    assert numbers_of(Mean()).params == {}


@pytest.mark.parametrize("member", ["open_clip", "transformers"])
def test_of_pictures_and_texts_each_goes_its_own_way(tmp_path, member):
    (tmp_path / "photo").write_bytes(b"x")
    way = way_of_values(getattr(ops.image_text_embedding, member)("some/model"))
    kinds = [way.kind(item) for item in ("a red bus", "gone/bus.jpg", str(tmp_path / "photo"), b"bytes", np.zeros(3))]
    assert kinds == ["text", "image", "image", "image", "image"]
    assert way.direct == {"text"}


def test_a_loader_is_known_by_what_it_does():
    one = pipe.input("text").map("text", "text", str.upper).output("text")
    same = pipe.input("text").map("text", "text", str.upper).output("text")
    other = pipe.input("text").map("text", "text", str.lower).output("text")
    assert isinstance(one, Pipeline)
    assert identity_of_loader(one) == identity_of_loader(same) != identity_of_loader(other)
    assert identity_of_loader(None) == ""
