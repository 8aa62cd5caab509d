"""Every attack of the list that the hub is held against has a test that is called by its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CASES = range(1, 51)
NOT_THERE = {
    44: "junco writes no container files",
    45: "junco writes no files for Kubernetes, Helm or Triton",
    46: "junco writes nothing for Ray or Triton",
    47: "junco serves no models",
}
_NAMED = re.compile(r"test_cases?_((?:\d+_(?:and_|to_)?)+)")
_TOLD = re.compile(r"\bcases? ((?:\d+(?:, | and | to )?)+)", re.IGNORECASE)


def numbers(text: str, between: str) -> set[int]:
    """Those that a text names: one by one, or from one to another."""
    found = [int(each) for each in re.findall(r"\d+", text)]
    return set(range(found[0], found[1] + 1)) if between in text and len(found) == 2 else set(found)


def numbered() -> set[int]:
    """Numbers in names of tests, and in what a file of tests says of itself."""
    found: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for told in _TOLD.findall(ast.get_docstring(tree) or ""):
            found |= numbers(told, " to ")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (named := _NAMED.match(node.name)):
                found |= numbers(named[1], "_to_")
    return found


def test_every_case_has_a_test_or_is_of_something_that_there_is_not():
    assert set(CASES) - numbered() == set(NOT_THERE)


def test_what_there_is_not_is_not_there():
    rooms = {path.name for path in (TESTS.parent / "src" / "junco").iterdir() if path.is_dir()}
    assert not rooms & {"serve", "export", "deploy"}
