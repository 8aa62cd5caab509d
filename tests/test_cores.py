"""How many cores there are, and how many of them other threads leave."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from junco.cores import at_work, core_share, num_cores, num_free
from scripts import run_script


@pytest.mark.skipif(sys.platform != "linux", reason="cores can be taken away on Linux only")
def test_cores_that_were_taken_away_do_not_count():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert num_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert num_cores() == len(allowed)


def test_a_containers_share_of_the_machine_counts_and_part_of_a_core_is_one(machine):
    assert num_cores(machine()) == num_cores()
    assert num_cores(machine({"cpu.max": "50000 100000"})) == 1
    assert num_cores(machine({"cpu.max": "100001 100000"})) == min(2, num_cores())
    assert num_cores(machine({"cpu.max": "6400000 100000"})) == num_cores(), "no more than the machine has"


def test_a_thread_alone_has_all_cores_whether_it_is_at_work_or_not():
    assert num_free() == num_cores()
    with at_work():
        assert num_free() == num_cores()


def test_each_thread_at_work_leaves_one_core_less_to_the_others_and_never_none():
    num_threads = num_cores() + 2
    started, seen = threading.Barrier(num_threads + 1), threading.Barrier(num_threads + 1)

    def work() -> int:
        with at_work(), at_work():  # once inside the other: it is still one core
            started.wait()
            free = num_free()
            seen.wait()
        return free

    with ThreadPoolExecutor(num_threads) as threads:
        found = [threads.submit(work) for _ in range(num_threads)]
        started.wait()
        assert num_free() == 1
        seen.wait()
        assert {each.result() for each in found} == {1}
    assert num_free() == num_cores()


def test_work_that_another_thread_ends_is_over_for_the_one_that_began_it():
    work = at_work()
    work.__enter__()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(work.__exit__, None, None, None).result()
        assert threads.submit(num_free).result() == num_cores()
        with at_work():
            assert threads.submit(num_free).result() == max(1, num_cores() - 1)


def test_an_error_ends_the_work():
    with pytest.raises(ZeroDivisionError), at_work():
        1 / 0  # noqa: B018
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(num_free).result() == num_cores()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_count_its_parents_other_threads():
    status, out, err = run_script(
        """
        import os, threading, warnings
        from junco.cores import at_work, num_cores, num_free
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads and forks

        started, end = threading.Event(), threading.Event()

        def work():
            with at_work():
                started.set()
                end.wait(30)

        other = threading.Thread(target=work)
        other.start()
        started.wait(30)
        child = os.fork()
        if not child:
            os._exit(0 if num_free() == num_cores() else 1)
        end.set()
        other.join()
        print(os.waitpid(child, 0)[1])
        """
    )
    assert (status, out, err) == (0, "0\n", "")


def test_no_more_threads_have_a_turn_at_a_time_than_there_are_cores():
    running: list[int] = []
    together: list[int] = []

    def work(number: int) -> None:
        with core_share():
            running.append(number)
            together.append(len(running))
            time.sleep(0.001)
            running.remove(number)

    with ThreadPoolExecutor(8 * num_cores()) as threads:
        list(threads.map(work, range(16 * num_cores())))
    assert len(together) == 16 * num_cores()
    assert max(together) <= num_cores()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_wait_for_turns_that_threads_of_its_parent_have():
    status, out, err = run_script(
        """
        import os
        from contextlib import ExitStack
        from junco.cores import core_share, num_cores

        with ExitStack() as taken:
            for _ in range(num_cores()):
                taken.enter_context(core_share())
            child = os.fork()
            if not child:
                os._exit(0 if core_share().acquire(timeout=10) else 1)
            print(os.waitpid(child, 0)[1])
        """
    )
    assert (status, out, err) == (0, "0\n", "")
