"""The network of ``speaker-embedding.ge2e``: three LSTM layers and a linear one, by Resemblyzer's weights.

Wan, Wang, Papir and Moreno, "Generalized End-to-End Loss for Speaker Verification" (2018).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
NUM_MELS, NUM_HIDDEN, NUM_LAYERS, DIM = 40, 256, 3, 256
LEAST_LENGTH = 1e-12


def network(weights: Path) -> torch.nn.Module:
    """Mel spectrograms (n, frames, 40) → vectors (n, 256) of length 1, none of whose numbers is below 0.

    The file holds the state of training too, of which nothing is used.
    """
    import torch

    class Speaker(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(NUM_MELS, NUM_HIDDEN, NUM_LAYERS, batch_first=True)
            self.linear = torch.nn.Linear(NUM_HIDDEN, DIM)

        def forward(self, mels: torch.Tensor) -> torch.Tensor:
            _, (hidden, _) = self.lstm(mels)
            return torch.nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1, eps=LEAST_LENGTH)

    state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
    made = Speaker()
    made.load_state_dict({name: state[name] for name in made.state_dict()})
    return made.eval()
