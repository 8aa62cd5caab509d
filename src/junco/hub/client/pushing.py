"""`push`: a folder → a commit on a hub. What the hub has is not sent again, and what broke off goes on."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from junco.errors import InputError, IntegrityError, ParameterError
from junco.hub.artefact.card import card_text, problems_of_card
from junco.hub.artefact.check import Checked, check
from junco.hub.artefact.kinds import CARD
from junco.hub.artefact.tree import File, digest_of, files_of
from junco.hub.client.address import chosen_hub
from junco.hub.client.connection import PIECE_BYTES, TRIES, BrokenLineError, Connection, repository_path
from junco.hub.client.download import Told, silent
from junco.hub.client.faults import HubError
from junco.hub.client.names import parse_name, release_of
from junco.hub.client.near import telling
from junco.hub.content.card import SIGNATURE, front_matter
from junco.operator.licences import check_licence, said_licence
from junco.operator.tuned_card import with_licence


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push made.

    Attributes:
        repository: ``namespace/name``.
        commit: 40 hexadecimal digits.
        digest: of all files.
        release: ``v1.2.0``, if one was made.
        files: how many the commit holds.
        sent_bytes: how many had to be sent.
        unchanged: whether the hub had just this already.
        warnings: what the hub says of it, and what its card still has to say.
    """

    repository: str
    commit: str
    digest: str
    release: str | None
    files: int
    sent_bytes: int
    unchanged: bool
    warnings: tuple[str, ...] = ()


def push(  # noqa: PLR0913  # each is one decision of the caller's, by name
    folder: str | Path,
    name: str,
    *,
    release: str | None = None,
    message: str = "",
    licence: str | None = None,
    private: bool = False,
    hub: str | None = None,
    told: Told = silent,
) -> Pushed:
    """Put a folder on a hub, as one commit: all of it, or nothing. The repository is made if it is not there.

    Args:
        folder: an artefact, which is checked before.
        name: ``namespace/name``.
        release: ``"1.2.0"``, which will mean this commit for ever.
        message: what was changed.
        licence: of a folder without ``README.md``, for the card that is made for it.
        private: whether a new repository is seen by its namespace alone.
        hub: the address of the hub; ``None``: ``JUNCO_HUB``, or where one logged in last.
        told: told of progress.

    Raises:
        ContractError: something is wrong with the folder; with all of it.
        HubError: the hub refuses.
        UnavailableError: it cannot be reached.
    """
    asked = parse_name(name)
    if asked.revision != "latest":
        raise ParameterError(f"{name}: a push names no version: push(folder, {asked.repository!r}, release='1.2.0')")
    tag = release_of(release) if release is not None else None
    if tag == "":
        raise ParameterError(f"a release is called 1.2.0, or 1.2.0-rc.1, not {release!r}")
    address = chosen_hub(hub)
    checked = check(folder, card=licence is None)
    checked.refuse()
    card = _card(checked, asked.repository, licence)
    files = tuple(file for file in files_of(checked.folder) if not (card and file.path == CARD))
    with Connection(address) as connection, telling(connection, asked, "write to"):
        parent = _head(connection, asked.repository, private=private)
        sent = _send(connection, asked.repository, checked.folder, files, told)
        add: list[dict[str, Any]] = [{"path": each.path, "sha256": each.sha256, "size": each.size} for each in files]
        add += [{"path": CARD, "content": base64.b64encode(card).decode()}] if card else []
        body = {"parent": parent, "message": message or _message(tag), "add": add, "replace": True}
        path = f"{repository_path(asked.repository)}/commits/main"
        answer = connection.ask("POST", path, {**body, **({"release": tag} if tag else {})}, tries=TRIES)
    whole = (*files, File(CARD, len(card), hashlib.sha256(card).hexdigest())) if card else files
    made = _pushed(answer, asked.repository, whole, sent, address)
    return replace(made, warnings=(*map(str, checked.warnings), *made.warnings))


def _message(tag: str | None) -> str:
    return f"Release {tag}" if tag else "Push"


def _card(checked: Checked, repository: str, licence: str | None) -> bytes:
    """The card of a folder that has none, or one that says no licence, if it is told here."""
    if licence is None:
        return b""
    check_licence(licence)
    if CARD in checked.paths:
        problems = problems_of_card(checked.folder, {**checked.told, "license": licence})
        text = (checked.folder / CARD).read_bytes()
        if said_licence(front_matter(text)) is not None or problems:
            replace(checked, problems=tuple(problems)).refuse()
            return b""
        if SIGNATURE in checked.paths:
            raise InputError(f"{checked.folder / CARD} says no license:, and is signed: add it there, and sign again")
        return with_licence(text.decode(), licence).encode()
    told = checked.told
    of = str(told.get("operator", told.get("name", "")))
    family = str(told.get("family") or of.partition(".")[0])
    body = f"A {checked.kind.replace('-', ' ')}" + (f" of `{of}`." if of else ".")
    return card_text(repository, checked.kind, family, licence, body).encode()


def _head(connection: Connection, repository: str, *, private: bool) -> str | None:
    """The commit that ``main`` is at; the repository is made where it is not there."""
    try:
        return str(connection.ask("GET", repository_path(repository), tries=TRIES)["head"] or "") or None
    except HubError as error:
        if error.code != "no-repository" or not connection.has_token:
            raise
    connection.ask("POST", "/repositories", {"name": repository, "private": private})
    return None


def _send(connection: Connection, repository: str, folder: Path, files: tuple[File, ...], told: Told) -> int:
    """Send what the hub does not have yet, each file from where it broke off before: how many bytes that were."""
    by_sha256 = {file.sha256: file for file in files}
    path = f"{repository_path(repository)}/missing"
    listed = [{"sha256": file.sha256, "size": file.size} for file in by_sha256.values()]
    sent = 0
    for number in range(TRIES + 1):
        missing = connection.ask("POST", path, {"files": listed}, tries=TRIES)["missing"]
        try:
            for each in missing:
                file = by_sha256[each["sha256"]]
                sent += _send_file(connection, repository, folder, file, int(each["offset"]), told)
            return sent
        except (BrokenLineError, HubError) as error:  # whoever broke off holds the file until the hub has seen it
            if number == TRIES or not (isinstance(error, BrokenLineError) or error.code == "busy"):
                raise
            time.sleep(min(0.1 * 2**number, 2.0))
    raise AssertionError(sent)


def _send_file(connection: Connection, repository: str, folder: Path, file: File, offset: int, told: Told) -> int:
    """Send a file from an offset."""
    path = f"{repository_path(repository)}/blobs/{file.sha256}"
    headers = {
        "Content-Length": str(file.size - offset),
        "Upload-Offset": str(offset),
        "Upload-Size": str(file.size),
        "Content-Type": "application/octet-stream",
    }
    with (folder / file.path).open("rb") as source:
        if os.fstat(source.fileno()).st_size != file.size:
            raise IntegrityError(f"{folder / file.path} was changed while it was pushed: push again")
        source.seek(offset)
        connection.ask_with("PUT", path, _pieces(source, file, offset, told), headers)
    return file.size - offset


def _pieces(source: Any, file: File, done: int, told: Told) -> Iterator[bytes]:
    told(file.path, done, file.size)
    while piece := source.read(min(PIECE_BYTES, file.size - done)):
        yield piece
        done += len(piece)
        told(file.path, done, file.size)


def _pushed(answer: Any, repository: str, files: tuple[File, ...], sent: int, hub: str) -> Pushed:
    if not isinstance(answer, dict) or answer.get("digest") != digest_of(files):
        said = answer.get("digest") if isinstance(answer, dict) else None
        raise IntegrityError(
            f"{hub} has made a commit with the digest {said}, and what was pushed has {digest_of(files)}"
        )
    warnings = tuple(map(str, answer.get("warnings") or ()))
    commit, release, unchanged = str(answer["commit"]), answer.get("release"), bool(answer.get("unchanged"))
    return Pushed(repository, commit, answer["digest"], release, len(files), sent, unchanged, warnings)
