"""Files from chunks: of packs that were just sent, and of blobs that were made of such packs before."""

from __future__ import annotations

import hashlib
import secrets
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import exists, insert, select

from junco.hub.server.blobs.keep import keep
from junco.hub.server.blobs.places import Folder
from junco.hub.server.blobs.uploads import digest_mismatch
from junco.hub.server.faults import Fault, too_large
from junco.hub.server.hub import Hub
from junco.hub.server.tables.files import Blob, Sent
from junco.hub.server.tables.use import XetRange, XetXorb
from junco.hub.server.xet.formats import Chunk, Packed, SharedFile, Term, bad_shard, bad_xorb, chunks_of, mapped, pieces
from junco.hub.server.xet.leave import Leave


@dataclass(frozen=True, slots=True)
class _Made:
    """Chunks of a term as they stand in the file that is being made."""

    term: Term
    offset: int
    lengths: bytes


class Maker:
    """Makes the files of one shard.

    Args:
        hub: where they go.
        leave: for which scope and namespace.
    """

    def __init__(self, hub: Hub, leave: Leave) -> None:
        self.hub, self.leave = hub, leave
        self._xorb = lru_cache(maxsize=1)(self._read_xorb)

    def make(self, file: SharedFile) -> None:
        """Make a file, check it, keep it, and note which chunks are where in it.

        Raises:
            Fault: chunks are not there, or the file is not what its sha256 says.
        """
        if file.size > self.hub.limits.file_bytes:
            raise too_large("a file", self.hub.limits.file_bytes)
        if self._is_kept(file):
            return
        path = self.hub.incoming / f"{secrets.token_hex(16)}.incoming"
        try:
            made, digest = self._write(file, path)
            if digest != file.sha256:
                raise digest_mismatch(file.sha256)
            keep(self.hub, path, digest, file.size, self.leave.namespace_id)
        finally:
            path.unlink(missing_ok=True)
        self._note(file.sha256, made)

    def _write(self, file: SharedFile, path: Path) -> tuple[list[_Made], str]:
        digest, made, offset = hashlib.sha256(), [], 0
        with path.open("wb") as out:
            for term in file.terms:
                lengths = array("I")
                for piece in self._pieces(term):
                    lengths.append(len(piece))
                    digest.update(piece)
                    out.write(piece)
                if sum(lengths) != term.size:
                    raise bad_shard("a part in it has not as many bytes as it says")
                made.append(_Made(term, offset, lengths.tobytes()))
                offset += term.size
        return made, digest.hexdigest()

    def _pieces(self, term: Term) -> Iterator[bytes]:
        xorb = self._xorb(term.xorb)
        if xorb is not None:
            return pieces(*xorb, term.first, term.last)
        return self._pieces_of_blobs(term)

    def _read_xorb(self, name: str) -> tuple[Packed, list[Chunk]] | None:
        with self.hub.database.reading() as session:
            row = session.get(XetXorb, (self.leave.scope, name))
        if row is None or (size := self.hub.places.size(row.place)) is None:
            return None
        places = self.hub.places
        data = (
            mapped(places.path(row.place)) if isinstance(places, Folder) else b"".join(places.read(row.place, 0, size))
        )
        return data, chunks_of(data)

    def _pieces_of_blobs(self, term: Term) -> Iterator[bytes]:
        """Chunks of a pack that is gone, from the files that were made of it."""
        at = term.first
        while at < term.last:
            row, place = self._range(term.xorb, at)
            lengths = array("I", row.lengths)
            offset = row.offset + sum(lengths[: at - row.first])
            for length in lengths[at - row.first : term.last - row.first]:
                yield b"".join(self.hub.places.read(place, offset, offset + length))
                offset, at = offset + length, at + 1

    def _range(self, xorb: str, chunk: int) -> Any:
        asked = select(XetRange, Blob.place).join(Blob, Blob.sha256 == XetRange.sha256)
        with self.hub.database.reading() as session:
            row = session.execute(
                asked.where(
                    XetRange.scope_id == self.leave.scope,
                    XetRange.xorb == xorb,
                    XetRange.first <= chunk,
                    XetRange.last > chunk,
                ).limit(1)
            ).one_or_none()
        if row is None:
            raise bad_xorb("it was never sent to this scope, or is gone")
        return row

    def _is_kept(self, file: SharedFile) -> bool:
        """Whether this namespace has sent the file before, and all its chunks can be found in it."""
        with self.hub.database.reading() as session:
            sent = session.get(Sent, (self.leave.namespace_id, file.sha256))
            blob = session.get(Blob, file.sha256) if sent is not None else None
            if blob is None or self.hub.places.size(blob.place) != file.size:
                return False
            scoped = (XetRange.scope_id == self.leave.scope, XetRange.sha256 == file.sha256)
            return bool(session.scalar(select(exists().where(*scoped))))

    def _note(self, sha256: str, made: list[_Made]) -> None:
        if not made:
            return
        rows = [
            {
                "scope_id": self.leave.scope,
                "xorb": each.term.xorb,
                "first": each.term.first,
                "last": each.term.last,
                "sha256": sha256,
                "offset": each.offset,
                "lengths": each.lengths,
            }
            for each in made
        ]
        with self.hub.database.writing() as session:
            session.execute(insert(XetRange), rows)


def make_all(hub: Hub, leave: Leave, files: list[SharedFile]) -> None:
    """Make the files of a shard, one after the other.

    Raises:
        Fault: one of them cannot be made; those before it are kept, and named by no commit.
    """
    if len(files) > hub.limits.commit_files:
        raise too_large("files of a shard", hub.limits.commit_files)
    maker = Maker(hub, leave)
    for file in files:
        try:
            maker.make(file)
        except FileNotFoundError:
            raise Fault(503, "damaged", "bytes that this file is made of are lost: send it anew") from None
