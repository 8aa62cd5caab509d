"""What makes two pipelines of plain callables the same for a job."""

from __future__ import annotations

import functools

import pytest

from junco import pipe
from junco.job.identity import PipelineEntry


def identity(fn):
    return PipelineEntry.of(pipe.input("text").map("text", "size", fn, name="measure").output("size").graph).parts


def scaled(text, factor=1.0, *, power=1):
    return len(text) * factor**power


def logged(fn):
    @functools.wraps(fn)
    def call(text):
        return fn(text)

    return call


def test_the_same_callable_is_the_same_each_time():
    assert identity(scaled) == identity(scaled)
    assert identity(functools.partial(scaled, factor=2.0)) == identity(functools.partial(scaled, factor=2.0))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (functools.partial(scaled, factor=2.0), functools.partial(scaled, factor=3.0)),
        (functools.partial(scaled, factor=2.0), scaled),
        (lambda text, factor=2.0: factor, lambda text, factor=3.0: factor),
        (lambda text, *, factor=2.0: factor, lambda text, *, factor=3.0: factor),
        (lambda text, fn=len: fn(text), lambda text, fn=str.upper: fn(text)),
        (logged(scaled), logged(len)),
        (lambda text: text in {"a", "b"}, lambda text: text in {"a", "c"}),
    ],
)
def test_other_defaults_or_bound_arguments_make_another_pipeline(one, other):
    assert identity(one) != identity(other)


def test_what_changes_while_it_is_used_does_not_count():
    calls = 0

    def counting(text):
        nonlocal calls
        calls += 1
        return calls

    before = identity(counting)
    counting("a")
    assert identity(counting) == before
