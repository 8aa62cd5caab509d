"""Repositories, files and commits in the shapes that Hugging Face's clients read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.hub.content.findings import pointer, pointer_id
from junco.hub.server.clock import stamp_of_hf
from junco.hub.server.repos.counts import trending
from junco.hub.server.repos.revisions import File
from junco.hub.server.tables.files import Commit, Repository


def etag(file: File) -> str:
    """By which clients know a file in their caches."""
    return file.sha256 if file.large else file.git_id or file.sha256


def file_entry(file: File) -> dict[str, Any]:
    """A file of a tree."""
    entry: dict[str, Any] = {"type": "file", "path": file.path, "size": file.size}
    if not file.large:
        return {**entry, "oid": etag(file)}
    lfs = {"oid": file.sha256, "size": file.size, "pointerSize": len(pointer(file.sha256, file.size))}
    return {**entry, "oid": pointer_id(file.sha256, file.size), "lfs": lfs}


def folder_entry(path: str, oid: str) -> dict[str, Any]:
    """A folder of a tree."""
    return {"type": "directory", "path": path, "size": 0, "oid": oid}


def model(
    repository: Repository, namespace: str, commit: Commit | None, files: Sequence[File] | None
) -> dict[str, Any]:
    """A repository, as a model."""
    name = f"{namespace}/{repository.name}"
    shown: dict[str, Any] = {
        "_id": f"{repository.id:024x}",
        "id": name,
        "modelId": name,
        "author": namespace,
        "sha": commit.oid if commit else None,
        "lastModified": stamp_of_hf(repository.updated),
        "createdAt": stamp_of_hf(repository.created),
        "private": repository.private,
        "gated": False,
        "disabled": False,
        "downloads": repository.downloads,
        "likes": repository.likes,
        "trendingScore": trending(repository.heat),
        "tags": _tags(repository),
        "pipeline_tag": repository.task,
        "library_name": _library(repository),
        **({"mirror": repository.upstream} if repository.upstream is not None else {}),
    }
    if files is not None:
        shown["siblings"] = [_sibling(file) for file in files]
    return shown


def _sibling(file: File) -> dict[str, Any]:
    entry = file_entry(file)
    shown = {"rfilename": file.path, "size": file.size, "blobId": entry["oid"]}
    return shown | ({"lfs": {"sha256": file.sha256, **entry["lfs"]}} if file.large else {})


def _tags(repository: Repository) -> list[str]:
    of_ours = [f"junco:{repository.kind}"] if repository.kind != "model" else []
    of_ours += [f"family:{repository.family}"] if repository.family else []
    of_ours += [f"license:{repository.licence}"] if repository.licence else []
    return list(dict.fromkeys([*repository.tags, *of_ours]))


def _library(repository: Repository) -> str | None:
    if repository.kind != "model":
        return "junco"
    return next((tag for tag in ("sentence-transformers", "transformers", "timm") if tag in repository.tags), None)


def commit_entry(commit: Commit, parent: str | None) -> dict[str, Any]:
    """A commit of a history."""
    title, _, message = commit.message.partition("\n\n")
    return {
        "id": commit.oid,
        "title": title,
        "message": message,
        "date": stamp_of_hf(commit.created),
        "authors": [{"user": commit.author}],
        "parents": [parent] if parent else [],
    }
