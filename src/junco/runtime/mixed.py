"""OpenVINO's own format → the same model with marks: layers that stay in float32 while the others run in bfloat16.

Rounding to bfloat16 moves the vectors of a network of convolutions by more than the certificate allows, but a few
layers do most of it. Here each group of neighbouring layers runs in bfloat16 alone, on the golden rows; then those that
move the vectors least are lowered, as many as stay well within what is allowed. What comes of it is certified like
any other way to run the model.

Method: the sensitivity analysis of mixed-precision quantisation (Dong et al., "HAWQ", 2019), measured, not estimated.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from junco.runtime import openvino_runtime
from junco.runtime.certificate import cosines
from junco.runtime.openvino_runtime import Lane
from junco.runtime.source import Source, rows_of
from junco.types import Vectors

_LEAST_GROUPS = 16
"""And twice as many at most: finer groups find a little more to lower, and take longer to measure."""
_MARGIN = 0.35
"""Part of the allowed difference that the groups' own ones may add up to on a golden row: photos moved further."""
_LAYERS = ("Convolution", "GroupConvolution", "MatMul")
_MARK = {"name": "DisablePrecisionConversion", "version": "0", "value": "dynamic:f16,bf16"}
"""OpenVINO's attribute of a layer that is not to be computed in less than float32."""


def mix(model: Path, source: Source, folder: Path, least_cosine: float) -> None:
    """Write the model into ``folder`` with its marks, so that its vectors reach ``least_cosine`` with float32."""
    graph = _Graph(model)
    size = max(1, len(graph.layers) // _LEAST_GROUPS)
    groups = [graph.layers[start : start + size] for start in range(0, len(graph.layers), size)]
    expected = graph.vectors(source, graph.layers)
    moved = [1 - cosines(graph.vectors(source, _without(graph.layers, group)), expected) for group in groups]
    lowered = [layer for group in _within(moved, _MARGIN * (1 - least_cosine)) for layer in groups[group]]
    graph.write(folder, _without(graph.layers, lowered))


def _within(moved: list[npt.NDArray[np.float64]], most: float) -> list[int]:
    """The groups that move the vectors least, as many as together move no row by more than ``most``."""
    chosen: list[int] = []
    total = np.zeros_like(moved[0]) if moved else np.zeros(0)
    for group in sorted(range(len(moved)), key=lambda group: float(moved[group].max())):
        if (total + moved[group]).max() <= most:
            chosen.append(group)
            total = total + moved[group]
    return chosen


def _without(layers: Iterable[str], some: Iterable[str]) -> list[str]:
    left_out = set(some)
    return [layer for layer in layers if layer not in left_out]


class _Graph:
    """A model whose layers can be marked, in OpenVINO's own format: XML and a file of numbers.

    Attributes:
        layers: ids of those that multiply, in the order of computation.
    """

    def __init__(self, model: Path) -> None:
        import openvino
        from openvino._offline_transformations import apply_moc_transformations

        graph = openvino_runtime.core().read_model(model)
        apply_moc_transformations(graph, cf=True)  # as compiling does: it makes new layers, which would have no mark
        with tempfile.TemporaryDirectory() as made:
            path = Path(made, openvino_runtime.FILE)
            openvino.save_model(graph, path, compress_to_fp16=False)
            self._xml = ET.parse(path).getroot()  # noqa: S314  (OpenVINO has just written it)
            self._numbers = path.with_suffix(".bin").read_bytes()
        self.layers = [_id(layer) for layer in self._xml.iter("layer") if layer.get("type") in _LAYERS]

    def vectors(self, source: Source, kept: Iterable[str]) -> Vectors:
        """Of the golden rows, with those layers in float32."""
        model = openvino_runtime.core().read_model(self._marked(kept), self._numbers)
        lane = Lane(model, "mixed", num_threads=1)
        passes = rows_of(source.golden) if source.inputs[0].shape[0] == 1 else [source.golden]
        return np.concatenate([lane.run(arrays) for arrays in passes])

    def write(self, folder: Path, kept: Iterable[str]) -> None:
        """Both files, with those layers in float32."""
        path = folder / openvino_runtime.FILE
        path.write_bytes(self._marked(kept))
        path.with_suffix(".bin").write_bytes(self._numbers)

    def _marked(self, kept: Iterable[str]) -> bytes:
        root = copy.deepcopy(self._xml)
        layers = {_id(layer): layer for layer in root.iter("layer")}
        for layer in _with_sums(root, layers, kept):
            info = layers[layer].find("rt_info")
            if info is None:
                info = ET.SubElement(layers[layer], "rt_info")
            ET.SubElement(info, "attribute", _MARK)
        marked: bytes = ET.tostring(root)
        return marked


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
