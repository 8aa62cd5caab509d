"""`Mirror`: repositories of another hub, brought here when they are asked for."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1, sha256

from sqlalchemy import select

from junco.errors import InputError
from junco.hub.server.accounts.names import COMMIT, RELEASE, checked, likeness
from junco.hub.server.accounts.people import namespace_of
from junco.hub.server.blobs.keep import keep
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault, no_revision
from junco.hub.server.hub import Hub
from junco.hub.server.inserting import insert_new
from junco.hub.server.mirror.faults import Away, busy, failed, gated, refused
from junco.hub.server.mirror.fetching import Fetches
from junco.hub.server.mirror.keeping import Brought, is_kept, keep_commit
from junco.hub.server.mirror.listing import Listed, Said, read_refs, read_revision, read_tree
from junco.hub.server.mirror.options import Mirroring
from junco.hub.server.mirror.upstream import MOST_S, Upstream, pieces
from junco.hub.server.repos.revisions import MAIN, as_revision, find_commit, latest_of, sort_releases
from junco.hub.server.tables.files import BRANCH, Commit, Ref, Repository
from junco.hub.server.tables.people import MIRROR, Namespace

MOST_WAITING, WAIT_S = 16, 30.0
"""Requests that wait for the other hub at once: the rest of this one's threads are for those who need it not."""
_TOGETHER = 4
_MOST_NAMES = 20_000
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is here of what is asked for."""

    repository: Repository | None
    commit: Commit | None
    moves: bool = True
    """Whether the name is one that moves, so that the other hub may know better."""

    @property
    def is_barred(self) -> bool:
        """Whether an admin has ended it: it is not mirrored again."""
        return self.repository is not None and self.repository.deleted is not None


class Mirror:
    """Another hub, read through this one.

    Args:
        hub: that keeps what is brought.
        options: what may be.

    Raises:
        InputError: a namespace that is to be mirrored is a user's or an organisation's here.
    """

    def __init__(self, hub: Hub, options: Mirroring) -> None:
        self.hub, self.options = hub, options
        self.upstream = Upstream(options)
        hub.ends.callback(self.upstream.close)
        self.fetches = Fetches(hub, self.upstream)
        self._seats = threading.BoundedSemaphore(MOST_WAITING)
        self._guard = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._seen: dict[str, tuple[float, Fault | None]] = {}
        self._away: tuple[float, Away] | None = None
        self._reserve()

    def _reserve(self) -> None:
        """The namespaces are the mirror's before anybody can have them."""
        with self.hub.database.writing() as session:
            for name in self.options.namespaces:
                try:
                    values = {"name": name, "key": likeness(checked(name)), "kind": MIRROR, "created": now()}
                except Fault as fault:
                    raise InputError(f"--mirror-allow {name}/…: {fault.message}") from None
                insert_new(session, Namespace, values)
                there = session.scalars(select(Namespace).where(Namespace.key == values["key"])).one()
                if there.kind != MIRROR or there.name.lower() != name.lower():
                    raise InputError(f"--mirror-allow {name}/…: {there.name} is a {there.kind} of this hub")

    def bring_named(self, names: Sequence[str]) -> None:
        """Have what ``namespace/name@revision`` name be here; where the other hub cannot give it, it is as it is."""
        for each in names:
            full, _, revision = each.partition("@")
            namespace, _, name = full.partition("/")
            if name and self.options.covers(namespace, name):
                try:
                    self.bring(namespace, name, as_revision(revision))
                except Fault:
                    continue

    def bring(self, namespace: str, name: str, revision: str | None) -> Mapping[str, str]:
        """Have a repository here at a revision, if it is one that is mirrored: headers that say how it went.

        Raises:
            Fault: it is not here, and the other hub cannot give it now, or may not.
        """
        if not self.options.covers(namespace, name):
            return {}
        known = self._known(namespace, name, revision)
        key = f"{namespace}/{name}@{revision}".lower()
        if known.is_barred or self._is_enough(known, key, revision):
            return {"X-Junco-Mirror": "kept"} if known.repository is not None and not known.is_barred else {}
        try:
            self._refuse_other(known)
            with self._seat(), self._turn(key):
                known = self._known(namespace, name, revision)
                if self._is_enough(known, key, revision):
                    return {"X-Junco-Mirror": "kept"} if known.repository is not None else {}
                self._ask(namespace, name, MAIN if revision is None else revision)
                self._note(key)
        except Fault as fault:
            return self._without(known, key, fault)
        return {"X-Junco-Mirror": "fresh"}

    def _known(self, namespace: str, name: str, revision: str | None) -> _Known:
        with self.hub.database.reading() as session:
            space = namespace_of(session, namespace, MIRROR)
            asked = select(Repository).where(Repository.key == likeness(name))
            repository = session.scalar(asked.where(Repository.namespace_id == space.id)) if space else None
            if repository is None or repository.deleted is not None:
                return _Known(repository, None)
            if revision is None:
                return _Known(repository, None, moves=False)
            commit = find_commit(session, repository.id, revision)
            if commit is None and (commit := find_commit(session, repository.id, as_revision(revision))) is not None:
                revision = as_revision(revision)
            ref = session.get(Ref, (repository.id, revision))
            is_fixed = COMMIT.fullmatch(revision) is not None or (ref is not None and ref.kind != BRANCH)
            return _Known(repository, commit, moves=commit is None or not is_fixed)

    def _is_enough(self, known: _Known, key: str, revision: str | None) -> bool:
        """Whether the other hub need not be asked.

        Raises:
            Fault: what it was asked with just now was refused, and nothing is kept: that is no name that is not there.
        """
        if known.repository is not None and (revision is None or not known.moves):
            return True
        with self._guard:
            seen, fault = self._seen.get(key, (-math.inf, None))
        if time.monotonic() - seen >= self.options.fresh_s:
            return False
        if fault is not None and known.commit is None:
            raise fault.with_traceback(None)
        return True

    def _refuse_other(self, known: _Known) -> None:
        if known.repository is not None and known.repository.upstream != self.options.upstream:
            raise refused(f"it was mirrored from {known.repository.upstream}, which is asked no more")
        with self._guard:
            away = self._away
        if away is not None and time.monotonic() - away[0] < self.options.away_s:
            raise away[1]

    def _note(self, key: str, fault: Fault | None = None) -> None:
        with self._guard:
            if len(self._seen) >= _MOST_NAMES:
                self._seen.clear()
            self._seen[key] = (time.monotonic(), fault)
            self._away = None

    def _without(self, known: _Known, key: str, fault: Fault) -> Mapping[str, str]:
        """What is kept is used, and said to be; what is not there stays so for a while.

        Raises:
            Fault: there is nothing that could be used.
        """
        is_absent = fault.code in {"no-repository", "no-revision"}
        if not isinstance(fault, Away):
            self._note(key, None if is_absent else fault)
        elif fault.code != "upstream-busy":  # then it was not asked
            with self._guard:
                if self._away is None or self._away[1] is not fault:
                    self._away = (time.monotonic(), fault)
        if known.commit is not None:
            text = "".join(letter if " " <= letter <= "~" else "?" for letter in fault.message)[:300]
            why = "it is there no more" if is_absent else text
            return {"X-Junco-Mirror": f"stale; {fault.code}", "X-HF-Warning": f"mirror; what was kept is used: {why}"}
        if is_absent:
            return {"X-Junco-Mirror": "none"} if known.repository is not None else {}
        raise fault

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            raise busy()
        try:
            yield
        finally:
            self._seats.release()

    @contextmanager
    def _turn(self, key: str) -> Iterator[None]:
        """One at a time asks for one thing."""
        with self._guard:
            if len(self._turns) >= _MOST_NAMES:
                self._turns = {name: lock for name, lock in self._turns.items() if lock.locked()}
            turn = self._turns.setdefault(key, threading.Lock())
        if not turn.acquire(timeout=WAIT_S):
            raise busy()
        try:
            yield
        finally:
            turn.release()

    def _ask(self, namespace: str, name: str, revision: str) -> None:
        full = f"{namespace}/{name}"
        revision = MAIN if revision == "HEAD" else revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        asked, named = self._named(full, revision)
        said = read_revision(self.upstream.revision(full, asked), full)
        if COMMIT.fullmatch(asked) and said.commit != asked:
            raise refused("another commit than the one that was asked for")
        self._check_open(said, namespace, name)
        with self.hub.database.reading() as session:
            space = namespace_of(session, namespace, MIRROR)
        assert space is not None, "it was reserved"
        there = self._known(namespace, name, said.commit)
        if there.repository is not None and there.commit is not None:
            with self.hub.database.reading() as session:
                if is_kept(session, there.repository, there.commit, named):
                    return
        files: list[Listed] = []
        small: dict[str, str] = {}
        if there.commit is None:
            files = read_tree(self.upstream.tree(full, said.commit, self.hub.limits.commit_files), self.hub.limits)
            small = self._small(full, said.commit, files, space.id)
        own = said.name.partition("/")[2]
        keep_commit(self.hub, space, self.options.upstream, Brought(own, said.commit, files, small, named))

    def _named(self, full: str, revision: str) -> tuple[str, tuple[str, bool] | None]:
        """What the other hub is asked for, and the name that its commit is kept by."""
        if COMMIT.fullmatch(revision):
            return revision, None
        if revision == MAIN:
            return MAIN, (MAIN, True)
        refs = read_refs(self.upstream.refs(full))
        if revision not in refs:  # a version may be written without its v
            revision = as_revision(revision)
        if revision == LATEST:
            tags = [name for name, (_, is_branch) in refs.items() if not is_branch and RELEASE.fullmatch(name)]
            newest = latest_of(sort_releases(tags))
            return (refs[newest][0], (newest, False)) if newest is not None else (MAIN, (MAIN, True))
        if revision not in refs:
            raise no_revision(revision)
        return refs[revision][0], (revision, refs[revision][1])

    def _check_open(self, said: Said, namespace: str, name: str) -> None:
        """What not everybody may have is mirrored where the operator has named it, and has leave."""
        has_token = self.options.token is not None
        if not said.is_open and not (has_token and self.options.names(namespace, name)):
            raise gated(said.name, has_token=has_token)

    def _small(self, full: str, commit: str, files: Sequence[Listed], namespace_id: int) -> dict[str, str]:
        """Fetch what git keeps itself: only its bytes tell its sha256."""
        wanted = [file for file in files if file.sha256 is None]

        def fetched(file: Listed) -> tuple[str, str]:
            return file.path, self._fetched(full, commit, file, namespace_id)

        with ThreadPoolExecutor(_TOGETHER, "junco-mirror") as pool:
            return dict(pool.map(fetched, wanted))

    def _fetched(self, full: str, commit: str, file: Listed, namespace_id: int) -> str:
        with self.upstream.file(full, commit, file.path) as answer:
            data = b"".join(pieces(answer, file.size, MOST_S))
        if len(data) != file.size:
            raise failed(f"{file.path!r} ended after {len(data):,} of {file.size:,} bytes")
        if sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() != file.git_id:
            raise refused(f"{file.path!r} of {commit} has other bytes than its list of files says")
        path = self.hub.incoming / f"{secrets.token_hex(16)}.incoming"
        path.write_bytes(data)
        digest = sha256(data).hexdigest()
        try:
            keep(self.hub, path, digest, len(data), namespace_id)
        except Fault as fault:
            raise refused(f"{file.path!r}: {fault.message}") from None
        return digest
