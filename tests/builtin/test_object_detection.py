"""SSD-MobileNetV2: against TensorFlow's own graph, and on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from junco import ops, pipe
from junco.builtin.object_detection.anchors import anchors
from junco.builtin.object_detection.ssd import SIDE, WEIGHTS, Ssd, resized
from junco.errors import InputError, ParameterError
from junco.types import VideoFrame

PHOTOS = Path(skimage.data.__file__).parent
SEEN_BY_THE_GRAPH = {
    "chelsea.png": [("cat", 0.909881, (8.399, 0.681, 407.530, 296.637))],
    "coffee.png": [
        ("cup", 0.963986, (174.420, 14.119, 412.301, 237.022)),
        ("bowl", 0.858874, (168.766, 16.437, 407.716, 247.079)),
        ("dining table", 0.838701, (2.528, 0.355, 596.035, 397.614)),
    ],
    "motorcycle_left.png": [("motorcycle", 0.989827, (103.690, 78.477, 686.494, 443.553))],
    "astronaut.png": [("person", 0.836867, (12.027, 11.406, 369.969, 509.844))],
    "rocket.jpg": [],
}
"""What TensorFlow's graph itself gives above 0.5, run by OpenVINO (the slow test below does that)."""


def photo(name):
    return np.asarray(Image.open(PHOTOS / name).convert("RGB"))


@pytest.fixture(scope="module")
def ssd(loaded):
    return loaded("object-detection.ssd")


def assert_same(boxes, expected):
    assert [box.label for box in boxes] == [label for label, _, _ in expected]
    for box, (_, score, edges) in zip(boxes, expected, strict=True):
        assert box.score == pytest.approx(score, abs=1e-4)
        assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(edges, abs=0.05)


@pytest.mark.parametrize("name", SEEN_BY_THE_GRAPH)
def test_a_photo_gives_what_the_graph_of_tensorflow_gives(ssd, name):
    assert_same(ssd(photo(name)), SEEN_BY_THE_GRAPH[name])


@pytest.mark.slow
def test_every_box_is_that_of_the_graph_itself():
    openvino = pytest.importorskip("openvino")
    core = openvino.Core()
    graph = core.compile_model(core.read_model(WEIGHTS.fetch("the test")), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    least = 0.31  # the graph leaves out what is below 0.3
    detector = Ssd(threshold=least, runtime="torch")
    most_edge = most_score = 0.0
    for name in SEEN_BY_THE_GRAPH:
        pixels = photo(name)
        outputs = graph(pixels[None])
        found = {name.split(":")[0]: value[0] for key, value in outputs.items() for name in key.get_names()}
        keep = found["detection_scores"] >= least
        height, width = pixels.shape[:2]
        boxes = detector(pixels)
        edges = found["detection_boxes"][keep][:, [1, 0, 3, 2]] * (width, height, width, height)
        assert len(boxes) == keep.sum()
        for box, edge, score in zip(boxes, edges, found["detection_scores"][keep], strict=True):
            most_edge = max(most_edge, *np.abs(np.array([box.x0, box.y0, box.x1, box.y1]) - edge))
            most_score = max(most_score, abs(box.score - score))
    detector.ensure_closed()
    assert most_edge < 0.02  # pixels
    assert most_score < 2e-5


def test_boxes_are_in_pixels_of_the_picture_that_was_given(ssd):
    small, large = photo("chelsea.png"), np.repeat(np.repeat(photo("chelsea.png"), 3, axis=0), 3, axis=1)
    for one, other in zip(ssd(small), ssd(large), strict=True):
        assert (other.x0, other.y0, other.x1, other.y1) == pytest.approx(
            (3 * one.x0, 3 * one.y0, 3 * one.x1, 3 * one.y1), abs=15
        )


def test_boxes_lie_in_the_picture_best_first(loaded):
    sensitive = loaded("object-detection.ssd", threshold=0.05)
    for name in SEEN_BY_THE_GRAPH:
        pixels = photo(name)
        boxes = sensitive(pixels)
        assert all(0 <= box.x0 < box.x1 <= pixels.shape[1] and 0 <= box.y0 < box.y1 <= pixels.shape[0] for box in boxes)
        assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)


def test_only_the_labels_that_are_asked_for_are_given(loaded):
    cups = loaded("object-detection.ssd", labels=("cup", "cat"))
    assert [box.label for box in cups(photo("coffee.png"))] == ["cup"]
    assert cups(photo("astronaut.png")) == []


def test_a_label_that_it_does_not_know_is_refused_with_those_that_are_near():
    with pytest.raises(ParameterError, match="no label 'motorbike'"):
        Ssd(labels=("motorbike",))
    with pytest.raises(ParameterError, match="Did you mean 'person'"):
        Ssd(labels=("persons",))


def test_what_is_more_than_max_boxes_is_left_out_and_counted(ssd):
    few = pipe.input("image").flat_map("image", "box", ops.object_detection.ssd(max_boxes=1)).output("box.label")
    with few:
        assert few.batch([photo("coffee.png"), photo("rocket.jpg"), photo("chelsea.png")]) == [["cup"], [], ["cat"]]
        assert few.stats().stages[0].num_cut == 1


def test_a_video_frame_is_taken_and_other_things_are_refused(ssd):
    frame = VideoFrame(photo("chelsea.png"), 1.5, 3)
    assert [box.label for box in ssd(frame)] == ["cat"]
    with pytest.raises(InputError, match="takes pixels"):
        ssd("chelsea.png")


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2000, 3), (3000, 2, 3)])
def test_pictures_of_any_shape_are_looked_at(loaded, shape):
    boxes = loaded("object-detection.ssd", threshold=0.05)(np.full(shape, 90, np.uint8))
    assert all(box.x1 <= shape[1] and box.y1 <= shape[0] for box in boxes)


def test_a_lower_threshold_gives_more_of_the_same_boxes(ssd, loaded):
    more = loaded("object-detection.ssd", threshold=0.05)(photo("coffee.png"))
    some = ssd(photo("coffee.png"))
    assert len(more) > len(some)
    assert more[: len(some)] == some


def test_the_resize_takes_the_pixels_that_tensorflow_1_takes():
    ramp = np.repeat(np.arange(6, dtype=np.uint8)[None, :, None] * 10, 3, axis=2)
    made = resized(np.repeat(ramp, 4, axis=0), 4)
    # place i lies at i · 6 / 4, from the left edge of the first pixel, between its neighbours
    np.testing.assert_allclose(made[0, :, 0], [0, 15, 30, 45], atol=1e-5)
    assert resized(ramp, SIDE).shape == (SIDE, SIDE, 3)
    assert made.dtype == np.float32


def test_there_is_an_anchor_for_each_box_of_the_graph():
    assert anchors().shape == (1917, 4)
    np.testing.assert_allclose(anchors()[0], [0.5 / 19, 0.5 / 19, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(anchors()[-1], [0.5, 0.5, np.sqrt(0.95), np.sqrt(0.95)], rtol=1e-6)
