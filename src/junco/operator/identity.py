"""`identity_of`: what an operator or a callable *is*, so that two are told apart by what they compute, not by names.

An operator is its class, the package's version or (where no installed package holds it) its code, the content of its
files, and those parameters that change what comes out. A function is its code, with defaults, bound arguments, and what
it reads: globals, closure variables, and what lies in modules that no installed package holds. What it writes itself
is state, a counter or a cache, and does not count. What can be neither told nor left out is in ``unknown``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.operator.base import Operator
from junco.operator.describe import Describer
from junco.operator.spec import OperatorSpec
from junco.places.files import file_sha256


@dataclass(frozen=True)
class Identity:
    """What something that stands in a step computes.

    Attributes:
        parts: plain values by name, from which two are told apart.
        unknown: what could not be identified, in words; then nobody can say that two are the same.
    """

    parts: Mapping[str, Any]
    unknown: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether all of it is identified."""
        return not self.unknown

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over the parts."""
        return hashlib.sha256(canonical(self.parts).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(parts: Mapping[str, Any]) -> str:
    """Plain values as one text, the same for the same values."""
    return json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)


def identity_of(
    fn: OperatorSpec | Operator | Callable[..., Any], content: Callable[[Path], Any] = file_sha256
) -> Identity:
    """The identity of an operator or of a Python callable. An operator's files must be there: call `fetch` before.

    ``content`` says what lies in a file; something quicker than to read it does where a mistake does no harm.
    """
    made = fn.create() if isinstance(fn, OperatorSpec) else fn
    before = Describer(content)
    parts = before.described(made)
    if not before.written:
        return Identity(parts, tuple(before.unknown))
    after = Describer(content, before.written)  # now that it is known what is state
    return Identity(after.described(made), tuple(after.unknown))
