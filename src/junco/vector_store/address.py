"""`StoreAddress`: where a collection is, as people write it: ``milvus:./db#photos``, ``photos.faiss``."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from junco.errors import ParameterError
from junco.settings import settings, user_path
from junco.wording import masked

_COLLECTION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):")
_SERVERS = ("http", "https", "postgresql", "grpc", "tcp")
_SECRET = re.compile(r"(?i)passw|pwd|secret|token|api[-_]?key|credential")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a collection is. It holds no secret.

    Attributes:
        text: the address as it was written.
        scheme: which kind of store: ``milvus``; or how the file's name ends, ``.faiss``.
        place: what stands before the collection, without the scheme: a folder, a file, an address of a server.
        collection: its name: a letter, then letters, digits and underscores, 48 at most; a file's has none.
    """

    text: str
    scheme: str
    place: str
    collection: str = ""

    @property
    def is_server(self) -> bool:
        """Whether it lies beyond this process's files."""
        return "://" in self.place

    @property
    def path(self) -> Path:
        """The folder or file, of one that is no server."""
        return user_path(self.place, "the store")

    @property
    def beside(self) -> Path:
        """The path that stands for the collection: what a job keeps lies beside it.

        Of a server it is in JUNCO_HOME, under a digest of the address.
        """
        if self.is_server:
            digest = hashlib.sha256(self.place.encode()).hexdigest()[:16]
            return settings().home / "stores" / digest / self.collection
        path = self.path
        return path.with_name(f"{path.name}.{self.collection}") if self.collection else path

    def __str__(self) -> str:
        return self.text


def scheme_in(text: str) -> str:
    """How an address begins, ``milvus``, or how it ends, ``.faiss``; empty where it does neither."""
    found = _SCHEME.match(text)
    return found[1] if found else Path(text).suffix.lower()


def parse_address(text: str) -> StoreAddress:
    """The address of a collection.

    Raises:
        ParameterError: it names no collection, or one that cannot be; or it holds a password.
    """
    scheme = scheme_in(text)
    if scheme.startswith("."):
        return StoreAddress(text, scheme, text)
    place, _, collection = text.partition("#")
    form = f"write {scheme}:./folder#photos" if "://" not in text else f"write {place.split('?')[0]}#photos"
    if not collection:
        raise ParameterError(f"{text} names no collection: {masked(form)}")
    if not _COLLECTION.fullmatch(collection):
        raise ParameterError(
            f"{text}: a collection's name is a letter, then letters, digits and underscores, 48 at most: {masked(form)}"
        )
    rest = place.removeprefix(f"{scheme}:")
    place = place if rest.startswith("//") else rest
    if not place or place.endswith(":"):
        raise ParameterError(f"{text} does not say where the store is: {masked(form)}")
    if "://" in place:
        _check_server(text, place)
    return StoreAddress(text, scheme, place, collection)


def _check_server(text: str, place: str) -> None:
    try:
        parts = urlsplit(place)
        _ = parts.port
    except ValueError as error:
        raise ParameterError(f"{text} is no address: {error}") from None
    if parts.scheme not in _SERVERS:
        raise ParameterError(f"{text}: a server's address begins with {', '.join(f'{each}://' for each in _SERVERS)}")
    if parts.password or any(_SECRET.search(name) for name, _ in parse_qsl(parts.query)):
        clean = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
        raise ParameterError(
            f"an address holds no password, since it is shown and noted: leave it out ({clean}), and put it where "
            "the store's driver looks for it: PGPASSWORD or ~/.pgpass, MILVUS_TOKEN, QDRANT_API_KEY"
        )
