"""An operator that cannot be opened is no input's fault; an error of somebody's own function begins at his line."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import pytest

from junco import Operator, pipe
from junco.errors import JuncoError, MissingExtraError, OperatorError, UnavailableError


class Wanting(Operator, family="opening-test", name="wanting"):
    """Imports a package that is not there."""

    def __init__(self, package: str = "nobody_has_this") -> None:
        self.package = package

    def open(self) -> None:
        raise ModuleNotFoundError(f"No module named '{self.package}.sub'", name=f"{self.package}.sub")

    def batch(self, values: Sequence[Any]) -> Sequence[Any]:
        return values


def of(operator: Operator) -> Any:
    return pipe.input("x").map("x", "y", operator.spec, name="want").output("y")


@pytest.mark.parametrize("use", [lambda p: p(1), lambda p: p.batch([1, 2]), lambda p: p.prepare()])
def test_a_missing_package_is_named_with_the_operator_and_no_input_is_blamed(use):
    says = r"^operator 'opening-test\.wanting' could not be opened: it needs the package 'nobody_has_this'"
    with of(Wanting()) as p, pytest.raises(UnavailableError, match=says):
        use(p)


@pytest.mark.parametrize(("package", "extra"), [("lancedb", "lancedb"), ("sklearn", "clusters")])
def test_a_package_of_an_extra_is_named_with_what_to_install(package, extra):
    says = rf"'opening-test\.wanting' needs the package '{package}': pip install 'junco\[{extra}\]'"
    with of(Wanting(package)) as p, pytest.raises(MissingExtraError, match=says):
        p(1)


def test_the_traceback_of_a_function_begins_with_its_own_line():
    def divided(number):
        return 1 / number

    p = pipe.input("x").map("x", "y", divided).output("y")
    for use in (lambda: p(0), lambda: p.batch([1, 0])):
        with pytest.raises(OperatorError) as raised:
            use()
        frames = traceback.extract_tb(raised.value.__cause__.__traceback__)
        assert [frame.name for frame in frames] == ["divided"]
        assert frames[0].filename == __file__


def test_an_error_of_ours_keeps_its_way():
    with pytest.raises(JuncoError) as raised:
        of(Wanting())(1)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].name != "<module>"
