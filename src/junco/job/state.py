"""`JobState`: what is on the disk of a job: its journal, the target that was published, and how one becomes the other.

Publishing is written ahead: ``journal.next`` says what the target will be, then the target is replaced, then the
journal. Killed in between, the next run sees by the target's stamp how far it came and goes on from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from junco.errors import JobError, TargetError
from junco.job.identity import PipelineEntry
from junco.job.inventory import Inventory
from junco.job.journal import VERSION, Journal
from junco.job.ledger import Ledger, Sealed
from junco.job.records import highest_number, is_entry, is_header
from junco.store.columns import storable
from junco.store.durable import sync_folder, writing
from junco.store.sink import Layout, Sink
from junco.types import Space
from junco.types.space import check_same


class JobState:
    """The state of the job of one pipeline on one target.

    Args:
        sink: the target; it has a work folder.
        pipeline: what it computes.
        space: of its vectors; ``None`` where it is unknown.
    """

    def __init__(self, sink: Sink, pipeline: PipelineEntry, space: Space | None = None) -> None:
        assert sink.work is not None
        self.sink, self.pipeline, self.space = sink, pipeline, space
        self.work: Path = sink.work
        self.journal = Journal(self.work / "journal", sink.target)
        self.next = Journal(self.work / "journal.next", sink.target)
        self.is_published = False
        self.next_shard = 1

    def open(self, *, resume: bool) -> Ledger:
        """Finish what a killed run had begun, and say what is done.

        Raises:
            JobError: the target belongs to another pipeline, or the journal holds what no job writes.
            SpaceError: it holds vectors of another space.
            TargetError: the target was made or changed by somebody else, or cannot be written.
        """
        with writing(self.sink.target):
            self._finish_publishing()
            header = next(self.journal.records(), None)
            if header is None or not resume:
                return self._begin(is_replaced=not resume)
            self._check_header(header)
            self._check_target(header)
            self.sink.check(is_ours=True)
            self.journal.cut()
            self._number_on()
            done = list(self._sealed())
            self.sink.keep_only({number for sealed in done for number in sealed.numbers})
            return Ledger(done)

    def take_number(self) -> int:
        """The number of the next shard, noted before anything is sealed under it, so that it is not used twice."""
        number, self.next_shard = self.next_shard, self.next_shard + 1
        self.journal.append({"opened": number}, durable=False)
        return number

    def seal(self, sealed: Sealed) -> None:
        """Note a shard that is on the disk."""
        self.journal.append(sealed.as_record())

    def publish(self, inventory: Inventory, layout: Layout) -> None:
        """Make the target what ``inventory`` says."""
        rejects = inventory.rejected()
        self.sink.stage(inventory.spans(), rejects, layout)
        with writing(self.sink.target):
            self.next.path.unlink(missing_ok=True)
            self.next.append(self._header(None), durable=False)
            for sealed in inventory.published():
                self.next.append(sealed.as_record(), durable=False)
            self.next.append({"published": self.sink.staged_stamp(), "num_rejects": len(rejects)})
            self._put_in_place(len(rejects))

    def keys(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The names of inputs by their numbers in the ledger, as the target has them."""
        wanted = iter(numbers)
        number = next(wanted, None)
        found: dict[str, None] = {}
        first = 0
        for sealed in self._sealed() if number is not None else ():
            while number is not None and number < first + len(sealed.keys):
                found[sealed.keys[number - first]] = None
                number = next(wanted, None)
            first += len(sealed.keys)
        return tuple(map(storable, found))

    def scratch(self) -> Journal:
        """An empty file for the order of the source."""
        scratch = Journal(self.work / "order", self.sink.target)
        scratch.path.unlink(missing_ok=True)
        return scratch

    def _begin(self, *, is_replaced: bool) -> Ledger:
        """Start over; a target that no job of ours wrote is only replaced when that was asked for."""
        stamp = self.sink.stamp()
        if not is_replaced:
            self._check_journal()
        if stamp and not is_replaced:
            raise TargetError(
                f"{self.sink.target} exists, and no bulk job made it: "
                "give another target, or replace it with resume=False (--no-resume)"
            )
        self.sink.check(is_ours=False)
        self._number_on()
        for journal in (self.next, self.journal):
            journal.path.unlink(missing_ok=True)
        self.sink.discard()
        self.journal.append(self._header(stamp))
        return Ledger()

    def _header(self, replaces: str | None) -> dict[str, Any]:
        space = self.space.to_json() if self.space is not None else None
        about = {"space": space, "replaces": replaces, "opened": self.next_shard - 1}
        return {"junco": VERSION, **self.pipeline.as_record(), **about}

    def _number_on(self) -> None:
        """Go on after the highest number that was ever given to a shard."""
        given = map(highest_number, self.journal.records())
        self.next_shard = max(self.sink.last_number(), *given, 0) + 1

    def _check_header(self, header: dict[str, Any]) -> None:
        cure = "give another target, or start over with resume=False (--no-resume)"
        if header.get("junco") != VERSION:
            raise JobError(f"{self.sink.target} was made by another version of junco: {cure}")
        if not is_header(header):
            raise self._damaged()
        self._check_space(header, cure)
        self.pipeline.check(header, self.sink.target, cure)

    def _check_space(self, header: dict[str, Any], cure: str) -> None:
        """Two pipelines that nobody can identify are told apart by what they compute, in `_check_header`."""
        theirs = Space.from_json(header["space"]) if header.get("space") else None
        if theirs != self.space:
            what = f"the vectors of {self.pipeline.title}"
            check_same(self.space, theirs, what, f"those in {self.sink.target}", f"{cure[0].upper()}{cure[1:]}.")

    def _check_target(self, header: dict[str, Any]) -> None:
        stamp = self.sink.stamp()
        published = next((record["published"] for record in self.journal.records() if "published" in record), None)
        self.is_published = stamp is not None and stamp == published
        if stamp is not None and stamp not in (published, header["replaces"]):
            self._check_journal()
            raise TargetError(
                f"{self.sink.target} was changed by something else: "
                "give another target, or replace it with resume=False (--no-resume)"
            )

    def _check_journal(self) -> None:
        """Refuse a journal that has lost lines: in its middle, or what it knew of the target last."""
        records = list(self.journal.records())
        is_cut = any(record.get("shard") == 0 for record in records) and not any("published" in r for r in records)
        if is_cut or self.journal.is_damaged:
            raise self._damaged()

    def _damaged(self) -> JobError:
        return JobError(
            f"the journal of {self.sink.target}, {self.journal.path}, was damaged: "
            "give another target, or start over with resume=False (--no-resume)"
        )

    def _sealed(self) -> Iterator[Sealed]:
        """What is done and still there."""
        last = 0
        for record in islice(self.journal.records(), 1, None):
            if not is_entry(record):
                raise self._damaged()
            if "shard" not in record:
                continue
            sealed = Sealed.of_record(record)
            if sealed.shard and sealed.numbers[0] <= last:  # a line that stands there twice
                raise self._damaged()
            last = max(last, sealed.shard)
            has_rows = any(count > 0 for count in sealed.counts)
            if self.is_published if sealed.shard == 0 else not has_rows or self.sink.has(sealed.shard):
                yield sealed

    def _finish_publishing(self) -> None:
        """Go on where a run was killed while it published, or forget what it had not made ready."""
        if next(self.next.records(), {}).get("junco") not in (None, VERSION):
            return  # what another version left is refused as a whole
        last = next(iter(deque(self.next.records(), maxlen=1)), {})
        stamp = last.get("published")
        if stamp is not None and is_entry(last) and stamp in (self.sink.staged_stamp(), self.sink.stamp()):
            self._put_in_place(last["num_rejects"])
        self.next.path.unlink(missing_ok=True)

    def _put_in_place(self, num_rejects: int) -> None:
        self.sink.publish(num_rejects)
        self.next.path.replace(self.journal.path)
        sync_folder(self.work)
        self.sink.discard()
        (self.work / "order").unlink(missing_ok=True)
        self.is_published = True
