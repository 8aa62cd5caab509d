"""Logging in and out of hubs, and who one is there."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from junco.errors import UnavailableError
from junco.hub.client.address import chosen_hub, hub_address, is_private_way
from junco.hub.client.authorities import keep_authority
from junco.hub.client.connection import Connection
from junco.hub.client.faults import HubError
from junco.hub.client.tokens import Token, forget_token, keep_token, kept_token
from junco.settings import settings
from junco.terminal import say

_SCOPES = ["repo:read", "repo:write", "repo:admin", "user"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who one is on a hub.

    Attributes:
        hub: its address.
        user: the name.
        organisations: whose repositories one may see, with one's role.
        scopes: what the token may do.
        expires: when the token does; empty for one that does not.
    """

    hub: str
    user: str
    organisations: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    expires: str = ""


def login(
    hub: str,
    user: str = "",
    password: str = "",
    *,
    token: str = "",
    days: int = 90,
    authority: Path | None = None,
    admin: bool = False,
) -> Account:
    """Keep a token for a hub, which is the one that is meant from now on where none is named.

    Args:
        hub: its address.
        user, password: by which a token is made; the password is not kept.
        token: one that was made before, instead.
        days: how long a new one holds.
        authority: a PEM file with the certificate authority of the hub's network, believed for it from now on.
        admin: whether a new token may do what whoever runs the hub may.

    Raises:
        HubError: the hub refuses.
        UnavailableError: it cannot be reached.
    """
    address = hub_address(hub)
    if not is_private_way(address):
        say(f"warning: {address} is no https: what is sent there, passwords and tokens too, can be read on the way")
    if authority is not None:
        keep_authority(address, authority)
    before = kept_token(address)
    if not token:
        scopes = [*_SCOPES, "org:admin", "server:admin"] if admin else _SCOPES
        made = {"name": f"junco on {socket.gethostname()}"[:64], "scopes": scopes, "days": days}
        with Connection(address, with_token=False) as connection:
            told = connection.ask("POST", "/login", {"user": user, "password": password, "token": made})
        kept = Token(str(told["token"]), str(told.get("user", user)), str(told.get("expires", "")))
    else:
        kept = Token(token)
    keep_token(address, kept)
    try:
        found = _account(address, kept)
    except UnavailableError:
        forget_token(address) if before is None else keep_token(address, before)
        raise
    if settings().token is not None:
        say("warning: JUNCO_TOKEN is set, and goes before the token that is kept now")
    return found


def logout(hub: str | None = None) -> str:
    """Revoke the token of a hub and forget it: the hub's address.

    A hub that cannot be reached, or does not know the token, does not keep it from being forgotten here.
    """
    address = chosen_hub(hub)
    try:
        if (kept := kept_token(address)) is not None:
            with Connection(address, token=kept) as connection:
                connection.ask("DELETE", "/me/token")
    except HubError:
        pass
    except UnavailableError as error:
        say(f"warning: the token is forgotten here, and not revoked: {error}")
    forget_token(address)
    return address


def whoami(hub: str | None = None) -> Account:
    """Who one is on a hub.

    Raises:
        HubError: one is not logged in, or the token does not hold any more.
    """
    return _account(chosen_hub(hub))


def _account(address: str, sent: Token | None = None) -> Account:
    with Connection(address, token=sent) as connection:
        told = connection.ask("GET", "/me")
    token = told.get("token") or {}
    organisations = tuple(f"{each['name']} ({each['role']})" for each in told.get("organisations", ()))
    return Account(
        address, str(told["user"]), organisations, tuple(token.get("scopes", ())), str(token.get("expires") or "")
    )
