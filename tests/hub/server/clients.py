"""Hugging Face's clients in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap


def run(hub, who, home, code, *, python=sys.executable, **more):
    """What a client's code prints as JSON, in a process with a home of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore",
        **({"HF_TOKEN": who.token} if who else {}),
        **more,
    }
    done = subprocess.run(
        [python, "-c", textwrap.dedent(code)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        cwd=home,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])
