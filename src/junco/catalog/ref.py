"""Refs: the shape of a name alone says where a pipeline lives; nothing is tried in turn.

==================================================  =================================================
a `Path`; text that begins with ``.``, ``/`` or     a file
``~`` or ends in ``.yaml`` or ``.yml``
text with a slash                                   on a hub, ``namespace/name[@version]``
any other text                                      an installed pipeline or a pipeline family
==================================================  =================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from junco.errors import ParameterError, UnknownNameError
from junco.operator.hub_names import HUB_NAME
from junco.settings import user_path
from junco.wording import picture

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class BareName:
    """An installed pipeline, or a family."""

    name: str


@dataclass(frozen=True, slots=True)
class HubName:
    """A pipeline on a hub; no version means the newest."""

    namespace: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" + (f"@{self.version}" if self.version else "")


Ref = BareName | HubName | Path


def parse_ref(ref: str | Path) -> Ref:
    """Tell by its shape what a name names.

    Raises:
        ParameterError: not a text or a path, or empty.
        UnknownNameError: a text with a slash that is neither a path nor ``namespace/name[@version]``.
    """
    if isinstance(ref, Path):
        return user_path(ref)
    if not isinstance(ref, str) or not ref.strip():
        raise ParameterError(f"a pipeline is called by its name, the path of a file or a graph, not by {picture(ref)}")
    if ref.startswith((".", "/", "~")) or ref.lower().endswith(_SUFFIXES) or Path(ref).is_absolute():
        return user_path(ref)
    if "/" not in ref:
        return BareName(ref)
    if (match := HUB_NAME.fullmatch(ref)) is None:
        cure = f"For a file write {f'./{ref}'!r}; a name on a hub is namespace/name[@version]."
        raise UnknownNameError("pipeline", ref, hint=cure)
    return HubName(**match.groupdict())
