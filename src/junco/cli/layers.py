"""The layers of an operator's network, as ``junco show --layers`` prints them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from junco.errors import ParameterError
from junco.pages.letters import filled, num_places, size
from junco.terminal import out, say

if TYPE_CHECKING:
    from junco.neural.layer import Layer
    from junco.neural.layer_tree import Branch

_WIDTH = 80
_MOST_LINES = 40
"""Lines of a tree whose depth nobody has said."""
_NAME, _KIND, _SHAPE = 34, 20, 13
"""Places of the columns, so that a line with its numbers has 80."""


def network(name: str, given: dict[str, Any]) -> Any:
    """An operator that holds a network, not opened.

    Raises:
        ParameterError: it holds none whose layers can be told.
    """
    from junco.cli.tuned import is_tuned
    from junco.operator.spec import OperatorSpec
    from junco.operator.tuned_folder import read_folder

    if is_tuned(name):
        spec = read_folder(name).spec
        name, given = spec.name, {**spec.params, **given}
    operator = OperatorSpec.named(name, given).bound().create()
    if not hasattr(operator, "layers"):
        raise ParameterError(f"{name!r} holds no network whose layers could be shown")
    return operator


def network_in(ref: str, given: dict[str, Any]) -> Any:
    """The operator of a pipeline whose network's layers ``layer=`` takes, not opened; it is named on stderr.

    Raises:
        ParameterError: there is none, or there are several.
    """
    from junco.catalog.find import find
    from junco.cli.caches import specs_of
    from junco.graph.nesting import load_operators
    from junco.graph.params import bind

    graph = find(ref)
    load_operators(graph)
    specs = [spec for spec in specs_of(bind(graph, given)) if "layer" in spec.load().parameters()]
    if not specs:
        raise ParameterError(f"no step of {ref!r} holds a network whose layers could be shown")
    names = list(dict.fromkeys(spec.name for spec in specs))
    if len(specs) > 1:
        each = ", ".join(f"junco show {name} --layers" for name in names)
        raise ParameterError(f"{len(specs)} steps of {ref!r} hold networks with layers; by operator: {each}")
    say(f"layers of {specs[0]}")
    return specs[0].bound().create()


def plain_layers(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """For programs: all of them, in order."""
    return [
        {
            "name": str(each),
            "kind": each.kind,
            "shape": list(each.shape),
            "num_parameters": each.num_parameters,
            "number": each.number,
            "pools": [] if each.why_not else list(each.axes.pools),
            "why_not": each.why_not,
        }
        for each in layers
    ]


def print_layers(layers: Sequence[Layer], depth: int | None) -> None:
    """A tree; where no vector can be taken, a number leads to the reason beneath."""
    from junco.neural.layer_tree import readable, tree_of

    tree = tree_of(layers)
    shown = readable(tree, _MOST_LINES) if depth is None else tuple(each.cut(depth) for each in tree)
    branches = [(each, floor) for top in shown for each, floor in top.walk()]
    marked = (each.layer for each, _ in branches if each.layer is not None and each.layer.why_not)
    reasons = list(dict.fromkeys(map(_reason, marked)))
    out(_line("LAYER", "KIND", "SHAPE", "PARAMETERS"))
    for branch, floor in branches:
        for line in _lines(branch, floor, reasons):
            out(line)
    total = sum(each.num_parameters * each.times for each in tree)
    out()
    out(f"{total:,} parameters, {size(4 * total)} in float32")
    for note in _notes(layers, reasons):
        for line in textwrap.wrap(note, _WIDTH, subsequent_indent="    "):
            out(line)


def _lines(branch: Branch, floor: int, reasons: list[str]) -> Iterator[str]:
    name = "  " * floor + branch.name
    kind = branch.kind or "not run by itself"
    if branch.layer is not None and branch.layer.why_not:
        kind = f"{kind} ({reasons.index(_reason(branch.layer)) + 1})"
    count = f"{branch.num_parameters:,}" if branch.num_parameters else ""
    if branch.times > 1:
        yield f"{name} … {branch.last}, {branch.times} alike:"
        name = "  " * floor + "  each"
    if num_places(name) >= _NAME:
        yield name
        name = ""
    yield _line(name, kind, branch.shape_text, count)


def _line(name: str, kind: str, shape: str, count: str) -> str:
    return f"{filled(name, _NAME)} {filled(kind, _KIND)} {filled(shape, _SHAPE)} {count:>10}".rstrip()


def _notes(layers: Sequence[Layer], reasons: list[str]) -> Iterator[str]:
    blocks = [each for each in layers if each.number is not None]
    numbers = f", or a number from 0 ({blocks[0]}) to {len(blocks) - 1} ({blocks[-1]})" if blocks else ""
    marked = "; not those that are marked" if reasons else ""
    yield f"layer= takes a name in full{numbers}{marked}."
    for number, reason in enumerate(reasons, 1):
        yield f"({number}) {reason}"


def _reason(layer: Layer) -> str:
    """Why nothing can be taken there, without what to take instead."""
    return layer.why_not.partition(": take ")[0]
