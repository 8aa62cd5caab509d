"""`Written`: where a step stands in a file, so that what is found out later is still said by file, line and column.

`placed` is the one way in which an error gets its place: whoever looks at a step does so within it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from junco.errors import ContractError, GraphError, JuncoError, UnknownNameError, YamlContractError, YamlError

Position = tuple[int, int]
"""Line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Written:
    """The places of a step, or of a pipeline's own keys, in a file.

    Attributes:
        file: as messages name it.
        start: of a step where the name of its operator stands, of a pipeline where it begins.
        keys: where each parameter's name stands; empty for a pipeline.
        values: where each parameter's value stands, of those that are the file's own: what stands for a parameter of
            the pipeline (``${name}``) was chosen by whoever opened it. Of a pipeline, where its own keys' values stand.
    """

    file: str
    start: Position
    keys: Mapping[str, Position] = field(default_factory=dict)
    values: Mapping[str, Position] = field(default_factory=dict)

    def at(self, key: str) -> Written:
        """The place of one of a pipeline's own keys, ``outputs``."""
        return Written(self.file, self.values.get(key, self.start))

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
                return self._error(error, position)
        named = [name for name in params if re.search(rf"\b{re.escape(name)}\b", text)]
        if named and not any(name in self.values for name in named):
            return error
        return self._error(error, next((self.values[n] for n in named if n in self.values), self.start))

    def said(self, text: str) -> str:
        """Something to be said of it that is no error, with its place."""
        line, column = self.start
        return f"{self.file}:{line}:{column}: {text}"

    def _error(self, error: JuncoError, position: Position) -> YamlError:
        kind = YamlContractError if isinstance(error, ContractError) else YamlError
        return kind(str(error), self.file, *position)


@contextmanager
def placed(written: Written | None, params: Mapping[str, object] | None = None) -> Iterator[None]:
    """Say of whatever is found wrong within where it stands in its file; nothing is changed where there is no file.

    Args:
        written: the place of what is looked at.
        params: of the step's operator, where these are looked at: those that a caller gave are not the file's fault.

    Raises:
        YamlError: in place of a `GraphError`, a `ContractError` or an `UnknownNameError`.
    """
    try:
        yield
    except (GraphError, ContractError, UnknownNameError) as error:
        located = error if written is None else written.located(error, params or {})
        if located is error:
            raise
        raise located from error
