"""Conformance: a member of a family run on the family's cases, which say what each member has to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import ContractError, JuncoError
from junco.hub.artefact.check import Checked, check
from junco.hub.artefact.tree import files_of
from junco.hub.client.pulling import pull
from junco.hub.trust.golden import as_items, check_golden, difference, own_file
from junco.hub.trust.loading import own_class
from junco.operator.base import Operator
from junco.operator.hub_names import is_hub_name
from junco.settings import user_path
from junco.wording import and_listed, brief, picture

_SAME = 1e-4
"""How far the results of two equal inputs may lie apart."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A family as a folder: what its members take and give, and its cases.

    Attributes:
        folder: where it lies.
        told: its manifest, with which nothing is wrong.
    """

    folder: Path
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Of the family."""
        return str(self.told["name"])


def contract_of(family: str) -> Contract:
    """A family's contract.

    Args:
        family: its folder, or ``namespace/name[@version]`` on a hub, which is pulled.

    Raises:
        ContractError: it is no family, or something is wrong with it.
    """
    on_hub = is_hub_name(family) and not user_path(family).is_dir()
    checked = check(pull(family) if on_hub else family, card=False)
    checked.refuse()
    if checked.kind != "family":
        raise ContractError(f"{family} is a {checked.kind}, and no family")
    return Contract(checked.folder, checked.told)


def operator_in(folder: Path, checked: Checked) -> Operator:
    """The operator of a folder of one's own, with code or tuned. Its owner asks, so that its code runs.

    Its golden vectors are compared, where it has some.

    Raises:
        ContractError: it is not what its manifest says, or makes something else than its golden vectors.
    """
    if checked.kind == "tuned-operator":
        return Operator.load(folder)
    operator = own_class(folder, checked, files_of(folder))
    check_golden(str(checked.told["name"]), operator, folder, checked.told)
    return operator()


def problems_of_operator(made: Operator, told: Mapping[str, Any], contract: Contract) -> list[str]:
    """What an operator does not do that its family asks for.

    Args:
        made: the operator.
        told: its manifest.
        contract: of the family.
    """
    found = [*_of_kind("operator", contract), *_of_ports(told, contract)]
    asked = set(contract.told.get("parameters") or ()) - set(type(made).parameters())
    found += [f"it has no parameter {name!r}, which all of {contract.name} have" for name in sorted(asked)]
    made.fetch()
    made.ensure_open()
    try:
        run = lambda value: made(*as_items(type(made), value, contract.folder))  # noqa: E731  # a call with its folder
        return [*found, *_of_cases(run, contract)]
    finally:
        made.ensure_closed()


def problems_of_pipeline(run: Callable[[Any], Any], contract: Contract) -> list[str]:
    """The same of a pipeline.

    Args:
        run: gives what it makes of one input.
        contract: of the family.
    """

    def on_file(value: Any) -> Any:
        is_file = isinstance(value, str) and (contract.folder / value).is_file()
        return run(str(own_file(contract.folder, value)) if is_file else value)

    return [*_of_kind("pipeline", contract), *_of_cases(on_file, contract)]


def _of_kind(kind: str, contract: Contract) -> Iterator[str]:
    if contract.told["of"] != kind:
        yield f"it is a {kind}, and {contract.name} is a family of {contract.told['of']}s"


def _of_ports(told: Mapping[str, Any], contract: Contract) -> Iterator[str]:
    for side in ("inputs", "outputs"):
        mine, theirs = told.get(side), contract.told.get(side)
        if mine and theirs and list(mine) != list(theirs):
            yield f"its {side} are {and_listed(list(mine))}, and those of {contract.name} {and_listed(list(theirs))}"


def _of_cases(run: Callable[[Any], Any], contract: Contract) -> Iterator[str]:
    for case in contract.told["cases"]:
        try:
            found = run(case["input"])
            why = _why(case, found, run)
        except (JuncoError, ValueError, TypeError) as error:
            why = f"it fails: {brief(error)}"
        if why:
            yield f"case {picture(case['name'])}: {why}"


def _why(case: Mapping[str, Any], found: Any, run: Callable[[Any], Any]) -> str:
    """What is wrong with the result of a case; empty where nothing is."""
    import numpy as np

    if "dim" in case and np.shape(found) != (case["dim"],):
        return f"numbers of the shape {np.shape(found)}, and not {case['dim']}"
    if case.get("finite") and not np.isfinite(np.asarray(found, np.float64)).all():
        return "numbers that are not finite"
    if "same_as" in case and difference(found, _plain(run(case["same_as"])), _SAME):
        return f"another result than of {picture(case['same_as'])}"
    if "unlike" in case and not difference(found, _plain(run(case["unlike"])), _SAME):
        return f"the same result as of {picture(case['unlike'])}"
    return ""


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
