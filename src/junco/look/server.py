"""The server: requests that may be answered go to the views, on this machine's own address alone."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from junco.errors import InputError
from junco.look.exchange import MOST_BYTES, TEXT, Request, Response
from junco.look.guard import HEADERS, LOOPBACK, is_token, new_token, refusal
from junco.look.looked import Looked
from junco.look.views import Views
from junco.terminal import say
from junco.wording import NOT_OURS, brief, printable

MOST_AT_ONCE = 64
"""Connections; browsers open six."""
WAIT_S = 30.0
"""For a client that says nothing."""
_MOST_PAIRS = 100
_FORM_BYTES = 4_096  # around a file in a form


class Server(ThreadingHTTPServer):
    """Pages of a set for the browser of whoever holds `address`.

    Args:
        looked: the set.
        port: to listen at; 0 takes one that is free.

    Raises:
        InputError: the port is taken, or may not be used.
    """

    daemon_threads = True
    request_queue_size = 2 * MOST_AT_ONCE
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, looked: Looked, port: int = 0) -> None:
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"port {port} cannot be listened at: {getattr(error, 'strerror', '') or error}; "
                "--port 0 takes one that is free"
            ) from None
        self.token = new_token()
        self.views = Views(looked, f"/{self.token}")
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)

    @property
    def port(self) -> int:
        """That it listens at."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Of the first page; who has it may look at the set."""
        return f"http://{LOOPBACK}:{self.port}/{self.token}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection while there is room."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that has gone is no error."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            say(f"a connection ended with {printable(type(error).__name__)}: {brief(error)}" if error else "")


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "junco", ""
    timeout = WAIT_S

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        try:
            response = self._response(method)
        except (ConnectionError, TimeoutError):  # the reader has gone, or says nothing
            raise
        except NOT_OURS as error:  # ours to mend: the page says that it failed, the terminal how
            say(f"{method}: {printable(type(error).__name__)}: {brief(error)}")
            response = Response(b"this page failed; the terminal says how\n", TEXT, 500)
        self._send(response)

    def _response(self, method: str) -> Response:
        names = ("Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode")
        if why := refusal(method, {name: self.headers.get(name) for name in names}, self.server.port):
            return self._refused(403, why)
        path, _, query = self.path.partition("?")  # a host before the path, as proxies are sent, is no place here
        given, *place = unquote(path, errors="replace").lstrip("/").split("/")
        if not is_token(given, self.server.token):
            return self._refused(403, "the address is not whole: it holds what nobody guesses; junco look prints it")
        if not place:
            return Response.to(f"/{self.server.token}/")
        try:
            pairs = parse_qsl(query, errors="replace", max_num_fields=_MOST_PAIRS)
        except ValueError:
            return self._refused(400, "too many fields")
        body = b""
        if method == "POST":
            size = self._size()
            if size is None or size > MOST_BYTES + _FORM_BYTES:
                why = "no length is said" if size is None else f"a file may have {MOST_BYTES:,} bytes"
                return self._refused(411 if size is None else 413, why)
            body = self.rfile.read(size)
        kind = self.headers.get("Content-Type", "")
        return self.server.views.respond(Request(method, tuple(place), tuple(pairs), body, kind))

    def _size(self) -> int | None:
        """Bytes of the body as its sender says; ``None`` where that is no number."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    def _refused(self, status: int, why: str) -> Response:
        """What is not read further: of a body that nobody wants nothing is read."""
        self.close_connection = True
        return Response(f"{why}\n".encode(), TEXT, status, {"Connection": "close"})

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        headers = {"Cache-Control": "no-store", **HEADERS, **response.headers}
        for name, value in {**headers, "Content-Type": response.kind, "Content-Length": len(response.body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request, as plain text that repeats nothing of it."""
        self._send(self._refused(code, "this is no request that is answered here"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as its base calls it
        """Nothing: addresses hold the token."""
