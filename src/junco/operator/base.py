"""`Operator`: the one class to derive from. Batch is the contract; a call on one item is derived from it."""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from junco.errors import ContractError
from junco.operator import registry
from junco.operator.hints import Hints
from junco.operator.ports import Ports, is_annotated, ports_of_batch
from junco.operator.spec import OperatorSpec
from junco.types import Space

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+([-_][a-z0-9]+)*)?")


class Operator:
    """Base of all operators.

    A subclass names its family and itself, keeps its constructor light, loads in `open` and works in `batch`::

        class MyEmbedding(Operator, family="image-embedding", name="mine"):
            def __init__(self, model: str = "small", device: str = "auto"): ...
            def open(self) -> None: ...
            def batch(self, images): ...
            def close(self) -> None: ...
    """

    name: ClassVar[str] = ""
    family: ClassVar[str | None] = None
    hints: ClassVar[Hints] = Hints()
    spec: OperatorSpec
    _is_open: bool
    _opening: threading.RLock

    def __init_subclass__(cls, family: str | None = None, name: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if family is None and name is None:
            return
        cls.name = ".".join(part for part in (family, name) if part)
        if not _NAME.fullmatch(cls.name):
            raise ContractError(
                f"{cls.name!r} is no name for an operator: write 'family.member' in lower case, with hyphens"
            )
        cls.family = cls.name.partition(".")[0]
        if (contract := registry.families("operator").get(cls.family)) is not None:
            contract.check(cls.name, cls.ports(), cls.parameters())
        registry.register(cls.name, cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._is_open = False
        self._opening = threading.RLock()
        self.spec = OperatorSpec.bind(cls, args, kwargs) if cls.name else OperatorSpec(cls.__qualname__, ())
        return self

    def fetch(self) -> None:
        """Bring the files that `open` will load to this machine; called when a pipeline is planned."""

    def open(self) -> None:
        """Load what `batch` needs. Called once, in the process that will run it."""

    # Any + Any: to a type checker, a subclass then keeps the contract with whatever columns it takes.
    def batch(self, *columns: Any, **_: Any) -> Sequence[Any]:
        """Work on a batch: one sequence for each input column in, as many results out, in the same order."""
        raise NotImplementedError(f"{type(self).__name__} must define batch()")

    def close(self) -> None:
        """Let go of what `open` took."""

    def cost(self, *item: Any) -> float:
        """Cost units of one item (tokens, pixels), for batches bounded by ``hints.max_cost``."""
        return 1.0

    def space(self, *inputs: Space | None) -> Space | None:
        """The space of the vectors that this operator makes, given those of its inputs; ``None`` says: unknown.

        A model starts a space by its weights (after `fetch`, without loading them) and parameters; an operator from
        vector to vector changes the one that it is given. Runtime, device and dtype are no part of it.
        """
        return None

    def needed_side(self) -> int | None:
        """Pixels of the shorter side that pictures given to it need, so that a decoder may make them smaller.

        ``None`` says: all that there are.
        """
        return None

    @classmethod
    def ports(cls) -> Ports:
        """What goes in and comes out: the annotations of `batch`, or the family's where it has none."""
        own = ports_of_batch(cls.batch)
        contract = registry.families("operator").get(cls.family or "")
        if contract is None or is_annotated(cls.batch):
            return own
        same_count = (
            own.inputs is None or contract.ports.inputs is None or len(own.inputs) == len(contract.ports.inputs)
        )
        return contract.ports if same_count else own

    @classmethod
    def parameters(cls) -> Mapping[str, inspect.Parameter]:
        """The constructor's parameters, by name."""
        if cls.__init__ is object.__init__:
            return {}
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {p.name: p for p in parameters}

    @property
    def is_open(self) -> bool:
        """Whether `open` was called, and `close` not since."""
        return self._is_open

    def ensure_open(self) -> None:
        """Call `open` unless that has been done."""
        if not self._is_open:
            with self._opening:
                if not self._is_open:
                    self.open()
                    self._is_open = True

    def ensure_closed(self) -> None:
        """Call `close` if `open` was called; the operator can be opened again."""
        with self._opening:
            if self._is_open:
                self._is_open = False
                self.close()

    def __call__(self, *item: Any) -> Any:
        """Work on one item."""
        self.ensure_open()
        return checked_results(self.name, self.batch(*([value] for value in item)), 1)[0]

    def __repr__(self) -> str:
        return f"<operator {self.spec}>"

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError(f"{self!r} holds loaded state and is not pickled; its .spec is")


def checked_results(name: str, results: Any, num_rows: int) -> Sequence[Any]:
    """The results of a batch, if there is one for each row.

    Raises:
        ContractError: the operator returned too few or too many, or nothing that has a length.
    """
    try:
        count = len(results)
    except TypeError:
        raise ContractError(
            f"{name!r} returned {type(results).__name__} from batch(): return a sequence with one result for each item"
        ) from None
    if count != num_rows:
        raise ContractError(
            f"{name!r} returned {count} results for a batch of {num_rows}: return one for each item, in order"
        )
    return results  # type: ignore[no-any-return]
