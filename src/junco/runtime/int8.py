"""ONNX in float32 → ONNX whose weights are int8, by the tools that onnxruntime ships.

A model whose weights are mostly in convolutions gets 8 bits throughout: levels of activations are measured on the
golden rows. Any other one gets weights of 8 bits in blocks, and activations are rounded row by row while it runs. Not
onnxruntime's dynamic quantisation: its one scale for a whole pass makes a vector depend on its batch mates.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.runtime.quiet import quietly
from junco.runtime.source import Source, rows_of

FILE = "model.onnx"
_BLOCK_SIZE = 32
"""Weights with one scale together. Of 128, MiniLM's worst cosine was 0.9963 and 13 % more speed; of 32, 0.9990."""
_INT8_ACTIVATIONS = 4
"""onnxruntime's "accuracy level" that multiplies in int8; others compute in float and gain no speed."""
_MOST_BYTES_IN_ONE_FILE = 1_500_000_000  # a protobuf message ends at 2 GiB


def quantise(model: Path, source: Source, folder: Path) -> None:
    """Write the ONNX file ``model`` into ``folder`` in int8."""
    from onnxruntime.quantization import quant_pre_process

    is_large = source.num_bytes > _MOST_BYTES_IN_ONE_FILE
    with quietly(), tempfile.TemporaryDirectory() as made:
        prepared = Path(made, FILE)
        # beside its weights always: it loses them where they lay in a file of their own
        quant_pre_process(model, prepared, skip_symbolic_shape=True, save_as_external_data=True)
        if _is_convolutional(prepared):
            _quantise_levels(prepared, source, folder, is_large)
        else:
            _quantise_blocks(prepared, folder, is_large)


def _quantise_levels(model: Path, source: Source, folder: Path, is_large: bool) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    quantize_static(
        model,
        folder / FILE,
        _golden_reader(model, source),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,  # OpenVINO has no convolution of signed levels
        weight_type=QuantType.QInt8,
        use_external_data_format=is_large,
    )


def _quantise_blocks(model: Path, folder: Path, is_large: bool) -> None:
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        onnx.load(model), bits=8, block_size=_BLOCK_SIZE, is_symmetric=True, accuracy_level=_INT8_ACTIVATIONS
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(folder / FILE), is_large)


def _is_convolutional(path: Path) -> bool:
    """Whether convolutions hold at least as many weights as matrices do."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    held = {"Conv": 0, "MatMul": 0}
    for node in graph.node:
        if node.op_type in held and len(node.input) > 1:
            held[node.op_type] += sizes.get(node.input[1], 0)
    return held["Conv"] >= held["MatMul"]


def _golden_reader(model: Path, source: Source) -> Any:
    """The golden rows in the form in which onnxruntime takes them."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader

    names = [each.name for each in onnx.load(model, load_external_data=False).graph.input]

    class GoldenRows(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._rows: Iterator[tuple[npt.NDArray[np.generic], ...]] = iter(rows_of(source.golden))

        def get_next(self) -> dict[str, npt.NDArray[np.generic]] | None:
            row = next(self._rows, None)
            return None if row is None else dict(zip(names, row, strict=True))

    return GoldenRows()
