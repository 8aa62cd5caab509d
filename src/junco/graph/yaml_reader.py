"""YAML values → `Graph`, with file, line and column for whatever is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from junco.errors import GraphError, JuncoError, UnknownNameError, YamlError
from junco.graph.nodes import INPUT, MOST_STEPS, MOST_WORKERS, VERBS, Graph, Node, name_steps, repeated
from junco.graph.params import PLACEHOLDER
from junco.graph.paths import from_folder
from junco.graph.written import Position, Written, placed
from junco.graph.yaml_head import INNER_KEYS, KEYS, mapping
from junco.graph.yaml_text import Place, plain
from junco.operator.hub_names import is_hub_name
from junco.operator.namespace import resolve
from junco.operator.spec import OperatorSpec
from junco.operator.tunable import OPTION, is_folder_name
from junco.settings import user_path
from junco.wording import did_you_mean, nearest, picture

VERSION = 1
MOST_LEVELS = 20
"""Pipelines in pipelines that a file may hold."""

TEXTS = ("name", "family", "description", "license", "main", "space")
_ARGUMENTS = {
    "map": ("per",),
    "filter": ("on", "per"),
    "flat_map": ("keep_empty", "per"),
    "window": ("size", "step", "per"),
    "time_window": ("timestamp", "size", "step", "per"),
    "window_all": ("per",),
    "reduce": ("per",),
}


class Reader:
    """Reads one file. Operators are looked up by their names; none is imported.

    Args:
        file: as messages name it.
        folder: where the file lies, from which its relative paths mean; ``None`` leaves them as they are.
    """

    def __init__(self, file: str, folder: Path | None = None) -> None:
        self.file = file
        self.folder = folder
        self.levels_left = MOST_LEVELS

    def error(self, problem: str, place: Place) -> YamlError:
        """What is wrong, and where."""
        return YamlError(problem, self.file, place.line, place.column)

    def graph(self, root: Place) -> Graph:
        """The pipeline that a file holds."""
        top = self.mapping(root, "a pipeline file", KEYS, required=("junco", "inputs", "steps", "outputs"))
        if top["junco"].value != VERSION or type(top["junco"].value) is not int:
            raise self.error(f"this junco reads version {VERSION}, not {_shown(top['junco'])}", top["junco"])
        return self.pipeline(root, top, {})

    def inner(self, place: Place, params: Mapping[str, Any]) -> Graph:
        """A pipeline that stands in a step of another, whose parameters its own may be taken from."""
        top = self.mapping(place, "a pipeline in a step", INNER_KEYS, required=("inputs", "steps", "outputs"))
        if not self.levels_left:
            raise self.error(f"a file holds at most {MOST_LEVELS} pipelines in one another", place)
        self.levels_left -= 1
        graph = self.pipeline(place, top, params)
        self.levels_left += 1
        return graph

    def pipeline(self, root: Place, top: Mapping[str, Place], around: Mapping[str, Any]) -> Graph:
        """A pipeline from its keys."""
        texts = {key: self.text(top[key], key) for key in TEXTS if key in top}
        params = self.params(top["params"], around) if "params" in top else {}
        nodes = self.steps(top["steps"], params)
        columns = {key: self.columns(top[key], key) for key in ("inputs", "outputs")}
        written = Written(self.file, _position(root), {}, {key: _position(value) for key, value in top.items()})
        try:
            return Graph(columns["inputs"], nodes, columns["outputs"], params=params, written=written, **texts)
        except GraphError as error:
            words = {"main names": "main", "the output column": "outputs"}
            key = next((key for word, key in words.items() if str(error).startswith(word)), "inputs")
            raise self.error(str(error), top[key]) from None

    def steps(self, place: Place, params: Mapping[str, Any]) -> tuple[Node, ...]:
        if not isinstance(place.value, list):
            raise self.error("steps is a list, one entry for each step", place)
        if len(place.value) > MOST_STEPS:
            raise self.error(f"a pipeline has at most {MOST_STEPS:,} steps, not {len(place.value):,}", place)
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
        fn, written = self.callee(step[verb], step.get("with"), params, _key(place, verb))
        return Node(
            verb,
            self.text(step["name"], "name") if "name" in step else "",
            self.columns(step["in"], "in"),
            self.columns(step["out"], "out"),
            fn,
            self.columns(step["after"], "after") if "after" in step else (),
            written=written,
            **self.arguments(step),
        )

    def concat(self, place: Place) -> Node:
        step = self.mapping(place, "a concat step", ("concat", "name"), required=("concat",))
        branches = self.columns(step["concat"], "concat")
        if len(branches) < 2:
            raise self.error("concat names the last steps of two or more branches", step["concat"])
        name = self.text(step["name"], "name") if "name" in step else ""
        return Node("concat", name, after=branches, written=self.written(_key(place, "concat"), None))

    def arguments(self, step: Mapping[str, Place]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key in ("size", "step", "keep_empty", "workers"):
            if key in step:
                wanted = bool if key == "keep_empty" else (int, float) if key in ("size", "step") else int
                value = step[key].value
                is_number = not isinstance(value, float) or math.isfinite(value)
                if not isinstance(value, wanted) or (isinstance(value, bool) and key != "keep_empty") or not is_number:
                    raise self.error(f"{key} cannot be {_shown(step[key])}", step[key])
                read[key] = value
        if "workers" in read and not 1 <= read["workers"] <= MOST_WORKERS:
            raise self.error(f"workers is a whole number from 1 to {MOST_WORKERS:,}", step["workers"])
        for key in ("per", "backend"):
            if key in step:
                read[key] = self.text(step[key], key)
        if read.get("backend") not in (None, "thread", "process"):
            raise self.error("backend is 'thread' or 'process'", step["backend"])
        return read | {key: self.columns(step[key], key) for key in ("on", "timestamp") if key in step}

    def callee(self, place: Place, given: Place | None, params: Mapping[str, Any], key: Place) -> tuple[Any, Written]:
        """An operator by its name, or a pipeline that is written here, beneath ``key``; and where it stands."""
        if isinstance(place.value, dict):
            if given is not None:
                raise self.error("a pipeline in a step takes no with: write its params into it", given)
            return self.inner(place, params), self.written(key, None)
        return self.operator(place, given, params)

    def operator(self, place: Place, given: Place | None, params: Mapping[str, Any]) -> tuple[OperatorSpec, Written]:
        """An operator by its name; its parameters are checked here if its class is at hand anyway."""
        name = self.text(place, "the operator's name")
        if given is not None and not isinstance(given.value, dict):
            raise self.error("with is a mapping of parameters", given)
        name, tuned = self.tuned(place, given) if is_folder_name(name) else (name, {})
        try:
            name = name if is_hub_name(name) else resolve(name)
        except UnknownNameError as error:
            raise self.error(str(error), place) from None
        if is_hub_name(name) and given is not None and OPTION in given.value:
            raise self.error(f"the operator is one on a hub, which {OPTION} cannot be besides: leave it out", given)
        if given is not None and OPTION in given.value:
            self.check_tuned_here(given.value[OPTION])
        self.check_placeholders(given, params)
        spec = OperatorSpec.named(name, {**tuned, **(self.plain(given) if given else {})})
        written = self.written(place, given)
        with placed(written, spec.params):
            return spec.bound() if spec.is_loaded else spec, written

    def check_tuned_here(self, place: Place) -> None:
        """Refuse a tuned operator of a hub as an option of what was tuned: nothing beside the file would pin it."""
        value = plain(place)
        if is_hub_name(value) and not user_path(value).exists():
            raise self.error(f"{value} is a name on a hub: it stands alone, {{map: {value}}}, without {OPTION}", place)

    def tuned(self, place: Place, given: Place | None) -> tuple[str, dict[str, Any]]:
        """The name of the operator that lies in a folder, and the parameter that says so; no weight is read."""
        from junco.operator.tuned_folder import read_folder

        if given is not None and OPTION in given.value:
            raise self.error(f"the operator is a folder already, and {OPTION} names one too: leave it out", given)
        try:
            found = read_folder(self.plain(place))
        except JuncoError as error:
            raise self.error(str(error), place) from None
        return found.operator, {OPTION: str(found.folder)}

    def written(self, place: Place, given: Place | None) -> Written:
        """Where an operator and its parameters stand."""
        keys = given.keys if given and given.keys else {}
        values = given.value if given else {}
        return Written(
            self.file,
            _position(place),
            {name: _position(key) for name, key in keys.items()},
            {name: _position(v) for name, v in values.items() if not PLACEHOLDER.search(repr(plain(v)))},
        )

    def check_placeholders(self, given: Place | None, params: Mapping[str, Any]) -> None:
        """Refuse ``${name}`` that stands for no parameter."""
        for place in given.value.values() if given else ():
            for wanted in PLACEHOLDER.findall(repr(plain(place))):
                if wanted not in params:
                    near = did_you_mean(nearest(wanted, params, 1))
                    raise self.error(f"${{{wanted}}} is not among the pipeline's params.{near}", place)

    def plain(self, place: Place) -> Any:
        """A value as it is meant in this file's folder."""
        value = plain(place)
        return value if self.folder is None else from_folder(value, self.folder)

    def mapping(self, place: Place, what: str, keys: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Place]:
        return mapping(place, self.file, what, keys, required)

    def text(self, place: Place, what: str) -> str:
        if not isinstance(place.value, str) or not place.value:
            raise self.error(f"{what} is a text, not {_shown(place)}", place)
        return place.value

    def columns(self, place: Place, what: str) -> tuple[str, ...]:
        if isinstance(place.value, list):
            return tuple(self.text(child, f"an entry of {what}") for child in place.value)
        return (self.text(place, what),)

    def params(self, place: Place, around: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(place.value, dict):
            raise self.error("params is a mapping of names to their default values", place)
        if self.levels_left < MOST_LEVELS:
            self.check_placeholders(place, around)
        return self.plain(place)  # type: ignore[no-any-return]


def _position(place: Place) -> Position:
    return place.line, place.column


def _key(place: Place, name: str) -> Place:
    """Where a key of a mapping stands."""
    assert place.keys is not None
    return place.keys[name]


def _shown(place: Place) -> str:
    """What stands there, for messages."""
    return picture(plain(place))
