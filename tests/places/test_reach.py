"""To whom a connection is made: every form of an address that is not public, names, redirections, proxies."""

from __future__ import annotations

import io
import socket
import threading

import pytest

from junco.errors import InputError
from junco.places import web
from junco.places.reach import OutOfReachError, Reach, is_public
from junco.places.watch import Watch
from junco.places.web import fetched
from servers import Answer, online, serving

PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("192.0.2.1", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
FORMS = [
    *("127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "2130706433", "017700000001", "0"),
    *("localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254"),
]


@pytest.fixture(autouse=True)
def with_network(monkeypatch):
    online(monkeypatch)
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def found(*addresses):
    """What a name server would say."""

    def getaddrinfo(host, port, **_):
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(kinds[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    return getaddrinfo


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_machine_or_a_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_everybody_reaches_is_public_also_within_ipv6(address):
    assert is_public(address)


@pytest.mark.parametrize("host", FORMS)
def test_no_form_of_an_inner_address_is_connected_to(host, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(OutOfReachError, match=r"no public address.*allow_private") as caught:
        fetched(f"http://{host}/latest/meta-data")
    assert repr(f"http://{host}/latest/meta-data") in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1.", "①②⑦.0.0.1", "localhost.", "127.0.0.1%00.some.name"])
def test_what_hardly_is_an_address_leads_nowhere(host, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(InputError):
        fetched(f"http://{host}/")


def test_a_name_with_one_inner_address_among_others_is_not_connected_to(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", found("8.8.8.8", "10.0.0.1"))
    with pytest.raises(OutOfReachError, match=r"some\.name is 10\.0\.0\.1, which is no public address"):
        fetched("http://some.name/")


def test_a_name_is_asked_for_once_and_the_checked_address_is_connected_to(monkeypatch):
    answers = [found("8.8.8.8"), found("127.0.0.1")]  # of a name server that changes its mind
    connected = []

    def getaddrinfo(host, port, **more):
        return answers.pop(0)(host, port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    def connect(self, address):
        connected.append(address)
        raise ConnectionRefusedError("nobody")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(InputError, match="could not be fetched: ConnectionRefusedError: nobody"):
        fetched("http://some.name/")
    assert (connected, len(answers)) == ([("8.8.8.8", 80)], 1)


def test_a_certificate_is_asked_for_by_name_and_not_by_address(monkeypatch):
    hello = []

    def take(listener):
        connection, _ = listener.accept()
        with connection:
            hello.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=take, args=(listener,))
        server.start()
        place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname())]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: place)
        with pytest.raises(InputError):
            fetched("https://some.name/", reach=Reach(allow_private=True))
        server.join()
    assert b"some.name" in hello[0]


@pytest.mark.parametrize("port", [1, 22, 25, 81, 993])
def test_a_port_of_another_protocol_is_not_connected_to(port, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", found("8.8.8.8"))
    with pytest.raises(OutOfReachError, match=f"the port {port} is not one of the web's"):
        fetched(f"http://some.name:{port}/")


def test_a_redirection_to_an_inner_address_is_not_followed():
    answers = {"/x": Answer(b"secret")}
    with serving(answers) as (there, asked), serving(answers) as (site, _):
        answers["/y"] = Answer(status=302, headers={"Location": f"{there}/x"})
        with pytest.raises(OutOfReachError, match="no public address"):
            fetched(f"{site}/y", reach=Reach(chosen=site))
        assert not asked
        assert fetched(f"{site}/y", reach=Reach(allow_private=True)) == b"secret"


def test_what_was_chosen_by_hand_is_reached_by_its_own_host_and_port_alone():
    with serving({"/x": Answer(b"1")}) as (site, _), serving({"/x": Answer(b"2")}) as (other, _):
        assert fetched(f"{site}/x", reach=Reach(chosen=f"{site}/list.txt")) == b"1"
        with pytest.raises(OutOfReachError):
            fetched(f"{other}/x", reach=Reach(chosen=f"{site}/list.txt"))


@pytest.mark.parametrize("url", ["http://me:pw@127.0.0.1/", "http://127.0.0.1\\@8.8.8.8/"])
def test_a_redirection_whose_host_can_be_read_in_two_ways_is_not_followed(url):
    answer = Answer(status=302, headers={"Location": url})
    with (
        serving({"/y": answer}) as (site, _),
        pytest.raises(InputError, match="with a user is not followed"),
    ):
        fetched(f"{site}/y", reach=Reach(allow_private=True))


def test_many_redirections_are_too_many():
    answers = {f"/{n}": Answer(status=302, headers={"Location": f"/{n + 1}"}) for n in range(40)}
    with serving(answers) as (site, asked):
        with pytest.raises(InputError, match="infinite loop"):
            fetched(f"{site}/0", reach=Reach(allow_private=True))
        assert len(asked) < 15


def test_addresses_that_do_not_answer_take_no_longer_than_the_time_in_all(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", found(*["8.8.8.8"] * 50))
    given = []

    def connect(self, address):
        given.append(self.gettimeout())
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", connect)
    with Watch(5.0) as watch, pytest.raises(TimeoutError):
        Reach().connected(("some.name", 80), 20.0, watch)
    assert len(given) == 8
    assert max(given) <= 5.0


def test_a_name_server_that_does_not_answer_takes_no_longer_than_the_time_in_all(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait())
    try:
        with pytest.raises(InputError, match=r"it did not end within 0\.2 s|no name server answers"):
            web.fetch_into(io.BytesIO(), "http://some.name/", most_s=0.2)
    finally:
        ended.set()


def test_a_proxy_of_the_environment_may_be_private_but_not_whom_it_is_asked_for(monkeypatch):
    with serving({"http://8.8.8.8/x": Answer(b"by proxy"), "http://some.name/x": Answer(b"named")}) as (proxy, asked):
        monkeypatch.setenv("http_proxy", proxy)
        assert fetched("http://8.8.8.8/x") == b"by proxy"
        monkeypatch.setattr(socket, "getaddrinfo", _unknown_but_numbers(socket.getaddrinfo))
        assert fetched("http://some.name/x") == b"named"  # only the proxy knows it
        for host in ("10.0.0.1", "0x7f.1", "[::1]", "nas", "db.internal", "printer.local.", "app.localhost"):
            with pytest.raises(OutOfReachError, match="allow_private"):
                fetched(f"http://{host}/x")
        assert len(asked) == 2


def _unknown_but_numbers(real):
    def getaddrinfo(host, port, **more):
        if host.replace(".", "").isalpha():
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, port, **more)

    return getaddrinfo


def test_a_tunnel_through_a_proxy_is_not_made_to_an_inner_address(monkeypatch):
    with serving({}) as (proxy, asked):
        monkeypatch.setenv("https_proxy", proxy)
        with pytest.raises(OutOfReachError, match="169"):
            fetched("https://169.254.169.254/")
        assert not asked


def test_the_time_of_a_watch_runs_out():
    with Watch(0.05) as watch:
        assert 0 < watch.left_s <= 0.05
        watch._timer.join()
        assert watch.is_over
        assert watch.left_s < 0.05
