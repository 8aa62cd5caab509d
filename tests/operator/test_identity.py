"""What an operator or a function is: what counts, what does not, and what nobody can say."""

from __future__ import annotations

import functools
import operator
import os
import subprocess
import sys
import types

import numpy as np
import pytest
import torch

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
    secret = (number for number in range(3))

    def f(x):
        return secret

    found = identity_of(f)
    assert not found.is_known
    assert "'secret'" in found.unknown[0]
    assert "eval()" in identity_of(lambda x: eval("x")).unknown[0]


def two(text):
    """The same module twice, with 3 and with 4 where it says N; what was edited is its function or object ``f``."""
    return tuple(digest(source(EDITED_HEAD + text.replace("N", number))) for number in ("3", "4"))


EDITED_HEAD = """
import collections, contextlib, dataclasses, enum, functools, re
import numpy as np
from junco import Operator
"""


@pytest.mark.parametrize(
    "text",
    [
        "T = {1: N}\ndef f(x):\n    out = []\n    for w in x: out.append(T[w])\n    return out",
        "T = {1: N}\nE = {}\ndef f(x):\n    (E if x else T)[x] = 1\n    return T",
        "T = {'b': 1, 'a': N}\ndef f(x): return T",
        "A = [N]\nA.append(A)\ndef f(x): return A",
        "K = [[N]]\ndef g(a): return a[0]\ndef f(x): return g(K)",
        "T = [N]\ndef f(x): return [t for t in T for _ in x]",
        "T = {'a': lambda x: x + N}\ndef f(x): return T['a'](x)",
        "def deco(g):\n    @functools.wraps(g)\n    def w(x): return g(x) + N\n    return w\n@deco\ndef f(x): return x",
        "def deco(g):\n    @functools.wraps(g)\n    def w(x): return g(x) + N\n    return w\nf = deco(np.sum)",
        "@functools.lru_cache\ndef g(x): return x + N\ndef f(x): return g(x)",
        "@contextlib.contextmanager\ndef c(): yield N\ndef f(x):\n    with c() as q: return q",
        "@functools.singledispatch\ndef f(x): return x\n@f.register\ndef _(x: int): return x + N",
        "def g():\n    yield N\ndef f(x): return list(g())",
        "def g(x): return f(x - 1) * N if x else 1\ndef f(x): return g(x)",
        "def f(x, g=lambda y: y + N): return g(x)",
        "def f(x): return f.k\nf.k = N",
        "class C:\n    class D:\n        K = N\ndef f(x): return C.D.K",
        "class B:\n    K = N\nclass C(B): pass\ndef f(x): return C.K",
        "class C:\n    def __init__(s): s.k = N\n    def m(s, x): return s.k\nf = C().m",
        "class C:\n    def __init__(s, n): s.n = n\n    def set(s, n): s.n = n\n"
        "    def __call__(s, x): return s.n\nf = C(N)",
        "class C:\n    __slots__ = ('k',)\n    def __init__(s): s.k = N\n    def __call__(s, x): return s.k\nf = C()",
        "class E(enum.Enum):\n    A = N\ne = E.A\ndef f(x): return e.value",
        "d = collections.defaultdict(lambda: N)\ndef f(x): return d[x]",
        "class D(dict):\n    def __missing__(s, k): return N\nd = D()\ndef f(x): return d[x]",
    ],
)
def test_whatever_is_read_on_the_way_counts(text):
    one, other = two(text)
    assert one != other


@pytest.mark.parametrize(
    "attribute",
    [
        "np.array([1, N])",
        "{1, N}",
        "re.compile('a{N}')",
        "functools.partial(int, base=N)",
        "functools.lru_cache(lambda self, x: x + N)",
        "functools.cached_property(lambda self: N)",
        "property(lambda self: N)",
        "classmethod(lambda cls: N)",
        "staticmethod(lambda: N)",
        "functools.partialmethod(print, N)",
        "dataclasses.make_dataclass('D', ['a'])(N)",
    ],
)
def test_a_class_counts_by_members_of_every_kind(attribute):
    one, other = two(
        f"class C(Operator, family='identity-test', name='c'):\n    member = {attribute}\n"
        "    def batch(self, xs): return [self.member for x in xs]\nf = C()"
    )
    assert one != other


@pytest.mark.parametrize(
    "text",
    [
        "C = {N: 1}\ndef f(x):\n    C[x] = 1\n    return C",
        "C = {N: 1}\ndef f(x):\n    c = C\n    c[x] = 1\n    return C",
        "C = {N: 1}\ndef put(x): C[x] = 1\ndef f(x):\n    put(x)\n    return C.get(x)",
        "C = collections.Counter([N])\ndef f(x):\n    C[x] += 1\n    return x",
        "n = N\ndef f(x):\n    global n\n    n += 1\n    return x",
        "class C:\n    def __init__(s, n): s.n = n\n    def go(s): s.n += 1\n"
        "    def __call__(s, x): return s.go()\nf = C(N)",
        "class C(Operator, family='identity-test', name='c'):\n    cache = {N: 1}\n"
        "    def batch(self, xs):\n        self.cache[1] = 2\n        return xs\nf = C()",
        "def f(x):\n    'N words'\n    return x  # N",
    ],
)
def test_what_is_written_and_what_is_said_does_not_count(text):
    one, other = two(text)
    assert one == other


def test_a_chain_of_functions_counts_to_its_end_or_is_said_to_be_too_long():
    def chain(length, end):
        calls = "".join(f"def f{n}(x): return f{n + 1}(x)\n" for n in range(length))
        return source(f"{calls}def f{length}(x): return x + {end}\nf = f0")

    assert digest(chain(40, 1)) != digest(chain(40, 2))
    assert "deep" in identity_of(chain(90, 1)).unknown[0]


HELPERS = {
    "import identity_helpers": "identity_helpers.clean(x)",
    "from identity_helpers import clean": "clean(x)",
    "import identity_helpers as h": "[h.TABLE[y] for y in x]",
    "import identity_helpers as g": "getattr(g, 'TABLE')",
}


@pytest.mark.parametrize(("how", "call"), HELPERS.items())
@pytest.mark.parametrize("is_within", [False, True])
def test_a_module_of_ones_own_is_followed_to_what_is_read_of_it(how, call, is_within, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def made(number):
        helpers = types.ModuleType("identity_helpers")
        exec(f"UNREAD = {number[0]}\nTABLE = {{1: {number[1]}}}\ndef clean(x): return TABLE[x]", helpers.__dict__)
        monkeypatch.setitem(sys.modules, "identity_helpers", helpers)
        text = f"def f(x):\n    {how}\n    return {call}" if is_within else f"{how}\ndef f(x): return {call}"
        return digest(source(text))

    assert made("12") == made("12") != made("13")
    if "getattr" not in call:  # then all of it may be read
        assert made("12") == made("22")


ORDINARY = """
import collections, contextvars, dataclasses, enum, functools, logging, os, pathlib, re, sys, threading, typing
import numpy as np
class Color(enum.Enum):
    RED = 1
@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int = 1
class Fitted:
    def __init__(self):
        self.coef_, self.names_ = np.ones(2), {"a", "b", "c"}
THINGS = [
    logging.getLogger("a"), threading.Lock(), threading.RLock(), threading.Event(), threading.local(), re.compile("a"),
    pathlib.Path("a"), Color.RED, Point(), np.dtype("f4"), np.ones(2), np.add, np.dot, np.float32,
    np, os,
    Fitted(), contextvars.ContextVar("a"), list[int], int | None, typing.Optional[int], object(), {"a", ("b", 1), "c"},
    collections.defaultdict(list), functools.lru_cache(len), sys.stderr, os.environ, {Point, Color, Fitted, str},
    str.upper, "a".join, ..., slice(1), 1j, range(2),
]
def reads(thing):
    return lambda x: thing
"""
ASKED = """
from junco.operator.identity import identity_of
for thing in THINGS:
    found = identity_of(reads(thing))
    print(found.digest, found.unknown, type(thing).__name__)
"""


def test_ordinary_things_are_known_and_the_same_in_every_process():
    def told(seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", ORDINARY + "\n" * int(seed) + ASKED]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()

    one, other = told("1"), told("2")
    assert one == other
    assert [line for line in one if " () " not in line] == []
    assert len({line[:64] for line in one}) == len(one)


def test_networks_count_by_their_weights_and_pipelines_by_their_steps():
    def network(seed):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(2, 2, dtype=torch.bfloat16), torch.nn.ReLU())

    def reads(thing):
        return digest(lambda x: thing)

    assert reads(network(0)) == reads(network(0)) != reads(network(1))
    for thing in (torch.relu, torch.float32, torch.device("cpu"), torch.nn.functional.relu, torch):
        assert reads(thing) == reads(thing)

    def times(k):
        return pipe.input("x").map("x", "y", functools.partial(pow, k)).output("y")

    used = times(2)
    assert used(3) == 8
    assert reads(used) == reads(times(2)) != reads(times(3))


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
