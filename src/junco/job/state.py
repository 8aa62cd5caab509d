"""`JobState`: what is on the disk of a job: its journal, the target that was published, and how one becomes the other.

Publishing is written ahead: ``journal.next`` says what the target will be, then the target is replaced, then the
journal. Killed in between, the next run sees by the files' hashes how far it came and goes on from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from junco.errors import JobError, TargetError
from junco.job.identity import PipelineEntry
from junco.job.inventory import Inventory
from junco.job.journal import VERSION, Journal
from junco.job.keeping import Keeping, check_kept
from junco.job.ledger import Ledger, Sealed, named
from junco.job.names import Names
from junco.job.packed import unpack_keys
from junco.job.records import highest_number, is_entry, is_header
from junco.store.columns import storable
from junco.store.durable import sync_folder, writing
from junco.store.sink import Layout, Sink
from junco.types import Space
from junco.types.space import check_same

_SHOWN = 3
_T = TypeVar("_T")


class JobState:
    """The state of the job of one pipeline on one target.

    Args:
        sink: the target; it has a work folder.
        pipeline: what it computes.
        space: of its vectors; ``None`` where it is unknown.
        names: of the files that are its inputs.
        keeping: what its rows keep of their table; ``None``: nothing.
    """

    def __init__(
        self,
        sink: Sink,
        pipeline: PipelineEntry,
        space: Space | None,
        names: Names,
        keeping: Keeping | None = None,
    ) -> None:
        assert sink.work is not None
        self.sink, self.pipeline, self.space, self.names, self.keeping = sink, pipeline, space, names, keeping
        self.work: Path = sink.work
        self.journal = Journal(self.work / "journal", sink.target)
        self.next = Journal(self.work / "journal.next", sink.target)
        self.is_published = False
        self.next_shard = 1
        self.found: list[str] = []
        """What was damaged and is made anew, in words."""
        self._end: dict[str, Any] = {}
        self._lost: dict[int, int] = {}

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
            self.names.start_from(self.sink.folder, header["folder"])
            self._check_target(header)
            self.sink.check(is_ours=True)
            self._number_on()
            if num_cut := self.journal.cut():
                self.next_shard += num_cut  # each of these lines may have given a number
                self.found.append("the end of the journal was damaged: what it told of is made anew")
            done = [sealed for _, sealed in self._sealed()]
            if num_lost := sum(self._lost.values()):
                self.found.append(f"shards were lost or damaged: {num_lost:,} inputs are worked on again")
            self.sink.keep_only({number for sealed in done for number in sealed.numbers})
            return Ledger(done)

    def notes_of_unchanged(self, ledger: Ledger, source_hash: str | None) -> list[str] | None:
        """How the source was read, if the target holds what it gives: by its hash, which was noted with the target."""
        noted: dict[str, Any] | None = self._end.get("source")
        if noted is None or noted["hash"] != source_hash or not (self.is_published and ledger.is_published):
            return None
        read: list[str] = noted["read"]
        return read

    def note_source(self, source: dict[str, Any] | None) -> None:
        """Note that the target holds what this source gives, as `publish` does."""
        if source != self._end["source"]:
            self.journal.append({"source": source})

    def check_carried(self) -> None:
        """Read the target once, since its rows will be carried into the next one.

        Raises:
            TargetError: it does not hold what was written.
        """
        if self.is_published and (damaged := self._damaged_files()):
            raise self._changed(damaged)

    def take_number(self) -> int:
        """The number of the next shard, noted before anything is sealed under it, so that it is not used twice."""
        number, self.next_shard = self.next_shard, self.next_shard + 1
        self.journal.append({"opened": number}, durable=False)
        return number

    def seal(self, sealed: Sealed, keys: Iterable[str]) -> None:
        """Note a shard that is on the disk, and what reports call its inputs."""
        self.journal.append(sealed.as_record([named(key) for key in keys]))

    @property
    def was_appended(self) -> bool:
        """Whether the target holds inputs that the source had not when it was last made."""
        return bool(self._end.get("appended"))

    def publish(
        self, inventory: Inventory, layout: Layout, source: dict[str, Any] | None, *, is_appended: bool = False
    ) -> None:
        """Make the target what ``inventory`` says.

        Args:
            inventory: what the source has.
            layout: of the target.
            source: the hash of the source and how it was read, where it has one.
            is_appended: whether it holds inputs that the source has not.
        """
        rejects = inventory.rejected()
        self.sink.stage(inventory.spans(), rejects, layout)
        sums, sizes = self.sink.sums(is_staged=True), self.sink.sizes(is_staged=True)
        files = {name: [*sizes[name], content] for name, content in sums.items()}
        self._end = {"files": files, "num_rejects": len(rejects), "source": source, "appended": is_appended}
        with writing(self.sink.target):
            self.next.remove()
            self.next.append(self._header(None), durable=False)
            for record in inventory.published():
                self.next.append(record, durable=False)
            self.next.append(self._end)
            self._put_in_place(len(rejects))

    def keys(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The names of inputs by their numbers in the ledger, each once, as the target has them."""
        return tuple(map(storable, dict.fromkeys(self.keys_of(numbers))))

    def keys_of(self, numbers: Iterable[int]) -> Iterator[str]:
        """What reports call each of some inputs, by their numbers in the ledger, which grow."""
        wanted = deque(numbers)
        first = 0
        for record, _ in self._sealed() if wanted else ():
            if wanted and wanted[0] < first + record["inputs"]:
                keys = self._unpacked(unpack_keys, record["keys"], record["inputs"])
                while wanted and wanted[0] < first + len(keys):
                    yield keys[wanted.popleft() - first]
            first += record["inputs"]

    def scratch(self) -> Journal:
        """An empty file for the order of the source."""
        scratch = Journal(self.work / "order", self.sink.target)
        scratch.remove()
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
            journal.remove()
        self.sink.discard()
        self.journal.append(self._header(stamp))
        self.is_published, self._end = False, {}  # also where what a killed run had staged was put in place just now
        return Ledger()

    def _header(self, replaces: str | None) -> dict[str, Any]:
        space = self.space.to_json() if self.space is not None else None
        about = {"space": space, "replaces": replaces, "opened": self.next_shard - 1}
        about |= {"folder": self.names.folder_from(self.sink.folder)}
        kept = {} if self.keeping is None else {"kept": self.keeping.as_record()}
        return {"junco": VERSION, **self.pipeline.as_record(), **about, **kept}

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
        check_kept(self.keeping, header.get("kept"), self.sink.target, cure)

    def _check_space(self, header: dict[str, Any], cure: str) -> None:
        """Two pipelines that nobody can identify are told apart by what they compute, in `_check_header`."""
        theirs = Space.from_json(header["space"]) if header.get("space") else None
        if theirs != self.space:
            what = f"the vectors of {self.pipeline.title}"
            check_same(self.space, theirs, what, f"those in {self.sink.target}", f"{cure[0].upper()}{cure[1:]}.")

    def _check_target(self, header: dict[str, Any]) -> None:
        """Refuse a target that is not what was published. That no file was written to since is enough here."""
        stamp = self.sink.stamp()
        end: dict[str, Any] | None = None
        for record in self.journal.records():
            end = record if "files" in record else {**end, **record} if end and "source" in record else end
        if stamp is None or (end is None and stamp == header["replaces"]):
            return
        self._check_journal()
        if end is None:
            raise self._changed([])
        if not is_entry(end):
            raise self._damaged()
        self._end = end
        if {name: file[:2] for name, file in end["files"].items()} != self.sink.sizes():
            damaged = self._damaged_files()
            if damaged:
                raise self._changed(damaged)
        self.is_published = True

    def _damaged_files(self) -> list[str]:
        """The files of the target that are not what was written."""
        wanted, there = {name: file[2] for name, file in self._end["files"].items()}, self.sink.sums()
        return sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))

    def _changed(self, files: list[str]) -> TargetError:
        which = f" ({', '.join(files[:_SHOWN])}{f' and {len(files) - _SHOWN} more' if files[_SHOWN:] else ''})"
        return TargetError(
            f"{self.sink.target} was changed by something else, or damaged{which if files else ''}: put back what was "
            "there, give another target, or replace it with resume=False (--no-resume)"
        )

    def _check_journal(self) -> None:
        """Refuse a journal that has lost lines: in its middle, or what it knew of the target last."""
        records = list(self.journal.records())
        is_cut = any(record.get("shard") == 0 for record in records) and not any("files" in r for r in records)
        if is_cut or self.journal.is_damaged:
            raise self._damaged()

    def _damaged(self) -> JobError:
        return JobError(
            f"the journal of {self.sink.target}, {self.journal.path}, was damaged: "
            "give another target, or start over with resume=False (--no-resume)"
        )

    def _sealed(self) -> Iterator[tuple[dict[str, Any], Sealed]]:
        """What is done and still there, as it was noted and unpacked."""
        last = 0
        for record in islice(self.journal.records(), 1, None):
            if not is_entry(record):
                raise self._damaged()
            if "shard" not in record:
                continue
            sealed = self._unpacked(Sealed.of_record, record)
            if sealed.shard and sealed.numbers[0] <= last:  # numbers only grow
                raise self._damaged()
            last = max(last, sealed.shard)
            if self._is_there(sealed):
                yield record, sealed

    def _is_there(self, sealed: Sealed) -> bool:
        """Whether its rows are; a shard is read once."""
        if not sealed.shard:
            return self.is_published
        if sealed.shard not in self._lost:
            is_there = not sealed.has_rows or self.sink.has(sealed.shard, sealed.checksum)
            self._lost[sealed.shard] = 0 if is_there else len(sealed.counts)
        return not self._lost[sealed.shard]

    def _unpacked(self, unpack: Callable[..., _T], *packed: Any) -> _T:
        try:
            return unpack(*packed)
        except ValueError:
            raise self._damaged() from None

    def _finish_publishing(self) -> None:
        """Go on where a run was killed while it published, or forget what it had not made ready."""
        if next(self.next.records(), {}).get("junco") not in (None, VERSION):
            return  # what another version left is refused as a whole
        last = next(iter(deque(self.next.records(), maxlen=1)), {})
        if "files" in last and is_entry(last) and self._can_publish(last["files"]):
            self._put_in_place(last["num_rejects"])
        self.next.remove()

    def _can_publish(self, files: dict[str, list[Any]]) -> bool:
        return self.sink.can_publish({name: file[2] for name, file in files.items()})

    def _put_in_place(self, num_rejects: int) -> None:
        self.sink.publish(num_rejects)
        self.next.path.replace(self.journal.path)
        sync_folder(self.work)
        self.sink.discard()
        self.scratch()
        self.is_published = True
