"""Tokens, each kept for one hub in a file of this user's alone, and sent to no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junco.errors import JuncoError
from junco.hub.client.address import hub_address
from junco.hub.client.private import hub_home, read_private, write_private
from junco.settings import settings


@dataclass(frozen=True, slots=True)
class Token:
    """A token, which is never shown.

    Attributes:
        text: ``jnc_…``.
        user: whose it is, if that is known.
        expires: when.
    """

    text: str = field(repr=False)
    user: str = ""
    expires: str = ""


def token_for(address: str) -> Token | None:
    """The token of a hub: ``JUNCO_TOKEN`` where ``JUNCO_HUB`` is this hub, else what a login kept.

    Raises:
        IntegrityError: other users can read the file of tokens.
    """
    said = settings()
    if said.token is not None and said.hub is not None and hub_address(said.hub) == address:
        return Token(said.token)
    told = _kept().get(address)
    if not isinstance(told, dict) or not isinstance(told.get("token"), str):
        return None
    return Token(told["token"], str(told.get("user", "")), str(told.get("expires", "")))


def keep_token(address: str, token: Token) -> None:
    """Keep a token for a hub, which is the one that is meant from now on where none is named."""
    kept = {**_kept(), address: {"token": token.text, "user": token.user, "expires": token.expires}, "": address}
    write_private(_file(), kept)


def forget_token(address: str) -> None:
    """Keep no token for a hub any more."""
    kept = {key: value for key, value in _kept().items() if key != address and (key or value != address)}
    write_private(_file(), kept)


def mean_hub(address: str) -> None:
    """Mean a hub from now on where none is named, with whatever token there is for it."""
    write_private(_file(), {**_kept(), "": address})


def last_hub() -> str | None:
    """The hub that one logged in to last."""
    try:
        found = _kept().get("")
    except JuncoError:
        return None
    return found if isinstance(found, str) else None


def _file() -> Path:
    return hub_home() / "tokens.json"


def _kept() -> dict[str, Any]:
    if not (settings().home / "hub" / "tokens.json").exists():
        return {}
    found = read_private(_file())
    return found if isinstance(found, dict) else {}
