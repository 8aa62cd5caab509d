"""Exceptions and values that cannot be shown, copied or sent: they fail their row like others, and hide nothing."""

from __future__ import annotations

import importlib.util

import pytest

from junco import Operator, pipe
from junco.errors import OperatorError, UnavailableError

WAYS = [{}]
if importlib.util.find_spec("loky") is not None:  # junco[processes]
    WAYS.append({"backend": "process", "workers": 2})
HERE_AND_ELSEWHERE = pytest.mark.parametrize("options", WAYS, ids=["here", "in processes"][: len(WAYS)])


class Wordless(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


class Odd(Exception):
    __str__ = int  # a class is called without the exception


class Needy(Exception):
    """Cannot be made of its ``args``."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Long(Exception):
    def __str__(self):
        return "so it is. " * 100_000


def raises(make):
    def work(x):
        if x == 1:
            raise make()
        return x

    return work


REASONS = {
    "without words": (Wordless, "Wordless"),
    "odd words": (Odd, "Odd"),
    "needy": (lambda: Needy("a", "b"), "Needy: a and b"),
    "a group": (
        lambda: ExceptionGroup("both", [ValueError("one"), Wordless()]),
        "ExceptionGroup: both (2 sub-exceptions): ValueError: one; Wordless",
    ),
}


@HERE_AND_ELSEWHERE
@pytest.mark.parametrize("kind", REASONS)
def test_an_exception_that_cannot_say_what_it_is_fails_its_row_by_its_name(kind, options):
    make, reason = REASONS[kind]
    rejects = []
    with pipe.input("x").map("x", "y", raises(make), **options).output("y") as p:
        assert p.batch([0, 1, 2], on_error="skip", rejects=rejects.append) == [0, 2]
        assert p.batch([0, 1, 2], on_error="none") == [0, None, 2]
        with pytest.raises(OperatorError) as caught:
            p(1)
    assert rejects[0].reason == reason
    assert reason in str(caught.value)


def test_what_an_exception_says_at_length_is_cut():
    with pytest.raises(OperatorError) as caught:
        pipe.input("x").map("x", "y", raises(Long)).output("y")(1)
    assert len(str(caught.value)) < 2_000
    assert "Long: so it is. so it is." in str(caught.value)


class Unseen:
    def __init__(self, shows):
        self.shows = shows

    def __repr__(self):
        return self.shows()


@pytest.mark.parametrize(
    ("shows", "picture"),
    [
        (lambda: 1 / 0, "<Unseen, whose repr raised ZeroDivisionError>"),
        (lambda: 5, "<Unseen, whose repr raised TypeError>"),
        (lambda: "x" * 10_000_000, "x" * 79 + "…"),
        (lambda: "a\x1b[2Jb", r"a\x1b[2Jb"),
    ],
    ids=["raises", "no text", "ten megabytes", "escapes"],
)
def test_a_value_that_shows_itself_oddly_fails_its_row_with_a_picture(shows, picture):
    def fails(value):
        raise ValueError

    with pytest.raises(OperatorError) as caught:
        pipe.input("x").map("x", "y", fails).output("y").batch([Unseen(shows)])
    assert caught.value.value == picture


def test_an_operator_that_cannot_say_why_it_did_not_open_is_named():
    class Shut(Operator, family="test", name="test-shut"):
        def open(self):
            raise Wordless

        def batch(self, rows):
            return rows

    with pytest.raises(UnavailableError, match=r"test\.test-shut.* could not be opened: Wordless$"):
        pipe.input("x").map("x", "y", Shut()).output("y").batch([1])
