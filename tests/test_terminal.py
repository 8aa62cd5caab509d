"""What is printed moves no cursor, whatever the stream is: another encoding, full, closed, gone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.errors import TargetError
from junco.terminal import only_results_on_stdout, out, out_json, say, say_json

EVIL = "é\x1b]0;x\x07\x9b2J\x7f\u202e\u2066\u200b\u2028\ud800✓"


def stream(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def written(monkeypatch, encoding, write):
    """What a call writes to a stdout of that encoding."""
    made = stream(encoding)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", made)
        write()
    made.flush()
    return made.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_a_line_holds_nothing_that_a_terminal_obeys(monkeypatch, encoding):
    said = written(monkeypatch, encoding, lambda: out(EVIL)).decode(encoding)
    assert said.endswith("\n")
    assert said[:-1].isprintable()
    assert r"\x1b]0;x\x07\x9b2J\x7f\u202e\u2066\u200b\u2028\ud800" in said


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@given(value=st.recursive(st.text(alphabet=st.characters(exclude_categories=())), st.lists) | st.just([EVIL]))
def test_json_stays_json_and_comes_back_as_it_was(encoding, value):
    with pytest.MonkeyPatch.context() as patch:
        said = written(patch, encoding, lambda: out_json(value, indent=2)).decode(encoding)
    assert json.loads(said) == value
    assert said.replace("\n", "").isprintable()


@pytest.mark.parametrize(("encoding", "letter"), [("utf-8", "中"), ("ascii", r"\u4e2d"), ("latin-1", r"\u4e2d")])
def test_a_line_of_json_for_programs_has_letters_as_they_are_where_the_stream_has_them(monkeypatch, encoding, letter):
    made = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stderr", made)
    say_json({"read": "中🙂é\x7f"})
    said = made.buffer.getvalue().decode(encoding)
    assert json.loads(said) == {"read": "中🙂é\x7f"}
    assert letter in said


def test_what_others_print_meanwhile_is_no_result(capsys):
    with only_results_on_stdout():
        print("by the way")
        out("the result")
    print("after")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("the result\nafter\n", "by the way\n")


def test_a_full_or_closed_stdout_is_an_error_that_says_so(monkeypatch):
    closed = stream("utf-8")
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(TargetError, match="stdout cannot be written"):
        out("x")


@pytest.mark.parametrize("nobody", [None, "closed"])
def test_nothing_is_said_where_nobody_can_be_told(monkeypatch, nobody):
    made = stream("utf-8")
    made.close()
    monkeypatch.setattr(sys, "stderr", made if nobody else None)
    say("x")


COMMAND = [sys.executable, "-c", "from junco.cli.main import main; main()"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("args", [["families"], ["families", "--json"], ["run", "--help"]])
def test_a_full_disk_under_stdout_is_one_line_and_exit_status_2(args):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_under_an_ascii_terminal_everything_is_shown():
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "show", "text-embedding-minilm"], env=environ, capture_output=True, check=False)
    assert done.returncode == 0
    assert rb"\u2192" in done.stdout


def test_a_home_of_nobody_is_one_line_and_exit_status_2():
    environ = {**os.environ, "JUNCO_HOME": "~nobody-has-this-name/x"}
    done = subprocess.run([*COMMAND, "pipelines"], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "~nobody-has-this-name is no user of this machine" in done.stderr
