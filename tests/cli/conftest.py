"""Text pipelines in a JUNCO_HOME of the test's own, and the command line in this process."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from junco.cli.main import app
from junco.operator.base import Operator
from junco.operator.function import op
from junco.types import Vector


@op("cli-test.count")
def count(text: str, *, scale: float = 1.0) -> Vector:
    """Letters, words and digits of a text."""
    if text == "bad":
        raise ValueError("cannot count\nthis")
    if text == "stop":
        raise KeyboardInterrupt
    return np.array([len(text), len(text.split()), sum(map(str.isdigit, text))], np.float32) * np.float32(scale)


@op("cli-test.words")
def words(text: str) -> list[str]:
    return text.split()


class Shorten(Operator, family="cli-test", name="shorten"):
    def batch(self, texts):
        self.note("cut", [row for row, text in enumerate(texts) if len(text) > 5])
        self.note("empty", [row for row, text in enumerate(texts) if not text.strip()])
        return [text[:5] for text in texts]


COUNT = """\
junco: 1
family: text-embedding
description: counts letters
license: MIT
params: {scale: 1.0}
inputs: [text]
steps:
  - {map: cli-test.count, in: text, out: vector, name: embed, with: {scale: "${scale}"}}
outputs: [vector]
"""
WORDS = """\
junco: 1
inputs: [text]
steps:
  - {flat_map: cli-test.words, in: text, out: word, name: split}
outputs: [text, word]
"""


SHORT = """\
junco: 1
inputs: [text]
steps:
  - {map: cli-test.shorten, in: text, out: short, name: shorten}
outputs: [short]
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """JUNCO_HOME/pipelines with ``count``, ``words`` and ``short``."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JUNCO_HUB", raising=False)
    folder = tmp_path / "home" / "pipelines"
    folder.mkdir(parents=True)
    (folder / "count.yaml").write_text(COUNT)
    (folder / "words.yaml").write_text(WORDS)
    (folder / "short.yaml").write_text(SHORT)
    return folder


@pytest.fixture
def junco():
    """Run a command in this process: exit status, stdout and stderr."""
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args], prog_name="junco")
