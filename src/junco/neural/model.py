"""`NeuralModel`: its author says what the model is, how items go in and what its numbers say; all else is inherited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError
from junco.neural import passes, probe
from junco.neural.compute import Compute
from junco.neural.devices import check_device
from junco.neural.golden import GOLDEN_TEXTS, golden_images
from junco.neural.layer import Layer
from junco.neural.listing import Listing
from junco.neural.pixels import checked_pixels
from junco.neural.texts import checked_texts
from junco.neural.weights import random_weights, seeded_build
from junco.operator import registry
from junco.operator.base import Operator
from junco.operator.extras import check_packages
from junco.operator.hints import Hints
from junco.operator.options import option, outside_space
from junco.operator.ports import Port, Ports, array_type, ports_of_batch
from junco.places.files import names_files
from junco.runtime.load import Dtype, Runtime, check_least_cosine
from junco.runtime.source import Arrays, Source, dim_of, first_block, owned_by
from junco.types import Space, Vector, Vectors
from junco.types.array_type import IMAGE

if TYPE_CHECKING:
    from junco.graph.drawing import Drawing

_TOLD = {
    "source": "it gives a Source(build=…, weights=…), the model that is not yet loaded",
    "prepare": "items → the arrays of one pass through the model",
    "preparation": "it gives a MiddleCrop(side, resized_side), or another way of pictures into the model",
    "read": "the model's numbers (n, dim) and the items → a result for each item",
    "patches": "an item → the arrays of one shape that go through the model of it",
    "read_patches": "the numbers of each item's patches, and the items → a result for each item",
}
"""By the methods that an author writes, what they do."""


class NeuralModel(Operator):
    """Base of operators that hold a neural network, whatever its numbers say: boxes, labels, segments.

    A subclass declares its own options and defines `source`, the model; `prepare`, items → the arrays of one pass
    through it; and `read`, what its numbers say. It inherits the options below, the choice of a runtime with its
    certificate, and passes in batches. The model gives float32 (n, dim): what has several outputs flattens and joins
    them. One whose numbers are the vectors is a `NeuralOperator`.

    Args:
        dtype: arithmetic: ``auto`` (fastest faithful), ``float32``, ``bfloat16``, ``float16``, ``mixed``, ``int8``.
        least_cosine: the agreement with the float32 vectors that is asked for; less than usual allows faster ways.
        deterministic: the same bits whatever else is in a batch.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        runtime: ``auto`` (the fastest here), ``torch``, ``openvino`` or ``onnxruntime``.
    """

    dtype: Dtype = "auto"
    least_cosine: float | None = option(None, check=check_least_cosine)
    deterministic: bool = False
    device: str = option("auto", neutral=True, check=check_device)
    runtime: Runtime = option("auto", neutral=True)

    hints = Hints(releases_gil=True, thread_safe=True)
    not_tuned = "its network gives no vectors, which is what junco trains for"
    dim: ClassVar[int | None] = None
    """How many numbers the model gives for an item, where that is known before it is loaded."""
    needed: ClassVar[tuple[str, ...]] = ("source", "prepare", "read")
    """The methods without which `open` cannot make a member ready."""
    _passes: passes.Passes | None = None
    """Through the model, once that is loaded."""
    _dim: int | None = None
    """How many numbers it gives for an item, once some were seen."""

    def source(self) -> Source:
        """The model, not yet loaded: what builds its torch module, or an ONNX file; its weights; its recipe."""
        raise undefined(self.name, "source")

    def skeleton(self) -> Source | None:
        """The model without its weights, which is built in no time on torch's meta device; ``None``: there is none.

        It need have no more than ``build``, and what ``source`` says of inputs; then layers are listed without the
        files of weights. What it builds is used by nobody else.
        """
        return None

    def layers(self) -> tuple[Layer, ...]:
        """The layers of the network in the order in which they begin in a pass, each a name that knows its shape.

        No weights are loaded where the operator has a `skeleton`.
        """
        return self.listing.layers

    def draw(self, depth: int | None = None) -> Drawing:
        """The network block by block, as SVG; what repeats stands once.

        Args:
            depth: how many floors of layers within layers are shown; ``None``: as many as can be read.
        """
        from junco.graph.drawing import Drawing
        from junco.neural.network_drawing import network_svg

        model = getattr(self, "model", None)
        ports = self.ports()
        made, *_ = [port.name for port in ports.outputs] or ["numbers"]
        taken = ", ".join(str(port) for port in ports.inputs or ()) or "items"
        title = self.name if model is None else f"{self.name} {model}"
        return Drawing(network_svg(title, self.layers(), (taken, made), depth), "svg")

    @cached_property
    def listing(self) -> Listing:
        """Its layers, and how they are chosen."""
        check_packages(self.packages, self.name)
        with owned_by(self.name):
            bare = self.skeleton()
        if bare is None:
            self.fetch()
        return probe.listing_of(self._completed(bare or self.named_source()), is_bare=bare is not None)

    def prepare(self, *columns: Any) -> npt.NDArray[Any] | tuple[npt.NDArray[Any], ...]:
        """Items → the inputs of one pass: an array, or several, whose first axis counts the items.

        Args:
            columns: the items, a sequence for each input column; pixels and texts have been checked.
        """
        raise undefined(self.name, "prepare")

    def read(self, numbers: Vectors, *columns: Any) -> Sequence[Any]:
        """What the model's numbers say: a result for each item, or a list of rows for each.

        Args:
            numbers: float32 (n, dim), n > 0.
            columns: the items, a sequence for each input column; pixels and texts have been checked.
        """
        raise undefined(self.name, "read")

    def golden(self) -> Sequence[Any]:
        """A few items that differ, on which other ways to run the model are compared with torch in float32.

        Pictures and texts are there; an operator of other inputs gives its own. With several input columns it is a
        tuple of columns.

        Raises:
            ContractError: its inputs are of a type for which there are none.
        """
        if [array_type(kind) for kind in self._kinds] == [IMAGE]:
            return golden_images()
        if self._kinds == [str]:
            return GOLDEN_TEXTS
        raise ContractError(
            f"{self.name!r} takes ({', '.join(map(str, self.ports().inputs or ()))}), for which there are no golden "
            "items: define golden(self), a list of a few items that differ"
        )

    def model_space(self) -> Space | None:
        """The space of the model's own numbers, by its weights, recipe and options; ``None``: nothing identifies it."""
        source = self.named_source()
        if source.weights_sha256 is not None:
            weights = f"sha256 {source.weights_sha256}"
        elif source.seed is not None:
            weights = random_weights(source.seed, source.packages)
        else:
            return None
        own = self.model_options()
        parts = {"operator": self.name, "weights": weights, "recipe": source.recipe, "normalize": False}
        return Space(
            {**parts, **({"options": own} if own else {}), **({"dim": self.dim} if self.dim else {})}, self.name
        )

    def model_options(self) -> dict[str, Any]:
        """The options that decide the model's vectors: its own, without those that are neutral or name its files.

        One that says ``option(…, in_space=False)`` is left out; a model whose recipe tells all gives none.
        """
        inherited = NeuralModel.parameters().keys() | self.neutral_parameters() | outside_space(type(self))
        own = {name: p.default for name, p in self.parameters().items() if name not in inherited}
        given = {**own, **{name: value for name, value in self.spec.params.items() if name in own}}
        files = list(self.files())
        return {name: _plain(value) for name, value in given.items() if not names_files(value, files)}

    @classmethod
    def _check_family(cls) -> None:
        """Also refuse a class that leaves out what `open` needs; a base class without a name may."""
        super()._check_family()
        bases = [base for base in cls.__mro__ if "open" in vars(base) or "needed" in vars(base)]
        if "needed" in vars(bases[0]):
            for name in cls.needed:
                if getattr(cls, name) is getattr(bases[0], name):
                    raise undefined(cls.name, name)

    @classmethod
    def ports(cls) -> Ports:
        """What the annotations of `prepare` say goes in, and of `read` comes out; the family's, where they keep it."""
        if cls.batch is not NeuralModel.batch:
            return super().ports()
        return cls._ports()

    @classmethod
    def _ports(cls) -> Ports:
        contract = registry.families("operator").get(cls.family or "")
        own = Ports(cls._inputs(), cls._outputs())
        if "many" in (cls.rows, contract.ports.rows if contract is not None else None):
            own = own.of_many()
        kept = contract.kept_by(own) if contract is not None else []
        return kept[0] if kept else own

    @classmethod
    def _inputs(cls) -> tuple[Port, ...] | None:
        """What goes in, by the method that takes it."""
        return ports_of_batch(cls.prepare).inputs

    @classmethod
    def _outputs(cls) -> tuple[Port, ...]:
        """What comes out, by the method that gives it."""
        return ports_of_batch(cls.read).outputs

    @cached_property
    def compute(self) -> Compute:
        """How the model is run, by the options."""
        return Compute(self.name, self.device, self.runtime, self.dtype, self.least_cosine, self.deterministic)

    @property
    def known_dim(self) -> int | None:
        """How many numbers it gives for an item, as far as that is known before it is loaded."""
        return self.dim

    @property
    def place(self) -> str:
        return self.compute.device_name

    def named_source(self) -> Source:
        """`source`, whose errors name the operator."""
        with owned_by(self.name):
            return self.source()

    def complete_source(self) -> Source:
        """`source` with what the operator itself knows, ready for `junco.runtime`: name, golden pass, inputs."""
        return self._completed(self.named_source())

    def _completed(self, source: Source) -> Source:
        golden = source.golden or self.golden_pass()
        golden = passes.as_taken(golden, passes.dtypes_of(source.inputs) or passes.usual_dtypes(golden), self.name)
        own = self.model_options()
        return replace(
            source,
            name=self.name,
            recipe=f"{source.recipe}, {own}" if own else source.recipe,
            build=seeded_build(source),
            golden=golden,
            inputs=source.inputs or passes.inputs_of(golden),
        )

    def golden_pass(self) -> Arrays:
        """The golden items as one pass."""
        golden = self.golden()
        return self._prepared(golden if len(self._kinds) > 1 else (golden,))

    def open(self) -> None:
        self.fetch()
        source = self.complete_source()
        compiled, self._dim = self.compute.load(source), None
        self._passes = passes.Passes(compiled, source, deterministic=self.deterministic)
        self.checked_block(first_block(compiled, source), 1)

    def files(self) -> Iterable[Path]:
        return super().files() if self.wheels else self.named_source().files

    def unidentified(self) -> Iterable[str]:
        if not any(True for _ in self.files()) and self.model_space() is None:
            yield f"the weights of {self.name!r}, whose Source names none by weights=, onnx= or seed="

    def batch(self, *columns: Any, **_: Any) -> Sequence[Any]:
        if not len(columns[0]):
            return []
        checked = self._checked(columns)
        return self.results(checked)

    def results(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """A result for each of n > 0 checked items."""
        return self.read(self.numbers(columns), *columns)

    def numbers_apart(self, columns: Sequence[Sequence[Any]]) -> list[Vector]:
        """What the model gives for each of n > 0 checked items, where that may be of several lengths."""
        assert self._passes is not None, "open() comes before batch()"
        blocks = self._passes.blocks(self._prepared, columns)
        return [row for block, _ in blocks for row in block][: len(columns[0])]

    def numbers(self, columns: Sequence[Sequence[Any]]) -> Vectors:
        """What the model gives: float32 (n, dim) for n > 0 checked items."""
        assert self._passes is not None, "open() comes before batch()"
        blocks = [self.checked_block(*block) for block in self._passes.blocks(self._prepared, columns)]
        count = len(columns[0])
        return blocks[0] if count == len(blocks[0]) else np.concatenate(blocks)[:count]

    def numbers_of_each(self, items: Iterable[Any]) -> Iterator[Vectors]:
        """What the model gives for items that come one by one, in order: float32 (1, dim) each.

        An item goes in by itself, while the next ones are being made: for operators with `stream`, of whose items each
        takes any number of passes.
        """
        assert self._passes is not None, "open() comes before stream()"
        for block in self._passes.block_of_each(self._prepared, items):
            yield self.checked_block(block, 1)

    def checked_block(self, block: Vectors, num_rows: int) -> Vectors:
        """What the model gave for so many items, if it is a vector of the same length for each.

        Raises:
            ContractError: with the shape that it has and the one that it should have.
        """
        if block.shape != (num_rows, self._dim):
            self._dim = dim_of(block, num_rows, self._dim or self.known_dim, self.name)
        return block

    def close(self) -> None:
        if self._passes is not None:
            self._passes.compiled.close()
        self._passes = None

    def _prepared(self, columns: Sequence[Sequence[Any]]) -> Arrays:
        return passes.arrays_of(self.prepare(*columns), len(columns[0]), self.name)

    @cached_property
    def _kinds(self) -> list[Any]:
        """The types of its input columns."""
        return [port.type for port in self.ports().inputs or ()]

    def _checked(self, columns: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The columns, those of pictures and texts checked."""
        kinds = self._kinds or [Any] * len(columns)
        return [self._checked_column(column, kind) for column, kind in zip(columns, kinds, strict=True)]

    def _checked_column(self, column: Sequence[Any], kind: Any) -> Sequence[Any]:
        if array_type(kind) == IMAGE:
            return [checked_pixels(value, self.name) for value in column]
        return checked_texts(column, self.name) if kind is str else column


def undefined(owner: str, method: str) -> ContractError:
    """What to raise where an author has left out a method."""
    return ContractError(f"{owner!r} must define {method}(): {_TOLD[method]}")


def _plain(value: Any) -> Any:
    """As JSON can hold it."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
