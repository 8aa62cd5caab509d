"""Ctrl-C at any moment of a call: the next call, in whatever thread, gets its answer."""

from __future__ import annotations

import signal

import pytest

from scripts import run_script

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that signals")

CALLS = """
    import random, signal, threading
    from junco import Operator, pipe

    class Same(Operator, name="interrupts-test.same"):
        def batch(self, xs: list[int]) -> list[int]:
            return list(xs)

    step = {step}
    p = pipe.input("x").map("x", "y", step).output("y")
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    chance, num_interrupts = random.Random({seed}), 0
    p(3)
    for _ in range(200):
        try:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, 0.002))
            while True:
                p(3)
        except KeyboardInterrupt:
            num_interrupts += 1
        if num_interrupts % 20 == 0:
            found = []
            other = threading.Thread(target=lambda: found.append(p(4)), daemon=True)
            other.start()
            other.join(10)
            assert found, f"another thread waits after {{num_interrupts}} interrupts"
    print(num_interrupts, p(5))
"""


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize("step", ["lambda x: x", "Same().spec"], ids=["a function", "an operator"])
def test_calls_that_are_interrupted_at_any_moment_leave_the_step_to_others(step, seed):
    status, out, err = run_script(CALLS.format(step=step, seed=seed))
    assert (status, out) == (0, "200 5\n"), err
