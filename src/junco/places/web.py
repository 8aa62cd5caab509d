"""``http(s)://``: what lies at an address, fetched with limits of bytes, time and ways that a server may lead.

Connections are made to public addresses, unless the `Reach` that is given says more; each redirection is checked anew,
leads to http and https alone, and never from https to http. A body that is shorter than its server said,
longer than is asked for, or not coded as it says, is an error and never half a picture.
"""

from __future__ import annotations

import email.errors
import http.client
import io
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from functools import cache, partial
from typing import IO, Any

from junco.errors import InputError, UnavailableError
from junco.places.coding import decoded
from junco.places.reach import OutOfReachError, Reach, place_of, spelt_host
from junco.places.watch import Watch
from junco.settings import settings
from junco.wording import brief

TIMEOUT_S, MOST_S = 20.0, 300.0
"""Seconds without any byte, and for one body in all."""
MOST_BYTES = 100 * 2**20
_CHUNK_BYTES = 1 << 18
_WEB = ("http", "https")
_WHOLE = (200, 203)
"""Answers that bring what lies at an address; 202 brings word of it, 204 nothing, and 206 a part."""
_MOST_SAID = 200
"""Letters of what a server says that a message repeats."""
_PACKED = (".gz", ".tgz")
_UNREADABLE = (
    email.errors.MissingHeaderBodySeparatorDefect,
    email.errors.FirstHeaderLineIsContinuationDefect,
    email.errors.MisplacedEnvelopeHeaderDefect,
)
PUBLIC = Reach()


class TooLargeError(InputError):
    """There is more at an address than may be fetched."""


def fetched(url: str, most_bytes: int = MOST_BYTES, *, reach: Reach = PUBLIC) -> bytes:
    """What lies at an address.

    Args:
        reach: what may be connected to.

    Raises:
        TooLargeError: more than ``most_bytes``.
        InputError: nothing, less than the server said, not in time, or not to be connected to; with the address.
        UnavailableError: the environment says to stay offline.
    """
    into = io.BytesIO()
    fetch_into(into, url, most_bytes, reach=reach)
    return into.getvalue()


def fetch_into(
    file: IO[bytes], url: str, most_bytes: int = MOST_BYTES, most_s: float = MOST_S, *, reach: Reach = PUBLIC
) -> None:
    """The same into a file.

    Raises:
        InputError: as for `fetched`; part of it may be in the file.
    """
    with _answered(url, "GET", most_s, reach) as response:
        _check_whole(url, response)
        length = _length(url, response.headers)
        if length is not None and length > most_bytes:
            raise _too_long(url, most_bytes)
        coding = _said(response.headers, "Content-Encoding")
        if urllib.parse.urlsplit(url).path.lower().endswith(_PACKED):
            coding = ""  # what lies there is packed, and its name says so: it is unpacked by whoever asked for that
        num_bytes = 0
        for piece in decoded(_pieces(url, response, length), coding, url):
            num_bytes += len(piece)
            if num_bytes > most_bytes:
                raise _too_long(url, most_bytes)
            file.write(piece)


def headers_of(url: str, *, reach: Reach = PUBLIC) -> Message:
    """What a server says of an address without sending what lies there.

    Raises:
        InputError: it cannot be asked, or says that there is nothing.
        UnavailableError: the environment says to stay offline.
    """
    with _answered(url, "HEAD", MOST_S, reach) as response:
        return response.headers


def _pieces(url: str, response: http.client.HTTPResponse, length: int | None) -> Iterator[bytes]:
    num_bytes = 0
    while piece := response.read1(_CHUNK_BYTES):
        num_bytes += len(piece)
        yield piece
    if length is not None and num_bytes != length:
        raise InputError(f"{url!r}: it ended after {num_bytes:,} of {length:,} bytes")


def _check_whole(url: str, response: http.client.HTTPResponse) -> None:
    """That what comes is all that lies there, and in a form that is read."""
    if response.status not in _WHOLE:
        raise InputError(f"{url!r}: the server answered {response.status} {_line(response.reason)}: that is not all")
    if any(isinstance(each, _UNREADABLE) for each in response.headers.defects):  # the length may be what is not read
        raise InputError(f"{url!r}: its server answers with a header that cannot be read")
    coding = _said(response.headers, "Transfer-Encoding")
    if coding.lower() not in ("", "identity") and not (coding.lower() == "chunked" and response.chunked):
        raise InputError(f"{url!r}: its server sends it by {coding[:80]!r}, which nobody asked for")


def _length(url: str, headers: Message) -> int | None:
    """How long the body is as its server says, if it says so."""
    if _said(headers, "Transfer-Encoding").lower() == "chunked":
        return None
    text = _said(headers, "Content-Length")
    lengths = {each.strip() for each in text.split(",")} if text else set()
    if len(lengths) > 1 or not all(each.isascii() and each.isdecimal() for each in lengths):
        raise InputError(f"{url!r}: its server says {text[:80]!r} of its length")
    return int(lengths.pop()) if lengths else None


def _said(headers: Message, name: str) -> str:
    """What a header says; several of one name say it together."""
    return ", ".join(map(str, headers.get_all(name, []))).strip()


def _too_long(url: str, most_bytes: int) -> TooLargeError:
    return TooLargeError(f"{url!r}: more than {most_bytes:,} bytes")


@contextmanager
def _answered(url: str, method: str, most_s: float, reach: Reach) -> Iterator[http.client.HTTPResponse]:
    """What a server answers, with whatever may go wrong as one line with the address."""
    if settings().offline:
        raise UnavailableError(f"{url!r}: not fetched, because JUNCO_OFFLINE or HF_HUB_OFFLINE is set")
    with Watch(most_s) as watch:
        try:
            with _opener(watch, reach).open(_request(url, method), timeout=TIMEOUT_S) as response:
                yield response
                if watch.is_over:  # the end may look like one
                    raise TimeoutError
        except OutOfReachError as error:
            raise OutOfReachError(f"{url!r}: {error}") from None
        except InputError:
            if watch.is_over:
                raise _too_slow(url, watch) from None
            raise
        except urllib.error.HTTPError as error:
            error.close()
            raise InputError(f"{url!r}: the server answered {error.code} {_line(error.reason)}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:  # URLError and time-outs are OSErrors
            if watch.is_over:
                raise _too_slow(url, watch) from error
            raise InputError(f"{url!r}: could not be fetched: {_line(getattr(error, 'reason', error))}") from error


def _too_slow(url: str, watch: Watch) -> InputError:
    return InputError(f"{url!r}: it did not end within {watch.seconds:g} s")


def _line(said: object) -> str:
    """What an error says, on one line."""
    return brief(said) if isinstance(said, BaseException) else str(said).partition("\n")[0][:_MOST_SAID]


def _request(url: str, method: str) -> urllib.request.Request:
    """The question; a user and password in the address go where HTTP has them, and to no other server."""
    parts = urllib.parse.urlsplit(url)
    user, sign, host = parts.netloc.rpartition("@")
    bare = urllib.parse.quote(
        urllib.parse.urlunsplit(parts._replace(netloc=spelt_host(host))), safe="!#$%&'()*+,/:;=?@[]~"
    )
    known = {"User-Agent": "junco", "Accept-Encoding": "identity"}
    request = urllib.request.Request(bare, headers=known, method=method)  # noqa: S310 - http(s) was checked
    if sign:
        told = b64encode(urllib.parse.unquote_to_bytes(user)).decode()
        request.add_unredirected_header("Authorization", f"Basic {told}")
    return request


def _opener(watch: Watch, reach: Reach) -> urllib.request.OpenerDirector:
    """An opener for http and https alone, so that no redirection leads to files or FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _WatchedHandler(watch, reach),
        _Redirection(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


class _WatchedHandler(urllib.request.AbstractHTTPHandler):
    """http and https, with each connection under a watch and within reach."""

    handler_order = 500

    def __init__(self, watch: Watch, reach: Reach) -> None:
        super().__init__()
        self.watch, self.reach = watch, reach

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(self._connection, http.client.HTTPConnection, self._reach_for(request)), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        made = partial(self._connection, _Secure, self._reach_for(request))
        return self.do_open(made, request, context=_certificates())

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def _reach_for(self, request: Any) -> Reach:
        """What the connection itself may lead to: to a proxy that the environment names, anywhere."""
        place = place_of(request.full_url)
        if request._tunnel_host or request.has_proxy():
            self.reach.check_behind_proxy(*place, self.watch)
            return Reach(allow_private=True)
        return self.reach

    def _connection(self, kind: Callable[..., Any], reach: Reach, host: str, **options: Any) -> Any:
        made = kind(host, **options)
        made.watch = self.watch
        made._create_connection = partial(self._connected, reach)
        return made

    def _connected(self, reach: Reach, place: tuple[str, int], timeout_s: float, *_: Any) -> socket.socket:
        """As `socket.create_connection` has it."""
        return reach.connected(place, timeout_s, self.watch)


class _Secure(http.client.HTTPSConnection):
    watch: Watch

    def connect(self) -> None:
        super().connect()
        self.watch.add(self.sock)  # another than the bare one, which is empty now


@cache
def _certificates() -> ssl.SSLContext:
    """Made once: it reads the machine's certificates."""
    return ssl.create_default_context()


class _Redirection(urllib.request.HTTPRedirectHandler):
    """Leads to http and https, and never from a safe connection to one that is not."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        parts = urllib.parse.urlsplit(newurl)
        parts = parts._replace(netloc=spelt_host(urllib.parse.unquote(parts.netloc)))  # urllib quotes names of hosts
        newurl = urllib.parse.urlunsplit(parts)
        scheme = parts.scheme.lower()
        is_odd = "@" in parts.netloc or "\\" in parts.netloc  # some take what is before it for the host
        if scheme not in _WEB or (scheme == "http" and req.type == "https") or is_odd:
            what = "an address with a user" if is_odd else f"{scheme}://"
            raise urllib.error.HTTPError(newurl, code, f"{msg} - redirection to {what} is not followed", headers, fp)
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None:
            made.method = req.get_method()  # a question for the head alone stays one
            fp.close()  # what comes with it would be read whole, however much that is
        return made
