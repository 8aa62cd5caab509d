"""How a repository stands in a pipeline, so that commands which want a pipeline take it: lines to be copied."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from junco.errors import JuncoError
from junco.graph.nodes import Graph
from junco.hub.server.hub import Hub
from junco.hub.web.about import About
from junco.hub.web.drawings import Pipeline, pipeline_of
from junco.hub.web.preview import text_of
from junco.operator import registry

_FOLDER_FILE, _FLOW = "operator.json", "flow.yaml"
_MOST_LETTERS = 40_000
_ITS_OPTIONS = re.compile(r", with: \{[^{}]*\}")
_HEAD = ("name:", "family:", "description:", "license:", "main:")


@dataclass(frozen=True, slots=True)
class Standing:
    """What commands take for a repository.

    Attributes:
        pipeline: a name, or a file that `before` writes.
        options: behind a command's other words: ``" -p tuned=./leaves"``, or nothing.
        before: lines that come first.
        inputs: the columns that the pipeline takes.
        outputs: those that it gives.
    """

    pipeline: str
    options: str = ""
    before: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def standing(hub: Hub, shown: About, version: str) -> Standing | None:
    """How a repository stands in a pipeline; ``None`` for what stands in none that is known here.

    A pipeline is one. A tuned operator takes the place of the weights in its family's pipeline, where it was made of
    what runs there; any other operator is a step of that pipeline, written down.

    Args:
        hub: whose files are read.
        shown: it, at a revision.
        version: its name with the version that is meant: ``alice/leaves@1.0.0``.
    """
    kind, family = shown.repository.kind, shown.repository.family
    if kind == "pipeline":
        told = pipeline_in(hub, shown)
        return Standing(version, inputs=told.inputs, outputs=told.outputs)
    if kind == "tuned-operator":
        name, params = _tuned_of(hub, shown)
        family = name.partition(".")[0] if name in registry.names() else family
        graph = _default_of(family or "")
        if graph is not None and _runs_there(graph, name, params):
            folder = f"./{shown.repository.name}"
            before = f"junco hub pull {version} --to {folder}\n"
            return Standing(family or "", f" -p tuned={folder}", before, graph.inputs, graph.outputs)
    if kind in {"operator", "tuned-operator"} and (graph := _default_of(family or "")) is not None:
        trust = f"junco hub trust {version}\n" if has_code(shown) else ""
        before = f"{trust}cat > {_FLOW} <<'END'\n{_flow(graph, version)}END\n"
        return Standing(_FLOW, before=before, inputs=graph.inputs, outputs=graph.outputs)
    return None


def has_code(shown: About) -> bool:
    """Whether it has Python, which runs after somebody's word alone."""
    return any(file.path.endswith(".py") for file in shown.files)


def pipeline_in(hub: Hub, shown: About) -> Pipeline:
    """The pipeline that a repository's file says; an empty one where there is none."""
    manifest = shown.file("pipeline.yaml")
    return pipeline_of(text_of(hub, manifest)) if manifest is not None else Pipeline()


def _tuned_of(hub: Hub, shown: About) -> tuple[str, dict[str, Any]]:
    """The operator that was tuned, and its parameters; nothing where the file does not say."""
    file = shown.file(_FOLDER_FILE)
    if file is None or file.size > _MOST_LETTERS:
        return "", {}
    try:
        told: Any = json.loads(text_of(hub, file))
        return str(told["operator"])[:200], dict(told.get("params") or {})
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", {}


@lru_cache(maxsize=64)
def _default_of(family: str) -> Graph | None:
    """The pipeline that stands for a family of pipelines and has a step of the operators' family of that name."""
    from junco.catalog.find import find

    known = registry.families("pipeline").get(family)
    if known is None:
        return None
    try:
        graph = find(known.default)
    except JuncoError:
        return None
    return graph if graph.main and _main_of(graph)[0].startswith(f"{family}.") else None


def _main_of(graph: Graph) -> tuple[str, dict[str, Any]]:
    """The operator of a pipeline's main step, and the parameters that stand there."""
    callee = graph.node(graph.main or "").callee
    return (callee.name, dict(callee.spec.params)) if callee is not None and callee.spec is not None else ("", {})


def _runs_there(graph: Graph, name: str, params: dict[str, Any]) -> bool:
    """Whether a tuned operator may take the place of the main step's weights: the same, of the same model."""
    there, given = _main_of(graph)
    return name == there and all(params.get(key, value) == value for key, value in given.items())


def _flow(graph: Graph, version: str) -> str:
    """A pipeline's file in which the main step is a repository's."""
    from junco.graph import yaml_file

    name, _ = _main_of(graph)
    lines = [line for line in yaml_file.write(graph).splitlines() if not line.startswith(_HEAD)]
    made = [
        _ITS_OPTIONS.sub("", line).replace(f": {name},", f": {version},", 1) if f": {name}," in line else line
        for line in lines
    ]
    return "".join(f"{line}\n" for line in made)
