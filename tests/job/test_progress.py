"""What is shown while a job runs."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from junco import pipe
from junco.job.progress import Bar, JsonLines, Progress, progress_for
from junco.store.weight import Weight
from junco.terminal import say_json


def test_a_line_of_json_every_few_seconds_says_how_far_the_job_is(capsys):
    now_s = [100.0]
    progress = JsonLines(total=1000, clock=lambda: now_s[0])
    progress.skipped(200)
    now_s[0] += 4
    progress.worked(100)
    assert capsys.readouterr().err == ""  # too early
    now_s[0] += 5
    progress.rejected()
    progress.wrote(100, 5000)
    progress.worked(100)
    progress.worked(100)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {
        "done": 400,
        "total": 1000,
        "rows_per_s": 20.0,  # since the first hundred, which waited for the loading
        "eta_s": 30.0,
        "total_s": 39.0,
        "rejects": 1,
        "output_bytes": 50000,  # by the hundred that are written, not by those that are through
    }


@pytest.mark.parametrize(("weight", "size"), [(None, "30.0 MB of values"), (Weight(300, 500_000, 0.25), "8.0 MB")])
def test_the_first_rows_that_are_sealed_foretell_on_a_terminal_what_all_will_take(capsys, weight, size):
    now_s = [0.0]
    with Bar(total=30_000, clock=lambda: now_s[0]) as bar:
        now_s[0] = 4.0
        bar.worked(200)
        bar.wrote(200, 200_000)
        assert "will take" not in capsys.readouterr().err
        now_s[0] = 5.0
        bar.worked(100)
        bar.wrote(100, 100_000)
        for _ in range(2):
            bar.sealed(300, lambda: weight)
    said = capsys.readouterr().err
    assert said.count(f"all 30,000 inputs will take about 5 min 2 s and {size}\n") == said.count("will take") == 1


def test_rows_are_weighed_again_where_there_are_twice_as_many(capsys):
    progress = JsonLines(total=100)
    progress.wrote(10, 1000)
    for num_rows, share in [(10, 0.5), (19, 9.0), (20, 0.25)]:
        progress.sealed(num_rows, lambda num_rows=num_rows, share=share: Weight(num_rows, 40, share))
    assert progress.output_bytes == 40 + 10_000 // 4


def test_loading_is_a_line_of_its_own_and_no_part_of_rate_and_eta(capsys, monkeypatch):
    now_s, said = [0.0], threading.Event()
    progress = JsonLines(total=100, clock=lambda: now_s[0])
    monkeypatch.setattr("junco.job.progress.EVERY_S", 0.001)
    monkeypatch.setattr("junco.job.progress.say_json", lambda line: (say_json(line), said.set()))
    with progress.loading():
        now_s[0] = 60.0
        assert said.wait(30)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[0].keys() == {"loading_s"}
    assert lines[-1] == {"loaded_s": 60.0}
    for now_s[0] in (61.0, 62.0):
        progress.worked(10)
    line = progress.line(62.0)
    assert (line["rows_per_s"], line["eta_s"], line["total_s"]) == (10.0, 8.0, 70.0)


def test_loading_that_takes_a_moment_is_not_worth_a_line(capsys):
    progress = JsonLines(total=100)
    with progress.loading():
        pass
    assert capsys.readouterr().err == ""


def test_a_terminal_says_how_long_the_loading_took(capsys):
    now_s = [0.0]
    with Bar(total=100, clock=lambda: now_s[0]) as bar, bar.loading():
        now_s[0] = 75.0
    assert "loaded in 1 min 15 s\n" in capsys.readouterr().err


def test_after_a_resume_the_eta_counts_what_this_run_does_alone():
    now_s = [0.0]
    progress = JsonLines(total=1000, clock=lambda: now_s[0])
    progress.skipped(900)
    for now_s[0] in (2.0, 4.0):
        progress.worked(20)
    line = progress.line(4.0)
    assert (line["done"], line["rows_per_s"], line["eta_s"]) == (940, 10.0, 6.0)


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


class Noted(JsonLines):
    """Keeps what it would say."""

    def show(self) -> None:
        self.lines = [*getattr(self, "lines", []), self.line(self.clock())]


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v.jsonl", "v"])
def test_at_a_quarter_of_the_work_the_size_of_the_target_is_foretold(monkeypatch, tmp_path, name):
    numbers = np.random.default_rng(0)
    noted, texts = Noted(total=400), [f"the same words again and again, {number}" for number in range(400)]
    monkeypatch.setattr("junco.job.job.progress_for", lambda wanted, count: noted)
    with pipe.input("text").map("text", "vector", lambda text: numbers.random(32, np.float32)).output("vector") as p:
        p.run(texts, f"{tmp_path}/{name}{'' if '.' in name else '/'}", shard_rows=50)
    made = [path for path in tmp_path.rglob("*") if path.is_file() and ".v" not in str(path.relative_to(tmp_path))]
    quarter = next(line for line in noted.lines if line["done"] >= 100)
    assert quarter["output_bytes"] == pytest.approx(sum(path.stat().st_size for path in made), rel=0.2)
    assert noted.weight is not None


def test_inputs_count_for_the_size_when_their_rows_are_written_and_those_that_failed_with_none(monkeypatch, tmp_path):
    noted, texts = Noted(total=200), ["bad" if number % 2 else "good" for number in range(200)]
    monkeypatch.setattr("junco.job.job.progress_for", lambda wanted, count: noted)

    def measured(text: str) -> np.ndarray:
        if text == "bad":
            raise ValueError(text)
        return np.full(64, len(text), np.float32)

    with pipe.input("text").map("text", "vector", measured).output("vector") as p:
        p.run(texts, tmp_path / "v.parquet", shard_rows=50)
    assert (noted.num_written, noted.num_new) == (200, 200)
    assert noted.num_bytes == pytest.approx(100 * 64 * 4, rel=0.1)
