"""What the page of one's own network promises: how few lines a hybrid and its operator take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/how-to/own-network.md").read_text("utf-8")


@pytest.mark.parametrize(("file", "most"), [("hybrid/hybrid/network.py", 40), ("hybrid/hybrid/embedding.py", 25)])
def test_a_hybrid_takes_few_lines(file, most):
    (code,) = re.findall(rf'^```python title="{re.escape(file)}"\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)
    assert 0 < len(code.splitlines()) <= most
