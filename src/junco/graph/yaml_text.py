"""YAML text ⇄ plain values that know where they stand. No tags, anchors or aliases, no duplicate keys, and limits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from junco.errors import GraphError, YamlError
from junco.wording import brief

MAX_BYTES = 1_000_000
MAX_DEPTH = 80  # a pipeline in a step of another takes three


class _Loader(yaml.SafeLoader):
    """Scalars as in YAML 1.2: ``on``, ``yes`` and dates are words, not booleans and timestamps.

    Each piece is looked at before anything is made of it, so that nothing runs away with a deep file.
    """

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self.file = file
        self._depth = 0

    def get_event(self) -> yaml.Event:
        """The next piece of the text.

        Raises:
            YamlError: it is more than plain YAML.
        """
        event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]
        self._depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if (problem := _refused(event, self._depth)) is not None:
            raise YamlError(problem, self.file, *_line_and_column(event.start_mark))
        return event


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_STR = "tag:yaml.org,2002:str"


def _style_of(text: str) -> str | None:
    """Line breaks that YAML would fold into spaces are escaped, so that every text comes back as it was."""
    return '"' if any(mark in text for mark in "\r\x85\u2028\u2029") else None


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
_Dumper.add_representer(str, lambda dumper, value: dumper.represent_scalar(_STR, value, _style_of(value)))
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(value))


@dataclass(frozen=True, slots=True)
class Place:
    """A YAML value with where it stands."""

    value: Any
    line: int
    column: int
    keys: Mapping[str, Place] | None = None
    """For a mapping: the place of each key."""


def parse(text: str, file: str) -> Place:
    """The document's one value.

    Raises:
        YamlError: it is no YAML, or more than plain YAML.
    """
    try:
        loader = _Loader(text, file)
        root = loader.get_single_node()
        return _place(root, loader, file) if root else Place(None, 1, 1)
    except yaml.MarkedYAMLError as error:
        place = _line_and_column(error.problem_mark or error.context_mark)
        raise YamlError(f"this is not YAML: {error.problem}", file, *place) from None
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError(f"this is not YAML: {brief(error)}", file) from None


def _refused(event: yaml.Event, depth: int) -> str | None:
    """What is wrong with a piece of YAML that could do more than say a plain value."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases (&, *) are not read: write the value out"
    if (tag := getattr(event, "tag", None)) is not None:
        return f"the tag {tag!r} is not read: write plain values"
    return f"nested deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else None


def _line_and_column(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place(node: yaml.Node, loader: _Loader, file: str) -> Place:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, yaml.SequenceNode):
        return Place([_place(child, loader, file) for child in node.value], line, column)
    if not isinstance(node, yaml.MappingNode):
        try:
            return Place(_scalar(node, loader), line, column)
        except (ValueError, OverflowError) as error:
            raise YamlError(f"{node.value!r}: {error}", file, line, column) from None
    values: dict[str, Place] = {}
    keys: dict[str, Place] = {}
    for key_node, value_node in node.value:
        key = _place(key_node, loader, file)
        if not isinstance(key.value, str):
            raise YamlError(f"keys are plain words, not {key_node.value!r}", file, key.line, key.column)
        if key.value in values:
            raise YamlError(f"the key {key.value!r} stands here twice", file, key.line, key.column)
        keys[key.value], values[key.value] = key, _place(value_node, loader, file)
    return Place(values, line, column, keys)


def _scalar(node: yaml.Node, loader: _Loader) -> Any:
    value = loader.construct_object(node)
    if isinstance(value, float) and math.isinf(value) and "inf" not in str(node.value).lower():
        raise OverflowError("a number has at most 308 digits; .inf is written so")
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("half a character (a lone surrogate) is no text")
    return value


def plain(place: Place) -> Any:
    """The value without its places."""
    if isinstance(place.value, dict):
        return {key: plain(value) for key, value in place.value.items()}
    if isinstance(place.value, list):
        return [plain(value) for value in place.value]
    return place.value


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        YamlError: the file cannot be read, is too large, or is not UTF-8.
    """
    if path.is_dir():
        raise YamlError(
            "it is a folder, and a pipeline is a file; a tuned operator's folder goes into a pipeline by its option "
            "tuned: pipeline(NAME, tuned=FOLDER), or -p tuned=FOLDER",
            str(path),
        )
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


def dump(value: Any, flow: bool = True) -> str:
    """A value as YAML, on one line (``flow``) or over several.

    Raises:
        GraphError: it is not made of plain values.
    """
    try:
        return yaml.dump(
            value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000, default_flow_style=flow
        )
    except yaml.YAMLError as error:
        raise GraphError(f"a parameter cannot stand in a file: {error}") from None
