"""Contestants of ``photos.py``: each turns a list of JPEGs into vectors, as its own documentation says to."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed

BATCH = 32
Embed = Callable[[list[str]], Sequence[Any]]


def plain() -> Work:
    """Ten lines: Pillow, torch, one photo at a time."""
    import torch
    from lite0 import embed, load_model, read

    model = load_model()

    def run(paths: list[str]) -> list[Any]:
        return [embed(model, torch.unsqueeze(read(path), 0))[0] for path in paths]

    return _work(run)


def junco(**params: Any) -> Work:
    """The family's default member."""
    from junco import pipeline

    p = pipeline("image-embedding", **params)
    work = _work(p.batch)
    return lambda plan=False, **request: {"plan": str(p.plan)} if plan else work(**request)


def towhee_batch() -> Work:
    """One photo a row, `batch` over the list."""
    import torch
    from lite0 import embed, load_model, read
    from towhee import pipe

    model = load_model()
    p = (
        pipe.input("path")
        .map("path", "image", read)
        .map("image", "vector", lambda image: embed(model, torch.unsqueeze(image, 0))[0])
        .output("vector")
    )
    return _work(lambda paths: [result.get()[0] for result in p.batch(paths)])


def towhee_windowed() -> Work:
    """All photos as rows of one input, windows of 32 through the model."""
    import torch
    from lite0 import embed, load_model, read
    from towhee import pipe

    model = load_model()
    p = (
        pipe.input("paths")
        .flat_map("paths", "path", lambda paths: paths)
        .map("path", "image", read)
        .window("image", "vectors", BATCH, BATCH, lambda images: embed(model, torch.stack(list(images))))
        .flat_map("vectors", "vector", list)
        .window_all("vector", "all", lambda vectors: [list(vectors)])
        .output("all")
    )
    return _work(lambda paths: p(paths).get()[0][0])


def data_loader() -> Work:
    """A DataLoader of torch: two workers decode, the main process embeds."""
    import torch
    from lite0 import embed, load_model, read

    model = load_model()

    class Photos(torch.utils.data.Dataset[torch.Tensor]):
        def __init__(self, paths: list[str]) -> None:
            self.paths = paths

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, index: int) -> torch.Tensor:
            return read(self.paths[index])

    def run(paths: list[str]) -> list[Any]:
        loader = torch.utils.data.DataLoader(Photos(paths), batch_size=BATCH, num_workers=2)
        return [vector for images in loader for vector in embed(model, images)]

    return _work(run)


def datasets_map() -> Work:
    """Hugging Face datasets: one batched map."""
    import datasets
    import torch
    from lite0 import embed, load_model, read

    datasets.disable_caching()
    model = load_model()

    def to_vectors(rows: dict[str, list[str]]) -> dict[str, Any]:
        return {"vector": embed(model, torch.stack([read(path) for path in rows["path"]]))}

    def run(paths: list[str]) -> Sequence[Any]:
        made = datasets.Dataset.from_dict({"path": paths})
        done = made.map(to_vectors, batched=True, batch_size=BATCH, new_fingerprint=os.urandom(8).hex())
        rows: Sequence[Any] = done.with_format("numpy")["vector"][:]
        return rows

    return _work(run)


def daft_frame() -> Work:
    """Daft: its own download and image decoding, the rest in a batch function."""
    import daft
    import torch
    from daft import col
    from lite0 import embed, load_model, prepare
    from PIL import Image

    model = load_model()
    floats = daft.DataType.list(daft.DataType.float32())

    @daft.func.batch(return_dtype=floats, batch_size=BATCH)
    def to_vectors(images: daft.Series) -> Any:
        tensors = [prepare(Image.fromarray(image)) for image in images.to_pylist()]
        return list(embed(model, torch.stack(tensors)))

    def run(paths: list[str]) -> list[Any]:
        frame = daft.from_pydict({"path": paths})
        frame = frame.with_column("image", col("path").download().decode_image(mode="RGB"))
        rows: list[Any] = frame.select(to_vectors(col("image")).alias("vector")).to_pydict()["vector"]
        return rows

    return _work(run)


def ray_data() -> Work:
    """Ray Data: a map that decodes, an actor that embeds."""
    import ray
    import torch
    from lite0 import embed, load_model, read

    here = str(Path(__file__).parent)
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=2 * 2**30,
        runtime_env={"env_vars": {"PYTHONPATH": here}},
    )  # fmt: skip
    ray.data.DataContext.get_current().enable_progress_bars = False

    class ToVectors:
        def __init__(self) -> None:
            self.model = load_model()

        def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
            return {"path": rows["path"], "vector": embed(self.model, torch.from_numpy(rows["image"]))}

    def run(paths: list[str]) -> list[Any]:
        made = ray.data.from_items([{"path": path} for path in paths])
        decoded = made.map(lambda row: {"path": row["path"], "image": read(row["path"]).numpy()})
        rows = decoded.map_batches(ToVectors, batch_size=BATCH, compute=ray.data.ActorPoolStrategy(size=1)).take_all()
        vectors = {row["path"]: row["vector"] for row in rows}
        return [vectors[path] for path in paths]

    return _work(run)


def _work(run: Embed) -> Work:
    def work(listing: str, save_to: str) -> dict[str, Any]:
        paths = json.loads(Path(listing).read_text())
        seconds, vectors = timed(lambda: run(paths))
        block = np.asarray(vectors, np.float32)
        assert block.shape == (len(paths), 1280), block.shape
        np.save(f"{save_to}-{sys.argv[1]}.npy", block)
        return {"seconds": seconds}

    return work


if __name__ == "__main__":
    serve(
        {
            "plain loop": plain,
            "junco": junco,
            "junco, least_cosine=0.99": lambda: junco(least_cosine=0.99),
            "towhee batch": towhee_batch,
            "towhee windowed": towhee_windowed,
            "torch DataLoader": data_loader,
            "datasets.map": datasets_map,
            "daft": daft_frame,
            "ray data": ray_data,
        },
        {
            "plain loop": ["torch", "pillow"],
            "towhee batch": ["towhee"],
            "datasets.map": ["datasets"],
            "daft": ["daft"],
            "ray data": ["ray"],
        },
    )
