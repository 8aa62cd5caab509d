"""`Decoder`: what the operators share that read sources: where bytes come from is decided in one place."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import IO, Any, ClassVar

from junco.operator.base import Operator
from junco.places.source import opened


class Decoder(Operator):
    """Base of operators that read a source: a path, an address, bytes, a binary file object.

    Args:
        allow_urls: fetch ``http(s)://`` addresses (off, because whoever chooses the addresses then chooses what this
            machine connects to). Refused while the environment says to stay offline.
    """

    allow_urls: bool = False

    what: ClassVar[str] = "source"
    """What should be in it, for messages: ``picture``, ``video``, ``sound``, ``document``."""

    def opened(self, source: Any) -> AbstractContextManager[tuple[IO[bytes], str]]:
        """A seekable binary file with the source's content, at its start, and the source's name for messages.

        Raises:
            InputError: nothing is there, it is empty, or the source is of no known kind.
            UnavailableError: an address, while the environment says to stay offline.
        """
        return opened(source, what=self.what, allow_urls=self.allow_urls)
