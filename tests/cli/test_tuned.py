"""``junco show``, ``draw`` and ``space bridge`` of tuned operators."""

from __future__ import annotations

import json

import numpy as np
import pytest

from junco import open_set, pipe, pipeline
from junco.settings import settings
from tuned_folders import ON_CPU, Sums, tuned_head, tuned_whole, vectors


class Said(Sums, family="text-embedding", name="test-said-cli"):
    """Texts, by the codes of their last four letters."""

    normalize: bool = True

    def golden(self) -> list[str]:
        return ["one", "two", "three"]

    def prepare(self, texts: list[str]) -> np.ndarray:
        return np.array([[ord(letter) / 64 for letter in f"    {text}"[-4:]] for text in texts], np.float32)


@pytest.fixture
def folder(tmp_path):
    return tuned_head(tmp_path / "t", Said(**ON_CPU), 3).folder


def test_a_folder_is_shown_with_what_it_was_made_of(junco, folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    done = junco("show", "./t")
    assert done.exit_code == 0
    shown = {line.split("  ")[0].strip(): line for line in done.stdout.splitlines()}
    assert "text-embedding.test-said-cli" in shown["operator"]
    assert shown["scope"].endswith("head")
    assert shown["numbers"].endswith(" 3")
    assert Said(**ON_CPU).taken_space().id in shown["parent"]
    assert Said(tuned=folder).space().id in shown["space"]
    (told,) = json.loads(junco("show", folder, "--json").stdout)
    assert (told["kind"], told["numbers"], told["goal"]) == ("tuned operator", 3, "classify")


def test_a_damaged_folder_is_a_line(junco, folder):
    (folder / "operator.json").write_text("{}\x1b[2J")
    done = junco("show", folder)
    assert done.exit_code == 2
    assert "holds no JSON" in done.stderr
    assert "\x1b" not in done.stderr


def test_its_layers_and_its_picture_are_those_of_its_network(junco, tmp_path, folder):
    assert "Linear" in junco("show", "--layers", folder).stdout
    assert junco("draw", folder, "-o", tmp_path / "net.svg").exit_code == 0
    assert "<svg" in (tmp_path / "net.svg").read_text()


@pytest.fixture
def stored(tmp_path):
    p = pipe.input("text").map("text", "vector", Said(**ON_CPU).spec, name="embed").output("vector")
    p.run(["one", "two", "four"], tmp_path / "s.parquet", progress=False)
    return tmp_path / "s.parquet"


def test_a_set_crosses_a_bridge_and_can_be_searched(junco, tmp_path, folder, stored):
    done = junco("space", "bridge", stored, "--tuned", folder, "--to", tmp_path / "o.parquet")
    assert done.exit_code == 0, done.stderr
    assert "it can be searched" in done.stdout
    expected = vectors(Said(tuned=folder, **ON_CPU), ["one", "two", "four"])
    np.testing.assert_allclose(open_set(tmp_path / "o.parquet").vectors, expected, atol=1e-5)
    assert "two" in junco("search", tmp_path / "o.parquet", "two").stdout
    told = json.loads(junco("space", "bridge", stored, "--tuned", folder, "--to", tmp_path / "p.npy", "--json").stdout)
    assert (told["rows"], told["is_searchable"]) == (3, True)


def test_what_no_bridge_stands_for_is_a_line(junco, tmp_path, folder, stored):
    tuned_whole(tmp_path / "w", Said(**ON_CPU))
    done = junco("space", "bridge", stored, "--tuned", tmp_path / "w", "--to", tmp_path / "o.parquet")
    assert done.exit_code == 2
    assert "embed the items anew" in done.stderr
    assert not (tmp_path / "o.parquet").exists()


def test_a_named_pipeline_of_a_tuned_operator_is_listed_and_used(junco, folder):
    p = pipe.input("text").map("text", "vector", Said(tuned=folder, **ON_CPU).spec, name="embed").output("vector")
    settings().pipelines.mkdir(parents=True, exist_ok=True)
    p.save(settings().pipelines / "said-better.yaml")
    assert "said-better" in junco("pipelines").stdout
    assert pipeline("said-better").space == p.space
    assert "3 numbers" in junco("run", "said-better", "one").stdout
