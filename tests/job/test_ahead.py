"""Inputs from a server are fetched several at once; they keep their order, within bounds, and fail one by one."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.parquet as pq
import pytest

from junco.job import ahead
from junco.job.ahead import read_ahead
from junco.job.feed import Todo
from junco.job.source import Item
from scripts import run_script

TOGETHER = 4


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # five would have the others come again after seconds, one after the other


class Album:
    """A server of texts. It answers only when so many wait at once, so whoever asks for one at a time gets nothing."""

    def __init__(self, names, at_once):
        self.names, self.gate = names, threading.Barrier(at_once)
        self.lock, self.num_now, self.most = threading.Lock(), 0, 0

    def answer(self, path):
        """Status and body."""
        if path == "/":
            return 200, "".join(f'<a href="{name}">{name}</a>' for name in self.names).encode()
        if path.strip("/") not in self.names:
            return 404, b""
        with self.lock:
            self.num_now += 1
            self.most = max(self.most, self.num_now)
        try:
            self.gate.wait(timeout=20)
        except threading.BrokenBarrierError:
            return 503, b""
        finally:
            with self.lock:
                self.num_now -= 1
        return (500, b"") if "bad" in path else (200, path.strip("/").encode())

    @contextmanager
    def served(self):
        album = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = album.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_HEAD(self):
                self.send_response(200 if self.path.strip("/") in album.names else 404)
                self.send_header("Content-Length", "10")
                self.end_headers()

            def log_message(self, *args):
                """Nobody asked."""

        with Server(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/*.text"
            finally:
                server.shutdown()


def names(count):
    return [f"{index:02}.text" for index in range(count)]


def test_several_are_fetched_at_once_and_keep_their_order(embed, tmp_path):
    album = Album(names(24), at_once=TOGETHER)
    with album.served() as url:
        summary = embed.run(url, tmp_path / "a.parquet", progress=False)
    assert (summary.num_inputs, summary.num_rejects) == (24, 0)
    assert TOGETHER <= album.most <= ahead.MOST_FETCHES
    stored = pq.read_table(tmp_path / "a.parquet")["input"].to_pylist()
    assert [key.rpartition("/")[2] for key in stored] == names(24)


def test_one_that_cannot_be_fetched_is_put_aside_alone(embed, tmp_path):
    album = Album([*names(7), "bad.text"], at_once=TOGETHER)
    with album.served() as url:
        summary = embed.run(url, tmp_path / "a.parquet", on_error="skip", progress=False)
    assert (summary.num_inputs, summary.num_rejects) == (8, 1)


def test_what_waits_to_be_taken_is_bounded_in_bytes(embed, tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "MOST_BYTES", 15)  # each has ten
    album = Album(names(6), at_once=1)
    with album.served() as url:
        assert embed.run(url, tmp_path / "a.parquet", progress=False).num_inputs == 6
    assert album.most == 1


def test_a_source_that_has_nothing_to_fetch_is_read_no_sooner_than_it_is_wanted():
    drawn = []

    def todos():
        for index in range(3):
            drawn.append(index)
            yield Todo(index, str(index), b"", Item(str(index), "", index * 10))

    values = read_ahead(todos())
    for index in range(3):
        todo, read = next(values)
        assert (todo.number, read(), len(drawn)) == (index, index * 10, index + 1)
    with pytest.raises(StopIteration):
        next(values)


HANGING = """
    import signal
    import tempfile
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from junco import pipe

    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/a.text":
                print("asked", flush=True)
                threading.Event().wait()
            self.do_HEAD()
            self.wfile.write(b'<a href="a.text">')

        def do_HEAD(self):
            self.send_response(200 if self.path in ("/", "/a.text") else 404)
            self.send_header("Content-Length", "17")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source, target = f"http://127.0.0.1:{server.server_port}/*.text", tempfile.mkdtemp() + "/a.parquet"
    try:
        with pipe.input("text").map("text", "size", len).output("size") as p:
            p.run(source, target, progress=False)
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_a_server_that_does_not_answer_keeps_no_process_from_ending():
    status, out, err = run_script(HANGING, interrupt_after="asked")
    assert (status, out.split()) == (0, ["interrupted"]), err
