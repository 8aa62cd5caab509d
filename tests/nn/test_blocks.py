"""Every block: shapes, gradients, arithmetic, modes, compilers, converters, and what it equals elsewhere.

What is checked lies in ``tests/blocks``, how in ``block_checks``.
"""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

import block_checks
import junco.nn
from blocks import Case, Equality, cases, equalities
from junco.errors import ParameterError
from junco.nn.parts import check_divides, check_room, check_sizes

ALL = [getattr(junco.nn, name) for name in getattr(junco.nn, "__all__", ())]
BLOCKS = [each.__name__ for each in ALL if inspect.isclass(each) and issubclass(each, nn.Module)]
EVERY_CASE = pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)


def test_every_block_has_a_case_and_every_case_a_block():
    assert sorted(set(BLOCKS) - {case.block for case in cases()}) == []
    assert sorted({each.block for each in (*cases(), *equalities())} - set(getattr(junco.nn, "__all__", ()))) == []


def test_no_two_cases_are_called_alike():
    ids = [case.id for case in cases()]
    assert sorted({each for each in ids if ids.count(each) > 1}) == []


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_says_what_it_is_where_others_read_it(name):
    said = getattr(junco.nn, name).__doc__
    assert said
    assert said.splitlines()[0].endswith(".")


@EVERY_CASE
def test_shapes_are_the_same_on_the_meta_device(case):
    block_checks.shapes(case)


@EVERY_CASE
def test_gradients_come_to_every_weight_and_input(case):
    block_checks.gradients(case)


@EVERY_CASE
def test_bfloat16_is_near(case):
    block_checks.bfloat16(case)


@EVERY_CASE
def test_training_runs_and_eval_changes_nothing(case):
    block_checks.modes(case)


@EVERY_CASE
def test_it_compiles_in_one_graph(case):
    block_checks.compiled(case)


@EVERY_CASE
def test_it_is_exported_for_any_number_of_rows(case):
    block_checks.exported(case)


@pytest.mark.parametrize("case", [case for case in cases() if case.exports is True], ids=lambda case: case.id)
@pytest.mark.parametrize("runtime", ["openvino", pytest.param("onnxruntime", marks=pytest.mark.slow)])
def test_it_goes_into_other_runtimes(case, runtime, tmp_path):
    block_checks.converted(case, runtime, tmp_path)


@pytest.mark.parametrize("case", [case for case in cases() if case.block in BLOCKS], ids=lambda case: case.id)
def test_strange_sizes_are_refused_or_harmless(case, monkeypatch):
    block_checks.sizes(case, monkeypatch)


@pytest.mark.parametrize("equality", equalities(), ids=lambda e: f"{e.block} is {e.reference} {e.note}".strip())
def test_it_equals(equality):
    block_checks.equal(equality)


def test_a_size_is_a_whole_number_from_1():
    for size in (0, -1, 2.0, True):
        with pytest.raises(ParameterError, match=r"Attention: num_heads=.* must be a whole number from 1 up"):
            check_sizes("Attention", num_heads=size)


@pytest.mark.parametrize(("num_heads", "nearest"), [(5, "4 or 6"), (10**12, "6 or 12")])
def test_parts_that_do_not_divide_are_refused_with_the_nearest_that_do(num_heads, nearest):
    with pytest.raises(ParameterError, match=f"num_heads={num_heads} does not divide width=12: {nearest} would"):
        check_divides("Attention", 12, num_heads, "num_heads")


def test_a_width_of_any_size_is_refused_at_once():
    with pytest.raises(ParameterError, match=f"num_heads=7 does not divide width={10**18}: "):
        check_divides("Attention", 10**18, 7, "num_heads")


def test_a_weight_that_no_memory_holds_is_refused_where_memory_is_taken():
    with pytest.raises(ParameterError, match=r"Mlp: a weight of 1000000 × 1000000 numbers takes 4,000 GB"):
        check_room("Mlp", 10**6, 10**6)
    with torch.device("meta"):
        check_room("Mlp", 10**6, 10**6)


class _Unused(nn.Linear):
    def forward(self, rows):
        return rows * self.weight.sum()


class _Counting(nn.BatchNorm1d):
    def forward(self, rows):
        self.running_mean += 1
        return rows + self.running_mean * self.weight + self.bias


class _Branching(nn.Module):
    def forward(self, rows):
        return rows if rows.sum() > 0 else -rows


class _TwoRows(nn.Module):
    def forward(self, rows):
        return rows.reshape(2, 3) * 1


@pytest.mark.parametrize(
    ("check", "make", "error"),
    [
        (block_checks.shapes, lambda: nn.Linear(3, 4), AssertionError),
        (block_checks.gradients, lambda: _Unused(3, 3), AssertionError),
        (block_checks.modes, lambda: _Counting(3), AssertionError),
        (block_checks.compiled, _Branching, torch._dynamo.exc.Unsupported),
        (block_checks.exported, _TwoRows, torch._dynamo.exc.UserError),
    ],
)
def test_a_check_finds_a_block_that_is_broken(check, make, error):
    with pytest.raises(error):
        check(Case("Broken", make, ((2, 3),), (2, 3)))


def test_a_block_that_is_off_is_found():
    torch.manual_seed(0)
    theirs = nn.Linear(3, 3)
    off = Equality("Linear", "torch.nn.Linear", lambda: (lambda rows: theirs(rows) + 2e-5, theirs), ((2, 3),))
    with pytest.raises(AssertionError):
        block_checks.equal(off)
