"""``image-embedding.onnx``: any image model in an ONNX file that gives vectors."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.embedding import Compute, Finish
from junco.builtin.extras import check_installed
from junco.builtin.image_embedding import onnx_file
from junco.builtin.image_embedding.model import ImageModel, golden_pass
from junco.builtin.image_embedding.onnx_file import OnnxFile
from junco.builtin.image_embedding.preparation import MiddleCrop, Preparation
from junco.builtin.parameters import check_whole
from junco.errors import ParameterError
from junco.runtime.source import Input, Source
from junco.types import Image, Space

Levels = tuple[float, float, float]
"""One number for each colour, red first."""
IMAGENET_MEAN: Levels = (0.485, 0.456, 0.406)
IMAGENET_STD: Levels = (0.229, 0.224, 0.225)
DEFAULT_SIZE = 224
INTERPOLATIONS = ("bicubic", "bilinear", "lanczos", "box", "nearest")


class OnnxEmbedding(ImageModel, family="image-embedding", name="onnx"):
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
        normalize: scale vectors to length 1.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
        runtime: ``auto`` (the fastest here), ``openvino`` or ``onnxruntime``.
        dtype: arithmetic: ``auto`` (fastest faithful), ``float32``, ``bfloat16``, ``float16``, ``mixed``, ``int8``.
        least_cosine: the agreement with the float32 vectors that is asked for; less than usual allows faster ways.
        exact: prepare pictures bit for bit as Pillow does, with no faster way that comes near.
        deterministic: the same bits whatever else is in a batch.
    """

    def __init__(
        self,
        model: str,
        size: int | None = None,
        resize: int | None = None,
        interpolation: str = "bicubic",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        device: str = "auto",
        normalize: bool = False,
        truncate_dim: int | None = None,
        precision: str = "float32",
        runtime: str = "auto",
        dtype: str = "auto",
        least_cosine: float | None = None,
        exact: bool = False,
        deterministic: bool = False,
    ) -> None:
        if not isinstance(model, (str, os.PathLike)) or not os.fspath(model):
            raise ParameterError(f"{self.name!r}: model={model!r} must be the path of an ONNX file")
        if interpolation not in INTERPOLATIONS:
            known = ", ".join(INTERPOLATIONS)
            raise ParameterError(f"{self.name!r}: interpolation={interpolation!r} is none of {known}")
        device = "cpu" if device == "auto" else device
        super().__init__(
            Compute(self.name, device, runtime, dtype, least_cosine, deterministic),
            Finish(self.name, normalize, truncate_dim, precision),
            exact,
        )
        self.path = Path(model)
        self.size, self.resize = _checked_side("size", size, self.name), _checked_side("resize", resize, self.name)
        self.interpolation = interpolation
        self.mean, self.std = _checked_levels("mean", mean, self.name), _checked_levels("std", std, self.name)

    def fetch(self) -> None:
        for package, extra in (("onnx", "onnx"), ("onnxruntime", "onnx"), ("PIL", "vision")):
            check_installed(package, extra, self.name)
        self._file()
        self.finish.check_truncation(self.path.name)

    def model(self) -> tuple[Source, Preparation]:
        """The file, not yet loaded."""
        file = self._file()
        crop = self._crop(file)
        preparation = ForFile(crop, file.channels_first, *self._scale(file))
        shape = (3, crop.side, crop.side) if file.channels_first else (crop.side, crop.side, 3)
        source = Source(
            name=self.name,
            weights_sha256=file.weights,
            num_bytes=file.num_bytes,
            recipe="the ONNX file's output",
            build=None,
            inputs=(Input(file.input, file.dtype, (file.shape[0], *shape)),),
            golden=golden_pass(preparation),
            onnx=file.path,
        )
        return source, preparation

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

    def weights_bytes(self) -> int | None:
        """Of the file and those beside it."""
        return self._file().num_bytes

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
        """By torch, where it is installed: the file itself does not need it."""
        return self._scaled(self.crop.fast(pixels)) if importlib.util.find_spec("torch") else self.exact(pixels)

    def _scaled(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.mean is not None and self.std is not None:
            factor, offset = 1 / (255 * np.asarray(self.std)), np.asarray(self.mean) / self.std
            picture = picture * factor.astype(np.float32) - offset.astype(np.float32)
        return np.ascontiguousarray(picture.transpose(2, 0, 1)) if self.channels_first else picture


def _checked_side(name: str, value: int | None, owner: str) -> int | None:
    return None if value is None else check_whole(name, value, owner)


def _checked_levels(name: str, value: Sequence[float] | None, owner: str) -> Levels | None:
    if value is None:
        return None
    is_levels = isinstance(value, (list, tuple)) and all(isinstance(x, (int, float)) for x in value)
    if not is_levels or len(value) != 3 or not np.isfinite(value).all() or (name == "std" and min(value) <= 0):
        wanted = "three numbers" if name == "mean" else "three numbers above 0"
        raise ParameterError(f"{owner!r}: {name}={value!r} must be {wanted}, for red, green and blue")
    red, green, blue = (float(x) for x in value)
    return red, green, blue
