"""What does a hub cost: its start, its memory, a push and a pull beside a plain copy, a search among 10,000 artefacts?

The hub is the command that people type, in a process of its own on this machine; its answers are timed from outside,
and its processor time is read beside them, because a machine that does other things too says little by the clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, main, median, ratio_of_rounds, spread
from results import Report, number

MIB = 1 << 20
ROUNDS, ASKED, CLIENTS = 5, 300, 200
PASSWORD = "a password of the benchmark's"
SEARCHES = {
    "start: all, with facets": "/junco/v1/repositories?facets=true",
    "words, with facets": "/junco/v1/repositories?q=flowers&facets=true",
    "rare words, with facets": "/junco/v1/repositories?q=number+1234&facets=true",
    "Chinese, with facets": "/junco/v1/repositories?q=%E5%9B%BE%E5%83%8F%E5%90%91&facets=true",
    "a family, with facets": "/junco/v1/repositories?family=image-embedding&sort=downloads&facets=true",
    "stock clients' list": "/api/models?search=flowers&sort=downloads&limit=20",
}
FAMILIES = ("image-embedding", "text-embedding", "object-detection", "audio-tagging", "face-embedding", "text-split")
KINDS = ("operator", "tuned-operator", "pipeline", "dataset", "model")
LICENCES = ("apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "other")


class Served:
    """A hub that runs.

    Args:
        store: its folder.
    """

    def __init__(self, store: Path) -> None:
        import psutil

        began = time.perf_counter()
        command = [sys.executable, "-m", "junco", "hub", "serve", str(store), "--port", "0"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_environment()
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self.process = psutil.Process(self._process.pid)
        with self.client() as client:
            client.get("/health").raise_for_status()
        self.start_s, self.start_cpu_s = time.perf_counter() - began, self.cpu_s

    @property
    def cpu_s(self) -> float:
        """Processor time since it began."""
        return float(sum(self.process.cpu_times()[:2]))

    @property
    def memory_mib(self) -> float:
        """What is in memory now."""
        return float(self.process.memory_info().rss / MIB)

    def client(self, **more: Any) -> Any:
        """Of HTTP."""
        import httpx2

        return httpx2.Client(base_url=self.url, timeout=120, trust_env=False, **more)

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=60)


def _environment() -> dict[str, str]:
    """As people have it: what was compiled once is kept; here in a folder of the benchmarks."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(DATA / "hub-compiled")}


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """On the disk that the repository is on: a memory disk would flatter."""
    made = Path(tempfile.mkdtemp(prefix="hub-", dir=DATA))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def measure(report: Report) -> None:
    """One part after the other."""
    with folder() as work:
        start(report, work)
        moving(report, work)
        searching(report, work)


def start(report: Report, work: Path) -> None:
    """A new store, then the same store again and again."""
    rows = []
    for kind, rounds in (("a new store", 1), ("a store that is there", 1 if report.quick else ROUNDS)):
        found = []
        for _ in range(rounds):
            with Served(work / "start") as hub:
                found.append({"seconds": hub.start_s, "cpu": hub.start_cpu_s, "mib": hub.memory_mib})
        numbers = [median(found), median(found, "cpu"), median(found, "mib")]
        rows.append([kind, *map(number, numbers)])
    report.table("From the command to /health", ["store", "seconds", "processor, s", "memory, MiB"], rows)
    report.ratio("hub: seconds from the command to /health", numbers[0], at_most=2)
    report.ratio("hub: MiB after its start", numbers[2], at_most=200)


def moving(report: Report, work: Path) -> None:
    """Push and pull of one large file, in turns with a copy that is hashed on its way and safe on the disk."""
    size = (4 if report.quick else 400) * MIB
    found: dict[str, list[dict[str, float]]] = {"copy": [], "push": [], "pull": []}
    with _home(work / "home"), Served(work / "moving") as hub:
        from junco import hub as client

        _user(work / "moving", "bench")
        client.login(hub.url, "bench", PASSWORD)
        for round_ in range(-1, 1 if report.quick else ROUNDS):
            made = _artefact(work / f"folder{round_}", size, round_ + 1)
            name = f"bench/large-{round_ + 1}"
            turns: dict[str, Callable[[], object]] = {
                "copy": lambda made=made: _copy(made / "more.safetensors", work / "copy.safetensors"),  # type: ignore[misc]
                "push": lambda made=made, name=name: client.push(made, name, licence="mit", hub=hub.url),  # type: ignore[misc]
                "pull": lambda name=name: client.pull(name, hub=hub.url),  # type: ignore[misc]
            }
            for who, turn in turns.items():
                cpu, own, began = hub.cpu_s, time.process_time(), time.perf_counter()
                turn()
                seconds = time.perf_counter() - began
                if round_ >= 0:
                    used = {"hub_cpu": hub.cpu_s - cpu, "own_cpu": time.process_time() - own}
                    found[who].append({"seconds": seconds, **used})
            shutil.rmtree(made)
        memory = hub.memory_mib
    rows = [
        [
            who,
            number(size / MIB / median(got)),
            spread(got),
            number(median(got, "own_cpu")),
            number(median(got, "hub_cpu")),
        ]
        for who, got in found.items()
    ]
    columns = ["what", "MiB/s", "rounds", "its processor time, s", "the hub's, s"]
    report.table(f"A file of {size // MIB:,} MiB, beside a copy with its sha256", columns, rows)
    report.ratio(
        "hub: rate of a push ÷ a copy with sha256", ratio_of_rounds(found["push"], found["copy"]), at_least=0.7
    )
    report.ratio("hub: MiB after pushes and pulls of large files", memory, at_most=200)


def _copy(source: Path, target: Path) -> None:
    """One pass: read, hashed, written, on the disk."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while piece := read.read(MIB):
            digest.update(piece)
            written.write(piece)
        written.flush()
        os.fsync(written.fileno())
    target.unlink()


def _artefact(made: Path, size: int, seed: int) -> Path:
    """A tuned operator with a large file beside it."""
    from safetensors.numpy import save_file

    from junco.neural.tuned import write_tuned

    random = np.random.default_rng(seed)
    manifest = {"operator": "image-embedding.efficientnet-lite", "params": {}, "scope": "head", "parent": None}
    write_tuned(made, manifest, {"head.weight": random.normal(size=(8, 1280)).astype(np.float32)})
    save_file({"more": random.integers(0, 255, size, np.uint8)}, made / "more.safetensors")
    return made


@contextlib.contextmanager
def _home(path: Path) -> Iterator[None]:
    """A cache of its own; the environment is as it was afterwards."""
    names = ("JUNCO_HOME", "JUNCO_HUB", "JUNCO_TOKEN", "JUNCO_OFFLINE", "HF_HUB_OFFLINE")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["JUNCO_HOME"] = str(path)
    try:
        yield
    finally:
        os.environ.pop("JUNCO_HOME")
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _user(store: Path, name: str) -> None:
    command = [sys.executable, "-m", "junco", "hub", "user", "add", name, "--store", str(store), "--password-stdin"]
    subprocess.run(command, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)


def searching(report: Report, work: Path) -> None:
    """Each question by itself, then many clients at once."""
    artefacts, asked = (300, 20) if report.quick else (10_000, ASKED)
    fill(work / "many", artefacts)
    with Served(work / "many") as hub, hub.client() as client:
        rows = []
        for what, path in SEARCHES.items():
            got = _asked(hub, client, path, asked)
            rows.append([what, *map(number, got)])
            if "facets" in what:
                report.ratio(f"hub: {what}, ms at p95 among {artefacts:,}", got[1], at_most=100)
        columns = ["question", "p50, ms", "p95, ms", "processor of the hub, ms"]
        report.table(f"Searches among {artefacts:,} artefacts", columns, rows)
        crowd(report, hub, 20 if report.quick else CLIENTS)


def _asked(hub: Served, client: Any, path: str, times: int) -> tuple[float, float, float]:
    """Milliseconds: the median, the 95th percentile, and the hub's processor time for one."""
    for _ in range(5):
        assert client.get(path).status_code == 200
    cpu, found = hub.cpu_s, []
    for _ in range(times):
        began = time.perf_counter()
        client.get(path).raise_for_status()
        found.append(1e3 * (time.perf_counter() - began))
    used = 1e3 * (hub.cpu_s - cpu) / times
    return statistics.median(found), statistics.quantiles(found, n=20)[-1], used


def crowd(report: Report, hub: Served, clients: int) -> None:
    """All begin together and ask for the same list, ten times each."""
    path, each = SEARCHES["words, with facets"], 10

    def ask(client: Any) -> list[tuple[int, float]]:
        found = []
        for _ in range(each):
            began = time.perf_counter()
            status = client.get(path).status_code
            found.append((status, 1e3 * (time.perf_counter() - began)))
        return found

    with contextlib.ExitStack() as open_, ThreadPoolExecutor(clients) as pool:
        all_ = [open_.enter_context(hub.client()) for _ in range(clients)]
        cpu, began = hub.cpu_s, time.perf_counter()
        answers = [answer for each_ in pool.map(ask, all_) for answer in each_]
        seconds, used = time.perf_counter() - began, hub.cpu_s - cpu
    found, refused = [time_ for _, time_ in answers], sum(status != 200 for status, _ in answers)
    numbers = [len(found) / seconds, statistics.median(found), statistics.quantiles(found, n=20)[-1]]
    columns = ["clients", "answers/s", "p50, ms", "p95, ms", "processor of the hub, ms each", "memory, MiB"]
    row = [str(clients), *map(number, [*numbers, 1e3 * used / len(found), hub.memory_mib])]
    report.table("Clients at once", columns, [row])
    report.ratio(f"hub: answers of {clients} clients at once that were refused", refused, at_most=0)


def fill(store: Path, artefacts: int) -> None:
    """A store with so many artefacts, put in by the tables: only what is searched is there of them."""
    from sqlalchemy import insert, select

    from junco.hub.server.accounts.names import likeness
    from junco.hub.server.hub import open_hub
    from junco.hub.server.repos.search_index import index
    from junco.hub.server.tables.files import Repository
    from junco.hub.server.tables.people import Namespace

    hub = open_hub(store)
    random = np.random.default_rng(0)
    with hub.database.writing() as session:
        spaces = [
            {"id": n, "name": f"user-{n}", "key": f"user-{n}", "kind": "user", "created": 1} for n in range(1, 101)
        ]
        session.execute(insert(Namespace), spaces)
        rows = []
        for n in range(artefacts):
            name = f"{('flowers', 'birds', 'speech', 'papers')[n % 4]}-{n}"
            counts = {"downloads": int(random.pareto(1) * 10), "likes": int(random.pareto(1))}
            of = {"kind": KINDS[n % 5], "family": FAMILIES[n % 6], "task": FAMILIES[n % 5], "licence": LICENCES[n % 5]}
            texts = {"title": f"{name} 图像向量", "summary": f"Tuned on photographs of plants, number {n}."}
            state = {"private": False, "created": n, "updated": n, "unsafe": [], "warnings": [], "signed": False}
            more = {"tags": [f"tag-{n % 50}", "junco"], "heat": float(counts["downloads"])}
            row = {"namespace_id": n % 100 + 1, "name": name, "key": likeness(name)}
            rows.append({**row, **counts, **of, **texts, **state, **more})
        session.execute(insert(Repository), rows)
        for repository in session.scalars(select(Repository)):
            index(session, repository)
    hub.close()


if __name__ == "__main__":
    main("hub", "A hub: start, push, search", measure)
