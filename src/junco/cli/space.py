"""``junco space``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from junco.cli.parameters import device, params, parse_params
from junco.cli.printing import as_json, print_fields, print_json
from junco.cli.targets import is_target
from junco.terminal import out

if TYPE_CHECKING:
    from junco.types import Space


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the things compared: its name, its space, and why that is unknown."""

    name: str
    space: Space | None
    unknown: str = ""

    def to_json(self) -> dict[str, Any]:
        if self.space is None:
            return {"name": self.name, "space": None, "unknown": self.unknown}
        return {
            "name": self.name,
            "space": self.space.id,
            "description": self.space.description,
            "parts": self.space.parts,
        }


class _Space(click.Group):
    """Its first argument may be a pipeline or a set, as well as a command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """What is no command is something whose space is shown."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["of", *args])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Options may stand before what they are of."""
        if args and args[0] not in self.commands and not {"-h", "--help"} & {*args}:
            args = ["of", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Space, subcommand_metavar="A [B] | bridge SET")
def space() -> None:
    """The space of vectors, what differs between two, a bridge.

    ``A B`` compares two; ``bridge`` brings a set into the space of a tuned operator.

    Of a pipeline, or of what one wrote: a .parquet or .npy file, a folder of Parquet files.
    """


@space.command
@click.argument("vectors", metavar="SET", help="A .parquet or .npy file, a folder of Parquet files.")
@click.option("--tuned", metavar="FOLDER", required=True, help="The operator whose head was trained.")
@click.option("--to", metavar="SET", required=True, help="The set to write: .parquet, .npy, or a folder (ends in /).")
@as_json
def bridge(vectors: str, tuned: str, to: str, as_json: bool) -> None:
    """Bring a set into the space of a tuned operator, by a matrix product.

    The items are not needed, and the set is not changed. It goes where only a head was trained (--scope head).
    """
    from junco.answers.bridging import bridged

    made = bridged(vectors, tuned, to)
    if as_json:
        print_json(made.to_dict())
    else:
        out(str(made))


@space.command("of", hidden=True)
@click.argument("one", metavar="A", help="A pipeline, or a file or folder of vectors.")
@click.argument("other", required=False, metavar="[B]", help="Another: what differs?")
@as_json
@device
@params
def of(one: str, other: str | None, as_json: bool, device: str, param: tuple[str, ...]) -> None:
    """The space of vectors, or what differs between two.

    Of a pipeline, or of what one wrote: a .parquet or .npy file, a folder of Parquet files. Parameters (-p) are those
    of A where it is a pipeline.
    """
    sides = [_side(one, device, parse_params(param))]
    if other is not None:
        sides.append(_side(other, device, {}))
    if as_json:
        print_json(sides[0].to_json() if other is None else _compared(*sides))
        return
    for side in sides:
        out(f"{side.name}: {side.space if side.space is not None else _called_unknown(side)}")
    if other is not None:
        out(_verdict(*sides))
    elif sides[0].space is not None:
        print_fields({name: str(value) for name, value in sides[0].space.parts.items()})


def _side(ref: str, device: str, params: dict[str, Any]) -> _Side:
    from junco.store.vectors import space_of

    if is_target(ref):
        found = space_of(ref)
        return _Side(ref, found, "" if found is not None else "the file does not say")
    from junco.api import pipeline

    with pipeline(ref, device=device, **params) as p:
        output = p.plan.output_space
        return _Side(ref, output.space, f"after {output.unknown}" if output.unknown else "")


def _called_unknown(side: _Side) -> str:
    return f"an unknown space, {side.unknown}" if side.unknown else "an unknown space"


def _differences(one: _Side, other: _Side) -> list[str]:
    return one.space.explain(other.space) if one.space is not None and other.space is not None else []


def _is_same(one: _Side, other: _Side) -> bool:
    return one.space is not None and one.space == other.space


def _compared(one: _Side, other: _Side) -> dict[str, Any]:
    return {
        "a": one.to_json(),
        "b": other.to_json(),
        "same": _is_same(one, other),
        "differences": _differences(one, other),
    }


def _verdict(one: _Side, other: _Side) -> str:
    if _is_same(one, other):
        return "the same space: their vectors can be compared"
    if one.space is None or other.space is None:
        return "not known to be the same space: name it, space: NAME in the file or .output(…, space='…')"
    return "\n".join(["different spaces:", *(f"  {line}" for line in _differences(one, other))])
