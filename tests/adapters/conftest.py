"""A family of pipelines of texts that are quick, one of which knows roles, in the user's own folder."""

from __future__ import annotations

import numpy as np
import pytest

from junco.operator.function import op
from junco.types import Vector

YAML = "junco: 1\nname: {name}\nparams: {{scale: 1.0}}\ninputs: [text]\nsteps:\n" + (
    '  - {{map: {operator}, in: text, out: vector, with: {{scale: "${{scale}}"}}}}\noutputs: [vector]\n'
)


@op("adapter-test.letters")
def letters(text: str, *, scale: float = 1.0) -> Vector:
    """How many letters, as an angle."""
    return np.array([np.cos(len(text) / 10), np.sin(len(text) / 10), 0.1], np.float32) * np.float32(scale)


@op("adapter-test.roles")
def roles(text: str, *, scale: float = 1.0, role: str = "") -> Vector:
    """The same, and which role it was given."""
    return np.array([len(text), ["", "document", "query"].index(role)], np.float32) * np.float32(scale)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "pipelines"
    folder.mkdir(parents=True)
    for name in ("letters", "roles"):
        text = YAML.format(name=f"{name}-test", operator=f"adapter-test.{name}")
        (folder / f"{name}-test.yaml").write_text(text, "utf-8")
    return folder
