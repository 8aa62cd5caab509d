"""What the documentation says is run: every page in an empty folder, every command's help, every name of the façade."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "reference"
WRITTEN = sorted(page for page in (ROOT / "docs").rglob("*.md") if GENERATED not in page.parents)
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", ROOT / "CONTRIBUTING.md", *WRITTEN]
RUNNABLE = re.compile(r"^```(python|console|yaml)", re.MULTILINE)
WITH_DOCTESTS = sorted(path for path in (ROOT / "src").rglob("*.py") if ">>> " in path.read_text("utf-8"))


@pytest.mark.parametrize(
    "page", [p for p in PAGES if RUNNABLE.search(p.read_text("utf-8"))], ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_page_runs_from_top_to_bottom(page):
    done = _python("scripts/run_page.py", str(page))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ("cat 0.86 [9, 0]\nin 3.4 ms\n", ""),
        ("cat 0.85 […\n…\n", ""),
        ("…\nin 99 s\n", ""),
        ("dog 0.86 [9, 0]\nin 3 ms\n", "the page shows 'dog 0.86 [9, 0]', and printed was 'cat 0.86 [9, 0]'"),
        ("cat 0.76 [9, 0]\n…\n", "the page shows 'cat 0.76 [9, 0]', and printed was 'cat 0.86 [9, 0]'"),
        ("cat 0.86 [9, 0]\n", "printed was also 'in 5.1 ms'"),
        ("…\nnowhere\n", "the page shows 'nowhere', and printed was None"),
    ],
)
def test_what_a_page_shows_is_what_was_printed(shown, why, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from shown import difference

    assert difference(shown, "cat 0.86 [9, 0]\n\nin 5.1 ms\n") == why


def test_a_page_that_shows_something_else_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    done = _python("scripts/run_page.py", str(page))
    assert done.returncode == 1
    assert "page.md:6: the page shows '3', and printed was '2'" in done.stderr


@pytest.mark.parametrize("path", WITH_DOCTESTS, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_the_examples_in_docstrings_hold(path, tmp_path, monkeypatch):
    Image.fromarray(data.chelsea()).save(tmp_path / "cat.jpg")
    monkeypatch.chdir(tmp_path)
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried
    assert not failed


def test_the_reference_has_every_name_of_the_facade_and_every_command(tmp_path):
    import junco

    done = _python("scripts/reference.py", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    api, cli = (tmp_path / "api.md").read_text("utf-8"), (tmp_path / "cli.md").read_text("utf-8")
    errors = (tmp_path / "errors.md").read_text("utf-8")
    names = [name for name in junco.__all__ if not name.startswith("__")]
    assert [name for name in names if f"## `junco.{name}`" not in api and f"## `{name}`" not in errors] == []
    for command in (
        "families",
        "pipelines",
        "ops",
        "show",
        "run",
        "embed",
        "draw",
        "doctor",
        "warm",
        "cache",
        "search",
        "verify",
        "adopt",
    ):
        assert f"## `junco {command}`" in cli
    for words, option in (("hub pull", "--frozen"), ("hub user password", "--password-stdin"), ("data split", "--")):
        _, found, own = cli.partition(f"# `junco {words}`\n")
        assert found
        assert option in own.partition("\n#")[0]


def test_the_reference_has_every_operator_and_every_verb(tmp_path):
    from junco.graph.nodes import VERBS
    from junco.operator import registry

    _python("scripts/reference.py", str(tmp_path))
    catalog, yaml = (tmp_path / "catalog.md").read_text("utf-8"), (tmp_path / "yaml.md").read_text("utf-8")
    assert [name for name in registry.installed() if f"`{name}`" not in catalog] == []
    assert [verb for verb in VERBS if f"`{verb}`" not in yaml] == []


@pytest.fixture(scope="module")
def blocks_page(tmp_path_factory):
    target = tmp_path_factory.mktemp("reference") / "blocks.md"
    done = _python("scripts/blocks_page.py", str(target))
    assert done.returncode == 0, done.stdout + done.stderr
    return target.read_text("utf-8")


def test_the_page_of_blocks_has_each_with_shapes_a_formula_and_a_source(blocks_page):
    import junco.nn

    entries = re.split(r"^###? ", blocks_page, flags=re.MULTILINE)
    sections = {entry.split("`")[1]: entry for entry in entries if entry.startswith("`")}
    assert sorted(sections) == sorted(junco.nn.__all__)
    asked = {
        "shapes": r"^\*\*Shapes:\*\* .*\S",
        "formula": r"^\*\*Formula:\*\* .*\S",
        "source": r'"[^"]+"\s\((19|20)\d\d\)',
    }
    missing = [
        f"{name}: {what}"
        for name, section in sections.items()
        for what, pattern in asked.items()
        if not re.search(pattern, section, re.MULTILINE)
    ]
    assert missing == []


def test_the_page_of_blocks_has_everything_that_is_equal_elsewhere(blocks_page):
    from collections import Counter

    from blocks import equalities

    rows = Counter(line.split(" | ")[1].strip("`") for line in blocks_page.splitlines() if line.startswith("| [`"))
    assert rows == Counter(equality.reference for equality in equalities())
    assert "at most 1e-05" in blocks_page
    assert "at most 0.0001" in blocks_page


def test_a_drawing_shows_parts_in_their_order_and_the_path_around_them(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import torch
    from block_drawing import drawing_of

    from junco.nn import MLP, DepthwiseMixing, JointNorm, TransformerBlock

    block = TransformerBlock(8, attention=DepthwiseMixing(8), mlp=MLP(8, 16), form=JointNorm)
    drawing = drawing_of(block, [torch.randn(1, 5, 5, 8)])
    assert [name for name, _ in drawing.nodes] == ["x", "attention", "norm", "mlp", "+", "y"]
    assert drawing.arrows == {(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 4)}


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert [page for page in WRITTEN if page.relative_to(ROOT / "docs").as_posix() not in navigation] == []


def test_the_changelog_speaks_of_the_version_that_is_built():
    from importlib.metadata import version

    assert f"## [{version('junco')}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def _python(*arguments):
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
