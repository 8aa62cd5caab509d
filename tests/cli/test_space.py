"""``junco space``: of pipelines and of what they wrote, alone and compared."""

from __future__ import annotations

import json

import numpy as np
import pytest

from junco import Operator
from junco.types import Space, Vector

SPACED = """\
junco: 1
params: {seed: 1}
inputs: [text]
steps:
  - {map: cli-space.toy, in: text, out: vector, with: {seed: "${seed}"}}
outputs: [vector]
"""


class Toy(Operator, family="cli-space", name="toy"):
    """A model that is its seed."""

    def __init__(self, seed: int = 0, device: str = "auto") -> None:
        self.seed = seed

    def space(self, *inputs: Space | None) -> Space | None:
        return Space({"seed": self.seed, "dim": 2}, "toy")

    def batch(self, texts: list[str]) -> list[Vector]:
        return [np.array([len(text), self.seed], np.float32) for text in texts]


@pytest.fixture(autouse=True)
def spaced(home):
    (home / "spaced.yaml").write_text(SPACED)
    (home / "other.yaml").write_text(SPACED.replace("seed: 1", "seed: 2"))


@pytest.fixture
def stored(junco, tmp_path):
    (tmp_path / "texts.txt").write_text("one\ntwo\n")
    junco("embed", "spaced", tmp_path / "texts.txt", "--to", tmp_path / "v.parquet")
    return tmp_path / "v.parquet"


def test_one_space_is_shown_with_its_parts(junco):
    done = junco("space", "spaced")
    assert done.exit_code == 0
    assert "(toy, 2 numbers)" in done.stdout
    assert "seed  1" in done.stdout


def test_two_pipelines_are_compared_and_what_differs_is_said(junco):
    done = junco("space", "spaced", "other")
    assert "different spaces" in done.stdout
    assert "seed: 1 ≠ 2" in done.stdout
    assert "dim" not in done.stdout


def test_a_file_lives_in_the_space_of_the_pipeline_that_wrote_it(junco, stored):
    assert "the same space" in junco("space", stored, "spaced").stdout
    assert "seed: 1 ≠ 2" in junco("space", stored, "other").stdout


def test_parameters_are_those_of_the_first(junco):
    assert "the same space" in junco("space", "spaced", "other", "-p", "seed=2").stdout


def test_programs_read_json(junco, stored):
    alone = json.loads(junco("space", stored, "--json").stdout)
    assert alone["parts"] == {"seed": 1, "dim": 2}
    both = json.loads(junco("space", stored, "other", "--json").stdout)
    assert both["same"] is False
    assert both["differences"] == ["seed: 1 ≠ 2"]
    assert both["a"]["space"] == alone["space"]


def test_an_unknown_space_is_called_so(junco):
    assert "an unknown space" in junco("space", "count").stdout
    assert "not known to be the same" in junco("space", "count", "count").stdout
    assert json.loads(junco("space", "count", "--json").stdout)["space"] is None


def test_a_file_that_says_nothing_is_called_so_to_people_and_programs(junco, tmp_path):
    np.save(tmp_path / "plain.npy", np.zeros((2, 3), np.float32))
    assert "plain.npy: an unknown space, the file does not say" in junco("space", tmp_path / "plain.npy").stdout
    found = json.loads(junco("space", tmp_path / "plain.npy", "--json").stdout)
    assert (found["space"], found["unknown"]) == (None, "the file does not say")


def test_what_is_not_there_is_one_line(junco, tmp_path):
    done = junco("space", tmp_path / "missing.parquet")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_show_and_doctor_tell_the_space(junco):
    space = json.loads(junco("space", "spaced", "--json").stdout)["space"]
    assert space in junco("show", "spaced").stdout
    assert space in junco("doctor", "spaced").stdout
    assert json.loads(junco("doctor", "spaced", "--json").stdout)["space"] == space


def test_embedding_into_another_space_is_refused_in_one_line(junco, stored, tmp_path):
    done = junco("embed", "other", tmp_path / "texts.txt", "--to", stored)
    assert done.exit_code == 2
    assert "seed: 2 ≠ 1" in done.stderr
    assert "--no-resume" in done.stderr
    assert len(done.stderr.splitlines()) == 1
