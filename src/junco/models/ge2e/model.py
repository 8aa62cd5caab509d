"""The network GE2E in torch: three LSTM layers and a linear one.

Wan, Wang, Papir and Moreno, "Generalized End-to-End Loss for Speaker Verification" (2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

NUM_MELS, NUM_HIDDEN, NUM_LAYERS, DIM = 40, 256, 3, 256
LEAST_LENGTH = 1e-12


def ge2e() -> torch.nn.Module:
    """Mel spectrograms (n, frames, 40) → vectors (n, 256) of length 1, none of whose numbers is below 0.

    Its weights are random.
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

    return Speaker()
