"""Tokens, each kept for one hub in a file of this user's alone, and sent to no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junco.errors import JuncoError, ParameterError
from junco.hub.client.address import hub_address
from junco.hub.client.private import alone, hub_home, read_private, write_private
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
    """The token of a hub: ``JUNCO_TOKEN`` for the hub that is meant where none is named, else what a login kept.

    Raises:
        IntegrityError: other users can read the file of tokens.
        ParameterError: ``JUNCO_TOKEN`` is there, and nothing says whether it is for this hub: another token of this
            user's, which may do more, is not taken in its place.
    """
    said = settings()
    if said.token is None:
        return kept_token(address)
    meant = said.hub or last_login()
    if meant is not None and hub_address(meant) == address:
        return Token(said.token)
    if said.hub is None:
        raise ParameterError(f"JUNCO_TOKEN is set, and nothing says that it is for {address}: set JUNCO_HUB={address}")
    return kept_token(address)


def kept_token(address: str) -> Token | None:
    """The token that a login kept for a hub.

    Raises:
        IntegrityError: other users can read the file of tokens.
    """
    told = _kept().get(address)
    if not isinstance(told, dict) or not isinstance(told.get("token"), str):
        return None
    return Token(told["token"], str(told.get("user", "")), str(told.get("expires", "")))


def keep_token(address: str, token: Token) -> None:
    """Keep a token for a hub, which is the one that is meant from now on where none is named."""
    told = {"token": token.text, "user": token.user, "expires": token.expires}
    with alone():
        write_private(_file(), {**_kept(), address: told, "": address})


def forget_token(address: str) -> None:
    """Keep no token for a hub any more."""
    with alone():
        kept = {key: value for key, value in _kept().items() if key != address and (key or value != address)}
        write_private(_file(), kept)


def mean_hub(address: str) -> None:
    """Mean a hub from now on where none is named, with whatever token there is for it."""
    with alone():
        write_private(_file(), {**_kept(), "": address})


def last_login() -> str | None:
    """The hub that one logged in to last; one that a bundle alone named is given no secret unasked."""
    found = last_hub()
    return found if found is not None and kept_token(found) is not None else None


def last_hub() -> str | None:
    """The hub that is meant where none is named: of the last login, or of a bundle where there was none."""
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
