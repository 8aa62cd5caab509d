"""What SIGTERM does to a job: the same as Ctrl-C. What is sealed stays, and the process ends with status 143.

Python drops what is raised while a finalizer runs, and the collector may run one at any time: both signals come again
then, so that neither is lost.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

TERMINATED = 128 + signal.SIGTERM
_AGAIN_S = 0.01
"""After so long the finalizer that swallowed a signal has ended; if not, it comes once more."""


class _Terminated(KeyboardInterrupt):
    """Goes where Ctrl-C goes: an operator that ends by it has not failed."""


@contextmanager
def ending_at_sigterm() -> Iterator[None]:
    """For as long as this lasts, SIGTERM interrupts the main thread; a second one ends the process at once.

    Where the program has said itself what SIGTERM does, that holds. Only the main thread can say it.

    Raises:
        SystemExit: with 143, after SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _swallowing_nothing():
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            yield
            return
        try:
            signal.signal(signal.SIGTERM, _interrupt)
            yield
        except _Terminated:
            raise SystemExit(TERMINATED) from None
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise _Terminated


@contextmanager
def _swallowing_nothing() -> Iterator[None]:
    """Have an interrupt of the main thread that Python could only print come again."""
    before = sys.unraisablehook

    def hook(unraisable: UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt) or not _is_main():
            before(unraisable)
        elif issubclass(unraisable.exc_type, _Terminated):
            signal.signal(signal.SIGTERM, _interrupt)
            _send_again(signal.SIGTERM)
        else:
            _send_again(signal.SIGINT)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _is_main() -> bool:
    return threading.get_ident() == threading.main_thread().ident


def _send_again(number: signal.Signals) -> None:
    """A plain thread does it: what was interrupted may have the locks of `threading`."""
    _thread.start_new_thread(_send, (number,))


def _send(number: signal.Signals) -> None:
    time.sleep(_AGAIN_S)
    main = threading.main_thread().ident
    assert main is not None
    if sys.platform == "win32":
        _thread.interrupt_main(number)
    else:
        signal.pthread_kill(main, number)  # a wait for a lock ends only by what comes to its own thread
