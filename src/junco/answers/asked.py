"""How a question becomes vectors: through the pipeline that made the set, or through the part of it that fits.

What the pipeline takes goes through all of it. A phrase or a picture that is asked of a set of pieces (chunks of
documents, frames and objects of videos) enters where the pieces do, at the step that makes their vectors. That step
has the role of a query, where its model knows one, and gives float32 numbers, whatever the set stores.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from junco.api import Pipeline
from junco.errors import InputError
from junco.graph.nodes import GROUPING, Graph, Node
from junco.operator.ports import accepts, is_vector
from junco.operator.spec import OperatorSpec
from junco.types import Image, Space, Vectors
from junco.types.space import PRECISION, check_same
from junco.wording import picture

_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"})
_FLOATS = "float32"
_CURE = "Ask with what the set was made with: the operators, their weights or their versions are others now."


@dataclass(frozen=True, slots=True)
class Maker:
    """The pipeline that made a set, as it is asked.

    Attributes:
        graph: with the vectors as its only output, and with the role of a query.
        embedding: the step that makes the vectors, of something that is none; ``None`` where that is no operator.
        pipelines: those that questions went through so far, by the kind of question.
    """

    graph: Graph
    embedding: Node | None
    pipelines: dict[str, Pipeline] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, vectors: str) -> Maker:
        """Of a pipeline, and the output column that holds the vectors."""
        found = [node for node in graph.nodes if _makes_vectors(node) and not _is_after(node)]
        asking = vectors_alone(graph, vectors)
        asking = replace(asking, nodes=tuple(node for node in graph.nodes if not _quantizes(node)))
        if not found:
            return cls(asking, None)
        embedding = replace(found[-1], fn=_with(found[-1], role="query", precision=_FLOATS))
        return cls(asking.with_node(embedding), embedding)

    @property
    def takes_text(self) -> bool:
        """Whether what the pipeline takes is text itself, not a place where some is."""
        first = next((node for node in self.graph.nodes if set(node.inputs) & set(self.graph.inputs)), None)
        return first is not None and first is self.embedding and _takes(first, str)

    def pipeline_for(self, question: Any) -> Pipeline:
        """The pipeline that a question goes through.

        Raises:
            InputError: the set's model takes no such question.
        """
        if not self.takes_text and _is_phrase(question):
            return self._kept("phrase", lambda: self._from_pieces(question, str, ()))
        if not self.takes_text and _is_picture(question) and self._takes_videos():
            decode = Node("map", "decode", ("question",), ("question",), OperatorSpec.named("image-decode.pil", {}))
            return self._kept("picture", lambda: self._from_pieces(question, Image, (decode,)))
        return self._kept("item", lambda: self.graph)

    def _kept(self, kind: str, graph: Callable[[], Graph]) -> Pipeline:
        if kind not in self.pipelines:
            self.pipelines[kind] = Pipeline(graph())
        return self.pipelines[kind]

    def _from_pieces(self, question: Any, kind: Any, before: tuple[Node, ...]) -> Graph:
        """The steps from the one that makes vectors of pieces on, for one piece."""
        embedding = self.embedding
        if embedding is None or not _takes(embedding, kind):
            what, model = "texts" if kind is str else "pictures", embedding.fn if embedding else self.graph.name
            raise InputError(
                f"{picture(question)}: what made this set ({model}) takes no {what}, and there is no file of that name"
            )
        fn = _with(embedding, modality="text" if kind is str else "image")
        steps = [*before, replace(embedding, verb="map", inputs=("question",), fn=fn)]
        start = self.graph.nodes.index(embedding)
        # a pool of one vector is that vector
        steps += [node for node in self.graph.nodes[start + 1 :] if _is_after(node) and node.verb not in GROUPING]
        after = ("input", *(step.name for step in steps))
        linked = tuple(replace(step, after=(after[i],), per=None) for i, step in enumerate(steps))
        return Graph(("question",), linked, self.graph.outputs, space=self.graph.space)

    def _takes_videos(self) -> bool:
        first = self.graph.nodes[0].spec if self.graph.nodes else None
        return first is not None and first.name.partition(".")[0] == "video-decode"


def vectors_of(question: Any, maker: Maker, space: Space | None) -> Vectors:
    """The vectors of a question (n, dim): several where the pipeline makes several, as of the faces in a photo.

    Args:
        question: an item, or a phrase.
        maker: of the set.
        space: of the set's vectors.

    Raises:
        SpaceError: the pipeline makes vectors of another space by now.
        InputError: nothing came of the question.
    """
    p = maker.pipeline_for(question)
    check_same(_as_floats(p.plan.space), _as_floats(space), "the question's vectors", "those of the set", _CURE)
    made = p(question)
    rows = np.atleast_2d(np.asarray(made, np.float32)) if len(made) else np.zeros((0, 0), np.float32)
    if not len(rows):
        raise InputError(f"{picture(question)}: the pipeline makes nothing of it that could be looked for")
    return rows


def vectors_alone(graph: Graph, column: str) -> Graph:
    """The pipeline with one output, which is no longer what its family promises."""
    return replace(graph, outputs=(column,), family="")


def given_vectors(question: Any) -> Vectors | None:
    """A question that is vectors already, (dim,) or (n, dim); ``None`` for any other."""
    if isinstance(question, np.ndarray) and question.ndim <= 2 and question.dtype != np.uint8:
        return np.atleast_2d(question)
    return None


def _with(node: Node, **params: Any) -> OperatorSpec | Any:
    """A step's operator with those of some parameters that it has."""
    callee = node.callee
    if callee is None or callee.spec is None or callee.live is not None:
        return node.fn
    known = callee.spec.load().parameters()
    return callee.spec.with_params({**callee.spec.params, **{k: v for k, v in params.items() if k in known}})


def _takes(node: Node, kind: Any) -> bool:
    callee = node.callee
    if callee is None or not callee.is_operator:
        return False
    inputs = callee.operator.ports().inputs
    return inputs is None or (len(inputs) == 1 and accepts(inputs[0].type, kind))


def _makes_vectors(node: Node) -> bool:
    callee = node.callee
    if callee is None or not callee.is_operator:
        return False
    outputs = callee.operator.ports().outputs
    return len(outputs) == 1 and is_vector(outputs[0].type)


def _is_after(node: Node) -> bool:
    """Whether a step makes vectors of vectors."""
    if not _makes_vectors(node):
        return False
    assert node.callee is not None
    inputs = node.callee.operator.ports().inputs
    return inputs is None or all(is_vector(port.type) for port in inputs) or node.verb in GROUPING


def _quantizes(node: Node) -> bool:
    return node.spec is not None and node.spec.name == "vector.quantize"


def _as_floats(space: Space | None) -> Space | None:
    """Without the type that numbers are stored in: rows of int8 and of bits are compared with float32 numbers."""
    if space is None:
        return None
    return Space({k: v for k, v in space.parts.items() if k != PRECISION}, space.label, unknown=space.unknown)


def _is_phrase(question: Any) -> bool:
    """Whether a text is no place where something lies."""
    return isinstance(question, str) and "://" not in question and not os.path.exists(question)  # noqa: PTH110


def _is_picture(question: Any) -> bool:
    if isinstance(question, (str, os.PathLike)):
        return Path(question).suffix.lower() in _PICTURES
    return not isinstance(question, (bytes, bytearray)) and hasattr(question, "__array__")
