"""Addresses of hubs, in one spelling, and the hub that is meant where none is named."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from junco.errors import NoHubError, ParameterError
from junco.settings import settings
from junco.wording import picture

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PORTS = {"http": 80, "https": 443}


def hub_address(text: str) -> str:
    """An address as it is compared: scheme, host, port and path, with nothing that is secret or varies.

    Raises:
        ParameterError: it is no address of a hub.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ParameterError(f"{picture(text)} is no address of a hub: {_LIKE}") from None
    host = (parts.hostname or "").lower()
    if parts.scheme.lower() not in _PORTS or not host or parts.query or parts.fragment:
        raise ParameterError(f"{picture(text)} is no address of a hub: {_LIKE}")
    if parts.username is not None or parts.password is not None:
        raise ParameterError(
            f"a hub's address holds no name and no password ({_LIKE}): 'junco hub login' asks for them"
        )
    if re.fullmatch(r"[a-z0-9._:-]+", host) is None or re.search(r"[^\x21-\x7e]|\\|\.\.", parts.path):
        raise ParameterError(f"{picture(text)} is no address of a hub: {_LIKE}")
    scheme = parts.scheme.lower()
    spelt = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _PORTS[scheme]) else f":{port}"
    return f"{scheme}://{spelt}{shown}{parts.path.rstrip('/')}"


_LIKE = "https://hub.example, or http://127.0.0.1:7997"


def is_private_way(address: str) -> bool:
    """Whether nobody between here and the hub can read what is sent."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.hostname or "") in _LOOPBACK


def chosen_hub(given: str | None = None) -> str:
    """The address of the hub that is meant: the one given, ``JUNCO_HUB``, or where one logged in last.

    Raises:
        NoHubError: there is none.
        ParameterError: what is said is no address.
    """
    from junco.hub.client.tokens import last_hub

    if (said := given or settings().hub or last_hub()) is None:
        raise NoHubError("no hub is configured: set JUNCO_HUB to its address, or log in: junco hub login ADDRESS")
    return hub_address(said)


def key_of(address: str) -> str:
    """A file name for an address."""
    readable = re.sub(r"[^a-z0-9.]+", "-", address.partition("://")[2].lower()).strip("-.")[:60]
    return f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:12]}"
