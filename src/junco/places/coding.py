"""``Content-Encoding``: bodies that come compressed, unpacked piece by piece, so that a limit can end them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from junco.errors import InputError

_PIECE_BYTES = 1 << 18
_EITHER = 32 + zlib.MAX_WBITS
"""zlib's or gzip's head."""


def decoded(pieces: Iterable[bytes], coding: str, url: str) -> Iterator[bytes]:
    """The body itself.

    Raises:
        InputError: a coding that was not asked for and is not known, or a body that is not coded so; with the address.
    """
    kind = coding.strip().lower()
    if kind in ("", "identity"):
        yield from pieces
    elif kind in ("gzip", "x-gzip", "deflate"):
        try:
            yield from _inflated(pieces, is_bare=kind == "deflate")
        except (zlib.error, EOFError) as error:
            raise InputError(f"{url!r}: it is not the {kind} that its server says it is: {error}") from None
    else:
        raise InputError(f"{url!r}: its server sends it coded as {coding!r}, which nobody asked for")


def _inflated(pieces: Iterable[bytes], *, is_bare: bool) -> Iterator[bytes]:
    """What was packed, in pieces of a bounded size; several packed one after the other are one."""
    unpack = None
    for piece in pieces:
        while piece:
            if unpack is None or unpack.eof:
                # some servers send deflate without its head
                has_head = not is_bare or piece[0] & 15 == zlib.DEFLATED
                unpack = zlib.decompressobj(_EITHER if has_head else -zlib.MAX_WBITS)
            yield unpack.decompress(piece, _PIECE_BYTES)
            piece = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    if unpack is None or not unpack.eof:
        raise EOFError("it is cut off")
