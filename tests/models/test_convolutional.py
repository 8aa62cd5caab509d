"""Convolutional networks are one graph each, which every runtime takes."""

from __future__ import annotations

from functools import partial

import pytest

import block_checks
from blocks import Case
from junco.models.efficientnet.config import EfficientNetConfig
from junco.models.efficientnet.model import EfficientNet
from junco.models.inception_v4.config import DIM, InceptionV4Config
from junco.models.inception_v4.model import InceptionV4
from junco.models.resnet.config import ResNetConfig, Selection
from junco.models.resnet.model import ResNet

_FAMILY = {
    "plain": ResNetConfig((1, 1), (8, 16)),
    "basic": ResNetConfig((1, 1), (8, 16), is_basic=True),
    "D, squeezed, in groups": ResNetConfig((1, 1), (8, 16), groups=4, group_width=16, is_deep=True, is_squeezed=True),
    "antialiased": ResNetConfig((1, 1), (8, 16), is_antialiased=True),
    "selective": ResNetConfig((1, 1), (8, 16), selection=Selection()),
}
CASES = [
    *(
        Case(f"ResNet {kind}", partial(ResNet, config), ((2, 3, 33, 40),), (2, config.dim))
        for kind, config in _FAMILY.items()
    ),
    *(
        Case(f"EfficientNet {kind}", partial(EfficientNet, config), ((2, 3, 33, 40),), (2, config.dim))
        for kind, config in {
            "plain": EfficientNetConfig(0.25, 0.5),
            "with TensorFlow's padding": EfficientNetConfig(0.25, 0.5, has_same_padding=True),
            "lite": EfficientNetConfig(0.25, 0.5, has_same_padding=True, is_lite=True),
        }.items()
    ),
    Case("InceptionV4", partial(InceptionV4, InceptionV4Config((1, 0, 1))), ((2, 3, 80, 79),), (2, DIM)),
]
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@EVERY_CASE
def test_shapes_are_the_same_on_the_meta_device(case):
    block_checks.shapes(case)


@EVERY_CASE
def test_it_compiles_in_one_graph(case):
    block_checks.compiled(case)


@EVERY_CASE
def test_it_is_exported_for_any_number_of_rows(case):
    block_checks.exported(case)


@EVERY_CASE
def test_it_goes_into_openvino(case, tmp_path):
    block_checks.converted(case, "openvino", tmp_path)


@pytest.mark.parametrize("case", [case for case in CASES if "InceptionV4" not in case.id], ids=lambda case: case.id)
def test_gradients_come_to_every_weight_but_the_classifiers(case):
    network = block_checks.made(case)
    network(*block_checks.given(case)).sum().backward()
    without = {name for name, each in network.named_parameters() if each.grad is None}
    assert without == {"head.weight", "head.bias"}


@pytest.mark.parametrize("name", ["stages.1", "stages.1.blocks.0"])
@EVERY_CASE
def test_stages_and_blocks_are_layers_by_name(case, name):
    seen = []
    network = block_checks.made(case)
    network.get_submodule(name).register_forward_hook(lambda _, __, output: seen.append(output.dim()))
    network(*block_checks.given(case))
    assert seen == [4]
