"""A web server on this machine that answers as a test tells it to, badly where it should."""

from __future__ import annotations

import contextlib
import http.server
import threading


class Answer:
    """What is sent for a path.

    Args:
        body: bytes, or an iterable of them; endless where it never ends.
        headers: besides those of the body's length; for several of one name a list.
        length: what is said of the body's length; ``None`` says nothing.
        reason: what is said beside the status; ``None`` is what HTTP has for it.
    """

    def __init__(self, body=b"", *, status=200, headers=None, length=-1, reason=None):
        self.body, self.status, self.headers, self.reason = body, status, dict(headers or {}), reason
        self.length = len(body) if length == -1 else length


@contextlib.contextmanager
def serving(answers):
    """The address of a server with these answers by path; each question is noted in ``asked`` of the dictionary."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.command, self.path, dict(self.headers)))
            answer = answers.get(self.path) or Answer(b"nothing", status=404)
            self.send_response(answer.status, answer.reason)
            for name, value in answer.headers.items():
                for each in value if isinstance(value, list) else [value]:
                    self.send_header(name, each)
            if answer.length is not None:
                self.send_header("Content-Length", str(answer.length))
            self.end_headers()
            if self.command == "GET":
                with contextlib.suppress(OSError):
                    for piece in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                        self.wfile.write(piece)

        def do_HEAD(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def online(monkeypatch):
    """Have this process reach the server whatever its environment says of networks."""
    for name in ("http_proxy", "HTTP_PROXY", "JUNCO_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
