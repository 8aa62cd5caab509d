"""Branches, which move; tags, which stay; releases, which nobody takes back."""

from __future__ import annotations

from sqlalchemy.orm import Session

from junco.hub.server import audit
from junco.hub.server.accounts.names import RELEASE, checked_ref
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault, forbidden, no_revision
from junco.hub.server.repos.revisions import MAIN
from junco.hub.server.tables.files import BRANCH, TAG, Commit, Ref, Repository
from junco.hub.server.visits import Visit


def move_branch(session: Session, repository: Repository, branch: str, commit: Commit, author: str) -> None:
    """Have a branch be at a commit; one that is not there is made.

    Raises:
        Fault: the name is a tag's, or none that a branch may have.
    """
    ref = session.get(Ref, (repository.id, branch))
    if ref is None:
        _add(session, repository, branch, BRANCH, commit, author)
    elif ref.kind != BRANCH:
        raise Fault(409, "exists", f"{branch!r} is a tag, and tags do not move", {})
    else:
        ref.commit_id, ref.created, ref.author = commit.id, now(), author


def add_branch(session: Session, visit: Visit, branch: str, commit: Commit) -> None:
    """A new branch.

    Raises:
        Fault: the name is in use, or none that a branch may have.
    """
    if (ref := session.get(Ref, (visit.repo.id, branch))) is not None:
        raise _exists(session, branch, ref)
    _add(session, visit.repo, branch, BRANCH, commit, visit.actor.name or "")
    audit.note(session, visit.actor, "branch.make", visit.full_name, f"{branch} {commit.oid}")


def add_tag(session: Session, visit: Visit, repository: Repository, tag: str, commit: Commit) -> bool:
    """A new tag: whether it was not there before.

    Raises:
        Fault: it is there, at another commit; or it is none that a tag may have.
    """
    if (ref := session.get(Ref, (repository.id, tag))) is not None:
        if ref.kind == TAG and ref.commit_id == commit.id:
            return False
        raise _exists(session, tag, ref)
    _add(session, repository, tag, TAG, commit, visit.actor.name or "")
    audit.note(session, visit.actor, "tag.make", visit.full_name, f"{tag} {commit.oid}")
    return True


def add_release(session: Session, visit: Visit, repository: Repository, release: str, commit: Commit) -> bool:
    """A new release: whether it was not there before.

    Raises:
        Fault: it is there, at another commit; or its name is no version.
    """
    if not RELEASE.fullmatch(release):
        why = f"a release is a version such as v1.2.0 (semver.org), not {release[:96]!r}"
        raise Fault(422, "invalid", why, {"fields": ["release"]})
    return add_tag(session, visit, repository, release, commit)


def drop_ref(session: Session, visit: Visit, name: str, kind: str) -> None:
    """Let go of a branch or a tag.

    Raises:
        Fault: there is none, or it stays: ``main`` and releases do.
    """
    ref = session.get(Ref, (visit.repo.id, name))
    if ref is None or ref.kind != kind:
        raise no_revision(name)
    if name == MAIN or (kind == TAG and RELEASE.fullmatch(name)):
        raise forbidden(f"{name!r} stays: main is never deleted, and a release that was made is made")
    session.delete(ref)
    audit.note(session, visit.actor, f"{kind}.drop", visit.full_name, name)


def _exists(session: Session, name: str, ref: Ref) -> Fault:
    oid = session.get_one(Commit, ref.commit_id).oid
    return Fault(409, "exists", f"{name!r} is there, at {oid}; it does not move", {"commit": oid})


def _add(session: Session, repository: Repository, name: str, kind: str, commit: Commit, author: str) -> None:
    name = checked_ref(name)
    session.add(
        Ref(repository_id=repository.id, name=name, kind=kind, commit_id=commit.id, author=author, created=now())
    )
    session.flush()
