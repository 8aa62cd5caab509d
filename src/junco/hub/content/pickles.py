"""Whether bytes are a pickle: its operations are listed, never carried out."""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Iterator

_ENOUGH = 256
"""Operations that are looked at: what does harm may come late, but a text is none before it is one for so long."""
_NAMES = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*")
_TUPLES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_TUPLE"}
_CALLS = {"REDUCE", "NEWOBJ", "NEWOBJ_EX"}


def is_pickle(head: bytes) -> bool:
    """Whether these are the first bytes of a pickle, of whichever protocol.

    Later protocols say so in their first byte. Of the earlier ones, which are text, a file is taken for one where it
    would call something: names a thing, makes its arguments, and calls. What follows may be nonsense: a loader has
    called by then.
    """
    if len(head) > 1 and head[0] == 0x80 and head[1] <= 5:
        return sum(1 for _ in _operations(head, 3)) == 3
    names_one = has_arguments = has_mark = False
    for name, argument in _operations(head, _ENOUGH):
        if name in {"GLOBAL", "INST"} and not _NAMES.fullmatch(str(argument)):
            return False
        if (name in _CALLS and names_one and has_arguments) or (name in {"INST", "OBJ"} and has_mark):
            return True
        names_one |= name in {"GLOBAL", "STACK_GLOBAL"}
        has_arguments |= name in _TUPLES
        has_mark |= name == "MARK"
        if name == "STOP":
            return names_one or has_mark
    return False


def _operations(data: bytes, most: int) -> Iterator[tuple[str, object]]:
    """The first operations, as far as there are any."""
    try:
        for number, (operation, argument, _) in enumerate(pickletools.genops(io.BytesIO(data))):
            if number >= most:
                return
            yield operation.name, argument
    except (ValueError, IndexError, OverflowError, KeyError, DeprecationWarning):
        return
