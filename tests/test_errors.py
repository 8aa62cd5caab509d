"""The error tree: what errors say, what they carry, and that they survive the way between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from junco import errors
from junco.engine.processes import WorkerDied
from junco.errors import (
    ContractError,
    InputError,
    JuncoError,
    MissingExtraError,
    OperatorError,
    ParameterError,
    ResultError,
    UnknownNameError,
    YamlError,
)
from junco.operator.parameters import check_keywords
from junco.wording import did_you_mean, nearest, picture

MADE = [
    UnknownNameError("operator", "image-embedding.tim", ["image-embedding.timm"], "'junco ops' lists them all."),
    YamlError("what is this?", "flow.yaml", 7, 12),
    MissingExtraError("loky", "processes", "backend='process'"),
    OperatorError("embed", "image-embedding.timm", 3, "'cat.jpg'", "ValueError: no cat"),
    ResultError("image-embedding.mine", "vector", "returned None"),
    *(
        kind("it says so")
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, JuncoError)
        and kind not in (UnknownNameError, YamlError, MissingExtraError, OperatorError, ResultError)
    ),
    WorkerDied("it died"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("way", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids=["pickle", "copy"])
def test_an_error_comes_back_from_another_process_as_it_was(error, way):
    back = way(error)
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_is_one_line_of_the_users_to_mend(error):
    assert isinstance(error, JuncoError)
    assert str(error)
    assert "\n" not in str(error)


def test_the_docstring_draws_every_error():
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, JuncoError)}
    drawn = {word for line in errors.__doc__.splitlines() for word in line.split() if word.endswith("Error")}
    assert kinds <= drawn


def test_an_unknown_name_comes_with_the_nearest_known_ones():
    error = UnknownNameError("operator", "Image-Embeding.tim", ["text.timm", "image-embedding.timm"], "Look around.")
    assert error.suggestions[0] == "image-embedding.timm"
    assert str(error).startswith("no operator named 'Image-Embeding.tim'. Did you mean 'image-embedding.timm'")
    assert str(error).endswith("? Look around.")


def test_a_name_like_no_other_comes_without_suggestions():
    assert str(UnknownNameError("pipeline", "zzz", ["image-embedding"])) == "no pipeline named 'zzz'."


def test_an_operator_error_says_step_operator_input_value_and_reason():
    assert str(OperatorError("embed", "my.op", 3, "'cat.jpg'", "no cat")) == (
        "step 'embed' (my.op) failed on input 3, 'cat.jpg': no cat"
    )


def test_a_yaml_error_begins_with_file_line_and_column():
    assert str(YamlError("what?", "flow.yaml", 7, 12)) == "flow.yaml:7:12: what?"


def test_a_missing_package_comes_with_the_command_that_installs_it():
    assert "pip install 'junco[vision]'" in str(MissingExtraError("torch", "vision"))


def test_a_wrong_parameter_is_a_broken_contract_too():
    assert issubclass(ParameterError, ContractError)
    assert not issubclass(InputError, ContractError)


def test_a_keyword_that_nobody_knows_is_refused_with_suggestions_and_the_list():
    with pytest.raises(
        ParameterError, match=r"'my.op' has no parameter 'modle'. Did you mean 'model'\? .*: device, model"
    ):
        check_keywords(["device", "modle"], ["device", "model"], "'my.op'")
    with pytest.raises(ParameterError, match="Its parameters: none"):
        check_keywords(["x"], [], "'my.op'")
    check_keywords(["model"], ["device", "model"], "'my.op'")


def test_suggestions_do_not_mind_case_and_are_few():
    assert nearest("RESNET50", ["resnet50", "vit"]) == ("resnet50",)
    assert len(nearest("a1", [f"a{i}" for i in range(2, 9)])) <= 3
    assert did_you_mean(["a", "b"]) == " Did you mean 'a' or 'b'?"
    assert did_you_mean([]) == ""


class Unprintable:
    def __repr__(self):
        raise ValueError("no")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (b"abc", "bytes of 3 bytes"),
        (list(range(9)), "list of 9 items"),
        ([1], "[1]"),
        (Unprintable(), "<Unprintable, whose repr raised ValueError>"),
    ],
    ids=["number", "bytes", "long list", "short list", "unprintable"],
)
def test_a_picture_of_a_value_is_short(value, shown):
    assert picture(value) == shown


def test_a_picture_of_an_array_is_its_shape_and_of_a_long_text_its_beginning():
    import numpy as np

    assert picture(np.zeros((2, 3), np.float32)) == "ndarray(2, 3) float32"
    assert len(picture("x" * 1_000)) == 80
    assert picture("x" * 1_000).endswith("…")
