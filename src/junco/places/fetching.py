"""What lies at an address, in a file for as long as it is read: the web under its guard, and stores by fsspec.

fsspec opens far more than stores: other protocols read this machine's files, run programs, or connect to a host that
the address names. Of those, what only reads is opened where somebody allows private places, and nothing else ever.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import IO, TYPE_CHECKING, Any

from junco.errors import InputError, JuncoError, MissingExtraError, UnavailableError
from junco.places.reach import Reach
from junco.settings import settings
from junco.wording import brief

if TYPE_CHECKING:
    from junco.places.source import Limits

IN_MEMORY_BYTES = 8 * 2**20
"""What is larger goes to a temporary file while it is fetched."""
_CHUNK_BYTES = 1 << 20
_WEB = ("http", "https")
_STORES = frozenset(
    ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "tos", "hf", "gdrive", "dropbox", "memory")
)
"""Their addresses name a thing in a store that the machine's own settings lead to, and no host."""
_NEVER = frozenset(
    ("file", "local", "asynclocal", "arrow_hdfs", "git", "dask", "reference", "generic", "dir", "dirfs", "data", "zip")
) | {"blockcache", "filecache", "cached", "simplecache", "libarchive", "tar"}
"""They read or write this machine's files in a way of their own, or run things."""


@contextmanager
def fetched_into(url: str, limits: Limits) -> Iterator[IO[bytes]]:
    """A seekable file with what lies at an address, at its start; no more than ``limits.max_bytes``.

    Raises:
        InputError: nothing is there, it is larger, or it may not be fetched; with the address.
        UnavailableError: the environment says to stay offline.
        MissingExtraError: the package is missing that opens such addresses.
    """
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spooled:
        file: Any = spooled
        if url.partition("://")[0].lower() in _WEB:
            from junco.places.web import TooLargeError, fetch_into

            try:
                fetch_into(file, url, limits.max_bytes, reach=Reach(limits.allow_private))
            except TooLargeError:
                raise _too_large(url, limits.max_bytes) from None
        else:
            _check_store(url, limits.allow_private)
            _copy_from_store(url, file, limits.max_bytes)
        file.seek(0)
        yield file


def _check_store(url: str, allow_private: bool) -> None:
    """Refuse what is no address of a store."""
    scheme = url.partition("://")[0].lower()
    if "::" in url or scheme in _NEVER:
        raise InputError(
            f"{url!r}: addresses that start with {scheme}:// cannot be read here; give a path, or a store's"
        )
    if scheme not in _STORES and not allow_private:
        near = get_close_matches(scheme, (*_WEB, *_STORES), 1)
        raise InputError(
            f"{url!r}: where {scheme}:// leads cannot be checked; "
            + (f"did you mean {near[0]}://? Otherwise " if near else "")
            + "allow_private=True opens it with fsspec all the same"
        )
    if settings().offline and scheme != "memory":
        raise UnavailableError(f"{url!r}: not fetched, because JUNCO_OFFLINE or HF_HUB_OFFLINE is set")


def _copy_from_store(url: str, file: IO[bytes], max_bytes: int) -> None:
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("fsspec", "urls", f"the address {url!r}") from None
    try:
        system, path = fsspec.core.url_to_fs(url)
        size = system.size(path)
        if size is not None and size > max_bytes:
            raise _too_large(url, max_bytes)
        num_bytes = 0
        with system.open(path, "rb") as source:
            while piece := source.read(_CHUNK_BYTES):
                num_bytes += len(piece)
                if num_bytes > max_bytes:
                    raise _too_large(url, max_bytes)
                file.write(piece)
    except (JuncoError, MemoryError):
        raise
    except FileNotFoundError:
        raise InputError(f"{url!r}: no such file") from None
    except ImportError as error:  # of the package for this kind of store, which fsspec names
        raise InputError(
            f"{url!r}: {brief(error)}: beside 'junco[urls]' each kind of store needs a package of its own"
        ) from error
    except Exception as error:  # each store has errors of its own, and few of them are OSErrors
        raise InputError(f"{url!r}: cannot be read: {brief(error)}") from error


def _too_large(url: str, max_bytes: int) -> InputError:
    return InputError(f"{url!r}: more than max_bytes={max_bytes:,}")
