"""Operators in memory: what they were loaded from, what keeps them from being opened, what they do when they close."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from junco import Operator, cache, ops, pipe
from junco.errors import ContractError, DeadlineError, InputError, IntegrityError, UnavailableError
from junco.places.files import file_sha256
from junco.types import Space


class Says(Operator, family="resident-test", name="says"):
    """Gives what its file says."""

    path: Path

    def files(self):
        return [self.path]

    def open(self) -> None:
        self.text = self.path.read_text()

    def batch(self, xs):
        return [self.text] * len(xs)


def through(step):
    return pipe.input("x").map("x", "y", step).output("y")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights.txt"
    path.write_text("one")
    return path


def test_an_operator_that_is_opened_again_from_another_file_is_refused(file):
    with through(ops.resident_test.says(path=file)) as p:
        assert p.batch([1]) == ["one"]
        file.write_text("other")
        assert p.batch([1]) == ["one"]
        cache.clear()
        with pytest.raises(IntegrityError, match="changed after"):
            p.batch([1])
    with through(ops.resident_test.says(path=file)) as p:
        assert p.batch([1]) == ["other"]


def test_a_job_never_mixes_what_two_files_give(file, tmp_path):
    target = tmp_path / "said.parquet"
    with through(ops.resident_test.says(path=file)) as p:
        p.run(["a"], target, progress=False)
        file.write_text("other")
        with pytest.raises(IntegrityError, match="pipeline anew"):
            p.run(["a", "b"], target, progress=False)
    assert parquet.read_table(target)["y"].to_pylist() == ["one"]


class Spaced(Says, family="resident-test", name="spaced"):
    """The same, with a space of what the file says."""

    def space(self, *inputs):
        return Space({"says": self.path.read_text()}, "says")


def by_rename(file):
    other = file.with_name("other")
    other.write_text("two")
    other.rename(file)


def in_place_with_its_time_set_back(file):
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def by_a_link(file):
    file.with_name("other").write_text("two")
    file.unlink()
    file.symlink_to(file.with_name("other"))


WAYS = [by_rename, in_place_with_its_time_set_back, by_a_link]


@pytest.mark.parametrize("replace", WAYS)
def test_a_new_pipeline_is_of_the_new_file_however_it_came_there(file, replace):
    with through(ops.resident_test.spaced(path=file)) as old:
        assert (old("x"), old.plan.space.parts["says"]) == ("one", "one")
        replace(file)
        with through(ops.resident_test.spaced(path=file)) as new:
            assert (new("x"), new.plan.space.parts["says"]) == ("two", "two")
        assert ops.resident_test.spaced(path=file)("x") == "two"


@pytest.mark.parametrize("replace", WAYS)
def test_what_a_pipeline_gives_is_of_the_space_that_it_said(file, replace):
    with through(ops.resident_test.spaced(path=file)) as p:
        assert p.space
        replace(file)
        with pytest.raises(IntegrityError, match="pipeline anew"):
            p("x")


def test_the_space_of_a_pipeline_in_use_is_never_that_of_another_file(file):
    with through(ops.resident_test.spaced(path=file)) as p:
        assert p("x") == "one"
        by_rename(file)
        with pytest.raises(IntegrityError, match="pipeline anew"):
            _ = p.space


def test_an_operator_is_of_the_files_as_they_were_when_its_pipeline_was_made_ready(file):
    with through(ops.resident_test.says(path=file)) as p:
        p.batch([])
        by_rename(file)
        with pytest.raises(IntegrityError, match="pipeline anew"):
            p("x")


def test_a_file_that_is_replaced_while_it_is_read_is_noticed(file):
    class Slow(Says, family="resident-test", name="slow"):
        def open(self) -> None:
            super().open()
            by_rename(self.path)

    with through(ops.resident_test.slow(path=file)) as p, pytest.raises(IntegrityError, match="pipeline anew"):
        p("x")


@pytest.mark.parametrize("touch", [lambda f: f.chmod(0o600), lambda f: f.with_name("link").hardlink_to(f), Path.touch])
def test_a_file_whose_content_is_known_to_be_the_same_is_no_other(file, touch):
    file_sha256(file)
    with through(ops.resident_test.says(path=file)) as p:
        assert p("x") == "one"
        touch(file)
        cache.clear()
        assert p("x") == "one"


def test_worker_processes_are_of_the_files_that_their_pipeline_is_of(file):
    def made():
        return pipe.input("x").map("x", "y", ops.resident_test.says(path=file), backend="process").output("y")

    with made() as p:
        assert p("x") == "one"
    by_rename(file)
    with made() as p:
        assert p("x") == "two"


@pytest.mark.parametrize("change", [lambda a: a.append(2), lambda a: a.clear()])
def test_what_happens_to_a_list_later_does_not_reach_the_operator_that_it_was_given_to(change):
    class Lists(Operator, family="resident-test", name="lists"):
        values: list[int]

        def batch(self, xs):
            return [list(self.values)] * len(xs)

    given = [1]
    spec = ops.resident_test.lists(values=given)
    with through(spec) as p:
        assert p(0) == [1]
        change(given)
        assert p(0) == [1]
        with through(ops.resident_test.lists(values=given)) as other:
            assert other(0) == given
    spec.params["values"].append(3)
    assert spec.params == {"values": [1]}


def test_what_happens_to_an_array_later_does_not_reach_the_operator_that_it_was_given_to():
    class Adds(Operator, family="resident-test", name="adds"):
        def __init__(self, what) -> None:
            self.what = what

        def batch(self, xs):
            return [x + float(self.what[0]) for x in xs]

    what = np.ones(1)
    with through(ops.resident_test.adds(what=what)) as p:
        assert p(1) == 2
        what[0] = 5
        with through(ops.resident_test.adds(what=what)) as other:
            assert (p(1), other(1)) == (2, 6)


def define(number):
    class Gives(Operator, family="resident-test", name="gives"):
        def batch(self, xs):
            return [number] * len(xs)

    return Gives


def test_a_copy_of_a_pipeline_runs_the_class_that_it_was_made_of():
    define(1)
    with through(ops.resident_test.gives()) as p:
        define(2)
        assert (p(0), copy.deepcopy(p)(0), copy.copy(p)(0)) == (1, 1, 1)
        with pytest.raises(ContractError, match="defined again"):
            pickle.dumps(p)


class Stuck(Operator, family="resident-test", name="stuck"):
    """Fails when it is opened, or when it is closed."""

    when: str

    def open(self) -> None:
        if self.when == "open":
            raise ValueError("no weights")

    def batch(self, xs):
        return xs

    def close(self) -> None:
        if self.when == "close":
            raise ValueError("no peace")


def test_an_operator_that_cannot_be_opened_is_named():
    with (
        through(ops.resident_test.stuck(when="open")) as p,
        pytest.raises(UnavailableError, match=r"stuck.*no weights"),
    ):
        p.prepare()


def two_in_memory(file):
    """A pipeline of two operators of which the first fails to close, and these."""
    before = [resident.operator for resident in cache]
    steps = pipe.input("x").map("x", "y", ops.resident_test.stuck(when="close"))
    p = steps.map("y", "z", ops.resident_test.says(path=file)).output("z")
    assert p(1) == "one"
    return p, [resident.operator for resident in cache if resident.operator not in before]


def test_an_operator_that_fails_to_close_keeps_none_of_the_others_open(file):
    p, held = two_in_memory(file)
    with pytest.warns(RuntimeWarning, match=r"stuck.*failed to close.*no peace"):
        p.close()
    assert [operator.is_open for operator in held] == [False, False]


def test_warnings_that_are_errors_keep_none_open_either(file):
    p, held = two_in_memory(file)
    with pytest.raises(RuntimeWarning, match="no peace"):
        p.close()
    assert [operator.is_open for operator in held] == [False, False]


class Nowhere(Operator, family="resident-test", name="nowhere"):
    """Wants a device that is not there."""

    @property
    def place(self) -> str:
        raise UnavailableError("there is no such device")

    def batch(self, xs):
        return xs


def test_an_operator_that_has_no_place_harms_no_other():
    with through(ops.resident_test.nowhere()) as bad, through(lambda x: x) as good:
        with pytest.raises(UnavailableError):
            bad.prepare()
        assert good(1) == 1
        with through(ops.resident_test.stuck(when="never")) as other:
            assert other(1) == 1


@pytest.mark.parametrize("use", [lambda p, s: p(1, timeout_s=s), lambda p, s: p.batch([1], timeout_s=s)])
def test_a_deadline_is_a_number_of_seconds(use):
    with through(lambda x: x) as p:
        for senseless in ("1", float("nan"), True):
            with pytest.raises(InputError, match="timeout_s"):
                use(p, senseless)
        for over in (0, -1):
            with pytest.raises(DeadlineError):
                use(p, over)
        for for_ever in (float("inf"), 1e300, 10**400):
            assert use(p, for_ever) in (1, [1])
