"""Locks that a forked child has anew, whoever held them in its parent."""

from __future__ import annotations

import os

import pytest

from scripts import run_script

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

FORKED = """
    import os, signal, sys, threading, warnings
    from junco.runtime.quiet import quietly
    warnings.simplefilter("ignore", DeprecationWarning)  # of threads and forks

    inside, go_on = threading.Event(), threading.Event()

    def work():
        with quietly():
            inside.set()
            go_on.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(20)
        with quietly():
            os._exit(0)
    print(os.waitpid(child, 0)[1])
    go_on.set()
    thread.join()
"""


def test_a_forked_child_does_not_wait_for_a_thread_of_its_parent_that_converts_a_model():
    assert run_script(FORKED) == (0, "0\n", "")


def test_the_thread_that_forks_within_leaves_the_lock_in_both_processes():
    script = """
        import os, signal
        from junco.forks import ForkedLock

        lock = ForkedLock()
        with lock(), lock():
            child = os.fork()
            signal.alarm(20)
        with lock():
            pass
        if not child:
            os._exit(0)
        print(os.waitpid(child, 0)[1])
    """
    assert run_script(script) == (0, "0\n", "")
