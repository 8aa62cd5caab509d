"""SIGTERM ends a job as Ctrl-C does: what is sealed stays, the same call goes on from there, the status is 143."""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading

import pyarrow.parquet as pq
import pytest

from junco import pipe
from junco.job.termination import ending_at_sigterm
from scripts import run_script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM there")

JOB = """
    import os, threading
    from junco import pipe

    def work(x):
        if x == int(os.environ["STOP_AT"]):
            print("ready", flush=True)
            threading.Event().wait()
        return -x

    if __name__ == "__main__":
        job = pipe.input("x").map("x", "y", work{options}).output("y")
        {head}
        print(job.run(list(range(300)), {target!r}, progress=False, shard_rows=100).num_skipped)
"""
WAYS = {"here": "", "by several threads": ", workers=3"}
if importlib.util.find_spec("loky") is not None:  # junco[processes]
    WAYS["in other processes"] = ", backend='process', workers=2"


def job(target, options="", head="pass"):
    return JOB.format(target=str(target), options=options, head=head)


@pytest.fixture(autouse=True)
def stop_at(monkeypatch):
    """The row at which the job waits to be ended."""
    monkeypatch.setenv("STOP_AT", "250")


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_a_job_that_is_asked_to_end_keeps_what_is_sealed_and_goes_on_from_there(tmp_path, monkeypatch, options):
    target = tmp_path / "v.parquet"
    status, out, err = run_script(job(target, options), interrupt_after="ready", by=signal.SIGTERM)
    assert (status, out, err) == (143, "", "")
    assert not target.exists()
    monkeypatch.setenv("STOP_AT", "-1")
    assert run_script(job(target, options)) == (0, "200\n", "")
    assert pq.read_table(target)["y"].to_pylist() == [-x for x in range(300)]


SWALLOWED = """
    import signal, threading
    from junco import pipe

    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it

    class Last:
        def __del__(self):
            signal.raise_signal(signal.{name})

    def work(x):
        if x == 2:
            last = Last()
            del last  # the signal comes while this runs, and Python drops what is raised there
            threading.Event().wait()
        return x

    job = pipe.input("x").map("x", "y", work).output("y")
    try:
        job.run([1, 2, 3], {target!r}, progress=False)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize(("name", "expected"), [("SIGTERM", (143, "", "")), ("SIGINT", (0, "interrupted\n", ""))])
def test_a_signal_that_comes_while_a_finalizer_runs_ends_a_job_too(tmp_path, name, expected):
    assert run_script(SWALLOWED.format(name=name, target=str(tmp_path / "v.parquet"))) == expected


def test_a_program_that_says_itself_what_sigterm_does_is_left_alone(tmp_path):
    head = "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(7))"
    script = job(tmp_path / "v.parquet", head=head)
    assert run_script(script, interrupt_after="ready", by=signal.SIGTERM)[0] == 7


def test_after_a_job_sigterm_does_what_it_did_before(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    p = pipe.input("x").map("x", "y", lambda x: x).output("y")
    p.run([1, 2], tmp_path / "v.parquet", progress=False)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_job_in_another_thread_leaves_sigterm_alone():
    before, found = signal.getsignal(signal.SIGTERM), []

    def look():
        with ending_at_sigterm():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]


def test_the_command_says_that_what_is_done_is_kept(tmp_path):
    flow, texts = tmp_path / "flow.yaml", tmp_path / "texts.txt"
    flow.write_text("junco: 1\ninputs: [x]\nsteps:\n  - {map: term-test.stop, in: x, out: y}\noutputs: [y]\n")
    texts.write_text("a\nb\n")
    status, out, err = run_script(
        f"""
        import sys, threading
        from junco import op

        @op("term-test.stop")
        def stop(x: str) -> str:
            print("ready", file=sys.__stdout__, flush=True)
            threading.Event().wait()

        from junco.cli.main import main
        sys.argv = ["junco", "embed", {str(flow)!r}, {str(texts)!r}, "--to", {str(tmp_path / "v.parquet")!r}]
        main()
        """,
        interrupt_after="ready",
        by=signal.SIGTERM,
    )
    assert (status, out) == (143, "")
    assert "stopped; what is done is kept" in err
