"""What every member of every operator family must do; a new member is tested without a new test."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from skimage import data

from documents import docx, paragraph, pdf
from junco.errors import JuncoError, MissingExtraError, ParameterError
from junco.operator import registry
from junco.operator.ports import array_type
from junco.operator.spec import OperatorSpec
from junco.types import AudioClip, Box, Face, VideoFrame
from sounds import wav
from videos import numbered, write

FAMILIES = registry.families("operator")
MEMBERS = sorted(name for name in registry.installed() if name.partition(".")[0] in FAMILIES)
HEAVY = {
    "av",
    "torch",
    "timm",
    "PIL",
    "transformers",
    "sentence_transformers",
    "tokenizers",
    "safetensors",
    "huggingface_hub",
}


@pytest.fixture(scope="session")
def two_videos():
    """The bytes of two short videos; one has a cut."""
    files = []
    for levels in ([40] * 4, [40] * 12 + [200] * 12):
        pictures = [np.full((48, 64, 3), level, np.uint8) for level in levels]
        files.append(write(io.BytesIO(), pictures, container="matroska").getvalue())
    return files


@pytest.fixture(scope="session")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    return [numbered(folder / f"{length}.mp4", length) for length in (1, 12, 25, 30, 7)]


@pytest.fixture
def columns(photos, videos, two_videos):
    """For each family the input columns of a batch of rows that differ."""
    rng = np.random.default_rng(3)
    faces = [face_at(10 + i, 5, 20) for i in range(5)]
    vector = np.arange(8, dtype=np.float32)
    lengths = (8000, 40000, 16001, 15600, 300)
    clips = [AudioClip(rng.normal(0, 0.1, (1, count)).astype(np.float32), 16000) for count in lengths]
    texts = ["a cat", "", "the quick brown fox jumps over the lazy dog " * 9, "日本", "two dogs"]
    return {
        "audio-decode": [[wav(clip.samples, 16000, 24) for clip in clips]],
        "audio-embedding": [clips],
        "audio-tagging": [clips],
        "speaker-embedding": [clips],
        "voice-activity": [clips],
        "image-decode": [photos],
        "image-embedding": [photos],
        "image-text-decode": [photos],
        "image-text-embedding": [photos],
        "omni-embedding": [[*photos[:2], *texts[:3]]],
        "image-transform": [photos],
        "object-detection": [photos],
        "text-embedding": [texts],
        "sparse-text-embedding": [texts],
        "multi-vector": [texts],
        "time-window": [[[0.5, 1.0], [6.0]], [[vector] * 2, [-vector]], [[1.0], []], [[vector], []]],
        "vector": [list(rng.normal(size=(5, 8)).astype(np.float32))],
        "vector.pool": [list(rng.normal(size=(5, 3, 8)).astype(np.float32))],
        "frame-dedup": [[VideoFrame(photo, i / 25, i) for i, photo in enumerate(photos)]],
        "shot-detection": [two_videos],
        "video-decode": [videos],
        "document-decode": [[b"A cat.", "\u732b\u3002".encode("gb18030") * 9, b"<html><body><p>Two dogs"]],
        "document-decode.docx": [[docx(paragraph(text)) for text in texts]],
        "document-decode.ocr": [photos[3:]],
        "document-decode.pdf": [[pdf([["A cat"]]), pdf([["Two"], ["dogs"]])]],
        "text-split": [[*texts, "One. Two!\r\n\r\n\u4e00\u3002\u4e8c\uff01" * 400]],
        "image-crop": [photos, [Box(1, 2, 20 + i, 30) for i in range(5)]],
        "image-crop.face": [photos, faces],
        "face-detection": [[*photos[:4], data.astronaut()]],
        "face-embedding": [photos, faces],
    }


def face_at(x, y, side):
    places = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    return Face(Box(x, y, x + side, y + side), tuple((x + u * side, y + v * side) for u, v in places))


@pytest.fixture(scope="module", params=MEMBERS)
def member(request, parameters):
    """Each member by itself, opened for its tests alone, which come together."""
    operator = registry.load(request.param)(**parameters.get(request.param, {}))
    operator.ensure_open()
    yield operator
    operator.ensure_closed()


@pytest.fixture
def batch(member, columns):
    return columns.get(member.name) or columns[member.family]


def drawn(results):
    """Results in a list; of those that make rows, the rows in lists."""
    return [list(result) if isinstance(result, Iterator) else result for result in results]


def worked(member, columns):
    """What it makes of a batch, which is a scope of its own where it has a state."""
    return member.batch(*columns, **({"state": member.state()} if member.gives_states() else {}))


def assert_close(one, other, atol):
    """That two results are the same, whatever they are: arrays, dataclasses, lists of them."""
    one, other = ([*value] if isinstance(value, Iterator) else value for value in (one, other))
    assert type(one) is type(other)
    if isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            assert_close(first, second, atol)
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_close(getattr(one, field.name), getattr(other, field.name), atol)
    elif isinstance(one, (float, np.ndarray)):
        np.testing.assert_allclose(one, other, atol=atol)
    else:
        assert one == other


def arrays_in(result):
    """The arrays that a result holds."""
    if isinstance(result, (list, tuple)):
        return [array for each in result for array in arrays_in(each)]
    if dataclasses.is_dataclass(result):
        return arrays_in([getattr(result, field.name) for field in dataclasses.fields(result)])
    return [result] if isinstance(result, np.ndarray) else []


def test_each_family_has_its_default_among_its_members():
    for family in FAMILIES.values():
        assert family.default in MEMBERS


def test_ports_and_parameters_fit_the_family(member):
    FAMILIES[member.family].check(member.name, member.ports(), member.parameters())


def test_a_member_says_what_it_does_in_its_docstring(member):
    assert type(member).__doc__
    assert all(name in type(member).__doc__ for name in member.parameters())


def test_a_batch_gives_one_result_of_the_ports_type_for_each_row(member, batch):
    results = drawn(worked(member, batch))
    kind = array_type(type(member).ports().outputs[0].type)
    assert len(results) == len(batch[0])
    if kind is not None:
        assert all(kind.accepts(result) and result.flags.c_contiguous for result in results)


def test_a_batch_of_nothing_gives_nothing(member, batch):
    assert len(worked(member, [[] for _ in batch])) == 0


def test_a_batch_gives_what_single_calls_give_in_the_same_order(member, batch):
    together = drawn(worked(member, batch))
    alone = drawn(member(*row) for row in zip(*batch, strict=True))
    assert_close(together, alone, 1e-4)


def test_a_batch_turned_round_gives_its_results_turned_round(member, batch):
    forward = drawn(worked(member, batch))
    backward = drawn(worked(member, [column[::-1] for column in batch]))
    assert_close(forward, backward[::-1], 1e-4)


def test_results_do_not_share_memory_with_each_other(member, batch):
    results = [arrays_in(result) for result in drawn(worked(member, batch))]
    for one, other in combinations([array for found in results for array in found], 2):
        assert not np.shares_memory(one, other)


def test_none_is_refused_with_an_error_of_junco(member, batch):
    with pytest.raises(JuncoError):
        drawn([member(*(None for _ in batch))])


def test_the_spec_travels_and_builds_an_equal_operator(member, batch):
    spec: OperatorSpec = pickle.loads(pickle.dumps(member.spec))
    assert spec == member.spec
    assert spec.create().spec == member.spec


def test_a_closed_member_can_be_used_again(member, batch):
    row = [column[0] for column in batch]
    before = drawn([member(*row)])
    member.ensure_closed()
    assert_close(drawn([member(*row)]), before, 1e-6)


def test_an_unknown_parameter_is_refused_with_the_names_of_the_known(member):
    with pytest.raises(ParameterError, match="has no parameter 'nonsense'"):
        type(member)(nonsense=1)


@pytest.mark.parametrize("name", [name for name in MEMBERS if name.partition(".")[0].endswith("-embedding")])
@pytest.mark.parametrize("params", [{"device": "gpu"}, {"device": 0}, {"truncate_dim": 0}, {"truncate_dim": 1.5}])
def test_a_device_or_length_that_cannot_be_is_refused_when_the_member_is_made(name, params, parameters):
    with pytest.raises(ParameterError, match=next(iter(params))):
        registry.load(name)(**{**parameters.get(name, {}), **params})


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("image-decode.pil", "PIL", "vision"),
        ("image-embedding.efficientnet-lite", "efficientnet_lite_pytorch", "vision"),
        ("image-embedding.timm", "timm", "vision"),
        ("speaker-embedding.ge2e", "torch", "audio"),
        ("sparse-text-embedding.bm25", "rjieba", "sparse"),
        ("text-embedding.minilm", "tokenizers", "text"),
        ("text-embedding.model2vec", "model2vec", "text"),
        ("text-embedding.use-multilingual", "sentencepiece", "text"),
        ("text-embedding.sentence-transformers", "sentence_transformers", "text"),
        ("text-split.tokens", "semantic_text_splitter", "documents"),
        ("voice-activity.silero", "onnxruntime", "audio"),
    ],
)
def test_a_missing_package_is_refused_with_what_to_install(name, package, extra, monkeypatch):
    operator = registry.load(name)()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingExtraError, match=rf"'{name}' needs the package '{package}': pip install 'junco\[{extra}\]'"
    ):
        operator.ensure_open()


def test_making_operators_imports_no_heavy_library(parameters):
    script = (
        "import json, sys\n"
        "from junco.operator import registry\n"
        "for name, params in json.loads(sys.argv[1]): registry.load(name)(**params)\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    wanted = json.dumps([(name, parameters.get(name, {})) for name in MEMBERS])
    ran = subprocess.run([sys.executable, "-c", script, wanted], capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(ran.stdout))
