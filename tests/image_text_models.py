"""Small models of pictures and texts with random weights, saved as their libraries save them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KINDS = ("clip", "siglip", "siglip2", "chinese_clip", "align")
WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "a",
    "photo",
    "of",
    "cat",
    "red",
    "bicycle",
    "two",
    "dogs",
    "猫",
    "。",
    ".",
)
_SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
_PICTURES = {**_SIZES, "image_size": 48, "patch_size": 16}


def save(kind: str, folder: Path) -> Path:
    """A model of that kind of transformers, with its processor, in a folder."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, processor = globals()[f"_{kind}"]()
        with torch.no_grad():
            for parameter in model.parameters():  # so that vectors differ
                parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder)
    for part in processor:
        part.save_pretrained(folder)
    return folder


def save_open_clip(folder: Path) -> Path:
    """A model of open_clip, in a folder as that library saves it."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    told = {
        "model_cfg": {
            "embed_dim": 24,
            "vision_cfg": {"image_size": 48, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
            "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
        },
        "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]},
    }
    folder.mkdir(exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(told))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def num_weights(folder: Path) -> int:
    """How many numbers the one file of weights in a folder holds."""
    from safetensors.numpy import load_file

    (file,) = folder.glob("*.safetensors")
    return sum(array.size for array in load_file(file).values())


def tokenizer(length: int, names: tuple[str, ...] = ("input_ids", "attention_mask")) -> Any:
    """Words, apart by blanks, between a token for the begin and one for the end."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=length, model_input_names=list(names),
    )  # fmt: skip


def _clip() -> tuple[Any, Any]:
    import transformers

    words = {"vocab_size": 20, "max_position_embeddings": 16, "eos_token_id": 3, "bos_token_id": 2, "pad_token_id": 0}
    config = transformers.CLIPConfig(text_config={**_SIZES, **words}, vision_config=_PICTURES, projection_dim=24)
    pictures = transformers.CLIPImageProcessor(size={"shortest_edge": 48}, crop_size={"height": 48, "width": 48})
    return transformers.CLIPModel(config), (pictures, tokenizer(16))


def _siglip() -> tuple[Any, Any]:
    import transformers

    words = {"vocab_size": 20, "max_position_embeddings": 16, "projection_size": 32}
    config = transformers.SiglipConfig(text_config={**_SIZES, **words}, vision_config=_PICTURES)
    pictures = transformers.SiglipImageProcessor(size={"height": 48, "width": 48})
    return transformers.SiglipModel(config), (pictures, tokenizer(16, ("input_ids",)))


def _siglip2() -> tuple[Any, Any]:
    import transformers

    words = {"vocab_size": 20, "max_position_embeddings": 16, "projection_size": 32}
    pictures = {**_SIZES, "num_patches": 16, "patch_size": 8}
    config = transformers.Siglip2Config(text_config={**_SIZES, **words}, vision_config=pictures)
    processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
    return transformers.Siglip2Model(config), (processor, tokenizer(16, ("input_ids",)))


def _chinese_clip() -> tuple[Any, Any]:
    import transformers

    config = transformers.ChineseCLIPConfig(
        text_config={**_SIZES, "vocab_size": 20}, vision_config=_PICTURES, projection_dim=24
    )
    pictures = transformers.ChineseCLIPImageProcessor(
        size={"height": 48, "width": 48}, crop_size={"height": 48, "width": 48}
    )
    return transformers.ChineseCLIPModel(config), (pictures, tokenizer(512))


def _align() -> tuple[Any, Any]:
    import transformers

    vision = {"image_size": 64, "width_coefficient": 0.2, "depth_coefficient": 0.2, "hidden_dim": 32}
    config = transformers.AlignConfig(text_config={**_SIZES, "vocab_size": 20}, vision_config=vision, projection_dim=64)
    pictures = transformers.EfficientNetImageProcessor(size={"height": 64, "width": 64}, do_center_crop=False)
    return transformers.AlignModel(config), (pictures, tokenizer(512))
