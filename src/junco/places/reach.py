"""`Reach`: to which machines a connection may be made. Names are resolved once, and the address that was checked is the
one that is connected to.

An address that comes from outside (a cell of a table, a line of a list, what a server leads to) must not make this
machine ask others that only it can see: itself, its network, or the service that tells a cloud machine its secrets.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import threading
import urllib.parse
from dataclasses import dataclass
from typing import Any

from junco.errors import InputError
from junco.places.watch import Watch

_PORTS = {"http": 80, "https": 443}
_FREE_PORTS = 1024
"""Lower ones belong to protocols of their own, which are not spoken to as if they were the web."""
_MOST_ADDRESSES = 8
"""Of one name that are tried."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
_MAPPED = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""IPv6 addresses that lead to the IPv4 address in their last 32 bits: written so, or translated by the network."""
_NOT_PUBLIC = (
    ipaddress.ip_network("2002::/16"),  # 6to4: its relays are gone, and an IPv4 address is in it
    ipaddress.ip_network("3fff::/20"),  # for documents
    ipaddress.ip_network("192.0.0.0/24"),  # of protocols, and of a cloud's own services
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4's relays
    ipaddress.ip_network("168.63.129.16/32"),  # a public number by which a cloud's machines reach their host
)
_INNER_NAMES = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion")

Found = tuple[Any, Any, int, str, Any]
"""As `socket.getaddrinfo` has it."""
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutOfReachError(InputError):
    """An address that may not be connected to."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be connected to: public addresses, and by choice more.

    Attributes:
        allow_private: any address and any port.
        chosen: an address that somebody named by hand: its own host and port may be anywhere, what it leads to may not.
    """

    allow_private: bool = False
    chosen: str = ""

    def connected(self, place: tuple[str, int], timeout_s: float, watch: Watch) -> socket.socket:
        """A connection to the first address of a host that answers.

        Raises:
            OutOfReachError: it is not reached from here, by its address or its port.
            OSError: nobody answers.
        """
        found = self.checked(*place, watch)
        if not found:
            raise OSError("the name has no address")
        failed: OSError | None = None
        for each in found[:_MOST_ADDRESSES]:
            try:
                return _connected(each, min(timeout_s, watch.left_s), watch)
            except OSError as error:
                failed = error
        assert failed is not None
        raise failed

    def checked(self, host: str, port: int, watch: Watch) -> list[Found]:
        """The addresses of a host; each of them may be connected to.

        Raises:
            OutOfReachError: one of them may not, or the port.
            OSError: the name is not known, or no name server answers in time.
        """
        found = _resolved(host, port, watch.left_s)
        if self._is_free(host, port):
            return found
        if port < _FREE_PORTS and port not in _PORTS.values():
            raise OutOfReachError(f"the port {port} is not one of the web's (allow_private reaches it)")
        for each in found:
            if not is_public(address := str(each[4][0])):
                shown = address if address == host else f"{host} is {address}, which"
                raise OutOfReachError(f"{shown} is no public address, but {_kind(address)} (allow_private reaches it)")
        return found

    def check_behind_proxy(self, host: str, port: int, watch: Watch) -> None:
        """The same of a host that a proxy connects to: by what its name means here, if it means anything here.

        Raises:
            OutOfReachError: it may not be connected to.
        """
        if self._is_free(host, port):
            return
        name = host.rstrip(".").lower()
        if name.endswith(_INNER_NAMES) or ("." not in name and ":" not in name and not name.isdecimal()):
            raise OutOfReachError(f"{host} is a name within a network, and no public one (allow_private reaches it)")
        with contextlib.suppress(OSError):  # where a proxy is needed, other names often mean nothing
            self.checked(host, port, watch)

    def _is_free(self, host: str, port: int) -> bool:
        if self.allow_private or not self.chosen:
            return self.allow_private
        name, number = place_of(self.chosen)
        return host.lower() == name and port in (number, _PORTS["https"] if number == _PORTS["http"] else number)


def place_of(url: str) -> tuple[str, int]:
    """The host and port of an address of the web.

    Raises:
        ValueError: it has none.
    """
    parts = urllib.parse.urlsplit(url)
    if not parts.hostname:
        raise ValueError("no host given")
    return spelt_host(parts.hostname), parts.port if parts.port is not None else _PORTS.get(parts.scheme.lower(), 80)


def spelt_host(host: str) -> str:
    """A host's name as the network knows it: in ASCII (IDNA), whatever script it is written in.

    Raises:
        ValueError: no host has such a name.
    """
    return host if host.isascii() else host.encode("idna").decode("ascii")


def is_public(text: str) -> bool:
    """Whether an address is one that everybody can reach, and no machine's or network's own."""
    try:
        address: _Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if (inner := _within(address)) is not None:
        return is_public(str(inner))
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address not in _UNICAST or address.scope_id is not None):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _within(address: _Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _MAPPED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _kind(text: str) -> str:
    address = ipaddress.ip_address(text)
    address = _within(address) or address
    if address.is_loopback or address.is_unspecified:
        return "this machine's own"
    return "one of this machine's link alone" if address.is_link_local else "one within a network, or reserved"


def _resolved(host: str, port: int, within_s: float) -> list[Found]:
    """The addresses of a name, asked for in a thread that nobody waits for longer: the system's call has no limit."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:  # a name that cannot be one is a ValueError
            answers.put(error)

    threading.Thread(target=ask, name="junco-resolve", daemon=True).start()
    try:
        found = answers.get(timeout=within_s)
    except queue.Empty:
        raise TimeoutError("no name server answers") from None
    if isinstance(found, Exception):
        raise found
    return list(found)


def _connected(found: Found, timeout_s: float, watch: Watch) -> socket.socket:
    family, kind, protocol, _, address = found
    made = socket.socket(family, kind, protocol)
    try:
        made.settimeout(max(timeout_s, 0.001))
        made.connect(address)
    except BaseException:
        made.close()
        raise
    watch.add(made)  # before anything is read from it
    return made
