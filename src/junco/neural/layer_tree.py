"""Layers as a tree, in which blocks that repeat are one branch: for people, who read it printed or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from junco.neural.layer import Layer

IDLE = frozenset({"Identity", "DropPath", "Dropout"})
"""Kinds that do nothing when vectors are made: blocks that differ in them alone are alike."""
_CONTAINERS = frozenset({"", "Sequential"})
"""Kinds that run what is within them and do nothing else."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A layer and those within it; or what stands for several in a row that are alike.

    Attributes:
        name: in full, as ``layer=`` takes it.
        layer: the layer; ``None``: a container that is not run by itself.
        num_parameters: of one of them, and all within it.
        shape_text: of what comes out of it; of a container, of its last layer.
        children: within, in the order in which they begin.
        last: the name of the last one of those that are alike.
        times: how many there are.
    """

    name: str
    layer: Layer | None
    num_parameters: int
    shape_text: str
    children: tuple[Branch, ...] = ()
    last: str = ""
    times: int = 1

    @property
    def kind(self) -> str:
        """Of the layer; empty for a container."""
        return "" if self.layer is None else self.layer.kind

    @property
    def title(self) -> str:
        """Its name, or the first and the last one's."""
        return f"{self.name} … {self.last}" if self.last else self.name

    def walk(self, depth: int = 0) -> Iterator[tuple[Branch, int]]:
        """It and all within, each with how deep it stands."""
        yield self, depth
        for each in self.children:
            yield from each.walk(depth + 1)

    def cut(self, most: int) -> Branch:
        """The same with no more than so many floors within."""
        return replace(self, children=tuple(each.cut(most - 1) for each in self.children) if most > 0 else ())


@dataclass(slots=True)
class _Place:
    """Where a layer stands, while the tree grows."""

    name: str
    layer: Layer | None = None
    number: int = 0
    within: dict[str, _Place] = field(default_factory=dict)

    def branches(self, *, by_time: bool) -> tuple[Branch, ...]:
        places = self._in_order() if by_time else list(self.within.values())
        return _folded([each.branch(by_time=by_time) for each in places])

    def _in_order(self) -> list[_Place]:
        """What is within as it runs: of a part between whose parts others run, the parts."""
        found: list[_Place] = []
        for each in self.within.values():
            found += each._in_order() if each._is_interrupted() else [each]
        return sorted(found, key=lambda each: min(each._numbers()))

    def _is_interrupted(self) -> bool:
        if self.layer is None or not self.within:
            return False
        numbers = [number for each in self.within.values() for number in each._numbers()]
        return max(numbers) - min(numbers) >= len(numbers)

    def _numbers(self) -> list[int]:
        """Its own, and those of what is within."""
        own = [self.number] if self.layer is not None else []
        return own + [number for each in self.within.values() for number in each._numbers()]

    def branch(self, *, by_time: bool) -> Branch:
        children = self.branches(by_time=by_time)
        if self.layer is None and len(children) == 1 and children[0].times == 1:
            return children[0]  # a container of one: the one
        within = sum(each.num_parameters * each.times for each in children)
        if self.layer is None:
            return Branch(self.name, None, within, children[-1].shape_text, children)
        return Branch(self.name, self.layer, max(self.layer.num_parameters, within), self.layer.shape_text, children)


def tree_of(layers: Sequence[Layer], *, by_time: bool = False) -> tuple[Branch, ...]:
    """Layers as a tree, by the dots in their names, or the slashes where a file's nodes have such.

    Args:
        layers: in the order in which they begin.
        by_time: what runs later stands later, whatever it is called: of a part that runs others between its own, as a
            residual form does, the own ones stand among those.
    """
    root = _Place("")
    for count, layer in enumerate(layers):
        place = root
        mark = "/" if "/" in layer else "."
        parts = layer.split(mark)
        for number, part in enumerate(parts, 1):
            if part:
                place = place.within.setdefault(part, _Place(mark.join(parts[:number])))
        place.layer, place.number = layer, count
    return root.branches(by_time=by_time)


def readable(tree: Sequence[Branch], most: int) -> tuple[Branch, ...]:
    """A tree as deep as leaves it at most so many branches, and one floor at least."""
    depth = 0
    while True:
        deeper = tuple(each.cut(depth + 1) for each in tree)
        count = sum(1 for each in deeper for _ in each.walk())
        if depth and (count > most or deeper == tuple(each.cut(depth) for each in tree)):
            return tuple(each.cut(depth) for each in tree)
        if count > most:
            return tuple(each.cut(0) for each in tree)
        depth += 1


def without_idle(tree: Sequence[Branch]) -> tuple[Branch, ...]:
    """A tree without what does nothing, and without containers of one: what is left says what happens."""
    return _opened(_busy(tree))


def _busy(tree: Sequence[Branch]) -> tuple[Branch, ...]:
    """What does something, and what holds such."""
    within = [(each, _busy(each.children)) for each in tree]
    return tuple(replace(each, children=busy) for each, busy in within if busy or not _does_nothing(each))


def _does_nothing(branch: Branch) -> bool:
    """Whether a branch within which nothing is left did nothing but run what was there."""
    return branch.kind in (_CONTAINERS if branch.children else IDLE)


def _opened(tree: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """A tree in which containers of one are what they hold.

    They stay where one beside them, of the same name but for its number, holds several: all stages of a network stand
    on one floor.
    """
    several = {_unnumbered(each) for each in tree if len(each.children) > 1}
    opened = tuple(each.children[0] if _holds_one(each) and _unnumbered(each) not in several else each for each in tree)
    if opened != tree:
        return _opened(opened)
    return tuple(replace(each, children=_opened(each.children)) for each in tree)


def _unnumbered(branch: Branch) -> str:
    return "".join(each for each in branch.name if not each.isdigit())


def _holds_one(branch: Branch) -> bool:
    """Whether a branch adds nothing to the only one within it: blocks in a row, or a sequence of one."""
    if not branch.times == len(branch.children) == 1:
        return False
    [only] = branch.children
    return only.times > 1 or (bool(only.children) and not _CONTAINERS.isdisjoint({branch.kind, only.kind}))


def _folded(branches: Sequence[Branch]) -> tuple[Branch, ...]:
    """Neighbours that are alike as one."""
    made: list[Branch] = []
    for each in branches:
        if made and each.children and _form(made[-1]) == _form(each):
            made[-1] = replace(made[-1], last=each.name, times=made[-1].times + 1)
        else:
            made.append(each)
    return tuple(made)


def _form(branch: Branch) -> object:
    """What is the same of branches that are alike."""
    children = [each for each in branch.children if each.kind not in IDLE]
    within = tuple((_own_name(branch, each), _form(each), each.times) for each in children)
    if branch.layer is None:
        return within
    layer = branch.layer
    return layer.kind, layer.shape, layer.num_parameters, within


def _own_name(branch: Branch, child: Branch) -> str:
    """How a branch is called within another: numbered names within are like those of its neighbours."""
    return child.name.removeprefix(branch.name)
