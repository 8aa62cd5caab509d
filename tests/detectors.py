"""Small detectors with random weights, saved as transformers saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

KINDS = ("rt_detr", "detr", "yolos", "owlv2")
WORDS = ("<pad>", "<unk>", "<s>", "</s>", "a", "cat", "red", "car")


def save(kind: str, folder: Path) -> Path:
    """A detector of that kind, with its processor, in a folder."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, processor = globals()[f"_{kind}"]()
        with torch.no_grad():
            for parameter in model.parameters():  # so that its boxes differ
                parameter.add_(torch.randn_like(parameter) * 0.08)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _rt_detr() -> tuple[Any, Any]:
    import transformers

    backbone = transformers.RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1] * 4, layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = transformers.RTDetrConfig(
        backbone_config=backbone, encoder_hidden_dim=32, encoder_in_channels=[16, 24, 32], encoder_ffn_dim=32,
        encoder_attention_heads=2, d_model=32, num_queries=20, decoder_in_channels=[32] * 3, decoder_ffn_dim=32,
        decoder_layers=2, decoder_attention_heads=2, num_labels=5, encoder_layers=1,
    )  # fmt: skip
    processor = transformers.RTDetrImageProcessor(size={"height": 64, "width": 64})
    return transformers.RTDetrForObjectDetection(config), processor


def _detr() -> tuple[Any, Any]:
    import transformers

    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1] * 4, out_features=["stage4"]
    )
    config = transformers.DetrConfig(
        backbone_config=backbone, use_timm_backbone=False, backbone=None, d_model=32, encoder_layers=1,
        decoder_layers=1, encoder_ffn_dim=32, decoder_ffn_dim=32, encoder_attention_heads=2,
        decoder_attention_heads=2, num_queries=12, num_labels=3,
    )  # fmt: skip
    processor = transformers.DetrImageProcessor(size={"shortest_edge": 64, "longest_edge": 120})
    return transformers.DetrForObjectDetection(config), processor


def _yolos() -> tuple[Any, Any]:
    import transformers

    config = transformers.YolosConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=[64, 64],
        patch_size=16, num_detection_tokens=9, num_labels=4, use_mid_position_embeddings=False,
    )  # fmt: skip
    processor = transformers.YolosImageProcessor(size={"shortest_edge": 64, "longest_edge": 100})
    return transformers.YolosForObjectDetection(config), processor


def _owlv2() -> tuple[Any, Any]:
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    words = {"vocab_size": 16, "max_position_embeddings": 16, "eos_token_id": 3, "bos_token_id": 2, "pad_token_id": 0}
    config = transformers.Owlv2Config(
        text_config={**sizes, **words}, vision_config={**sizes, "image_size": 64, "patch_size": 16}, projection_dim=16
    )
    processor = transformers.Owlv2Processor(
        transformers.Owlv2ImageProcessor(size={"height": 64, "width": 64}),
        transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", model_max_length=16
        ),
    )
    return transformers.Owlv2ForObjectDetection(config), processor
