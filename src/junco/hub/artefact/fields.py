"""The fields of a manifest: which there are, and what each has to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import YamlError
from junco.graph.yaml_text import parse, plain, read_text
from junco.operator import registry
from junco.wording import did_you_mean, nearest, picture


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a manifest."""

    is_good: Callable[[Any], bool]
    wanted: str
    is_needed: bool = False


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest as plain values; what stands under ``licence`` is given under ``license``, as SPDX spells it.

    Raises:
        YamlError: it is no plain YAML within limits, or no mapping; with line and column.
    """
    value = plain(parse(read_text(path), path.name))
    if not isinstance(value, dict):
        raise YamlError(f"a manifest is a mapping, not {picture(value)}", path.name)
    if "license" in value:
        return value
    return {"license" if key == "licence" else key: each for key, each in value.items()}


def problems_of_fields(told: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[str]:
    """What is wrong with the values of a manifest, and which are missing."""
    for key in told:
        if key not in fields:
            yield f"there is no field {key!r}.{did_you_mean(nearest(key, fields, 1))} Fields: {', '.join(fields)}"
    for key, field in fields.items():
        if key not in told:
            if field.is_needed:
                yield f"it lacks {key!r}, {field.wanted}"
        elif not field.is_good(told[key]):
            yield f"{key!r} has to be {field.wanted}, not {picture(told[key])}"


def is_text(value: Any) -> bool:
    """One line that can be shown."""
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= 500 and value.isprintable()


def is_member(value: Any) -> bool:
    """The name of an operator, ``family.member``."""
    return isinstance(value, str) and "." in value and registry.NAME.fullmatch(value) is not None


def is_family(value: Any) -> bool:
    """The name of a family."""
    return isinstance(value, str) and "." not in value and registry.NAME.fullmatch(value) is not None


def is_count(value: Any) -> bool:
    """A whole number, not negative."""
    return type(value) is int and 0 <= value < 2**62


def are_texts(value: Any) -> bool:
    """A list of lines."""
    return isinstance(value, list) and all(map(is_text, value))


def are_named(value: Any) -> bool:
    """A mapping of names of Python to texts."""
    return isinstance(value, dict) and all(key.isidentifier() and is_text(each) for key, each in value.items())


def are_parameters(value: Any) -> bool:
    """A mapping of names of Python to plain values."""
    return isinstance(value, dict) and all(key.isidentifier() for key in value)


def is_mapping(value: Any) -> bool:
    """Any mapping."""
    return isinstance(value, dict)


def is_web_address(value: Any) -> bool:
    """An address of the web."""
    return isinstance(value, str) and re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value) is not None


def one_of(*values: str) -> Field:
    """A field that has to say one of some words."""
    return Field(lambda value: value in values, " or ".join(map(repr, values)))
