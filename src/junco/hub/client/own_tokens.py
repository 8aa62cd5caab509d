"""One's tokens on a hub: for other programs, for machines that build, for somebody who may read alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.hub.client.address import chosen_hub
from junco.hub.client.connection import Connection


def make_token(
    name: str,
    *,
    scopes: Sequence[str] = ("repo:read",),
    days: int = 90,
    repository: str = "",
    namespace: str = "",
    hub: str | None = None,
) -> str:
    """A new token, which the hub shows this once.

    Args:
        name: what it is for.
        scopes: what it may do: ``repo:read``, ``repo:write``, ``repo:admin`` …; no more than one may oneself.
        days: how long it holds.
        repository: ``namespace/name``, to which alone it gives access.
        namespace: the same of all of a user's or an organisation's.

    Raises:
        HubError: the hub refuses.
    """
    asked: dict[str, Any] = {"name": name, "scopes": [*scopes], "days": days}
    asked |= {key: value for key, value in (("repository", repository), ("namespace", namespace)) if value}
    with Connection(chosen_hub(hub)) as connection:
        return str(connection.ask("POST", "/me/tokens", asked)["token"])


def own_tokens(hub: str | None = None) -> list[dict[str, Any]]:
    """One's tokens as the hub says them, without what is secret in them: plain values."""
    with Connection(chosen_hub(hub)) as connection:
        told = connection.ask("GET", "/me/tokens")
    return [each for each in told.get("tokens", ()) if isinstance(each, dict)]


def revoke_token(number: int, hub: str | None = None) -> None:
    """Take one of one's tokens back, by its number.

    Raises:
        HubError: there is none.
    """
    with Connection(chosen_hub(hub)) as connection:
        connection.ask("DELETE", f"/me/tokens/{number:d}")
