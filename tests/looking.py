"""A set behind a real server, and a browser's way to ask it."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import numpy as np

from junco.look.looked import Looked
from junco.look.server import Server

HOSTILE = "<script>alert(1)</script>'\" onerror=x.jpg".replace("/", "_")


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8")


class Browser:
    """Asks a server, as the holder of its address does."""

    def __init__(self, server):
        self.server = server
        self.base = f"/{server.token}"

    def get(self, place="", headers=None, **pairs):
        return self.ask("GET", f"{self.base}/{place}" + (f"?{urlencode(pairs)}" if pairs else ""), headers=headers)

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def send(self, name, data, headers=None):
        """A file, as a form sends it."""
        mark = "----mark7MA4YWxk"
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename={json.dumps(name, ensure_ascii=False)}'
        )
        body = (
            f"{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode() + data + f"\r\n--{mark}--\r\n".encode()
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}", **(headers or {})}
        return self.ask("POST", f"{self.base}/ask", body, kind)

    def follow(self, answer):
        """The page that an answer leads to."""
        assert answer.status == 303
        return self.ask("GET", urlsplit(answer.headers["Location"])._replace(scheme="", netloc="").geturl())


@contextmanager
def served(found, title="a set", rejects=None, **options):
    with Server(Looked(found, title, rejects, **options)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Browser(server)
        finally:
            server.shutdown()
            thread.join()


def vectors(num_rows, dim=8):
    return np.random.default_rng(0).normal(size=(num_rows, dim)).astype(np.float32)
