"""`Renames`: a table of what weights are called here and elsewhere, read both ways; weights are loaded whole or not.

renames = Renames(
    ("stages.{}.blocks.{}.attention", "layers.{}.blocks.{}.attn"),
    joined={"layers.{}.attention.qkv": ("layer.{}.query", "layer.{}.key", "layer.{}.value")},
    unused=("position_ids",),
)
load(network, renames.here(state), "image-embedding.junco")
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from junco.errors import IntegrityError

if TYPE_CHECKING:
    import torch
    from torch import nn

    State = Mapping[str, torch.Tensor]

_MOST_TOLD = 20


class Renames:
    """What weights are called here, and in another library.

    Args:
        pairs: beginnings of names, here and there; ``{}`` stands for a number, and the first pair that fits counts.
            They end where a name's part ends. What no pair fits is called alike.
        joined: beginnings of names whose tensors are, along the first axis, several of theirs one after the other.
        unused: beginnings of their names for what no network here needs.
    """

    def __init__(
        self,
        *pairs: tuple[str, str],
        joined: Mapping[str, tuple[str, ...]] | None = None,
        unused: Iterable[str] = (),
    ) -> None:
        self._pairs = pairs
        self._joined = dict(joined or {})
        self._unused = [_pattern(each) for each in unused]

    def here(self, state: State) -> dict[str, torch.Tensor]:
        """Their weights by the names that they have here.

        Pieces that are not all there, or not of one shape, keep their names, and a second tensor of a name has both of
        its names, so that :func:`load` tells them.
        """
        found: dict[str, torch.Tensor] = {}
        pieces: dict[str, dict[int, str]] = {}
        for name, tensor in state.items():
            if any(pattern.match(name) for pattern in self._unused):
                continue
            if (piece := self._piece(name)) is not None:
                pieces.setdefault(piece[0], {})[piece[1]] = name
            else:
                here = _renamed(name, self._to_here)
                found[f"{name} → {here}" if here in found else here] = tensor
        for here, names in pieces.items():
            found.update(self._joint(here, {place: (names[place], state[names[place]]) for place in sorted(names)}))
        return found

    def there(self, state: State) -> dict[str, torch.Tensor]:
        """Weights of a network here by the names that they have there."""
        found: dict[str, torch.Tensor] = {}
        for name, tensor in state.items():
            for ours, theirs in self._joined.items():
                if (match := _pattern(ours).match(name)) is not None:
                    names = [each.format(*match.groups()) + name[match.end() :] for each in theirs]
                    found.update(zip(names, tensor.chunk(len(names)), strict=True))
                    break
            else:
                found[_renamed(name, self._to_there)] = tensor
        return found

    def _joint(self, here: str, pieces: Mapping[int, tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        """The one tensor of pieces that fit each other; else the pieces."""
        import torch

        num_pieces = next(len(theirs) for ours, theirs in self._joined.items() if _pattern(ours).match(here))
        if len(pieces) == num_pieces and len({tensor.shape for _, tensor in pieces.values()}) == 1:
            return {here: torch.cat([tensor for _, tensor in pieces.values()])}
        return dict(pieces.values())

    def _piece(self, name: str) -> tuple[str, int] | None:
        """Of which tensor here it is a piece, and which."""
        for ours, theirs in self._joined.items():
            for place, each in enumerate(theirs):
                if (match := _pattern(each).match(name)) is not None:
                    return ours.format(*match.groups()) + name[match.end() :], place
        return None

    @cached_property
    def _to_here(self) -> list[tuple[re.Pattern[str], str]]:
        return [(_pattern(theirs), ours) for ours, theirs in self._pairs]

    @cached_property
    def _to_there(self) -> list[tuple[re.Pattern[str], str]]:
        return [(_pattern(ours), theirs) for ours, theirs in self._pairs]


def load(network: nn.Module, state: State, owner: str) -> None:
    """Give a network its weights, all of them or none.

    Raises:
        IntegrityError: with all that are missing, that are too many, whose shapes are others, and that are no real
            numbers where those are wanted.
    """
    own = network.state_dict()
    counts = {name for name in own if name.endswith(".num_batches_tracked")}
    both = [(name, tensor, state[name]) for name, tensor in own.items() if name in state]
    wrong = {
        "missing": [name for name in own if name not in state and name not in counts],
        "not known": [name for name in state if name not in own],
        "of another shape": [
            f"{name} is {tuple(given.shape)}, not {tuple(wanted.shape)}"
            for name, wanted, given in both
            if given.shape != wanted.shape
        ],
        "of another type": [
            f"{name} is {given.dtype}, not {wanted.dtype}"
            for name, wanted, given in both
            if given.is_floating_point() != wanted.is_floating_point()
        ],
    }
    told = [
        f"{what}: {', '.join(names[:_MOST_TOLD])}{f' and {len(names) - _MOST_TOLD} more' if names[_MOST_TOLD:] else ''}"
        for what, names in wrong.items()
        if names
    ]
    if told:
        raise IntegrityError(
            f"{owner!r}: the weights are not those of this network, and none was loaded; {'; '.join(told)}"
        )
    assert not any(tensor.is_meta for tensor in own.values()), "a network on the meta device has no place for weights"
    network.load_state_dict(state, strict=False)


def _pattern(beginning: str) -> re.Pattern[str]:
    """Of names that begin so, where ``{}`` is a number; it ends where a part of the name ends."""
    return re.compile(r"(\d+)".join(map(re.escape, beginning.split("{}"))) + r"(?=\.|$)")


def _renamed(name: str, table: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, other in table:
        if (match := pattern.match(name)) is not None:
            return other.format(*match.groups()) + name[match.end() :]
    return name
