"""Silence around converters ends with them, also where two threads convert at once."""

from __future__ import annotations

import logging
import sys
import threading
import warnings

from junco.runtime.quiet import quietly


def state():
    return sys.stdout, list(warnings.filters), logging.getLogger().level, logging.getLogger("torch").level


def test_nothing_is_heard_and_all_is_as_before(capsys):
    before = state()
    with quietly():
        print("progress")
        warnings.warn("deprecated", stacklevel=1)
        logging.getLogger("torch").warning("slow")
        logging.basicConfig()
    assert state() == before
    assert capsys.readouterr() == ("", "")


def test_threads_at_once_leave_all_as_before():
    before = state()
    start = threading.Barrier(8)

    def convert() -> None:
        start.wait()
        for _ in range(100):
            with quietly():
                pass

    threads = [threading.Thread(target=convert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state() == before
