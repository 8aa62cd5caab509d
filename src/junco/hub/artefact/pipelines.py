"""A pipeline as an artefact: ``pipeline.yaml``, with what its steps take from a hub pinned in ``junco.lock``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from junco.errors import JuncoError
from junco.graph import yaml_file
from junco.graph.nesting import bare_graph
from junco.graph.nodes import Graph
from junco.graph.yaml_head import read_head
from junco.graph.yaml_text import parse, plain, read_text
from junco.hub.artefact.kinds import LOCK
from junco.hub.artefact.lock_file import read_lock
from junco.operator.hub_names import is_hub_name

FILE = "pipeline.yaml"


def check_pipeline(folder: Path, paths: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """What a pipeline's file says, and what is wrong with it and its lock. No operator is imported.

    Raises:
        YamlError: its file is none of a pipeline.
    """
    head = read_head(folder / FILE)
    problems = [f"it is a pipeline, which has no code: {path}" for path in paths if path.endswith(".py")]
    used = hub_names_of(yaml_file.read_file(folder / FILE))
    try:
        lock = read_lock(folder)
    except JuncoError as error:
        return head, [*problems, str(error)]
    pins = lock.pins if lock is not None else {}
    problems += [
        f"{name} is not pinned in {LOCK}: 'junco hub lock {folder}' does it" for name in used if name not in pins
    ]
    problems += [
        f"{LOCK} pins {name}, which no step names: 'junco hub lock' leaves it out" for name in pins if name not in used
    ]
    return {**head, "steps": plain(parse(read_text(folder / FILE), FILE)).get("steps")}, problems


def hub_names_of(graph: Graph) -> list[str]:
    """What the steps of a graph take from a hub, also in pipelines within it, sorted."""
    return sorted(set(_names(graph)))


def _names(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        if (inner := bare_graph(node)) is not None:
            yield from _names(inner)
        elif (spec := node.spec) is not None and is_hub_name(spec.name):
            yield spec.name
