"""The four ways to end: the input ends, an operator fails, the caller stops listening, a process is interrupted.

In each, every thread ends and nothing hangs: what could hang runs under a deadline.
"""

from __future__ import annotations

import itertools
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from junco import Operator, pipe
from junco.errors import ClosedError, JuncoError, OperatorError
from scripts import run_script

pytestmark = pytest.mark.timeout(60)  # a test that takes longer hangs


@pytest.fixture(autouse=True, scope="module")
def _no_thread_left():
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 10
    left = {each for each in threading.enumerate() if not each.name.startswith("pytest_timeout")} - before
    while left and time.monotonic() < deadline:
        for thread in left:
            thread.join(0.05)
        left = {thread for thread in left if thread.is_alive()}
    assert not left, f"threads left: {left}"


def double(number):
    return 2 * number


def doubled():
    return pipe.input("x").map("x", "y", double).output("y")


def spread():
    return pipe.input("x").flat_map("x", "n", range).map("n", "m", double).output("m")


class TooFew(Operator, family="ends-test", name="too-few"):
    def batch(self, numbers):
        return list(numbers)[:-1]


# ---- the input ends


def test_no_items_give_no_results():
    with doubled() as p:
        assert p.batch([]) == []
        assert list(p.stream([])) == []
        assert list(p.stream(iter(()))) == []


def test_one_item_gives_one_result():
    with doubled() as p:
        assert p.batch([1]) == list(p.stream([1])) == [2]


def test_100_000_items_come_out_in_order():
    with doubled() as p:
        assert p.batch(range(100_000)) == list(range(0, 200_000, 2))


def test_100_000_items_stream_in_order():
    with doubled() as p:
        assert all(got == 2 * i for i, got in enumerate(p.stream(range(100_000))))


def test_100_000_rows_of_one_item_come_out_in_order():
    with spread() as p:
        assert p(100_000) == p.batch([100_000])[0] == list(range(0, 200_000, 2))


def test_items_without_any_rows_end():
    with spread() as p:
        assert p.batch([0] * 10_000) == [[]] * 10_000


def test_100_000_rows_are_grouped():
    with pipe.input("x").flat_map("x", "n", range).window_all("n", "ns", len).output("ns") as p:
        assert p.batch([100_000, 0]) == [100_000, 0]


@pytest.mark.parametrize("num_nodes", [1, 2, 5, 20, 50])
def test_the_number_of_steps_does_not_matter(num_nodes):
    writing = pipe.input("x").flat_map("x", "n", range)
    for _ in range(num_nodes):
        writing = writing.map("n", "n", lambda n: n + 1)
    with writing.output("n") as p:
        assert p(3) == p.batch([3])[0] == [num_nodes, num_nodes + 1, num_nodes + 2]


def test_pipelines_nest_deeply():
    inner = pipe.input("x").map("x", "y", lambda x: x + 1).output("y")
    for _ in range(10):
        inner = pipe.input("x").map("x", "y", inner).output("y")
    with inner as p:
        assert p(0) == 1
        assert p.batch(range(100)) == list(range(1, 101))
        assert list(p.stream(range(100))) == list(range(1, 101))


# ---- an operator fails


def raises_on_1500(number):
    if number == 1_500:
        raise ValueError("row 1,500")
    return number


@pytest.mark.parametrize("workers", [None, 4])
def test_an_operator_that_raises_on_row_1500_of_100_000_ends_the_run(workers):
    with pipe.input("x").map("x", "y", raises_on_1500, workers=workers).map("y", "z", double).output("z") as p:
        with pytest.raises(OperatorError) as caught:
            p.batch(range(100_000))
        assert caught.value.position == 1_500
        assert isinstance(caught.value.__cause__, ValueError)
        assert p.batch([1, 2]) == [2, 4], "the pipeline is as good as before"


def test_what_was_delivered_before_a_failure_stays_delivered():
    delivered = []
    with pipe.input("x").map("x", "y", raises_on_1500).output("y") as p, pytest.raises(OperatorError):
        delivered.extend(p.stream(range(100_000)))
    assert delivered == list(range(len(delivered)))
    assert len(delivered) <= 1_500


def test_an_operator_that_raises_on_row_1500_of_one_item_names_that_item():
    p = pipe.input("x").flat_map("x", "n", range).map("n", "m", raises_on_1500).output("m")
    with p, pytest.raises(OperatorError) as caught:
        p.batch([10, 100_000])
    assert caught.value.position == 1


@pytest.mark.parametrize("position", range(5))
def test_a_failure_in_each_stage_ends_the_run(position):
    writing = pipe.input("x").flat_map("x", "n", lambda x: range(5_000))
    for index in range(5):
        writing = writing.map("n", "n", raises_on_1500 if index == position else lambda n: n)
    with writing.output("n") as p, pytest.raises(OperatorError):
        p.batch(range(10))


def test_an_operator_that_returns_too_few_results_is_refused_by_name():
    with pipe.input("x").map("x", "y", TooFew(), name="short").output("y") as p:
        for run in (lambda: p(1), lambda: p.batch(range(10)), lambda: list(p.stream(range(10)))):
            with pytest.raises(JuncoError, match=r"too-few|short"):
                run()


def broken_source():
    yield from range(10)
    raise ConnectionError("the source broke")


def test_a_source_that_raises_hands_its_own_error_to_the_caller():
    with doubled() as p:
        with pytest.raises(ConnectionError, match="the source broke"):
            p.batch(broken_source())
        with pytest.raises(ConnectionError, match="the source broke"):
            list(p.stream(broken_source()))


def test_a_generator_that_fails_after_some_rows_fails_its_row():
    def rows(number):
        yield number
        raise ValueError("after one row")

    with pipe.input("x").flat_map("x", "n", rows, name="rows").output("n") as p:
        with pytest.raises(OperatorError, match="after one row"):
            p.batch([1])
        assert p.batch([1], on_error="skip") == []


# ---- the caller stops listening


def test_a_stream_abandoned_after_three_results_ends():
    with spread() as p:
        stream = p.stream(itertools.repeat(1_000))
        assert len(list(itertools.islice(stream, 3))) == 3
        stream.close()


def test_a_stream_that_is_dropped_without_closing_ends():
    with doubled() as p:
        assert list(itertools.islice(p.stream(range(1_000_000)), 3)) == [0, 2, 4]


def test_an_endless_input_is_read_only_a_bounded_way_ahead():
    num_read = 0

    def endless():
        nonlocal num_read
        for number in itertools.count():
            num_read = number + 1
            yield number

    with doubled() as p:
        stream = p.stream(endless())
        assert list(itertools.islice(stream, 3)) == [0, 2, 4]
        stream.close()
    assert num_read < 100_000


def test_closing_a_pipeline_twice_is_allowed():
    p = doubled()
    assert p(1) == 2
    p.close()
    p.close()


def test_the_same_pipeline_serves_32_threads():
    with spread() as p, ThreadPoolExecutor(32) as pool:
        calls = list(pool.map(p, range(200)))
        batches = list(pool.map(lambda n: p.batch([n, n]), range(100)))
        streams = list(pool.map(lambda n: list(p.stream([n, n])), range(100)))
    assert calls == [list(range(0, 2 * n, 2)) for n in range(200)]
    assert batches == streams == [[list(range(0, 2 * n, 2))] * 2 for n in range(100)]


# ---- the process ends


INTERRUPTED = """
    import itertools, signal
    from junco import pipe
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background would hand on its deafness
    def work(n):
        if n == 1000:
            print("ready", flush=True)
        return n
    p = pipe.input("x").map("x", "y", work).map("y", "z", lambda y: y).output("z")
    try:
        {consume}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    "consume",
    [
        "for _ in p.stream(itertools.count()): pass",
        "p.batch(itertools.count() if False else range(10**8))",
        "pipe.input('x').flat_map('x', 'n', lambda x: itertools.count()).map('n', 'm', work).output('m')(1)",
    ],
    ids=["stream", "batch", "call"],
)
def test_ctrl_c_in_the_middle_ends_the_process(consume):
    status, out, err = run_script(INTERRUPTED.format(consume=consume), interrupt_after="ready")
    assert (status, out) == (0, "interrupted\n"), err


ENDLESS = """
    import contextlib, itertools, threading
    from junco import pipe
    from junco.errors import JuncoError
    p = (
        pipe.input("x").flat_map("x", "n", lambda x: itertools.count() if x == 7 else range(x))
        .map("n", "m", lambda n: -n).output("m")
    )
"""


def test_an_endless_flat_map_that_is_abandoned_ends():
    status, out, err = run_script(
        ENDLESS
        + """
    stream = p.stream([2, 1, 7, 3])
    print(next(stream), next(stream))
    stream.close()
    p.close()
    print(threading.active_count())
    """
    )
    assert (status, out, err) == (0, "[0, -1] [0]\n1\n", "")


def test_closing_the_pipeline_ends_a_call_that_would_never_end():
    status, out, err = run_script(
        ENDLESS
        + """
    def listen():
        with contextlib.suppress(JuncoError):
            for result in p.stream([2, 7]):
                arrived.set()
    arrived = threading.Event()
    listener = threading.Thread(target=listen)
    listener.start()
    arrived.wait()
    p.close()
    listener.join()
    print("end")
    """
    )
    assert (status, out, err) == (0, "end\n", "")


def test_an_interpreter_exits_with_streams_open():
    status, out, err = run_script(
        """
        import itertools
        from junco import pipe
        p = pipe.input("x").flat_map("x", "n", lambda x: range(1000)).map("n", "m", lambda n: n).output("m")
        streams = [p.stream(itertools.count()) for _ in range(3)]
        for stream in streams:
            next(stream)
        print("end")
        """
    )
    assert (status, out, err) == (0, "end\n", "")


OPTIMISED = """
    from junco import pipe
    p = (
        pipe.input("x").flat_map("x", "n", range).filter("n", "n", "n", lambda n: n % 2)
        .map("n", "m", lambda n: 10 // (n - 3) if n < 5 else n).output("n", "m")
    )
    print(p.batch([3, 2], on_error="skip"), p.batch([5], on_error="skip"), p.batch([5], on_error="none"))
    try:
        p.batch([1, 5])
    except Exception as error:
        print(type(error).__name__, error.position, type(error.__cause__).__name__)
    try:
        pipe.input("x").map("x", ("a", "b"), lambda x: (x,)).output("a")(1)
    except Exception as error:
        print(type(error).__name__)
"""


def test_nothing_depends_on_python_o():
    plain, optimised = run_script(OPTIMISED), run_script(OPTIMISED, "-O")
    assert plain[0] == 0, plain
    assert "ZeroDivisionError" in plain[1]
    assert optimised == plain


def test_a_stream_keeps_a_pipeline_that_nobody_named():
    def made():
        return pipe.input("x").map("x", "y", lambda x: x + 1).output("y").stream(range(3000))

    assert sum(1 for _ in made()) == 3000


def test_a_stream_whose_pipeline_is_closed_says_so_instead_of_ending():
    p = pipe.input("x").map("x", "y", lambda x: x + 1).output("y")
    stream = p.stream(range(100_000))
    next(stream)
    p.close()
    with pytest.raises(ClosedError):
        list(stream)


def test_an_interrupt_that_a_callable_raises_in_a_thread_of_the_pool_reaches_the_reader():
    """Else its rows would be missing, and nobody would know."""
    reader, inside = threading.current_thread(), threading.Event()

    def work(x):
        if threading.current_thread() is not reader:
            inside.set()
            raise KeyboardInterrupt
        inside.wait(60)  # until another one has come, too
        return x

    with pipe.input("x").map("x", "y", work, workers=3).output("y") as p:
        with pytest.raises(KeyboardInterrupt):
            p.batch(range(300))
        inside.clear()
        with pytest.raises(KeyboardInterrupt):  # the pool goes on
            p.batch(range(300))


AT_EXIT = """
    import sys

    from junco import Operator, pipe

    class Held(Operator, family="ends-test", name="held"):
        def batch(self, values):
            return values

        def close(self):
            print("closed")

    sys.kept = pipe.input("x").map("x", "y", Held().spec).output("y")  # where it outlives nearly all of junco
"""
USES = {"a call": "sys.kept(1)", "a stream": "sys.stream = sys.kept.stream(range(10)); sys.stream.rest()"}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_pipeline_that_is_there_when_the_interpreter_ends_is_closed_quietly(use):
    status, out, err = run_script(textwrap.dedent(AT_EXIT) + use)
    assert (status, out.split(), err) == (0, ["closed"], "")
