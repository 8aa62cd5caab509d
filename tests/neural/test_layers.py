"""A vector at any layer: which there are, what is taken there, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import onnx
import pytest
import torch

from junco import NeuralOperator, Source
from junco.errors import ParameterError
from junco.neural.cut import cut_source
from junco.operator.ports import is_vector
from junco.runtime.conversion import EXPORTERS
from junco.types import Image
from junco.types.array_type import MAP

SIDE, WIDTH = 16, 6


class Small(torch.nn.Module):
    """A convolution, two stages and a head; one part is called twice, and one has no effect on what comes before."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = torch.nn.Conv2d(3, WIDTH, 3, stride=2, padding=1)
        self.act = torch.nn.ReLU(inplace=True)
        self.stages = torch.nn.Sequential(
            torch.nn.Sequential(torch.nn.Conv2d(WIDTH, WIDTH, 3, padding=1), torch.nn.ReLU(inplace=True)),
            torch.nn.Conv2d(WIDTH, 2 * WIDTH, 2, stride=2),
        )
        self.head = torch.nn.Linear(2 * WIDTH, 4)
        self.calls: list[str] = []

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        found = self.act(self.stem(pixels.permute(0, 3, 1, 2).float() / 255))
        found = self.stages(self.act(found))
        return self.head(found.mean((2, 3)))


@pytest.fixture
def small() -> type[NeuralOperator]:
    """An operator whose author has written nothing of layers."""

    class SmallEmbedding(NeuralOperator):
        dim = 4

        def source(self) -> Source:
            return Source(build=Small, seed=3)

        def prepare(self, images: list[Image]) -> np.ndarray:
            return np.stack([image[:SIDE, :SIDE] for image in images])

    return SmallEmbedding


def picture(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def outputs_of(operator: NeuralOperator, *names: str) -> dict[str, np.ndarray]:
    """What plain forward hooks see."""
    module = operator.complete_source().build()
    seen: dict[str, np.ndarray] = {}
    for name in names:
        module.get_submodule(name).register_forward_hook(
            lambda part, given, output, name=name: seen.update({name: output.detach().numpy().copy()})
        )
    with torch.no_grad():
        module(torch.from_numpy(picture()[None]))
    return {name: array[0] for name, array in seen.items()}


def test_layers_come_in_order_with_shapes_sizes_and_why_one_cannot_be_taken(small: Any) -> None:
    layers = small().layers()
    assert list(layers) == ["stem", "act", "stages", "stages.0", "stages.0.0", "stages.0.1", "stages.1", "head"]
    assert [each.shape for each in layers if each.startswith("stage")] == [
        (12, 4, 4),
        (WIDTH, 8, 8),
        (WIDTH, 8, 8),
        (WIDTH, 8, 8),
        (12, 4, 4),
    ]
    assert [each for each in layers if each.why_not] == ["act"]
    assert layers[0].num_parameters == 3 * 9 * WIDTH + WIDTH
    assert [each for each in layers if each.number is not None] == ["stages.0", "stages.1"]


@pytest.mark.parametrize("runtime", ["torch", "openvino", "onnxruntime"])
def test_a_vector_is_what_a_hook_sees_pooled_in_every_runtime(small: Any, runtime: str) -> None:
    seen = outputs_of(small(), "stem", "stages.0", "stages.1")
    how = {"runtime": runtime, "dtype": "float32"}
    close = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(small(layer="stages.0", **how)(picture()), seen["stages.0"].mean((1, 2)), **close)
    np.testing.assert_allclose(small(layer=-1, pool="max", **how)(picture()), seen["stages.1"].max((1, 2)), **close)
    both = small(layer=["stages.1", "stem"], pool="gem", **how)(picture())
    expected = [(seen[name].clip(1e-6) ** 3).mean((1, 2)) ** (1 / 3) for name in ("stages.1", "stem")]
    np.testing.assert_allclose(both, np.concatenate(expected), **close)


def test_a_map_comes_as_it_is_and_its_port_says_so(small: Any) -> None:
    seen = outputs_of(small(), "stem", "stages.1")
    np.testing.assert_allclose(small(layer="stages.1", pool="none")(picture()), seen["stages.1"], atol=1e-6)
    maps = small(layer=["stem", "stages.1"], pool="none")(picture())
    # the ReLU behind works in place, and must not reach what was taken before it
    np.testing.assert_allclose(maps["stem"], seen["stem"], atol=1e-6)
    assert small.ports_with({"layer": "stem", "pool": "none"}).outputs[0].type is MAP
    assert is_vector(small.ports_with({"layer": "stem"}).outputs[0].type)
    assert small(layer="stem", pool="none").space() is None


def test_nothing_behind_the_last_layer_is_computed(small: Any) -> None:
    module = small(layer="stages.0").complete_source().build()
    called: list[str] = []
    for name, part in module.module.named_modules():
        part.register_forward_pre_hook(lambda part, given, name=name: called.append(name))
    with torch.inference_mode():
        module(torch.from_numpy(picture()[None]))
    assert "stages.0" in called
    assert not {"stages.1", "head"} & set(called)


def test_layer_and_pooling_are_part_of_the_space(small: Any) -> None:
    spaces = [
        small(**how).space().id
        for how in ({}, {"layer": "stages.0"}, {"layer": "stages.1"}, {"layer": "stages.1", "pool": "max"})
    ]
    assert len(set(spaces)) == 4
    assert small(layer=-1).space() == small(layer="stages.1", pool="mean").space()
    assert small(layer=-1).space().parts["dim"] == 12


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"layer": "stage.1"}, "no such layer. Did you mean 'stages.1'"),
        ({"layer": "stem, stages.1"}, "several layers are a list: [stem, stages.1]"),
        ({"layer": "act"}, "is called 2 times in a pass"),
        ({"layer": 2}, "count the network's 2 blocks, 'stages.0' to 'stages.1': take -2 to 1"),
        ({"layer": "stem", "pool": "cls"}, "no token that stands for all: take 'mean' or 'max' or 'gem' or 'none'"),
        ({"layer": "head", "pool": "max"}, "gives a vector of 4 numbers"),
        ({"layer": []}, "names no layer"),
        ({"pool": "max"}, "say which, by layer="),
        ({"layer": "stem", "pool": "none", "truncate_dim": 2}, "leave out normalize, truncate_dim and precision"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_can(small: Any, how: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message.replace(".", r"\.").replace("[", r"\[")):
        small(**how)(picture())


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_what_is_converted_holds_nothing_behind_the_last_layer(small: Any, runtime: str, tmp_path: Path) -> None:
    kinds = {}
    for layer in (None, "stages.1", "stem"):
        source = small(layer=layer).complete_source()
        folder = tmp_path / str(layer)
        folder.mkdir()
        EXPORTERS[runtime](source, source.build(), folder)
        if runtime == "openvino":
            nodes = ET.parse(folder / "model.xml").getroot().iter("layer")
            kinds[layer] = [node.get("type") for node in nodes]
        else:
            kinds[layer] = [node.op_type for node in onnx.load(folder / "model.onnx").graph.node]
    convolution, product = ("Convolution", "MatMul") if runtime == "openvino" else ("Conv", "Gemm")
    assert [kinds[layer].count(convolution) for layer in kinds] == [3, 3, 1]
    assert [kinds[layer].count(product) for layer in kinds] == [1, 0, 0]


def test_many_threads_take_layers_of_one_network_at_once(small: Any) -> None:
    module = Small()
    sources = {name: small(layer=name) for name in ("stem", "stages.0", "stages.1")}
    cuts = {}
    for name, operator in sources.items():
        shared = replace(operator.complete_source(), build=lambda: module)
        cuts[name] = cut_source(shared, operator.chosen).build()
    pixels = [torch.from_numpy(picture(seed)[None]) for seed in range(8)]
    jobs = [(name, given) for given in pixels for name in cuts]

    def taken(job: Any) -> torch.Tensor:
        with torch.inference_mode():
            return cuts[job[0]](job[1])

    alone = [taken(job) for job in jobs]
    with ThreadPoolExecutor(8) as threads:
        for one, among in zip(alone, threads.map(taken, jobs), strict=True):
            torch.testing.assert_close(among, one)


def test_a_container_that_is_not_run_is_refused_with_its_last_part() -> None:
    class Listed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(3))

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            for block in self.blocks:
                given = block(given)
            return given

    class Numbers(NeuralOperator):
        def source(self) -> Source:
            return Source(build=Listed, seed=0, golden=(np.eye(4, dtype=np.float32),))

        def prepare(self, items: list[Any]) -> np.ndarray:
            return np.asarray(items, np.float32)

    with pytest.raises(ParameterError, match=r"'blocks' is not run by itself: take 'blocks\.2'"):
        Numbers(layer="blocks").ensure_open()


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_the_inside_of_a_traced_part_is_refused_with_the_part() -> None:
    inner = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(4, 4)
            self.fused = torch.jit.trace(inner, torch.zeros(1, 4))

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return self.fused(self.first(given))

    class Numbers(NeuralOperator):
        def source(self) -> Source:
            return Source(build=Traced, seed=0, golden=(np.eye(4, dtype=np.float32),))

        def prepare(self, items: list[Any]) -> np.ndarray:
            return np.asarray(items, np.float32)

    assert list(Numbers().layers()) == ["first", "fused"]
    assert Numbers(layer="fused")(np.zeros(4)).shape == (4,)
    with pytest.raises(ParameterError, match="stands inside 'fused', which was compiled to a graph: take 'fused'"):
        Numbers(layer="fused.0").ensure_open()
