"""`Written`: where a step stands in a file, so that what is found out later is still said by file, line and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from junco.errors import JuncoError, YamlError

Position = tuple[int, int]
"""Line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Written:
    """A step's places in a file.

    Attributes:
        file: as messages name it.
        step: where the name of its operator stands.
        keys: where each parameter's name stands.
        values: where each parameter's value stands, of those that are the file's own: what stands for a parameter of
            the pipeline (``${name}``) was chosen by whoever opened it.
    """

    file: str
    step: Position
    keys: Mapping[str, Position] = field(default_factory=dict)
    values: Mapping[str, Position] = field(default_factory=dict)

    def located(self, error: JuncoError, params: Mapping[str, object]) -> JuncoError:
        """The error with its place, if it is the file's fault.

        Args:
            error: of which the message names a parameter, ``parameter 'size'`` or ``size=…``, or none.
            params: all that were given.
        """
        if isinstance(error, YamlError):
            return error
        text = str(error)
        for name, position in self.keys.items():
            if f"parameter {name!r}" in text:
                return YamlError(text, self.file, *position)
        named = [name for name in params if re.search(rf"\b{re.escape(name)}\b", text)]
        if named and not any(name in self.values for name in named):
            return error
        return YamlError(text, self.file, *next((self.values[n] for n in named if n in self.values), self.step))
