"""What SIGTERM does to a job: the same as Ctrl-C. What is sealed stays, and the process ends with status 143."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATED = 128 + signal.SIGTERM


class _Terminated(KeyboardInterrupt):
    """Goes where Ctrl-C goes: an operator that ends by it has not failed."""


@contextmanager
def ending_at_sigterm() -> Iterator[None]:
    """For as long as this lasts, SIGTERM interrupts the main thread; a second one ends the process at once.

    Where the program has said itself what SIGTERM does, that holds. Only the main thread can say it.

    Raises:
        SystemExit: with 143, after SIGTERM.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
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
