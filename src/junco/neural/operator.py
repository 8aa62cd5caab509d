"""`NeuralOperator`: a `NeuralModel` whose numbers are vectors, with their space and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from junco.neural.finish import Finish, Precision
from junco.neural.model import NeuralModel
from junco.operator.options import option
from junco.operator.ports import Port, is_plain_array, is_vector
from junco.types import Space, Vector, Vectors
from junco.types.array_type import VECTOR


class NeuralOperator(NeuralModel):
    """Base of operators that hold a neural network and give vectors.

    A subclass declares its own options and defines `source`, the model, and `prepare`, items → the arrays of one pass
    through it. It inherits the options below and those of `NeuralModel`, the choice of a runtime with its certificate,
    passes in batches, the vectors' space, and their finish.

    Args:
        normalize: scale vectors to length 1, after truncation.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
    """

    # the finish tells the space of them
    normalize: bool = option(False, in_space=False)
    truncate_dim: int | None = option(None, least=1, in_space=False)
    precision: Precision = option("float32", in_space=False)

    needed = ("source", "prepare")
    is_matryoshka: ClassVar[bool] = False
    """Whether it was trained so that the leading numbers of a vector are a summary of the rest."""
    languages: ClassVar[tuple[str, ...]] = ()
    """Those that its model is made for, by their English names; empty where it reads none, or nobody has said."""

    def check_options(self) -> None:
        """Refuse a ``truncate_dim`` above `dim`; whoever extends it calls this one too."""
        # not self.finish, which stays as it is: a constructor of its own may set options after this
        Finish(self.name, truncate_dim=self.truncate_dim).check_room(self.dim)

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

    @property
    def truncation_name(self) -> str:
        """What the model is called where a warning speaks of ``truncate_dim``; empty: as the operator."""
        return ""

    def check_truncation(self) -> None:
        """Refuse a ``truncate_dim`` that the model cannot give; warn where it was not trained to have vectors cut.

        Raises:
            ParameterError: it is more than the model gives, as far as that is known before it is loaded.
        """
        self.finish.check_truncation(self.truncation_name, self.dim, is_trained=self.is_matryoshka)

    def space(self, *inputs: Space | None) -> Space | None:
        space = self.model_space()
        if space is None:
            return None
        return self.finish.in_space(self.compute.in_space(space.on(inputs[0] if inputs else None)))

    def read(self, numbers: Vectors, *columns: Any) -> Sequence[Vector]:
        """The finished vectors."""
        return self.finish.rows(numbers)
