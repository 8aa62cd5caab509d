"""Does tuning help where no picture has a class: sounds by kind, captions of pictures; and do stored vectors follow?

Sounds: the samples of Sonic Pi, by the kind that they are named by, YAMNet, a head. Captions: two small towers with
random weights learn which caption belongs to which stamp of Tux Paint: that they learn at all is the question. The
bridge: vectors of photos that were stored before a head was trained, beside those that the tuned operator makes anew.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from measure import BENCH, main
from results import Report, number

from junco import ops, pipeline
from junco.metrics.interval import Estimate
from tuning import photos_of

LEAST_OF_A_KIND = 8
EPOCHS_OF_TOWERS, QUICK_STAMPS = 40, 60
NEIGHBOURS, LEAST_AGREEMENT = 10, 0.99
_SIZES = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4}
_SIDE = 64


def measure(report: Report) -> None:
    """All three."""
    sys.path.insert(0, str(BENCH.parent / "examples"))
    with tempfile.TemporaryDirectory() as folder:
        sounds(report, Path(folder))
        captions(report, Path(folder))
        bridge(report, Path(folder))


def sounds(report: Report, folder: Path) -> None:
    """Neighbours of held-out sounds, before and after a head."""
    rows = _samples()
    trained = ops.audio_embedding.yamnet().train(rows, 0.4, to=folder / "sounds", progress=False)
    kinds = len({kind for _, kind in rows})
    _table(report, f"{len(rows)} sounds of {kinds} kinds, a head on YAMNet", trained, ("map", "knn@5", "recall@1"))


def captions(report: Report, folder: Path) -> None:
    """Stamps that look for their captions among all that are held out."""
    pairs = _stamps()[: QUICK_STAMPS if report.quick else None]
    _save_towers(folder / "towers", [caption for _, caption in pairs])
    operator = ops.image_text_embedding.transformers(model=str(folder / "towers"))
    epochs, batch = (2, 8) if report.quick else (EPOCHS_OF_TOWERS, 64)
    args = {"scope": "all", "epochs": epochs, "batch": batch, "lr": 5e-4}
    rows = [{"image": path, "text": caption} for path, caption in pairs]
    trained = operator.train(rows, 0.2, args, to=folder / "captions", progress=False)
    title = f"{len(pairs)} stamps and their captions, two small random towers"
    _table(report, title, trained, ("mrr", "recall@1", "recall@10"))
    losses = [loss for _, loss in trained.history.losses]
    report.notes.append(f"captions: the loss fell from {losses[0]:.2f} to {losses[-1]:.2f}")


def bridge(report: Report, folder: Path) -> None:
    """Of each photo the nearest ten, by vectors that crossed the bridge and by those that are made anew."""
    parts = photos_of(4 if report.quick else 100)
    paths = [path for path, _ in parts["held"]]
    with pipeline("image-embedding") as embed:
        stored = embed.batch(paths)
        operator = ops.image_embedding.efficientnet_lite()
        trained = operator.train(parts["train"], None, to=folder / "bridge", progress=False)
        with embed.replace("embed", operator) as tuned:
            anew = np.asarray(tuned.batch(paths))
    crossed = np.asarray(trained.bridge(stored))
    same = [len({*one} & {*other}) / NEIGHBOURS for one, other in zip(_near(crossed), _near(anew), strict=True)]
    report.ratio(
        "bridge: shared of the nearest ten, stored and made anew", float(np.mean(same)), at_least=LEAST_AGREEMENT
    )
    report.notes.append(f"bridge: the largest difference of a number is {np.abs(crossed - anew).max():.1e}")


def _near(vectors: Any) -> Any:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1)[:, :NEIGHBOURS].tolist()


def _table(report: Report, title: str, trained: Any, names: tuple[str, ...]) -> None:
    before, after = trained.evaluation.ways
    rows = [
        ["before", *(str(before.estimates[name]) for name in names), "", ""],
        [
            "after",
            *(str(after.estimates[name]) for name in names),
            _told(after.gains[names[0]]),
            number(trained.history.seconds),
        ],
    ]
    report.table(title, ["", *names, f"{names[0]}, gained", "seconds"], rows)
    report.notes.append(f"{title}: {trained.verdict}")


def _told(gain: Estimate) -> str:
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def _samples() -> list[tuple[str, str]]:
    """Sounds with the first word of their names, kinds of few left out."""
    import media

    files = sorted(media.debian("sonic-pi-samples").rglob("*.flac"))
    kinds = Counter(file.name.partition("_")[0] for file in files)
    of = ((str(file), file.name.partition("_")[0]) for file in files)
    return [(path, kind) for path, kind in of if kinds[kind] >= LEAST_OF_A_KIND]


def _stamps() -> list[tuple[str, str]]:
    """Pictures with the English captions beside them, each caption once, in an order by chance."""
    import media

    found: dict[str, str] = {}
    for picture in sorted(media.debian("tuxpaint-stamps-default").rglob("*.png")):
        text = picture.with_suffix(".txt")
        if text.is_file() and (caption := text.read_text("utf-8").partition("\n")[0].strip()):
            found.setdefault(caption, str(picture))
    pairs = [(picture, caption) for caption, picture in found.items()]
    random.Random(0).shuffle(pairs)
    return pairs


def _save_towers(folder: Path, texts: list[str]) -> None:
    """A CLIP of random weights whose words are those of the texts."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    split = pre_tokenizers.Whitespace()
    words = sorted({word for text in texts for word, _ in split.pre_tokenize_str(text.lower())})
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.Lowercase(), split
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    of_words = {"vocab_size": len(vocabulary), "max_position_embeddings": 32}
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    config = transformers.CLIPConfig(
        text_config={**_SIZES, **of_words, **ends},
        vision_config={**_SIZES, "image_size": _SIDE, "patch_size": 8},
        projection_dim=64,
    )
    torch.manual_seed(0)
    transformers.CLIPModel(config).save_pretrained(folder)
    side = {"height": _SIDE, "width": _SIDE}
    transformers.CLIPImageProcessor(size={"shortest_edge": _SIDE}, crop_size=side).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    ).save_pretrained(folder)


if __name__ == "__main__":
    main("tuning_modalities", "Tuning, other modalities", measure)
