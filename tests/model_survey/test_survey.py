"""A family's members from all that knows of some, and what a survey says of them."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import junco
from junco import Operator, ops, pipe, pipeline
from junco.errors import ParameterError, UnknownNameError
from junco.evaluate.keeping import measured_here
from junco.hub.client.kept import kept_here
from junco.hub.client.pulling import pull
from junco.hub.client.pushing import push
from junco.hub.trust.grants import grant
from junco.hub.trust.review import review
from junco.known_models.listing import known_models
from junco.model_survey.here import HERE, NEEDS_TRUST, NOTHING, TO_FETCH, TO_INSTALL
from junco.neural.tuned import write_tuned


class Mean(Operator, family="image-embedding", name="mean-of-a-survey"):
    def __init__(self, scale: float = 1.0, model: str = "small"):
        self.scale, self.model = scale, model

    def batch(self, images):
        return [np.asarray(image, np.float32).mean((0, 1)) * np.float32(self.scale) for image in images]


def by_means(**params):
    path = pipe.input("path").map("path", "image", ops.image_decode.pil())
    return path.map("image", "vector", ops.image_embedding.mean_of_a_survey(**params)).output("vector")


def tuned_folder(folder):
    head = np.random.default_rng(0).normal(size=(8, 1280)).astype(np.float32) / 36
    manifest = {"operator": "image-embedding.efficientnet-lite", "params": {}, "scope": "head", "parent": None}
    write_tuned(folder, manifest, {"head.weight": head})
    return folder


_HUBS = Path(__file__).parent.parent / "hub" / "server" / "hubs.py"


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    for name in ("JUNCO_HUB", "JUNCO_TOKEN", "JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def member():
    return lambda family, name, **how: next(each for each in junco.survey(family, **how) if each.name == name)


@pytest.fixture
def classes(tmp_path):
    for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(3):
            picture = Image.new("RGB", (32, 32), tuple(c + 10 * number for c in colour))
            picture.save(tmp_path / "set" / name / f"{number}.png")
    return tmp_path / "set"


def test_a_survey_is_a_short_line_a_table_and_a_page(tmp_path):
    found = junco.survey("image-embedding", hub=False)
    assert repr(found) == f"<survey of image-embedding: {len(found)} models>"
    assert "efficientnet-lite0" in str(found)
    assert "score: top-1 accuracy, ImageNet-1k, as published" in str(found)
    assert "efficientnet-lite0" in found._repr_html_()
    found.save(tmp_path / "page.html")
    assert "Content-Security-Policy" in (tmp_path / "page.html").read_text("utf-8")


def test_what_runs_here_stands_first_and_can_be_asked_for_alone(member):
    states = [each.here.state for each in junco.survey("image-embedding", hub=False)]
    assert states == sorted(states, key=[HERE, TO_FETCH, "needs trust", TO_INSTALL, NOTHING].index)
    lite = member("image-embedding", "efficientnet-lite0", hub=False)
    assert lite.here.state == HERE
    assert lite.size_bytes > 10**7
    assert all(each.here.state == HERE for each in junco.survey("image-embedding", runs_here=True, hub=False))


def test_a_strangers_operator_that_cannot_be_made_without_options_is_a_row_as_all_others_are(member):
    class Choosy(Operator, family="image-embedding", name="survey-test-choosy"):
        def __init__(self, model):
            self.model = model

        @property
        def packages(self):
            return {"PIL": "vision"}

        def batch(self, images):
            return [np.zeros(3, np.float32) for _ in images]

    assert member("image-embedding", "image-embedding.survey-test-choosy", hub=False).here.state == HERE


def test_a_model_in_the_hugging_face_cache_runs_here_and_another_does_not(tmp_path, monkeypatch, member):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert member("text-embedding", "BAAI/bge-small-en-v1.5", hub=False).here.state == TO_FETCH
    snapshot = tmp_path / "models--BAAI--bge-small-en-v1.5" / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"12345678")
    found = member("text-embedding", "BAAI/bge-small-en-v1.5", hub=False).here
    assert (found.state, found.size_bytes) == (HERE, 8)


def test_a_model_that_no_operator_runs_says_so(member):
    found = member("speaker-embedding", "speechbrain/spkrec-ecapa-voxceleb", hub=False)
    assert found.here.state == NOTHING
    assert "junco new operator" in found.here.how
    assert found.operator == ""


def test_conditions_leave_out_what_is_unknown():
    small = junco.survey("text-embedding", max_parameters=30_000_000, licence="MIT", language="en", hub=False)
    assert len(small) > 0
    for each in small:
        assert each.parameters <= 30_000_000
        assert each.licence == "mit"
        assert "en" in each.languages


def test_what_was_left_out_because_its_size_is_unknown_is_counted():
    small = junco.survey("speaker-embedding", max_parameters=30_000_000, hub=False)
    assert [each.name for each in small] == ["ge2e (Resemblyzer)"]
    assert "4 left out: size unknown" in str(small)
    assert "size unknown" not in str(junco.survey("speaker-embedding", hub=False))


def test_how_a_model_is_used_stands_below_the_table_and_can_be_run():
    found = junco.survey("image-embedding", hub=False)
    (line,) = [each for each in found.said() if each.startswith("to use one: ")]
    written = line.removeprefix("to use one: ").partition(", as a step")[0]
    assert eval(written, {"ops": ops})  # our own line
    assert [each.name for each in found if each.name in ("image-embedding.junco", "image-embedding.onnx")] == []
    assert "a model of yours runs by image-embedding.junco, image-embedding.onnx, with model=" in found.said()


def test_scores_sort_the_best_first_and_errors_the_least_first():
    values = [each.score("ImageNet-1k", "top-1 accuracy") for each in junco.survey("image-embedding", sort="score")]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [None] * (len(values) - len(known))
    speakers = junco.survey("speaker-embedding", sort="score", score="VoxCeleb1 test, trained on VoxCeleb 1 and 2")
    assert speakers[0].name == "speechbrain/spkrec-ecapa-voxceleb"


def test_a_family_an_order_or_a_benchmark_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="image-embedding"):
        junco.survey("image-embeding")
    with pytest.raises(ParameterError, match="Did you mean 'score'"):
        junco.survey("image-embedding", sort="scor")
    with pytest.raises(ParameterError, match="ImageNet-1k"):
        junco.survey("image-embedding", score="no such", hub=False)


def test_what_evaluate_measured_stands_beside_the_model_that_was_measured(classes, member):
    pipeline("image-embedding", runtime="torch").evaluate(classes, progress=False)
    found = member("image-embedding", "efficientnet-lite0", hub=False)
    assert [each.measure for each in found.measured] == ["map"]
    assert "6 items of 2 labels" in found.measured[0].data
    assert found.measured[0].pipeline == "image-embedding-efficientnet-lite0"
    assert member("image-embedding", "efficientnet-lite2", hub=False).measured == ()
    assert found.to_dict()["measured"][0]["mean"] == found.measured[0].mean
    assert "map 1.000 here" in str(junco.survey("image-embedding", hub=False))


def test_measured_again_the_newer_numbers_stay(classes, member):
    for _ in range(2):
        by_means().evaluate(classes, progress=False)
    assert len(measured_here()) == 1
    by_means(model="large").evaluate(classes, progress=False)
    assert len(measured_here()) == 2
    mine = member("image-embedding", "image-embedding.mean-of-a-survey", hub=False)
    assert [each.operators[-1][1]["model"] for each in mine.measured] == ["small"]


def test_what_was_measured_with_other_parameters_is_a_row_of_its_own(classes, member, tmp_path):
    by_means().evaluate(classes, progress=False)
    by_means(scale=3.0).evaluate(classes, progress=False)
    name = "image-embedding.mean-of-a-survey"
    assert {each.operators[-1][1]["scale"] for each in member("image-embedding", name, hub=False).measured} == {1.0}
    other = member("image-embedding", f"{name}, scale=3.0", hub=False)
    assert (other.origin, other.operator) == ("measured", f"{name}(scale=3.0)")
    tuned = tuned_folder(tmp_path / "textile")
    for params in ({}, {"tuned": str(tuned)}, {"normalize": True}):
        pipeline("image-embedding", runtime="torch", **params).evaluate(classes, progress=False)
    plain = member("image-embedding", "efficientnet-lite0", hub=False)
    assert [each.dim for each in plain.measured] == [1280]
    rows = {each.name.partition("=")[0]: each for each in junco.survey("image-embedding", hub=False)}
    assert "efficientnet-lite0, normalize" in rows
    assert rows["efficientnet-lite0, tuned"].dim == 8


def test_another_set_of_as_many_items_is_kept_beside_the_first(classes):
    by_means().evaluate(classes, progress=False)
    Image.new("RGB", (32, 32), (190, 3, 5)).save(classes / "red" / "0.png")
    found = by_means().evaluate(classes, progress=False)
    assert len({each.fingerprint for each in measured_here()}) == 2
    assert found.to_dict()["fingerprint"] in {each.fingerprint for each in measured_here()}


def test_a_model_that_is_on_no_list_has_a_row_where_it_was_measured(classes, tmp_path, monkeypatch):
    by_means(model="ours").evaluate(classes, progress=False)
    (kept,) = (tmp_path / "home" / "evaluations").glob("*.json")
    kept.write_text(kept.read_text().replace("image-embedding.mean-of-a-survey", "image-embedding.gone"))
    (row,) = [each for each in junco.survey("image-embedding", hub=False) if each.origin == "measured"]
    assert row.dim == 3
    assert row.measured[0].operators[-1] == ("image-embedding.gone", {"scale": 1.0, "model": "ours"})


def test_a_report_that_was_changed_by_hand_is_left_out_with_a_line(classes, tmp_path, caplog):
    by_means().evaluate(classes, progress=False)
    (kept,) = (tmp_path / "home" / "evaluations").glob("*.json")
    kept.write_text('{"ways": 5}')
    assert measured_here() == []
    assert "cannot be read" in caplog.text


def test_a_home_that_cannot_be_written_loses_a_report_and_no_evaluation(classes, tmp_path, caplog):
    home = tmp_path / "home"
    home.mkdir()
    (home / "evaluations").write_text("a file stands there")
    assert by_means().evaluate(classes, progress=False)["map"] > 0
    assert "is not kept" in caplog.text


def test_a_list_that_is_imported_is_in_the_survey(tmp_path, junco_command, member):
    runs_as = {"name": "image-embedding.timm", "params": {"model": "our-net"}}
    model = {"name": "ours/net", "family": "image-embedding", "dim": 99, "operator": runs_as}
    (tmp_path / "ours.json").write_text(json.dumps({"models": [model]}))
    assert "1 models are known" in junco_command("survey", "--import", tmp_path / "ours.json").stdout
    assert member("image-embedding", "ours/net", hub=False).dim == 99


def test_the_command_prints_a_table_or_json(junco_command):
    shown = junco_command("survey", "image-embedding", "--no-hub", "--max-parameters", "12M", "--sort", "parameters")
    assert "mobilenetv4_conv_small" in shown.stdout
    assert "vit_base" not in shown.stdout
    told = json.loads(junco_command("survey", "image-embedding", "--no-hub", "--json").stdout)
    assert len(told["members"]) >= len(known_models("image-embedding"))
    scored = next(each for each in told["members"] if each["name"] == "resnet50.a1_in1k")
    assert scored["scores"][0]["source"].startswith("github.com/huggingface/pytorch-image-models")
    failed = junco_command("survey", "image-embedding", "--max-parameters", "many")
    assert failed.exit_code == 2
    assert "100M" in failed.stderr


@pytest.fixture
def junco_command():
    from click.testing import CliRunner

    from junco.cli.main import app

    return lambda *args: CliRunner().invoke(app, [str(each) for each in args])


@pytest.fixture
def hub(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("hubs_for_surveys", _HUBS)
    hubs = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, hubs)
    spec.loader.exec_module(hubs)
    with hubs.running_hub(tmp_path / "store") as running:
        alice = running.user("alice")
        monkeypatch.setenv("JUNCO_HUB", running.url)
        monkeypatch.setenv("JUNCO_TOKEN", alice.token)
        yield running


def test_members_on_the_hub_are_there_and_what_was_pulled_is_there_offline(hub, tmp_path, monkeypatch, member):
    from junco.hub.artefact.beginnings import begin

    push(begin("pipeline", "flowers", tmp_path / "flowers"), "alice/flowers", release="1.0.0")
    family = next(each.family for each in junco.hub.search("flowers"))
    assert member(family, "alice/flowers").here.state == TO_FETCH
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert "alice/flowers" not in [each.name for each in junco.survey(family)]
    monkeypatch.delenv("JUNCO_OFFLINE")
    push(begin("operator", "colour", tmp_path / "colour"), "alice/colour", release="1.0.0")
    push(begin("tuned-operator", "tuned", tmp_path / "tuned"), "alice/tuned", release="1.0.0")
    for name in ("flowers", "colour", "tuned"):
        pull(f"alice/{name}@1.0.0")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert member(family, "alice/flowers").here.state == HERE
    assert member(family, "alice/tuned").here.state == HERE
    assert member(family, "alice/colour").here.state == NEEDS_TRUST
    (colour,) = [each.revision for each in kept_here() if each.revision.repository == "alice/colour"]
    grant("http://elsewhere.example", colour)
    assert member(family, "alice/colour").here.state == NEEDS_TRUST
    review("alice/colour@1.0.0").grant()
    assert member(family, "alice/colour").here.state == HERE


def test_what_owners_measured_stands_beside_their_members(hub, tmp_path, classes, member):
    from junco.hub.artefact.beginnings import begin
    from junco.hub.client.reporting import report

    push(begin("operator", "colour", tmp_path / "colour"), "alice/colour", release="1.0.0")
    report("alice/colour@1.0.0", by_means().evaluate(classes, progress=False), data="reds and blues", anyway=True)
    found = member("image-embedding", "alice/colour")
    assert [(each.measure, each.mean) for each in found.reports] == [("map", 1.0)]
    assert found.reports[0].data.startswith("reds and blues")
    assert found.dim == 3
    assert "map 1.000 by its owner" in str(junco.survey("image-embedding"))
    assert found.to_dict()["reports"][0]["machine"]


def test_a_hub_that_cannot_be_reached_is_a_line_and_no_error(monkeypatch):
    monkeypatch.setenv("JUNCO_HUB", "http://127.0.0.1:1")
    found = junco.survey("image-embedding")
    assert len(found) >= len(known_models("image-embedding"))
    assert "http://127.0.0.1:1 was not asked" in found.lines[0]


def test_the_command_knows_every_order():
    from junco.cli import survey as command
    from junco.model_survey.survey import SORTS

    assert command._SORTS == SORTS
