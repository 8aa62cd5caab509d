"""The shipped pipelines: each file can be read, checked, built, and keeps its family's interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm

import junco.builtin.pipelines
from junco import ops, pipeline
from junco.builtin.families import FAMILIES
from junco.graph import levels, yaml_file
from junco.graph.params import bind, parameters_of

FOLDER = Path(junco.builtin.pipelines.__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))
EMBEDDINGS = [path for path in FILES if path.stem.startswith(("image-embedding", "text-embedding"))]
TIMM = sorted(path for path in FILES if "image-embedding.timm" in path.read_text())
NAMES = [
    *(f"image-embedding-efficientnet-lite{i}" for i in range(3)),
    *(f"image-embedding-{m}" for m in ("resnet50", "resnet101", "skresnext50d", "inceptionv4", "efficientnetb7")),
    *(f"image-embedding-{m}" for m in ("swinbase", "swinlarge", "vitlarge")),
    "text-embedding-minilm",
    "multilingual-text-embedding",
]


def stem(path: Path) -> str:
    return path.stem


def test_all_promised_pipelines_ship():
    assert set(NAMES) <= {path.stem for path in FILES}


def test_the_default_of_each_pipeline_family_ships():
    assert {f.default for f in FAMILIES if f.kind == "pipeline"} <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_a_file_is_named_after_its_pipeline_and_says_what_it_is(path):
    graph = yaml_file.read_file(path)
    assert graph.name == path.stem
    assert graph.family in path.stem
    assert graph.description
    assert graph.license
    levels.check(graph)


@pytest.mark.parametrize("path", EMBEDDINGS, ids=stem)
def test_members_of_a_family_take_the_same_parameters_and_name_the_same_columns(path):
    graph = yaml_file.read_file(path)
    image = graph.family == "image-embedding"
    assert graph.inputs == (("path",) if image else ("text",))
    assert graph.outputs == ("vector",)
    shared = {"normalize", "truncate_dim", "precision", "runtime", "dtype", "least_cosine", "deterministic"}
    shared |= {"pretrained", "seed", "exact", "allow_urls"} if image else {"role", "prompt"}
    assert shared <= set(parameters_of(graph))
    assert graph.main == "embed"
    assert len(path.read_text("utf-8").splitlines()) <= 12
    assert [node.name for node in graph.nodes] == (["decode", "embed"] if image else ["embed"])


@pytest.mark.parametrize("path", TIMM, ids=stem)
def test_a_model_exists_in_timm_and_has_weights(path):
    model = embed_spec(path, pretrained=True).params["model"]
    config = timm.get_pretrained_cfg(model)
    assert config is not None
    assert config.has_weights


def test_parameters_of_the_pipeline_reach_the_operator():
    changed = {"normalize": True, "truncate_dim": 9, "seed": 4, "runtime": "torch", "dtype": "float32"}
    spec = embed_spec(FOLDER / "image-embedding-efficientnet-lite1.yaml", **changed)
    assert spec.params == {"model": "lite1", **changed}


@pytest.mark.parametrize("path", [path for path in FILES if path.stem.startswith("image")], ids=stem)
def test_who_allows_addresses_allows_them_to_the_decoder(path):
    graph = yaml_file.read_file(path)
    own = bind(graph, {}).node("decode").spec.params
    given = {"allow_urls": True, "allow_private": True, "max_bytes": 9}
    assert not given.keys() & own.keys()
    assert bind(graph, given).node("decode").spec.params == {**own, **given}
    assert "allow_urls" not in bind(graph, given).node("embed").spec.params


@pytest.mark.slow
@pytest.mark.parametrize("path", TIMM, ids=stem)
def test_a_model_builds_with_random_weights_and_embeds(path, photo):
    vector = embed_spec(path, pretrained=False).create()(photo)
    assert vector.ndim == 1
    assert f"{len(vector):,} numbers" in yaml_file.read_file(path).description
    assert np.isfinite(vector).all()


def embed_spec(path: Path, **params: object):
    """The spec of the step that embeds, with the pipeline's parameters filled in."""
    return bind(yaml_file.read_file(path), params).node("embed").fn


def test_a_video_is_the_mean_of_its_key_frames(tmp_path):
    from videos import numbered

    path = numbered(tmp_path / "a.mp4", 30)
    frames = ops.video_decode.keyframes()(path)
    vectors = [ops.image_embedding.efficientnet_lite()(frame) for frame in frames]
    with pipeline("video-embedding") as embed:
        np.testing.assert_allclose(embed(path), np.mean(vectors, axis=0), atol=1e-4)
        assert embed(path).shape == (1280,)
        assert embed.space is not None
