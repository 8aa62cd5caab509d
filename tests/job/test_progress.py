"""What is shown while a job runs."""

from __future__ import annotations

import json

import pytest

from junco.job.progress import Bar, JsonLines, Progress, progress_for


def test_a_line_of_json_every_few_seconds_says_how_far_the_job_is(capsys):
    now_s = [100.0]
    progress = JsonLines(total=1000, clock=lambda: now_s[0])
    progress.skipped(200)
    now_s[0] += 4
    progress.worked(100)
    assert capsys.readouterr().err == ""  # too early
    now_s[0] += 5
    progress.rejected()
    progress.worked(100, 5000)
    progress.worked(100, 5000)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {
        "done": 400,
        "total": 1000,
        "rows_per_s": 20.0,  # since the first hundred, which waited for the loading
        "eta_s": 30.0,
        "total_s": 39.0,
        "rejects": 1,
        "output_bytes": 25000,
    }


def test_some_hundreds_of_inputs_foretell_on_a_terminal_what_all_will_take(capsys):
    with Bar(total=30_000, clock=iter([0.0, 4.0, 4.0, 5.0, 6.0, 7.0]).__next__) as bar:
        bar.worked(200, 200_000)
        assert "will take" not in capsys.readouterr().err
        bar.worked(100, 100_000)
        bar.worked(1, 1_000)
    said = capsys.readouterr().err
    line = "all 30,000 inputs will take about 5 min 2 s and 30.0 MB before compression"
    assert said.count(line) == said.count("will take") == 1


def test_how_a_source_is_read_is_told_at_once_and_to_a_terminal_without_its_control_characters(capsys):
    JsonLines().tell("t.csv: column 'text'")
    assert json.loads(capsys.readouterr().err) == {"read": "t.csv: column 'text'"}
    JsonLines().tell("表.csv: column 'é\x1b'")
    assert capsys.readouterr().err == '{"read": "表.csv: column \'é\\u001b\'"}\n'
    with Bar(total=3) as bar:
        bar.tell("[bold]t\x1b.csv: column 'text'")
    assert "read [bold]t\\x1b.csv: column 'text'" in capsys.readouterr().err
    Progress().tell("nobody")
    assert capsys.readouterr().err == ""


def test_without_a_total_there_is_no_eta(capsys):
    progress = JsonLines(clock=iter([0.0, 8.0, 10.0]).__next__)
    progress.worked(5)
    assert json.loads(capsys.readouterr().err)["eta_s"] is None


def test_a_terminal_has_a_bar_and_nobody_else_has(monkeypatch):
    counted = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress_for(None, lambda: counted.append(1) or 10) as bar:
        assert isinstance(bar, Bar)
        bar.worked(3)
        bar.rejected()
        bar.skipped(1)
    assert bar._rich.tasks[0].completed == 4
    assert bar._rich.tasks[0].fields["rejects"] == "1 rejects"
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert isinstance(progress_for(None, lambda: None), JsonLines)


def test_a_source_is_not_counted_for_nobody():
    assert type(progress_for(False, lambda: pytest.fail("counted"))) is Progress
