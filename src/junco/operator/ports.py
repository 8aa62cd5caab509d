"""Ports: the names and types of what goes into an operator and comes out, read from annotations."""

from __future__ import annotations

import collections.abc
import contextlib
import inspect
import types as python_types
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args, get_origin

from junco.types.array_type import IMAGE, VECTOR, ArrayType
from junco.wording import printable


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output: a name and a type (a class, an array type by itself or in an annotation, or ``Any``)."""

    name: str
    type: Any = Any
    is_optional: bool = False
    """Whether a step may leave it out: an argument with a default."""

    def __str__(self) -> str:
        return printable(f"{self.name}{'?' * self.is_optional}: {type_name(self.type)}")


Rows = Literal["one", "many", "either"]
"""``either``: one by `batch`, under map; many by `stream`, under flat_map; a whole sound, or its chunks."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of an operator or pipeline.

    Attributes:
        inputs: what goes in; ``None`` stands for any number of columns.
        outputs: what comes out, for one row of it.
        rows: whether one item gives one row, or any number of them: a decoder, a detector, a splitter.
        each: the type of each input, where there may be any number.
    """

    inputs: tuple[Port, ...] | None
    outputs: tuple[Port, ...]
    rows: Rows = "one"
    each: Any = Any

    def __str__(self) -> str:
        inputs = self._any_number() if self.inputs is None else ", ".join(map(str, self.inputs))
        outputs = f"({', '.join(map(str, self.outputs))})"
        return f"({inputs}) -> {_ROWS[self.rows]}{outputs}"

    def of_many(self) -> Ports:
        """The same for rows, where one result was said to be a list of them."""
        if self.rows != "one":
            return replace(self, rows="many")
        kind = self.outputs[0].type if len(self.outputs) == 1 else Any
        is_list = get_origin(kind) in _SEQUENCES and (get_origin(kind) is not tuple or Ellipsis in get_args(kind))
        return replace(self, outputs=_outputs(_element(kind)) if is_list else self.outputs, rows="many")

    def _any_number(self) -> str:
        return "…" if _is_any(self.each) else f"{type_name(self.each)}, …"

    def given(self, names: Sequence[str]) -> Ports:
        """The same for a step that gives it these columns: what it could take beside them is nobody's concern."""
        if self.inputs is None:
            return replace(self, inputs=tuple(Port(name, self.each) for name in names))
        taken = self.inputs[: max(len(names), self.least_inputs)]
        return replace(self, inputs=tuple(replace(port, is_optional=False) for port in taken))

    def named_after(self, wanted: Ports) -> Ports:
        """The same with the names of the ports of ``wanted``, place by place."""
        inputs = None if self.inputs is None else _renamed(self.inputs, wanted.inputs or ())
        return replace(self, inputs=inputs, outputs=_renamed(self.outputs, wanted.outputs))

    @property
    def least_inputs(self) -> int:
        """How many columns it needs."""
        return sum(not port.is_optional for port in self.inputs or ())

    def takes(self, count: int) -> bool:
        """Whether it can be given so many columns."""
        return self.inputs is None or self.least_inputs <= count <= len(self.inputs)

    def fits(self, wanted: Ports) -> bool:
        """Whether something with these ports can stand wherever ``wanted`` is expected.

        It takes all that is given there, and gives nothing that is not expected.
        """
        is_said = self.rows == wanted.rows or "either" in (self.rows, wanted.rows)
        if len(self.outputs) != len(wanted.outputs) or not is_said:
            return False
        if not all(accepts_all(w.type, o.type) for w, o in zip(wanted.outputs, self.outputs, strict=True)):
            return False
        return self._takes_what(wanted)

    def _takes_what(self, wanted: Ports) -> bool:
        """Whether it takes all that is given where ``wanted`` is expected."""
        if wanted.inputs is None:
            return self.inputs is None and accepts_all(self.each, wanted.each)
        if self.inputs is None:
            return all(accepts_all(self.each, port.type) for port in wanted.inputs)
        if not (self.least_inputs <= wanted.least_inputs and len(wanted.inputs) <= len(self.inputs)):
            return False
        return all(accepts_all(i.type, w.type) for i, w in zip(self.inputs, wanted.inputs, strict=False))


def ports_of_function(fn: Callable[..., Any]) -> Ports:
    """Ports of a function on single items: positional parameters in, the return annotation out.

    One that yields, or says that it returns an iterator, makes rows.
    """
    hints = _annotations(fn)
    returned = hints.get("return", Any)
    inputs = _inputs(fn, lambda name: hints.get(name, Any))
    each = _each(fn, hints)
    if inspect.isgeneratorfunction(fn) or get_origin(returned) in _ITERATORS:
        return Ports(inputs, _outputs(_element(returned)), "many", each)
    return Ports(inputs, _outputs(returned), each=each)


def ports_of_batch(method: Callable[..., Any]) -> Ports:
    """Ports of a ``batch`` method: a sequence of each input in, a sequence of results out, or of iterators of rows."""
    hints = _annotations(method)
    inputs = _inputs(method, lambda name: _element(hints.get(name, Any)))
    result, each = _element(hints.get("return", Any)), _element(_each(method, hints))
    if get_origin(result) in _ITERATORS:
        return Ports(inputs, _outputs(_element(result)), "many", each)
    return Ports(inputs, _outputs(result), each=each)


def gives_one_vector(ports: Ports) -> bool:
    """Whether each item gives one vector, of whatever length."""
    return ports.rows == "one" and len(ports.outputs) == 1 and is_vector(ports.outputs[0].type)


def image_inputs(ports: Ports) -> tuple[int, ...]:
    """The positions of the inputs that are images and nothing else."""
    return tuple(at for at, port in enumerate(ports.inputs or ()) if array_type(port.type) == IMAGE)


def is_vector(kind: Any) -> bool:
    """Whether a type is that of one vector, of whatever length."""
    return array_type(kind) == VECTOR


def is_plain_array(kind: Any) -> bool:
    """Whether a type is numpy's own class of arrays, which says nothing of shape and dtype."""
    plain = get_origin(kind) or kind
    return (getattr(plain, "__module__", ""), getattr(plain, "__name__", "")) == ("numpy", "ndarray")


def unresolved(fn: Callable[..., Any]) -> list[str]:
    """The annotations of a function that name something which its module does not know when it runs."""
    known = _annotations(fn)
    return [f"{name}: {note}" for name, note in getattr(fn, "__annotations__", {}).items() if name not in known]


def is_annotated(fn: Callable[..., Any]) -> bool:
    """Whether a function says anything of its types."""
    return bool(getattr(fn, "__annotations__", None))


def accepts(receiver: Any, giver: Any) -> bool:
    """Whether a port of type ``receiver`` takes values of type ``giver``, of a union at least some.

    Unknown types fit everywhere.
    """
    if _is_any(receiver) or _is_any(giver):
        return True
    if _is_union(giver):
        return any(accepts(receiver, member) for member in get_args(giver))
    if _is_union(receiver):
        return any(accepts(member, giver) for member in get_args(receiver))
    wanted, given = array_type(receiver), array_type(giver)
    if (wanted == IMAGE and given is None and _is_frame(giver)) or (given is not None and is_plain_array(receiver)):
        return True
    if wanted is not None or given is not None:
        return wanted is not None and given is not None and (wanted.name, wanted.dtype) == (given.name, given.dtype)
    return _is_subclass(get_origin(giver) or giver, get_origin(receiver) or receiver)


def accepts_all(receiver: Any, giver: Any) -> bool:
    """Whether a port of type ``receiver`` takes every value of type ``giver``; unknown types fit everywhere."""
    members = get_args(giver) if _is_union(giver) and not _is_any(receiver) else (giver,)
    return all(accepts(receiver, member) for member in members)


def array_type(kind: Any) -> ArrayType | None:
    """What a type says of arrays: an array type itself, or the note in an annotation such as ``Vector``."""
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else (kind,)
    return next((note for note in notes if isinstance(note, ArrayType)), None)


def type_name(kind: Any) -> str:
    """A type as a person would write it."""
    if _is_any(kind):
        return "any"
    if kind is type(None):
        return "None"
    if (array := array_type(kind)) is not None:
        return str(array)
    if _is_union(kind):
        return " | ".join(type_name(member) for member in get_args(kind))
    if get_origin(kind) in (list, collections.abc.Sequence, collections.abc.Iterable) and get_args(kind):
        return f"{get_origin(kind).__name__}[{type_name(get_args(kind)[0])}]"
    return getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind).replace("typing.", "")


def signature_of(fn: Callable[..., Any]) -> inspect.Signature | None:
    """The signature, or ``None`` for callables that have none to show (some built-ins)."""
    try:
        return inspect.signature(fn)
    except (TypeError, ValueError):
        return None


_ROWS = {"one": "", "many": "rows of ", "either": "one, or rows of "}
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_SEQUENCES = (list, tuple, Sequence, Iterable, collections.abc.Sequence, collections.abc.Iterable)
_ITERATORS = (collections.abc.Iterator, collections.abc.Generator)


def _inputs(fn: Callable[..., Any], type_of: Callable[[str], Any]) -> tuple[Port, ...] | None:
    signature = signature_of(fn)
    if signature is None:
        return None
    is_written_in_c = inspect.ismethoddescriptor(fn)  # str.lower is given what its self is
    parameters = [p for p in signature.parameters.values() if p.name != "self" or is_written_in_c]
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return None
    return tuple(Port(p.name, type_of(p.name), p.default is not p.empty) for p in parameters if p.kind in _POSITIONAL)


def _each(fn: Callable[..., Any], hints: dict[str, Any]) -> Any:
    """What ``*columns`` says of each."""
    signature = signature_of(fn)
    kinds = {p.name: p.kind for p in signature.parameters.values()} if signature is not None else {}
    return next((hints.get(name, Any) for name, kind in kinds.items() if kind is inspect.Parameter.VAR_POSITIONAL), Any)


def _renamed(ports: tuple[Port, ...], wanted: tuple[Port, ...]) -> tuple[Port, ...]:
    names = [port.name for port in wanted] + [port.name for port in ports[len(wanted) :]]
    return tuple(replace(port, name=name) for port, name in zip(ports, names, strict=False))


def _outputs(kind: Any) -> tuple[Port, ...]:
    members = get_args(kind)
    if get_origin(kind) is tuple and members and members[-1] is not Ellipsis:
        return tuple(Port(f"out{i}", member) for i, member in enumerate(members))
    return (Port("out", kind),)


def _element(kind: Any) -> Any:
    """``X`` of ``list[X]``; ``Any`` where the annotation says nothing of its elements."""
    members = get_args(kind)
    is_sequence = get_origin(kind) in _SEQUENCES or get_origin(kind) in _ITERATORS
    return members[0] if is_sequence and members else Any


def _annotations(fn: Callable[..., Any]) -> dict[str, Any]:
    """The annotations that can be resolved: each by itself, since one may name what only a type checker imports."""
    found: dict[str, Any] = {}
    names = getattr(fn, "__globals__", None) or getattr(getattr(fn, "__call__", None), "__globals__", {})  # noqa: B004  # for its module
    for name, note in getattr(fn, "__annotations__", {}).items():
        alone = python_types.SimpleNamespace(__annotations__={name: note})
        with contextlib.suppress(Exception):  # whatever evaluating it raises
            found |= typing.get_type_hints(alone, names, include_extras=True)
    return found


def _is_any(kind: Any) -> bool:
    return (
        kind is Any
        or kind is object
        or kind is None
        or kind is inspect.Parameter.empty
        or isinstance(kind, typing.TypeVar)
    )


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (typing.Union, python_types.UnionType)


def _is_frame(kind: Any) -> bool:
    from junco.types.media import VideoFrame  # with numpy, which nobody needs before pictures are spoken of

    return kind is VideoFrame


def _is_subclass(giver: Any, receiver: Any) -> bool:
    if not (isinstance(giver, type) and isinstance(receiver, type)):
        return True
    return issubclass(giver, receiver) or (giver is int and receiver is float)
