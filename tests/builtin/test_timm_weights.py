"""Where timm's weights come from: the cache without a network, else a clear word about what to do."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from junco import ops, pipe
from junco.builtin.image_embedding.timm import TimmEmbedding
from junco.errors import ParameterError, UnavailableError


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty Hugging Face cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_network(monkeypatch) -> list[object]:
    """The connections that were tried; each fails."""
    tried: list[object] = []

    def refuse(_, address):
        tried.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: refuse(None, a))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return tried


def put_into_cache(cache: Path, repository: str) -> torch.nn.Module:
    """A test_resnet with weights of its own, laid down as the hub's client does it."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    with torch.random.fork_rng():
        torch.manual_seed(77)
        network = timm.create_model("test_resnet", pretrained=False).eval()
    save_file(network.state_dict(), snapshot / "model.safetensors")
    network_config = {"input_size": [3, 160, 160], "num_classes": 1000, "classifier": "fc"}
    config = {"architecture": "test_resnet", "num_classes": 1000, "pretrained_cfg": network_config}
    (snapshot / "config.json").write_text(json.dumps(config))
    return network


@pytest.mark.parametrize("model", ["test_resnet", "test_resnet.r160_in1k", "hf-hub:timm/test_resnet.r160_in1k"])
def test_cached_weights_are_read_with_no_network_call(cache, no_network, photo, model):
    network = put_into_cache(cache, "timm/test_resnet.r160_in1k")
    vector = TimmEmbedding(model)(photo)
    assert no_network == []
    operator = TimmEmbedding(model)
    operator.ensure_open()
    for name, weight in operator.source().build().network.state_dict().items():
        torch.testing.assert_close(weight, network.state_dict()[name])
    assert vector.shape == (network.num_features,)
    assert np.isfinite(vector).all()


@pytest.mark.parametrize("model", ["test_resnet", "hf-hub:timm/test_resnet.r160_in1k"])
def test_a_second_start_builds_nothing(cache, tmp_path, monkeypatch, photo, model):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    put_into_cache(cache, "timm/test_resnet.r160_in1k")
    first = TimmEmbedding(model, runtime="openvino", dtype="float32")
    vector, wants = first(photo), first.wants()
    monkeypatch.setattr(timm, "create_model", lambda *args, **options: pytest.fail("it was built"))
    second = TimmEmbedding(model, runtime="openvino", dtype="float32")
    np.testing.assert_array_equal(second(photo), vector)
    assert second.wants() == wants
    assert second.space() == first.space()
    assert [path.suffix for path in second.files()] == [".safetensors"] + [".json"] * (":" in model)


def test_other_weights_under_the_same_name_are_another_conversion(cache, tmp_path, monkeypatch, photo):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    network = put_into_cache(cache, "timm/test_resnet.r160_in1k")
    first = TimmEmbedding("test_resnet", runtime="openvino", dtype="float32")(photo)
    (weights,) = cache.rglob("*.safetensors")
    save_file({name: weight * 1.5 for name, weight in network.state_dict().items()}, weights)
    assert not np.allclose(TimmEmbedding("test_resnet", runtime="openvino", dtype="float32")(photo), first)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of a hub as its client needs to fetch files: they lie in the class's `files`, by their path."""

    files: dict[str, bytes] = {}
    asked: list[str] = []

    def do_HEAD(self):
        self.asked.append(f"{self.command} {self.path}")
        content = self.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("X-Repo-Commit", "89abcdef0123456789abcdef0123456789abcdef")
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("ETag", f'"{hashlib.sha256(content or b"").hexdigest()}"')
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content or b"")

    do_GET = do_HEAD  # noqa: N815 - the name that the base class looks for

    def log_message(self, *_):
        pass


def test_weights_are_fetched_once(tmp_path):
    put_into_cache(tmp_path / "made", "timm/test_resnet.r160_in1k")
    weights = next(tmp_path.rglob("*.safetensors")).read_bytes()
    Hub.files = {"/timm/test_resnet.r160_in1k/resolve/main/model.safetensors": weights}
    Hub.asked = []
    script = (
        "from junco.operator import registry\n"
        "for device in ('cpu', 'auto'):\n"
        "    registry.load('image-embedding.timm')('test_resnet', device=device).ensure_open()\n"
    )
    proxies = {"http_proxy", "https_proxy", "all_proxy", "hf_hub_offline", "junco_offline"}
    environment = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        environment |= {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
        try:
            subprocess.run([sys.executable, "-c", script], check=True, env=environment, capture_output=True)
        finally:
            server.shutdown()
            thread.join()
    path = "/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"
    assert [request for request in Hub.asked if path in request] == [f"HEAD {path}", f"GET {path}"]


def test_a_hub_that_cannot_be_reached_is_said_at_once_with_what_to_do(cache, no_network):
    with pytest.raises(UnavailableError, match=r"'timm/resnet50\.a1_in1k'.*HF_HOME.*pretrained=False"):
        TimmEmbedding("resnet50").ensure_open()
    assert len(no_network) == 1


@pytest.mark.parametrize("variable", ["JUNCO_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize("model", ["resnet50", "hf-hub:timm/resnet50.a1_in1k"])
def test_offline_tries_no_connection(cache, no_network, monkeypatch, variable, model):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(UnavailableError, match=f"{variable}.*HF_HOME"):
        TimmEmbedding(model).ensure_open()
    assert no_network == []


@pytest.mark.parametrize(
    ("model", "guess"),
    [("resnet5O", "'resnet50'"), ("resnet50.a1_in1", "'resnet50.a1_in1k'"), ("ResNet50", "'resnet50'")],
)
def test_an_unknown_model_is_refused_with_a_suggestion(model, guess):
    with pytest.raises(ParameterError, match=f"timm has no model '{model}'. Did you mean .*{guess}"):
        TimmEmbedding(model).ensure_open()


def test_a_name_on_the_hub_without_its_prefix_is_refused_with_the_way_to_write_it():
    with pytest.raises(ParameterError, match="write 'hf-hub:timm/resnet50'"):
        TimmEmbedding("timm/resnet50").ensure_open()


def test_a_model_without_weights_is_refused_with_the_cure():
    with pytest.raises(ParameterError, match=r"no weights for 'skresnet50d'.*pretrained=False"):
        TimmEmbedding("skresnet50d").ensure_open()


@pytest.mark.parametrize("model", ["{folder}", "./folder", "../here/folder", "folder", "./none"])
def test_a_folder_without_its_prefix_is_refused_with_the_way_to_write_it(model, tmp_path, monkeypatch):
    (tmp_path / "here" / "folder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    model = model.format(folder=tmp_path / "here" / "folder")
    with pytest.raises(ParameterError, match=f"For a folder write 'local-dir:{model}'"):
        TimmEmbedding(model).ensure_open()


@pytest.mark.parametrize(
    ("there", "problem"),
    [
        (None, "there is no such folder"),
        ([], r"config\.json': it is missing, and says which"),
        (["model.safetensors"], r"config\.json': it is missing, and says which"),
        (["config.json"], r"model\.safetensors': it is missing: weights are read as safetensors"),
    ],
    ids=str,
)
def test_a_folder_that_lacks_what_timm_needs_is_refused_alike_however_it_is_called(tmp_path, photo, there, problem):
    folder = tmp_path / "model"
    for name in there or ():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text('{"architecture": "test_vit"}')
    if there == []:
        folder.mkdir()
    images = (
        pipe.input("image").map("image", "vector", ops.image_embedding.timm(f"local-dir:{folder}")).output("vector")
    )
    calls = (lambda: images(photo), lambda: images.batch([photo]), lambda: images.run([photo], tmp_path / "v.parquet"))
    for call in calls:
        with pytest.raises(ParameterError, match=problem):
            call()


@pytest.mark.parametrize("model", ["", None, 50])
def test_what_is_no_name_is_refused(model):
    with pytest.raises(ParameterError, match="model="):
        TimmEmbedding(model)
