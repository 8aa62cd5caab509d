"""OpenVINO's own format → the same model with marks: layers that stay in float32 while the others run in bfloat16.

Rounding to bfloat16 moves the vectors of a network of convolutions by more than the certificate allows, but a few
layers do most of it. Here each layer (in a deep network, a few neighbours together) runs in bfloat16 alone, on the
golden rows; then those that move the vectors least are lowered, as many as stay well within what is allowed. Weights of
lowered convolutions are rounded so that their sums stay. What comes of it is certified like any other way to run the
model.

Method: the sensitivity analysis of mixed-precision quantisation (Dong et al., "HAWQ", 2019), measured, not estimated.
"""

from __future__ import annotations

import copy
import math
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from junco.cores import num_cores
from junco.runtime import bfloat16, openvino_package, openvino_runtime
from junco.runtime.certificate import cosines
from junco.runtime.openvino_runtime import Executable
from junco.runtime.source import Source, rows_of
from junco.types import Vectors

_LEAST_GROUPS = 32
"""And twice as many at most: each is measured, which takes a tenth of a second or two."""
_MARGIN = 0.35
"""Part of the allowed difference that the groups' own ones may add up to on a golden row: photos moved further."""
_LAYERS = ("Convolution", "GroupConvolution", "MatMul")
_OUTPUT_AXES = {"Convolution": 1, "GroupConvolution": 2}
"""How many leading axes of a layer's weights count its outputs."""
_MARK = {"name": "DisablePrecisionConversion", "version": "0", "value": "dynamic:f16,bf16"}
"""OpenVINO's attribute of a layer that is not to be computed in less than float32."""


def mix(model: Path, source: Source, folder: Path, least_cosine: float) -> None:
    """Write the model into ``folder`` with its marks, so that its vectors reach ``least_cosine`` with float32."""
    graph = _Graph(model)
    size = max(1, len(graph.layers) // _LEAST_GROUPS)
    groups = [graph.layers[start : start + size] for start in range(0, len(graph.layers), size)]
    expected = graph.vectors(source, [])
    with ThreadPoolExecutor(num_cores(), "junco-mix") as threads:
        found = threads.map(lambda group: graph.vectors(source, group), groups)
        moved = [1 - cosines(vectors, expected) for vectors in found]
    chosen = _within(moved, _MARGIN * (1 - least_cosine))
    graph.write(folder, [layer for group in chosen for layer in groups[group]])


def _within(moved: list[npt.NDArray[np.float64]], most: float) -> list[int]:
    """The groups that move the vectors least, as many as together move no row by more than ``most``."""
    chosen: list[int] = []
    total = np.zeros_like(moved[0]) if moved else np.zeros(0)
    for group in sorted(range(len(moved)), key=lambda group: float(moved[group].max())):
        if (total + moved[group]).max() <= most:
            chosen.append(group)
            total = total + moved[group]
    return chosen


class _Graph:
    """A model whose layers can be lowered to bfloat16, in OpenVINO's own format: XML and a file of numbers.

    Attributes:
        layers: ids of those that multiply, in the order of computation.
    """

    def __init__(self, model: Path) -> None:
        openvino = openvino_package.imported()
        from openvino._offline_transformations import apply_moc_transformations

        graph = openvino_runtime.core().read_model(model)
        apply_moc_transformations(graph, cf=True)  # as compiling does: it makes new layers, which would have no mark
        with tempfile.TemporaryDirectory() as made:
            path = Path(made, openvino_runtime.FILE)
            openvino.save_model(graph, path, compress_to_fp16=False)
            self._xml = ET.parse(path).getroot()  # noqa: S314  (OpenVINO has just written it)
            self._numbers = path.with_suffix(".bin").read_bytes()
        self.layers = [_id(layer) for layer in self._xml.iter("layer") if layer.get("type") in _LAYERS]
        self._weights = _weights_of_convolutions(self._xml)

    def vectors(self, source: Source, lowered: Collection[str]) -> Vectors:
        """Of the golden rows, with those layers in bfloat16 and the others in float32."""
        model = openvino_runtime.core().read_model(self._marked(lowered), self._rounded(lowered))
        executable = Executable(model, "mixed", num_threads=1)
        passes = rows_of(source.golden) if source.inputs[0].shape[0] == 1 else [source.golden]
        return np.concatenate([executable.run(arrays) for arrays in passes])

    def write(self, folder: Path, lowered: Collection[str]) -> None:
        """Both files, with those layers in bfloat16."""
        path = folder / openvino_runtime.FILE
        path.write_bytes(self._marked(lowered))
        path.with_suffix(".bin").write_bytes(self._rounded(lowered))

    def _rounded(self, lowered: Collection[str]) -> bytes:
        """The numbers, with the weights of those layers in bfloat16."""
        numbers = bytearray(self._numbers)
        for layer in self._weights.keys() & lowered:
            weights = self._weights[layer]
            rows = np.frombuffer(numbers, np.float32, weights.count, weights.offset).reshape(weights.shape)
            rows[:] = bfloat16.rounded(rows)
        return bytes(numbers)

    def _marked(self, lowered: Collection[str]) -> bytes:
        root = copy.deepcopy(self._xml)
        layers = {_id(layer): layer for layer in root.iter("layer")}
        for layer in _with_sums(root, layers, [layer for layer in self.layers if layer not in lowered]):
            info = layers[layer].find("rt_info")
            if info is None:
                info = ET.SubElement(layers[layer], "rt_info")
            ET.SubElement(info, "attribute", _MARK)
        marked: bytes = ET.tostring(root)
        return marked


@dataclass(frozen=True, slots=True)
class _Weights:
    """Where a layer's weights lie in the file of numbers.

    Attributes:
        offset: in bytes.
        shape: a row for each output, of all that goes into it.
    """

    offset: int
    shape: tuple[int, int]

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def _weights_of_convolutions(root: ET.Element) -> dict[str, _Weights]:
    """By the layer's id; without those that several layers share."""
    layers = {_id(layer): layer for layer in root.iter("layer")}
    readers = Counter(edge.attrib["from-layer"] for edge in root.iter("edge"))
    offsets = Counter(data.get("offset") for data in root.iterfind("./layers/layer[@type='Const']/data"))
    found: dict[str, _Weights] = {}
    for edge in root.iter("edge"):
        constant, layer = layers[edge.attrib["from-layer"]], layers[edge.attrib["to-layer"]]
        data = constant.find("data")
        num_axes = _OUTPUT_AXES.get(layer.get("type", ""))
        if num_axes is None or edge.get("to-port") != "1" or data is None or data.get("element_type") != "f32":
            continue
        if readers[_id(constant)] == 1 and offsets[data.get("offset")] == 1:
            shape = [int(size) for size in data.attrib["shape"].split(",")]
            rows = math.prod(shape[:num_axes]), math.prod(shape[num_axes:])
            found[_id(layer)] = _Weights(int(data.attrib["offset"]), rows)
    return found


def _with_sums(root: ET.Element, layers: dict[str, ET.Element], kept: Iterable[str]) -> set[str]:
    """The layers and the sums that follow them: OpenVINO computes both in one, which has one dtype."""
    after: dict[str, list[str]] = {}
    for edge in root.iter("edge"):
        after.setdefault(edge.attrib["from-layer"], []).append(edge.attrib["to-layer"])
    todo = list(kept)
    found = set(todo)
    while todo:
        for layer in after.get(todo.pop(), []):
            if layers[layer].get("type") == "Add" and layer not in found:
                found.add(layer)
                todo.append(layer)
    return found


def _id(layer: ET.Element) -> str:
    return layer.attrib["id"]
