"""`Decoder`: what the operators share that read sources: where bytes come from is decided in one place."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import IO, Any, ClassVar

from junco.operator.base import Operator
from junco.operator.options import option
from junco.places.source import MAX_BYTES, Limits, opened


class Decoder(Operator):
    """Base of operators that read a source: a path, an address, bytes, a binary file object.

    Args:
        allow_urls: fetch addresses, ``https://`` and those of stores, ``s3://`` (off, because whoever chooses the
            addresses then chooses what this machine connects to). Refused while the environment says to stay offline.
        allow_private: fetch from this machine and its own network too, and by protocols whose hosts cannot be checked.
        max_bytes: of what is fetched, or copied from a file object; a path may hold more.
    """

    allow_urls: bool = option(default=False, neutral=True)
    allow_private: bool = option(default=False, neutral=True)
    max_bytes: int = option(default=MAX_BYTES, least=1, neutral=True)

    handed_down = frozenset({"allow_urls", "allow_private", "max_bytes"})
    what: ClassVar[str] = "source"
    """What should be in it, for messages: ``picture``, ``video``, ``sound``, ``document``."""
    in_place: ClassVar[bool] = False
    """Whether it is read piece by piece, so that a seekable file object need not be copied."""

    def opened(self, source: Any) -> AbstractContextManager[tuple[IO[bytes], str]]:
        """A seekable binary file with the source's content, at its start, and the source's name for messages.

        Raises:
            InputError: nothing is there, it is empty, too large, may not be fetched, or is of no known kind.
            UnavailableError: an address, while the environment says to stay offline.
            MissingExtraError: an address of a store without the package that opens it.
        """
        limits = Limits(self.allow_urls, self.allow_private, self.max_bytes)
        return opened(source, what=self.what, limits=limits, in_place=self.in_place)
