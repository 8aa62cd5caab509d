"""Detectors of transformers: what their own image processors read of the same weights."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

import detectors
from junco.builtin.object_detection.transformers import TransformersDetection
from junco.errors import ParameterError, UnavailableError

TEXTS = ("a cat", "red car")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: detectors.save(kind, tmp_path_factory.mktemp(kind)) for kind in detectors.KINDS}


@pytest.fixture
def pictures(photos):
    return [picture for picture in photos if min(picture.shape[:2]) > 60]


def by_the_library(folder, pictures, threshold, texts):
    """(x0, y0, x1, y1), score and label of each box, by transformers alone, best first."""
    kind = transformers.AutoModelForZeroShotObjectDetection if texts else transformers.AutoModelForObjectDetection
    model = kind.from_pretrained(folder).eval()
    processor = (transformers.AutoProcessor if texts else transformers.AutoImageProcessor).from_pretrained(folder)
    for picture in pictures:
        words = {"text": [list(texts)]} if texts else {}
        inputs = processor(images=[Image.fromarray(picture)], return_tensors="pt", **words)
        with torch.inference_mode():
            outputs = model(**inputs)
        read = (
            getattr(processor, "post_process_object_detection", None)
            or processor.post_process_grounded_object_detection
        )
        found = read(outputs, threshold=threshold, target_sizes=[picture.shape[:2]])[0]
        names = texts or list(model.config.id2label.values())
        rows = zip(
            found["boxes"].tolist(), found["scores"].tolist(), [names[at] for at in found["labels"]], strict=True
        )
        yield sorted(rows, key=lambda row: -row[1])


@pytest.mark.parametrize("runtime", ["torch", "auto"])
@pytest.mark.parametrize("kind", detectors.KINDS)
def test_boxes_are_those_of_the_library(kind, runtime, folders, pictures):
    texts = TEXTS if kind == "owlv2" else ()
    detector = TransformersDetection(folders[kind], texts=texts, threshold=0.02, runtime=runtime)
    detector.ensure_open()
    found = detector.batch(pictures)
    detector.ensure_closed()
    num_boxes = 0
    for picture, boxes, expected in zip(
        pictures, found, by_the_library(folders[kind], pictures, 0.02, texts), strict=True
    ):
        height, width = picture.shape[:2]
        clipped = [(np.clip(edges, 0, (width, height, width, height)), *rest) for edges, *rest in expected]
        inside = [row for row in clipped if row[0][2] > row[0][0] and row[0][3] > row[0][1]]
        assert len(boxes) == len(inside)
        assert np.allclose([box.score for box in boxes], [score for _, score, _ in inside], atol=1e-4)
        for box in boxes:  # scores that are nearly the same may come in either order
            near = [edges for edges, score, label in inside if label == box.label and abs(score - box.score) < 2e-4]
            assert min(np.abs(np.subtract((box.x0, box.y0, box.x1, box.y1), edges)).max() for edges in near) < 0.1
        num_boxes += len(boxes)
    assert num_boxes > 3


def test_a_model_that_looks_for_texts_is_refused_without_them_and_another_with_them(folders):
    with pytest.raises(ParameterError, match="looks for texts: give texts="):
        TransformersDetection(folders["owlv2"]).ensure_open()
    with pytest.raises(
        ParameterError, match=r"only models of the kinds owlv2 and owlvit .* choose among them with labels"
    ):
        TransformersDetection(folders["yolos"], texts=TEXTS).ensure_open()
    with pytest.raises(ParameterError, match="an empty text names nothing"):
        TransformersDetection(folders["owlv2"], texts=("a cat", " "))


def test_a_model_whose_pictures_keep_their_shape_runs_in_torch_alone(folders):
    with pytest.raises(ParameterError, match=r"runtime='openvino' cannot run .* whose pictures keep their shape"):
        TransformersDetection(folders["detr"], runtime="openvino").ensure_open()


def test_a_label_that_the_model_does_not_know_is_refused_before_its_weights_are_read(folders):
    with pytest.raises(ParameterError, match=r"no label 'LABEL_7'\. Did you mean 'LABEL_"):
        TransformersDetection(folders["yolos"], labels=("LABEL_7",)).fetch()


def test_other_weights_texts_and_sizes_are_other_models(folders, tmp_path):
    one, other = (TransformersDetection(folders["owlv2"], texts=texts) for texts in (TEXTS, ("a cat",)))
    assert one.model_space() != other.model_space()
    assert one.model_space() == TransformersDetection(folders["owlv2"], texts=TEXTS, threshold=0.9).model_space()
    copy = shutil.copytree(folders["yolos"], tmp_path / "yolos")
    told = json.loads((copy / "preprocessor_config.json").read_text())
    told["size"]["shortest_edge"] = 48
    (copy / "preprocessor_config.json").write_text(json.dumps(told))
    assert TransformersDetection(copy).model_space() != TransformersDetection(folders["yolos"]).model_space()


def test_weights_that_lack_a_part_are_refused_with_its_name(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folders["yolos"], tmp_path / "yolos")
    weights = load_file(copy / "model.safetensors")
    lost = next(name for name in weights if name.startswith("class_labels_classifier"))
    del weights[lost]
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ParameterError, match=f"lacks 1 of its network's weights, '{lost}'"):
        TransformersDetection(copy, runtime="torch").ensure_open()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("config.json", b"{", "holds no JSON"),
        ("preprocessor_config.json", b"[]", "must hold an object"),
        ("model.safetensors", b"nothing", "no weights that can be read"),
    ],
)
def test_a_damaged_file_is_refused_with_its_path(folders, tmp_path, name, content, problem):
    copy = shutil.copytree(folders["yolos"], tmp_path / "yolos")
    (copy / name).write_bytes(content)
    with pytest.raises(ParameterError, match=rf"{name}.*{problem}"):
        TransformersDetection(copy).ensure_open()


def test_a_model_that_is_not_here_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="'nobody/nothing' is not in the Hugging Face cache"):
        TransformersDetection("nobody/nothing").fetch()
    with pytest.raises(ParameterError, match="there is no such folder"):
        TransformersDetection("./nothing-here").fetch()
