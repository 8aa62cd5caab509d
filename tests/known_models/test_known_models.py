"""The lists of published models: their shape, what they may say, and lists of one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from junco.errors import DataError, ParameterError
from junco.known_models.listing import import_models, known_models
from junco.known_models.reading import read_models
from junco.operator import registry


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


def test_there_are_models_of_every_family_of_embeddings():
    counts = Counter(model.family for model in known_models())
    assert counts.total() > 200
    families = {name for name in registry.families("operator") if name.endswith("embedding") or name == "multi-vector"}
    assert set(counts) == families


def test_every_score_and_every_fact_has_a_source():
    models = known_models()
    assert [model.name for model in models if not model.facts] == []
    assert [score for model in models for score in model.scores if len(score.source) < 15] == []
    assert sum(bool(model.scores) for model in models) > 100


def test_the_operators_that_run_them_are_there_and_take_those_parameters():
    for model in known_models():
        if model.operator is not None:
            operator = registry.load(model.operator.name)
            assert model.operator.name.partition(".")[0] == model.family, model.name
            assert set(model.operator.params) <= set(operator.parameters()), model.name


def test_numbers_are_plausible():
    for model in known_models():
        assert model.parameters is None or 10**6 <= model.parameters < 10**11, model.name
        assert model.dim is None or 32 <= model.dim <= 200_000, model.name
        for score in model.scores:
            most = 1 if "accuracy" in score.metric or "MRR" in score.metric else 100
            assert 0 < score.value <= most, (model.name, score)


def test_a_list_is_read_without_heavy_libraries():
    code = (
        "import sys\nfrom junco.known_models.listing import known_models\nassert known_models('image-embedding')\n"
        "print(sorted({'numpy', 'yaml', 'torch', 'click', 'platformdirs'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_list_of_ones_own_is_kept_and_says_more_than_the_shipped_one(tmp_path):
    before = known_models("image-embedding")
    known = before[0]
    mine = tmp_path / "ours.json"
    mine.write_text(json.dumps({"models": [{"name": known.name, "family": known.family, "dim": 7}]}))
    kept, count = import_models(mine)
    assert (kept.name, count) == ("ours.json", 1)
    changed = next(model for model in known_models("image-embedding") if model.name == known.name)
    assert (changed.dim, changed.parameters, changed.list) == (7, None, "ours")
    assert [model.name for model in known_models("image-embedding")] == [model.name for model in before]


def test_what_a_model_says_as_plain_values_is_read_as_the_same_model():
    for model in known_models("text-embedding")[:5]:
        plain = model.to_dict()
        assert plain.pop("list") == "shipped"
        assert read_models(json.dumps({"models": [plain]}), "x") == (model,)


GOOD = {"name": "m", "family": "text-embedding"}
SCORE = {"benchmark": "b", "metric": "m", "value": 0.5, "source": "s"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "an object in braces"),
        ("{", "no JSON"),
        ('{"models": [], "models": []}', "there twice"),
        ('{"models": {}}', "a list"),
        ('{"models": [NaN]}', "NaN"),
        (json.dumps({"models": [{"family": "text-embedding"}]}), "lacks 'name'"),
        (json.dumps({"models": [{**GOOD, "parametres": 5}]}), "Did you mean 'parameters'"),
        (json.dumps({"models": [{**GOOD, "parameters": "5M"}]}), "model 1 ('m'): 'parameters' has to be"),
        (json.dumps({"models": [{**GOOD, "parameters": True}]}), "'parameters' has to be"),
        (json.dumps({"models": [{**GOOD, "published": "June 2024"}]}), "a year and a month"),
        (json.dumps({"models": [{**GOOD, "weights": "file:///etc/passwd"}]}), "'weights' has to be"),
        (json.dumps({"models": [{**GOOD, "name": "red\x1b[31m"}]}), "'name' has to be a line of text"),
        (json.dumps({"models": [GOOD, GOOD]}), "there twice in text-embedding"),
        (json.dumps({"models": [{**GOOD, "scores": [{**SCORE, "source": ""}]}]}), "lacks its source"),
        (json.dumps({"models": [{**GOOD, "scores": [{**SCORE, "value": "90 %"}]}]}), "'value' has to be a number"),
        (json.dumps({"models": [{**GOOD, "scores": [{**SCORE, "value": 10**400}]}]}), "'value' has to be a number"),
        (json.dumps({"models": [{**GOOD, "scores": [{**SCORE, "value": True}]}]}), "'value' has to be a number"),
        (json.dumps({"models": [{**GOOD, "operator": {"name": "a.b", "params": {"m": [1]}}}]}), "texts and numbers"),
    ],
)
def test_a_list_that_is_none_is_refused_with_the_place(text, said, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    with pytest.raises(DataError) as caught:
        import_models(bad)
    assert said in str(caught.value)
    assert "bad.json" in str(caught.value)
    assert not (tmp_path / "home" / "known-models" / "bad.json").exists()


def test_a_list_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ParameterError, match="no such file"):
        import_models(tmp_path / "none.json")


def test_what_is_no_plain_file_among_the_lists_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    lists = tmp_path / "home" / "known-models"
    lists.mkdir(parents=True)
    os.mkfifo(lists / "pipe.json")
    (lists / "endless.json").symlink_to("/dev/zero")
    assert known_models("text-embedding")
