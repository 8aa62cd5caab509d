"""The parameters of an operator that stands for the one in a tuned folder, and those that the folder keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junco.errors import ContractError
from junco.neural.model import NeuralModel
from junco.neural.tuned import Tuned, read_tuned
from junco.operator.base import Operator
from junco.operator.options import outside_space
from junco.operator.tunable import OPTION
from junco.settings import user_path
from junco.wording import and_listed, picture


def tuned_params(cls: type[Operator], folder: str | Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an operator that stands for the one in a tuned folder: those given, the others the folder's.

    Raises:
        ContractError: the folder is of another operator, or of another model of this one.
        UnavailableError: there is no such folder.
        IntegrityError: what lies there is no tuned operator.
    """
    tuned = read_tuned(folder, cls.name)
    told, known = tuned.told, cls.parameters()
    if told.operator != cls.name:
        raise ContractError(f"{cls.name!r}: tuned={str(folder)!r} holds a {told.operator}: Operator.load(…) opens it")
    if strange := [name for name in told.params if name not in known]:
        raise ContractError(
            f"{cls.name!r}: tuned={str(folder)!r} was trained with {strange[0]}=, which it does not take"
        )
    inherited = NeuralModel.parameters().keys() | cls.neutral_parameters() | outside_space(cls)
    wanted = {name: value for name, value in told.params.items() if name not in inherited}
    if told.head is not None:  # it belongs to the place where its vectors were taken
        wanted |= {name: told.params.get(name, known[name].default) for name in ("layer", "pool")}
    check_agrees(tuned, given, wanted)
    return {**told.params, **given}


def kept_params(operator: Operator) -> dict[str, Any]:
    """The parameters of an operator that a tuned folder keeps, as JSON can hold them; paths are absolute."""
    passed = operator.neutral_parameters() | {OPTION}
    return {name: _portable(value) for name, value in operator.spec.params.items() if name not in passed}


def _portable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _portable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_portable(each) for each in value]
    if isinstance(value, Path) or (isinstance(value, str) and value.startswith(("./", "../", "~"))):
        return str(user_path(value).absolute())
    return value


def check_agrees(tuned: Tuned, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse parameters that are not those with which the operator was trained; where files lie may differ.

    Args:
        tuned: the weights.
        given: the operator's parameters, as far as they were given.
        wanted: what some have to be.

    Raises:
        ContractError: with each that is another.
    """
    wrong = [
        f"{name}={picture(given[name])}, and the folder {picture(value)}"
        for name, value in wanted.items()
        if name in given and _plain(given[name]) != _plain(value) and not _is_place(given[name])
    ]
    if wrong:
        raise ContractError(
            f"{tuned.owner!r}: tuned={str(tuned.folder)!r} is of another model: {and_listed(wrong)}: leave that out, "
            "and it is taken from the folder"
        )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _is_place(value: Any) -> bool:
    return isinstance(value, (str, Path)) and bool(str(value)) and user_path(value).exists()
