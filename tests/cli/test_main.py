from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMANDS = ["families", "pipelines", "ops", "show", "run", "embed", "draw", "doctor", "space", "warm"]
COMMANDS += ["cache", "search", "similar", "clusters", "verify"]


def process(*args, **options):
    code = "from junco.cli.main import main; main()"
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False, **options)


def test_help_names_every_command_and_cuts_no_line(junco):
    done = junco("--help")
    assert done.exit_code == 0
    assert all(f"\n  {command} " in done.stdout for command in COMMANDS)
    assert "..." not in done.stdout.partition("Commands:")[2]


@pytest.mark.parametrize("module", ["junco", "junco.cli.main"])
def test_python_runs_the_command_as_a_module_too(junco, module):
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: junco ")


def test_no_command_at_all_prints_the_help(junco):
    done = junco()
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Commands:" in done.stdout


def test_the_version_is_the_installed_one(junco):
    from importlib.metadata import version

    assert junco("--version").stdout == f"junco {version('junco')}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_says_what_it_does(junco, command):
    done = junco(command, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: junco {command}")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run", "counts", "x"], "Did you mean 'count'"),
        (["run", "count", "bad"], "ValueError"),
        (["run", "count", "x", "-p", "scal=2"], "Did you mean 'scale'"),
        (["run", "count", "x", "-p", "scale"], "write key=value"),
        (["train", "text-embedding", "x", "--to", "t", "--arg", "lr"], "--arg 'lr': write key=value"),
        (["run", "count", "x", "-p", "scale=1", "-p", "scale=2"], "given twice"),
        (["run", "count", "x", "-p", "scale=[1"], "not YAML"),
        (["run", "alice/flowers", "x"], "no hub is configured"),
        (["run", "./none.yaml", "x"], "none.yaml"),
        (["run", "count"], "Missing argument"),
        (["run", "count", "x", "--jsn"], "No such option"),
        (["rn"], "No such command 'rn'"),
        (["embed", "count", "x"], "--to"),
        (["pipelines", "text-embeding"], "Did you mean 'text-embedding'"),
        (["ops", "cli-tst"], "Did you mean 'cli-test'"),
        (["show", "cont"], "Did you mean 'count'"),
        (["draw", "count", "-o", "x.bmp"], ".svg, .png and .mmd"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_users_error_is_one_line_on_stderr_and_exit_status_2(junco, args, says):
    done = junco(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


@pytest.mark.parametrize("args", [["--debug", "run", "counts", "x"], ["run", "counts", "x", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(junco, args):
    done = junco(*args)
    assert done.exit_code == 2
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: no pipeline named 'counts'")


def test_after_two_dashes_debug_is_an_input(junco):
    assert junco("run", "count", "--", "--debug").stdout.startswith("--debug  3 numbers")


def test_an_error_of_junco_itself_is_not_dressed_up_as_the_users(junco, monkeypatch):
    from junco.catalog import listing

    def fail():
        raise AssertionError("ours")

    monkeypatch.setattr(listing, "families", fail)
    done = junco("families")
    assert isinstance(done.exception, AssertionError)


def test_ctrl_c_says_so_and_exits_with_130(junco):
    done = junco("run", "count", "stop")
    assert (done.exit_code, done.stderr) == (130, "interrupted\n")


def test_a_reader_that_goes_away_is_no_error():
    read, write = os.pipe()
    os.close(read)
    code = "import sys; sys.argv = ['junco', 'ops']; from junco.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_nothing_is_coloured_when_it_is_not_for_a_terminal():
    for args in (["ops"], ["run", "nothing", "x"], ["--help"]):
        done = process(*args)
        assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "args", [["--help"], ["ops"], ["pipelines"], ["families"], ["draw", "image-embedding-resnet50"]]
)
def test_looking_around_imports_no_heavy_library(args):
    code = (
        f"import sys; sys.argv = ['junco', *{args!r}]\nfrom junco.cli.main import main\ntry:\n main()\nfinally:\n"
        " print([m for m in ('torch', 'PIL', 'pyarrow', 'timm', 'transformers') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_a_warning_of_ours_is_one_line_for_people():
    done = process("doctor", "text-embedding", "-p", "truncate_dim=64")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "warning: 'text-embedding.minilm': all-MiniLM-L6-v2 was not trained for truncate_dim (Matryoshka): "
        "its first 64 numbers are no summary of the rest"
    ]
