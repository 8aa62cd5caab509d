"""The YAML pen: text → `Graph` with line and column kept for errors, and `Graph` → text.

Only plain YAML is read: no tags, anchors or aliases, no duplicate keys, and not more than a file of this kind can
sensibly hold. Reading imports no operator and fetches nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.errors import YamlError
from junco.graph.nodes import Graph
from junco.graph.yaml_reader import Reader
from junco.graph.yaml_text import MAX_BYTES, parse, plain, read_text
from junco.graph.yaml_writer import written


def read_file(path: Path) -> Graph:
    """Read a pipeline file; its relative paths mean from the folder that it lies in.

    Raises:
        YamlError: the file is missing, no text, or says something that a pipeline cannot be; with file, line, column.
    """
    return read(read_text(path), str(path), path.parent)


def read(text: str, file: str = "<string>", folder: Path | None = None) -> Graph:
    """Read a pipeline from text.

    Args:
        text: YAML.
        file: what errors call it.
        folder: where its relative paths (``./…``, ``../…``) mean from; ``None`` leaves them as they are.

    Raises:
        YamlError: with file, line and column.
    """
    if len(text) > MAX_BYTES:
        raise YamlError(f"a pipeline file has at most {MAX_BYTES:,} bytes", file)
    return Reader(file, folder).graph(parse(text, file))


def read_value(text: str) -> Any:
    """One YAML value, as a parameter stands in a file."""
    return plain(parse(text, "<value>"))


def write(graph: Graph, folder: Path | None = None) -> str:
    """A graph as text, so that ``read(write(graph)) == graph``.

    Args:
        graph: of operators and pipelines of operators.
        folder: where the file will lie: paths beneath it become relative, so that the folder can be moved.

    Raises:
        GraphError: a step holds a Python function, which cannot stand in a file.
    """
    return written(graph, folder)
