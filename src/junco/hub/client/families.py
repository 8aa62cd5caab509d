"""A family's members on a hub, beside each other by what their owners measured."""

from __future__ import annotations

from typing import Any

from junco.hub.client.address import chosen_hub
from junco.hub.client.connection import TRIES, Connection, quoted


def family_members(family: str, *, hub: str | None = None) -> list[dict[str, Any]]:
    """What a hub says of the members: plain values, with ``name``, ``licence``, ``created`` and ``report`` of each.

    The report is what was measured by the data by which most members were; ``None`` where that was not.

    Raises:
        HubError: the hub refuses.
        UnavailableError: it cannot be reached.
    """
    with Connection(chosen_hub(hub)) as connection:
        told = connection.ask("GET", f"/families/{quoted(family)}", tries=TRIES)
    items = told.get("items")
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
