"""Small audio models of transformers with random weights, saved as their library saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
_WAVES = {**_SIZES, "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
_TEXT = {**_SIZES, "vocab_size": 50, "max_position_embeddings": 20}
_CLAP = {
    "hidden_size": 64,
    "patch_embeds_hidden_size": 8,
    "depths": [1, 1, 1, 1],
    "num_attention_heads": [1, 1, 2, 2],
    "num_hidden_layers": 4,
}
_WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "vocab_size": 60,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
KINDS = ("clap", "clap-fused", "ast", "whisper", "wav2vec2", "wavlm", "hubert")


def made(kind: str) -> tuple[Any, Any]:
    """The model and its feature extractor."""
    import transformers as library

    if kind.startswith("clap"):
        is_fused = kind == "clap-fused"
        config = library.ClapConfig(
            text_config=_TEXT, audio_config={**_CLAP, "enable_fusion": is_fused}, projection_dim=16
        )
        extractor = library.ClapFeatureExtractor(truncation="fusion" if is_fused else "rand_trunc")
        return library.ClapModel(config), extractor
    if kind == "ast":
        return library.ASTModel(library.ASTConfig(**_SIZES)), library.ASTFeatureExtractor()
    if kind == "whisper":
        return library.WhisperModel(library.WhisperConfig(**_WHISPER)), library.WhisperFeatureExtractor()
    name = {"wav2vec2": "Wav2Vec2", "wavlm": "WavLM", "hubert": "Hubert"}[kind]
    model = getattr(library, f"{name}Model")(getattr(library, f"{name}Config")(**_WAVES))
    return model, library.Wav2Vec2FeatureExtractor()


def save(kind: str, folder: Path) -> Path:
    """A folder with the model and its feature extractor."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, extractor = made(kind)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def save_x_vectors(folder: Path, kind: str = "WavLM", head: str = "ForXVector") -> Path:
    """A folder with a model that gives x-vectors of 12 numbers, and its feature extractor."""
    import torch
    import transformers as library

    convolutions = {
        "conv_dim": (16, 16),
        "conv_stride": (20, 16),
        "conv_kernel": (20, 16),
        "num_feat_extract_layers": 2,
    }
    heads = {"tdnn_dim": (16, 16, 16, 16, 24), "xvector_output_dim": 12}
    positions = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
    config = getattr(library, f"{kind}Config")(**_SIZES, **convolutions, **heads, **positions)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = getattr(library, f"{kind}{head}")(config)
    model.save_pretrained(folder)
    library.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder
