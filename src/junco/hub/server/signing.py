"""What the server gives leave for in an address: signed, and good for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from junco.hub.server.clock import now
from junco.hub.server.faults import Fault
from junco.hub.server.hub import Hub

SHORT_S = 900


def sign(hub: Hub, purpose: str, what: Mapping[str, Any], good_s: int = SHORT_S) -> str:
    """A text that says this, which nobody else can write."""
    return str(URLSafeSerializer(hub.secret, salt=purpose).dumps({**what, "until": now() + good_s}))


def signed(hub: Hub, purpose: str, text: str) -> dict[str, Any]:
    """What such a text says.

    Raises:
        Fault: it is not the server's own, or good no more.
    """
    try:
        what = URLSafeSerializer(hub.secret, salt=purpose).loads(text)
    except BadData:
        raise Fault(403, "forbidden", "this address is not one that the hub gave") from None
    if not isinstance(what, dict) or what.get("until", 0) < now():
        raise Fault(403, "forbidden", "this address is good no more: ask for a new one")
    return what
