"""How large the files of weights of repositories are, by one question to the tables."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from junco.hub.server.repos.revisions import MAIN
from junco.hub.server.tables.files import BRANCH, Commit, Entry, Ref, Repository
from junco.hub.server.tables.people import Namespace

_ENDS = (".safetensors", ".onnx")


def weights_of(session: Session, names: Sequence[str], family: str) -> dict[str, int]:
    """Bytes of weights at the head of the main branch, by name, of those members of a family that have any.

    Args:
        session: of the tables.
        names: ``namespace/name`` of members that may be shown.
        family: theirs.
    """
    asked = select(Namespace.name, Repository.name, func.sum(Entry.size))
    joined = asked.join(Repository, Repository.namespace_id == Namespace.id).join(
        Ref, (Ref.repository_id == Repository.id) & (Ref.kind == BRANCH) & (Ref.name == MAIN)
    )
    joined = joined.join(Commit, Commit.id == Ref.commit_id).join(Entry, Entry.tree_id == Commit.tree_id)
    ends = or_(*(Entry.path.endswith(end) for end in _ENDS))
    rows = session.execute(
        joined.where(Repository.family == family, Repository.deleted.is_(None), ends).group_by(
            Repository.id, Namespace.name, Repository.name
        )
    )
    wanted = set(names)
    found = {f"{space}/{name}": int(total) for space, name, total in rows}
    return {name: total for name, total in found.items() if name in wanted}
