"""Fields of a column's values by type: what ``chunk.text`` holds where ``chunk`` holds a ``Chunk``."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from inspect import getattr_static
from typing import Annotated, Any, get_args, get_origin

from junco.errors import ContractError
from junco.graph.flow import Slot
from junco.operator.ports import array_type, type_name
from junco.wording import did_you_mean, nearest

_METHODS = (types.FunctionType, types.MethodDescriptorType, types.ClassMethodDescriptorType, classmethod, staticmethod)


def type_of_field(kind: Any, slot: Slot, where: str) -> Any:
    """The type of a slot whose column holds ``kind``; ``Any`` where nobody says.

    Raises:
        ContractError: the values of that type have no such field; with the nearest.
    """
    name = slot.column
    for field in slot.fields:
        kind = _in_union(kind, field, name, where)
        name = f"{name}.{field}"
    return kind


def _in_union(kind: Any, field: str, column: str, where: str) -> Any:
    """The field's type where a value may be of several types, or ``None``, which stays ``None``."""
    members = [m for m in get_args(kind) if m is not type(None)] if _is_union(kind) else [kind]
    found = [_type_in(member, field) for member in members]
    if found and all(one is _NOTHING for one in found):
        known = sorted({name for member in members for name in _names(member)})
        near = did_you_mean(f"{column}.{name}" for name in nearest(field, known, 1))
        listed = f" Its fields: {', '.join(known)}." if known else " It has no fields."
        raise ContractError(
            f"{where} reads {f'{column}.{field}'!r}, and the column {column!r} holds {type_name(kind)}, "
            f"which has no field {field!r}.{near}{listed}"
        )
    types_found = [one for one in found if one is not _NOTHING]
    return types_found[0] if len(types_found) == 1 else Any


_NOTHING = object()


def _type_in(kind: Any, field: str) -> Any:
    """The type of a class's field: ``Any`` where it may have one, `_NOTHING` where it has none."""
    owner = _class_of(kind)
    if owner is None:
        return Any
    hints = _hints(owner)
    if field in hints:
        return hints[field]
    static = getattr_static(owner, field, _NOTHING)
    if static is _NOTHING:
        return Any if _may_have_more(owner) else _NOTHING
    if isinstance(static, _METHODS):
        return _NOTHING
    if isinstance(static, property) and static.fget is not None:
        return _hints(static.fget).get("return", Any)
    return Any


def _class_of(kind: Any) -> type | None:
    if array_type(kind) is not None:
        return _array_class()
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    kind = get_origin(kind) or kind
    return kind if isinstance(kind, type) and kind is not object else None


def _array_class() -> type:
    import numpy as np  # only for those who read a field of an array

    return np.ndarray


def _may_have_more(owner: type) -> bool:
    """Whether values of a class may have attributes that it does not name: set in a constructor, or made up."""
    if is_dataclass(owner) or hasattr(owner, "_fields"):
        return False
    if hasattr(owner, "__getattr__") or isinstance(owner.__getattribute__, types.FunctionType):
        return True
    return owner.__dictoffset__ != 0 and not _hints(owner)


def _names(kind: Any) -> Iterator[str]:
    owner = _class_of(kind)
    if owner is None:
        return
    if is_dataclass(owner):
        yield from (field.name for field in dataclass_fields(owner))
    for name in (*_hints(owner), *dir(owner)):
        if not name.startswith("_") and not isinstance(getattr_static(owner, name, None), _METHODS):
            yield name


def _hints(owner: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception:  # an annotation that names something only a type checker imports says nothing to us
        return {name: Any for one in reversed(getattr(owner, "__mro__", (owner,))) for name in _own_hints(one)}


def _own_hints(owner: Any) -> dict[str, Any]:
    return dict(getattr(owner, "__annotations__", None) or {})


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (typing.Union, types.UnionType)
