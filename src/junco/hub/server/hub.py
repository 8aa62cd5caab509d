"""A running hub: where its things are, what it allows, and the secret that it signs with."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fastapi import Request

from junco.hub.server.blobs.places import Places, places_of
from junco.hub.server.database import Database
from junco.hub.server.inserting import insert_new
from junco.hub.server.mirror.options import Mirroring
from junco.hub.server.tables.people import Value

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """How much there may be.

    Attributes:
        file_bytes: of one file.
        commit_files: of the tree that a commit makes.
        commit_bytes: of its files together.
        regular_bytes: of a file that comes within a commit of Hugging Face's clients.
        body_bytes: of a request that is no file.
        requests: of one caller in five minutes.
        resolves: files of models asked for, in five minutes; loading one asks for many that are not there.
        logins: in a minute, from one address or for one name.
        wrong_tokens: in a minute, from one address.
        made: repositories, organisations and users, by one caller in an hour.
    """

    file_bytes: int = 50 * GIB
    commit_files: int = 10_000
    commit_bytes: int = 200 * GIB
    regular_bytes: int = 10_000_000
    body_bytes: int = 16 << 20
    requests: int = 6_000
    resolves: int = 30_000
    logins: int = 10
    wrong_tokens: int = 300
    made: int = 200


@dataclass(frozen=True)
class Hub:
    """What all requests share.

    Args:
        store: the folder of the hub.
        database: where the tables are.
        places: where the bytes are.
        limits: how much there may be.
        hosts: names by which it may be called, beside those of this machine alone.
        open_sign_up: whether anybody may become a user.
        name: as pages and clients show it.
        mirroring: what of another hub may be read through this one.
    """

    store: Path
    database: Database
    places: Places
    limits: Limits = field(default_factory=Limits)
    hosts: frozenset[str] = frozenset()
    open_sign_up: bool = False
    name: str = "junco hub"
    mirroring: Mirroring | None = None
    ends: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)
    """What is closed with the hub."""

    def close(self) -> None:
        """Let go of all connections."""
        self.ends.close()
        self.database.close()

    @property
    def incoming(self) -> Path:
        """The folder of what is coming in."""
        return self.store / "incoming"

    @cached_property
    def secret(self) -> bytes:
        """What addresses that are good for a while are signed with."""
        with self.database.writing() as session:
            insert_new(session, Value, {"key": "secret", "value": secrets.token_hex(32)})
            return bytes.fromhex(session.get_one(Value, "secret").value)


def open_hub(
    store: Path,
    *,
    database: str | None = None,
    blobs: str | None = None,
    limits: Limits | None = None,
    hosts: frozenset[str] = frozenset(),
    open_sign_up: bool = False,
    mirroring: Mirroring | None = None,
) -> Hub:
    """The hub in a folder, which is made where it is not there; its tables are brought up to date.

    Args:
        store: the folder.
        database: an address, where the tables are not in the folder.
        blobs: an address, where the bytes are not in the folder.
        limits: how much there may be.
        hosts: names by which it may be called.
        open_sign_up: whether anybody may become a user.
        mirroring: what of another hub may be read through this one.

    Raises:
        InputError: one of the addresses is none, or the store was made by a newer junco.
        OSError: the folder cannot be made.
    """
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    (store / "incoming").mkdir(exist_ok=True, mode=0o700)
    tables = Database(database or f"sqlite:///{(store / 'hub.db').absolute()}")
    tables.migrate()
    places = places_of(blobs, store / "blobs")
    return Hub(store, tables, places, limits or Limits(), hosts, open_sign_up, mirroring=mirroring)


def hub_of(request: Request) -> Hub:
    """The hub that a request came to."""
    hub: Hub = request.app.state.hub
    return hub
