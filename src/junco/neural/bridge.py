"""`Bridge`: the linear map of a trained head: vectors of the parent's space → the tuned one's, without the items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError, InputError, IntegrityError, SpaceError, TargetError, UnavailableError
from junco.neural.operator import NeuralOperator
from junco.neural.tuned_tensors import HEAD
from junco.operator.base import Operator
from junco.operator.tunable import OPTION
from junco.settings import user_path
from junco.types import Space, Vectors
from junco.types.space import LENGTH, PRECISION
from junco.types.unit import unit_rows
from junco.wording import picture, reason

_KIND, _VERSION = "junco.bridge", "1"
_WEIGHT = "weight"
_FLOATS = ("float32", "float16")
_INPUT = "input"
"""The part of a space that tells what made a model's inputs."""
_BY_FINISH = (LENGTH, PRECISION, _INPUT)


@dataclass(frozen=True, eq=False, repr=False)
class Bridge:
    """A linear map from one space of vectors to another.

    It has no bias, so vectors may have been scaled: those of the target are scaled to length 1 where its space says so.

    Attributes:
        weight: float32 (dim, numbers of a vector of the source).
        source: where vectors come from.
        target: where they go to.
    """

    weight: Vectors
    source: Space
    target: Space

    def __post_init__(self) -> None:
        weight = np.asarray(self.weight)
        if weight.ndim != 2 or not weight.size or weight.dtype.kind != "f" or not np.isfinite(weight).all():
            raise ContractError(f"the weight of a bridge is a matrix of finite numbers, not {picture(self.weight)}")
        object.__setattr__(self, "weight", weight.astype(np.float32, copy=False))

    @classmethod
    def of(cls, tuned: NeuralOperator | str | Path) -> Self:
        """That of a tuned operator, or of its folder: between the numbers that its model gave untuned, and gives now.

        Raises:
            ContractError: more than a head was trained: then no map of vectors stands for it.
            SpaceError: nothing identifies its model.
        """
        operator = tuned if isinstance(tuned, Operator) else Operator.load(tuned)
        own = operator.tuned_weights if isinstance(operator, NeuralOperator) else None
        if own is None or set(own.tensors()) != {HEAD} or not isinstance(operator, NeuralOperator):
            what = f"scope {picture(own.manifest.get('scope'))}" if own is not None else "it was not tuned"
            raise ContractError(
                f"{operator.name!r}: no map of stored vectors stands for its training ({what}): embed the items anew, "
                "or train with scope='head'"
            )
        params = {name: value for name, value in operator.spec.params.items() if name != OPTION}
        parent: NeuralOperator = type(operator)(**params)
        source, target = parent.taken_space(), operator.taken_space()
        if source is None or target is None:
            raise SpaceError(f"nothing identifies the model of {operator.name!r}, nor the space of its vectors")
        return cls(own.tensors()[HEAD], source, target)

    def on(self, stored: Space | None) -> Bridge:
        """The same for vectors that were stored: scaled to length 1 or not, as float32 or float16.

        Raises:
            SpaceError: they are of another space, truncated, or whole numbers.
        """
        if stored is None:
            raise SpaceError(
                f"nobody knows the space of these vectors, and the map is for those of {self.source}", None, self.source
            )
        parts = dict(stored.parts)
        told = {name: parts.pop(name) for name in _BY_FINISH if name in parts}
        own = {name: value for name, value in self.source.parts.items() if name not in _BY_FINISH}
        is_scaled, precision = told.get(LENGTH, False), told.get(PRECISION, _FLOATS[0])
        is_always = self.source.parts.get(LENGTH) is True
        fits = isinstance(is_scaled, bool) and precision in _FLOATS and is_scaled >= is_always
        if not stored.is_known or Space(parts) != Space(own) or not fits:
            why = "; ".join(stored.explain(self.source))
            raise SpaceError(
                f"these vectors live in the space {stored}, and the map is for those of {self.source}. They differ in "
                f"{why}. All numbers of a vector are needed, as float32 or float16; their length does not matter",
                stored,
                self.source,
            )
        return Bridge(self.weight, stored, self.target.but(**{**told, LENGTH: is_scaled}))

    def __call__(self, vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Vectors (n, numbers), or one (numbers,), in the target's space.

        Raises:
            InputError: they are no such numbers, or some are not finite.
        """
        given = np.asarray(vectors)
        takes = self.weight.shape[1]
        if given.dtype.kind != "f" or given.ndim not in (1, 2) or given.shape[-1] != takes:
            raise InputError(f"a bridge takes vectors of {takes:,} numbers with a fraction, not {picture(vectors)}")
        if not np.isfinite(given).all():
            raise InputError("a bridge takes vectors whose numbers are finite, and some of these are not")
        rows = np.atleast_2d(given).astype(np.float32, copy=False) @ self.weight.T
        rows = unit_rows(rows) if self.target.parts.get(LENGTH) is True else rows
        rows = rows.astype(np.float16) if self.target.parts.get(PRECISION) == "float16" else rows
        return rows if given.ndim == 2 else rows[0]

    def save(self, path: str | Path) -> None:
        """Write it to a ``.safetensors`` file.

        Raises:
            TargetError: it cannot be written.
        """
        from safetensors.numpy import save_file

        told = {_KIND: _VERSION, "source": self.source.to_json(), "target": self.target.to_json()}
        try:
            save_file({_WEIGHT: np.ascontiguousarray(self.weight)}, user_path(path), told)
        except OSError as error:
            raise TargetError(f"{path} cannot be written: {error.strerror or reason(error)}") from error

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What `save` wrote.

        Raises:
            UnavailableError: there is no such file.
            IntegrityError: it holds something else.
        """
        from safetensors import SafetensorError, safe_open

        place = user_path(path)
        if not place.is_file():
            raise UnavailableError(f"{place}: there is no such file")
        try:
            with safe_open(place, "np") as file:
                told: Mapping[str, str] = file.metadata() or {}
                if told.get(_KIND) != _VERSION or list(file.keys()) != [_WEIGHT]:
                    raise IntegrityError(f"{place} holds no bridge between spaces, as bridge.save(…) writes it")
                spaces = (Space.from_json(told.get(name, "")) for name in ("source", "target"))
                return cls(file.get_tensor(_WEIGHT), *spaces)
        except (SafetensorError, SpaceError, ContractError, TypeError, ValueError, OSError) as error:
            raise IntegrityError(f"{place} was damaged: {reason(error)}") from error

    def __repr__(self) -> str:
        dim, takes = self.weight.shape
        return f"<bridge of {takes:,} to {dim:,} numbers: {self.source.id} → {self.target.id}>"
