"""What a pipeline file says of itself, read without its steps: for lists, which look at many files and load nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.errors import YamlError
from junco.graph.yaml_text import Place, parse, plain, read_text
from junco.wording import did_you_mean, nearest

INNER_KEYS = ("name", "family", "description", "license", "params", "inputs", "steps", "outputs", "main", "space")
KEYS = ("junco", *INNER_KEYS)


def read_head(path: Path) -> dict[str, Any]:
    """What a pipeline file says of itself: all keys but its steps, whose operators are not looked up.

    Raises:
        YamlError: with file, line and column.
    """
    place, file = parse(read_text(path), str(path)), str(path)
    top = mapping(place, file, "a pipeline file", KEYS, required=("junco", "inputs", "outputs"))
    return {key: plain(place) for key, place in top.items() if key != "steps"}


def mapping(
    place: Place, file: str, what: str, keys: tuple[str, ...], required: tuple[str, ...] = ()
) -> dict[str, Place]:
    """The values of a mapping by key, if it has these keys and no others.

    Raises:
        YamlError: with file, line and column.
    """
    if not isinstance(place.value, dict) or place.keys is None:
        raise YamlError(f"{what} is a mapping with the keys {', '.join(keys)}", file, place.line, place.column)
    found = place.value
    if "license" in keys and "license" not in found:  # SPDX and Hugging Face spell it so
        found = {"license" if key == "licence" else key: each for key, each in found.items()}
    for key in found:
        if key not in keys:
            near, at = did_you_mean(nearest(key, keys, 1)), place.keys[key]
            raise YamlError(f"{what} has no key {key!r}.{near} Its keys: {', '.join(keys)}.", file, at.line, at.column)
    for key in required:
        if key not in found:
            raise YamlError(f"{what} needs the key {key!r}", file, place.line, place.column)
    return found
