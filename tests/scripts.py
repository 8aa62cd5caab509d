"""Python processes of their own, for what would harm the process of the tests."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap


def run_script(script, *options, interrupt_after=None, by=signal.SIGINT):
    """Exit status and output of a Python process that runs ``script``; one that hangs fails the test.

    After it has printed the line ``interrupt_after`` it gets the signal ``by``.
    """
    command = [sys.executable, *options, "-c", textwrap.dedent(script)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if interrupt_after is not None:
            assert process.stdout.readline().strip() == interrupt_after
            process.send_signal(by)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, out, err
