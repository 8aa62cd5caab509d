"""How items become what an operator takes, on junco's own engine: decoded, or by a loader of the caller's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from junco.api import Pipeline, pipeline
from junco.catalog.find import find
from junco.catalog.listing import pipeline_names
from junco.errors import ContractError, JuncoError
from junco.graph.nodes import INPUT, Graph, Node
from junco.graph.params import with_params
from junco.labelled.content import path_of
from junco.labelled.lazy import LazyItem, asked
from junco.operator import registry
from junco.operator.base import Operator
from junco.operator.namespace import ops
from junco.operator.ports import Port, accepts_all
from junco.operator.spec import OperatorSpec
from junco.types.media import AudioClip

Tuned = Operator | OperatorSpec
"""What is trained: an operator, or its spec."""
_PLAIN = {"normalize": False, "truncate_dim": None, "precision": "float32"}
"""Options with which an operator gives its own numbers, before their finish."""
MODALITY, _MODALITIES = "modality", ("image", "text")
"""The option of operators for pictures and texts that says which of them go in, and its values."""
_FILES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif")


@dataclass(frozen=True, eq=False)
class WayIn:
    """How items come in.

    Attributes:
        pipelines: by the kind of an item what is done with it; ``None``: nothing, it is what is taken.
        kind: of an item; of most operators all are of one.
        direct: the kinds that are what the operator takes.
        takes: the type of that, where it is one column.
        what: is done, for messages: ``decoding``.
        identity: equal for ways that make the same of the same items; empty where nobody can tell.
    """

    pipelines: Mapping[str, Pipeline | None]
    kind: Callable[[Any], str]
    direct: frozenset[str]
    takes: Any
    what: str
    identity: str


def way_of_values(operator: Tuned, loader: Any = None) -> WayIn:
    """From items to what the operator takes.

    Args:
        operator: that is trained.
        loader: a pipeline that makes that of an item, or several such; ``None``: the family's own decoding.
    """
    spec = _spec_of(operator)
    made, kind = _kinds(spec, loader)
    own = {name: value for name, value in spec.params.items() if name not in ("tuned", "device", "runtime")}
    identity = _identity([*made.values()], f"{spec.name} {sorted(own.items())!r}")
    direct = frozenset(kind for kind, each in made.items() if each is None)
    return WayIn(made, kind, direct, _taken(spec), "decoding", identity)


def way_of_vectors(operator: Tuned, loader: Any = None, role: str | None = None) -> WayIn:
    """From items to the operator's own numbers, before they are cut, scaled or made smaller.

    Args:
        operator: that is trained.
        loader: as in `way_of_values`.
        role: of the items, for models that treat what is asked otherwise than what is found; where the operator was
            given one itself, that counts.
    """
    spec = numbers_of(operator)
    if role is not None and "role" in spec.load().parameters() and spec.params.get("role") is None:
        spec = _with(spec, {"role": role})
    values = way_of_values(spec, loader)
    own = {kind: _with(spec, {MODALITY: kind}) if kind in _MODALITIES else spec for kind in values.pipelines}
    made = {kind: _with_step(before, own[kind]) for kind, before in values.pipelines.items()}
    spaces = [each.space for each in made.values()]
    known = [space for space in spaces if space is not None]
    identity = _identity([*values.pipelines.values()], " ".join(known)) if len(known) == len(spaces) else ""
    return replace(values, pipelines=made, what="embedding", identity=identity)


def numbers_of(operator: Tuned) -> OperatorSpec:
    """The operator that gives the numbers which are finished by this one's options."""
    spec = _spec_of(operator)
    known = spec.load().parameters()
    return _with(spec, {name: value for name, value in _PLAIN.items() if name in known})


def decoding_of(operator: Tuned) -> Pipeline | None:
    """The pipeline that makes of a path, bytes, an address … what an operator takes; ``None``: that is what it takes.

    That is what the pipelines of its family do before their main step, of the one with this operator first; where a
    step makes several rows of an item and need not, it makes one. Else what is known to make such a value.
    """
    spec = _spec_of(operator)
    graph = _family_graph(spec)
    if graph is not None:
        graph = _before_main(graph)
        return Pipeline(graph) if graph.nodes else None
    ports = _inputs(spec)
    decoder = _decoder_of(ports[0]) if len(ports) == 1 else None
    if decoder is None:
        return None
    node = Node("map", "decode", ("source",), (ports[0].name,), fn=decoder)
    return Pipeline(Graph(("source",), (node,), (ports[0].name,)))


def loader_of(loader: Any, operator: Tuned) -> Pipeline:
    """A caller's pipeline as a loader: its outputs are what the operator takes.

    Raises:
        ContractError: it has too few outputs, or others.
    """
    given = loader if isinstance(loader, Pipeline) else pipeline(loader)
    spec = _spec_of(operator)
    ports = _inputs(spec)
    outputs = given.graph.outputs
    names = [port.name for port in ports]
    if len(outputs) == len(ports) or not ports:
        return given
    if all(name in outputs for name in names):
        return given.with_graph(replace(given.graph, outputs=tuple(names), name="", family=""))
    raise ContractError(
        f"the loader gives ({', '.join(outputs)}), and {spec.name!r} takes ({', '.join(map(str, ports))}): let it give "
        "these alone, in this order"
    )


def identity_of_loader(loader: Any) -> str:
    """What tells a loader from others, functions of one's own by their code; empty where there is none."""
    if loader is None:
        return ""
    given = loader if isinstance(loader, Pipeline) else pipeline(loader)
    return _identity([given], ", ".join(given.graph.outputs)) or str(given.graph)


def _spec_of(operator: Tuned) -> OperatorSpec:
    return operator.spec if isinstance(operator, Operator) else operator


def _with(spec: OperatorSpec, params: Mapping[str, Any]) -> OperatorSpec:
    return spec.with_params({**spec.params, **params})


def _inputs(spec: OperatorSpec) -> tuple[Port, ...]:
    """What goes into an operator with these parameters."""
    operator: type[Operator] = spec.load()
    return operator.ports_with(spec.params).inputs or ()


def _taken(spec: OperatorSpec) -> Any:
    """The type of what goes in; ``Any`` where several columns do."""
    ports = _inputs(spec)
    return ports[0].type if len(ports) == 1 else Any


def _kinds(spec: OperatorSpec, loader: Any) -> tuple[dict[str, Pipeline | None], Callable[[Any], str]]:
    """What is done with items, by their kinds, and of which kind one is."""
    if loader is not None:
        return {"": loader_of(loader, spec)}, lambda item: ""
    if MODALITY in spec.load().parameters() and spec.load().family == "image-text-embedding":
        return {"image": decoding_of(_with(spec, {MODALITY: "image"})), "text": None}, _sampled(_modality)
    decoding = decoding_of(spec)
    if decoding is None or _taken(spec) is not AudioClip:
        return {"": decoding}, lambda item: ""
    return {"": decoding, "clip": None}, _sampled(lambda item: "clip" if isinstance(item, AudioClip) else "")


def _sampled(kind: Callable[[Any], str]) -> Callable[[Any], str]:
    """The same for items of data sets that have to be asked for: those of one data set are of the first one's kind."""
    known: dict[tuple[int, Any], str] = {}

    def of(item: Any) -> str:
        if not isinstance(item, LazyItem):
            return kind(item)
        place = id(item.source), item.field
        if place not in known:
            known[place] = kind(asked(item))
        return known[place]

    return of


def _modality(item: Any) -> str:
    """Whether an item is a picture or a text: a text that names a file, or ends as files of pictures do, is no text."""
    if not isinstance(item, str):
        return "image"
    is_named = item.lower().endswith(_FILES) or item.startswith("file://")
    return "image" if is_named or path_of(item) is not None else "text"


def family_inputs(operator: Tuned) -> tuple[str, ...]:
    """What the pipelines of an operator's family call what goes in; else what the operator itself calls it."""
    spec = _spec_of(operator)
    if (graph := _family_graph(spec)) is not None:
        return graph.inputs
    return tuple(port.name for port in spec.load().ports_with(spec.params).inputs or ()) or ("item",)


def family_step(operator: Tuned) -> tuple[str, str] | None:
    """A pipeline in which the operator is at home, and the step that it is there; ``None`` where there is none."""
    graph = _family_graph(_spec_of(operator))
    return (graph.name, graph.main) if graph is not None and graph.name else None


def default_home(operator: Tuned) -> str | None:
    """The pipeline of which the operator, as it is without options, is the main step; ``None`` where there is none."""
    spec = _spec_of(operator)
    graph = None if spec.params.keys() - {"tuned"} else _family_graph(spec)
    return graph.name if graph is not None and graph.name and _main_name(graph) == spec.name else None


def _family_graph(spec: OperatorSpec) -> Graph | None:
    """The pipeline of the operator's family whose main step it is; else the family's default."""
    operator = spec.load()
    family = registry.families("pipeline").get(operator.family or "")
    if family is None:
        return None
    names = [family.default, *(name for name in pipeline_names(family.name) if name != family.default)]
    graphs = [graph for graph in map(_found, names) if graph is not None and graph.main]
    graph = next((each for each in graphs if _main_name(each) == spec.name), graphs[0] if graphs else None)
    if graph is None or len(graph.node(graph.main).inputs) != len(_inputs(spec)):
        return None
    return with_params(graph, {name: spec.params[name] for name in graph.params.keys() & spec.params.keys()})


def _found(name: str) -> Graph | None:
    try:
        return find(name)
    except JuncoError:  # somebody's broken file must not hide the others
        return None


def _main_name(graph: Graph) -> str:
    callee = graph.node(graph.main).callee
    return callee.name if callee is not None else ""


def _before_main(graph: Graph) -> Graph:
    """The steps that the main step needs, with what goes into it as outputs."""
    main = graph.node(graph.main)
    needed, waiting = set[str](), [name for name in main.after if name != INPUT]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting += [each for each in graph.node(name).after if each != INPUT and each not in needed]
    nodes = tuple(_one_row(node) for node in graph.nodes if node.name in needed)
    return replace(
        graph, nodes=nodes, outputs=main.inputs, name="", family="", main="", description="", space="", written=None
    )


def _one_row(node: Node) -> Node:
    """A step that makes of an item one row, where its operator can do either: of a sound the whole, and no chunks."""
    callee = node.callee
    is_either = callee is not None and callee.spec is not None and callee.ports.rows == "either"
    return replace(node, verb="map", keep_empty=False, written=None) if node.verb == "flat_map" and is_either else node


def _decoder_of(port: Port) -> OperatorSpec | None:
    """What makes of any source a value of a port's type; ``None`` where nothing is known to, or nothing is needed."""
    if port.type in (Any, str):
        return None
    for family in registry.families("operator").values():
        inputs, outputs = family.ports.inputs, family.ports.outputs
        is_decoder = inputs is not None and [each.type for each in inputs] == [Any] and family.ports.rows != "many"
        if is_decoder and outputs[0].type is not Any and accepts_all(port.type, outputs[0].type):
            return ops[family.default]()
    return None


def _with_step(before: Pipeline | None, spec: OperatorSpec) -> Pipeline:
    """A pipeline that goes on with an operator, and gives its vectors."""
    names = tuple(port.name for port in _inputs(spec))
    graph = before.graph if before is not None else Graph(names, (), names)
    nodes, taken = graph.nodes, {node.name for node in graph.nodes}
    if [port.type for port in _inputs(spec)] == [str] and before is not None:
        name = _free("text", taken)
        nodes = (*nodes, Node("map", name, graph.outputs, graph.outputs, fn=text_of, after=(graph.last,)))
        taken.add(name)
    last = nodes[-1].name if nodes else INPUT
    node = Node("map", _free("embed", taken), graph.outputs, ("vector",), fn=spec, after=(last,))
    made = replace(graph, nodes=(*nodes, node), outputs=("vector",), main="", name="", family="", space="")
    return before.with_graph(made) if before is not None else Pipeline(made)


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free(f"{name}-2", taken)


def text_of(value: Any) -> Any:
    """The text of a piece of a document; a text is one already."""
    return value if isinstance(value, str) else getattr(value, "text", value)


def _identity(pipelines: list[Pipeline | None], what: str) -> str:
    """A digest of what pipelines compute; empty where one of their steps cannot be identified."""
    told = hashlib.sha256(what.encode("utf-8", "surrogatepass"))
    for each in pipelines:
        steps = each.lock().steps if each is not None else ()
        if any(step.unknown for step in steps):
            return ""
        told.update("".join(step.digest for step in steps).encode() + b";")
    return told.hexdigest()
