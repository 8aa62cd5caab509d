"""What an installation of junco weighs, extra by extra: the table of docs/install.md, which is written anew.

    python scripts/sizes.py

It adds up the files of the packages that each extra brings, with all that these need, as they are installed here. What
PyTorch's default wheel for Linux brings for NVIDIA's cards is told apart.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "install.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MARKS = ("<!-- sizes -->\n\n", "\n<!-- /sizes -->\n")
HEAD = "| extra | for | MB | and for NVIDIA's cards |\n|---|---|---:|---:|"
OF_CUDA = ("nvidia-", "cuda-", "triton")
MB = 1e6
missing: set[str] = set()


def main() -> None:
    """Write the table into the page, with what the page says each extra is for."""
    page = PAGE.read_text("utf-8")
    before, table, after = parted(page)
    meant = dict(cells[1:3] for line in table.splitlines() if len(cells := [c.strip() for c in line.split("|")]) > 3)
    needs = {"(none)": [], **{f"`{extra}`": brought for extra, brought in PROJECT["optional-dependencies"].items()}}
    rows = [row(name, meant.get(name, ""), [*PROJECT["dependencies"], *brought]) for name, brought in needs.items()]
    PAGE.write_text("\n".join([f"{before}{HEAD}", *rows, after]), "utf-8")
    for name in sorted(missing):
        print(f"{name} is not installed here, and counts nothing", file=sys.stderr)


def parted(page: str) -> tuple[str, str, str]:
    """What stands before the table, the table, and what stands after it, with the marks outside."""
    before, opened, rest = page.partition(MARKS[0])
    table, closed, after = rest.partition(MARKS[1])
    if not closed:
        raise SystemExit(f"{PAGE} has no table between {MARKS[0].strip()} and {MARKS[1].strip()}")
    return before + opened, table, closed + after


def row(name: str, meant: str, needs: list[str]) -> str:
    """A line of the table."""
    sizes = {package: size_mb(package) for package in closure(needs)}
    cuda = sum(size for package, size in sizes.items() if package.startswith(OF_CUDA))
    return f"| {name} | {meant} | {sum(sizes.values()) - cuda:,.0f} | {f'{cuda:,.0f}' if cuda else ''} |"


def closure(needs: list[str]) -> set[str]:
    """The installed packages that requirements bring, with what these need."""
    found: set[str] = set()
    done: set[tuple[str, str]] = set()
    todo = [(need, "") for need in needs]
    while todo:
        text, extra = todo.pop()
        need = Requirement(text)
        if need.marker is not None and not need.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(need.name)
        for wanted in ("", *need.extras):
            if (name, wanted) not in done:
                done.add((name, wanted))
                todo += [(each, wanted) for each in requirements_of(name, wanted)]
        found.add(name)
    return found - {"junco"}


def requirements_of(name: str, extra: str) -> Iterator[str]:
    """What a package says that it needs."""
    if name == "junco":
        yield from PROJECT["optional-dependencies"].get(extra, PROJECT["dependencies"])
        return
    try:
        yield from distribution(name).requires or ()
    except PackageNotFoundError:
        return


def size_mb(name: str) -> float:
    """The bytes of a package's files; of one that is not installed here nothing, which is said."""
    try:
        files = [Path(str(file.locate())) for file in distribution(name).files or ()]
    except PackageNotFoundError:
        missing.add(name)
        return 0.0
    return sum(file.stat().st_size for file in files if file.is_file()) / MB


if __name__ == "__main__":
    main()
