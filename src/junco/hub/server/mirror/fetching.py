"""`Fetch`: a large file on its way from another hub: fetched once, however many wait for it, and read as it grows.

The last bytes of each answer are held back until all of the file was checked, so that nobody has a whole file, or a
whole part of one, that is not what it should be. What had come when a server was stopped is gone on from.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from junco.hub.content.formats import format_of
from junco.hub.content.safetensors_header import problem_of
from junco.hub.server.blobs.keep import keep
from junco.hub.server.blobs.places import PIECE
from junco.hub.server.faults import Fault, no_file
from junco.hub.server.hub import Hub
from junco.hub.server.mirror.faults import busy, failed, refused
from junco.hub.server.mirror.room import make_room
from junco.hub.server.mirror.upstream import Upstream, pieces
from junco.hub.server.repos.cards import refresh_card
from junco.hub.server.repos.revisions import head_of
from junco.hub.server.tables.files import Commit, Entry, Repository, Tree
from junco.hub.server.tables.people import Namespace

HELD = 1 << 16
"""Bytes at an answer's end that wait for the check; one that is not longer is sent when the file is whole."""
TOGETHER = 8
"""Files that are fetched at once."""
MOST_BEGUN = 32
"""Files that are fetched or wait for their turn, each in a thread."""
_MOST_FAILED = 1_000
SLOWEST = 2_000
_TICK_S = 0.03


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file is on the other hub."""

    repository_id: int
    namespace_id: int
    name: str
    commit: str
    path: str
    sha256: str
    size: int


class Fetch:
    """One file on its way."""

    def __init__(self, source: Source, part: Path) -> None:
        self.source, self.part = source, part
        self.have = 0
        self.fault: Fault | None = None
        self.is_done = False
        self.changed = threading.Condition()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.is_done or self.fault is not None

    def wait(self, within_s: float, start: int, stop: int) -> bool:
        """Whether within some seconds the first byte of an answer may be given on, or all is over."""
        with self.changed:
            return self.changed.wait_for(lambda: self.is_over or self.readable(stop) > start, within_s)

    def readable(self, stop: int) -> int:
        """The byte before which all may be given on, in an answer that ends before the byte ``stop``."""
        return stop if self.is_done else min(self.have, stop - HELD)

    def came(self, num_bytes: int) -> None:
        """So many bytes more are in the file."""
        with self.changed:
            self.have += num_bytes
            self.changed.notify_all()

    def end(self, fault: Fault | None = None) -> None:
        """It is over: whole and checked, or not."""
        with self.changed:
            self.fault, self.is_done = fault, fault is None
            self.changed.notify_all()

    async def read(self, file: IO[bytes], start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to ``stop`` (not with it), as they come.

        Raises:
            Fault: the rest never will.
        """
        try:
            while start < stop:
                if self.fault is not None:
                    raise self.fault
                if (end := min(self.readable(stop), start + PIECE)) > start:
                    piece = await run_in_threadpool(_read, file, start, end)
                    start += len(piece)
                    yield piece
                else:
                    await asyncio.sleep(_TICK_S)  # a thread that waited would be one less for everybody else
        finally:
            file.close()


def _read(file: IO[bytes], start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(stop - start)


class Fetches:
    """All that is on its way.

    Args:
        hub: that keeps what has come.
        upstream: from where it comes.
    """

    def __init__(self, hub: Hub, upstream: Upstream) -> None:
        self.hub, self.upstream = hub, upstream
        self._guard = threading.Lock()
        self._under_way: dict[str, Fetch] = {}
        self._failed: dict[str, Fault] = {}
        self._seats = threading.BoundedSemaphore(TOGETHER)

    def begin(self, repository_id: int, sha256: str) -> Fetch:
        """The fetch of a file, which is under way already where somebody has asked for it.

        Raises:
            Fault: no commit of the repository has it, there is no room for it, or too many are under way.
        """
        with self._guard:
            if (there := self._under_way.get(sha256)) is not None and there.fault is None:
                return there
            if len(self._under_way) >= MOST_BEGUN:
                raise busy()
            source = self._source(repository_id, sha256)
            coming = sum(each.source.size for each in self._under_way.values() if not each.is_over)
            make_room(self.hub, self.upstream.options, source.size, coming)
            fetch = Fetch(source, self.hub.incoming / f"mirror-{sha256}.part")
            self._under_way[sha256] = fetch
        threading.Thread(target=self._run, args=(fetch,), name="junco-mirror", daemon=True).start()
        return fetch

    def of(self, sha256: str) -> Fetch | None:
        """The fetch that is under way."""
        with self._guard:
            return self._under_way.get(sha256)

    def failure_of(self, sha256: str) -> str | None:
        """Why a file did not come when it was fetched last; told once."""
        with self._guard:
            fault = self._failed.pop(sha256, None)
            return None if fault is None else fault.message

    def _source(self, repository_id: int, sha256: str) -> Source:
        asked = (
            select(Namespace.id, Namespace.name, Repository.name, Commit.oid, Entry.path, Entry.size)
            .join(Repository, Repository.namespace_id == Namespace.id)
            .join(Tree, Tree.repository_id == Repository.id)
            .join(Entry, Entry.tree_id == Tree.id)
            .join(Commit, Commit.tree_id == Tree.id)
            .where(Repository.id == repository_id, Entry.sha256 == sha256)
            .order_by(Commit.id.desc())
        )
        with self.hub.database.reading() as session:
            row = session.execute(asked.limit(1)).one_or_none()
        if row is None:
            raise no_file(sha256)
        space_id, space, name, commit, path, size = row
        return Source(repository_id, space_id, f"{space}/{name}", commit, path, sha256, size)

    def _run(self, fetch: Fetch) -> None:
        fault: Fault | None = None
        try:
            with self._seats:
                self._fetch(fetch)
        except Fault as error:
            fault = error
        except OSError as error:
            fault = Fault(503, "full-disk", f"the hub cannot keep the file: {error.strerror or error}")
        except BaseException as error:  # whoever waits has to be told, whatever it was
            fault = failed(f"it could not be fetched: {type(error).__name__}")
            raise
        finally:
            fetch.end(fault)
            self._let_go(fetch)

    def _let_go(self, fetch: Fetch) -> None:
        sha256 = fetch.source.sha256
        with self._guard:
            if self._under_way.get(sha256) is fetch:
                del self._under_way[sha256]
            self._failed.pop(sha256, None)
            if fetch.fault is not None:
                if len(self._failed) >= _MOST_FAILED:
                    del self._failed[next(iter(self._failed))]
                self._failed[sha256] = fetch.fault

    def _fetch(self, fetch: Fetch) -> None:
        source, digest = fetch.source, hashlib.sha256()
        with fetch.part.open("a+b") as file:
            file.seek(0)
            for piece in _whole(file, source.size):
                digest.update(piece)
            begin = file.tell()
            fetch.came(begin)
            if begin < source.size:
                self._receive(fetch, file, digest, begin)
        _check(fetch, digest.hexdigest())
        keep(self.hub, fetch.part, source.sha256, source.size, source.namespace_id)
        self._look_again(source)

    def _receive(self, fetch: Fetch, file: IO[bytes], digest: Any, begin: int) -> None:
        source = fetch.source
        with self.upstream.file(source.name, source.commit, source.path, begin) as answer:
            if begin and answer.status_code != 206:
                file.truncate(0)
                raise failed("it does not go on where a file broke off: it begins anew at the next request")
            most_s = 120 + (source.size - begin) / SLOWEST
            for piece in pieces(answer, source.size - begin, most_s):
                file.write(piece)
                file.flush()
                digest.update(piece)
                fetch.came(len(piece))

    def _look_again(self, source: Source) -> None:
        """What is unsafe in the repository is known now by the bytes."""
        with self.hub.database.writing() as session:
            repository = session.get_one(Repository, source.repository_id)
            head = head_of(session, repository.id)
            if repository.deleted is None and head is not None:
                refresh_card(session, self.hub, repository, head)


def _whole(file: IO[bytes], size: int) -> Iterator[bytes]:
    """What came before, unless it is more than there can be."""
    if file.seek(0, 2) > size:
        file.truncate(0)
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _check(fetch: Fetch, digest: str) -> None:
    source, size = fetch.source, fetch.part.stat().st_size
    if size < source.size:
        raise failed(f"{source.path!r} broke off after {size:,} of {source.size:,} bytes: ask again, and it goes on")
    if digest != source.sha256:
        fetch.part.unlink()
        raise refused(f"{source.path!r} of {source.commit} has other bytes than were promised: nothing of them is kept")
    if source.path.lower().endswith(".safetensors"):
        kind = format_of(fetch.part, size)
        if kind != "safetensors" or (problem := problem_of(fetch.part, size)):
            fetch.part.unlink()
            why = f"its bytes are {kind}" if kind != "safetensors" else problem
            raise refused(f"{source.path!r} is no file of safetensors: {why}")
