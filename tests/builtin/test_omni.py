"""Texts, pictures, sounds and videos in one space, by sentence-transformers."""

from __future__ import annotations

import http.server
import threading

import numpy as np
import pytest
from PIL import Image
from skimage import data

import omni_models
from junco import ops
from junco.errors import InputError, ParameterError
from junco.types import AudioClip, VideoFrame

NAME = "omni-embedding.sentence-transformers"
CLIP = AudioClip(np.random.default_rng(0).normal(0, 0.1, (2, 20000)).astype(np.float32), 48000)
FRAMES = [VideoFrame(np.roll(data.chelsea()[:96, :96], 9 * i, 1), i / 2, i) for i in range(4)]

pytestmark = pytest.mark.filterwarnings("ignore:.*torchcodec.*")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: omni_models.save(kind, tmp_path_factory.mktemp(kind)) for kind in ("clip", "clap", "qwen")}


@pytest.fixture(scope="module")
def embed(folders, loaded):
    return {kind: loaded(NAME, model=str(folder)) for kind, folder in folders.items()}


@pytest.fixture(scope="module")
def library(folders):
    from sentence_transformers import SentenceTransformer

    return {kind: SentenceTransformer(str(folder), device="cpu") for kind, folder in folders.items()}


@pytest.mark.parametrize(
    ("kind", "item", "given"),
    [
        ("clip", "a cat", "a cat"),
        ("clip", data.chelsea(), Image.fromarray(data.chelsea())),
        ("clip", FRAMES[1], Image.fromarray(FRAMES[1].image)),
        ("clap", "a cat", "a cat"),
        ("clap", CLIP, {"array": CLIP.samples.mean(axis=0), "sampling_rate": 48000}),
        ("qwen", "a cat", "a cat"),
        ("qwen", data.chelsea(), Image.fromarray(data.chelsea())),
    ],
)
def test_vectors_are_those_of_the_library(kind, item, given, embed, library):
    """Max difference 1e-6, of numbers up to 3."""
    np.testing.assert_allclose(embed[kind](item), library[kind].encode([given])[0], atol=1e-6)


def test_all_frames_of_a_video_count_with_their_times(embed, library):
    told = {"total_num_frames": 4, "fps": 2.0, "duration": 2.0, "frames_indices": [0, 1, 2, 3]}
    video = {"array": [Image.fromarray(frame.image) for frame in FRAMES], "video_metadata": told}
    expected = library["qwen"].encode([video], processing_kwargs={"video": {"do_sample_frames": False}})[0]
    np.testing.assert_allclose(embed["qwen"](FRAMES), expected, atol=1e-6)
    assert not np.allclose(embed["qwen"](FRAMES), embed["qwen"](FRAMES[::-1][:2][::-1]), atol=1e-3)


def test_items_of_several_kinds_go_in_one_batch_and_come_out_in_their_order(embed):
    items = ["a cat", data.chelsea(), FRAMES, "two dogs", FRAMES[0]]
    together = embed["qwen"].batch(items)
    for vector, item in zip(together, items, strict=True):
        np.testing.assert_allclose(vector, embed["qwen"](item), atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "item", "says"),
    [("clip", CLIP, "takes no audio"), ("clap", data.chelsea(), "takes no image"), ("clip", FRAMES, "takes no video")],
)
def test_what_the_model_does_not_take_is_refused(kind, item, says, embed):
    with pytest.raises(InputError, match=says):
        embed[kind](item)


def test_a_video_without_frames_is_refused(embed):
    with pytest.raises(InputError, match="a video without frames"):
        embed["qwen"]([])


def test_a_text_is_never_read_as_a_path_nor_fetched_as_an_address(embed, tmp_path):
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Image.fromarray(data.chelsea()).save(tmp_path / "secret.png")
    texts = [f"http://127.0.0.1:{server.server_port}/a.jpg", str(tmp_path / "secret.png"), "data:image/png;base64,AAAA"]
    for kind in ("clip", "qwen"):
        assert len(embed[kind].batch(texts)) == 3
    server.shutdown()
    server.server_close()
    assert not asked
    assert not np.allclose(embed["clip"](texts[1]), embed["clip"](data.chelsea()), atol=1e-3)


def test_vectors_are_finished_and_their_space_says_so(folders, loaded):
    one = loaded(NAME, model=str(folders["clip"]))
    short = loaded(NAME, model=str(folders["clip"]), truncate_dim=8, normalize=True)
    assert np.linalg.norm(short("a cat")) == pytest.approx(1, abs=1e-5)
    assert short("a cat").shape == (8,)
    assert one.space() != short.space()


def test_a_role_and_a_prompt_go_before_a_text(folders, loaded):
    prompted = loaded(NAME, model=str(folders["clip"]), prompt="a photo of ")
    np.testing.assert_allclose(
        prompted("a cat"), loaded(NAME, model=str(folders["clip"]))("a photo of a cat"), atol=1e-6
    )
    asked = loaded(NAME, model=str(folders["clip"]), role="query")
    assert asked("a cat").shape == (24,)


def test_an_empty_name_is_refused():
    with pytest.raises(ParameterError, match="must be a model's name or a folder"):
        ops.omni_embedding.sentence_transformers("").create()
