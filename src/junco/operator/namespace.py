"""``ops``: every known operator as an attribute, ``ops.image_embedding.timm("resnet50")``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from junco.errors import NoHubError, UnknownNameError
from junco.operator import registry
from junco.operator.hub_names import hub_operator, is_hub_name
from junco.operator.options import check_given
from junco.operator.ports import Ports
from junco.operator.spec import OperatorSpec
from junco.operator.tunable import OPTION, check_not_tuned, is_folder_name
from junco.wording import printable


@dataclass(frozen=True, slots=True, repr=False)
class OperatorFactory:
    """An operator's name, waiting for its parameters."""

    name: str
    tuned: str = ""
    """The folder that it was tuned in, where it was named by that."""
    operator: registry.Defined | None = None
    """The class, where it is one of a hub, which no name here leads to."""

    def _load(self) -> registry.Defined:
        return self.operator if self.operator is not None else registry.load(self.name)

    def __call__(self, *args: Any, **params: Any) -> OperatorSpec:
        """The spec with these parameters, checked as the operator checks them when it is made; nothing is loaded."""
        params = {OPTION: self.tuned, **params} if self.tuned else params
        spec = OperatorSpec.bind(self._load(), args, params)
        check_given(spec.load(), spec.params)
        return spec

    def __repr__(self) -> str:
        return f"<operator {self.name}: call it with its parameters>"

    @property
    def ports(self) -> Ports:
        """What goes in and what comes out."""
        ports: Ports = self._load().ports()
        return ports

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._load().__doc__

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.Signature(list(self._load().parameters().values()))


@dataclass(frozen=True, slots=True, repr=False)
class OperatorFamily:
    """A family of operators: call it for its default member, or name a member as an attribute."""

    name: str

    def __call__(self, *args: Any, **params: Any) -> OperatorSpec:
        """The spec of the family's default member."""
        return OperatorFactory(default_member(self.name))(*args, **params)

    def __getattr__(self, member: str) -> OperatorFactory:
        if member.startswith("__"):
            raise AttributeError(member)
        wanted = f"{self.name}.{_hyphens(member)}"
        return OperatorFactory(_found(wanted, list(self)))

    def __iter__(self) -> Iterator[str]:
        """Full names of its members, in order."""
        return iter(sorted(name for name in registry.names() if name.startswith(f"{self.name}.")))

    def __dir__(self) -> list[str]:
        return [_underscores(name.partition(".")[2]) for name in self]

    def __repr__(self) -> str:
        members = ", ".join(name.partition(".")[2] for name in self)
        return printable(f"<operator family {self.name}: {members}>")


def _on_hub(name: str) -> Path | type[Any]:
    """An operator on a hub; a folder that lies here is told, as it is named otherwise."""
    try:
        return hub_operator(name)
    except NoHubError as error:
        if not Path(name).is_dir():
            raise
        raise NoHubError(
            f"{name!r} is a name on a hub and {error} If you mean the folder here, write {f'./{name}'!r}"
        ) from error


class Ops:
    """All operators: ``ops.family.member(...)``, ``ops.family(...)``, or ``ops["family.member"](...)``.

    A tuned one is named by its folder, ``ops["./textile-lite0"]()``; one on a hub by its name there,
    ``ops["alice/textile-lite0@1.0.0"]()``, which runs code of it only where that was allowed (``junco hub trust``).
    """

    def __getattr__(self, family: str) -> OperatorFamily:
        if family.startswith("__"):
            raise AttributeError(family)
        return OperatorFamily(_found(_hyphens(family), _family_names()))

    def __getitem__(self, name: str) -> OperatorFactory:
        if is_hub_name(name):
            found_there = _on_hub(name)
            if not isinstance(found_there, Path):
                return OperatorFactory(str(found_there.name), operator=found_there)
            name = str(found_there)
        if is_folder_name(name):
            from junco.operator.tuned_folder import read_folder

            found = read_folder(name)
            of = self[found.operator] if is_hub_name(found.operator) else OperatorFactory(resolve(found.operator))
            check_not_tuned(found.operator, of.tuned)
            return replace(of, tuned=str(found.folder.absolute()))
        return OperatorFactory(resolve(name))

    def __iter__(self) -> Iterator[str]:
        """Full names, in order."""
        return iter(sorted(registry.names()))

    def __len__(self) -> int:
        return len(registry.names())

    def _ipython_key_completions_(self) -> list[str]:
        return [*self]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in registry.names() or name in _family_names())

    def __dir__(self) -> list[str]:
        return [_underscores(name) for name in _family_names()]

    def __repr__(self) -> str:
        return f"<ops: {len(registry.names())} operators in {len(_family_names())} families>"


ops = Ops()


def resolve(name: str) -> str:
    """The full name of an operator: a family's name stands for its default member.

    Raises:
        UnknownNameError: with the nearest names.
    """
    if "." not in name and name in registry.families("operator"):  # before an operator that calls itself so
        return default_member(name)
    if name in registry.names():
        return name
    if name in _family_names():
        return default_member(name)
    registry.say_left_out()
    raise UnknownNameError("operator", name, [*registry.names(), *_family_names()], registry.HOW_TO_FIND)


def default_member(family: str) -> str:
    """The member that stands for a family: the one its contract names, or its only one."""
    contract = registry.families("operator").get(family)
    if contract is not None:
        return contract.default
    members = [name for name in registry.names() if name.startswith(f"{family}.")]
    if len(members) == 1:
        return members[0]
    raise UnknownNameError("default operator for the family", family, members, f"Name one of: {', '.join(members)}.")


def _family_names() -> list[str]:
    return sorted({name.partition(".")[0] for name in registry.names()} | set(registry.families("operator")))


def _found(name: str, known: list[str]) -> str:
    """``name`` as it is registered: Python writes ``_`` where names may have ``-``."""
    matches = [k for k in known if _hyphens(k) == name]
    if not matches:
        # AttributeError too, so that hasattr() and completion behave
        raise UnknownOperatorError("operator", name, known, registry.HOW_TO_FIND)
    return matches[0]


class UnknownOperatorError(UnknownNameError, AttributeError):  # type: ignore[misc]  # both say what `name` was
    """``ops`` has no such operator; an ``AttributeError`` too, as for every attribute that is not there."""


def _hyphens(name: str) -> str:
    return name.replace("_", "-")


def _underscores(name: str) -> str:
    return name.replace("-", "_")
