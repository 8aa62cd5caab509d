"""How the benchmarks measure: contestants in processes of their own, asked in turns, medians, conditions."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from results import Report

BENCH = Path(__file__).resolve().parent
DATA = BENCH / ".data"
PEERS = BENCH / ".peers"
_peers = PEERS
SETTLE_S = 0.3
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "TQDM_DISABLE": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DAFT_PROGRESS_BAR": "0",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class Contestant:
    """Who is measured: a name that ``workers/<script>.py`` knows, and where it lives.

    ``peer`` is one of the peers' environments; ``source`` a folder that is searched for packages first.
    """

    name: str
    script: str
    peer: str | None = None
    source: Path | None = None

    @property
    def python(self) -> Path:
        """The interpreter that runs it."""
        return _peers / self.peer / "bin" / "python" if self.peer else Path(sys.executable)


class WorkerError(Exception):
    """A worker ended, or answered with an error."""


class Worker:
    """A contestant, loaded once in its own process, that answers JSON lines."""

    def __init__(self, contestant: Contestant) -> None:
        if not contestant.python.exists():
            raise WorkerError("not installed (python bench/peers.py install)")
        self.contestant = contestant
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by close()
        self._process = subprocess.Popen(
            [contestant.python, BENCH / "workers" / f"{contestant.script}.py", contestant.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=os.environ | QUIET | ({"PYTHONPATH": str(contestant.source)} if contestant.source else {}),
        )
        try:
            self.versions: dict[str, str] = self._answer()["versions"]
        except WorkerError:
            self.close()
            raise

    def ask(self, **request: Any) -> dict[str, Any]:
        """What the contestant measured.

        Raises:
            WorkerError: with the end of what it wrote to stderr.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer, or its absence, says why
        return self._answer()

    def close(self) -> None:
        """End the process and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(30)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            last = self._log.read().strip().splitlines()[-1:] or ["ended without a word"]
            raise WorkerError(last[0])
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass
class Race:
    """Contestants that answer the same requests in turns, A B A B …; those that cannot run are named and left out."""

    report: Report
    workers: dict[str, Worker] = field(default_factory=dict)

    def add(self, contestants: Iterable[Contestant]) -> Self:
        """Load contestants."""
        for contestant in contestants:
            try:
                worker = Worker(contestant)
            except WorkerError as error:
                if contestant.peer is None and contestant.source is None:  # one of ours is broken, and not away
                    raise
                self.report.miss(contestant.name, error)
                continue
            self.workers[contestant.name] = worker
            self.report.conditions["versions"] |= worker.versions
        return self

    def run(
        self, rounds: int, warm_up: bool = True, first: dict[str, Any] | None = None, **request: Any
    ) -> dict[str, list[dict[str, Any]]]:
        """The answers of every contestant to ``rounds`` equal requests, after one that does not count.

        With ``first`` each turn begins with a small request that does not count: a process that has waited for its
        turn finds its memory cold, and other processes' threads spin for a while after theirs.
        """
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in self.workers}
        for number in range(-1 if warm_up else 0, rounds):
            for name, worker in list(self.workers.items()):
                try:
                    if first is not None:
                        worker.ask(**request | first)
                        time.sleep(SETTLE_S)
                    answer = worker.ask(**request)
                except WorkerError as error:
                    self.report.miss(name, error)
                    self.workers.pop(name).close()
                    continue
                if number >= 0:
                    answers[name].append(answer)
        return {name: got for name, got in answers.items() if got}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers.values():
            worker.close()


def median(answers: Sequence[dict[str, Any]], key: str = "seconds") -> float:
    """The median of one reading over the rounds."""
    return float(statistics.median(answer[key] for answer in answers))


def spread(answers: Sequence[dict[str, Any]], key: str = "seconds") -> str:
    """How far apart the rounds were: (largest − smallest) / median."""
    values = [answer[key] for answer in answers]
    return f"±{50 * (max(values) - min(values)) / statistics.median(values):.0f} %"


def ratio_of_rounds(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], key: str = "seconds") -> float:
    """The median over the rounds of theirs ÷ ours: of times, how many times faster ours is."""
    return float(statistics.median(b[key] / a[key] for a, b in zip(ours, theirs, strict=True)))


def conditions() -> dict[str, Any]:
    """What a reading depends on: machine, load, versions, date."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": _commit(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {name: metadata.version(name) for name in ("junco", "numpy")},
    }


def main(name: str, title: str, measure: Callable[[Report], None]) -> None:
    """The command line of every script: measure, print, and write with ``--json``."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="smallest settings: shows that it runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument("--peers", type=Path, default=PEERS, metavar="FOLDER", help="where the peers are installed")
    options = parser.parse_args()
    global _peers
    _peers = options.peers
    DATA.mkdir(exist_ok=True)
    report = Report(name, title, options.quick, conditions())
    measure(report)
    report.conditions["load_after"] = round(os.getloadavg()[0], 2)
    report.show()
    if options.json:
        report.write(options.json)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = set(values.get("flags", "").split())
    extras = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return f"{values.get('model name', platform.machine())} ({', '.join(extras)})"


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=7"], cwd=BENCH, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
