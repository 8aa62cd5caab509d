"""How to use a repository: lines to copy, with its commit, so that they mean the same for ever."""

from __future__ import annotations

from dataclasses import dataclass

from junco.hub.web.about import About


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to copy.

    Attributes:
        title: what they are for; a text of `words`.
        text: the lines.
    """

    title: str
    text: str


def snippets(shown: About, address: str) -> list[Snippet]:
    """What one copies to use a repository.

    Args:
        shown: it, at a revision with a commit.
        address: of the hub.
    """
    assert shown.commit is not None
    pinned = f"{shown.name}@{shown.commit.oid}"
    pull = Snippet("On the command line", f"junco hub login {address}\njunco hub pull {pinned}")
    kind = shown.repository.kind
    if kind == "pipeline":
        return [
            Snippet("In Python", f'from junco import pipeline\n\np = pipeline("{pinned}")\nvector = p("photo.jpg")'),
            pull,
        ]
    if kind in {"operator", "tuned-operator"}:
        use = Snippet("In Python", f'from junco import ops\n\nembed = ops["{pinned}"]()')
        has_code = any(file.path.endswith(".py") for file in shown.files)
        trust = Snippet("Its code runs only after your word: read it first", f"junco hub trust {pinned}")
        return [use, *([trust] if has_code else []), pull]
    if kind == "model":
        lines = (
            "from huggingface_hub import snapshot_download\n\n"
            f'folder = snapshot_download("{shown.name}",\n    revision="{shown.commit.oid}",\n    endpoint="{address}")'
        )
        return [Snippet("With Hugging Face's client", lines), pull]
    return [pull]
