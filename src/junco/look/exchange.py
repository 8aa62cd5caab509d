"""`Request`, `Response`, and the file that a form sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from junco.errors import InputError
from junco.pages.media import File

MOST_BYTES = 32_000_000
"""Of a file that is asked with."""
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
"""The address of a row holds the server's token, so that what lies there never changes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes:
        method: ``GET`` or ``POST``.
        place: parts of the path behind the token.
        pairs: of the query.
        body: of a ``POST``.
        kind: its content type.
    """

    method: str
    place: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    kind: str = ""

    def get(self, name: str, otherwise: str = "") -> str:
        """The last value of a name in the query."""
        return dict(self.pairs).get(name, otherwise)


@dataclass(frozen=True, slots=True)
class Response:
    """What comes back."""

    body: bytes
    kind: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_file(cls, file: File) -> Response:
        """A picture or a sound, which a browser may keep."""
        return cls(file.data, file.kind, headers=KEPT)

    @classmethod
    def to(cls, address: str) -> Response:
        """Where to go on."""
        return cls(b"", TEXT, 303, {"Location": address})

    @classmethod
    def missing(cls) -> Response:
        """What is not there."""
        return cls(b"there is no such page\n", TEXT, 404)


_FILE_NAME = re.compile(r'filename="([^"]+)"')  # browsers write a quote in it as %22


class Sent(NamedTuple):
    """A file as a form sends it."""

    name: str
    data: bytes


def sent_file(request: Request) -> Sent:
    """The file of a form.

    Raises:
        InputError: there is none in it.
    """
    import email.parser
    import email.policy

    head = f"Content-Type: {request.kind}\r\n\r\n".encode("latin-1", "replace")
    try:
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(head + request.body)
    except RecursionError:  # forms in forms
        raise InputError("this is no form with a file") from None
    for part in message.walk():
        told = dict(part.raw_items()).get("Content-Disposition", "")
        name, data = _FILE_NAME.search(told), part.get_payload(decode=True)
        if name and isinstance(data, bytes) and data:
            return Sent(name[1].encode("ascii", "surrogateescape").decode("utf-8", "replace"), data)
    raise InputError("no file was sent: choose one, or drop it on the page")
