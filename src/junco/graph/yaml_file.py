"""The YAML pen: text → `Graph` with line and column kept for errors, and `Graph` → text.

Only plain YAML is read: no tags, anchors or aliases, no duplicate keys, and not more than a file of this kind can
sensibly hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from junco.errors import GraphError, JuncoError, ParameterError, UnknownNameError, YamlError
from junco.graph.nodes import INPUT, VERBS, Graph, Node, fn_name, name_steps, repeated
from junco.graph.params import PLACEHOLDER
from junco.graph.yaml_text import MAX_BYTES, Place, dump, parse, plain, read_text
from junco.operator.base import Operator
from junco.operator.namespace import resolve
from junco.operator.registry import load
from junco.operator.spec import OperatorSpec
from junco.wording import did_you_mean, nearest

VERSION = 1

_KEYS = ("junco", "name", "family", "description", "license", "params", "inputs", "steps", "outputs", "space")
_TEXTS = ("name", "family", "description", "license", "space")
_ARGUMENTS = {
    "map": ("per",),
    "filter": ("on", "per"),
    "flat_map": ("keep_empty", "per"),
    "window": ("size", "step", "per"),
    "time_window": ("timestamp", "size", "step", "per"),
    "window_all": ("per",),
    "reduce": ("per",),
}


def read_file(path: Path) -> Graph:
    """Read a pipeline file.

    Raises:
        YamlError: the file is missing, no text, or says something that a pipeline cannot be; with file, line, column.
    """
    return read(read_text(path), str(path))


def read(text: str, file: str = "<string>") -> Graph:
    """Read a pipeline from text; ``file`` stands in the errors' place.

    Raises:
        YamlError: with file, line and column.
    """
    if len(text) > MAX_BYTES:
        raise YamlError(f"a pipeline file has at most {MAX_BYTES:,} bytes", file)
    return _Reader(file).graph(parse(text, file))


def read_head(path: Path) -> dict[str, Any]:
    """What a pipeline file says of itself: all keys but its steps, whose operators are not looked up.

    Raises:
        YamlError: with file, line and column.
    """
    place = parse(read_text(path), str(path))
    top = _Reader(str(path)).mapping(place, "a pipeline file", _KEYS, required=("junco", "inputs", "outputs"))
    return {key: plain(place) for key, place in top.items() if key != "steps"}


def read_value(text: str) -> Any:
    """One YAML value, as a parameter stands in a file."""
    return plain(parse(text, "<value>"))


def write(graph: Graph) -> str:
    """A graph as text, so that ``read(write(graph)) == graph``.

    Raises:
        GraphError: a step holds a Python function or another pipeline, which cannot stand in a file.
    """
    head: dict[str, Any] = {"junco": VERSION}
    for key in ("name", "family", "description", "license", "params"):
        if value := getattr(graph, key):
            head[key] = value
    defaults = name_steps((None, node.verb, node.fn) for node in graph.nodes)
    before = (INPUT, *(node.name for node in graph.nodes))
    steps = [_step_out(n, name, prior) for n, name, prior in zip(graph.nodes, defaults, before, strict=False)]
    lines = [dump(head, flow=False), f"inputs: {dump(graph.inputs)}", "steps:\n" if steps else "steps: []\n"]
    lines += [f"  - {dump(step)}" for step in steps]
    tail = dump({"space": graph.space}, flow=False) if graph.space else ""
    return "".join([*lines, f"outputs: {dump(graph.outputs)}", tail])


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file

    def error(self, problem: str, place: Place) -> YamlError:
        return YamlError(problem, self.file, place.line, place.column)

    def graph(self, root: Place) -> Graph:
        top = self.mapping(root, "a pipeline file", _KEYS, required=("junco", "inputs", "steps", "outputs"))
        if top["junco"].value != VERSION or isinstance(top["junco"].value, bool):
            raise self.error(f"this junco reads version {VERSION}, not {top['junco'].value!r}", top["junco"])
        texts = {key: self.text(top[key], key) for key in _TEXTS if key in top}
        params = self.params(top["params"]) if "params" in top else {}
        nodes = self.steps(top["steps"], params)
        columns = {key: self.columns(top[key], key) for key in ("inputs", "outputs")}
        try:
            return Graph(columns["inputs"], nodes, columns["outputs"], params=params, **texts)
        except GraphError as error:
            raise self.error(str(error), root) from None

    def steps(self, place: Place, params: Mapping[str, Any]) -> tuple[Node, ...]:
        if not isinstance(place.value, list):
            raise self.error("steps is a list, one entry for each step", place)
        read = [self.step(step, params) for step in place.value]
        given = [node.name or None for node in read]
        if twice := repeated(name for name in given if name):
            where = [step for step, name in zip(place.value, given, strict=True) if name == twice][1]
            raise self.error(f"two steps are named {twice!r}", where)
        names = name_steps((name, node.verb, node.fn) for name, node in zip(given, read, strict=True))
        before = [INPUT, *names]
        return tuple(
            replace(node, name=name, after=node.after or (prior,))
            for node, name, prior in zip(read, names, before, strict=False)
        )

    def step(self, place: Place, params: Mapping[str, Any]) -> Node:
        if not isinstance(place.value, dict):
            raise self.error("a step is a mapping such as {map: image-decode.pil, in: path, out: image}", place)
        verbs = [key for key in place.value if key in VERBS]
        if len(verbs) != 1:
            wrong = next((key for key in place.value if nearest(key, VERBS)), None)
            near = did_you_mean(nearest(wrong, VERBS, 1)) if wrong and not verbs else ""
            raise self.error(f"a step has exactly one of {', '.join(VERBS)}.{near}", place)
        verb = verbs[0]
        if verb == "concat":
            return self.concat(place)
        allowed = (verb, "in", "out", "with", "name", "after", "workers", "backend", *_ARGUMENTS.get(verb, ()))
        step = self.mapping(place, f"a {verb} step", allowed, required=("in", "out"))
        return Node(
            verb,
            self.text(step["name"], "name") if "name" in step else "",
            self.columns(step["in"], "in"),
            self.columns(step["out"], "out"),
            self.operator(step[verb], step.get("with"), params),
            self.columns(step["after"], "after") if "after" in step else (),
            **self.arguments(step),
        )

    def concat(self, place: Place) -> Node:
        step = self.mapping(place, "a concat step", ("concat", "name"), required=("concat",))
        branches = self.columns(step["concat"], "concat")
        if len(branches) < 2:
            raise self.error("concat names the last steps of two or more branches", step["concat"])
        return Node("concat", self.text(step["name"], "name") if "name" in step else "", after=branches)

    def arguments(self, step: Mapping[str, Place]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key in ("size", "step", "keep_empty", "workers"):
            if key in step:
                wanted = bool if key == "keep_empty" else (int, float) if key in ("size", "step") else int
                value = step[key].value
                if not isinstance(value, wanted) or (isinstance(value, bool) and key != "keep_empty"):
                    raise self.error(f"{key} cannot be {value!r}", step[key])
                read[key] = value
        if "workers" in read and read["workers"] < 1:
            raise self.error("workers is a whole number from 1", step["workers"])
        for key in ("per", "backend"):
            if key in step:
                read[key] = self.text(step[key], key)
        if read.get("backend") not in (None, "thread", "process"):
            raise self.error("backend is 'thread' or 'process'", step["backend"])
        return read | {key: self.columns(step[key], key) for key in ("on", "timestamp") if key in step}

    def operator(self, place: Place, given: Place | None, params: Mapping[str, Any]) -> OperatorSpec:
        name = self.text(place, "the operator's name")
        if given is not None and not isinstance(given.value, dict):
            raise self.error("with is a mapping of parameters", given)
        try:
            operator = load(resolve(name))
        except UnknownNameError as error:
            raise self.error(str(error), place) from None
        values = plain(given) if given else {}
        for key, value in values.items():
            for wanted in PLACEHOLDER.findall(repr(value)):
                if wanted not in params:
                    near = did_you_mean(nearest(wanted, params, 1))
                    problem = f"${{{wanted}}} is not among the pipeline's params.{near}"
                    raise self.error(problem, given.value[key])  # type: ignore[union-attr]
        try:
            return OperatorSpec.bind(operator, (), values)
        except ParameterError as error:
            raise self.error(str(error), self._wrong_key(error, given) or place) from None

    def _wrong_key(self, error: JuncoError, given: Place | None) -> Place | None:
        keys = given.keys if given and given.keys else {}
        return next((place for key, place in keys.items() if f"parameter {key!r}" in str(error)), given)

    def mapping(self, place: Place, what: str, keys: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Place]:
        if not isinstance(place.value, dict) or place.keys is None:
            raise self.error(f"{what} is a mapping with the keys {', '.join(keys)}", place)
        for key in place.value:
            if key not in keys:
                near = did_you_mean(nearest(key, keys, 1))
                raise self.error(f"{what} has no key {key!r}.{near} Its keys: {', '.join(keys)}.", place.keys[key])
        for key in required:
            if key not in place.value:
                raise self.error(f"{what} needs the key {key!r}", place)
        return place.value

    def text(self, place: Place, what: str) -> str:
        if not isinstance(place.value, str) or not place.value:
            raise self.error(f"{what} is a text, not {place.value!r}", place)
        return place.value

    def columns(self, place: Place, what: str) -> tuple[str, ...]:
        if isinstance(place.value, list):
            return tuple(self.text(child, f"an entry of {what}") for child in place.value)
        return (self.text(place, what),)

    def params(self, place: Place) -> dict[str, Any]:
        if not isinstance(place.value, dict):
            raise self.error("params is a mapping of names to their default values", place)
        return plain(place)  # type: ignore[no-any-return]


def _step_out(node: Node, default_name: str, before: str) -> dict[str, Any]:
    name = {} if node.name == default_name else {"name": node.name}
    if node.verb == "concat":
        return {"concat": list(node.after), **name}
    fn = node.fn.spec if isinstance(node.fn, Operator) else node.fn
    if not isinstance(fn, OperatorSpec):
        raise GraphError(
            f"{node}: the Python callable {fn_name(node.fn)!r} cannot stand in a file; register it with @op"
        )
    step: dict[str, Any] = {node.verb: fn.name, "in": _columns_out(node.inputs), "out": _columns_out(node.outputs)}
    if fn.items:
        step["with"] = fn.params
    defaults = {f.name: f.default for f in fields(Node)}
    for key in ("on", "timestamp", "size", "step", "per", "keep_empty", "workers", "backend"):
        if (value := getattr(node, key)) != defaults[key]:
            step[key] = _columns_out(value) if key in ("on", "timestamp") else value
    if node.after != (before,):
        step["after"] = _columns_out(node.after)
    return step | name


def _columns_out(columns: tuple[str, ...]) -> str | list[str]:
    return columns[0] if len(columns) == 1 else list(columns)
