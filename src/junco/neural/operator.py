"""`NeuralOperator`: a `NeuralModel` whose numbers are vectors, with their space and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from junco.errors import ParameterError
from junco.neural.cut import cut_source
from junco.neural.finish import Finish, Precision
from junco.neural.layer import Pool
from junco.neural.listing import Chosen
from junco.neural.maps import as_result, maps_of
from junco.neural.model import NeuralModel
from junco.operator.options import option
from junco.operator.ports import Port, Ports, is_plain_array, is_vector
from junco.runtime.source import Source
from junco.types import Space, Vector, Vectors
from junco.types.array_type import MAP, VECTOR


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
    """

    # the layers that are chosen tell the space of these two, the finish of the others
    layer: str | int | tuple[str | int, ...] | None = option(None, in_space=False)
    pool: Pool | None = option(None, in_space=False)
    normalize: bool = option(False, in_space=False)
    truncate_dim: int | None = option(None, least=1, in_space=False)
    precision: Precision = option("float32", in_space=False)

    needed = ("source", "prepare")
    is_matryoshka: ClassVar[bool] = False
    """Whether it was trained so that the leading numbers of a vector are a summary of the rest."""
    pools_more: ClassVar[bool] = False
    """Whether ``pool`` is of more than a layer's output: of an item's patches."""
    languages: ClassVar[tuple[str, ...]] = ()
    """Those that its model is made for, by their English names; empty where it reads none, or nobody has said."""

    def check_options(self) -> None:
        """Refuse a ``truncate_dim`` above `dim`; whoever extends it calls this one too."""
        # not self.finish, which stays as it is: a constructor of its own may set options after this
        if self.layer is None:
            Finish(self.name, truncate_dim=self.truncate_dim).check_room(self.dim)
        self.check_pool()

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
        return super().known_dim if self.chosen is None else self.chosen.dim

    def complete_source(self) -> Source:
        source = super().complete_source()
        return source if self.chosen is None else cut_source(source, self.chosen)

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
        self.finish.check_truncation(
            self.truncation_name, self.dim if self.layer is None else None, is_trained=is_trained
        )

    def taken_space(self) -> Space | None:
        """The space of the model's own numbers, where they are taken; ``None``: nothing identifies it."""
        space = self.model_space()
        return space if space is None or self.chosen is None else self.chosen.in_space(space)

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
