"""How to use a repository: lines to copy, by its release, and by its commit, which means the same for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from junco.hub.web.about import About
from junco.hub.web.standing import Standing, has_code

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


_FOLDERS = {"video": "videos", "audio": "sounds", "speaker": "sounds", "document": "documents"}
"""A folder to embed, by what its family's name begins with; photos for the others."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to copy.

    Attributes:
        title: what they are for; a text of `words`.
        text: the lines.
    """

    title: str
    text: str


def version_of(shown: About) -> str:
    """A repository's name with the version that is best named: the release that is shown, or the latest; else a commit.

    Args:
        shown: it, at a revision with a commit.
    """
    assert shown.commit is not None
    release = _release(shown)
    return f"{shown.name}@{release.removeprefix('v') if release else shown.commit.oid}"


def snippets(shown: About, address: str, stands: Standing | None) -> list[Snippet]:
    """What one copies to use a repository.

    Args:
        shown: it, at a revision with a commit.
        address: of the hub.
        stands: how it stands in a pipeline, where it does.
    """
    version = version_of(shown)
    found = [*_in_python(shown, address, version, stands)]
    lines = [f"junco hub login {address}", *_commands(shown, stands)]
    if len(lines) == 1 or stands is None or not stands.before:
        lines.insert(1, f"junco hub pull {version}")
    found.append(Snippet("On the command line", "\n".join(lines)))
    if shown.repository.signed:
        found.append(Snippet("Whose it is, by a key that you trust", f"junco hub verify {version} --key THEIRS.pub"))
    return found


def measuring(shown: About, stands: Standing | None) -> str | None:
    """The commands that measure a repository and send what was found; ``None`` for what is no operator or pipeline.

    Args:
        shown: it, at a revision with a commit.
        stands: how it stands in a pipeline, where it does.
    """
    if shown.commit is None or shown.repository.kind not in {"operator", "tuned-operator", "pipeline"}:
        return None
    version, stands = version_of(shown), stands or Standing("YOUR-PIPELINE.yaml")
    evaluated = f"{stands.before}junco evaluate {stands.pipeline} DATA{stands.options} --json > report.json\n"
    return f"{evaluated}junco hub report {version} report.json --data 'WHAT THE DATA IS CALLED'"


def _release(shown: About) -> str | None:
    """The release that is named: of the commit that is shown; beside the main branch the latest."""
    return shown.release or (shown.latest if shown.revision == "main" else None)


def _in_python(shown: About, address: str, version: str, stands: Standing | None) -> Iterator[Snippet]:
    kind = shown.repository.kind
    if kind == "pipeline":
        inputs, outputs = (stands.inputs, stands.outputs) if stands is not None else ((), ())
        given = ", ".join(_example(name, shown.repository.family or "") for name in inputs) or "…"
        made = ", ".join(outputs) or "result"
        yield Snippet("In Python", f'from junco import pipeline\n\np = pipeline("{version}")\n{made} = p({given})')
    elif kind in {"operator", "tuned-operator"}:
        yield Snippet("In Python", f'from junco import ops\n\nembed = ops["{version}"]()')
        if has_code(shown):
            yield Snippet("Its code runs only after your word: read it first", f"junco hub trust {version}")
    elif kind == "model":
        assert shown.commit is not None
        lines = f'    revision="{_release(shown) or shown.commit.oid}",\n    endpoint="{address}"'
        lines = f'folder = snapshot_download("{shown.name}",\n{lines})'
        yield Snippet("With Hugging Face's client", f"from huggingface_hub import snapshot_download\n\n{lines}")


def _commands(shown: About, stands: Standing | None) -> list[str]:
    """What runs it on one input, and on many."""
    if stands is None or not stands.inputs:
        return []
    family = shown.repository.family or ""
    given = " ".join(_example(name, family) for name in stands.inputs)
    made = [*stands.before.splitlines(), f"junco run {stands.pipeline} {given}{stands.options}"]
    if len(stands.inputs) == 1 and "vector" in stands.outputs:
        many = next((name for start, name in _FOLDERS.items() if family.startswith(start)), "photos")
        many = "texts.txt" if stands.inputs == ("text",) else many
        made.append(f"junco embed {stands.pipeline} {many} --to vectors.parquet{stands.options}")
    return made


def _example(column: str, family: str) -> str:
    """What one may give for a column: a file of the family's own, or the column's name."""
    if column == "text":
        return '"a sentence"'
    file = next((file for start, file in _FILES.items() if family.startswith(start)), None)
    return f'"{file}"' if file is not None and column in {"path", "url"} else column
