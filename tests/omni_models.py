"""Small models of several kinds of things with random weights, as sentence-transformers loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import audio_models
import image_text_models

_SPECIAL = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
_SIZES = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_TEMPLATE = (
    "{% for message in messages %}<|im_start|> {{ message.role }} {% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %} <|im_end|>{% endfor %}"
)


def save(kind: str, folder: Path) -> Path:
    """A model of that kind, ``clip``, ``clap`` or ``qwen``, in a folder."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, processor = globals()[f"_{kind}"]()
        with torch.no_grad():
            for parameter in model.parameters():  # so that vectors differ
                parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _clip() -> tuple[Any, Any]:
    import transformers

    model, parts = image_text_models._clip()
    return model, transformers.CLIPProcessor(*parts)


def _clap() -> tuple[Any, Any]:
    import transformers

    model, extractor = audio_models.made("clap")
    return model, transformers.ClapProcessor(extractor, image_text_models.tokenizer(18))


def _qwen() -> tuple[Any, Any]:
    import transformers as library

    tokenizer = image_text_models.tokenizer(512)
    tokenizer.add_special_tokens({"additional_special_tokens": list(_SPECIAL)})
    ids = dict(zip(_SPECIAL, tokenizer.convert_tokens_to_ids(_SPECIAL), strict=True))
    rotation = {"rope_type": "default", "mrope_section": [4, 2, 2], "mrope_interleaved": True, "rope_theta": 10000.0}
    config = library.Qwen3VLConfig(
        text_config={
            **_SIZES, "vocab_size": 32, "num_key_value_heads": 2, "head_dim": 16, "rope_parameters": rotation,
            "pad_token_id": 0, "bos_token_id": None, "eos_token_id": None,
        },
        vision_config={
            "hidden_size": 16, "intermediate_size": 16, "depth": 2, "num_heads": 2, "patch_size": 8,
            "out_hidden_size": 32, "deepstack_visual_indexes": [0], "num_position_embeddings": 64,
        },
        image_token_id=ids["<|image_pad|>"], video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"], vision_end_token_id=ids["<|vision_end|>"],
    )  # fmt: skip
    size = {"shortest_edge": 1024, "longest_edge": 4096}
    pictures = library.Qwen2VLImageProcessor(patch_size=8, size=size)
    videos = library.Qwen3VLVideoProcessor(patch_size=8, size=size)
    processor = library.Qwen3VLProcessor(pictures, tokenizer, videos, chat_template=_TEMPLATE)
    return library.Qwen3VLModel(config), processor
