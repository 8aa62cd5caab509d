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


def test_what_other_threads_say_meanwhile_is_heard(capsys, caplog):
    done = threading.Event()

    def say() -> None:
        print("of another thread")
        logging.getLogger("torch.onnx").warning("also of another thread")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.warn("heard", stacklevel=1)
        heard.extend(caught)
        done.set()

    heard: list[warnings.WarningMessage] = []
    with quietly():
        logging.getLogger("torch.onnx").warning("of the converter")
        thread = threading.Thread(target=say)
        thread.start()
        assert done.wait(10)
        print("of the converter")
        thread.join()
    assert capsys.readouterr().out == "of another thread\n"
    assert [record.message for record in caplog.records] == ["also of another thread"]
    assert [str(each.message) for each in heard] == ["heard"]


def test_a_handler_that_another_thread_adds_meanwhile_stays():
    handler = logging.NullHandler()
    with quietly():
        thread = threading.Thread(target=logging.getLogger().addHandler, args=(handler,))
        thread.start()
        thread.join()
        logging.basicConfig(force=False, level=logging.DEBUG)
    assert handler in logging.getLogger().handlers
    logging.getLogger().removeHandler(handler)
