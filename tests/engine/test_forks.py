"""A process that forks: the child has none of the threads, and must not wait for what they were at work on."""

from __future__ import annotations

import os

import pytest

from scripts import run_script

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

FORKED_IN_A_CALLABLE = """
    import os, signal, sys, threading, warnings
    from junco import pipe
    from junco.errors import ClosedError
    warnings.simplefilter("ignore", DeprecationWarning)  # of threads and forks

    inside, go_on = threading.Event(), threading.Event()

    def work(n):
        if n == 1 and not go_on.is_set():
            inside.set()
            go_on.wait(30)
        return 2 * n

    p = pipe.input("x").map("x", "y", work).flat_map("y", "z", range).output("z")
    stream = p.stream([2, 1, 3])
    print(next(stream))
    reader = threading.Thread(target=lambda: print(*stream))
    reader.start()
    inside.wait(30)
    child = os.fork()  # now another thread has the turn of the callable
    if not child:
        signal.alarm(20)
        go_on.set()
        {child}
        sys.exit(0)
    print(os.waitpid(child, 0)[1])
    go_on.set()
    reader.join()
"""


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ("print(p.batch([0, 1]), p(1), flush=True)", "[[], [0, 1]] [0, 1]\n"),
        ("stream.close()", ""),
        ("p.close()", ""),
        ("del stream, p", ""),
        ("try: next(stream)\n        except ClosedError as error: print(error, flush=True)", "parent process"),
    ],
    ids=["calls", "closes the stream", "closes the pipeline", "drops all", "reads on"],
)
def test_a_child_of_a_process_that_is_at_work_goes_on_without_its_threads(child, said):
    status, out, err = run_script(FORKED_IN_A_CALLABLE.replace("{child}", child))
    assert (status, err) == (0, "")
    first, *between, child_status, last = out.splitlines()
    assert (first, child_status, last) == ("[0, 1, 2, 3]", "0", "[0, 1] [0, 1, 2, 3, 4, 5]")
    assert said.strip() in "\n".join(between)


def test_a_resident_operator_serves_the_child_of_a_process_that_is_running_it():
    status, out, err = run_script(
        """
        import os, signal, sys, threading, warnings
        from junco import Operator, pipe
        warnings.simplefilter("ignore", DeprecationWarning)

        inside, go_on = threading.Event(), threading.Event()

        class Gated(Operator, family="fork-test", name="gated"):
            def batch(self, numbers):
                inside.set()
                go_on.wait(30)
                return [-number for number in numbers]

        p = pipe.input("x").map("x", "y", Gated().spec).output("y")
        caller = threading.Thread(target=p, args=(1,))
        caller.start()
        inside.wait(30)
        child = os.fork()
        if not child:
            signal.alarm(20)
            go_on.set()
            print(p(1), p.batch([2, 3]), flush=True)
            p.close()
            sys.exit(0)
        print(os.waitpid(child, 0)[1])
        go_on.set()
        caller.join()
        """
    )
    assert (status, out, err) == (0, "-1 [-2, -3]\n0\n", "")
