"""Draw what a block does from a run of it: its parts in the order in which they are called, sums, paths around them.

Each tensor is followed from the part that made it to the part that takes it, so that a drawing cannot say anything but
what the code does. Parts are drawn by their names; what a part does within itself is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

_MERGES = {"add": "+", "sub": "−", "mul": "×", "cat": "concat", "matmul": "·", "scaled_dot_product_attention": "attend"}
"""Functions of several tensors that are drawn."""
_ALONE = ("leaky_relu", "relu", "sigmoid", "softmax", "tanh", "log")
"""Functions of one tensor that are drawn."""
_FORMS = "junco.nn.forms"
_HEIGHT, _GAP, _LETTER, _ARC = 40, 26, 7.2, 13


@dataclass
class Drawing:
    """Nodes in the order of the run, each with a name and what kind of thing it is, and the arrows between them."""

    nodes: list[tuple[str, str]] = field(default_factory=list)
    arrows: set[tuple[int, int]] = field(default_factory=set)

    def add(self, name: str, kind: str, sources: set[int]) -> int:
        """A node, and an arrow from each source."""
        self.nodes.append((name, kind))
        self.arrows |= {(source, len(self.nodes) - 1) for source in sources}
        return len(self.nodes) - 1

    @property
    def helps(self) -> bool:
        """Whether it says more than a name: there are several parts."""
        return sum(1 for _, kind in self.nodes if kind not in ("", "sign")) > 1


class _Followed(TorchFunctionMode):
    """Knows which node each tensor comes of."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.drawing, self.depth = drawing, 0
        self._of: dict[int, set[int]] = {}
        self._kept: list[Any] = []  # an id may be given again once its tensor is gone

    def of(self, *given: Any) -> set[int]:
        return set().union(*(self._of.get(id(each), set()) for each in _tensors(given)))

    def made(self, given: Any, sources: set[int]) -> None:
        for each in _tensors((given,)):
            self._of[id(each)] = sources
            self._kept.append(each)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if not self.depth:
            each = [sources for tensor in _tensors((args, kwargs or {})) if (sources := self.of(tensor))]
            self.made(found, self._drawn((resolve_name(func) or "").rpartition(".")[2].strip("_"), each))
        return found

    def _drawn(self, name: str, each: list[set[int]]) -> set[int]:
        together = set().union(*each)
        sign = _MERGES.get(name.removeprefix("i"))
        if sign and len(each) > 1 and (len(together) > 1 or sign == "attend"):
            return {self.drawing.add(sign, "sign", together)}
        return {self.drawing.add(name, "function", together)} if together and name in _ALONE else together


def drawing_of(block: nn.Module, inputs: list[Tensor]) -> Drawing:
    """What a run of the block does with these inputs."""
    drawing = Drawing()
    followed = _Followed(drawing)
    for number, each in enumerate(inputs):
        followed.made(each, {drawing.add("x" if len(inputs) == 1 else f"x{'₁₂₃'[number]}", "", set())})
    with torch.no_grad(), ExitStack() as hooks:
        for name, part in _parts(block):
            hooks.enter_context(_hooked(followed, name, part))
        with followed:
            found = block.eval()(*inputs)
    drawing.add("y", "", followed.of(found))
    return drawing


def svg(drawing: Drawing, title: str) -> str:
    """The drawing on a line, with arrows that pass over nodes as arcs; its colour is the text's, on light and dark."""
    widths = [_width(*node) for node in drawing.nodes]
    lefts = [sum(widths[:n]) + n * _GAP for n in range(len(widths))]
    heights = _heights(drawing)
    top = _ARC * max(heights.values(), default=0) + 6
    middle = top + _HEIGHT / 2
    drawn = [_node(node, left, width, middle) for node, left, width in zip(drawing.nodes, lefts, widths, strict=True)]
    for a, b in sorted(drawing.arrows):
        start, target = lefts[a] + widths[a], lefts[b] + widths[b] / 2
        if b == a + 1:
            drawn.append(_path(f"M{start:.0f} {middle:.0f}H{lefts[b] - 6:.0f}", lefts[b] - 6, middle, "right"))
            continue
        edge = middle - {"sign": 11, "": 9}.get(drawing.nodes[b][1], _HEIGHT / 2) - 6
        around = f"H{start + _GAP * 0.3:.0f}V{top - _ARC * heights[a, b]:.0f}H{target:.0f}V{edge:.0f}"
        drawn.append(_path(f"M{start:.0f} {middle:.0f}{around}", target, edge, "down"))
    width, height = lefts[-1] + widths[-1], top + _HEIGHT + 2
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-size="12" text-anchor="middle">{"".join(drawn)}</svg>'
    )


def _heights(drawing: Drawing) -> dict[tuple[int, int], int]:
    """How high each arrow that passes over nodes runs, so that no two that meet run on each other."""
    heights: dict[tuple[int, int], int] = {}
    for a, b in sorted((each for each in drawing.arrows if each[1] > each[0] + 1), key=lambda each: each[1] - each[0]):
        taken = {height for (c, d), height in heights.items() if c < b and a < d}
        heights[a, b] = next(height for height in range(1, len(taken) + 2) if height not in taken)
    return heights


def _parts(block: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The block's parts; a list's, and a wiring's, are its own."""
    for name, part in block.named_children():
        if isinstance(part, nn.ModuleList) or type(part).__module__ == _FORMS:
            yield from (
                (f"{name} {inner}" if inner.isdigit() else inner, each) for inner, each in part.named_children()
            )
        else:
            yield name, part


@contextmanager
def _hooked(followed: _Followed, name: str, part: nn.Module) -> Iterator[None]:
    """While it is inside a part nothing is drawn; then the part is, unless it changes nothing."""
    sources: list[set[int]] = []

    def before(_: nn.Module, args: Any, kwargs: Any) -> None:
        sources.append(followed.of(args, kwargs))
        followed.depth += 1

    def behind(_: nn.Module, args: Any, kwargs: Any, found: Any) -> None:
        followed.depth -= 1
        came = sources.pop()
        if not followed.depth and not _changes_nothing(part):
            came = {followed.drawing.add(name, type(part).__name__, came)}
        if not followed.depth:
            followed.made(found, came)

    hooks = (
        part.register_forward_pre_hook(before, with_kwargs=True),
        part.register_forward_hook(behind, with_kwargs=True),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _changes_nothing(part: nn.Module) -> bool:
    return isinstance(part, nn.Identity) or (isinstance(part, nn.Sequential) and not len(part))


def _tensors(given: Any) -> Iterator[Tensor]:
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, dict):
        yield from _tensors(tuple(given.values()))
    elif isinstance(given, (tuple, list)):
        for each in given:
            yield from _tensors(each)


def _width(name: str, kind: str) -> float:
    if kind in ("", "sign"):
        return max(22.0, len(name) * _LETTER + 10)
    return max(len(name) * _LETTER, (0 if kind == "function" else len(kind)) * _LETTER * 0.82) + 14


def _node(node: tuple[str, str], left: float, width: float, middle: float) -> str:
    (name, kind), centre = node, left + width / 2
    if kind in ("", "sign"):
        round_it = kind == "sign"
        shape = _box(left, middle - 11, width, 22, 11) if round_it else ""
        return shape + _text(name, centre, middle + 4, "italic" if not round_it else "")
    text = _text(name, centre, middle + 4) if kind == "function" else _text(name, centre, middle - 3)
    small = "" if kind == "function" else _text(kind, centre, middle + 12, "small")
    return _box(left, middle - _HEIGHT / 2, width, _HEIGHT, 5) + text + small


def _box(x: float, y: float, width: float, height: float, corner: int) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" rx="{corner}" fill="currentColor" '
        'fill-opacity="0.06" stroke="currentColor"/>'
    )


def _text(text: str, x: float, y: float, style: str = "") -> str:
    how = {"italic": ' font-style="italic"', "small": ' font-size="10" opacity="0.7"'}.get(style, "")
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="currentColor"{how}>{escape(text)}</text>'


def _path(line: str, x: float, y: float, way: str) -> str:
    tip = f"M{x:.0f} {y - 4:.0f}l6 4l-6 4z" if way == "right" else f"M{x - 4:.0f} {y:.0f}l4 6l4 -6z"
    return f'<path d="{line}" fill="none" stroke="currentColor"/><path d="{tip}" fill="currentColor"/>'
