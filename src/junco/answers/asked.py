"""How a question becomes vectors: through the pipeline that made the set, or through the part of it that fits.

What the pipeline takes goes through all of it. A phrase or a picture that is asked of a set of pieces (chunks of
documents, frames and objects of videos) enters where the pieces do, at the step that makes their vectors. That step
has the role of a query, where its model knows one, and gives float32 numbers, whatever the set stores.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from junco.answers.brought import kind_of
from junco.api import Pipeline
from junco.errors import InputError
from junco.graph.nesting import bare_graph, with_fns
from junco.graph.nodes import GROUPING, INPUT, Graph, Node
from junco.operator.ports import accepts, is_vector
from junco.operator.spec import OperatorSpec
from junco.types import Image, Space, Vectors
from junco.types.space import PRECISION, check_same
from junco.wording import picture

_FLOATS = "float32"
_DECODE = Node("map", "decode", ("question",), ("question",), OperatorSpec.named("image-decode.pil", {}))
_NAME_IT = (
    "An operator on the way does not say what it does to a space, so nobody can tell whether the two belong together: "
    "name the space, .output('vector', space='…') or 'space: NAME' in the file, and embed anew; or ask with a vector."
)
_CURE = "Ask with what the set was made with: the operators, their weights or their versions are others now."


@dataclass(frozen=True, slots=True)
class Maker:
    """The pipeline that made a set, as it is asked.

    Attributes:
        made_by: the pipeline itself; all that a question goes through is on its devices.
        graph: with the vectors as its only output, and with the role of a query.
        chain: the steps that make the vectors, from the first that works on a piece (a text, a picture) to the last;
            empty where a step on the way is no operator that says what it takes.
        model: which of them makes vectors of something that is none.
        pipelines: those that questions went through so far, by the kind of question.
    """

    made_by: Pipeline
    graph: Graph
    chain: tuple[Node, ...]
    model: Node | None
    pipelines: dict[str, Pipeline] = field(default_factory=dict)

    @classmethod
    def of(cls, made_by: Pipeline, vectors: str) -> Maker:
        """Of a pipeline, and the output column that holds the vectors."""
        asking = _in_floats(_graph_alone(made_by.graph, vectors))
        after = _after_the_model(asking)
        model = _writer(asking, after[0].inputs[0] if after else asking.outputs[0], before=after[:1])
        if model is None or not _makes_vectors(model):
            return cls(made_by, asking, (), None)
        asked = replace(model, fn=_with(model, role="query", precision=_FLOATS))
        asking = asking.with_node(asked)
        before = _before_the_model(asking, asked)
        return cls(made_by, asking, () if before is None else (*before, asked, *after), asked)

    @property
    def takes_text(self) -> bool:
        """Whether what the pipeline takes is text itself, not a place where some is."""
        if self.graph.inputs == ("text",):  # as a job sees it
            return True
        if not self.chain or not _takes(first := self.chain[0], str):
            return False
        return first.inputs == self.graph.inputs and _writer(self.graph, first.inputs[0], [first]) is None

    def pipeline_for(self, question: Any) -> Pipeline:
        """The pipeline that a question goes through.

        Raises:
            InputError: the set's model takes no such question.
        """
        if isinstance(question, str) and not question.strip():
            raise InputError("the question is empty: ask with a phrase, a file, or a vector")
        kind = self._kind(question)
        if kind not in self.pipelines:
            graph = self.graph if kind == "item" else self._of_a_piece(question, kind)
            self.pipelines[kind] = self.made_by.with_graph(graph)
        return self.pipelines[kind]

    def space_for(self, question: Any) -> Space | None:
        """The space of a question's vectors: that of the pipeline, also where a piece needs no pooling."""
        space = self.pipeline_for(question).plan.space
        if self._kind(question) == "item" or all(map(_is_single, self.chain)) or self.model is None:
            return space
        space = None
        for node in self.chain[self.chain.index(self.model) :]:
            assert node.spec is not None
            space = node.spec.create().space(space)
        return (space or Space({})).named(self.graph.space) if self.graph.space else space

    def _kind(self, question: Any) -> str:
        """``phrase`` or ``picture``, which enter where pieces do; ``item``, which goes through all."""
        if self.takes_text:
            return "item"
        _check_there(question)
        if _is_phrase(question):
            return "phrase"
        return "picture" if _is_picture(question) and self._takes_videos() else "item"

    def _of_a_piece(self, question: Any, kind: str) -> Graph:
        """The steps from the first that works on a piece on, for one piece."""
        wanted = str if kind == "phrase" else Image
        if not self.chain and self.model is not None and _takes(self.model, wanted):
            raise InputError(
                f"{picture(question)}: a step before the model takes more than that: ask with what the pipeline takes"
            )
        if not self.chain or self.model is None or not _takes(self.chain[0], wanted):
            model = self.model.fn if self.model is not None else self.graph.name or "a pipeline"
            what = "texts" if kind == "phrase" else "pictures"
            raise InputError(
                f"{picture(question)}: what made this set ({model}) takes no {what}, and there is no file of that name"
            )
        modality = _with(self.model, modality="text" if kind == "phrase" else "image")
        steps = [_DECODE] if kind == "picture" else []
        # a pool of one vector is that vector
        steps += [replace(node, fn=modality) if node is self.model else node for node in self.chain if _is_single(node)]
        return _in_a_row(steps, self.graph)

    def _takes_videos(self) -> bool:
        first = self.graph.nodes[0].spec if self.graph.nodes else None
        return first is not None and _family(first) == "video-decode"


def _in_a_row(steps: Sequence[Node], graph: Graph) -> Graph:
    """Steps as a pipeline from one column to the vectors, each taking what the one before gives."""
    linked, after, column = [], INPUT, "question"
    for number, step in enumerate(steps):
        made = graph.outputs[0] if number == len(steps) - 1 else f"made-{number}"
        linked.append(replace(step, verb="map", inputs=(column,), outputs=(made,), after=(after,), per=None))
        after, column = step.name, made
    return Graph(("question",), tuple(linked), graph.outputs, space=graph.space)


def _in_floats(graph: Graph) -> Graph:
    """The pipeline without the steps that store its vectors in smaller numbers."""
    for node in [node for node in graph.nodes if _family_and_name(node) == "vector.quantize"]:
        (was,), (made,) = node.inputs, node.outputs
        later = graph.nodes[graph.nodes.index(node) + 1 :]
        changed = [
            replace(
                each,
                inputs=tuple(was if name == made else name for name in each.inputs),
                after=tuple(before for name in each.after for before in (node.after if name == node.name else (name,))),
            )
            for each in later
        ]
        outputs = tuple(was if name == made else name for name in graph.outputs)
        graph = replace(graph, nodes=(*graph.nodes[: graph.nodes.index(node)], *changed), outputs=outputs)
    return graph


def _after_the_model(graph: Graph) -> list[Node]:
    """The steps that make the vectors of vectors, in their order."""
    found: list[Node] = []
    column = graph.outputs[0]
    while (node := _writer(graph, column, before=found[:1])) is not None and _is_after(node):
        found.insert(0, node)
        column = node.inputs[0]
    return found


def _before_the_model(graph: Graph, model: Node) -> list[Node] | None:
    """The steps that change a piece before the model sees it, as far back as they take and give the same kind.

    ``None`` where one takes more than the piece, or does not say what: nobody knows what it makes of a question.
    """
    found: list[Node] = []
    kind = str if _takes(model, str) else Image
    column = model.inputs[0]
    while (node := _writer(graph, column, before=[*found[:1], model][:1])) is not None:
        if node.verb != "map" or _gives_pieces(node):
            break
        if not _keeps(node, kind):
            return None
        found.insert(0, node)
        column = node.inputs[0]
    return found


def _writer(graph: Graph, column: str, before: Sequence[Node]) -> Node | None:
    """The last step that writes a column, before a step; ``None`` for an input, or a field of a column."""
    stop = graph.nodes.index(before[0]) if before else len(graph.nodes)
    return next((node for node in reversed(graph.nodes[:stop]) if column in node.outputs), None)


def _gives_pieces(node: Node) -> bool:
    """Whether a step cuts or reads pieces out of something larger: a question is one already."""
    return node.spec is not None and (_family(node.spec).endswith("-decode") or _family(node.spec) == "image-crop")


def _keeps(node: Node, kind: Any) -> bool:
    """Whether a step makes of a piece, and of nothing else, one of the same kind."""
    ports = node.callee.ports if node.spec is not None and node.callee is not None else None
    if ports is None or ports.inputs is None or len(ports.inputs) != 1:
        return False
    return accepts(ports.inputs[0].type, kind) and accepts(kind, ports.outputs[0].type)


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
    found = maker.space_for(question)
    cure = _CURE if found is not None and space is not None else _NAME_IT
    check_same(_as_floats(found), _as_floats(space), "the question's vectors", "those of the set", cure)
    made = p(question)
    rows = np.atleast_2d(np.asarray(made, np.float32)) if len(made) else np.zeros((0, 0), np.float32)
    if not len(rows):
        raise InputError(f"{picture(question)}: the pipeline makes nothing of it that could be looked for")
    return rows


def without_addresses(graph: Graph) -> Graph:
    """A pipeline that a file tells of, as it may be run: it fetches from no address, whatever its maker allowed."""

    def closed(node: Node) -> Any:
        if (inner := bare_graph(node)) is not None:
            return without_addresses(inner)
        spec = node.spec
        if spec is None or not (opened := spec.params.keys() & {"allow_urls", "allow_private"}):
            return node.fn
        return spec.with_params(spec.params | dict.fromkeys(opened, False))

    return with_fns(graph, closed)


def vectors_alone(pipeline: Pipeline, column: str) -> Pipeline:
    """A pipeline with the vectors as its only output, on the same devices."""
    return pipeline.with_graph(_graph_alone(pipeline.graph, column))


def _graph_alone(graph: Graph, column: str) -> Graph:
    """The pipeline with one output, which is no longer what its family promises, without steps for others alone."""
    nodes, num_before = list(graph.nodes), -1
    while len(nodes) != num_before:
        num_before = len(nodes)
        read = {column, *(name for node in nodes for name in (*node.reads, *node.after))}
        nodes = [node for node in nodes if node.verb != "map" or not read.isdisjoint(node.outputs)]
    return replace(graph, nodes=tuple(nodes), outputs=(column,), family="")


def given_vectors(question: Any, *, is_packed: bool = False) -> Vectors | None:
    """A question that is vectors already, (dim,) or (n, dim), or one of packed bits; ``None`` for any other.

    Raises:
        InputError: it is an array of something else.
    """
    if not isinstance(question, np.ndarray) or question.ndim > 2:
        return None
    if question.dtype == np.uint8:  # pixels, but for bits
        return question[np.newaxis] if is_packed and question.ndim == 1 else None
    if question.dtype.kind not in "fi" or not question.size:
        raise InputError(f"{picture(question)} is no vector: an array of numbers (dim,), or several (n, dim)")
    return np.atleast_2d(question)


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
    inputs = callee.ports.inputs
    return inputs is None or (len(inputs) == 1 and accepts(inputs[0].type, kind))


def _makes_vectors(node: Node) -> bool:
    callee = node.callee
    if callee is None or not callee.is_operator:
        return False
    outputs = callee.ports.outputs
    return len(outputs) == 1 and is_vector(outputs[0].type)


def _is_after(node: Node) -> bool:
    """Whether a step makes vectors of vectors."""
    if not _makes_vectors(node):
        return False
    assert node.callee is not None
    inputs = node.callee.ports.inputs
    return inputs is None or all(is_vector(port.type) for port in inputs) or node.verb in GROUPING


def _is_single(node: Node) -> bool:
    """Whether a step works on one row at a time."""
    return node.verb not in GROUPING


def _family(spec: OperatorSpec) -> str:
    return spec.family


def _family_and_name(node: Node) -> str:
    return node.spec.name if node.spec is not None else ""


def _as_floats(space: Space | None) -> Space | None:
    """Without the type that numbers are stored in: rows of int8 and of bits are compared with float32 numbers."""
    if space is None:
        return None
    return Space({k: v for k, v in space.parts.items() if k != PRECISION}, space.label, unknown=space.unknown)


def _check_there(question: Any) -> None:
    """Refuse what is written as the name of a file that is not there: what is said of it then is said of a question.

    Raises:
        InputError: there is no such file.
    """
    is_name = isinstance(question, str) and "://" not in question and kind_of(question)
    if (is_name or isinstance(question, os.PathLike)) and not os.path.exists(question):  # noqa: PTH110
        raise InputError(f"{picture(os.fspath(question))}: no such file to look for what is like it")


def _is_phrase(question: Any) -> bool:
    """Whether a text is no place where something lies, nor written as the name of a file that is not there."""
    if not isinstance(question, str) or "://" in question or kind_of(question):
        return False
    return not os.path.isfile(question)  # noqa: PTH113


def _is_picture(question: Any) -> bool:
    if isinstance(question, (str, os.PathLike)):
        return kind_of(os.fspath(question)) == "picture"
    return not isinstance(question, (bytes, bytearray)) and hasattr(question, "__array__")
