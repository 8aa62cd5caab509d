"""Faces: found, cut out upright, and told apart; compared with OpenCV and the published graphs on the same weights."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from junco import ops, pipe, pipeline
from junco.builtin.face_alignment import PLACES, aligned, similarity
from junco.errors import InputError
from junco.types import Box, Face
from media import wheel_file


@pytest.fixture(scope="module")
def detect(loaded):
    return loaded("face-detection.yunet")


@pytest.fixture(scope="module")
def embed(loaded):
    return loaded("face-embedding.sface")


@pytest.fixture(scope="module")
def man_in_a_car():
    """Frames of one man."""
    av = pytest.importorskip("av")
    with av.open(wheel_file("carphone.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    return frames[:: len(frames) // 4][:4]


def test_a_face_is_found_where_it_is_and_a_cat_is_none(detect):
    (face,) = detect(data.astronaut())
    assert face.score > 0.9
    assert (face.box.x0, face.box.y0, face.box.x1, face.box.y1) == pytest.approx((179, 64, 269, 174), abs=3)
    left_eye, right_eye, nose, *_ = face.points
    assert left_eye[0] < nose[0] < right_eye[0]
    assert detect(data.chelsea()) == []


def test_faces_are_those_of_opencv_on_the_same_weights(detect):
    cv2 = pytest.importorskip("cv2")
    picture = np.zeros((640, 640, 3), np.uint8)  # of the model's own size, so that nothing is resized
    picture[:512, :512] = data.astronaut()
    opencv = cv2.FaceDetectorYN.create(str(detect.wheels[0].path("the test")), "", (640, 640), 0.7, 0.3)
    (expected,) = opencv.detect(picture[:, :, ::-1].copy())[1]
    (face,) = detect(picture)
    x0, y0, width, height = expected[:4]
    found = [face.box.x0, face.box.y0, face.box.x1, face.box.y1, *np.ravel(face.points), face.score]
    np.testing.assert_allclose(found, [x0, y0, x0 + width, y0 + height, *expected[4:]], atol=2e-3)


def test_the_upright_face_is_that_of_opencv(detect):
    cv2 = pytest.importorskip("cv2")
    (face,) = detect(data.astronaut())
    a, b, x, y = similarity(np.array(face.points), PLACES, "the test")
    turned = cv2.warpAffine(data.astronaut(), np.array([[a, -b, x], [b, a, y]]), (112, 112), flags=cv2.INTER_LINEAR)
    mine = aligned(data.astronaut(), face, 112, "the test")
    assert np.abs(turned.astype(int) - mine).max() <= 1


def test_vectors_are_those_of_the_published_graph_with_its_weights_in_blocks_of_int8(loaded):
    from onnx.reference import ReferenceEvaluator

    embed = loaded("face-embedding.sface", dtype="float32")
    (row,) = embed.golden_pass()
    expected = ReferenceEvaluator(str(embed.wheels[0].path("the test"))).run(None, {"data": row[:1]})[0]
    np.testing.assert_allclose(embed.numbers([[each] for each in (x[0] for x in embed.golden())]), expected, atol=2e-5)


def test_one_man_is_near_himself_and_far_from_somebody_else(detect, embed, man_in_a_car):
    found = [(frame, face) for frame in man_in_a_car for face in detect(frame)]
    assert len(found) >= 3
    himself = np.stack([embed(frame, face) for frame, face in found])
    other = embed(data.astronaut(), detect(data.astronaut())[0])
    assert (himself @ himself.T).min() > 0.363
    assert (himself @ other).max() < 0.3


def test_a_face_that_was_turned_is_the_same_person(detect, embed):
    upright, turned = data.astronaut(), np.ascontiguousarray(np.rot90(data.astronaut()[:300, 80:380]))
    (face,) = detect(upright)
    points = tuple((y, 299 - (x - 80)) for x, y in face.points)  # as rot90 takes them
    assert embed(upright, face) @ embed(turned, Face(Box(0, 0, 1, 1), points)) > 0.98


def test_a_face_at_the_border_is_black_beyond_it():
    points = ((-5.0, 10.0), (8.0, 10.0), (2.0, 17.0), (-3.0, 24.0), (7.0, 24.0))
    crop = aligned(np.full((60, 60, 3), 200, np.uint8), Face(Box(0, 0, 12, 30), points), 112, "the test")
    assert (crop[:, 0] == 0).all()
    assert (crop[56, 100] == 200).all()


def test_of_a_box_without_points_what_is_in_it_is_scaled_and_said_to_be_assumed():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    assert (ops.image_crop.face(side=40)(pixels, Box(10, 20, 50, 60)) == pixels[20:60, 10:50]).all()
    wide = ops.image_crop.face(side=40)(pixels, Box(10, 30, 50, 40))
    assert (wide == pixels[15:55, 10:50]).all()
    crops = pipe.input("image", "box").map(("image", "box"), "crop", ops.image_crop.face()).output("crop")
    with crops:
        assert crops(pixels, Box(-30, 0, 60, 60)).shape == (112, 112, 3)
        assert crops.stats().stages[0].num_assumed == 1
    with pytest.raises(InputError, match="nothing is inside"):
        ops.image_crop.face()(pixels, Box(10, 20, 10, 60))


@pytest.mark.parametrize(
    "face",
    [
        Box(0, 0, 5, 5),
        Face(Box(0, 0, 5, 5), ()),
        Face(Box(0, 0, 5, 5), ((3.0, 3.0),) * 5),
        "a face",
        Face(Box(0, 0, 5, 5), ((float("nan"), 1.0),) * 5),
    ],
    ids=["a box", "no points", "one place", "a text", "nan"],
)
def test_what_is_no_face_is_refused(embed, face):
    with pytest.raises(InputError, match="'face-embedding"):
        embed(data.astronaut(), face)


def test_a_photo_gives_every_face_with_its_vector_and_a_photo_without_any_gives_none(tmp_path):
    from PIL import Image

    two = np.concatenate([data.astronaut(), data.astronaut()[:, ::-1]], axis=1)
    Image.fromarray(two).save(tmp_path / "two.png")
    Image.fromarray(data.chelsea()).save(tmp_path / "cat.png")
    with pipeline("face-embedding") as faces:
        first, second = sorted(faces(tmp_path / "two.png"), key=lambda row: row.face.box.x0)
        assert first.vector @ second.vector > 0.7
        assert first.face.box.x1 < 512 < second.face.box.x0
        assert faces(tmp_path / "cat.png") == []


def test_detection_and_vectors_can_be_swapped_by_name_and_crops_looked_at():
    crops = (
        pipe.input("image")
        .flat_map("image", "face", ops.face_detection(max_faces=1))
        .map(("image", "face"), "crop", ops.image_crop.face(side=64))
        .output("face.box", "crop")
    )
    (row,) = crops(data.astronaut())
    assert row.crop.shape == (64, 64, 3)


def test_faces_beyond_the_most_are_said_to_be_cut(loaded):
    faces = loaded("face-detection.yunet", threshold=0.05, max_faces=1, overlap=1.0)
    with pipe.input("image").flat_map("image", "face", faces).output("face") as p:
        assert len(p(data.astronaut())) == 1
        assert p.stats().stages[0].num_cut == 1
