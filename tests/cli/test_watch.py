"""``--watch``: a job goes on as the files of its source change, and only Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

PIPELINE = """\
junco: 1
inputs: [text]
steps:
  - {flat_map: text-split.characters, in: text, out: piece}
outputs: [piece]
"""


class Watching:
    """``junco embed --watch`` in a process of its own, whose lines are waited for."""

    def __init__(self, home, *arguments):
        command = [sys.executable, "-m", "junco.cli.main", "embed", *map(str, arguments), "--watch", "--json"]
        environment = {**os.environ, "JUNCO_HOME": str(home)}
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def report(self):
        return json.loads(self.process.stdout.readline())

    def said(self, word):
        while word not in (line := self.process.stderr.readline()):
            assert line, f"nothing said {word!r}"
        return line

    def end(self):
        self.process.send_signal(signal.SIGINT)
        _, told = self.process.communicate(timeout=30)
        return self.process.returncode, told


@pytest.fixture
def watch(tmp_path, request):
    (tmp_path / "home" / "pipelines").mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / "pipelines" / "same.yaml").write_text(PIPELINE)

    def begin(*arguments):
        watching = Watching(tmp_path / "home", "same", *arguments)
        request.addfinalizer(watching.process.kill)
        return watching

    return begin


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(name)


def test_a_burst_a_deleted_file_a_gone_folder_and_ctrl_c(watch, tmp_path):
    texts = tmp_path / "texts"
    write(texts, "a.txt", "b.txt")
    job = watch(texts, "--to", texts / "v.parquet")
    assert job.report()["num_new"] == 2
    job.said("watching")
    write(texts, *(f"{number}.txt" for number in range(1000)))
    assert sum_of(job, "num_new", 1000) == 1000
    (texts / "a.txt").unlink()
    assert job.report()["num_deleted"] == 1
    texts.rename(tmp_path / "aside")
    job.said("is gone")
    (tmp_path / "aside").rename(texts)
    job.said("is there again")
    write(texts, "later.txt")
    assert job.report()["num_new"] == 1
    status, told = job.end()
    assert (status, "stopped watching; what is done is kept" in told) == (0, True)


def sum_of(job, name, wanted):
    """What passes did together, until it is so much: a burst may take several."""
    done = 0
    while done < wanted:
        done += job.report()[name]
    return done


def test_an_error_in_a_pass_is_told_and_does_not_end_it(watch, tmp_path):
    texts = tmp_path / "texts"
    write(texts, "a.txt", "b.txt", "c.txt")
    job = watch(f"{texts}/*.txt", "--to", tmp_path / "v.jsonl", "--prune")
    assert job.report()["num_new"] == 3
    job.said("watching")
    for name in ("a.txt", "b.txt", "c.txt"):
        (texts / name).unlink()
    assert "no file matches" in job.said("error")
    write(texts, "d.txt")
    while job.report()["num_new"] != 1:  # a file may have left before the last one was gone
        pass
    assert job.end()[0] == 0


def test_a_list_is_watched_though_another_file_takes_its_place(watch, tmp_path):
    listed = tmp_path / "texts.txt"
    listed.write_text("one\n")
    job = watch(listed, "--to", tmp_path / "v.parquet")
    assert job.report()["num_new"] == 1
    job.said("watching")
    (tmp_path / "other").write_text("one\ntwo\n")
    (tmp_path / "other").replace(listed)
    assert job.report()["num_new"] == 1
    assert job.end()[0] == 0


def test_an_address_cannot_be_watched(junco, tmp_path):
    done = junco("embed", "text-embedding", "https://example.org/t.txt", "--to", tmp_path / "v.parquet", "--watch")
    assert (done.exit_code, "only files on this machine can be watched" in done.stderr) == (2, True)
