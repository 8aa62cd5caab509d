"""What an installation of junco weighs, extra by extra: the table of docs/install.md.

    python scripts/sizes.py

It adds up the files of the packages that each extra brings, with all that these need, as they are installed here. What
PyTorch's default wheel for Linux brings for NVIDIA's cards is told apart.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
OF_CUDA = ("nvidia-", "cuda-", "triton")
MB = 1e6


def main() -> None:
    """Print the table."""
    bare = closure(PROJECT["dependencies"])
    print("| extra | MB | and for NVIDIA's cards | the largest |\n|---|---:|---:|---|")
    print(row("(none)", bare))
    for extra, needs in PROJECT["optional-dependencies"].items():
        print(row(f"`{extra}`", closure([*PROJECT["dependencies"], *needs])))


def row(name: str, packages: set[str]) -> str:
    """A line of the table."""
    sizes = {package: size_mb(package) for package in packages}
    cuda = sum(size for package, size in sizes.items() if package.startswith(OF_CUDA))
    rest = {package: size for package, size in sizes.items() if not package.startswith(OF_CUDA)}
    largest = sorted(rest, key=lambda package: -rest[package])[:3]
    told = ", ".join(f"{package} {rest[package]:,.0f}" for package in largest)
    return f"| {name} | {sum(rest.values()):,.0f} | {f'{cuda:,.0f}' if cuda else ''} | {told} |"


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
        print(f"<!-- {name} is not installed here -->")
        return 0.0
    return sum(file.stat().st_size for file in files if file.is_file()) / MB


if __name__ == "__main__":
    main()
