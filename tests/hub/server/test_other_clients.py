"""Libraries that load and push models by Hugging Face's client, and its command, against a hub."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from clients import run

HF = Path(sys.executable).with_name("hf")


def test_the_hf_command_works_unchanged(hub, alice, tmp_path):
    if not HF.exists():
        pytest.skip("huggingface_hub brings it")
    environment = {"HF_ENDPOINT": hub.url, "HF_TOKEN": alice.token, "HF_HOME": str(tmp_path / "hf"), "PATH": "/usr/bin"}
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("hello")
    (tmp_path / "folder" / "b.bin").write_bytes(bytes(range(256)) * 8000)

    def hf(*words):
        done = subprocess.run(
            [HF, *words], env=environment, check=False, capture_output=True, text=True, timeout=120, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    assert "alice" in hf("auth", "whoami")
    hf("repos", "create", "alice/by-command")
    hf("upload", "alice/by-command", "folder", ".")
    hf("download", "alice/by-command", "--local-dir", "down")
    assert (tmp_path / "down" / "a.txt").read_text() == "hello"
    assert (tmp_path / "down" / "b.bin").read_bytes() == bytes(range(256)) * 8000


SENTENCES = """
    import json
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "hello", "world"]
    open("vocab.txt", "w").write("\\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(vocab_size=9, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained("bert")
    BertTokenizerFast("vocab.txt").save_pretrained("bert")
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer("bert", device="cpu")
    model.push_to_hub("alice/sentences", private=True)
    again = SentenceTransformer("alice/sentences", device="cpu")
    same = (model.encode("hello world") == again.encode("hello world")).all()
    from transformers import AutoModel, AutoTokenizer
    plain = AutoModel.from_pretrained("alice/sentences")
    plain.push_to_hub("alice/plain")
    AutoTokenizer.from_pretrained("alice/sentences")
    AutoModel.from_pretrained("alice/plain")
    print(json.dumps({"same": bool(same), "size": plain.config.hidden_size}))
"""


@pytest.mark.slow
def test_sentence_transformers_and_transformers_push_and_load(hub, alice, tmp_path):
    pytest.importorskip("sentence_transformers")
    assert run(hub, alice, tmp_path, SENTENCES) == {"same": True, "size": 32}


TIMM = """
    import json
    import timm, torch
    model = timm.create_model("resnet18", num_classes=2, pretrained=False).eval()
    timm.models.push_to_hf_hub(model, "alice/timm", model_config={"num_classes": 2})
    again = timm.create_model("hf-hub:alice/timm", pretrained=True).eval()
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        print(json.dumps(bool((model(picture) == again(picture)).all())))
"""


@pytest.mark.slow
def test_timm_pushes_and_loads(hub, alice, tmp_path):
    pytest.importorskip("timm")
    assert run(hub, alice, tmp_path, TIMM) is True
