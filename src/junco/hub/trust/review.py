"""`review`: what somebody has to read before code of a hub is allowed: its files, and what differs from what was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import JuncoError
from junco.hub.artefact.check import Checked, check
from junco.hub.artefact.tree import File
from junco.hub.client.line_difference import compared
from junco.hub.client.needs import needed_by
from junco.hub.client.pulling import Pulled, pulled
from junco.hub.client.revision import Revision
from junco.hub.trust.grants import Grant, grant, is_granted, last_grant
from junco.hub.trust.requirements import unsatisfied


@dataclass(frozen=True, slots=True)
class Review:
    """A commit with code, beside the one that was allowed last.

    Attributes:
        found: where it lies.
        checked: what was looked at.
        last: what was allowed last of the repository.
        before: that commit, if it can still be had.
    """

    found: Pulled
    checked: Checked
    last: Grant | None
    before: Pulled | None

    @property
    def revision(self) -> Revision:
        """The commit."""
        return self.found.revision

    @property
    def is_granted(self) -> bool:
        """Whether this very code of this very commit is allowed."""
        return is_granted(self.found.hub, self.revision)

    @property
    def requirements(self) -> list[str]:
        """Packages that it says it needs; nothing installs them."""
        told: Any = self.checked.told.get("requirements", [])
        return [str(each) for each in told] if isinstance(told, list) else []

    @property
    def unsatisfied(self) -> list[str]:
        """Those that are not here as they are asked for, in words."""
        try:
            return unsatisfied(self.requirements)
        except JuncoError as error:
            return [str(error)]

    def difference(self) -> Iterator[str]:
        """Its code line by line, what was allowed last taken as known, or all of it; then which data that code may read
        is other than it was.
        """
        old = {} if self.before is None else {file.path: file for file in self.before.revision.code}
        new = {file.path: file for file in self.revision.code}
        for path in sorted({*old, *new}):
            if old.get(path) != new.get(path):
                texts = _text(self.before, old.get(path)), _text(self.found, new.get(path))
                yield from compared(path, *texts, was=path in old, is_there=path in new)
        if self.before is not None:
            yield from _other_data(self.before.revision, self.revision)

    def grant(self) -> Grant:
        """Allow it.

        Raises:
            ContractError: it holds no code, or something is wrong with it.
        """
        self.checked.refuse()
        return grant(self.found.hub, self.revision)


def review(name: str, *, hub: str | None = None, project: Path | None = None) -> Review:
    """Pull a name, and look at its code; nothing of it runs.

    Args:
        name: ``namespace/name[@version]``; a branch is taken for the commit that it is at now.
        hub: the address of the hub.
        project: the folder whose ``junco.lock`` is heeded; ``None``: the working folder.
    """
    found = pulled(name, hub=hub, project=project)
    last = last_grant(found.hub, found.revision.repository)
    before = None
    if last is not None and last.commit != found.revision.commit:
        try:
            before = pulled(f"{last.repository}@{last.commit}", hub=found.hub)
        except JuncoError:
            before = None
        if before is not None and before.revision.code_digest != last.code_digest:
            before = None
    return Review(found, check(found.folder, card=False), last, before)


def reviews(name: str, *, hub: str | None = None, project: Path | None = None) -> list[Review]:
    """All code that a name would run: its own, and that of what a pipeline or a tuned operator takes from the hub.

    Returns:
        One for each commit with code, by the names in the pipeline's ``junco.lock``; none where there is only data.

    Raises:
        ContractError: something is wrong with the pipeline, which could not be run anyway.
    """
    waiting, found = [(name, project)], dict[str, Review]()
    while waiting:
        asked, beside = waiting.pop(0)
        one = review(asked, hub=hub, project=beside)
        if one.revision.commit not in found:
            found[one.revision.commit] = one
            if needed := needed_by(one.found, one.checked):
                one.checked.refuse()
                waiting += [(each, one.found.folder) for each in needed]
    return [each for each in found.values() if each.revision.code]


def _text(pulled_one: Pulled | None, file: File | None) -> list[str]:
    if pulled_one is None or file is None:
        return []
    # lines as Python has them: others, as U+2028, would show a comment as code; they are spelt out when they are shown
    text = (pulled_one.folder / file.path).read_bytes().decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _other_data(before: Revision, now: Revision) -> Iterator[str]:
    """Files that are no code and differ: a grant is of them too, as code may read them."""
    old, new = ({file.path: file for file in set(each.files) - set(each.code)} for each in (before, now))
    for path in sorted(path for path in {*old, *new} if old.get(path) != new.get(path)):
        what = "is new" if path not in old else "is gone" if path not in new else "has other bytes"
        yield f"{path} {what}"
