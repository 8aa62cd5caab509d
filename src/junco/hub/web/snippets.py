"""How to use a repository: lines to copy, with its commit, so that they mean the same for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from junco.hub.web.about import About
from junco.hub.web.drawings import Pipeline

_FILES = {
    "image": "photo.jpg",
    "face": "photo.jpg",
    "object": "photo.jpg",
    "video": "video.mp4",
    "audio": "sound.wav",
    "speaker": "sound.wav",
    "document": "pages.pdf",
}
"""A file to try a pipeline with, by what its family's name begins with."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to copy.

    Attributes:
        title: what they are for; a text of `words`.
        text: the lines.
    """

    title: str
    text: str


def snippets(shown: About, address: str, pipeline: Pipeline) -> list[Snippet]:
    """What one copies to use a repository.

    Args:
        shown: it, at a revision with a commit.
        address: of the hub.
        pipeline: that it is, where it is one.
    """
    assert shown.commit is not None
    pinned = f"{shown.name}@{shown.commit.oid}"
    found = [*_in_python(shown, address, pinned, pipeline)]
    found.append(Snippet("On the command line", f"junco hub login {address}\njunco hub pull {pinned}"))
    if shown.repository.signed:
        found.append(Snippet("Whose it is, by a key that you trust", f"junco hub verify {pinned} --key THEIRS.pub"))
    return found


def _in_python(shown: About, address: str, pinned: str, pipeline: Pipeline) -> Iterator[Snippet]:
    kind = shown.repository.kind
    if kind == "pipeline":
        given = ", ".join(_example(name, shown.repository.family or "") for name in pipeline.inputs) or "…"
        made = ", ".join(pipeline.outputs) or "result"
        lines = f'from junco import pipeline\n\np = pipeline("{pinned}")\n{made} = p({given})'
        yield Snippet("In Python", lines)
    elif kind in {"operator", "tuned-operator"}:
        yield Snippet("In Python", f'from junco import ops\n\nembed = ops["{pinned}"]()')
        if any(file.path.endswith(".py") for file in shown.files):
            yield Snippet("Its code runs only after your word: read it first", f"junco hub trust {pinned}")
    elif kind == "model":
        assert shown.commit is not None
        lines = f'    revision="{shown.commit.oid}",\n    endpoint="{address}"'
        lines = f'folder = snapshot_download("{shown.name}",\n{lines})'
        yield Snippet("With Hugging Face's client", f"from huggingface_hub import snapshot_download\n\n{lines}")


def _example(column: str, family: str) -> str:
    """What one may give for a column: a file of the family's own, or the column's name."""
    if column == "text":
        return '"a sentence"'
    file = next((file for start, file in _FILES.items() if family.startswith(start)), None)
    return f'"{file}"' if file is not None and column in {"path", "url"} else column
