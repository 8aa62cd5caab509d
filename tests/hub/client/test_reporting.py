"""What is measured here stands on the hub: from `junco evaluate` to the family's page, by a real hub."""

from __future__ import annotations

import json

import numpy as np
import pytest

from junco import Operator, hub, pipe
from junco.errors import DataError, InputError
from junco.hub.client.faults import HubError
from junco.hub.client.reporting import comparable, drop_report, reports
from junco.neural.tuned import write_tuned
from junco.types import Vector

LABELLED = [(word, label) for label in "abc" for word in (label, label * 2, label * 3, label * 4)]


class Letters(Operator, name="reporting-test.letters"):
    """How often four letters stand in a text."""

    def batch(self, texts: list[str]) -> list[Vector]:
        return [np.array([text.count(letter) for letter in "abcd"], np.float32) for text in texts]


def letters():
    return pipe.input("text").map("text", "vector", Letters().spec, name="embed").output("vector")


@pytest.fixture
def evaluation():
    return letters().evaluate(LABELLED, progress=False)


@pytest.fixture
def junco():
    """The command line in this process."""
    from click.testing import CliRunner

    from junco.cli.main import app

    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def served(request, machine, tuned):
    """A hub with a repository of alice's, who sits at this machine."""
    running = request.getfixturevalue("hub")
    machine("alice", running.alice)
    hub.push(tuned, "alice/letters", release="1.0.0", licence="mit")
    return running


def test_an_evaluation_says_where_and_when_it_was_made(evaluation):
    told = evaluation.to_dict()
    assert told["machine"]
    assert told["measured"].endswith("Z")
    assert told["junco"]
    assert told["peak_bytes"] > 1_000_000


def test_a_report_of_evaluate_stands_on_the_hub_as_it_was_measured(served, evaluation, tmp_path):
    file = tmp_path / "report.json"
    file.write_text(json.dumps(evaluation.to_dict()))
    made = hub.report("alice/letters@1.0.0", file, data="letters", anyway=True)
    assert made.commit == hub.show("alice/letters@1.0.0")["revision"]["commit"]
    again = hub.report("alice/letters@1.0.0", evaluation.to_dict(), data="letters", anyway=True)
    assert again.number == made.number
    kept = reports("alice/letters")[0]
    told = evaluation.to_dict()
    assert kept["metrics"]["map"] == told["ways"][0]["estimates"]["map"]
    for key in ("machine", "measured", "junco", "peak_bytes", "main"):
        assert kept[key] == told[key]
    assert kept["items_per_s"] == told["ways"][0]["items_per_s"]
    assert (kept["by"], kept["dim"]) == ("alice", 4)
    drop_report("alice/letters", made.number)
    assert reports("alice/letters") == []


def test_the_command_sends_lists_and_takes_away(served, evaluation, tmp_path, junco):
    file = tmp_path / "report.json"
    file.write_text(json.dumps(evaluation.to_dict()))
    done = junco("hub", "report", "alice/letters@1.0.0", file, "--data", "letters in words", "--anyway")
    assert "by letters in words@" in done.stdout
    assert ": map 1.000 [1.000, 1.000]" in done.stdout
    listed = junco("hub", "report", "alice/letters").stdout
    assert "letters in words" in listed
    number = json.loads(junco("hub", "report", "alice/letters", "--json").stdout)[0]["id"]
    assert junco("hub", "report", "alice/letters", "--drop", str(number)).exit_code == 0
    assert "data" in junco("hub", "report", "alice/letters", file).stderr


def test_who_may_not_write_sends_none(served, evaluation, machine):
    machine("bob", served.bob)
    with pytest.raises(HubError, match="role"):
        hub.report("alice/letters@1.0.0", evaluation, data="letters", anyway=True)


def test_one_of_several_ways_is_named():
    told = {
        "main": "map", "machine": "m", "measured": "2026-01-01T00:00:00Z", "junco": "1", "peak_bytes": 5,
        "ways": [
            {"name": name, "dim": dim, "estimates": {"map": {"mean": 0.5, "low": 0, "high": 1, "num_items": 3}}}
            for name, dim in (("one", 1), ("two", 2))
        ],
    }  # fmt: skip
    with pytest.raises(DataError, match="say which by way=, '--way': one, two"):
        comparable(told, "d")
    assert comparable(told, "d", way="two")["dim"] == 2
    assert "peak_bytes" not in comparable(told, "d", way="one")
    with pytest.raises(DataError, match="no 'three'; it has one, two"):
        comparable(told, "d", way="three")
    trained = {"evaluation": {k: told[k] for k in ("main", "ways", "measured", "junco")}, "machine": "m",
               "split": {"eval": {"fingerprint": "a" * 64}}}  # fmt: skip
    assert comparable(trained, "d")["dim"] == 2
    assert comparable(trained, "d")["data"]["fingerprint"] == "a" * 64


def test_what_says_too_little_is_refused_before_it_is_sent(tmp_path):
    for source, why in (({}, "no ways"), ({"ways": [{"name": "a", "estimates": {}}], "main": "map"}, "has no 'map'")):
        with pytest.raises(DataError, match=why):
            comparable(source, "d")
    unknown = {"ways": [{"name": "a", "estimates": {"map": {"mean": 1, "low": 1, "high": 1, "num_items": 1}}}]}
    with pytest.raises(DataError, match="does not say machine nor measured nor junco"):
        comparable({**unknown, "main": "map"}, "d")
    (tmp_path / "r.json").write_text("{")
    with pytest.raises(DataError, match="is no JSON"):
        hub.report("a/b", tmp_path / "r.json", data="d")
    with pytest.raises(InputError, match="cannot be read"):
        hub.report("a/b", tmp_path / "none.json", data="d")


TUNED = {"operator": "image-embedding.efficientnet-lite", "params": {}, "scope": "head", "parent": None}


def told_of(evaluation, **of):
    """A report whose way was made of something else."""
    told = evaluation.to_dict()
    told["ways"] = [{**each, **of} for each in told["ways"]]
    return told


def tuned_by(folder):
    operator = "image-embedding.efficientnet-lite"
    return {"operators": [{"name": operator, "params": {"model": "lite0", **({"tuned": folder} if folder else {})}}]}


def test_a_report_of_something_else_is_refused(served, evaluation):
    with pytest.raises(DataError, match=r"is a tuned 'image-embedding.efficientnet-lite', .* 'reporting-test.letters'"):
        hub.report("alice/letters@1.0.0", evaluation, data="d")
    with pytest.raises(DataError, match="as it is, without tuned="):
        hub.report("alice/letters@1.0.0", told_of(evaluation, **tuned_by("")), data="d")
    with pytest.raises(DataError, match="measured bob/other, not alice/letters"):
        hub.report("alice/letters@1.0.0", told_of(evaluation, **tuned_by("bob/other")), data="d")
    assert hub.report("alice/letters@1.0.0", told_of(evaluation, **tuned_by("./textile")), data="d").number


def test_the_version_that_was_measured_is_the_one_that_it_is_of(served, evaluation, tuned):
    first = hub.show("alice/letters@1.0.0")["revision"]["commit"]
    write_tuned(tuned, TUNED, {"head.weight": np.ones((8, 1280), np.float32)})
    hub.push(tuned, "alice/letters", release="2.0.0", licence="mit")
    with pytest.raises(InputError, match=r"does not say which of them it measured: name it, alice/letters@2.0.0"):
        hub.report("alice/letters", told_of(evaluation, **tuned_by("./textile")), data="d")
    measured = told_of(evaluation, **tuned_by("alice/letters@1.0.0"))
    assert hub.report("alice/letters", measured, data="d").commit == first
    with pytest.raises(DataError, match=r"another commit than alice/letters@2.0.0"):
        hub.report("alice/letters@2.0.0", measured, data="d")


def test_without_a_fingerprint_it_is_said(evaluation):
    with pytest.raises(DataError, match="no fingerprint of the items"):
        hub.report("alice/letters", {**evaluation.to_dict(), "fingerprint": None}, data="d")


def test_what_was_trained_on_the_data_is_marked(request, machine, evaluation, tmp_path, junco):
    running = request.getfixturevalue("hub")
    machine("alice", running.alice)
    data = {"train": {"num_items": 12, "fingerprint": evaluation.fingerprint}}
    write_tuned(tmp_path / "seen", {**TUNED, "data": data}, {"head.weight": np.ones((8, 1280), np.float32)})
    hub.push(tmp_path / "seen", "alice/seen", release="1.0.0", licence="mit")
    made = hub.report("alice/seen@1.0.0", told_of(evaluation, **tuned_by("./seen")), data="d")
    assert made.told["trained_on_data"] is True
    assert "(trained on this data)" in junco("hub", "report", "alice/seen").stdout
