"""What a server may do to whoever fetches from it."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import socket
import threading
import zlib
from functools import partial

import pytest

from junco.errors import InputError, UnavailableError
from junco.places import web
from junco.places.reach import Reach
from junco.places.watch import Watch
from servers import Answer, online, serving

HERE = Reach(allow_private=True)
fetched, headers_of, fetch_into = (partial(each, reach=HERE) for each in (web.fetched, web.headers_of, web.fetch_into))
BODY = b"some bytes " * 1000


@pytest.fixture(autouse=True)
def with_network(monkeypatch):
    online(monkeypatch)


def refusal(answer, **limits):
    """Why what a server answers is refused; it names the address."""
    with serving({"/x": answer}) as (site, _), pytest.raises(InputError) as caught:
        fetched(f"{site}/x", **limits)
    message = str(caught.value)
    assert message.startswith(f"'{site}/x': ")
    assert "\n" not in message
    return message.partition(": ")[2]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(BODY),
        Answer(BODY, length=None),
        Answer(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}),
        Answer(gzip.compress(BODY[:500]) + gzip.compress(BODY[500:]), headers={"Content-Encoding": "GZIP"}),
        Answer(zlib.compress(BODY), headers={"Content-Encoding": "deflate"}),
        Answer(zlib.compress(BODY, wbits=-15), headers={"Content-Encoding": "deflate"}),
        Answer(BODY, headers={"Content-Encoding": "identity"}),
        Answer(
            b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:], b"")),
            headers={"Transfer-Encoding": "chunked"},
            length=None,
        ),
    ],
)
def test_a_body_comes_whole_however_it_is_sent(answer):
    with serving({"/x": answer}) as (site, asked):
        assert fetched(f"{site}/x") == BODY
        assert asked[0][2]["Accept-Encoding"] == "identity"


def test_a_body_without_an_end_is_left_at_the_limit():
    assert refusal(Answer(itertools.repeat(bytes(1000)), length=None), most_bytes=50_000) == "more than 50,000 bytes"


def test_a_body_that_says_it_is_too_long_is_not_begun():
    assert refusal(Answer((), length=10**12), most_bytes=100) == "more than 100 bytes"


def test_a_little_that_unpacks_to_very_much_is_left_at_the_limit():
    bomb = gzip.compress(bytes(10**7)) * 3
    assert refusal(Answer(bomb, headers={"Content-Encoding": "gzip"}), most_bytes=10**6) == "more than 1,000,000 bytes"


@pytest.mark.parametrize("length", [len(BODY) + 1, 10**6])
def test_a_body_that_is_shorter_than_it_should_be_is_none(length):
    assert refusal(Answer(BODY, length=length)) == f"it ended after {len(BODY):,} of {length:,} bytes"


def test_a_body_that_is_cut_off_between_its_pieces_is_none():
    cut = Answer(b"5\r\nhello\r\n", headers={"Transfer-Encoding": "chunked"}, length=None)
    assert "could not be fetched" in refusal(cut)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_not_coded_as_its_server_says_is_none(coding):
    for body in (BODY, gzip.compress(BODY)[:-9], zlib.compress(BODY)[:-5], b""):
        assert f"it is not the {coding}" in refusal(Answer(body, headers={"Content-Encoding": coding}))


def test_a_coding_that_nobody_asked_for_is_refused():
    assert refusal(Answer(BODY, headers={"Content-Encoding": "br"})) == (
        "its server sends it coded as 'br', which nobody asked for"
    )


@pytest.mark.parametrize(
    ("status", "headers"),
    [(206, {"Content-Range": "bytes 0-1/200"}), (202, {}), (201, {}), (204, {}), (205, {})],
)
def test_an_answer_that_does_not_bring_the_whole_is_none(status, headers):
    assert refusal(Answer(b"hi", status=status, headers=headers)).startswith(f"the server answered {status} ")
    with serving({"/x": Answer(b"hi", status=203)}) as (site, _):
        assert fetched(f"{site}/x") == b"hi"


@pytest.mark.parametrize("status", [404, 206])
def test_of_what_a_server_says_little_is_repeated(status):
    told = refusal(Answer(b"hi", status=status, reason="no " * 600))
    assert told.startswith(f"the server answered {status} no no")
    assert len(told) < 300


def test_headers_that_cannot_be_read_may_hide_how_long_the_body_is():
    assert "a header that cannot be read" in refusal(Answer(b"short", headers={"X": "1\r\nno header"}, length=50))


@pytest.mark.parametrize("lengths", [["2", "200"], ["200", "2"], ["2, 200"], ["-2"], ["²"], ["two"]])
def test_a_body_whose_length_nobody_can_tell_is_none(lengths):
    assert "of its length" in refusal(Answer(b"hi", length=None, headers={"Content-Length": lengths}))


@pytest.mark.parametrize("lengths", [["2", "2"], ["2, 2"]])
def test_a_length_may_be_said_twice(lengths):
    with serving({"/x": Answer(b"hi", length=None, headers={"Content-Length": lengths})}) as (site, _):
        assert fetched(f"{site}/x") == b"hi"
    told = refusal(Answer(b"h", length=None, headers={"Content-Length": lengths}))
    assert told == "it ended after 1 of 2 bytes"


@pytest.mark.parametrize("coding", [["gzip, chunked"], ["gzip", "chunked"], ["gzip"], ["chunked, chunked"], ["other"]])
def test_a_body_that_is_sent_by_other_ways_than_in_pieces_is_none(coding):
    body = gzip.compress(b"hi")
    pieces = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    told = refusal(Answer(pieces, length=None, headers={"Transfer-Encoding": coding}))
    assert told == f"its server sends it by {', '.join(coding)!r}, which nobody asked for"


def test_a_body_that_is_coded_twice_is_none():
    body = gzip.compress(gzip.compress(BODY))
    for coding in (["gzip", "gzip"], ["gzip, gzip"]):
        assert "'gzip, gzip', which nobody asked for" in refusal(Answer(body, headers={"Content-Encoding": coding}))


def test_a_body_that_drips_is_left_when_its_time_is_over():
    ended = threading.Event()

    def dripping():
        while not ended.wait(0.05):
            yield b"."

    try:
        with serving({"/x": Answer(dripping(), length=10**6)}) as (site, _), pytest.raises(InputError, match=r"0\.3 s"):
            fetch_into(io.BytesIO(), f"{site}/x", most_s=0.3)
    finally:
        ended.set()


def test_a_proxy_whose_answer_drips_is_left_when_the_time_is_over(monkeypatch):
    ended = threading.Event()

    def drip(listener):
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.05):
                connection.sendall(b"X: y\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = threading.Thread(target=drip, args=(listener,))
        proxy.start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        try:
            with pytest.raises(InputError, match=r"it did not end within 0\.3 s"):
                fetch_into(io.BytesIO(), "https://nowhere.invalid/x", most_s=0.3)
        finally:
            ended.set()
            proxy.join()


def test_a_connection_that_is_made_when_the_time_is_over_is_shut_at_once():
    here, there = socket.socketpair()
    with here, there, Watch(0.0) as watch:
        watch._timer.join()
        watch.add(here)
        assert watch.is_over
        assert here.recv(1) == there.recv(1) == b""


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "data:,x", "jar:x"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_way_leads_out_of_the_web(to, status):
    reason = refusal(Answer(status=status, headers={"Location": to}))
    assert reason.startswith(f"the server answered {status} ")
    assert "edirection to" in reason


def test_ways_within_the_web_are_followed_but_not_in_circles():
    answers = {
        "/x": Answer(status=302, headers={"Location": "/y"}),
        "/y": Answer(BODY),
        "/round": Answer(status=302, headers={"Location": "/round"}),
    }
    with serving(answers) as (site, _):
        assert fetched(f"{site}/x") == BODY
        with pytest.raises(InputError, match="infinite loop"):
            fetched(f"{site}/round")


def test_what_comes_with_a_way_is_not_read():
    left = [bytes(10**6)] * 100

    def pieces():
        while left:
            yield left.pop()

    moved = Answer(pieces(), status=302, headers={"Location": "/y"}, length=None)
    with serving({"/x": moved, "/y": Answer(BODY)}) as (site, _):
        assert fetched(f"{site}/x") == BODY
    assert left


@pytest.mark.parametrize("host", ["bücher.example", "中文.example", "BÜCHER。example"])
def test_a_host_may_be_written_in_any_script(host, monkeypatch):
    asked_for, known = [], socket.getaddrinfo

    def resolved(name, port, *args, **options):
        asked_for.append(name)
        return known("127.0.0.1", port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with serving({"/x": Answer(BODY)}) as (site, asked):
        port = site.rpartition(":")[2]
        location = f"http://{host}:{port}/x".encode().decode("latin-1")  # as servers send it, in UTF-8
        with serving({"/y": Answer(status=302, headers={"Location": location})}) as (other, _):
            assert fetched(f"http://{host}:{port}/x") == fetched(f"{other}/y") == BODY
    spelt = host.encode("idna").decode().lower()
    assert [question[2]["Host"].lower() for question in asked] == [f"{spelt}:{port}"] * 2
    assert {name.lower() for name in asked_for} == {spelt, "127.0.0.1"}


def test_a_name_that_no_host_has_is_refused():
    for host in ("\u00fc" * 100 + ".example", "a..\u00fc"):
        with pytest.raises(InputError, match="could not be fetched"):
            fetched(f"http://{host}/")


def test_a_safe_way_does_not_lead_to_one_that_is_not():
    request = web._request("https://127.0.0.1/x", "GET")
    with pytest.raises(Exception, match="redirection to http:// is not followed"):
        web._Redirection().redirect_request(request, None, 302, "Found", {}, "http://127.0.0.1/x")


def test_a_user_and_a_password_go_to_their_own_server_and_into_no_message():
    with serving({"/x": Answer(BODY)}) as (there, asked_there):
        moved = Answer(status=302, headers={"Location": f"{there}/x"})
        with serving({"/x": moved}) as (site, asked):
            assert fetched(site.replace("://", "://me:hunter%40@") + "/x") == BODY
        assert asked[0][2]["Authorization"] == "Basic bWU6aHVudGVyQA=="
        assert "Authorization" not in asked_there[0][2]
    with pytest.raises(InputError) as caught:
        fetched("http://me:hunter2@127.0.0.1:9/x")
    assert "hunter2" not in str(caught.value)


def test_what_a_server_says_of_an_address_is_asked_without_the_body():
    with serving({"/x": Answer(BODY, headers={"ETag": "1"})}) as (site, asked):
        headers = headers_of(f"{site}/x")
    assert (headers["ETag"], headers["Content-Length"], asked[0][0]) == ("1", str(len(BODY)), "HEAD")


def test_an_address_may_hold_what_should_have_been_quoted():
    with serving({"/a%20b%C3%A9.jpg?x=1": Answer(BODY)}) as (site, _):
        assert fetched(f"{site}/a bé.jpg?x=1") == fetched(f"{site}/a%20b%C3%A9.jpg?x=1") == BODY


def test_nothing_is_asked_while_offline(monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    for ask in (fetched, headers_of):
        with pytest.raises(UnavailableError, match="JUNCO_OFFLINE"):
            ask("http://127.0.0.1:9/x")


@pytest.mark.parametrize("url", ["http://", "http://[::1/x", "http://127.0.0.1:port/x", "http://a b/x"])
def test_what_is_no_address_is_refused_in_a_line(url):
    with pytest.raises(InputError):
        fetched(url)
