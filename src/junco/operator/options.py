"""Declared options: the annotated attributes of an operator's class are its constructor's parameters.

An option is declared once, with its type, its default and (in the class's docstring, under ``Args:``) its sentence::

    class Blur(Operator, family="image-filter", name="blur"):
        '''Blurs pictures.

Args:
            radius: in pixels.
            mode: what lies beyond the edge.
        '''

        radius: float = option(2.0, least=0)
        mode: Literal["mirror", "zero"] = "mirror"

What derives from it inherits both, may declare more, and may give an inherited one another default. Values are checked
when the operator is made. A constructor that is written by hand wins: then annotations are no options.

`Operator` uses this file: its ``__init__`` is `constructor`; ``__init_subclass__`` calls `declare`; ``parameters()`` is
`parameters_of`, and ``neutral_parameters()`` has `neutral_of` in it.
"""

from __future__ import annotations

import inspect
import re
import sys
import typing
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, ClassVar

from junco.errors import ContractError, ParameterError
from junco.operator import option_docs
from junco.operator.option_values import Check, checked
from junco.operator.parameters import bind

REQUIRED = inspect.Parameter.empty
"""The default of an option that has none."""
_STANDS_FOR = "${"
"""How a value begins that is a pipeline's parameter."""
INHERITED: Any = object()
"""What is not said of an option: as the parent class has it, else nothing."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an operator.

    Attributes:
        name: as it is given.
        type: of its values; ``Any`` where the annotation names something that is not known when the class is made.
        annotation: as it stands in the class.
        default: `REQUIRED` where it has to be given.
        least, most: bounds of numbers.
        neutral: it changes where or how fast the operator runs, never what comes out.
        in_space: it is part of what a model's numbers mean; not so, where it chooses among them, is told in another
            way, or changes them within what is promised.
        check: a function of a value and the operator's name, which gives the value back or raises `ParameterError`.
    """

    name: str
    type: Any
    annotation: Any
    default: Any = REQUIRED
    least: float | None = None
    most: float | None = None
    neutral: bool = False
    in_space: bool = True
    check: Check | None = None

    def checked(self, value: Any, owner: str) -> Any:
        """The value as the operator gets it: whole numbers become floats where these are asked for, lists tuples.

        Raises:
            ParameterError: it is of another type, or out of bounds.
        """
        if self.check is not None:
            return self.check(value, owner)
        return checked(value, self.type, self.name, owner, (self.least, self.most))

    @property
    def parameter(self) -> inspect.Parameter:
        """It as a parameter of the constructor."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Parameter(self.name, kind, default=self.default, annotation=self.shown_type)

    @property
    def shown_type(self) -> str:
        """The type as a person would write it, with the values that it names."""
        if self.type is Any:
            return str(self.annotation)
        plain = re.sub(r"\b(typing|pathlib|collections\.abc)\.", "", inspect.formatannotation(self.type))
        return re.sub(r"^Optional\[(.*)\]$", r"\1 | None", plain)


@dataclass(frozen=True, slots=True)
class _Declared:
    """What `option` leaves in a class's body."""

    default: Any
    more: Mapping[str, Any]


def option(
    default: Any = REQUIRED,
    *,
    least: float | None = INHERITED,
    most: float | None = INHERITED,
    neutral: bool = INHERITED,
    in_space: bool = INHERITED,
    check: Check | None = INHERITED,
) -> Any:
    """Say more of an option than its type and its default.

    In a class: ``side: int = option(224, least=32)``. What is not said stays as the parent class has it.

    Args:
        default: left out, the option has to be given.
        least: the smallest number that it may be.
        most: the largest.
        neutral: it changes where or how fast the operator runs, never what comes out.
        in_space: it is part of what a model's numbers mean; not so, where it chooses among them, is told in another
            way, or changes them within what is promised.
        check: a function of a value and the operator's name, instead of the type's own check; it gives the value back
            or raises `ParameterError`.
    """
    more = {"least": least, "most": most, "neutral": neutral, "in_space": in_space, "check": check}
    return _Declared(default, {name: value for name, value in more.items() if value is not INHERITED})


_own: weakref.WeakKeyDictionary[type, dict[str, Option]] = weakref.WeakKeyDictionary()
"""By class, what it declares itself."""


def constructor(self: Any, *args: Any, **kwargs: Any) -> None:
    """Take the options that the class declares."""
    assign(self, args, kwargs)


def declare(cls: type) -> None:
    """Read the options in the body of a new class, and complete its docstring by those that it inherits.

    Raises:
        ContractError: an option whose default can be changed in place or does not fit its type, that is declared again
            with another type, or whose name the base class needs.
    """
    if not is_declared(cls):
        return
    inherited = options_of(cls)
    own = {each.name: each for each in _declarations(cls, inherited)}
    _own[cls] = own
    for each in own.values():
        if each.default is not REQUIRED:
            setattr(cls, each.name, each.default)
        elif each.name in vars(cls):
            delattr(cls, each.name)
    option_docs.complete(cls, [*options_of(cls)])


def options_of(cls: type) -> dict[str, Option]:
    """All options of a class by name: those without a default first, the most derived class's own before inherited."""
    found: dict[str, Option] = {}
    places: dict[str, int] = {}  # another default alone does not move an option
    for each in cls.__mro__:
        annotations = inspect.get_annotations(each) if each in _own else {}
        for name, declared in _own.get(each, {}).items():
            found.setdefault(name, declared)
            if name in annotations:
                places.setdefault(name, len(places))
    return dict(sorted(found.items(), key=lambda item: (item[1].default is not REQUIRED, places[item[0]])))


def parameters_of(cls: type) -> dict[str, inspect.Parameter]:
    """The parameters of a class's constructor, if that is `constructor`."""
    return {name: each.parameter for name, each in options_of(cls).items()}


def neutral_of(cls: type) -> frozenset[str]:
    """The options that change where or how fast the operator runs, never what comes out."""
    return frozenset(name for name, each in options_of(cls).items() if each.neutral)


def outside_space(cls: type) -> frozenset[str]:
    """The options that are no part of what a model's numbers mean."""
    return frozenset(name for name, each in options_of(cls).items() if not each.in_space)


def assign(self: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Check values for the options of ``self``, set them as its attributes, and let it check what types cannot say.

    Raises:
        ParameterError: an unknown name (with those near to it), a value missing, of another type or out of bounds.
    """
    options, owner = options_of(type(self)), self.name
    # what a class without a constructor by hand was called with is bound already
    given = self.spec.params if is_declared(type(self)) else bind(parameters_of(type(self)), args, kwargs, owner)
    for name, each in options.items():
        setattr(self, name, each.checked(given.get(name, each.default), owner))
    self.check_options()


def check_given(cls: Any, params: Mapping[str, Any]) -> None:
    """Check the values that an operator is to be made with, before it is.

    What is to be put in place later, as a pipeline's parameter, is left to that moment; so is what values mean to each
    other where some are, or come from the step.

    Raises:
        ParameterError: a value of another type, out of bounds, or that does not fit the others.
    """
    if not is_declared(cls):
        return
    options = options_of(cls)
    known = {name: value for name, value in params.items() if _STANDS_FOR not in repr(value)}
    for name, value in known.items():
        options[name].checked(value, cls.name)
    if len(known) == len(params) and not cls.from_step:
        cls(**params)


def is_declared(cls: Any) -> bool:
    """Whether annotations are options: no constructor was written by hand."""
    return cls.__init__ is constructor


def _declarations(cls: type, inherited: Mapping[str, Option]) -> Iterator[Option]:
    body = vars(cls)
    annotations = {name: note for name, note in inspect.get_annotations(cls).items() if _is_option(cls, name, note)}
    for name, annotation in annotations.items():
        yield _declaration(cls, name, annotation, body.get(name, REQUIRED), inherited)
    for name in inherited.keys() & body.keys() - annotations.keys():  # another default alone
        yield _declaration(cls, name, inherited[name].annotation, body[name], inherited)


def _declaration(cls: Any, name: str, annotation: Any, value: Any, inherited: Mapping[str, Option]) -> Option:
    _check_free(cls, name)
    before = inherited.get(name)
    kind = before.type if before is not None and annotation is before.annotation else _resolved(cls, annotation)
    made = Option(name, kind, annotation)
    if before is not None:
        if kind != before.type:
            raise ContractError(
                f"{cls.__qualname__}: the option {name!r} is declared as {made.shown_type}, but the class that it "
                f"derives from has it as {before.shown_type}; give it another default only, or another name"
            )
        made = before
    if isinstance(value, _Declared):
        made = replace(made, **value.more)
        value = value.default
    return _with_default(cls, made, value)


def _with_default(cls: Any, made: Option, default: Any) -> Option:
    where = f"{cls.__qualname__}: the option {made.name!r}"
    if default is REQUIRED:
        return replace(made, default=REQUIRED)
    if (changeable := _changeable_in(default)) is not None:
        kind = type(changeable).__name__
        cure = "a tuple" if isinstance(changeable, list) else "None, and make it in open()"
        what = f"a {kind} as its default" if changeable is default else f"a default that holds a {kind}"
        raise ContractError(f"{where} has {what}, which all operators would share: take {cure}")
    try:
        made.checked(default, cls.__qualname__)
    except ParameterError as error:
        raise ContractError(f"{where} has a default that does not fit its type: {error}") from None
    return replace(made, default=default)


def _changeable_in(value: Any) -> Any:
    """What can be changed in place, of a value or of what it holds; ``None`` where nothing can."""
    if isinstance(value, tuple):
        return next((found for each in value if (found := _changeable_in(each)) is not None), None)
    return value if type(value).__hash__ is None else None


def _is_option(cls: type, name: str, annotation: Any) -> bool:
    is_shared = _is_class_var(annotation) or any(
        _is_class_var(inspect.get_annotations(base).get(name)) for base in cls.__mro__[1:]
    )
    return not name.startswith("_") and not is_shared


def _is_class_var(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.removeprefix("typing.").startswith("ClassVar")
    return annotation is ClassVar or typing.get_origin(annotation) is ClassVar


def _check_free(cls: type, name: str) -> None:
    """Refuse names that mean something else to every operator: methods, properties, what the base class keeps."""
    if name == "self":
        raise ContractError(f"{cls.__qualname__}: 'self' cannot be an option, as it is the operator itself")
    for base in cls.__mro__:
        is_kept = base is not cls and name in inspect.get_annotations(base) and base not in _own
        member = vars(base).get(name)
        if is_kept or isinstance(member, (classmethod, staticmethod, property)) or inspect.isfunction(member):
            raise ContractError(
                f"{cls.__qualname__}: {name!r} cannot be an option, as {base.__qualname__} has something of that name"
            )


def _resolved(cls: Any, annotation: Any) -> Any:
    """The type that an annotation names; ``Any`` where it names something that only a type checker imports."""
    if not isinstance(annotation, str):
        return annotation
    names = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    holder = SimpleNamespace(__annotations__={"option": annotation})
    try:
        return typing.get_type_hints(holder, {**names}, dict(vars(cls)), include_extras=True)["option"]
    except Exception:  # whatever an expression that was never meant to run may raise
        return Any
