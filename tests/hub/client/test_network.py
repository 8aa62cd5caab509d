"""Cases 12 and 13 behind companies' networks: own authorities, proxies with passwords, and what is wrong."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from hubs_of_the_server import running_hub
from networks import DAY, Authority, running_proxy

from junco.errors import InputError, UnavailableError
from junco.hub.client import connection as lines
from junco.hub.client.authorities import keep_authority
from junco.hub.client.connection import BrokenLineError, Connection, NoWayError
from junco.hub.client.session import login, whoami

VARIABLES = [
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY",
    "NO_PROXY", "JUNCO_TOKEN", "JUNCO_HUB", "JUNCO_OFFLINE", "HF_HUB_OFFLINE",
]  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def hub(tmp_path_factory, company):
    """A hub that speaks TLS by a certificate of the company's own authority."""
    with running_hub(tmp_path_factory.mktemp("tls"), tls=company.certificate("127.0.0.1", "localhost")) as running:
        running.alice = running.user("alice")
        yield running


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    """A home and an environment that say nothing."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def why(address, kind=UnavailableError):
    """What a client says that cannot reach a hub."""
    with pytest.raises(kind) as caught, Connection(address) as connection:
        connection.ask("GET", "/", tries=2)
    return str(caught.value)


def test_an_authority_that_nobody_knows_is_said_with_what_to_do(hub):
    said = why(hub.url, NoWayError)
    assert "an authority that this machine does not know" in said
    assert "junco hub login --ca FILE" in said


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_s_authorities_are_believed(hub, company, monkeypatch, variable):
    monkeypatch.setenv(variable, str(company.file))
    with Connection(hub.url) as connection:
        assert connection.ask("GET", "/")["hub"]["api"] == 1


def test_a_folder_of_authorities_is_believed(hub, company, monkeypatch, tmp_path):
    import subprocess

    (tmp_path / "certificates").mkdir()
    named = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash", "-in", company.file], check=False, capture_output=True, text=True
    )
    if named.returncode:
        pytest.skip("openssl names the files of such a folder")
    (tmp_path / "certificates" / f"{named.stdout.strip()}.0").write_bytes(company.file.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "certificates"))
    with Connection(hub.url) as connection:
        assert connection.ask("GET", "/")["hub"]["api"] == 1


def test_an_authority_is_given_once_at_the_login_and_believed_for_this_hub_alone(hub, company, tmp_path):
    account = login(hub.url, "alice", "password of alice", authority=company.file)
    assert whoami(hub.url) == account
    assert account.user == "alice"
    kept = list((tmp_path / "home" / "hub" / "authorities").iterdir())
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    other = hub.url.replace("127.0.0.1", "localhost")
    assert "does not know" in why(other, NoWayError)


def test_what_is_no_authority_is_refused_and_not_kept(hub, company, tmp_path):
    bad = tmp_path / "bad.pem"
    certificate, _ = company.certificate("127.0.0.1")
    for data, words in (
        (b"hello", "no PEM of certificates"), (b"\xff\xfe", "no PEM"), (certificate.read_bytes(), "not enough"),
        (b"", "no PEM of certificates"), (b"x" * 5_000_000, "too large"),
    ):  # fmt: skip
        bad.write_bytes(data)
        with pytest.raises(InputError, match=words):
            keep_authority(hub.url, bad)
    assert not list((tmp_path / "home").rglob("*.pem"))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_file_of_the_environment_that_holds_no_certificates_is_said(hub, monkeypatch, tmp_path, variable):
    (tmp_path / "bad.pem").write_text("hello")
    for path in (tmp_path / "none.pem", tmp_path / "bad.pem"):
        monkeypatch.setenv(variable, str(path))
        with pytest.raises(InputError, match="certificates"):
            Connection(hub.url)


BAD = {
    "expired": ({"names": ["127.0.0.1"], "begin": -3 * DAY, "end": -DAY}, "has expired"),
    "early": ({"names": ["127.0.0.1"], "begin": DAY, "end": 3 * DAY}, "not valid yet"),
    "another name": ({"names": ["hub.example"]}, "for another name"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_certificate_that_does_not_hold_is_told_by_what_is_wrong_with_it(company, monkeypatch, kind):
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    how, words = BAD[kind]
    more = {name: value for name, value in how.items() if name != "names"}
    with speaking_tls(*company.certificate(*how["names"], **more)) as address:
        assert words in why(address, NoWayError)


def test_a_token_is_never_sent_to_whom_the_certificate_does_not_name(company, monkeypatch):
    from junco.hub.client.tokens import Token, keep_token

    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    heard = []
    with speaking_tls(*company.certificate("hub.example"), heard=heard) as address:
        keep_token(address, Token("jnc_canary"))
        why(address, NoWayError)
    assert b"canary" not in b"".join(heard)


def test_http_where_tls_is_spoken_and_the_other_way_round(hub, tmp_path, company, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    with running_hub(tmp_path / "plain") as plain:
        assert "no TLS is spoken there" in why(plain.url.replace("http:", "https:"), NoWayError)
    assert "cannot be reached" in why(hub.url.replace("https:", "http:"))


def test_https_goes_through_the_proxy_that_the_environment_names(hub, company, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    with running_proxy() as proxy:
        for spelt in (f"http://{proxy.address}", proxy.address):
            monkeypatch.setenv("HTTPS_PROXY", spelt)
            with Connection(hub.url) as connection:
                assert connection.ask("GET", "/")["hub"]["api"] == 1
        assert proxy.asked == [f"CONNECT {hub.url.removeprefix('https://')} HTTP/1.1"] * 2
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,example.com")
        with Connection(hub.url) as connection:
            connection.ask("GET", "/")
        assert len(proxy.asked) == 2


def test_a_token_goes_through_a_tunnel_that_the_proxy_does_not_see_into(hub, company, monkeypatch):
    from junco.hub.client.tokens import Token, keep_token

    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    keep_token(hub.url, Token(hub.alice.token))
    with running_proxy(password="me:secret") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{proxy.address}")
        assert whoami(hub.url).user == "alice"
        assert hub.alice.token not in " ".join(proxy.asked)


def test_a_proxy_that_asks_for_a_password_is_said_and_its_own_is_never_shown(hub, company, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    with running_proxy(password="me:secret") as proxy:
        for spelt in (f"http://{proxy.address}", f"http://me:wrongcanary@{proxy.address}"):
            monkeypatch.setenv("HTTPS_PROXY", spelt)
            said = why(hub.url, NoWayError)
            assert f"the proxy http://{proxy.address} asks for a password" in said
            assert "wrongcanary" not in said
        assert len(proxy.asked) == 2  # it is not tried again: the same would come of it


@pytest.mark.parametrize(("refuses", "words"), [("403 Forbidden", "answered 403"), ("502 Bad Gateway", "answered 502")])
def test_a_proxy_that_refuses_is_said(hub, company, monkeypatch, refuses, words):
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    with running_proxy(refuses=refuses) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        said = why(hub.url)
        assert words in said
        assert "NO_PROXY" in said


def test_a_proxy_that_is_not_there_is_said(hub, company, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert "through the proxy http://127.0.0.1:9" in why(hub.url, BrokenLineError)
    monkeypatch.setenv("HTTPS_PROXY", "http://no-such-proxy.invalid:3128")
    assert "no name server knows the proxy http://no-such-proxy.invalid:3128" in why(hub.url)


def test_a_proxy_that_is_no_address_is_said(hub, monkeypatch):
    for spelt in ("http://[::1", "quic://proxy:1", "socks5://127.0.0.1:1"):
        monkeypatch.setenv("HTTPS_PROXY", spelt)
        assert "the environment's proxy" in why(hub.url, InputError)


def test_names_that_mean_nothing_and_ports_where_nobody_is(monkeypatch):
    assert "no name server knows it" in why("https://no-such-hub.invalid")
    assert "nothing listens there" in why("http://127.0.0.1:9")


def test_silence_is_told_apart_from_no_answer(monkeypatch):
    monkeypatch.setattr(lines, "SILENT_S", 0.2)
    monkeypatch.setattr(lines, "CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = why(f"http://127.0.0.1:{listening.getsockname()[1]}", BrokenLineError)
    assert "silent for too long" in said
    assert "nobody answers" in why("http://192.0.2.1", UnavailableError) or "cannot be reached" in why(
        "http://192.0.2.1"
    )


def test_netrc_and_other_files_of_passwords_are_not_read(tmp_path, monkeypatch):
    with running_hub(tmp_path / "plain") as plain:
        netrc = tmp_path / "netrc"
        netrc.write_text("default login me password canary\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        with Connection(plain.url) as connection:
            assert connection.ask("GET", "/")["hub"]["api"] == 1
            assert "Authorization" not in connection._client.headers


class speaking_tls:
    """A server that shakes hands and says nothing more."""

    def __init__(self, certificate, key, heard=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.heard = heard if heard is not None else []

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return f"https://127.0.0.1:{self.socket.getsockname()[1]}"

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(client, server_side=True) as line:
                    self.heard.append(line.recv(65536))
            except OSError:
                client.close()

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
