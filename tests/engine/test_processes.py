"""Work in other processes: what crosses, what comes back, and a worker that dies."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import psutil
import pytest

from junco import pipe
from junco.engine import processes, shared_arrays
from junco.engine.batching import BatchSize
from junco.engine.processes import ProcessApplier, WorkerDied
from junco.engine.shared_arrays import MIN_BYTES, free_all_of, free_of_dead, pack
from junco.errors import ContractError, OperatorError
from scripts import run_script
from ways import in_processes

pytest.importorskip("loky", reason="junco[processes]")
pytestmark = pytest.mark.usefixtures("no_process_left")
SHARED = Path("/dev/shm")
LARGE = (200, 200, 4)
"""The shape of an array of floats that is large enough to cross in shared memory."""


def segments() -> set[str]:
    return {path.name for path in SHARED.glob(f"psm_{os.getpid()}_*")} if SHARED.is_dir() else set()


@pytest.fixture(autouse=True)
def _no_shared_memory_left():
    before = segments()
    yield
    assert segments() <= before


def moods(n):
    """A function that treats its worker badly, depending on the number."""
    if n == 13:
        os._exit(1)
    if n == 14:
        sys.exit("enough")
    if n == 15:
        raise Unportable(threading.Lock())
    if n == 16:
        raise ValueError("sixteen")
    return n * 2, os.getpid()


class Unportable(Exception):
    """Holds what cannot be pickled."""

    def __init__(self, lock):
        super().__init__("it holds a lock")
        self.lock = lock


# ---- what crosses


def test_rows_are_worked_on_in_other_processes_and_come_back_in_order():
    with in_processes(moods) as p:
        results = p.batch(range(10))
    assert [value for value, _ in results] == list(range(0, 20, 2))
    assert os.getpid() not in {pid for _, pid in results}


def test_a_nested_pipeline_goes_to_other_processes():
    inner = pipe.input("n").map("n", "m", lambda n: 1 // (n - 3)).output("m")
    with in_processes(inner) as p:
        assert p.batch([1, 2, 4]) == [-1, -1, 1]
        with pytest.raises(OperatorError, match="ZeroDivisionError") as caught:
            p.batch([4, 3])
        assert caught.value.position == 1


def test_closures_and_lambdas_go_to_other_processes():
    offset = 100
    with in_processes(lambda n: n + offset) as p:
        assert p.batch([1, 2]) == [101, 102]
        assert p(3) == 103


def test_functions_of_a_file_that_is_on_no_path_go_to_other_processes(tmp_path, monkeypatch):
    file = tmp_path / "loaded_from_its_file.py"
    file.write_text("def half(number):\n    return other(number) / 2\n\ndef other(number):\n    return number\n")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    with in_processes(module.half) as p:
        assert p.batch([2, 4]) == [1, 2]


def test_a_generator_gives_its_rows_from_another_process():
    def rows(n):
        for i in range(n):
            yield n, i

    with pipe.input("x").flat_map("x", ("n", "i"), rows, backend="process", workers=2).output("n", "i") as p:
        assert p.batch([2, 0, 1]) == [[(2, 0), (2, 1)], [], [(1, 0)]]


def test_a_filter_decides_in_another_process():
    with pipe.input("x").filter("x", "x", "x", lambda x: x % 2, backend="process", workers=2).output("x") as p:
        assert p.batch(range(4)) == [[], [1], [], [3]]


def test_large_arrays_come_back_equal_and_may_be_written_to():
    arrays = [np.full(LARGE, i, np.float64) + np.arange(4) for i in range(4)]
    assert arrays[0].nbytes > MIN_BYTES
    with in_processes(lambda array: {"twice": array * 2, "same": array, "mean": array.mean()}) as p:
        results = p.batch(arrays)
    for array, result in zip(arrays, results, strict=True):
        assert np.array_equal(result["twice"], array * 2)
        assert np.array_equal(result["same"], array)
        assert result["mean"] == array.mean()
        result["same"][0, 0, 0] = -1.0
        assert result["same"][0, 0, 0] == -1.0


def test_slices_and_odd_layouts_of_large_arrays_come_back_equal():
    whole = np.arange(400_000, dtype=np.int32).reshape(400, 1_000)
    with in_processes(lambda array: array[::2].T) as p:
        results = p.batch([whole, whole.T, np.asfortranarray(whole), whole[:, ::2]])
    for given, result in zip([whole, whole.T, whole, whole[:, ::2]], results, strict=True):
        assert np.array_equal(result, given[::2].T)


def test_arrays_of_objects_and_small_ones_come_back_equal():
    objects = np.array([{"a": 1}, None, "text"] * 10_000, dtype=object)
    with in_processes(lambda array: array) as p:
        assert list(p(objects)) == list(objects)
        assert np.array_equal(p(np.arange(3)), np.arange(3))


class Point:
    """A class that no worker can import: it is sent along."""

    def __init__(self, x):
        self.x = x


class PointError(Exception):
    def __init__(self, point, text):
        super().__init__(f"{text} at {point.x}")
        self.point = point


def test_objects_of_the_callers_own_classes_cross_in_both_directions():
    def moved(point):
        return Point(point.x + 1), lambda: point.x

    with in_processes(moved) as p:
        ((point, get),) = p.batch([Point(1)])
    assert (type(point), point.x, get()) == (Point, 2, 1)


def test_an_exception_of_the_callers_own_class_comes_back_as_what_it_is():
    def fails(point):
        raise PointError(point, "lost")

    with in_processes(fails) as p, pytest.raises(OperatorError, match="PointError: lost at 3") as caught:
        p(Point(3))
    assert type(caught.value.__cause__) is PointError
    assert type(caught.value.__cause__.point) is Point


def test_iterators_cross_as_what_they_give():
    def halves(numbers):
        return dict.fromkeys(n / 2 for n in numbers).keys()

    with pipe.input("n").flat_map("n", "h", halves, backend="process").output("h") as p:
        assert p.batch([iter(range(3)), iter(())]) == [[0.0, 0.5, 1.0], []]


def test_an_iterator_that_fails_on_the_way_fails_its_row():
    def halves(x):
        yield 6 / x

    rejects = []
    p = pipe.input("halves").map("halves", "n", sum, backend="process", name="sum").output("n")
    assert p.batch(map(halves, [1, 0, 3]), on_error="skip", rejects=rejects.append) == [6.0, 2.0]
    assert [(r.node, r.position, type(r.error.__cause__)) for r in rejects] == [("sum", 1, ZeroDivisionError)]


def test_a_reduce_whose_rows_come_in_pieces_gets_them_all():
    rows = pipe.input("x").flat_map("x", "n", range)
    with rows.reduce("n", "total", sum, backend="process", workers=2).output("total") as p:
        assert p.batch([10_000, 3]) == [sum(range(10_000)), 3]


# ---- shared memory


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_a_packet_that_nobody_took_is_freed():
    before = segments()
    packet = pack([np.zeros(LARGE), "and text"], os.getpid())
    assert len(segments() - before) == len(packet.segments) == 1
    packet.discard()
    assert segments() == before
    packet.discard()


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_a_packet_that_cannot_be_packed_leaves_nothing():
    before = segments()
    with pytest.raises(TypeError):
        pack([np.zeros(LARGE), threading.Lock()], os.getpid())
    assert segments() == before


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_a_result_that_comes_after_ctrl_c_is_freed(monkeypatch):
    class Interrupted(Future):
        def result(self, timeout=None):
            if not self.done():
                raise KeyboardInterrupt
            return super().result(timeout)

    class Workers:
        def submit(self, *task):
            return future, self

        def enter(self, *user):
            pass

    before, future = segments(), Interrupted()
    monkeypatch.setattr(processes, "workers", Workers())
    with pytest.raises(KeyboardInterrupt):
        ProcessApplier(abs, 1, BatchSize())([[1]], 1, stop=False)
    packet = pack(([np.zeros(LARGE)], []), os.getpid())
    assert segments() > before
    future.set_result(packet)
    assert segments() == before


def by_pickle(array: np.ndarray) -> bool:
    """Whether an array crosses without shared memory, as what it was."""
    packet = pack([array, "and text"], os.getpid())
    there, text = packet.unpack()
    assert np.array_equal(there, array)
    assert text == "and text"
    return not packet.segments


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_what_was_on_its_way_in_a_process_that_is_gone_is_freed():
    gone = 2**22 + 1  # more than any process has for a number
    taken, mine = pack(np.ones(LARGE), gone), pack(np.ones(LARGE), os.getpid())
    assert all((SHARED / name).exists() for name in taken.segments)
    free_all_of(gone)
    free_all_of(gone)
    assert not any((SHARED / name).exists() for name in taken.segments)
    assert np.array_equal(mine.unpack(), np.ones(LARGE))


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks at Linux's folder of shared memory")
def test_what_a_worker_was_about_to_send_when_it_died_is_freed(monkeypatch):
    mine = pack(np.ones(LARGE), os.getpid())
    with monkeypatch.context() as worker:
        owner, gone = os.getpid(), 2**22 + 1  # more than any process has for a number
        worker.setattr(os, "getpid", lambda: gone)
        lost = pack(np.ones(LARGE), owner)
    free_of_dead(os.getpid())
    assert not any((SHARED / name).exists() for name in lost.segments)
    assert np.array_equal(mine.unpack(), np.ones(LARGE))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="memory cannot be set aside here")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EPERM, errno.EINVAL])
def test_an_array_for_which_no_shared_memory_is_left_crosses_by_pickle(monkeypatch, number):
    def full(descriptor, offset, length):
        if length > array.nbytes // 2:
            raise OSError(number, os.strerror(number))

    array, before = np.ones(LARGE), segments()
    monkeypatch.setattr(os, "posix_fallocate", full)
    assert by_pickle(array)
    assert not by_pickle(array[:80]), "there is room for a smaller one"
    assert segments() == before


def test_where_there_is_no_shared_memory_at_all_arrays_cross_by_pickle(monkeypatch):
    def none(*args, **options):
        raise FileNotFoundError

    monkeypatch.setattr(shared_arrays.shared_memory, "SharedMemory", none)
    assert by_pickle(np.ones(LARGE))


def test_arrays_that_are_larger_than_a_file_may_be_cross_by_pickle(monkeypatch):
    resource = pytest.importorskip("resource", reason="file sizes have no limit here")
    monkeypatch.setattr(resource, "getrlimit", lambda what: (200_000, 200_000))
    assert by_pickle(np.ones(LARGE))
    assert not by_pickle(np.ones(20_000))


def test_a_part_of_an_array_outlives_it():
    array = pack(np.arange(100_000), os.getpid()).unpack()
    part = array[10:20]
    del array
    assert list(part) == list(range(10, 20))


# ---- what fails


def test_a_worker_that_dies_on_one_row_fails_only_that_row():
    rejects = []
    with in_processes(moods) as p:
        results = p.batch(range(9, 19), on_error="skip", rejects=rejects.append)
        assert [value for value, _ in p.batch([1, 2])] == [2, 4], "the next run has new workers"
    assert [value for value, _ in results] == [18, 20, 22, 24, 34, 36]
    reasons = {reject.position + 9: reject for reject in rejects}
    assert sorted(reasons) == [13, 14, 15, 16]
    assert isinstance(reasons[13].error.__cause__, WorkerDied)
    assert "the worker process died" in reasons[13].reason
    assert isinstance(reasons[14].error.__cause__, SystemExit)
    assert reasons[15].reason == "RuntimeError: Unportable: it holds a lock"
    assert isinstance(reasons[16].error.__cause__, ValueError)


def test_a_worker_that_dies_with_large_arrays_in_hand_fails_only_its_row():
    def dies_of_five(array):
        if array[0, 0, 0] == 5:
            os._exit(1)
        return array + 1

    with in_processes(dies_of_five) as p:
        results = p.batch([np.full(LARGE, i, np.float64) for i in range(8)], on_error="none")
    assert [None if result is None else result[0, 0, 0] for result in results] == [1, 2, 3, 4, 5, None, 7, 8]


@pytest.mark.parametrize(("n", "cause"), [(13, WorkerDied), (14, SystemExit), (15, RuntimeError), (16, ValueError)])
def test_a_failure_in_another_process_raises_where_it_was_called(n, cause):
    with in_processes(moods) as p:
        with pytest.raises(OperatorError) as caught:
            p(n)
        assert isinstance(caught.value.__cause__, cause)
        with pytest.raises(OperatorError) as caught:
            p.batch([1, n, 2])
        assert (caught.value.position, caught.value.node) == (1, "work")


def test_what_cannot_go_to_another_process_is_refused_before_the_first_row():
    lock = threading.Lock()

    def locked(n):
        with lock:
            return n

    with pytest.raises(ContractError, match=r"locked.* cannot go to another process.*lock"):
        in_processes(locked).prepare()


def test_a_result_that_cannot_come_back_is_an_error_of_its_row():
    with in_processes(lambda n: threading.Lock() if n == 2 else n) as p:
        assert p.batch([1]) == [1]
        with pytest.raises(OperatorError, match="lock"):
            p.batch([1, 2])
        assert p.batch([1, 2, 3], on_error="skip") == [1, 3]


class Aborted(BaseException):
    """Is no `Exception`, and fails a row like one."""


@pytest.mark.parametrize("options", [{}, {"backend": "process", "workers": 2}], ids=["here", "in processes"])
@pytest.mark.parametrize("kind", [Aborted, StopIteration, SystemExit, MemoryError, ValueError])
def test_whatever_a_callable_raises_fails_its_row_here_and_in_other_processes_alike(kind, options):
    def fails_on_two(n):
        if n == 2:
            raise kind("two")
        return n

    rejects = []
    with pipe.input("x").map("x", "y", fails_on_two, **options).output("y") as p:
        assert p.batch([1, 2, 3], on_error="skip", rejects=rejects.append) == [1, 3]
    says = "the callable raised StopIteration" if kind is StopIteration else "two"
    assert [reject.reason for reject in rejects] == [f"{kind.__name__}: {says}"]
    assert [(type(reject.error.__cause__), reject.error.value) for reject in rejects] == [(kind, "2")]


def test_a_worker_that_died_with_nothing_to_do_costs_no_row():
    with in_processes(moods) as p:
        for worker in [psutil.Process(pid) for _, pid in p.batch(range(8))]:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        assert [value for value, _ in p.batch(range(8))] == list(range(0, 16, 2))


def test_a_worker_that_is_interrupted_gets_its_rows_again(tmp_path):
    def interrupted_once(n):
        if n == 2 and not (tmp_path / "was here").exists():
            (tmp_path / "was here").touch()
            raise KeyboardInterrupt
        return n

    with in_processes(interrupted_once) as p:
        assert p.batch([1, 2, 3]) == [1, 2, 3]
    assert (tmp_path / "was here").exists()


# ---- when the workers end

FLOW = """
import os, sys, threading
from junco import pipe

{head}
if __name__ == "__main__":
    p = pipe.input("x").map("x", "y", says_who, backend="process", workers=2).output("y")
    {main}
"""
SAYS = "def says_who(n):\n    return os.getpid()"
SAYS_AND_STAYS = """
def says_who(n):
    print(os.getpid(), flush=True)
    threading.Event().wait()
"""
SAYS_OTHERS = """
def says_who(n):
    import subprocess
    other = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    return f"{os.getpid()} {other.pid}"
"""
SAYS_WITHIN = """
def who(n):
    return os.getpid()

def says_who(n):
    inner = pipe.input("x").map("x", "y", who, backend="process", workers=2).output("y")
    return " ".join(map(str, [os.getpid(), *set(inner.batch(range(4)))]))
"""
WAITS = "threading.Event().wait()"
ENDS = {
    "between batches": (SAYS, "print(*set(p.batch(range(8))), flush=True)"),
    "in a batch": (SAYS_AND_STAYS, "p.batch(range(8))"),
    "with processes of theirs": (SAYS_OTHERS, "print(*p.batch([1, 2]), flush=True)"),
    "with workers of theirs": (SAYS_WITHIN, "print(*p.batch([1]), flush=True)"),
}


def all_end(processes):
    return psutil.wait_procs(processes, timeout=30)[1] == []


def others_of(parent, line):
    """The processes that a line names, but for the parent itself."""
    return [psutil.Process(int(pid)) for pid in line.split() if int(pid) != parent.pid]


@pytest.mark.skipif(sys.platform == "win32", reason="a killed parent cannot be told there")
@pytest.mark.parametrize(("head", "main"), ENDS.values(), ids=ENDS)
def test_workers_end_with_a_parent_that_is_killed(tmp_path, head, main):
    (tmp_path / "flow.py").write_text(FLOW.format(head=head, main=f"{main}\n    {WAITS}"))
    with subprocess.Popen([sys.executable, tmp_path / "flow.py"], stdout=subprocess.PIPE, text=True) as parent:
        while not (workers := others_of(parent, parent.stdout.readline())):
            pass
        parent.kill()
    assert all_end(workers)


@pytest.mark.skipif(sys.platform == "win32", reason="a killed parent cannot be told there")
def test_workers_that_are_just_starting_end_with_a_parent_that_is_killed(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW.format(head=SAYS, main="p.batch(range(8))"))
    with subprocess.Popen([sys.executable, tmp_path / "flow.py"]) as parent:
        here = psutil.Process(parent.pid)
        while not any("LokyProcess" in " ".join(child.cmdline()) for child in here.children()):
            assert parent.poll() is None
        started = here.children()
        parent.kill()
    assert all_end(started)


@pytest.mark.skipif(sys.platform == "win32", reason="a parent that has gone cannot be told there")
def test_workers_end_with_a_parent_that_goes_without_a_word(tmp_path):
    main = "print(*set(p.batch(range(8))), flush=True); os._exit(3)"
    (tmp_path / "flow.py").write_text(FLOW.format(head=SAYS + "\n" + "import time", main=main))
    with subprocess.Popen([sys.executable, tmp_path / "flow.py"], stdout=subprocess.PIPE, text=True) as parent:
        left = [int(pid) for pid in parent.stdout.readline().split()]
    assert left
    assert parent.returncode == 3
    assert all_end([psutil.Process(pid) for pid in left if psutil.pid_exists(pid)])


LEAVING = """
import gc, os, psutil
from junco import pipe

def in_processes():
    return pipe.input("x").map("x", "y", lambda n: os.getpid(), backend="process", workers=2).output("y")

def workers_of(p):
    return [psutil.Process(pid) for pid in set(p.batch(range(8)))]

def all_end(workers):
    return psutil.wait_procs(workers, timeout=30)[1] == []

p, other = in_processes(), in_processes().prepare()
workers = workers_of(p)
p.close()
assert other.batch([1])
print(all(worker.is_running() for worker in workers))
other.close()
print(all_end(workers))
again = in_processes()
workers = workers_of(again)
del again
gc.collect()
print(all_end(workers))
"""


def test_workers_end_with_the_last_pipeline_that_may_use_them_closed_or_not():
    status, out, err = run_script(LEAVING)
    assert (status, out.split()) == (0, ["True"] * 3), err


def test_a_batch_that_is_under_way_when_its_pipeline_is_closed_ends_by_itself(tmp_path):
    inside, go_on = tmp_path / "inside", tmp_path / "go on"

    def work(n):
        inside.touch()
        while not go_on.exists():
            time.sleep(0.01)
        return n + 1

    found = []
    p = in_processes(work)
    caller = threading.Thread(target=lambda: found.append(p(1)))
    caller.start()
    while not inside.exists():
        time.sleep(0.01)
    p.close()
    go_on.touch()
    caller.join(30)
    assert found == [2]
