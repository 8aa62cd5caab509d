"""`NeuralOperator`: a `NeuralModel` whose numbers are vectors, with their space and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from junco.errors import ContractError, ParameterError
from junco.neural.cut import cut_source
from junco.neural.finish import Finish, Precision
from junco.neural.layer import Pool
from junco.neural.listing import Chosen
from junco.neural.maps import as_result, maps_of
from junco.neural.model import NeuralModel
from junco.neural.tuned import Tuned, read_tuned
from junco.neural.tuned_params import tuned_params
from junco.operator.options import option
from junco.operator.ports import Port, Ports, is_plain_array, is_vector
from junco.operator.tunable import untunable
from junco.runtime.source import Source
from junco.types import Space, Vector, Vectors
from junco.types.array_type import MAP, VECTOR
from junco.types.space import DIM, LENGTH

if TYPE_CHECKING:
    from junco.train.task import TrainTask


class NeuralOperator(NeuralModel):
    """Base of operators that hold a neural network and give vectors.

    A subclass declares its own options and defines `source`, the model, and `prepare`, items → the arrays of one pass
    through it. It inherits the options below and those of `NeuralModel`, the choice of a runtime with its certificate,
    passes in batches, the vectors' space, and their finish.

    Args:
        layer: where vectors are taken, instead of at the end: a name of `layers` or the number of a block (-1 is the
            last), or several, whose vectors are put one behind the other. Nothing behind the last is computed.
        pool: of a layer's output: ``mean`` (where nothing is said), ``max``, ``gem``, ``cls`` (the token that stands
            for all), or ``none``, the map or matrix of tokens as it is.
        normalize: scale vectors to length 1, after truncation.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
        tuned: the folder of a training, whose weights take the place of the model's own; parameters that are not
            given are those with which it was trained.
    """

    # the layers that are chosen tell the space of these two, the finish of the others
    layer: str | int | tuple[str | int, ...] | None = option(None, in_space=False)
    pool: Pool | None = option(None, in_space=False)
    normalize: bool = option(False, in_space=False)
    truncate_dim: int | None = option(None, least=1, in_space=False)
    precision: Precision = option("float32", in_space=False)
    tuned: str | Path | None = option(None, in_space=False)

    not_tuned = ""
    tuned_parts: ClassVar[tuple[str, ...]] = ()
    """How names of its modules begin in a tuned folder, where that holds those of several."""
    needed = ("source", "prepare")
    is_matryoshka: ClassVar[bool] = False
    """Whether it was trained so that the leading numbers of a vector are a summary of the rest."""
    pools_more: ClassVar[bool] = False
    """Whether ``pool`` is of more than a layer's output: of an item's patches."""
    languages: ClassVar[tuple[str, ...]] = ()
    """Those that its model is made for, by their English names; empty where it reads none, or nobody has said."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls, *args, **kwargs)
        if (folder := self.spec.params.get("tuned")) is not None:
            if self.not_tuned:
                raise untunable(cls.name, self.not_tuned, self.tuned_instead)
            params = tuned_params(cls, folder, self.spec.params)
            object.__setattr__(self, "spec", self.spec.with_params(params).held())
        return self

    def check_options(self) -> None:
        """Refuse a ``truncate_dim`` above `dim`; whoever extends it calls this one too."""
        # not self.finish, which stays as it is: a constructor of its own may set options after this
        if self.layer is None or self._head_dim is not None:
            Finish(self.name, truncate_dim=self.truncate_dim).check_room(self._head_dim or self.dim)
        self.check_pool()

    def check_tuning(self, scope: str | tuple[str, ...] = "") -> None:
        super().check_tuning(scope)
        if self.gives_maps:
            raise ContractError(f"{self.name!r} gives maps, pool='none', and vectors are trained: choose another pool")

    def train_task(self) -> TrainTask:
        """What a trainer gets of it: its network, and how items go in and come out as vectors before their finish.

        By its `source` and `prepare`; an operator whose passes are made in another way defines its own.

        Raises:
            ContractError: nothing of it can be trained; with what can.
        """
        from junco.neural.tuned_task import task_of

        return task_of(self)

    @property
    def tuned_part(self) -> str:
        """How names of its module begin in a tuned folder, where that holds those of several."""
        return ""

    @cached_property
    def tuned_weights(self) -> Tuned | None:
        """The tuned weights, not yet loaded."""
        return None if self.tuned is None else read_tuned(self.tuned, self.name)

    @property
    def _head_dim(self) -> int | None:
        """How many numbers a trained head gives; ``None``: there is none."""
        return None if self.tuned_weights is None else self.tuned_weights.dim

    def tuned_files(self) -> tuple[Path, ...]:
        return () if self.tuned_weights is None else self.tuned_weights.told.files

    def tuned_identity(self) -> str:
        return "" if self.tuned_weights is None else f"sha256 {self.tuned_weights.sha256}"

    def check_pool(self) -> None:
        """Refuse a ``pool`` where no layer is chosen, whose output it would be of."""
        if self.pool == "none" and (
            self.truncate_dim or self.precision != "float32" or self.spec.params.get("normalize")
        ):
            raise ParameterError(
                f"{self.name!r}: pool='none' gives what a layer gives as it is: leave out normalize, truncate_dim and "
                "precision, which are for vectors"
            )
        if self.pool is not None and self.layer is None:
            raise ParameterError(
                f"{self.name!r}: pool={self.pool!r} says what is made of a layer's output: say which, by layer="
            )

    @classmethod
    def _outputs(cls) -> tuple[Port, ...]:
        """Vectors, unless the annotations of what reads them say something else."""
        first, *others = super()._outputs()
        is_said = not (first.type is Any or is_vector(first.type) or is_plain_array(first.type))
        return (Port("vector", first.type if is_said else VECTOR), *others)

    @cached_property
    def finish(self) -> Finish:
        """What becomes of the model's numbers, by the options."""
        return Finish(self.name, self.normalize, self.truncate_dim, self.precision)

    def fetch(self) -> None:
        """Bring the weights' files to this machine; whoever extends it calls this one too, which checks truncation."""
        super().fetch()
        if self.tuned_weights is not None:
            self.tuned_weights.check()
        self.check_truncation()

    @cached_property
    def chosen(self) -> Chosen | None:
        """The layers where vectors are taken; ``None``: at the end.

        Raises:
            ParameterError: there is no such layer, or ``pool`` does not fit it.
        """
        if self.layer is None:
            return None
        return self.listing.chosen(self.layer, self.pool, self.name, pools_more=self.pools_more)

    @property
    def gives_maps(self) -> bool:
        """Whether it gives what layers give as it is, and no vectors."""
        return self.layer is not None and self.pool == "none"

    @classmethod
    def ports_with(cls, params: Mapping[str, Any]) -> Ports:
        """With ``pool="none"``, a map of each layer instead of a vector."""
        ports, layer = cls.ports(), params.get("layer")
        if layer is None or params.get("pool") != "none":
            return ports
        several = isinstance(layer, (list, tuple)) and len(layer) > 1
        names = [str(each) for each in layer] if several else ["feature_map"]
        return replace(ports, outputs=tuple(Port(name, MAP) for name in names))

    @property
    def known_dim(self) -> int | None:
        return self._head_dim or self.dim_taken

    @property
    def dim_taken(self) -> int | None:
        """How many numbers its network gives where they are taken, before a head, as far as that is known."""
        return super().known_dim if self.chosen is None else self.chosen.dim

    def complete_source(self) -> Source:
        return self.ended_source(self.whole_source())

    def whole_source(self) -> Source:
        """`source` with what the operator itself knows and its tuned weights, not cut and without a head."""
        source = super().complete_source()
        tuned = self.tuned_weights
        return source if tuned is None else tuned.in_source(source, self.tuned_part, self.tuned_parts)

    def ended_source(self, source: Source) -> Source:
        """A `whole_source`, cut where vectors are taken, and with its head."""
        source = source if self.chosen is None else cut_source(source, self.chosen)
        if self.tuned_weights is None or self._head_dim is None:
            return source
        return self.tuned_weights.headed(self.before_head(source), self.dim_taken)

    def before_head(self, source: Source) -> Source:
        """A source whose module gives what a head was trained on, where its operator makes more of the numbers."""
        return source

    @property
    def truncation_name(self) -> str:
        """What the model is called where a warning speaks of ``truncate_dim``; empty: as the operator."""
        return ""

    def check_truncation(self) -> None:
        """Refuse a ``truncate_dim`` that the model cannot give; warn where it was not trained to have vectors cut.

        Raises:
            ParameterError: it is more than the model gives, as far as that is known before it is loaded.
        """
        is_trained = self.is_matryoshka and self.layer is None
        dim = self._head_dim or (self.dim if self.layer is None else None)
        self.finish.check_truncation(self.truncation_name, dim, is_trained=is_trained)

    def taken_space(self) -> Space | None:
        """The space of the model's own numbers, where they are taken; ``None``: nothing identifies it."""
        space = self.model_space()
        if space is None or (self.chosen is None and self.tuned_weights is None):
            return space
        space = space if self.chosen is None else self.chosen.in_space(space)
        if self.tuned_weights is None:
            return space
        of_head = {} if self._head_dim is None else {DIM: self._head_dim, LENGTH: False}
        label = f"{space.label}, tuned" if space.label else "tuned"
        return replace(space.but(tuned=self.tuned_identity(), **of_head), label=label)

    def space(self, *inputs: Space | None) -> Space | None:
        space = None if self.gives_maps else self.taken_space()
        if space is None:
            return None
        return self.finish.in_space(self.compute.in_space(space.on(inputs[0] if inputs else None)))

    def results(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        if not self.gives_maps:
            return super().results(columns)
        assert self.chosen is not None
        found = [maps_of(row, self.chosen, self.name) for row in self.numbers_apart(columns)]
        return [as_result(maps, self.chosen) for maps in found]

    def read(self, numbers: Vectors, *columns: Any) -> Sequence[Vector]:
        """The finished vectors."""
        return self.finish.rows(numbers)
