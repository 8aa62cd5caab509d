"""``junco data``: the catalogue and the tools on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from junco.cli.main import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*args, status=0):
        done = CliRunner().invoke(app, ["data", *args])
        assert done.exit_code == status, done.output
        return done

    return run


def test_the_catalogue_is_listed_and_shown_for_people_and_programs(run):
    told = run("list", "--here").stdout
    assert told.splitlines()[0].split() == ["NAME", "MODALITY", "ITEMS", "LICENCE", "LOADS", "ABOUT"]
    assert "textiles" in told
    assert "mnist" not in told
    found = json.loads(run("list", "--modality", "audio", "--licence", "open", "--json").stdout)
    assert {"librispeech", "aishell-1"} <= {each["id"] for each in found}
    assert "none of the catalogue's is so" in run("list", "--modality", "video", "--task", "retrieval").output
    shown = run("show", "esc-50").stdout
    assert "CC-BY-NC-3.0 (its terms allow no commercial use)" in shown
    assert json.loads(run("show", "MNIST", "--json").stdout)["splits"] == {"train": 60000, "test": 10000}


def test_a_set_is_got_with_its_licence_and_reported_on(run, tmp_path):
    done = run("get", "textiles")
    assert "licence: MIT" in done.stderr
    assert (tmp_path / "textiles" / "nominal").is_dir()
    assert "120 items of 3 labels: nothing is wrong" in run("report", "textiles", "--html", "page.html").stdout
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    told = json.loads(run("table", "textiles", "--to", "t.csv", "--json").stdout)
    assert (told["rows"], told["unreadable"]) == (120, [])
    cut = json.loads(run("split", "textiles", "--to", "cut", "--json").stdout)
    assert cut["parts"] == {"train": 96, "test": 24}
    assert "in 2 parts: nothing is wrong" in run("report", "cut", "--near", "none").stdout


def test_what_is_wrong_is_said_by_the_exit_status_too(run, tmp_path):
    for part in ("train", "test"):
        (tmp_path / part / "a").mkdir(parents=True)
        (tmp_path / part / "a" / "1.txt").write_text("the same")
    assert "1 group of equal items in more than one part" in run("report", "train", "test", status=1).stdout
    assert json.loads(run("report", "train", "test", "--json", status=1).stdout)["is_clean"] is False


def test_a_card_is_written_for_the_catalogue_s_and_for_one_s_own(run, tmp_path):
    assert "dataset.yaml and README.md" in run("card", "scifact").stdout
    run("get", "tickets", "--to", "mine")
    run("card", "mine", "--licence", "CC-BY-4.0", "--task", "text-classification", "--replace")
    assert "license: CC-BY-4.0" in (tmp_path / "mine" / "dataset.yaml").read_text()
    assert json.loads(run("card", "digits", "--to", "d", "--json").stdout)[0].endswith("dataset.yaml")


def test_mistakes_are_one_line_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for args, said in (
        (("get", "esc-50"), "--accept-licence"),
        (("show", "mnits"), "Did you mean 'mnist'"),
        (("get", "lfw"), "from its makers"),
        (("report", "./nothing"), "does not exist"),
        (("card", "."), "--licence"),
        (("list", "--modality", "smell"), "There are image, text, audio, video, cross-modal"),
    ):
        done = CliRunner().invoke(app, ["data", *args])
        assert done.exit_code == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
