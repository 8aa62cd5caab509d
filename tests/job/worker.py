"""Runs ``junco`` commands, each in a child that kills itself at a given step.

A line of JSON on stdin is a command, ``[kill_at, files_only, arguments]``; one on stdout its answer, ``[status, steps,
stderr]``.
Steps are what Python does with the files of the job (open, rename, remove, make a folder) and the operator's own calls,
so that every moment in which a kill makes a difference can be met, without any timing. ``kill_at`` 0 kills nothing;
with ``files_only`` the operator's calls, whose number depends on how rows were batched, do not count.
Each text that the operator works on becomes a line of the file that the one argument names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile

# what the children would otherwise import, each for itself
import filelock  # noqa: F401
import numpy as np
import pyarrow.parquet  # noqa: F401

import junco.api  # noqa: F401
from junco.cli.main import app
from junco.operator.function import op
from junco.operator.hints import Hints
from junco.types import Vector

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "job-test.work"}
log = open(sys.argv[1], "a", buffering=1)  # noqa: PTH123, SIM115
num_steps = 0


@op("job-test.letters", Hints(max_batch=1))  # a batch with a bad row in it is worked on again, in halves
def letters(text: str) -> Vector:
    """How often each of a few letters stands in a text; texts on poison fail."""
    sys.audit("job-test.work")
    log.write(f"{text}\n")
    if "poison" in text:
        raise ValueError(f"not to be swallowed: {text}")
    return np.array([text.count(letter) for letter in "0123456789abcdef"], np.float32) / np.float32(len(text))


def run(kill_at, files_only, arguments, errors):
    """In the child: the command."""

    def watch(event, details):
        global num_steps
        is_work = event == "job-test.work" and not files_only
        if event in STEPS and (is_work or "/v." in str(details) or "/.v" in str(details)):
            num_steps += 1
            if num_steps == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(errors.fileno(), 2)
    sys.addaudithook(watch)
    try:
        app(arguments, prog_name="junco")
    except SystemExit as end:
        errors.write(f"{num_steps}\n".encode())
        errors.flush()
        os._exit(int(end.code or 0))
    finally:
        os._exit(99)


for line in sys.stdin:
    with tempfile.TemporaryFile() as errors:
        if not (child := os.fork()):
            run(*json.loads(line), errors)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        errors.seek(0)
        *said, steps = errors.read().decode().splitlines() or [""]
    print(json.dumps([status, int(steps) if status >= 0 else 0, "\n".join(said)]), flush=True)
