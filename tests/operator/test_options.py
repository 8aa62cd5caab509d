"""Options of an operator are declared once, as annotated attributes, and checked when it is made."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import pytest

from junco.errors import ContractError, ParameterError
from junco.operator.base import Operator
from junco.operator.namespace import ops
from junco.operator.option_docs import sentences
from junco.operator.options import neutral_of, option, options_of

if TYPE_CHECKING:
    from nowhere import Unknown


class Blur(Operator, family="option-test", name="blur"):
    """Blurs.

    Args:
        radius: in pixels, of the circle
            that is averaged.
        mode: what lies beyond the edge.

    Raises:
        InputError: never.
    """

    radius: float = option(2.0, least=0, most=99)
    mode: Literal["mirror", "zero"] = "mirror"
    device: str = option("auto", neutral=True)
    kept: ClassVar[int] = 3
    _state: int | None = None

    def batch(self, values):
        return [(value, self.radius, self.mode) for value in values]


class Sharp(Blur, family="option-test", name="sharp"):
    """Sharpens.

    Args:
        amount: how much.
        mode: what lies beyond the edge, which is sharp too.
    """

    model: Path
    amount: int | None = option(None, least=1)
    mode = "zero"


class Anything(Operator, family="option-test", name="anything"):
    flag: bool = False
    levels: tuple[float, float, float] | None = None
    weights: list[float] = ()
    path: str | Path = "a"
    other: Unknown = None
    number: float = 0.0
    whole: int = 0


def test_options_are_the_parameters_those_without_a_default_first_then_own_then_inherited():
    assert list(Sharp.parameters()) == ["model", "amount", "radius", "mode", "device"]
    assert (Sharp.parameters()["radius"].annotation, Sharp.parameters()["radius"].default) == ("float", 2.0)
    assert Sharp.parameters()["model"].default is inspect.Parameter.empty


def test_values_are_attributes_and_another_default_alone_is_inherited_with_all_else():
    sharp = Sharp("m", radius=3)
    assert (sharp.model, sharp.amount, sharp.radius, sharp.mode) == (Path("m"), None, 3.0, "zero")
    assert isinstance(sharp.radius, float)
    assert Blur().mode == "mirror"
    with pytest.raises(ParameterError, match="mode='wrap' is none of 'mirror', 'zero'"):
        Sharp("m", mode="wrap")


def test_a_spec_binds_and_calls_as_with_a_constructor_by_hand():
    spec = ops.option_test.blur(mode="zero")
    assert spec.params == {"mode": "zero"}
    assert spec(1) == (1, 2.0, "zero")
    with pytest.raises(ParameterError, match=r"has no parameter 'radios'\. Did you mean 'radius'\?"):
        ops.option_test.blur(radios=1)
    with pytest.raises(ParameterError, match=r"'option-test\.sharp': missing a required argument: 'model'"):
        ops.option_test.sharp()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"flag": "false"}, "flag='false' must be True or False"),
        ({"flag": 1}, "flag=1 must be True or False"),
        ({"whole": True}, "whole=True must be a whole number"),
        ({"whole": 1.0}, "whole=1.0 must be a whole number"),
        ({"number": "1"}, "number='1' must be a number"),
        ({"number": math.nan}, "number=nan must be a number"),
        ({"number": False}, "number=False must be a number"),
        ({"levels": (1, 2)}, r"levels=\(1, 2\) must be three numbers or None"),
        ({"levels": 1}, "levels=1 must be three numbers or None"),
        ({"weights": [1, "2"]}, r"weights=\[1, '2'\] must be a list of numbers"),
        ({"path": 3}, "path=3 must be a text or a path"),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_refused_with_what_is_right(given, says):
    with pytest.raises(ParameterError, match=f"^'option-test.anything': {says}$"):
        Anything(**given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"radius": -1}, "radius=-1 must be a number from 0 to 99"),
        ({"radius": 100}, "radius=100 must be a number from 0 to 99"),
        ({"amount": 0}, "amount=0 must be a positive whole number or None"),
        ({"mode": "miror"}, r"mode='miror' is none of 'mirror', 'zero'\. Did you mean 'mirror'\?"),
        ({"mode": None}, "mode=None is none of 'mirror', 'zero'"),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused_with_what_is_right(given, says):
    with pytest.raises(ParameterError, match=f"^'option-test.sharp': {says}$"):
        Sharp("m", **given)


class Holds(Operator, family="option-test", name="holds"):
    names: tuple[str, ...] = ()
    sizes: list[int] = ()
    paths: Sequence[Path] = ()
    flags: list[bool] = ()
    modes: tuple[Literal["a", "b"], ...] = ()
    parts: list[str | None] = ()
    grid: list[list[float]] = ()
    pair: tuple[str, int] | None = None
    things: list = ()
    counts: dict[str, int] | None = None
    nested: Mapping[str, list[float]] | None = None
    plain: dict | None = None
    kinds: set[str] | None = None
    fixed: frozenset[int] = frozenset()
    bounded: dict[str, float] | None = option(None, least=0)
    noted: list[Annotated[str, ["noted"]]] = ()
    none: tuple[()] = ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"names": (1,)}, r"names=\(1,\) must be a list of texts"),
        ({"names": "abc"}, "names='abc' must be a list of texts"),
        ({"sizes": [1.5]}, r"sizes=\[1.5\] must be a list of whole numbers"),
        ({"paths": [1]}, r"paths=\[1\] must be a list of paths"),
        ({"flags": ["no"]}, r"flags=\['no'\] must be a list of True or False"),
        ({"modes": ["c"]}, r"modes=\['c'\] must be a list of 'a' or 'b'"),
        ({"parts": [1]}, r"parts=\[1\] must be a list of texts or None"),
        ({"grid": [1]}, r"grid=\[1\] must be a list of lists of numbers"),
        ({"pair": ("a", "b")}, r"pair=\('a', 'b'\) must be a text and a whole number or None"),
        ({"things": "abc"}, "things='abc' must be a list"),
        ({"counts": {"a": "b"}}, r"counts={'a': 'b'} must be a mapping of texts to whole numbers or None"),
        ({"counts": {1: 2}}, r"counts={1: 2} must be a mapping of texts to whole numbers or None"),
        ({"counts": [("a", 1)]}, r"counts=\[\('a', 1\)\] must be a mapping of texts to whole numbers or None"),
        ({"nested": {"a": ["b"]}}, r"nested={'a': \['b'\]} must be a mapping of texts to lists of numbers or None"),
        ({"plain": 1}, "plain=1 must be a mapping or None"),
        ({"kinds": [1]}, r"kinds=\[1\] must be a set of texts or None"),
        ({"fixed": 1}, "fixed=1 must be a set of whole numbers"),
        ({"noted": [1]}, r"noted=\[1\] must be a list of texts"),
        ({"none": [1]}, r"none=\[1\] must be an empty list"),
        ({"bounded": {"a": -1}}, "bounded={'a': -1} must be a mapping of texts to numbers, 0 or more or None"),
    ],
    ids=str,
)
def test_what_a_container_holds_is_checked_and_said(given, says):
    with pytest.raises(ParameterError, match=f"^'option-test.holds': {says}$"):
        Holds(**given)


def test_containers_are_the_operators_own():
    counts, rows, kinds = {"a": 1}, [[1]], ["a", "b", "a"]
    made = Holds(counts=counts, nested={"a": rows[0]}, kinds=kinds, fixed=[1, 1], things=rows, plain=counts)
    counts["b"] = "c"
    rows[0].append(2)
    assert (made.counts, made.nested, made.plain) == ({"a": 1}, {"a": (1.0,)}, {"a": 1})
    assert isinstance(made.nested["a"][0], float)
    assert (made.kinds, made.fixed, type(made.things)) == ({"a", "b"}, frozenset({1}), tuple)


def test_what_fits_is_taken_as_the_type_has_it():
    made = Anything(levels=[1, 2, 3], weights=[1, 2.5], path=Path("b"), other=object, number=3, whole=-7)
    assert made.levels == (1.0, 2.0, 3.0)
    assert made.weights == (1.0, 2.5)
    assert made.path == Path("b")
    assert made.other is object
    assert (made.number, made.whole) == (3.0, -7)


@pytest.mark.parametrize("default", [[], {}, set(), bytearray(), np.zeros(3)], ids=lambda each: type(each).__name__)
def test_a_default_that_can_be_changed_in_place_is_refused(default):
    with pytest.raises(
        ContractError, match=r"option 'values' has a \w+ as its default, which all operators would share"
    ):

        class Shared(Operator, family="option-test", name="shared"):
            values: Any = default


@pytest.mark.parametrize("default", [([],), ("a", ({},)), (frozenset(), [1])], ids=repr)
def test_a_default_that_holds_what_can_be_changed_in_place_is_refused(default):
    with pytest.raises(
        ContractError, match=r"option 'values' has a default that holds a (list|dict), which all operators would share"
    ):

        class Shared(Operator, family="option-test", name="shared"):
            values: Any = default


def test_a_default_that_does_not_fit_its_type_is_refused():
    with pytest.raises(ContractError, match=r"'size' has a default that does not fit its type: .*size=None must be"):

        class Odd(Operator, family="option-test", name="odd"):
            size: int = None


def test_the_same_option_with_another_type_is_refused_and_with_another_default_is_not():
    with pytest.raises(ContractError, match=r"the option 'radius' is declared as int, but .* has it as float"):

        class Whole(Blur, family="option-test", name="whole"):
            radius: int = 2

    class Wide(Blur, family="option-test", name="wide"):
        radius: float = 50.0

    assert Wide().radius == 50.0
    with pytest.raises(ParameterError, match="must be a number from 0 to 99"):
        Wide(radius=100)


@pytest.mark.parametrize("name", ["batch", "spec", "is_open", "space", "self"])
def test_names_that_every_operator_needs_are_no_options(name):
    with pytest.raises(ContractError, match=f"'{name}' cannot be an option"):
        type("Bad", (Operator,), {"__annotations__": {name: int}, name: 3}, family="option-test", name="bad")


def test_an_option_that_is_overridden_by_a_method_is_refused():
    with pytest.raises(ContractError, match="'radius' cannot be an option"):

        class Computed(Blur, family="option-test", name="computed"):
            def radius(self):
                return 3


def test_neutral_options_are_known_and_device_is_one_by_itself():
    assert neutral_of(Sharp) == {"device"}
    assert Sharp.neutral_parameters() == {"device"}

    class Fast(Blur, family="option-test", name="fast"):
        workers: int = option(1, neutral=True)

    assert Fast.neutral_parameters() == {"device", "workers"}


def test_a_sentence_stands_once_and_is_in_the_docs_of_all_that_inherit_it():
    assert sentences(Sharp, options_of(Sharp)) == {
        "amount": "how much.",
        "radius": "in pixels, of the circle that is averaged.",
        "mode": "what lies beyond the edge, which is sharp too.",
    }
    assert "radius: in pixels, of the circle that is averaged." in ops.option_test.sharp.__doc__
    assert Blur.__doc__.endswith("Raises:\n    InputError: never.")


def test_what_types_cannot_say_is_checked_by_the_operator_itself():
    class Range(Operator, family="option-test", name="range"):
        low: int = 0
        high: int = 9

        def check_options(self):
            if self.low > self.high:
                raise ParameterError(f"{self.name!r}: low={self.low} is above high={self.high}")

    with pytest.raises(ParameterError, match="low=10 is above high=9"):
        Range(low=10)


def test_values_are_refused_where_an_operator_is_named_and_not_when_it_is_first_used():
    class Edge(Operator, family="option-test", name="edge"):
        low: int = option(0, least=0)
        high: int = 9

        def check_options(self):
            if self.low > self.high:
                raise ParameterError(f"{self.name!r}: low={self.low} is above high={self.high}")

        def batch(self, values):
            return values

    with pytest.raises(ParameterError, match="low=-1 must be a whole number, 0 or more"):
        ops.option_test.edge(low=-1)
    with pytest.raises(ParameterError, match="low=10 is above high=9"):
        ops["option-test.edge"](low=10)
    with pytest.raises(ParameterError, match="low=-1"):
        ops.option_test.edge(low=-1, high="${high}")
    assert ops.option_test.edge(low="${low}").params == {"low": "${low}"}


def test_a_constructor_by_hand_wins_and_may_call_the_declared_one():
    class ByHand(Operator, family="option-test", name="by-hand"):
        model: Any
        cache: dict[str, int] = {}

        def __init__(self, size: int = 3):
            self.size = size

    assert list(ByHand.parameters()) == ["size"]
    assert ByHand(4).size == 4

    class More(Blur, family="option-test", name="more"):
        def __init__(self, files: int = 1, radius: float = 7.0):
            super().__init__(radius=radius)
            self.files_count = files

    assert list(More.parameters()) == ["files", "radius"]
    assert (More(2).radius, More(2).mode, More(2).files_count) == (7.0, "mirror", 2)


def test_an_operator_without_options_takes_none():
    class Plain(Operator, family="option-test", name="plain"):
        def batch(self, values):
            return values

    assert options_of(Plain) == {}
    with pytest.raises(ParameterError, match=r"has no parameter 'x'\. Its parameters: none"):
        Plain(x=1)


class BlurMore(Blur, family="option-test", name="blur-more"):
    """The same with other defaults, one of them declared again."""

    radius: float = option(4.0, most=9)


def test_an_option_that_is_declared_again_keeps_what_is_not_said_of_it():
    assert BlurMore().radius == 4
    with pytest.raises(ParameterError):
        BlurMore(radius=-1)
    with pytest.raises(ParameterError):
        BlurMore(radius=10)
