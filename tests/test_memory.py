"""How much memory there is, whether it ran out, and how to get it back from a failure."""

from __future__ import annotations

import sys
import traceback
import weakref
from types import SimpleNamespace

import psutil
import pytest

from junco.memory import device_bytes, is_out_of_memory, let_go, memory_bytes


class Large:
    """Stands for an activation that fills a GPU."""


alive: list[weakref.ref[Large]] = []


@pytest.fixture(autouse=True)
def _nothing_is_alive():
    alive.clear()


def fails(error: Exception | None = None) -> None:
    large = Large()
    alive.append(weakref.ref(large))
    raise error or MemoryError("as CUDA would")


def caught(fn, *args) -> BaseException:
    try:
        fn(*args)
    except BaseException as error:
        return error
    raise AssertionError


def num_alive() -> int:
    return sum(ref() is not None for ref in alive)


# ---- how much


def test_no_more_than_the_machine_has_and_no_more_than_the_container_may(machine):
    total = psutil.virtual_memory().total
    assert memory_bytes(machine()) == total
    assert memory_bytes(machine({"memory.max": "1000000"})) == 1_000_000
    assert memory_bytes(machine({"memory.max": str(10 * total)})) == total


def test_a_gpus_memory_is_what_torch_says_and_torch_is_not_imported_for_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert device_bytes("cuda:1") is None
    assert "torch" not in sys.modules
    cuda = SimpleNamespace(mem_get_info={"cuda:1": (3, 8)}.__getitem__)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert device_bytes("cuda:1") == (8, 3)
    assert device_bytes("cuda:7") is None, "there is no such device"
    assert device_bytes("cpu") is None


# ---- what a failure keeps


def test_only_an_error_that_says_so_is_out_of_memory():
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("out of memory"))


def test_a_failure_lets_go_of_what_its_functions_held_and_still_says_where_it_was():
    error = caught(fails)
    assert num_alive() == 1
    let_go(error)
    assert num_alive() == 0
    assert "in fails" in "".join(traceback.format_exception(error))


def test_what_led_to_a_failure_lets_go_too():
    def wraps(error: Exception) -> None:
        try:
            fails()
        except MemoryError as cause:
            raise error from cause

    def follows() -> None:
        try:
            wraps(ValueError("first"))
        except ValueError:
            fails(RuntimeError("then"))

    error = caught(follows)
    assert num_alive() == 2
    let_go(error)
    assert num_alive() == 0


def test_all_failures_of_a_group_let_go():
    error = ExceptionGroup("two", [caught(fails), caught(fails)])
    let_go(error)
    assert num_alive() == 0


def test_failures_that_lead_to_each_other_in_a_ring_let_go():
    one, other = caught(fails), caught(fails)
    one.__context__, other.__context__ = other, one
    let_go(one)
    assert num_alive() == 0


def test_a_function_that_still_runs_keeps_what_it_has():
    mine = Large()
    try:
        fails()
    except MemoryError as error:
        let_go(error)
    assert num_alive() == 0
    assert type(mine) is Large


def test_a_failure_that_was_never_raised_holds_nothing():
    let_go(ValueError())
