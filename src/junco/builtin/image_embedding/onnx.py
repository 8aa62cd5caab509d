"""``image-embedding.onnx``: any image model in an ONNX file that gives vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from junco.builtin.image_embedding import onnx_file
from junco.builtin.image_embedding.onnx_file import OnnxFile
from junco.errors import ParameterError
from junco.neural.compute import Compute
from junco.neural.images import ImageEmbedding
from junco.neural.preparation import MiddleCrop, Preparation
from junco.operator.options import option
from junco.runtime.source import Input, Source
from junco.types import Image, Space

Levels = tuple[float, float, float]
"""One number for each colour, red first."""
IMAGENET_MEAN: Levels = (0.485, 0.456, 0.406)
IMAGENET_STD: Levels = (0.229, 0.224, 0.225)
DEFAULT_SIZE = 224


class OnnxEmbedding(ImageEmbedding, family="image-embedding", name="onnx"):
    """Embeds images with a model in an ONNX file, float32, in ONNX Runtime or OpenVINO.

    The file takes pictures, (n, 3, height, width) or (n, height, width, 3), and gives one output, (n, dim). The shorter
    side of an image is resized (as Pillow does it) and the middle taken. Levels become (x / 255 − mean) / std; a file
    that takes uint8 gets them as they are and scales them itself.

    Args:
        model: path of the file. Weights in files of their own lie beside it.
        size: side in pixels of the picture that the model takes; ``None`` is what the file says, else 224.
        resize: pixels of the shorter side before the crop; ``None`` is 8/7 of the size: 256 for 224.
        interpolation: ``bicubic``, ``bilinear``, ``lanczos``, ``box`` or ``nearest``.
        mean: of red, green and blue levels between 0 and 1; ``None`` is ImageNet's.
        std: the same.
        device: ``auto`` or ``cpu``.
        runtime: ``auto`` (the fastest here), ``openvino`` or ``onnxruntime``.
        exact: prepare pictures bit for bit as Pillow does, with no faster way that comes near.
    """

    model: str | Path
    size: int | None = option(None, least=1)
    resize: int | None = option(None, least=1)
    interpolation: Literal["bicubic", "bilinear", "lanczos", "box", "nearest"] = "bicubic"
    mean: Levels | None = None
    std: Levels | None = None

    packages = {"onnx": "onnx", "onnxruntime": "onnx", "PIL": "vision"}
    not_tuned = "its model is an ONNX file, in which no gradient reaches the weights"
    tuned_instead = "image-embedding.efficientnet-lite, image-embedding.timm, image-embedding.junco"

    def check_options(self) -> None:
        super().check_options()
        if not str(self.model):
            raise ParameterError(f"{self.name!r}: model={self.model!r} must be the path of an ONNX file")
        for name, levels, least in (("mean", self.mean, -math.inf), ("std", self.std, 0.0)):
            if levels is not None and not all(least < level < math.inf for level in levels):
                wanted = "three numbers" if name == "mean" else "three numbers above 0"
                given = self.spec.params[name]
                raise ParameterError(f"{self.name!r}: {name}={given!r} must be {wanted}, for red, green and blue")

    @property
    def path(self) -> Path:
        """Of the file."""
        return Path(self.model)

    @cached_property
    def compute(self) -> Compute:
        """Where nothing is said, on the CPU, which is where these runtimes are."""
        device = "cpu" if self.device == "auto" else self.device
        return Compute(self.name, device, self.runtime, self.dtype, self.least_cosine, self.deterministic)

    @property
    def truncation_name(self) -> str:
        return self.path.name

    def fetch(self) -> None:
        super().fetch()
        self._file()

    def preparation(self) -> Preparation:
        file = self._file()
        return ForFile(self._crop(file), file.channels_first, *self._scale(file))

    def source(self) -> Source:
        """The file, not yet loaded."""
        file = self._file()
        side = self._crop(file).side
        shape = (3, side, side) if file.channels_first else (side, side, 3)
        return Source(
            weights_sha256=file.weights,
            num_bytes=file.num_bytes,
            recipe="the ONNX file's output",
            inputs=(Input(file.input, file.dtype, (file.shape[0], *shape)),),
            onnx=file.path,
            weights=file.files,
        )

    def model_options(self) -> dict[str, Any]:
        """None: the file and its inputs tell models apart."""
        return {}

    def model_space(self) -> Space:
        """By the file's bytes."""
        file = self._file()
        crop = self._crop(file)
        mean, std = self._scale(file)
        scale = f"mean {list(mean)}, std {list(std)}" if mean and std else "levels as they are"
        parts = {
            "weights": file.weights,
            "preprocessing": f"shorter side to {crop.resized_side}, {crop.resampling}, middle {crop.side}, {scale}",
            "pooling": "the ONNX file's output",
            "normalize": False,
        }
        return Space(parts, f"ONNX {self.path.stem}")

    def _file(self) -> OnnxFile:
        file = onnx_file.read(self.path, self.name)
        if self.size is not None and file.side not in (None, self.size):
            raise ParameterError(f"{self.name!r}: size={self.size}, but {str(self.path)!r} takes {file.side} pixels")
        if file.dtype == "uint8" and (self.mean or self.std):
            problem = f"{str(self.path)!r} takes uint8 and scales levels itself: no mean, no std"
            raise ParameterError(f"{self.name!r}: {problem}")
        return file

    def _crop(self, file: OnnxFile) -> MiddleCrop:
        side = self.size or file.side or DEFAULT_SIZE
        resized_side = self.resize or round(side * 8 / 7)
        if resized_side < side:
            raise ParameterError(f"{self.name!r}: resize={resized_side} is less than the {side} pixels that are taken")
        return MiddleCrop(side, resized_side, self.interpolation)

    def _scale(self, file: OnnxFile) -> tuple[Levels | None, Levels | None]:
        """Mean and std; nothing for a file that scales levels itself."""
        return (None, None) if file.dtype == "uint8" else (self.mean or IMAGENET_MEAN, self.std or IMAGENET_STD)


@dataclass(frozen=True, slots=True)
class ForFile:
    """A middle crop in the layout and the type of a file's input.

    Attributes:
        crop: how the picture is resized and cut.
        channels_first: (3, side, side), not (side, side, 3).
        mean, std: of levels between 0 and 1; ``None`` leaves levels as they are, uint8.
    """

    crop: MiddleCrop
    channels_first: bool
    mean: Levels | None = None
    std: Levels | None = None

    @property
    def resized_side(self) -> int:
        return self.crop.resized_side

    def exact(self, pixels: Image) -> npt.NDArray[Any]:
        """By Pillow."""
        return self._scaled(self.crop.exact(pixels))

    def fast(self, pixels: Image) -> npt.NDArray[Any]:
        """By the fast resize."""
        return self._scaled(self.crop.fast(pixels))

    def _scaled(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.mean is not None and self.std is not None:
            factor, offset = 1 / (255 * np.asarray(self.std)), np.asarray(self.mean) / self.std
            picture = picture * factor.astype(np.float32) - offset.astype(np.float32)
        return np.ascontiguousarray(picture.transpose(2, 0, 1)) if self.channels_first else picture
