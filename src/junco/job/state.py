"""`JobState`: what is on the disk of a job: its journal, the target that was published, and how one becomes the other.

Publishing is written ahead: ``journal.next`` says what the target will be, then the target is replaced, then the
journal. Killed in between, the next run sees by the target's stamp how far it came and goes on from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from junco.errors import JobError, TargetError
from junco.job.journal import VERSION, Journal
from junco.job.ledger import Batch, Ledger
from junco.job.order import Order
from junco.store.columns import storable
from junco.store.durable import sync_folder, writing
from junco.store.sink import Layout, Sink
from junco.types import Space
from junco.types.space import check_same


class JobState:
    """The state of the job of one pipeline on one target.

    Args:
        sink: the target; it has a work folder.
        identity: what the pipeline computes.
        title: what to call it in messages.
        space: of its vectors; ``None`` where it is unknown.
    """

    def __init__(self, sink: Sink, identity: str, title: str, space: Space | None = None) -> None:
        assert sink.work is not None
        self.sink, self.identity, self.title, self.space = sink, identity, title, space
        self.work: Path = sink.work
        self.journal = Journal(self.work / "journal", sink.target)
        self.next = Journal(self.work / "journal.next", sink.target)
        self.is_published = False
        self.next_shard = 1

    def open(self, *, resume: bool) -> Ledger:
        """Finish what a killed run had begun, and say what is done.

        Raises:
            JobError: the target belongs to another pipeline.
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
            return Ledger(self._batches())

    def seal(self, batch: Batch) -> None:
        """Note a shard that is on the disk."""
        self.journal.append(batch.as_record())
        self.next_shard = batch.shard + 1

    def publish(self, order: Order, layout: Layout) -> None:
        """Make the target what ``order`` says."""
        rejects = order.rejected()
        self.sink.stage(order.spans(), rejects, layout)
        with writing(self.sink.target):
            self.next.path.unlink(missing_ok=True)
            self.next.append(self._header(None), durable=False)
            for batch in order.batches():
                self.next.append(batch.as_record(), durable=False)
            self.next.append({"published": self.sink.staged_stamp(), "num_rejects": len(rejects)})
            self._put_in_place(len(rejects))

    def keys(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The names of inputs by their numbers in the ledger, as the target has them."""
        wanted = iter(numbers)
        number = next(wanted, None)
        found: dict[str, None] = {}
        first = 0
        for batch in self._batches() if number is not None else ():
            while number is not None and number < first + len(batch.keys):
                found[batch.keys[number - first]] = None
                number = next(wanted, None)
            first += len(batch.keys)
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
        self.journal.path.unlink(missing_ok=True)
        self.sink.discard()
        self.journal.append(self._header(stamp))
        return Ledger()

    def _header(self, replaces: str | None) -> dict[str, Any]:
        space = self.space.to_json() if self.space is not None else None
        return {"junco": VERSION, "job": self.identity, "pipeline": self.title, "space": space, "replaces": replaces}

    def _check_header(self, header: dict[str, Any]) -> None:
        cure = "give another target, or start over with resume=False (--no-resume)"
        if header.get("junco") != VERSION:
            raise JobError(f"{self.sink.target} was made by another version of junco: {cure}")
        self._check_space(header, cure)
        if header["job"] != self.identity:
            theirs = header["pipeline"]
            other = (
                "the same pipeline with other parameters or steps"
                if theirs == self.title
                else f"another pipeline ({theirs})"
            )
            raise JobError(f"{self.sink.target} holds the work of {other}: {cure}")

    def _check_space(self, header: dict[str, Any], cure: str) -> None:
        """Two pipelines that nobody can identify are told apart by what they compute, in `_check_header`."""
        theirs = Space.from_json(header["space"]) if header.get("space") else None
        if theirs != self.space:
            what = f"the vectors of {self.title}"
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
            raise JobError(
                f"the journal of {self.sink.target}, {self.journal.path}, was damaged: "
                "give another target, or start over with resume=False (--no-resume)"
            )

    def _batches(self) -> Iterator[Batch]:
        """What is done and still there."""
        for record in self.journal.records():
            if "shard" not in record:
                continue
            batch = Batch.of_record(record)
            self.next_shard = max(self.next_shard, batch.shard + 1)
            has_rows = any(count > 0 for count in batch.counts)
            if self.is_published if batch.shard == 0 else not has_rows or self.sink.has(batch.shard):
                yield batch

    def _finish_publishing(self) -> None:
        """Go on where a run was killed while it published, or forget what it had not made ready."""
        last = next(iter(deque(self.next.records(), maxlen=1)), {})
        stamp = last.get("published")
        if stamp is not None and stamp in (self.sink.staged_stamp(), self.sink.stamp()):
            self._put_in_place(last["num_rejects"])
        self.next.path.unlink(missing_ok=True)

    def _put_in_place(self, num_rejects: int) -> None:
        self.sink.publish(num_rejects)
        self.next.path.replace(self.journal.path)
        sync_folder(self.work)
        self.sink.discard()
        (self.work / "order").unlink(missing_ok=True)
        self.is_published = True
