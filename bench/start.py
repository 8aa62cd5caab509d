"""How long until junco is there: its import, its commands, and the first vector against the time of the model alone?"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measure import Contestant, Worker, WorkerError, main, median, ratio_of_rounds, spread
from photos import photos
from results import Report, number

PAIRS = {
    "photo": (Contestant("junco, photo", "start"), Contestant("model alone, photo", "start")),
    "text": (Contestant("junco, text", "start"), Contestant("model alone, text", "start")),
}
DOORS = "from junco import pipeline, pipe, ops"
COMMAND = "from junco.cli.main import main; main()"
STARTS = {
    "the interpreter alone": ("-c", "pass"),
    "import numpy": ("-c", "import numpy"),
    "import openvino, tokenizers": ("-c", "import openvino, tokenizers"),
    "import junco": ("-c", "import junco"),
    DOORS: ("-c", DOORS),
    "junco --help": ("-c", COMMAND, "--help"),
    "junco ops": ("-c", COMMAND, "ops"),
    "junco pipelines": ("-c", COMMAND, "pipelines"),
    "junco run text-embedding hello, again": ("-c", COMMAND, "run", "text-embedding", "hello"),
}
HEAVY = ("numpy", "yaml", "asyncio", "multiprocessing", "torch", "ray", "fastapi", "pandas")


def measure(report: Report) -> None:
    """Processes from nothing to what they are for."""
    starts(report)
    first_vectors(report)


def starts(report: Report) -> None:
    """Whole processes in turns, the interpreter's own start and end among them."""
    cases = {name: (Path(sys.executable), args) for name, args in STARTS.items()}
    towhee = Contestant("towhee", "calls", peer="towhee").python
    if towhee.exists():
        cases["import towhee"] = (towhee, ("-c", "import towhee"))
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as compiled:
        for number_of_round in range(-1, 1 if report.quick else 11):
            for name, (python, args) in cases.items():
                taken = _seconds(python, args, compiled)
                if number_of_round >= 0:
                    times[name].append(taken)
    rows = [
        [name, *(number(1e3 * statistics.median(each)) for each in zip(*taken, strict=True))]
        for name, taken in times.items()
    ]
    report.table("A process from its start to its end", ["", "ms", "ms of the processor"], rows)
    report.notes.append("modules are compiled, as they are of an installed package after its first use")
    beyond = [
        1e3 * (ours[0] - bare[0]) for ours, bare in zip(times[DOORS], times["the interpreter alone"], strict=True)
    ]
    report.ratio(f"{DOORS}: ms beyond the interpreter's start", statistics.median(beyond), at_most=60)
    code = f"import sys; {DOORS}; print(*{{*{HEAVY!r}}} & set(sys.modules))"
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    report.ratio("heavy libraries that it imports", len(heavy), at_most=0)
    for name in ("junco --help", "junco ops", "junco pipelines"):
        report.ratio(f"{name}: seconds", statistics.median(wall for wall, _ in times[name]), at_most=0.25)
    again = "junco run text-embedding hello, again"
    report.ratio(f"{again}: seconds", statistics.median(wall for wall, _ in times[again]), at_most=0.8)


def _seconds(python: Path, args: Sequence[str], compiled: str) -> tuple[float, float]:
    """Of a process by the clock, and of the processor; its modules' bytecode is kept in the folder ``compiled``."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen([python, *args], env=kept | {"PYTHONPYCACHEPREFIX": compiled}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(args)} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime


def first_vectors(report: Report) -> None:
    """Fresh processes in turns; the first round fills the disk's cache and junco's own."""
    rounds = 1 if report.quick else 5
    inputs = {"photo": str(photos(8)[0]), "text": "A junco is a small bird."}
    rows = []
    for what, contestants in PAIRS.items():
        answers: dict[str, list[dict[str, float]]] = {c.name: [] for c in contestants}
        for number_of_round in range(-1, rounds):
            for contestant in contestants:
                try:
                    with Worker(contestant) as worker:
                        answer = worker.ask(item=inputs[what])
                except WorkerError as error:
                    report.miss(contestant.name, error)
                    continue
                if number_of_round >= 0:
                    answers[contestant.name].append(answer)
        ours, bare = (answers[c.name] for c in contestants)
        rows += [[name, number(median(got)), spread(got)] for name, got in answers.items() if got]
        if ours and bare:
            times = 1 / ratio_of_rounds(ours, bare)
            report.ratio(f"first {what} vector: junco's time ÷ the model alone's", times, at_most=1.3)
    report.table("From the process's start of imports to the first vector", ["", "seconds", "rounds"], rows)


if __name__ == "__main__":
    main("start", "Starting, and the first vector", measure)
