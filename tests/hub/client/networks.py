"""A network like a company's: an authority of its own that signs certificates, and a proxy to go through."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import ipaddress
import select
import socket
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


class Authority:
    """Signs certificates; `file` is what one has to believe."""

    def __init__(self, folder, name="Company"):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _builder(self.name, self.name, self.key, -DAY, 30 * DAY)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))

    def certificate(self, *names, begin=-DAY, end=10 * DAY):
        """The files of a certificate for some names and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = [_alternative(name) for name in names]
        made = _builder(subject, self.name, key, begin, end)
        made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        number = len(list(self.folder.iterdir()))
        certificate, secret = self.folder / f"{number}.crt", self.folder / f"{number}.key"
        certificate.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, secret


def _builder(subject, issuer, key, begin, end):
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    return made.not_valid_before(now + begin).not_valid_after(now + end)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Proxy:
    """Opens tunnels (CONNECT) and passes plain requests on; `password` has to be shown where there is one."""

    def __init__(self, password=None, refuses=None):
        self.password, self.refuses = password, refuses
        self.asked = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while not self.ended.is_set():
            with contextlib.suppress(OSError):
                client, _ = self.socket.accept()
                threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (piece := client.recv(65536)):
                    return
                head += piece
            line = head.split(b"\r\n", 1)[0].decode()
            self.asked.append(line)
            shown = f"Basic {base64.b64encode((self.password or '').encode()).decode()}".encode()
            if self.refuses or (self.password and shown not in head):
                status = self.refuses or "407 Proxy Authentication Required"
                client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            method, target, _ = line.split(" ")
            host, _, port = target.removeprefix("http://").split("/")[0].rpartition(":")
            with socket.create_connection((host, int(port)), 10) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(head.replace(f"http://{host}:{port}".encode(), b"", 1))
                _pass_on(client, server)

    def close(self):
        self.ended.set()
        self.socket.close()


def _pass_on(one, other):
    pairs = {one: other, other: one}
    while True:
        for ready in select.select(list(pairs), [], [], 30)[0] or [None]:
            if ready is None or not (data := ready.recv(65536)):
                return
            pairs[ready].sendall(data)


@contextlib.contextmanager
def running_proxy(**more):
    proxy = Proxy(**more)
    try:
        yield proxy
    finally:
        proxy.close()
