"""`Sink`: what a bulk job asks of a target. Files implement all of it, a callable only `seal`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from junco.store.shard import Shard
from junco.store.weight import Weight
from junco.store.writer import PassingWriter, ShardWriter
from junco.types import Space


class Span(NamedTuple):
    """Rows that follow each other, from row ``start`` of a sealed shard on; shard 0 is the target as it was."""

    shard: int
    start: int
    num_rows: int


class Rejected(NamedTuple):
    """Why an input, or a row that came of it, was put aside."""

    input: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How the target is laid out.

    Attributes:
        rows: rows of a row group, or of one file of a folder.
        columns: names of the pipeline's outputs, and of what rows keep of their table.
        metadata: goes into the schema as it is, for instance the id of the vectors' space.
    """

    rows: int
    columns: tuple[str, ...]
    metadata: Mapping[str, str]


class Sink(ABC):
    """A target of a bulk job.

    A job calls `seal` for each shard; what was sealed stays. At the end it calls `stage` (make the new target ready,
    beside the old one) and `publish` (put it in place). A store that takes rows by their keys needs only `seal` and
    `remove` and, to be resumed, a ``work`` folder.
    """

    target: str
    """How messages call it."""
    work: Path | None = None
    """The folder that keeps the job's journal; without one a job cannot be resumed."""
    folder: Path | None = None
    """In which it lies, where it lies in one, so that it may be moved together with what else is there."""
    files: tuple[Path, ...] = ()
    """Files that the job writes, so that they are not taken for inputs."""

    @property
    def rejects_place(self) -> str | None:
        """Where whoever reads the target finds why inputs were put aside; ``None``: nowhere but in the report."""
        return None

    @abstractmethod
    def seal(self, number: int, shard: Shard) -> None:
        """Make a shard durable. A job gives each number once, also when it was stopped in between, and they grow.

        Raises:
            TargetError: the target cannot be written, or cannot hold such values.
        """

    def remove(self, keys: Collection[str]) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Forget all rows of some inputs.

        Called before `publish` with the inputs that the source has no more; before the new rows of inputs that were
        changed or are tried again are sealed; and for an input that failed when a part of its rows was sealed.
        A target that `stage` makes anew each time need not do anything.
        """

    def writer(self, numbers: Callable[[], int], space: Space | None) -> ShardWriter:
        """What takes the rows of the next shard as they come. This one calls `seal`.

        Args:
            numbers: gives the number of the next shard.
            space: of the vectors.
        """
        return PassingWriter(self, numbers, space)

    def last_number(self) -> int:
        """The highest number of a shard that the target knows of; 0 where it does not know."""
        return 0

    def keep_only(self, numbers: Collection[int]) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Forget shards of other numbers: a job was killed after they were sealed and before its journal named them.

        0 stands for the target itself.
        """

    def has(self, number: int, checksum: str) -> bool:
        """Whether a shard is still there as it was sealed, by the checksum that its writer gave."""
        return True

    def check(self, *, is_ours: bool) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Refuse, before any work is done, a target that cannot be written or would destroy something else."""

    def check_missing(self, space: Space | None) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Refuse, before any work is done, vectors of a space that cannot be missing, where what fails leaves a row."""

    def weight(self, number: int, layout: Layout) -> Weight | None:
        """What the target will make of rows, by those of a sealed shard; ``None`` where nobody can tell."""
        return None

    def stage(self, spans: Iterable[Span], rejects: Sequence[Rejected], layout: Layout) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Make the new target ready: these rows, in this order."""

    def publish(self, num_rejects: int) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Put what `stage` made in its place. Doing so twice does no harm."""

    def stamp(self) -> str | None:
        """What identifies the target's content; ``None`` where there is no target, ``""`` where nobody can tell."""
        return ""

    def sums(self, *, is_staged: bool = False) -> Mapping[str, str]:
        """A hash of each file of the target, or of the staged one, by its name; empty where nobody can tell."""
        return {}

    def sizes(self, *, is_staged: bool = False) -> Mapping[str, list[int]]:
        """Size and time of the same files, which is quickly told: whoever writes to one changes them."""
        return {}

    def can_publish(self, sums: Mapping[str, str]) -> bool:
        """Whether what was staged with these hashes, before a run was killed, can be put in its place or is there."""
        return True

    def discard(self) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Forget shards and whatever else is only needed on the way."""


class CallSink(Sink):
    """Hands each shard to a callable, in the inputs' order. Nothing is kept, so such a job begins anew each time.

    A callable with a method ``remove`` is told there of inputs of which a part of the rows was handed on before they
    failed.
    """

    def __init__(self, fn: Callable[[Shard], object]) -> None:
        self.fn = fn
        self.target = str(getattr(fn, "__qualname__", None) or type(fn).__qualname__)

    def seal(self, number: int, shard: Shard) -> None:
        """Call the callable."""
        self.fn(shard)

    def remove(self, keys: Collection[str]) -> None:
        """Call the callable's ``remove``, if it has one."""
        if (remove := getattr(self.fn, "remove", None)) is not None:
            remove(keys)
