"""Two commits compared line by line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from junco import hub
from junco.cli.main import app
from junco.hub.artefact.beginnings import begin


@pytest.fixture
def served(request):
    return request.getfixturevalue("hub")


def run(*args):
    done = CliRunner().invoke(app, list(args))
    assert done.exit_code == 0, (done.output, done.stderr)
    return done.stdout.splitlines()


def test_lines_of_texts_are_compared_and_files_that_are_new_are_shown_whole(served, machine, tmp_path):
    machine("alice", served.alice)
    folder = begin("tuned-operator", "leaves", tmp_path / "leaves")
    hub.push(folder, "alice/lines", release="1.0.0")
    (folder / "README.md").write_text((folder / "README.md").read_text("utf-8") + "\nOne more line.\n", "utf-8")
    (folder / "more.txt").write_text("new\n", "utf-8")
    hub.push(folder, "alice/lines", release="1.1.0")
    lines = run("hub", "diff", "alice/lines@1.0.0", "1.1.0")
    assert "+One more line." in lines
    assert lines[lines.index("--- nothing") + 1 :][:3] == ["+++ more.txt", "@@ -0,0 +1 @@", "+new"]
    assert run("hub", "diff", "alice/lines@1.0.0", "1.0.0") == ["nothing differs"]


def test_what_is_no_text_is_said_to_differ(served, machine, tmp_path):
    machine("alice", served.alice)
    folder = begin("operator-family", "leaf-family", tmp_path / "leaf-family")
    hub.push(folder, "alice/pictures", release="1.0.0")
    (folder / "cases" / "red.png").write_bytes((folder / "cases" / "blue.png").read_bytes())
    hub.push(folder, "alice/pictures", release="1.1.0")
    assert run("hub", "diff", "alice/pictures@1.0.0", "1.1.0") == ["cases/red.png differs, and is no text to be shown"]
