"""A Python callable is called by one thread at a time, and yet a pipeline may use itself."""

from __future__ import annotations

import threading

from junco import pipe
from junco.operator.gate import Gate
from junco.operator.lanes import waiting_for_me, working_for

LONG_S = 30
"""Nothing here takes so long unless it hangs."""


def in_thread(work):
    """What ``work`` gives in another thread."""
    given = []
    thread = threading.Thread(target=lambda: given.append(work()))
    thread.start()
    thread.join(LONG_S)
    assert given, "it hangs"
    return given[0]


def test_a_thread_may_take_its_turn_again():
    turn = Gate()
    outer, inner = turn.take(), turn.take()
    inner.release()
    outer.release()


def test_another_thread_waits_until_the_turn_is_over():
    turn = Gate()
    held = turn.take()
    order = []

    def other():
        order.append("comes")
        about_to_wait.set()
        lock = turn.take()
        order.append("has it")
        lock.release()

    about_to_wait = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    assert about_to_wait.wait(LONG_S)
    order.append("ends")
    held.release()
    thread.join(LONG_S)
    assert order == ["comes", "ends", "has it"]


def test_a_thread_does_not_wait_for_one_who_waits_for_it():
    turn = Gate()
    held = turn.take()
    waiting = waiting_for_me()

    def help_out():
        with working_for(waiting):
            lock = turn.take()
            lock.release()
            return True

    assert in_thread(help_out)
    held.release()


def test_those_who_work_for_one_who_waits_take_turns_among_themselves():
    turn = Gate()
    held = turn.take()
    waiting = waiting_for_me()
    at_once, most = 0, 0

    def help_out():
        nonlocal at_once, most
        with working_for(waiting):
            for _ in range(200):
                lock = turn.take()
                at_once += 1
                most = max(most, at_once)
                at_once -= 1
                lock.release()

    threads = [threading.Thread(target=help_out) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    held.release()
    assert most == 1


def test_a_pipeline_that_calls_itself_with_a_deadline_ends():
    """With a deadline all work is done by other threads, on each level of it by another one."""

    def depth(n):
        return 0 if n == 0 else 1 + p(n - 1, timeout_s=LONG_S)

    with pipe.input("n").map("n", "d", depth).output("d") as p:
        assert p(5, timeout_s=LONG_S) == 5


def test_pipelines_that_call_each_other_with_deadlines_end():
    def even(n):
        return True if n == 0 else odds(n - 1, timeout_s=LONG_S)

    def odd(n):
        return False if n == 0 else evens(n - 1, timeout_s=LONG_S)

    with (
        pipe.input("n").map("n", "e", even).output("e") as evens,
        pipe.input("n").map("n", "o", odd).output("o") as odds,
    ):
        assert evens(6, timeout_s=LONG_S)
        assert not evens.batch([5], timeout_s=LONG_S)[0]
