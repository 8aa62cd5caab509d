"""The YAML pen: text → `Graph` with line and column kept for errors, and `Graph` → text.

Only plain YAML is read: no tags, anchors or aliases, no duplicate keys, and not more than a file of this kind can
sensibly hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from junco.errors import GraphError, JuncoError, ParameterError, UnknownNameError, YamlError, check_keywords, nearest
from junco.graph.nodes import SOURCE, VERBS, Graph, Node, fn_name, name_steps, repeated
from junco.operator.base import Operator
from junco.operator.namespace import resolve
from junco.operator.registry import load
from junco.operator.spec import OperatorSpec

VERSION = 1
MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_KEYS = ("junco", "name", "family", "description", "license", "params", "inputs", "steps", "outputs")
_ARGUMENTS = {
    "filter": ("on",),
    "flat_map": ("keep_empty",),
    "window": ("size", "step", "per"),
    "time_window": ("timestamp", "size", "step", "per"),
    "window_all": ("per",),
    "reduce": ("per",),
}
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_file(path: Path) -> Graph:
    """Read a pipeline file.

    Raises:
        YamlError: the file is missing, no text, or says something that a pipeline cannot be; with file, line, column.
    """
    return read(_text(path), str(path))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise YamlError(f"a pipeline file has at most {MAX_BYTES:,} bytes", str(path))
        return data.decode("utf-8")
    except OSError as error:
        raise YamlError(f"the file cannot be read: {error.strerror}", str(path)) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise YamlError("the file is not UTF-8 text", str(path), line) from None


def read(text: str, file: str = "<string>") -> Graph:
    """Read a pipeline from text; ``file`` stands in the errors' place.

    Raises:
        YamlError: with file, line and column.
    """
    if len(text) > MAX_BYTES:
        raise YamlError(f"a pipeline file has at most {MAX_BYTES:,} bytes", file)
    return _Reader(file).graph(_parse(text, file))


def read_head(path: Path) -> dict[str, Any]:
    """What a pipeline file says of itself: all keys but its steps, whose operators are not looked up.

    Raises:
        YamlError: with file, line and column.
    """
    place = _parse(_text(path), str(path))
    top = _Reader(str(path)).mapping(place, "a pipeline file", _KEYS, required=("junco", "inputs", "outputs"))
    return {key: _plain(place) for key, place in top.items() if key != "steps"}


def read_value(text: str) -> Any:
    """One YAML value, as a parameter stands in a file."""
    return _plain(_parse(text, "<value>"))


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
    before = (SOURCE, *(node.name for node in graph.nodes))
    steps = [_step_out(n, name, prior) for n, name, prior in zip(graph.nodes, defaults, before, strict=False)]
    lines = [_dump(head, flow=False), f"inputs: {_dump(graph.inputs)}", "steps:\n" if steps else "steps: []\n"]
    lines += [f"  - {_dump(step)}" for step in steps]
    return "".join([*lines, f"outputs: {_dump(graph.outputs)}"])


def bind(graph: Graph, params: Mapping[str, Any]) -> Graph:
    """Put parameters in place: the graph's own defaults, overridden by ``params``; ``${name}`` becomes its value.

    Raises:
        ParameterError: a parameter that the pipeline does not have (with suggestions).
    """
    check_keywords(params, graph.params, f"pipeline {graph.name!r}" if graph.name else "the pipeline")
    values = {**graph.params, **params}
    nodes = tuple(
        replace(node, fn=node.fn.with_params(_filled(node.fn.params, values, str(node))))
        if isinstance(node.fn, OperatorSpec) and _PLACEHOLDER.search(repr(node.fn.items))
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes, params=values)


class _Loader(yaml.SafeLoader):
    """Scalars as in YAML 1.2: ``on``, ``yes`` and dates are words, not booleans and timestamps."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_SCALARS = {
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    "float": (r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
}
for _class in (_Loader, _Dumper):
    _class.yaml_implicit_resolvers = {}
    for _tag, (_pattern, _first) in _SCALARS.items():
        _firsts = [*_first.replace("\0", ""), *([""] if "\0" in _first else [])]
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _firsts)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(value))


@dataclass(frozen=True, slots=True)
class _Place:
    """A YAML value with where it stands."""

    value: Any
    line: int
    column: int
    keys: Mapping[str, _Place] | None = None
    """For a mapping: the place of each key."""


def _parse(text: str, file: str) -> _Place:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            mark = event.start_mark
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise YamlError("anchors and aliases (&, *) are not read: write the value out", file, mark.line + 1, mark.column + 1)
            if (tag := getattr(event, "tag", None)) is not None:
                raise YamlError(f"the tag {tag!r} is not read: write plain values", file, mark.line + 1, mark.column + 1)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise YamlError(f"nested deeper than {MAX_DEPTH} levels", file, mark.line + 1, mark.column + 1)
        loader = _Loader(text)
        root = loader.get_single_node()
        return _place(root, loader, file) if root else _Place(None, 1, 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(f"this is not YAML: {error.problem}", file, *place) from None
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError(f"this is not YAML: {str(error).splitlines()[0]}", file) from None


def _place(node: yaml.Node, loader: _Loader, file: str) -> _Place:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, yaml.SequenceNode):
        return _Place([_place(child, loader, file) for child in node.value], line, column)
    if not isinstance(node, yaml.MappingNode):
        try:
            return _Place(loader.construct_object(node), line, column)
        except (ValueError, OverflowError) as error:
            raise YamlError(f"{node.value!r}: {error}", file, line, column) from None
    values: dict[str, _Place] = {}
    keys: dict[str, _Place] = {}
    for key_node, value_node in node.value:
        key = _place(key_node, loader, file)
        if not isinstance(key.value, str):
            raise YamlError(f"keys are plain words, not {key_node.value!r}", file, key.line, key.column)
        if key.value in values:
            raise YamlError(f"the key {key.value!r} stands here twice", file, key.line, key.column)
        keys[key.value], values[key.value] = key, _place(value_node, loader, file)
    return _Place(values, line, column, keys)


def _plain(place: _Place) -> Any:
    """The value without its places."""
    if isinstance(place.value, dict):
        return {key: _plain(value) for key, value in place.value.items()}
    if isinstance(place.value, list):
        return [_plain(value) for value in place.value]
    return place.value


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file

    def error(self, problem: str, place: _Place) -> YamlError:
        return YamlError(problem, self.file, place.line, place.column)

    def graph(self, root: _Place) -> Graph:
        top = self.mapping(root, "a pipeline file", _KEYS, required=("junco", "inputs", "steps", "outputs"))
        if top["junco"].value != VERSION or isinstance(top["junco"].value, bool):
            raise self.error(f"this junco reads version {VERSION}, not {top['junco'].value!r}", top["junco"])
        texts = {key: self.text(top[key], key) for key in ("name", "family", "description", "license") if key in top}
        params = self.params(top["params"]) if "params" in top else {}
        nodes = self.steps(top["steps"], params)
        columns = {key: self.columns(top[key], key) for key in ("inputs", "outputs")}
        try:
            return Graph(columns["inputs"], nodes, columns["outputs"], params=params, **texts)
        except GraphError as error:
            raise self.error(str(error), root) from None

    def steps(self, place: _Place, params: Mapping[str, Any]) -> tuple[Node, ...]:
        if not isinstance(place.value, list):
            raise self.error("steps is a list, one entry for each step", place)
        read = [self.step(step, params) for step in place.value]
        given = [node.name or None for node in read]
        if twice := repeated(name for name in given if name):
            where = [step for step, name in zip(place.value, given, strict=True) if name == twice][1]
            raise self.error(f"two steps are named {twice!r}", where)
        names = name_steps((name, node.verb, node.fn) for name, node in zip(given, read, strict=True))
        before = [SOURCE, *names]
        return tuple(
            replace(node, name=name, after=node.after or (prior,))
            for node, name, prior in zip(read, names, before, strict=False)
        )

    def step(self, place: _Place, params: Mapping[str, Any]) -> Node:
        if not isinstance(place.value, dict):
            raise self.error("a step is a mapping such as {map: image-decode.pil, in: path, out: image}", place)
        verbs = [key for key in place.value if key in VERBS]
        if len(verbs) != 1:
            wrong = next((key for key in place.value if nearest(key, VERBS)), None)
            near = f" Did you mean {nearest(wrong, VERBS)[0]!r}?" if wrong and not verbs else ""
            raise self.error(f"a step has exactly one of {', '.join(VERBS)}.{near}", place)
        verb = verbs[0]
        if verb == "concat":
            return self.concat(place)
        allowed = (verb, "in", "out", "with", "name", "after", "workers", "backend", *_ARGUMENTS.get(verb, ()))
        step = self.mapping(place, f"a {verb} step", allowed, required=("in", "out"))
        return Node(
            verb,  # type: ignore[arg-type]
            self.text(step["name"], "name") if "name" in step else "",
            self.columns(step["in"], "in"),
            self.columns(step["out"], "out"),
            self.operator(step[verb], step.get("with"), params),
            self.columns(step["after"], "after") if "after" in step else (),
            **self.arguments(step),
        )

    def concat(self, place: _Place) -> Node:
        step = self.mapping(place, "a concat step", ("concat", "name"), required=("concat",))
        branches = self.columns(step["concat"], "concat")
        if len(branches) < 2:
            raise self.error("concat names the last steps of two or more branches", step["concat"])
        return Node("concat", self.text(step["name"], "name") if "name" in step else "", after=branches)

    def arguments(self, step: Mapping[str, _Place]) -> dict[str, Any]:
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
        for key in ("timestamp", "per", "backend"):
            if key in step:
                read[key] = self.text(step[key], key)
        if read.get("backend") not in (None, "thread", "process"):
            raise self.error("backend is 'thread' or 'process'", step["backend"])
        if "on" in step:
            read["on"] = self.columns(step["on"], "on")
        return read

    def operator(self, place: _Place, given: _Place | None, params: Mapping[str, Any]) -> OperatorSpec:
        name = self.text(place, "the operator's name")
        if given is not None and not isinstance(given.value, dict):
            raise self.error("with is a mapping of parameters", given)
        try:
            operator = load(resolve(name))
        except UnknownNameError as error:
            raise self.error(str(error), place) from None
        values = _plain(given) if given else {}
        for key, value in values.items():
            for wanted in _PLACEHOLDER.findall(repr(value)):
                if wanted not in params:
                    near = nearest(wanted, params)
                    raise self.error(
                        f"{'${' + wanted + '}'} is not among the pipeline's params.{f' Did you mean {near[0]!r}?' if near else ''}",
                        given.value[key],  # type: ignore[union-attr]
                    )
        try:
            return OperatorSpec.bind(operator, (), values)
        except ParameterError as error:
            raise self.error(str(error), self._wrong_key(error, given) or place) from None

    def _wrong_key(self, error: JuncoError, given: _Place | None) -> _Place | None:
        keys = given.keys if given and given.keys else {}
        return next((place for key, place in keys.items() if f"parameter {key!r}" in str(error)), given)

    def mapping(self, place: _Place, what: str, keys: tuple[str, ...], required: tuple[str, ...]) -> dict[str, _Place]:
        if not isinstance(place.value, dict) or place.keys is None:
            raise self.error(f"{what} is a mapping with the keys {', '.join(keys)}", place)
        for key in place.value:
            if key not in keys:
                near = f" Did you mean {nearest(key, keys)[0]!r}?" if nearest(key, keys) else ""
                raise self.error(f"{what} has no key {key!r}.{near} Its keys: {', '.join(keys)}.", place.keys[key])
        for key in required:
            if key not in place.value:
                raise self.error(f"{what} needs the key {key!r}", place)
        return place.value

    def text(self, place: _Place, what: str) -> str:
        if not isinstance(place.value, str) or not place.value:
            raise self.error(f"{what} is a text, not {place.value!r}", place)
        return place.value

    def columns(self, place: _Place, what: str) -> tuple[str, ...]:
        if isinstance(place.value, list):
            return tuple(self.text(child, f"an entry of {what}") for child in place.value)
        return (self.text(place, what),)

    def params(self, place: _Place) -> dict[str, Any]:
        if not isinstance(place.value, dict):
            raise self.error("params is a mapping of names to their default values", place)
        return _plain(place)  # type: ignore[no-any-return]


def _filled(value: Any, params: Mapping[str, Any], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(child, params, where) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(child, params, where) for child in value)
    if not isinstance(value, str):
        return value
    for name in _PLACEHOLDER.findall(value):
        if name not in params:
            raise ParameterError(f"{where}: ${{{name}}} is not among the pipeline's params: {', '.join(params) or 'none'}")
    if whole := _PLACEHOLDER.fullmatch(value):
        return params[whole[1]]
    return _PLACEHOLDER.sub(lambda match: str(params[match[1]]), value)


def _step_out(node: Node, default_name: str, before: str) -> dict[str, Any]:
    name = {} if node.name == default_name else {"name": node.name}
    if node.verb == "concat":
        return {"concat": list(node.after), **name}
    fn = node.fn.spec if isinstance(node.fn, Operator) else node.fn
    if not isinstance(fn, OperatorSpec):
        raise GraphError(
            f"{node}: the Python callable {fn_name(node.fn)!r} cannot stand in a file; register it with @op and use that"
        )
    step: dict[str, Any] = {node.verb: fn.name, "in": _columns_out(node.inputs), "out": _columns_out(node.outputs)}
    if fn.items:
        step["with"] = fn.params
    defaults = {f.name: f.default for f in fields(Node)}
    for key in ("on", "timestamp", "size", "step", "per", "keep_empty", "workers", "backend"):
        if (value := getattr(node, key)) != defaults[key]:
            step[key] = _columns_out(value) if key == "on" else value
    if node.after != (before,):
        step["after"] = _columns_out(node.after)
    return step | name


def _columns_out(columns: tuple[str, ...]) -> str | list[str]:
    return columns[0] if len(columns) == 1 else list(columns)


def _dump(value: Any, flow: bool = True) -> str:
    try:
        return yaml.dump(
            value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000, default_flow_style=flow
        )
    except yaml.YAMLError as error:
        raise GraphError(f"a parameter cannot stand in a file: {error}") from None
