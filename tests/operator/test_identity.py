"""What an operator or a function is: what counts, what does not, and what nobody can say."""

from __future__ import annotations

import functools
import operator
import types

import numpy as np
import pytest

from junco import Operator, op, ops, pipe
from junco.graph.identity import identity_of_graph
from junco.operator.identity import identity_of

FACTOR = 3


class Scaled(Operator, family="identity-test", name="scaled"):
    neutral = frozenset({"patience"})

    def __init__(self, by: float = 2.0, device: str = "auto", patience: int = 1, file: str = "") -> None:
        self.by, self.file = by, file

    def files(self):
        return [self.file] if self.file else []

    def batch(self, numbers):
        return [number * self.by for number in numbers]


def digest(fn):
    found = identity_of(fn)
    assert found.is_known, found.unknown
    return found.digest


def helper(x):
    return x + 1


def uses_helper(x):
    return helper(x)


def uses_factor(x):
    return x * FACTOR


def source(text, **names):
    """A function from a module that was edited."""
    module = types.ModuleType("identity_test_module")
    module.__dict__.update(names)
    exec(text, module.__dict__)  # the test's own text
    return module.f


def test_parameters_count_unless_they_only_say_where_or_how_fast():
    scaled = ops.identity_test.scaled
    assert digest(scaled()) == digest(scaled(2.0)) == digest(scaled(device="cpu", patience=9)) == digest(Scaled())
    assert len({digest(scaled()), digest(scaled(3.0)), digest(scaled(2))}) == 3


def test_the_content_of_files_counts_not_their_place(tmp_path):
    one, other, changed = (tmp_path / name for name in ("a/w.bin", "b/w.bin", "c/w.bin"))
    for path, content in ((one, b"1"), (other, b"1"), (changed, b"2")):
        path.parent.mkdir()
        path.write_bytes(content)
    same, too, not_same = (digest(ops.identity_test.scaled(file=str(path))) for path in (one, other, changed))
    assert same == too != not_same


def test_a_class_that_was_edited_is_another_operator():
    def made(body):
        return type("Made", (Operator,), {"batch": body, "__module__": __name__}, family="identity-test", name="made")

    one = digest(made(lambda self, numbers: list(numbers))())
    assert one == digest(made(lambda self, numbers: list(numbers))())
    assert one != digest(made(lambda self, numbers: [-n for n in numbers])())


def test_a_function_that_was_edited_is_another_operator():
    def made(text):
        return op("identity-test.f")(source(text))

    assert digest(made("def f(x): return x + 1")) == digest(made("def f(x):\n    # a comment\n    return x + 1"))
    assert digest(made("def f(x): return x + 1")) != digest(made("def f(x): return x + 2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (functools.partial(pow, 2), functools.partial(pow, 3)),
        (functools.partial(np.multiply, np.zeros(2)), functools.partial(np.multiply, np.ones(2))),
        (source("def f(x): return g(x)", g=helper), source("def f(x): return g(x)", g=uses_factor)),
        (source("def f(x): return x * k", k=1), source("def f(x): return x * k", k=2)),
        (source("def f(x): return t[x]", t={1: 2}), source("def f(x): return t[x]", t={1: 3})),
        ({1: 2}.get, {1: 3}.get),
        (lambda x, k=1: x * k, lambda x, k=2: x * k),
        (lambda x: x in {"a", "b"}, lambda x: x in {"a", "c"}),
        ("a".join, "b".join),
        (operator.itemgetter(0), operator.itemgetter(1)),
        (np.add, np.subtract),
    ],
)
def test_what_a_function_reads_counts(one, other):
    assert digest(one) == digest(one)
    assert digest(one) != digest(other)


def test_what_a_closure_reads_counts_and_what_it_writes_does_not():
    def scale(k):
        return lambda x: x * k

    assert digest(scale(2)) == digest(scale(2)) != digest(scale(3))
    calls, seen = 0, []

    def counting(x):
        nonlocal calls
        calls += 1
        seen.append(x)
        return x

    before = digest(counting)
    counting(1)
    assert digest(counting) == before
    assert digest(seen.append) == digest([].append)


def test_an_object_counts_by_what_it_holds():
    class Scale:
        def __init__(self, by):
            self.by = by

        def __call__(self, x):
            return x * self.by

    assert digest(Scale(2)) == digest(Scale(2)) != digest(Scale(np.ones(2)))


def test_what_nobody_can_identify_is_said():
    secret = memoryview(bytearray(b"x")).cast("B") and object()

    def f(x):
        return secret

    found = identity_of(f)
    assert not found.is_known
    assert "'secret'" in found.unknown[0]


def test_a_graph_counts_by_its_steps_not_by_names_and_workers():
    def graph(name="p", step="s", k=2, **options):
        made = pipe.input("x").map("x", "y", functools.partial(pow, k), name=step, **options).output("y").graph
        return identity_of_graph(made).digest

    assert graph() == graph(name="q", step="t", workers=3)
    assert graph() != graph(k=3)


def test_a_nested_pipeline_counts_by_its_own_steps():
    def nested(k):
        inner = pipe.input("x").map("x", "y", functools.partial(pow, k)).output("y")
        return identity_of_graph(pipe.input("x").map("x", "y", inner).output("y").graph).digest

    assert nested(2) == nested(2) != nested(3)
