"""Objects at addresses: ``s3://``, ``gs://``, ``az://``. Credentials come from the environment or the drivers' files.

What a store says, its servers' pages and all, becomes one line that names the address and what to look at.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from junco.errors import InputError, JuncoError, MissingExtraError, TargetError
from junco.settings import user_path
from junco.store.copies import kept_copy
from junco.store.durable import replacing
from junco.store.sides import side_ending
from junco.wording import masked

_SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
_CLIENT = {"allow_http": True, "connect_timeout": "10s", "timeout": "600s"}
"""Whether an address of a server is one of http is for whoever sets it in the environment."""
_RETRY = {"max_retries": 3}
_CREDENTIALS = "check the credentials (AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_… or the files)"


class Found(NamedTuple):
    """An object: how large it is, and what changes when it is written."""

    num_bytes: int
    e_tag: str | None


def is_address(text: str | os.PathLike[str]) -> bool:
    """Whether a text is the address of a target, and no path."""
    return "://" in os.fspath(text)


def local_path(text: str) -> Path | None:
    """The path that a ``file://`` address names; ``None`` for any other."""
    parts = urlsplit(text)
    return Path(unquote(parts.path)) if parts.scheme.lower() == "file" else None


class Address:
    """A bucket, and a path in it.

    Args:
        address: ``s3://bucket/folder/name``.

    Raises:
        TargetError: nobody knows how to go there.
    """

    def __init__(self, address: str) -> None:
        scheme, _, rest = address.partition("://")
        self.shown = masked(address)
        bucket, _, path = rest.partition("/")
        if scheme.lower() not in _SCHEMES:
            raise TargetError(
                f"{self.shown}: vectors are kept in files, or at addresses of "
                f"{', '.join(_SCHEMES[:3])}, not of {scheme}"
            )
        if not bucket or not path.strip("/"):
            raise TargetError(f"{self.shown} names no file in a bucket: write {scheme}://bucket/name.parquet")
        self.path = path.strip("/")
        self._address = f"{scheme}://{bucket}"
        self._opened: Any = None

    def beside(self, ending: str) -> str:
        """The path of what belongs to this one."""
        return f"{self.path}{ending}"

    def head(self, path: str) -> Found | None:
        """What is known of an object; ``None`` where there is none."""
        with self._talking():
            try:
                found = self._obstore.head(self._store, path)
            except FileNotFoundError:
                return None
            return Found(found["size"], found["e_tag"])
        raise AssertionError

    def listed(self) -> dict[str, Found]:
        """All objects beneath the path, by their names from there on."""
        prefix = f"{self.path}/"
        with self._talking():
            pages = self._obstore.list(self._store, prefix=prefix)
            objects = [each for page in pages for each in page]
        return {each["path"].removeprefix(prefix): Found(each["size"], each["e_tag"]) for each in objects}

    def put(self, path: str, file: Path) -> Found:
        """Write an object in one step, and see that it is there.

        Raises:
            TargetError: it is not.
        """
        with self._talking():
            told = self._obstore.put(self._store, path, file)
        found, size = self.head(path), file.stat().st_size
        if found is None or found.num_bytes != size or told["e_tag"] not in (None, found.e_tag):
            there = "nothing" if found is None else f"{found.num_bytes:,} bytes"
            raise TargetError(f"{self.shown}: {size:,} bytes were sent, and {there} arrived: run the same again")
        return found

    def get(self, path: str, file: Path) -> None:
        """Fetch an object into a file, whole or not at all.

        Raises:
            InputError: another number of bytes came than it has.
        """
        with self._talking(), replacing(file) as out:
            answer = self._obstore.get(self._store, path)
            for part in answer.stream():
                out.write(part)
            if out.tell() != answer.meta["size"]:
                raise InputError(f"{self.shown}: {out.tell():,} bytes came, and it has {answer.meta['size']:,}")

    def delete(self, path: str) -> None:
        """Remove an object, if it is there."""
        with self._talking(), suppress(FileNotFoundError):
            self._obstore.delete(self._store, path)

    @property
    def _obstore(self) -> Any:
        try:
            import obstore
        except ImportError:
            raise MissingExtraError("obstore", "s3", self.shown) from None
        return obstore

    @property
    def _store(self) -> Any:
        if self._opened is None:
            _ = self._obstore
            from obstore.store import from_url

            options: dict[str, Any] = {"client_options": _CLIENT, "retry_config": _RETRY}
            self._opened = from_url(self._address, **options)
        return self._opened

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except JuncoError:
            raise
        except Exception as error:  # each store has its own, and few are OSErrors
            raise TargetError(f"{self.shown}: {_why(error)}") from error


def _why(error: Exception) -> str:
    """What an error of a store means, in a line."""
    text, kind = str(error), type(error).__name__
    if "NoSuchBucket" in text or "ContainerNotFound" in text or "bucket does not exist" in text:
        return "there is no such bucket: make it, or mend the name"
    if kind in ("PermissionDeniedError", "UnauthenticatedError") or re.search(r"\b40[13] ", text):
        return f"access is denied: {_CREDENTIALS}"
    if "169.254.169.254" in text or "credential" in text.lower():
        return f"there are no credentials: {_CREDENTIALS}"
    if "error sending request" in text or "timed out" in text.lower():
        return "the server cannot be reached, or does not answer: what is done is kept, run the same again"
    said = text.partition("\n")[0]
    return masked(f"{kind}: {said.rpartition(' - ')[2] or said}")[:300]


def located(ref: str | os.PathLike[str]) -> Path:
    """Where a set lies on this machine: what is at an address is fetched once, until it is another.

    Raises:
        InputError: nothing is there.
        TargetError: the address cannot be read.
    """
    text = os.fspath(ref)
    if not is_address(text):
        return user_path(ref)
    if (local := local_path(text)) is not None:
        return local
    place = Address(text)
    wanted = _objects(place)
    if not wanted:
        raise InputError(f"{place.shown}: nothing is there")
    told = hashlib.sha256(repr(sorted((path, *found) for path, found in wanted.items())).encode()).hexdigest()[:16]
    name = Path(place.path).name

    def fetch(folder: Path) -> None:
        for path in wanted:
            file = folder / path[len(place.path) - len(name) :]
            file.parent.mkdir(0o700, parents=True, exist_ok=True)
            place.get(path, file)

    return kept_copy(text, told, fetch) / name


def _objects(place: Address) -> dict[str, Found]:
    """The objects that a set consists of, by their paths."""
    ending = side_ending(place.path)
    paths = [place.path] if ending is None else [place.path, place.beside(ending)]
    found = {path: known for path in paths if (known := place.head(path)) is not None}
    if place.path in found:
        return found
    return {f"{place.path}/{name}": known for name, known in place.listed().items() if name.endswith(".parquet")}
