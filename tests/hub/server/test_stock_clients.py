"""Hugging Face's own clients, unchanged, against a hub: in processes of their own, with ``HF_ENDPOINT``."""

from __future__ import annotations

import subprocess
import sys

import pytest
from clients import run

pytest.importorskip("huggingface_hub")


ALL = """
    import json, os, hashlib, io
    from huggingface_hub import HfApi, CommitOperationAdd, CommitOperationDelete, hf_hub_download, snapshot_download
    from huggingface_hub.errors import (
        EntryNotFoundError, RepositoryNotFoundError, HfHubHTTPError, RevisionNotFoundError)
    repo = REPO
    api = HfApi()
    seen = {"name": api.whoami()["name"]}
    api.create_repo(repo)
    api.create_repo(repo, exist_ok=True)
    api.upload_file(path_or_fileobj=b"---\\nlicense: mit\\n---\\n# Hello\\n", path_in_repo="README.md", repo_id=repo)
    big = os.urandom(1_200_003)
    open("big.bin", "wb").write(big)
    api.upload_file(path_or_fileobj="big.bin", path_in_repo="big.bin", repo_id=repo)
    api.upload_file(path_or_fileobj=io.BytesIO(big), path_in_repo="same.bin", repo_id=repo)
    os.makedirs("folder/a", exist_ok=True)
    open("folder/a/b.txt", "w").write("图像")
    open("folder/config.json", "w").write("{}")
    data = big * 5
    open("folder/model.bin", "wb").write(data)
    api.upload_folder(folder_path="folder", repo_id=repo)
    seen["commits"] = len(api.list_repo_commits(repo))
    api.upload_folder(folder_path="folder", repo_id=repo)
    seen["commits again"] = len(api.list_repo_commits(repo))
    changed = data[:3_000_000] + b"changed" + data[3_000_000:]
    open("folder/model.bin", "wb").write(changed)
    api.upload_folder(folder_path="folder", repo_id=repo)
    api.create_commit(repo, commit_message="m", operations=[
        CommitOperationAdd("c.txt", b"c"), CommitOperationDelete("same.bin")])
    api.create_tag(repo, tag="v1.0.0")
    api.create_branch(repo, branch="other")
    refs = api.list_repo_refs(repo)
    seen["refs"] = [[r.name for r in refs.branches], [r.name for r in refs.tags]]
    info = api.model_info(repo)
    seen["info"] = [info.id, info.private, len(info.sha), sorted(s.rfilename for s in info.siblings)]
    seen["files"] = sorted(api.list_repo_files(repo))
    seen["paths"] = [type(p).__name__ for p in api.get_paths_info(repo, ["a", "big.bin", "none"])]
    seen["found"] = [m.id for m in api.list_models(search=repo.split("/")[1], sort="downloads")]
    assert open(hf_hub_download(repo, "big.bin"), "rb").read() == big
    folder = snapshot_download(repo, revision="v1.0.0")
    assert open(folder + "/model.bin", "rb").read() == changed
    assert open(folder + "/a/b.txt").read() == "图像"
    seen["exists"] = [api.file_exists(repo, "c.txt"), api.file_exists(repo, "d.txt"), api.repo_exists("alice/none")]
    for error, call in (
        (EntryNotFoundError, lambda: hf_hub_download(repo, "none.json")),
        (RevisionNotFoundError, lambda: hf_hub_download(repo, "c.txt", revision="none")),
        (RepositoryNotFoundError, lambda: hf_hub_download("alice/none", "c.txt")),
        (HfHubHTTPError, lambda: api.delete_tag(repo, tag="v1.0.0")),
        (HfHubHTTPError, lambda: api.create_commit(
            repo, operations=[CommitOperationAdd("d", b"d")], commit_message="m",
            parent_commit=api.list_repo_commits(repo)[-1].commit_id)),
    ):
        try:
            call()
        except error:
            continue
        raise AssertionError(error)
    api.delete_branch(repo, branch="other")
    api.update_repo_settings(repo, private=True)
    seen["private"] = api.model_info(repo).private
    api.delete_repo(repo)
    seen["gone"] = not api.repo_exists(repo)
    print(json.dumps(seen))
"""


def check(seen, repo):
    assert seen["name"] == "alice"
    assert (seen["commits"], seen["commits again"]) == (4, 4)
    assert seen["refs"] == [["main", "other"], ["v1.0.0"]]
    files = ["README.md", "a/b.txt", "big.bin", "c.txt", "config.json", "model.bin"]
    assert seen["info"] == [repo, False, 40, files]
    assert seen["files"] == files
    assert seen["paths"] == ["RepoFolder", "RepoFile"]
    assert seen["found"] == [repo]
    assert seen["exists"] == [True, False, False]
    assert seen["private"]
    assert seen["gone"]


def test_the_newest_client_does_all_by_xet(hub, alice, tmp_path):
    check(run(hub, alice, tmp_path, ALL.replace("REPO", "'alice/by-xet'", 1)), "alice/by-xet")


def test_the_newest_client_does_all_by_lfs(hub, alice, tmp_path):
    code = ALL.replace("REPO", "'alice/by-lfs'", 1)
    check(run(hub, alice, tmp_path, code, HF_HUB_DISABLE_XET="1"), "alice/by-lfs")


@pytest.fixture(scope="module", params=["0.36.0", "1.10.1"])
def older(request, tmp_path_factory):
    """The Python of an environment with an older client; skipped where none can be made."""
    pytest.importorskip("uv")
    folder = tmp_path_factory.mktemp("client")
    for words in (
        ["venv", "-q", "--python", sys.executable, str(folder)],
        ["pip", "install", "-q", "--python", f"{folder}/bin/python", f"huggingface_hub=={request.param}"],
    ):
        if subprocess.run(
            [sys.executable, "-m", "uv", *words], check=False, capture_output=True, timeout=300
        ).returncode:
            pytest.skip(f"huggingface_hub {request.param} cannot be installed from here")
    return f"{folder}/bin/python"


@pytest.mark.slow
def test_older_clients_do_all(hub, alice, tmp_path, older):
    name = f"alice/by-{tmp_path.name[-12:].replace('_', '').replace('-', '').strip('.')}"
    check(run(hub, alice, tmp_path, ALL.replace("REPO", repr(name), 1), python=older), name)
