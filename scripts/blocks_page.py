"""Write the page of blocks from the code and the tests: what each block is, a drawing, and what it equals elsewhere.

python scripts/blocks_page.py docs/reference/blocks.md
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from block_drawing import drawing_of, svg  # type: ignore[import-not-found]  # beside this file

import junco.nn
from reference import (  # type: ignore[import-not-found]  # beside this file
    code_block,
    markdown,
    signature_of,
    table,
)

GROUPS = {
    "Transformer": ("transformer", "forms", "drop", "mixing"),
    "Attention": ("attention", "window_attention", "pooled_attention", "linear_attention"),
    "MLP": ("mlp",),
    "Positions": ("positions", "rotary"),
    "Patches and tokens": ("patches",),
    "Convolution": (
        *("convolution", "mixed_convolution", "bottleneck", "mobile", "excitation", "selective_kernel", "branches"),
        *("blur", "drop_block"),
    ),
    "GAN": ("modulation", "resampling_blocks", "equalised", "spectral", "discriminator"),
    "Pooling": ("pooling", "netvlad", "pyramid_pooling"),
    "Normalisation": ("norms",),
    "Sound": ("mel", "tdnn"),
    "Heads": ("heads",),
}
"""Which files of ``junco.nn`` belong together."""
MOVED = {"PositiveELU": "Activation"}
"""Blocks that belong elsewhere than their file."""
_TESTS = Path(__file__).resolve().parent.parent / "tests"
_FIELD = re.compile(r"^(Shapes|Formula): ", re.MULTILINE)


def page() -> str:
    """All public blocks by groups, each with its drawing, and the table of what equals what."""
    sys.path.insert(0, str(_TESTS))  # before this folder
    checked = importlib.import_module("blocks")
    cases = {case.block: case for case in reversed(checked.cases())}
    equal = checked.equalities()
    parts = [
        "# Blocks",
        f"The {len(junco.nn.__all__)} blocks of `junco.nn`; [Blocks](../concepts/blocks.md) says how they are put "
        "together. A drawing shows a block as a test runs it: its parts by their names, in the order in which they are "
        "called, and where tensors meet; means, reshaping and the like are not drawn. "
        "[What equals what](#what-equals-what) is the table of other libraries' modules whose numbers they give.",
    ]
    for group, names in _groups().items():
        parts.append(f"## {group}")
        parts += [_entry(name, cases.get(name), [e for e in equal if e.block == name]) for name in names]
    parts += ["## What equals what", _bounds(), table(_HEAD, _rows(equal))]
    return "\n\n".join(parts)


_HEAD = ("block", "gives the numbers of", "what is particular", "inputs", "gradients too")


def _groups() -> dict[str, list[str]]:
    """The names of each group, in the order of its files and of what stands in them."""
    by_file = {file: group for group, files in GROUPS.items() for file in files}
    found = defaultdict(list)
    for name in junco.nn.__all__:
        file = _file(name)
        found[MOVED.get(name) or by_file[file]].append(name)
    order = {file: n for n, file in enumerate(by_file)}
    for names in found.values():
        names.sort(key=lambda name: (order[_file(name)], inspect.getsourcelines(getattr(junco.nn, name))[1]))
    groups = [*GROUPS]
    groups.insert(groups.index("Normalisation") + 1, "Activation")
    return {group: found[group] for group in groups}


def _file(name: str) -> str:
    return str(getattr(junco.nn, name).__module__.rpartition(".")[2])


def _entry(name: str, case: Any, equal: list[Any]) -> str:
    block = getattr(junco.nn, name)
    parts = [f"### `{name}` {{ #{name} }}", code_block(f"{name}{_plain(signature_of(block))}")]
    said = _FIELD.sub(r"**\1:** ", _linked(markdown(inspect.getdoc(block) or "")))
    summary, _, rest = said.partition("\n\n")
    parts += [summary, _drawn(case), rest]
    if equal:
        parts.append(f"**Equals** {', '.join(f'`{each}`' for each in sorted({e.reference for e in equal}))}.")
    return "\n\n".join(part for part in parts if part)


def _drawn(case: Any) -> str:
    """The drawing of a case where it says more than the block's name; nothing where there is none."""
    if case is None:
        return ""
    torch.manual_seed(0)
    block = case.make()
    if not isinstance(block, torch.nn.Module):
        return ""
    drawing = drawing_of(block, [torch.randn(shape) for shape in case.inputs])
    return f'<figure style="overflow-x: auto">{svg(drawing, case.id)}</figure>' if drawing.helps else ""


def _bounds() -> str:
    checks = importlib.import_module("block_checks")
    return (
        "Weights are copied from the other library's module, drawn at random (norms, biases and statistics too), and "
        f"both are given the same inputs of unit size: outputs differ by at most {checks.MOST_OFF:g}, gradients of the "
        f"inputs by at most {checks.MOST_OFF_GRADIENT:g}. The tests are where this table comes from."
    )


def _rows(equal: Iterable[Any]) -> list[tuple[str, ...]]:
    return [
        (
            f"[`{e.block}`](#{e.block})",
            f"`{e.reference}`",
            e.note.replace("|", "\\|"),
            ", ".join("×".join(map(str, shape)) for shape in e.inputs),
            "yes" if e.gradients else "no",
        )
        for e in sorted(equal, key=lambda e: (e.block.lower(), e.reference))
    ]


def _linked(text: str) -> str:
    """Names of blocks as links to them."""
    names = "|".join(junco.nn.__all__)
    return re.sub(rf"(?::class:)?`({names})`", lambda m: f"[`{m[1]}`](#{m[1]})", text)


def _plain(signature: str) -> str:
    """A signature without the folders of classes."""
    return re.sub(r"<class (?:\w+\.)*(\w+)>", r"\1", signature).replace(" -> None", "")


def main() -> None:
    """Write the page where the command line says."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page().rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
