"""`Revision`: what a hub says a commit holds, believed as far as it can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from junco.errors import IntegrityError
from junco.hub.artefact.lock_file import COMMIT
from junco.hub.artefact.tree import MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, SHA256, File, digest_of
from junco.hub.client.names import Name
from junco.hub.content import paths
from junco.hub.content.commit_record import proves
from junco.wording import picture


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of a repository.

    Attributes:
        repository: ``namespace/name``, as the hub spells it.
        commit: 40 hexadecimal digits.
        digest: of all its files.
        files: sorted by path.
        release: ``v1.2.0``, where it is one.
        unsafe: paths that the hub warns of.
        record: what the commit is a hash of, where the hub showed that: then it cannot be of other files.
    """

    repository: str
    commit: str
    digest: str
    files: tuple[File, ...]
    release: str | None = None
    unsafe: tuple[str, ...] = ()
    record: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def is_proved(self) -> bool:
        """Whether the commit is sure to be of these files, whatever the hub says."""
        return self.record is not None

    @property
    def num_bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files)

    @property
    def code(self) -> tuple[File, ...]:
        """The files that are code."""
        return tuple(file for file in self.files if file.path.endswith(".py"))

    @property
    def code_digest(self) -> str:
        """Over its code; empty where there is none."""
        return digest_of(self.code) if self.code else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, which `read_revision` reads."""
        unsafe = set(self.unsafe)
        files = [{**asdict(file), "unsafe": file.path in unsafe} for file in self.files]
        said = {"repository": self.repository, "commit": self.commit, "digest": self.digest, "release": self.release}
        return {**said, "files": files, **({"record": dict(self.record)} if self.record is not None else {})}


def read_revision(told: Any, asked: Name, hub: str) -> Revision:
    """What a hub answered, checked: paths that lead nowhere else, sizes within limits, the digest of all of it.

    Args:
        told: plain values.
        asked: the name that was asked for.
        hub: who answered, for messages.

    Raises:
        IntegrityError: anything is not as it should be; with what.
    """
    try:
        return _read(told, asked)
    except (KeyError, TypeError, AttributeError):
        raise IntegrityError(f"{hub}: what it says of {asked} cannot be read: is it a junco hub?") from None
    except ValueError as error:
        raise IntegrityError(f"{hub}: what it says of {asked} is refused: {error}") from None


def _read(told: Any, asked: Name) -> Revision:
    commit, digest, listed = told["commit"], told["digest"], told["files"]
    if not isinstance(listed, list) or len(listed) > MOST_FILES:
        raise ValueError(f"it may hold at most {MOST_FILES:,} files")
    if COMMIT.fullmatch(commit) is None or (asked.is_commit and commit != asked.revision):
        raise ValueError(f"its commit is {picture(commit)}")
    if str(told["repository"]).lower() != asked.repository.lower():
        raise ValueError(f"it is of the repository {picture(told['repository'])}")
    files = tuple(sorted(_files(listed)))
    if problems := paths.problems_of(file.path for file in files):
        raise ValueError(f"the path {picture(problems[0][0])}: {problems[0][1]}")
    if len({file.path for file in files}) != len(files) or sum(file.size for file in files) > MOST_BYTES:
        raise ValueError(f"a path stands there twice, or it has more than {MOST_BYTES:,} bytes")
    if digest_of(files) != digest:
        raise ValueError("its digest is not that of its files")
    release = told.get("release")
    unsafe = tuple(each["path"] for each in listed if each.get("unsafe"))
    record = told.get("record")
    return Revision(
        told["repository"],
        commit,
        digest,
        files,
        release if isinstance(release, str) else None,
        unsafe,
        record if proves(record, commit, digest) else None,
    )


def _files(listed: list[Any]) -> Iterator[File]:
    for each in listed:
        path, size, sha256 = each["path"], each["size"], each["sha256"]
        if not isinstance(path, str) or type(size) is not int or not 0 <= size <= MOST_FILE_BYTES:
            raise ValueError(f"the file {picture(path)} has the size {picture(size)}")
        if SHA256.fullmatch(sha256) is None:
            raise ValueError(f"the file {picture(path)} has the sha256 {picture(sha256)}")
        yield File(path, size, sha256)
