"""Cases of attacks that hold by what the code does not do: 5, 6, 18, 23 to 26, 41, told from the code itself."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src" / "junco"
TREES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(SRC.rglob("*.py"))}
ROOMS = ("hub/server", "hub/content", "hub/web")
OF_THE_SERVER = [path for path in TREES if path.relative_to(SRC).as_posix().startswith(ROOMS)]
DECODERS = {
    "av", "cv2", "fitz", "imageio", "librosa", "nbconvert", "nbformat", "onnx", "onnxruntime", "PIL", "pypdfium2",
    "sentence_transformers", "skimage", "soundfile", "timm", "torch", "torchaudio", "torchvision", "transformers",
}  # fmt: skip
ASKS_THE_NETWORK = {"aiohttp", "http.client", "httpx", "httpx2", "requests", "urllib.request", "urllib3"}
MAY_ASK = "hub/server/mirror/upstream.py"


def imported(tree):
    """All modules that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(name):
    """Where a method or function of this name is called, in all of junco."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
                if called == name:
                    yield path.relative_to(SRC).as_posix(), node


def test_there_is_a_server_to_look_at():
    assert len(OF_THE_SERVER) > 60


def test_cases_5_and_6_a_configuration_that_names_code_of_its_own_runs_none(tmp_path):
    transformers = pytest.importorskip("transformers")
    from junco.builtin.hub_model.loading import bare_network
    from junco.errors import JuncoError

    folder, canary = tmp_path / "model", tmp_path / "canary"
    folder.mkdir()
    (folder / "evil.py").write_text(f"open({str(canary)!r}, 'w')\nclass M: pass\nclass C: pass\n")
    told = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}
    told |= {"trust_remote_code": True, "_attn_implementation_internal": "evil/kernel"}
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(JuncoError):
        bare_network(folder, transformers.AutoModel)
    assert not canary.exists()


def test_case_18_templates_of_others_are_not_rendered():
    for name in ("apply_chat_template", "render_jinja_template", "from_string"):
        assert list(calls(name)) == []
    users = [path.relative_to(SRC).as_posix() for path, tree in TREES.items() if "jinja2" in set(imported(tree))]
    assert [path for path in users if not path.startswith("hub/web/")] == []


def test_cases_23_24_and_26_the_server_decodes_nothing_that_it_was_sent():
    found = [
        (path.name, module)
        for path in OF_THE_SERVER
        for module in imported(TREES[path])
        if module.split(".")[0] in DECODERS
    ]
    assert found == []


def test_cases_25_and_41_the_server_asks_nobody_but_the_hub_that_it_mirrors():
    found = {
        path.relative_to(SRC).as_posix()
        for path in OF_THE_SERVER
        for module in imported(TREES[path])
        if module in ASKS_THE_NETWORK or module.startswith(("junco.places.web", "junco.hub.client"))
    }
    assert found - {MAY_ASK} == set()
    connects = [where for where, _ in calls("create_connection") if where.startswith(ROOMS)]
    assert connects == []


def test_cases_5_and_19_what_is_pushed_is_read_and_never_run(tmp_path):
    import sys

    sys.path.append(str(Path(__file__).parent / "server"))
    from hubs import running_hub

    canary = tmp_path / "canary"
    evil = f"!!python/object/apply:os.system ['touch {canary}']\n".encode()
    files = {
        "README.md": b"---\nlicense: " + evil + b"---\n",
        "operator.yaml": b"kind: operator\nfamily: " + evil + b"loader_module: evil\n",
        "config.json": b'{"trust_remote_code": true, "auto_map": {"AutoModel": "evil.M"}}',
        "evil.py": f"open({str(canary)!r}, 'w')\n".encode(),
        "setup.py": f"open({str(canary)!r}, 'w')\n".encode(),
    }
    with running_hub(tmp_path / "store") as hub:
        alice = hub.user("alice")
        hub.repository(alice, "alice/evil")
        hub.push(alice, "alice/evil", files, parent=None)
        for path in (
            "/junco/v1/repositories/alice/evil",
            "/api/models/alice/evil",
            "/alice/evil/resolve/main/README.md",
        ):
            assert hub.raw("GET", path).status_code == 200
        assert hub.ask("GET", "/repositories/alice/evil")["licence"] is None
    assert not canary.exists()
