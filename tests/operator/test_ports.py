"""Which types fit which ports, and how they are written."""

from __future__ import annotations

from typing import Any, Optional, Union

import numpy as np
import pytest

from junco.operator.ports import Port, Ports, accepts, ports_of_function, type_name
from junco.types import Box, Image, Vector, Vectors, VideoFrame

TYPES = [int, float, str, Box, VideoFrame, Image, Vector, Vectors, list[int], int | str, Optional[str]]  # noqa: UP045


@pytest.mark.parametrize("kind", TYPES, ids=type_name)
def test_a_type_fits_itself_and_anything_fits_and_is_fitted_by_any(kind):
    assert accepts(kind, kind)
    assert accepts(Any, kind)
    assert accepts(kind, Any)


@pytest.mark.parametrize(
    ("receiver", "giver"),
    [(float, int), (int | str, int), (int, int | str), (Image, VideoFrame), (list, list[int]), (object, Box)],
)
def test_these_fit(receiver, giver):
    assert accepts(receiver, giver)


@pytest.mark.parametrize(
    ("receiver", "giver"),
    [
        *((int, str), (int, float), (Image, Vector), (Vector, Vectors), (Vector, str), (str, Image)),
        *((VideoFrame, Image), (int | str, Box), (Vector, VideoFrame), (Vector, np.ndarray)),
    ],
)
def test_these_do_not_fit(receiver, giver):
    assert not accepts(receiver, giver)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Any, "any"),
        (int, "int"),
        (Vector, "vector[dim; float32]"),
        (list[Vector], "list[vector[dim; float32]]"),
        (int | None, "int | None"),
        (Union[int, str], "int | str"),  # noqa: UP007
    ],
)
def test_a_type_is_written_as_a_person_would(kind, written):
    assert type_name(kind) == written


def ports(inputs: list[Any] | None, outputs: list[Any]) -> Ports:
    named = None if inputs is None else tuple(Port(f"in{i}", kind) for i, kind in enumerate(inputs))
    return Ports(named, tuple(Port(f"out{i}", kind) for i, kind in enumerate(outputs)))


def test_what_takes_more_and_gives_less_may_stand_in():
    wanted = ports([int], [float])
    assert ports([float], [int]).fits(wanted)
    assert ports([Any], [Any]).fits(wanted)
    assert ports(None, [float]).fits(wanted)
    assert not ports([int], [str]).fits(wanted)
    assert not ports([str], [float]).fits(wanted)
    assert not ports([int, int], [float]).fits(wanted)
    assert not ports([int], [float, float]).fits(wanted)


def test_whoever_takes_a_part_of_what_is_given_or_gives_more_may_not_stand_in():
    assert ports([int | str], [float]).fits(ports([int], [float]))
    assert not ports([int], [float]).fits(ports([int | str], [float]))
    assert ports([int], [int]).fits(ports([int], [int | str]))
    assert not ports([int], [int | str]).fits(ports([int], [int]))


def test_what_may_be_left_out_is_wanted_of_nobody_and_may_be_given():
    def cut(text: str, start: int = 0) -> str: ...

    def plain(text: str) -> str: ...

    def joined(*texts: str) -> str: ...

    two = Ports((Port("text", str), Port("start", int)), (Port("out", str),))
    assert str(ports_of_function(cut)) == "(text: str, start?: int) -> (out: str)"
    assert ports_of_function(cut).fits(ports_of_function(plain))
    assert ports_of_function(cut).fits(two)
    assert not ports_of_function(plain).fits(two)
    assert ports_of_function(plain).fits(ports_of_function(cut).given(["text"]))
    assert str(ports_of_function(joined)) == "(str, …) -> (out: str)"
    assert ports_of_function(joined).fits(ports_of_function(plain))
    assert not ports_of_function(joined).fits(two)
    assert not ports_of_function(plain).fits(ports_of_function(joined))


def test_functions_without_a_signature_take_anything():
    assert ports_of_function(max).inputs is None
    assert ports_of_function(lambda *columns: None).inputs is None
    assert str(ports_of_function(max)) == "(…) -> (out: any)"


def test_an_annotation_that_cannot_be_resolved_says_nothing_and_the_others_go_on_saying_what_they_say():
    def odd(x: NoSuchThing) -> int: ...  # noqa: F821

    assert str(ports_of_function(odd)) == "(x: any) -> (out: int)"
