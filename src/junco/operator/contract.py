"""What an operator's class is told at once, where it would otherwise fail late, with an error that names no cure."""

from __future__ import annotations

import dis
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from junco.errors import ContractError
from junco.operator.hints import Hints
from junco.operator.ports import Rows, is_annotated, ports_of_batch, ports_of_function

if TYPE_CHECKING:
    from junco.operator.base import Operator


def check_rows(name: str, rows: str | None) -> None:
    """Refuse another word than "one", "many" and "either".

    Raises:
        ContractError: with the words that there are.
    """
    if rows is not None and rows not in get_args(Rows):
        raise ContractError(
            f'{name}: rows={rows!r} is none of "one", "many" and "either": leave it out, or take one of them'
        )


def check_states(cls: type[Operator]) -> None:
    """Refuse a class whose `state`, hints and `batch` do not go together.

    Raises:
        ContractError: with what is missing.
    """
    who, takes = cls.name, inspect.signature(cls.batch).parameters
    if not cls.gives_states():
        state = takes.get("state")
        if state is not None and state.kind is state.KEYWORD_ONLY and state.default is state.empty:
            raise ContractError(
                f"{who}: batch() takes a state and nothing gives one: write def state(self), which gives a fresh one"
            )
        return
    if isinstance(cls.hints, Hints) and not cls.hints.stateful:
        raise ContractError(
            f"{who} defines state() and its hints do not say that it has one: write hints = Hints(stateful=True)"
        )
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes.values())
    if cls.gives_streams() and cls.batch is _base(cls).batch:
        raise ContractError(
            f"{who} defines state() and stream(), which is handed none: write def batch(self, …, *, state) "
            "that gives a list of rows for each item"
        )
    if "state" not in takes and not takes_all:
        raise ContractError(
            f"{who} defines state() and its batch() does not take it: write def batch(self, …, *, state)"
        )


def check_either(cls: type[Operator]) -> None:
    """Refuse a class that gives one result or rows, as a step wants, where one of the two is missing or they differ.

    Raises:
        ContractError: with what to define.
    """
    if cls.rows == "either" and not cls.gives_either():
        raise ContractError(
            f'{cls.name}: rows="either" needs batch(), which gives one result for each item, and stream(), which '
            "yields the rows of one item: define both"
        )
    if not cls.gives_either():
        return
    if isinstance(cls.hints, Hints) and cls.hints.stateful:
        raise ContractError(f'{cls.name}: rows="either" and a state do not go together: make two operators of it')
    one, rows = ports_of_batch(cls.batch), ports_of_function(cls.stream)
    if is_annotated(cls.batch) and is_annotated(cls.stream) and not replace(rows, rows="one").fits(one):
        raise ContractError(
            f"{cls.name}: batch() has {one} and stream() {rows}: both take the same, and a row is what a result is"
        )


def check_lists(cls: type[Operator]) -> None:
    """Refuse a batch that says that it gives one result for each item, in a family that makes rows.

    Raises:
        ContractError: with what it has to give.
    """
    own = ports_of_batch(cls.batch)
    if cls.gives_streams() or own.rows == "many" or any(port.type is Any for port in own.outputs):
        return
    if own.of_many().outputs == own.outputs:
        row = str(replace(own, inputs=())).partition("-> ")[2]
        raise ContractError(
            f"{cls.name}: the family {cls.family!r} makes rows, and batch() gives one result for each item, {row}: "
            "give a list of rows for each, list[list[…]], or define stream(), which yields the rows of one item"
        )


def check_attribute(operator: Operator, name: str, value: Any) -> None:
    """Refuse a value in the place of a method of the class, which whoever calls the method would stumble over.

    Raises:
        ContractError: with another name.
    """
    if name == "spec" and name in vars(operator):
        raise ContractError(f"{operator.name}: self.spec is what it was made of: give the attribute another name")
    member = next((vars(base)[name] for base in type(operator).__mro__ if name in vars(base)), None)
    is_fixed = isinstance(member, property) and member.fset is None
    if is_fixed or (inspect.isroutine(member) and not callable(value) and name not in type(operator).parameters()):
        kind = "property" if is_fixed else "method"
        raise ContractError(
            f"{operator.name}: self.{name} cannot be set, since {name} is a {kind} of its class: give the attribute "
            f"another name (self._{name}), and define {name} in the class where it is to say something else"
        )


def is_set_in_open(cls: type[Operator], name: str) -> bool:
    """Whether `open` gives an attribute its value."""
    code = getattr(cls.open, "__code__", None)
    return code is not None and any(
        step.opname == "STORE_ATTR" and step.argval == name for step in dis.get_instructions(code)
    )


def _base(cls: type[Operator]) -> type[Operator]:
    """`Operator` itself."""
    return next(base for base in reversed(cls.__mro__) if "batch" in vars(base))
