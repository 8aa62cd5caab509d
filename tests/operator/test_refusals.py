"""What an operator's class is told at once, with the cure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from junco.errors import ContractError, ParameterError
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.types import Box, Image


def test_a_state_that_the_hints_do_not_tell_of_is_refused():
    with pytest.raises(ContractError, match=r"Silent.* defines state\(\).*write hints = Hints\(stateful=True\)"):

        class Silent(Operator):
            def state(self) -> list[int]: ...

            def batch(self, numbers, *, state): ...


def test_a_state_that_batch_does_not_take_is_refused():
    with pytest.raises(ContractError, match=r"its batch\(\) does not take it: write def batch\(self, …, \*, state\)"):

        class Deaf(Operator, family="refusal-test", name="deaf"):
            hints = Hints(stateful=True)

            def state(self) -> list[int]: ...

            def batch(self, numbers): ...


def test_a_state_that_nobody_gives_is_refused():
    with pytest.raises(ContractError, match=r"nothing gives one: write def state\(self\)"):

        class Hungry(Operator):
            hints = Hints(stateful=True)

            def batch(self, numbers, *, state): ...


def test_a_stream_with_a_state_is_refused_since_it_would_never_see_it():
    with pytest.raises(ContractError, match=r"state\(\) and stream\(\).*def batch\(self, …, \*, state\)"):

        class Streams(Operator):
            hints = Hints(stateful=True)

            def state(self) -> list[int]: ...

            def stream(self, number) -> Iterator[int]: ...


def test_a_column_may_be_called_state():
    class States(Operator):
        def batch(self, state):
            return list(state)

    assert States()("on") == "on"


def test_rows_are_one_or_many():
    with pytest.raises(ContractError, match='rows=\'lots\' is none of "one", "many" and "either"'):

        class Lots(Operator, rows="lots"):  # type: ignore[call-arg]
            def batch(self, numbers): ...


@pytest.mark.parametrize(("name", "value"), [("files", ["a"]), ("state", {}), ("cost", 3.0), ("is_open", True)])
def test_an_attribute_in_the_place_of_a_method_is_refused(name, value):
    class Taken(Operator):
        def __init__(self):
            setattr(self, name, value)

        def batch(self, numbers): ...

    with pytest.raises(ContractError, match=rf"Taken: self.{name} cannot be set.* another name \(self._{name}\)"):
        Taken()


def test_what_an_operator_was_made_of_stays():
    class Spec(Operator):
        def __init__(self):
            self.spec = 3

    with pytest.raises(ContractError, match=r"self.spec is what it was made of: give the attribute another name"):
        Spec()


def test_a_place_is_said_by_the_class():
    class Placed(Operator):
        def open(self):
            self.place = "cuda"

        def batch(self, numbers): ...

    with pytest.raises(ContractError, match=r"self.place cannot be set.*define place in the class"):
        Placed()(1)


def test_a_method_may_be_changed_for_another():
    class Chosen(Operator):
        def open(self):
            self.batch = lambda numbers: [n + 1 for n in numbers]

        def batch(self, numbers): ...

    assert Chosen()(1) == 2


def test_an_annotation_of_what_open_sets_is_not_meant_to_be_an_option():
    class Holds(Operator):
        net: Any

        def open(self) -> None:
            self.net = object()

        def batch(self, numbers): ...

    with pytest.raises(ParameterError, match=r"'net': annotated attributes of the class are its options.*self.net: …"):
        Holds()


def test_an_option_that_is_missing_is_called_missing():
    class Sized(Operator):
        size: int

        def batch(self, numbers): ...

    with pytest.raises(ParameterError, match=r"missing a required argument: 'size'$"):
        Sized()


def test_a_detector_that_gives_one_box_for_each_picture_is_refused_with_what_it_has_to_give():
    with pytest.raises(ContractError, match=r"makes rows, and batch\(\) gives one .*Box.*list\[list\[…\]\].*stream"):

        class One(Operator, family="object-detection", name="one-test"):
            def batch(self, images: list[Image]) -> list[Box]: ...
