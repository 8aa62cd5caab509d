"""GE2E's weights as Resemblyzer trained them, from its wheel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from junco.models.ge2e.model import ge2e
from junco.places.wheel import Wheel

if TYPE_CHECKING:
    import torch

WEIGHTS = Wheel(
    "Resemblyzer==0.1.4",
    "resemblyzer/pretrained.pt",
    sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    size_bytes=17_090_379,
    license="Apache-2.0",
)


def network(file: Path) -> torch.nn.Module:
    """The network with the file's weights, for inference: mel spectrograms (n, frames, 40) → vectors (n, 256).

    The file holds the state of training too, of which nothing is used.
    """
    import torch

    state = torch.load(file, map_location="cpu", weights_only=True)["model_state"]
    made = ge2e()
    made.load_state_dict({name: state[name] for name in made.state_dict()})
    return made.eval()
