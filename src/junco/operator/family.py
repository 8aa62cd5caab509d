"""Families: one checked interface for all operators, or all pipelines, that do one job."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from junco.errors import ContractError
from junco.operator.ports import Ports
from junco.types.array_type import MAP


@dataclass(frozen=True, slots=True)
class Family:
    """A contract: whoever joins takes these inputs, gives these outputs and has these parameters.

    Attributes:
        name: as users write it, ``image-embedding``.
        kind: a family of operators or of pipelines; the two may share a name.
        ports: what goes in and what comes out, with types and shapes.
        default: full name of the member that stands for the family.
        description: one line for ``junco families``.
        parameters: names that every member must accept.
        also: other ports that a member may have instead, or beside: pools of vectors in the family of what is done to a
            vector. Members with the same stand for each other.
    """

    name: str
    kind: Literal["operator", "pipeline"]
    ports: Ports
    default: str
    description: str
    parameters: tuple[str, ...] = ()
    also: tuple[Ports, ...] = ()

    @property
    def contracts(self) -> tuple[Ports, ...]:
        """The ports of which each member keeps one or more."""
        return (self.ports, *self.also)

    @property
    def interface(self) -> str:
        """Its ports as people read them."""
        return "; or ".join(map(str, self.contracts))

    def of_as_many(self, ports: Ports) -> Ports | None:
        """The first contract of as many inputs: what is meant by an operator whose annotations say nothing."""
        for contract in self.contracts:
            if ports.inputs is None or contract.inputs is None or len(ports.inputs) == len(contract.inputs):
                return contract
        return None

    def kept_by(self, ports: Ports) -> list[Ports]:
        """The contracts that something with these ports keeps."""
        return [contract for contract in self.contracts if ports.fits(contract)]

    def check(self, member: str, ports: Ports, parameters: Collection[str]) -> None:
        """Refuse a member that breaks the contract.

        Raises:
            ContractError: with both signatures in its message.
        """
        if not self.kept_by(ports):
            gives_maps = any(port.type == MAP for port in ports.outputs)
            hint = "; for feature maps (pool='none') write a pipeline of your own, of no family" if gives_maps else ""
            raise ContractError(
                f"{member!r} cannot join the {self.kind} family {self.name!r}: "
                f"the family has {self.interface}, {member!r} has {ports}{hint}"
            )
        if missing := [name for name in self.parameters if name not in parameters]:
            raise ContractError(
                f"{member!r} cannot join the {self.kind} family {self.name!r}: it lacks the parameter "
                f"{', '.join(map(repr, missing))}; the family asks for ({', '.join(self.parameters)})"
            )
