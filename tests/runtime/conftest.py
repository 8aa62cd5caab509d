"""A small network whose vectors can be computed by hand, as a `Source`, in a JUNCO_HOME of the test's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch

from junco.runtime import onnx_runtime
from junco.runtime.source import Input, Source


class Tiny(torch.nn.Module):
    """Levels uint8 (n, 8, 8, 3) → (n, 16): a convolution, a nonlinearity, the mean over space."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.weight = torch.nn.Parameter(torch.randn(16, 3, 3, 3, generator=generator))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        levels = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
        return torch.relu(torch.nn.functional.conv2d(levels, self.weight)).mean(dim=(2, 3))


def random_levels(seed: int, num_rows: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (num_rows, 8, 8, 3), np.uint8)


@dataclass
class Workshop:
    """Makes sources and counts how often their module had to be built."""

    num_built: int = 0
    golden: np.ndarray = field(
        default_factory=lambda: np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    )

    def source(self, module: Callable[[], torch.nn.Module] = Tiny, **changes: object) -> Source:
        def build() -> torch.nn.Module:
            self.num_built += 1
            return module().eval()

        given = {
            "name": "test.tiny",
            "weights_sha256": hashlib.sha256(b"tiny").hexdigest(),
            "num_bytes": 2_000,
            "recipe": "mean over space",
            "build": build,
            "inputs": (Input("pixels", "uint8", (None, 8, 8, 3)),),
            "golden": (self.golden,),
        }
        return Source(**{**given, **changes})

    def network(self, seed: int) -> torch.nn.Module:
        """The same with other weights."""
        return Tiny(seed).eval()

    def expected(self, pixels: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return Tiny()(torch.from_numpy(pixels)).numpy()


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture(scope="session")
def tiny_onnx(tmp_path_factory) -> Path:
    """The tiny network in an ONNX file."""
    folder = tmp_path_factory.mktemp("exported")
    onnx_runtime.convert(Workshop().source(), Tiny().eval(), folder)
    return folder / onnx_runtime.FILE


@pytest.fixture(autouse=True)
def runtimes(tmp_path, monkeypatch) -> Path:
    """JUNCO_HOME/runtimes, empty."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "runtimes"


@pytest.fixture
def pixels() -> np.ndarray:
    return random_levels(5, 7)
