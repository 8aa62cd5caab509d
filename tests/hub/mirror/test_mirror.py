"""Case 40: another hub's repositories, read through this one: by stock clients, once, and from then on without it."""

from __future__ import annotations

import json
import os
import threading

import pytest
from clients_of_the_server import run
from other_hubs import git_id, mirroring, send, serving_hub, sha

BIG = os.urandom(3_000_000)
FILES = {"config.json": b'{"a": 1}', "README.md": b"---\nlicense: mit\n---\n# Small\n", "model.bin": BIG}


def get(hub, path, who=None, **headers):
    return hub.raw("GET", path, who, headers=headers)


def test_what_is_allowed_is_read_through_and_kept(mirror, other):
    commit = other.put("acme/small", FILES)
    answer = get(mirror, "/acme/small/resolve/main/config.json")
    assert (answer.status_code, answer.content) == (200, FILES["config.json"])
    assert answer.headers["X-Repo-Commit"] == commit
    assert answer.headers["X-Junco-Mirror"] == "fresh"
    assert answer.headers["ETag"] == f'"{git_id(FILES["config.json"])}"'
    assert get(mirror, "/acme/small/resolve/main/model.bin").content == BIG
    assert get(mirror, f"/acme/small/resolve/{commit}/model.bin").content == BIG
    assert other.asked[f"/acme/small/resolve/{commit}/model.bin"] == 1
    assert other.asked[f"/acme/small/resolve/{commit}/config.json"] == 1
    assert get(mirror, "/acme/small/resolve/main/none.json").status_code == 404
    assert not [name for name in answer.headers if "xet" in name.lower()]


def test_what_is_known_of_a_file_needs_none_of_its_bytes(mirror, other):
    commit = other.put("acme/small", FILES)
    answer = mirror.raw("HEAD", "/acme/small/resolve/main/model.bin")
    assert answer.headers["ETag"] == f'"{sha(BIG)}"'
    assert answer.headers["X-Linked-Size"] == answer.headers["Content-Length"] == str(len(BIG))
    assert other.asked[f"/acme/small/resolve/{commit}/model.bin"] == 0


def test_a_part_of_a_file_comes_while_it_is_fetched(mirror, other):
    other.put("acme/small", FILES)
    answer = get(mirror, "/acme/small/resolve/main/model.bin", Range="bytes=100-199")
    assert (answer.status_code, answer.content) == (206, BIG[100:200])
    assert get(mirror, "/acme/small/resolve/main/model.bin", Range="bytes=-50").content == BIG[-50:]


def test_without_the_other_hub_all_that_was_seen_is_there(tmp_path, other):
    commit = other.put("acme/small", FILES)
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        get(hub, "/acme/small/resolve/main/model.bin")
    with serving_hub(tmp_path, mirroring=mirroring("http://127.0.0.1:9")) as hub:
        assert get(hub, "/acme/small/resolve/main/model.bin").content == BIG  # the address is another: it is said
        assert "stale; upstream-refused" in get(hub, "/api/models/acme/small").headers["X-Junco-Mirror"]
    other.spoilt["/"] = lambda handler: send(handler, 500, b"broken")
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        answer = get(hub, "/acme/small/resolve/main/model.bin")
        assert answer.content == BIG
        assert answer.headers["X-Junco-Mirror"] == "stale; upstream-failed"
        assert "what was kept is used" in answer.headers["X-HF-Warning"]
        assert get(hub, f"/acme/small/resolve/{commit}/model.bin").headers["X-Junco-Mirror"] == "kept"
        answer = get(hub, "/acme/unseen/resolve/main/config.json")
        assert (answer.status_code, "answered 500" in answer.json()["error"]) == (502, True)
    with serving_hub(tmp_path) as hub:  # mirrors nothing any more
        assert get(hub, "/acme/small/resolve/main/model.bin").content == BIG


STOCK = """
    import json, os
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download
    api = HfApi()
    folder = snapshot_download("acme/small")
    path = hf_hub_download("acme/small", "model.bin")
    print(json.dumps({
        "files": sorted(os.listdir(folder)), "size": os.path.getsize(path), "sha": api.model_info("acme/small").sha,
        "again": sorted(api.list_repo_files("acme/small")),
        "refs": [b.name for b in api.list_repo_refs("acme/small").branches],
        "exists": [api.file_exists("acme/small", "none"), api.repo_exists("acme/none"), api.repo_exists("other/one")],
        "mirror": api.model_info("acme/small").mirror,
    }))
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A hub of junco's, and another that mirrors it."""
    with serving_hub(tmp_path_factory.mktemp("upstream")) as upstream:
        person = upstream.user("acme")
        options = mirroring(upstream.url)
        with serving_hub(tmp_path_factory.mktemp("mirror"), mirroring=options) as hub:
            yield upstream, person, hub


def test_the_stock_client_reads_another_hub_of_junco_s(pair, tmp_path):
    pytest.importorskip("huggingface_hub")
    upstream, person, hub = pair
    upstream.repository(person, "acme/small")
    pushed = upstream.push(person, "acme/small", FILES, parent=None, release="v1.0.0")
    assert run(hub, None, tmp_path, STOCK) == {
        "files": sorted(FILES), "size": len(BIG), "sha": pushed["commit"], "again": sorted(FILES), "refs": ["main"],
        "exists": [False, False, False], "mirror": upstream.url,
    }  # fmt: skip
    assert hub.ask("GET", "/repositories/acme/small")["downloads"] == 1


def test_junco_s_own_client_pulls_what_is_mirrored(pair, tmp_path, monkeypatch):
    from junco.hub.client.pulling import pull

    upstream, person, hub = pair
    upstream.repository(person, "acme/native")
    files = {"README.md": b"# Native\n", "a/vectors.onnx": os.urandom(2_000_000)}
    upstream.push(person, "acme/native", files, parent=None)
    upstream.push(person, "acme/native", {"README.md": b"# Released\n"}, release="v1.2.0")
    upstream.push(person, "acme/native", {"README.md": b"# Later\n"})
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JUNCO_HUB", hub.url)
    for name, text in (("acme/native", b"# Released\n"), ("acme/native@1.2.0", b"# Released\n"),
                       ("acme/native@main", b"# Later\n")):  # fmt: skip
        folder = pull(name)
        assert (folder / "README.md").read_bytes() == text
        assert (folder / "a/vectors.onnx").read_bytes() == files["a/vectors.onnx"]


LOAD = """
    import json, sys
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel, AutoTokenizer
    model = SentenceTransformer("acme/sentences", device="cpu")
    AutoTokenizer.from_pretrained("acme/sentences")
    plain = AutoModel.from_pretrained("acme/sentences")
    import timm
    pictures = timm.create_model("hf-hub:acme/pictures", pretrained=True).eval()
    with torch.no_grad():
        logits = pictures(torch.ones(1, 3, 32, 32)).flatten().tolist()
    print(json.dumps({"vector": model.encode("hello world").tolist()[:3], "size": plain.config.hidden_size,
                      "logits": logits}))
"""
MAKE = """
    import json, torch, timm
    from transformers import BertConfig, BertModel, BertTokenizerFast
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "hello", "world"]
    open("vocab.txt", "w").write("\\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(vocab_size=9, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained("bert")
    BertTokenizerFast("vocab.txt").save_pretrained("bert")
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer("bert", device="cpu")
    model.push_to_hub("acme/sentences")
    pictures = timm.create_model("resnet10t", num_classes=2, pretrained=False).eval()
    timm.models.push_to_hf_hub(pictures, "acme/pictures", model_config={"num_classes": 2})
    with torch.no_grad():
        logits = pictures(torch.ones(1, 3, 32, 32)).flatten().tolist()
    print(json.dumps({"vector": model.encode("hello world").tolist()[:3], "size": 32, "logits": logits}))
"""


@pytest.mark.slow
def test_libraries_load_models_through_it_and_again_without_the_other_hub(pair, tmp_path):
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("timm")
    upstream, person, hub = pair
    for name in ("make", "first", "second"):
        (tmp_path / name).mkdir()
    made = run(upstream, person, tmp_path / "make", MAKE)
    assert run(hub, None, tmp_path / "first", LOAD) == made
    for path in upstream.hub.store.glob("blobs/*/*/*"):
        path.unlink()  # the other hub has none of the bytes any more
    assert run(hub, None, tmp_path / "second", LOAD) == made


def test_two_clients_at_once_fetch_once(mirror, other):
    commit = other.put("acme/small", FILES)
    path = f"/acme/small/resolve/{commit}/model.bin"
    arrived, go_on = threading.Event(), threading.Event()

    def slowly(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BIG)))
        handler.end_headers()
        handler.wfile.write(BIG[:1_000_000])
        arrived.set()
        go_on.wait(20)
        handler.wfile.write(BIG[1_000_000:])

    other.spoilt[path] = slowly
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(get(mirror, "/acme/small/resolve/main/model.bin").content))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    arrived.wait(20)
    with mirror.client.stream("GET", path, headers={"Range": "bytes=0-999999"}) as early:
        assert b"".join(early.iter_raw()) == BIG[:1_000_000]  # what has come is read before the rest is there
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert answers == [BIG] * 5
    assert other.asked[path] == 1


def test_a_branch_that_moves_is_followed_and_its_past_stays(mirror, other):
    first = other.put("acme/small", FILES)
    assert get(mirror, "/acme/small/resolve/main/config.json").content == FILES["config.json"]
    second = other.put("acme/small", {**FILES, "config.json": b'{"a": 2}'})
    assert get(mirror, "/acme/small/resolve/main/config.json").content == b'{"a": 2}'
    assert get(mirror, f"/acme/small/resolve/{first}/config.json").content == FILES["config.json"]
    assert mirror.ask("GET", "/repositories/acme/small")["head"] == second
    assert get(mirror, "/acme/small/resolve/main/model.bin").content == BIG
    assert sum(n for path, n in other.asked.items() if path.endswith("/model.bin")) == 1


def test_tags_are_read_and_stay_where_they_were_seen(mirror, other):
    first = other.put("acme/small", FILES, branch="v1.0.0")
    other.put("acme/small", {**FILES, "config.json": b"[]"})
    for revision in ("v1.0.0", "latest", "1.0.0"):
        assert mirror.ask("GET", f"/repositories/acme/small/tree/{revision}")["commit"] == first
    assert mirror.ask("GET", "/repositories?q=small")["items"][0]["licence"] == "mit"  # main was not asked for yet
    other.put("acme/small", {"config.json": b"other"}, branch="v1.0.0")
    assert mirror.ask("GET", "/repositories/acme/small/tree/v1.0.0")["commit"] == first
    assert get(mirror, "/acme/small/resolve/nosuch/config.json").headers["X-Error-Code"] == "RevisionNotFound"


def test_a_mirrored_repository_is_marked_and_is_not_written_to(mirror, other):
    other.put("acme/small", FILES)
    alice = mirror.user("alice")
    get(mirror, "/acme/small/resolve/main/config.json")
    shown = mirror.ask("GET", "/repositories/acme/small")
    assert (shown["mirror"], shown["licence"]) == (other.url, "mit")
    found = mirror.ask("GET", "/repositories?q=small&mirror=true")["items"]
    assert [(each["name"], each["mirror"]) for each in found] == [("acme/small", other.url)]
    assert mirror.ask("GET", "/repositories?q=small&mirror=false")["items"] == []
    body = {"parent": "any", "add": [{"path": "a", "content": "YQ=="}]}
    for who in (alice, mirror.admin):
        mirror.ask("POST", "/repositories/acme/small/commits/main", who, json=body, status=403)
        mirror.ask("POST", "/repositories", who, json={"name": "acme/mine"}, status=403)
        mirror.ask("POST", "/repositories/acme/small/releases", who, json={"release": "v1.0.0"}, status=403)
    mirror.ask("POST", "/users", mirror.admin, json={"user": "acme", "password": "long enough, surely"}, status=409)
    mirror.ask("POST", "/organisations", alice, json={"name": "Acme"}, status=409)
    mirror.ask("PUT", "/repositories/acme/small/like", alice, status=204)


def test_an_admin_ends_a_mirrored_repository_for_good(mirror, other):
    other.put("acme/small", FILES)
    get(mirror, "/acme/small/resolve/main/config.json")
    mirror.ask("DELETE", "/admin/repositories/acme/small", mirror.admin, status=204)
    asked = sum(other.asked.values())
    assert get(mirror, "/acme/small/resolve/main/config.json").status_code == 401
    assert sum(other.asked.values()) == asked


def test_downloads_are_counted_once_a_day(mirror, other):
    other.put("acme/small", FILES)
    for _ in range(3):
        get(mirror, "/acme/small/resolve/main/model.bin", **{"X-HF-Download-Counter": "1"})
    assert mirror.ask("GET", "/repositories/acme/small")["downloads"] == 1


def test_what_is_kept_passes_the_check_and_the_backup(mirror, other, tmp_path):
    from junco.hub.server.backup import back_up
    from junco.hub.server.blobs.check import check
    from junco.hub.server.blobs.collect import collect

    other.put("acme/small", {**FILES, "more.bin": os.urandom(2_000_000)})
    get(mirror, "/acme/small/resolve/main/model.bin")
    assert list(check(mirror.hub)) == []
    assert collect(mirror.hub, 0, 0).blobs == 0
    back_up(mirror.hub.store, tmp_path / "copy")
    with serving_hub(tmp_path / "copy") as copy:
        assert get(copy, "/acme/small/resolve/main/model.bin").content == BIG
        answer = get(copy, "/acme/small/resolve/main/more.bin")
        assert (answer.status_code, "--mirror" in answer.json()["error"]) == (503, True)
    for path in mirror.hub.store.glob("blobs/*/*/*"):
        path.write_bytes(bytes(len(path.read_bytes())))
    damaged = {row.sha256 for row in check(mirror.hub)}
    assert sha(BIG) in damaged
    assert get(mirror, "/acme/small/resolve/main/model.bin").content == BIG  # it heals by itself


def test_a_namespace_of_somebody_here_is_never_mirrored(tmp_path, other):
    from junco.errors import InputError
    from junco.hub.server.hub import open_hub
    from junco.hub.server.mirror.mirror import Mirror

    with serving_hub(tmp_path) as hub:
        hub.user("alice")
    opened = open_hub(tmp_path, mirroring=mirroring(other.url, "Alice/*"))
    with pytest.raises(InputError, match="alice is a user of this hub"):
        Mirror(opened, opened.mirroring)
    opened.close()


def test_a_mirror_of_hugging_face_s_answers_holds_nothing_of_xet(mirror, other):
    other.put("acme/small", FILES)
    for path in ("/api/models/acme/small", "/api/models/acme/small/tree/main?recursive=true",
                 "/acme/small/resolve/main/model.bin", "/junco/v1/repositories/acme/small/tree/main"):  # fmt: skip
        answer = get(mirror, path)
        assert "xet" not in (answer.text if "json" in answer.headers["content-type"] else "").lower()
        assert "xet" not in json.dumps(dict(answer.headers)).lower()


def test_its_pages_are_shown_and_its_files_downloaded(mirror, other):
    other.put("acme/small", FILES)
    page = get(mirror, "/acme/small")
    assert page.status_code == 200
    assert "mirrored" in page.text
    assert "model.bin" in get(mirror, "/acme/small/tree/main").text
    assert get(mirror, "/acme/small/blob/main/model.bin").status_code == 200
    assert get(mirror, "/acme/small/download/main/model.bin").content == BIG
    assert get(mirror, "/acme/none").status_code in {401, 404}
    other.spoilt["/"] = lambda handler: send(handler, 500, b"broken")
    assert get(mirror, "/acme/small/tree/main").headers["X-Junco-Mirror"] == "stale; upstream-failed"
    assert get(mirror, "/acme/another").status_code == 502


def test_a_page_of_a_release_brings_it_however_its_version_is_written(mirror, other):
    other.put("acme/small", FILES, branch="v1.0.0")
    other.put("acme/small", {**FILES, "config.json": b"[]"})
    assert get(mirror, "/acme/small@1.0.0").status_code == 200
    assert get(mirror, "/acme/small@v1.0.0").status_code == 200
    assert get(mirror, "/acme/small@9.9.9").status_code == 404
