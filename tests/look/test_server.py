"""Who may ask the server, and what: hosts, origins, tokens, sizes, places that are none."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from junco.answers.vector_set import VectorSet
from junco.errors import InputError
from junco.look import guard
from junco.look.exchange import MOST_BYTES
from junco.look.looked import Looked
from junco.look.server import MOST_AT_ONCE, Server
from looking import HOSTILE, served, vectors


def said(browser, text):
    """What a server answers to raw bytes."""
    with socket.create_connection(("127.0.0.1", browser.server.port), timeout=30) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := line.recv(65_536):
            answer += piece
    return answer


def test_it_listens_on_this_machine_alone(browser):
    assert browser.server.server_address[0] == "127.0.0.1"
    assert browser.server.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "0.0.0.0:{port}"]
)
def test_a_name_that_was_bound_to_this_machine_is_refused(browser, host):
    answer = browser.get(headers={"Host": host.format(port=browser.server.port)})
    assert answer.status == 403
    assert b"photos" not in answer.body


def test_localhost_is_this_machine_too(browser):
    assert browser.get(headers={"Host": f"localhost:{browser.server.port}"}).status == 200


@pytest.mark.parametrize("path", ["/", "/x/", "/{half}/", "/%00/", "/style.css", "/row/1"])
def test_without_the_token_nothing_is_shown(browser, path):
    answer = browser.ask("GET", path.format(half=browser.server.token[:-1]))
    assert answer.status == 403
    assert browser.server.token.encode() not in answer.body
    assert b"photos" not in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    ],
    ids=str,
)
def test_what_another_sites_page_sends_is_refused(browser, headers):
    assert browser.send("a.txt", b"text", headers).status == 403


def test_what_the_servers_own_pages_send_is_taken(browser):
    own = {"Origin": browser.server.address.rsplit("/", 2)[0], "Sec-Fetch-Site": "same-origin"}
    assert browser.send("a.exe", b"MZ", own).status == 400  # nobody knows what is in it


def test_another_sites_page_reads_and_frames_nothing(browser):
    assert browser.get("thumb/1", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status == 403
    for place in ("", "row/0", "thumb/1", "look.js", "nowhere"):
        headers = browser.get(place).headers
        assert not any(name.lower().startswith("access-control") for name in headers)
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"  # with none, a form of our own would send no origin
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy


def test_a_link_from_another_page_to_the_whole_address_is_a_visit(browser):
    assert browser.get(headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status == 200


@pytest.mark.parametrize(
    "place",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "secret.txt",
        "thumb/secret.txt",
        "thumb/..%2fsecret.txt",
        "thumb/-1",
        "thumb/200",
        "thumb/1e1",
        "thumb/٣",
        "thumb/1/../../secret.txt",
        "row/99999999999999999999999",
        "sound/1",
        "row",
        "ask",
        "look.css/",
        "%ff%fe",
    ],
)
def test_a_place_is_a_page_or_the_number_of_a_row_and_nothing_else(browser, place):
    answer = browser.ask("GET", f"{browser.base}/{place}".encode().decode("latin-1")) if place.isascii() else None
    answer = answer or browser.get("thumb/%D9%A3")
    assert answer.status == 404
    assert b"hunter2" not in answer.body
    assert b"root:" not in answer.body


def test_a_file_that_is_too_large_is_not_even_read(browser):
    head = f"POST {browser.base}/ask HTTP/1.1\r\nHost: 127.0.0.1:{browser.server.port}\r\n"
    large = f"{head}Content-Length: {MOST_BYTES * 2}\r\n\r\n".encode()
    assert b" 413 " in said(browser, large).splitlines()[0]
    assert b" 411 " in said(browser, f"{head}\r\n".encode()).splitlines()[0]
    assert b" 411 " in said(browser, f"{head}Content-Length: -5\r\n\r\n".encode()).splitlines()[0]
    assert b" 411 " in said(browser, f"{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode()).splitlines()[0]


def test_what_is_no_request_is_answered_with_plain_words(browser):
    answer = said(browser, b"<script>alert(1)</script>\r\n\r\n")
    assert b"script" not in answer
    answer = said(browser, f"BREW {browser.base}/<script> HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert b" 501 " in answer.splitlines()[0]
    assert b"<script" not in answer
    for line in ("http://[::1", "//[x", f"http://x{browser.base}/"):
        assert b" 403 " in said(
            browser, f"GET {line} HTTP/1.1\r\nHost: localhost:{browser.server.port}\r\n\r\n".encode()
        )
    many = "&".join(f"a{n}=1" for n in range(1000))
    assert browser.ask("GET", f"{browser.base}/?{many}").status == 400
    assert browser.get(q="x" * 5_000).status == 400


def test_a_browser_keeps_pictures_and_no_page(browser):
    assert "immutable" in browser.get("thumb/1").headers["Cache-Control"]
    assert browser.get().headers["Cache-Control"] == "no-store"


def test_head_says_what_get_says_without_a_body(browser):
    answer = browser.ask("HEAD", f"{browser.base}/")
    assert answer.status == 200
    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_many_ask_at_once_and_each_is_answered(browser):
    places = ["", "row/1", "thumb/0", "thumb/1", "map", "copies"] * 12
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(browser.get, places))
    assert [answer.status for answer in answers] == [200] * len(places)
    alike = {
        place: {answer.body for answer, each in zip(answers, places, strict=True) if each == place} for place in places
    }
    assert all(len(bodies) == 1 for bodies in alike.values())


def test_connections_beyond_its_room_are_closed_and_the_others_go_on(browser):
    lines = [socket.create_connection(("127.0.0.1", browser.server.port), timeout=30) for _ in range(MOST_AT_ONCE + 4)]
    try:
        lines[-1].settimeout(30)
        assert lines[-1].recv(10) == b""
        lines[0].sendall(
            f"GET {browser.base}/look.js HTTP/1.0\r\nHost: 127.0.0.1:{browser.server.port}\r\n\r\n".encode()
        )
        assert b" 200 " in lines[0].recv(100)
    finally:
        for line in lines:
            line.close()


def test_a_port_that_is_taken_is_said(browser):
    with pytest.raises(InputError, match=r"cannot be listened at.*--port 0"):
        Server(Looked(VectorSet(["a"], vectors(1)), "x"), browser.server.port)


def test_a_fault_of_our_own_is_said_on_the_terminal_and_not_on_the_page(monkeypatch, capsys):
    with served(VectorSet(["a", "b"], vectors(2))) as browser:
        monkeypatch.setattr(browser.server.views, "respond", lambda request: 1 / 0)
        answer = browser.get()
        assert answer.status == 500
        assert b"ZeroDivision" not in answer.body
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_tokens_are_long_and_never_the_same():
    tokens = {guard.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[\w-]{24}", token) for token in tokens)


def test_the_hostile_name_is_one(folder):
    assert (folder / HOSTILE).is_file()
