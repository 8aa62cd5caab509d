"""The picture of a network, block by block: SVG in pure Python, with the pen of all drawings.

Layers run from top to bottom in the order in which they begin. A layer within which others are shown is a titled
frame around them; blocks that repeat stand once, with how many there are. Between two stands the shape of what goes
from the one to the other; a box says its kind and how many weights it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from junco.neural.layer import Layer
from junco.neural.layer_tree import Branch, readable, tree_of, without_idle
from junco.pages.letters import num_places
from junco.pages.pen import BOLD, CLASSES, CODE, FAINT, INK, LINE, PAPER, TINTS, as_xml, document, words

MOST_BRANCHES = 30
"""Boxes and frames of a picture whose depth nobody has said."""
BOX_WIDTH, BOX_HEIGHT, END_HEIGHT = 300, 46, 30
GAP, STEP, MARGIN = 30, 14, 24
"""Between boxes; how far a frame stands around what it holds; around the picture."""
HEAD_HEIGHT, FRAME_HEAD = 44, 30
_PLACES = 46
_NOTE = "Layers in the order in which they begin; sums of several are not shown."
_END = ' text-anchor="end"'


def network_svg(title: str, layers: Sequence[Layer], ends: tuple[str, str], depth: int | None = None) -> str:
    """The layers of a network as an SVG picture that stands alone.

    Args:
        title: above the picture.
        layers: in the order in which they begin.
        ends: what goes in, and what comes out.
        depth: how many floors of layers within layers are shown; ``None``: as many as can be read.
    """
    tree = without_idle(tree_of(layers, by_time=True))
    shown = readable(tree, MOST_BRANCHES) if depth is None else tuple(each.cut(depth) for each in tree)
    floors = max((at for each in shown for branch, at in each.walk() if branch.children), default=-1) + 1
    middle = MARGIN + STEP * floors + BOX_WIDTH / 2
    column = _Column(middle, MARGIN + HEAD_HEIGHT)
    shapes = [*column.end(ends[0]), *(line for each in shown for line in column.branch(each, floors))]
    shapes += column.end(ends[1])
    total = sum(each.num_parameters * each.times for each in tree)
    width = int(2 * middle)
    note = words(MARGIN, column.y + 4, _NOTE, (width - 2 * MARGIN) // 6, size=10, fill=LINE)
    head = [*_head(title, total, width), *column.frames]
    return document(title, width, int(column.y) + MARGIN, [*head, *shapes, note])


def counted(num_parameters: int) -> str:
    """Weights in the unit that people read."""
    for unit, many in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if num_parameters >= many:
            return f"{num_parameters / many:.3g}{unit}"
    return str(num_parameters)


def _head(title: str, total: int, width: int) -> Iterator[str]:
    yield words(MARGIN, MARGIN + 12, title, (width - 2 * MARGIN) // 10, size=15, fill=LINE, look=BOLD)
    yield words(MARGIN, MARGIN + 30, f"{counted(total)} parameters", 40, size=11, fill=LINE)


class _Column:
    """Boxes beneath each other.

    Args:
        middle: where their middles are.
        y: where the first one begins.
    """

    def __init__(self, middle: float, y: float) -> None:
        self.middle, self.y = middle, y
        self.frames: list[str] = []
        """What lies beneath the boxes, outer frames first."""
        self._foot: float | None = None
        """Where the last box ends, from which the next arrow starts."""
        self._shape = ""

    def end(self, text: str) -> Iterator[str]:
        """What goes in or comes out."""
        yield from self._arrow()
        yield _box(self.middle, self.y, END_HEIGHT, END_HEIGHT / 2, TINTS[0])
        x = self.middle - BOX_WIDTH / 2
        yield words(x + 16, self.y + 20, text, _PLACES - 4, size=12, fill=INK, look=BOLD)
        self._pass(END_HEIGHT, "")

    def branch(self, branch: Branch, floors: int, depth: int = 0) -> Iterator[str]:
        """A box, or a frame around boxes.

        Args:
            branch: what it is of.
            floors: how many floors of frames there are in the picture.
            depth: in how many frames it stands.
        """
        if not branch.children:
            yield from self._arrow()
            yield from _named_box(branch, self.middle, self.y, TINTS[1 + (depth - 1) % 6] if depth else TINTS[0])
            self._pass(BOX_HEIGHT, branch.shape_text)
            return
        tint = TINTS[1 + depth % 6]
        yield from self._arrow()
        top, place = self.y, len(self.frames)
        self.frames.append("")
        self.y += FRAME_HEAD
        self._foot = None
        for each in branch.children:
            yield from self.branch(each, floors, depth + 1)
        self.y += STEP - GAP
        self.frames[place] = _frame(branch, self.middle, top, self.y - top, floors - depth, tint)
        self._pass(0, branch.shape_text)

    def _arrow(self) -> Iterator[str]:
        if self._foot is None:
            return
        line = f"M{self.middle:g} {self._foot:g}V{self.y:g}"
        yield f'<path d="{line}" fill="none" stroke="{LINE}" stroke-width="1.5" marker-end="url(#junco-arrow)"/>'
        if self._shape:
            yield words(self.middle + 8, (self._foot + self.y) / 2 + 3, self._shape, 24, size=11, fill=LINE)

    def _pass(self, height: float, shape: str) -> None:
        self._foot, self._shape = self.y + height, shape
        self.y += height + GAP


def _box(middle: float, y: float, height: float, radius: float, tint: str) -> str:
    return (
        f'<rect class="junco-box" x="{middle - BOX_WIDTH / 2:g}" y="{y:g}" width="{BOX_WIDTH}" height="{height:g}" '
        f'rx="{radius:g}" fill="{PAPER}" stroke="{tint}" stroke-width="1.5"/>'
    )


def _named_box(branch: Branch, middle: float, y: float, tint: str) -> Iterator[str]:
    x, right = middle - BOX_WIDTH / 2, middle + BOX_WIDTH / 2 - 12
    yield "<g>"
    yield f"<title>{as_xml(_full(branch))}</title>"
    if branch.times > 1:  # a second sheet behind the first
        yield _box(middle + 5, y + 5, BOX_HEIGHT, 10, tint)
    yield _box(middle, y, BOX_HEIGHT, 10, tint)
    yield words(x + 12, y + 19, branch.title, 32 if branch.times > 1 else 37, size=12, fill=INK, look=CODE)
    if branch.times > 1:
        yield _right(right, y + 20, f"×{branch.times}", 15, INK, BOLD)
    yield words(x + 12, y + 36, branch.kind, 28, size=11, fill=FAINT)
    if branch.num_parameters:
        each = " each" if branch.times > 1 else ""
        yield _right(right, y + 36, f"{counted(branch.num_parameters)}{each}", 11, FAINT)
    yield "</g>"


def _frame(branch: Branch, middle: float, y: float, height: float, floors: int, tint: str) -> str:
    """The titled frame around what a layer holds."""
    half = BOX_WIDTH / 2 + STEP * floors
    x, right = middle - half, middle + half - 12
    times = f"  ×{branch.times}" if branch.times > 1 else ""
    title = f"{branch.title}{times}"
    kind = branch.kind if num_places(title) < 26 else ""
    said = f"{kind}  {counted(branch.num_parameters)}".strip() if branch.num_parameters else kind
    return "\n".join(
        [
            f"<g><title>{as_xml(_full(branch))}</title>",
            f'<rect x="{x:g}" y="{y:g}" width="{2 * half:g}" height="{height:g}" rx="12" fill="{tint}" '
            f'fill-opacity="0.08" stroke="{tint}" stroke-opacity="0.5"/>',
            words(x + 12, y + 20, title, 42 - num_places(said), size=12, fill=LINE, look=f"{BOLD}{CODE}"),
            _right(right, y + 20, said, 11, LINE),
            "</g>",
        ]
    )


def _right(x: float, y: float, text: str, size: int, fill: str, look: str = "") -> str:
    """A short text that ends at x."""
    look = f"{CLASSES.get(fill, '')}{look}{_END}"
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{look}>{as_xml(text)}</text>'


def _full(branch: Branch) -> str:
    """The tooltip."""
    kind = f": {branch.kind}" if branch.kind else ""
    times = f"\n{branch.times} alike" if branch.times > 1 else ""
    return f"{branch.title}{kind}{times}\ngives {branch.shape_text}\n{branch.num_parameters:,} parameters"
