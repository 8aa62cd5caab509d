"""`begin`: a small, complete folder of each kind, which passes `check` as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from junco.errors import ParameterError, TargetError
from junco.graph.yaml_text import dump
from junco.hub.artefact import templates
from junco.hub.artefact.card import card_text
from junco.hub.artefact.fields import is_family, is_member
from junco.operator.extras import check_packages
from junco.operator.licences import check_licence
from junco.settings import user_path
from junco.wording import picture

KINDS = ("tuned-operator", "pipeline", "operator", "pipeline-family", "operator-family", "dataset")


def begin(kind: str, name: str, folder: str | Path | None = None, *, licence: str = "apache-2.0") -> Path:
    """Write a new folder.

    Args:
        kind: one of `KINDS`.
        name: in lower case, with hyphens; of an operator ``family.member``, whose family is ``image-embedding`` where
            none is named.
        folder: where; ``None``: a new folder of that name in the working folder.
        licence: under which it is shared.

    Returns:
        The folder.

    Raises:
        ParameterError: there is no such kind, or nothing may be called so.
        TargetError: something is there already, or it cannot be written.
    """
    if kind not in KINDS:
        raise ParameterError(f"{picture(kind)} is none of {', '.join(KINDS)}")
    check_licence(licence)
    name = f"image-embedding.{name}" if kind == "operator" and is_family(name) else name
    if not (is_member(name) if kind == "operator" else is_family(name)):
        like = "family.member" if kind == "operator" else "a word in lower case, with hyphens: my-flowers"
        raise ParameterError(f"no {kind} is called {picture(name)}: {like}")
    target = (user_path(folder) if folder is not None else Path.cwd() / name.rpartition(".")[2]).absolute()
    if target.is_symlink() or target.exists():
        raise TargetError(f"{target} is there already: give it another name, or move it away")
    _BEGINNINGS[kind](target, name, licence)
    return target


def _write(target: Path, files: Mapping[str, str]) -> None:
    try:
        for path, text in files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(text, "utf-8")
    except OSError as error:
        raise TargetError(f"{target} cannot be written: {error.strerror or error}") from None


def _pipeline(target: Path, name: str, licence: str) -> None:
    card = card_text(
        name, "pipeline", "image-embedding", licence, templates.PIPELINE_CARD.format(name=name, licence=licence)
    )
    _write(target, {"pipeline.yaml": templates.PIPELINE.format(name=name, licence=licence), "README.md": card})


def _tuned(target: Path, name: str, licence: str) -> None:
    check_packages({"safetensors": "train"}, "a tuned operator")
    import numpy as np

    from junco.neural.tuned import write_tuned

    head, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(1280, 64)))  # the seed makes it the same everywhere
    manifest: dict[str, Any] = {
        "operator": "image-embedding.efficientnet-lite",
        "params": {},
        "scope": "head",
        "goal": "none yet: a random projection, as training begins with",
        "parent": None,
    }
    write_tuned(target, manifest, {"head.weight": np.ascontiguousarray(head.T, np.float32)})
    body = templates.TUNED_CARD.format(name=name, licence=licence)
    _write(target, {"README.md": card_text(name, "tuned-operator", "image-embedding", licence, body)})


def _operator(target: Path, name: str, licence: str) -> None:
    family, _, member = name.partition(".")
    stem = f"{member.replace('-', '_')}_operator"
    title = "".join(part.capitalize() for part in member.replace("_", "-").split("-"))
    words = {"name": name, "family": family, "member": member, "file": f"{stem}.py", "title": title, "stem": stem}
    words["licence"] = licence
    manifest = {
        "kind": "operator",
        "name": name,
        "summary": "the mean colour of a picture, scaled to length 1 or not",
        "license": licence,
        "inputs": {"image": "uint8 RGB (height, width, 3)"},
        "outputs": {"vector": "float32 (3)"},
        "parameters": {"normalize": False},
        "code": [f"{stem}.py"],
        "tests": [f"tests/test_{stem}.py"],
        "entry": f"{stem}.py:{title}",
        "golden": {"file": "golden.json", "tolerance": 1e-05},
        "lineage": {"weights": "none", "data": "none"},
        "requirements": ["numpy"],
    }
    _write(
        target,
        {
            "operator.yaml": dump(manifest, flow=False),
            f"{stem}.py": templates.OPERATOR.format(**words),
            f"tests/test_{stem}.py": templates.OPERATOR_TEST.format(**words),
            "golden.json": templates.GOLDEN,
            "README.md": card_text(name, "operator", family, licence, templates.OPERATOR_CARD.format(**words)),
        },
    )


def _family(of: str) -> Callable[[Path, str, str], None]:
    def write(target: Path, name: str, licence: str) -> None:
        manifest = {
            "kind": "family",
            "name": name,
            "of": of,
            "summary": f"a picture → one vector: what every {of} of it takes and gives",
            "license": licence,
            "inputs": {"path": "path"} if of == "pipeline" else {"image": "uint8 RGB (height, width, 3)"},
            "outputs": {"vector": "float32 (dim)"},
            "parameters": [],
            "cases": [
                {"name": "a picture has a vector", "input": "cases/red.png", "finite": True},
                {"name": "the same twice", "input": "cases/red.png", "same_as": "cases/red.png"},
                {"name": "others differ", "input": "cases/red.png", "unlike": "cases/blue.png"},
            ],
        }
        body = templates.FAMILY_CARD.format(name=name, of=of, a="an" if of == "operator" else "a", licence=licence)
        card = card_text(name, "family", name, licence, body)
        _write(target, {"family.yaml": dump(manifest, flow=False), "README.md": card})
        (target / "cases").mkdir()
        for colour, pixel in (("red", b"\xff\0\0"), ("blue", b"\0\0\xff")):
            (target / "cases" / f"{colour}.png").write_bytes(templates.png(pixel))

    return write


def _dataset(target: Path, name: str, licence: str) -> None:
    manifest = {
        "kind": "dataset",
        "name": name,
        "summary": "two pictures of two classes, to be replaced by yours",
        "license": licence,
        "task": "image-classification",
        "modalities": ["image"],
        "items": 2,
        "classes": 2,
    }
    card = card_text(name, "dataset", "", licence, templates.DATASET_CARD.format(name=name, licence=licence))
    _write(target, {"dataset.yaml": dump(manifest, flow=False), "README.md": card})
    for colour, pixel in (("red", b"\xff\0\0"), ("blue", b"\0\0\xff")):
        (target / colour).mkdir()
        (target / colour / "1.png").write_bytes(templates.png(pixel))


_BEGINNINGS: dict[str, Callable[[Path, str, str], None]] = {
    "tuned-operator": _tuned,
    "pipeline": _pipeline,
    "operator": _operator,
    "pipeline-family": _family("pipeline"),
    "operator-family": _family("operator"),
    "dataset": _dataset,
}
